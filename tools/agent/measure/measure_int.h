/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of agent_measure: what is in force in measure.c, the tree in measure_tree.c. */
#include "tools/agent/measure/measure.h"

struct agent_measure {
	struct agent_measure_deps deps;
	struct agent_measure_file file;
	uint64_t generation;   /* of the device that is in force */
	struct loop_timer late; /* windows of many sessions close at about the same time */
	char left_out[512];    /* of the device, as the file has it: lines */
};

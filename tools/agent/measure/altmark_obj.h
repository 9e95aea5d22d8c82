/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* altmark.bpf.c, compiled when the agent was. */
#include <stddef.h>

extern const unsigned char agent_altmark_obj[];
extern const size_t agent_altmark_obj_len;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The LSPs over a restart of the agent: one JSON file, replaced by renaming. The routes are not
 * in it, the kernel has them. It need not survive the machine, which loses its routes too.
 */
#include "tools/agent/policy/pol.h"

/* 0, or -errno (logged). */
int agent_state_save(const char *path, const struct agent_pol *pol);
/* Puts back what the file holds; an absent file is an empty one. 0, or -EINVAL when it is
 * damaged (logged, and what could be read was put back), or -errno. */
int agent_state_load(const char *path, struct agent_pol *pol);

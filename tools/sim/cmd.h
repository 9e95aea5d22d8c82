/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of the commands: cmd.c what changes things and the table, show.c what tells, ask.c paths
 * that routers ask for. */
#include "tools/sim/sim.h"

enum { SIM_WORDS_MAX = 256 };

struct call {
	struct sim *s;
	bool json;
	char *word[SIM_WORDS_MAX]; /* after the command */
	unsigned n;
	struct str *out; /* text: whole lines; JSON: members, each with a comma before it */
	char refused[SIM_WHY_MAX + 2 * SIM_NAME_MAX];
};

void sim_refuse(struct call *c, const char *what, const char *word);
uint32_t sim_get_router(struct call *c, const char *name); /* or SIM_NONE, refused */
/* Lists are JSON arrays; a separator before every element but the first. */
void sim_next(struct call *c, bool *first);

void sim_show_status(struct call *c);
void sim_show_routers(struct call *c);
void sim_show_links(struct call *c);
void sim_show_policies(struct call *c);
void sim_show_devices(struct call *c);
void sim_show_device(struct call *c);
void sim_show_walk(struct call *c);
void sim_request(struct call *c);
void sim_show_replies(struct call *c);

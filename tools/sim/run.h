/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The simulator on a given loop and network: main.c and tests use it. */
#include "tools/sim/sim.h"

/* Makes or reads the network s->opt asks for; s->topo was initialised. < 0: err says why. */
int sim_network(struct sim *s, struct str *err);
/* Sessions begin. 0 or -errno (err may say why); sim_fini() in any case. */
int sim_start(struct sim *s, struct loop *loop, struct net *net, struct str *err);
void sim_fini(struct sim *s);

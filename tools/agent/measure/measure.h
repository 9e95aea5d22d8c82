/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What is measured: sessions and flows of the agent's file and of the device (gNMI) together, and
 * their state as a tree.
 */
#include "loop/loop.h"
#include "tools/agent/measure/altmark.h"
#include "tools/agent/measure/measure_cfg.h"
#include "tools/agent/measure/stamp.h"
#include "tools/agent/policy/pol.h"

enum agent_measure_part {
	AGENT_MEASURE_STAMP = 1,
	AGENT_MEASURE_MARKING = 2,
	AGENT_MEASURE_ALL = 3,
};

/* All outlive it. */
struct agent_measure_deps {
	struct loop *loop;
	struct agent_stamp *stamp;
	struct agent_altmark *altmark;
	const struct agent_pol *pol;
	/* Windows were closed, readings taken, states changed; parts: of which. May be NULL. */
	void (*told)(void *arg, unsigned parts);
	void *arg;
};

struct agent_measure;

int agent_measure_new(struct agent_measure **outp, const struct agent_measure_deps *deps);
struct agent_measure *agent_measure_free(struct agent_measure *m);
AUTO_DEFINE(struct agent_measure, agent_measure_free)

/* What the agent's file has, which must stay until the next call, and own (NULL: nothing) of the
 * device of this generation. Where both name the same the file wins. 0 or -ENOMEM. */
int agent_measure_configure(struct agent_measure *m, const struct agent_measure_file *file,
			    const struct agent_measure_cfg *own, uint64_t generation);
/* The device is of this generation now; nothing happens when it was before. */
void agent_measure_follow(struct agent_measure *m, const struct agent_measure_cfg *own,
			  uint64_t generation);
/* Whether a device with it could be: "" or the reason in why. What could not be had with before
 * (of the device that is in force) is no reason. */
void agent_measure_fits(const struct agent_measure *m, const struct agent_measure_cfg *own,
			const struct agent_measure_cfg *before, struct str *why);
/* As follow, but what cannot be had is no change: then before is in force again, and the reason in
 * why. */
void agent_measure_set(struct agent_measure *m, const struct agent_measure_cfg *own,
		       const struct agent_measure_cfg *before, uint64_t generation, struct str *why);

/* SIDs of the way of probes to the endpoint of a policy with this list, as many as there is room
 * for; how many there are, 0: no SID is needed. */
int agent_measure_way(const struct sr_list *list, struct ip_addr seg[AGENT_STAMP_SEGMENTS]);

struct ly_ctx;
struct lyd_node;
struct lysc_node;

/* Secrets of keys out of a tree of the device that is to be told. */
void agent_measure_hide(struct lyd_node *device);
/* Adds the state of these parts to a tree of the device, which has no secrets afterwards. False: no memory. */
bool agent_measure_tree(const struct agent_measure *m, struct lyd_node *device, unsigned parts);
/* The device with these parts of "measure" alone; NULL: no memory. device may be NULL. */
struct lyd_node *agent_measure_only(const struct agent_measure *m, const struct lyd_node *device,
				    struct ly_ctx *models, unsigned parts);
/* Of the module. */
bool agent_measure_is_ours(const struct lysc_node *n);
/* Told whole: a window, a reading, the state of the programs. */
bool agent_measure_is_value(const struct lysc_node *n);
/* Another one of those is another window, reading or state; what moves in between is not. */
uint64_t agent_measure_hash(const struct lyd_node *n);
/* Which parts a path is of, 0: of others too. elems: from "device" down. */
unsigned agent_measure_parts(const struct lysc_node *const *elems, size_t n);

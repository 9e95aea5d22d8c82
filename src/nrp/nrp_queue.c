/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue step of slices: done when every link of the paths of a slice's flows has the class of its
 * partition, as its device has read it back. Classes are the partition's: a slice that goes takes
 * none with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"
#include "nrp/nrp_priv.h"

enum { JOB_S = 50, LOOK_S = 1 };

enum found { READY, NOT_YET, NEVER };

/* ---- one link ---- */

static enum found link_found(const struct nrp *n, uint32_t id, const char *label, char why[SR_REASON_MAX])
{
	uint32_t l = ted_link_by_text(n->ted, label);
	const char *router = l == TED_NONE ? "" : ted_node_label(n->ted, n->ted->links[l].from);
	struct nrp_device *d = nrp_device_of(n, router);
	const char *name, *reason;
	struct nrp_link *want;
	struct nrp_class *c;
	enum nrp_status st;

	if (l == TED_NONE) {
		(void)snprintf(why, SR_REASON_MAX, "link %.100s is not in the topology", label);
		return NOT_YET;
	}
	if (!d) {
		(void)snprintf(why, SR_REASON_MAX, "link %.100s: %.60s is no configured device", label, router);
		return NEVER;
	}
	name = nrp_box_interface(&d->have, &n->ted->links[l].local_v6);
	if (!name) {
		(void)snprintf(why, SR_REASON_MAX, "link %.100s: %.60s has not told which interface it is", label,
			       router);
		return NOT_YET;
	}
	want = nrp_box_link(&d->want, name, false);
	c = want ? nrp_link_class(want, id, false) : NULL;
	if (!c) {
		(void)snprintf(why, SR_REASON_MAX, "link %.100s: the partition does not have it", label);
		return NEVER;
	}
	st = nrp_class_status(d, name, c, &reason);
	if (st == NRP_IN)
		return READY;
	(void)snprintf(why, SR_REASON_MAX, "link %.100s: %.120s", label, reason);
	return st == NRP_FAILED ? NEVER : NOT_YET;
}

/* What is not all told: then every link of the partition. */
static enum found all_found(const struct nrp *n, uint32_t id, char why[SR_REASON_MAX])
{
	for (size_t i = 0; i < n->devices.n; i++) {
		struct nrp_device *d = n->devices.at[i];

		for (size_t k = 0; k < d->want.links.n; k++) {
			struct nrp_class *c = nrp_link_class(&d->want.links.at[k], id, false);
			const char *reason;

			if (!c || nrp_class_status(d, d->want.links.at[k].name, c, &reason) == NRP_IN)
				continue;
			(void)snprintf(why, SR_REASON_MAX, "%.60s, %.20s: %.100s", d->name,
				       d->want.links.at[k].name, reason);
			return NOT_YET;
		}
	}
	return READY;
}

/* ---- one job ---- */

static enum found policy_found(const struct nrp *n, const struct nrp_job *j, const struct sr_policy_key *key,
			       struct intent_view *v, char why[SR_REASON_MAX])
{
	char text[sizeof(v->path_text)], *rest = text;
	enum found worst = READY;
	uint32_t told = 0;
	bool there = intent_get(n->env.intent, key, v) == 0;

	/* What has no way at all, as the dead path of a pair after a start, waits for no queue. */
	if (there && !v->has_computed && v->state == INTENT_DOWN)
		return READY;
	/* What was adopted after a start has a list, and where that leads is looked at next. */
	if (!there || !v->has_computed || (v->ted_generation == 0 && v->state == INTENT_PENDING)) {
		(void)snprintf(why, SR_REASON_MAX, "a policy of it has no path yet");
		return NOT_YET;
	}
	(void)str_copy(text, sizeof(text), v->path_text);
	for (char *label = strsep(&rest, ","); label && worst == READY; label = strsep(&rest, ",")) {
		if (!*label)
			continue;
		told++;
		if (!rest && told < v->n_path)
			break; /* it may be cut short */
		worst = link_found(n, j->nrp, label, why);
	}
	return worst == READY && (told == 0 || told < v->n_path) ? all_found(n, j->nrp, why) : worst;
}

static enum found job_found(const struct nrp *n, const struct nrp_job *j, char why[SR_REASON_MAX])
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	const struct nrp_part *p = nrp_part_of(n, j->nrp);

	(void)str_copy(why, SR_REASON_MAX, "the topology is not in sight");
	if (!v || !n->ted || n->ted->stale)
		return NOT_YET;
	if (!p || p->refused[0]) {
		(void)snprintf(why, SR_REASON_MAX, "partition %u: %.200s", j->nrp,
			       p ? p->refused : "it is not there");
		return NEVER;
	}
	for (uint32_t i = 0; i < j->n_keys; i++) {
		enum found f = policy_found(n, j, &j->keys[i], v, why);

		if (f != READY)
			return f;
	}
	return READY;
}

static void job_drop(struct nrp *n, size_t i)
{
	free(n->jobs.at[i].keys);
	VEC_CUT(&n->jobs, i);
}

void nrp_queue_look(struct nrp *n)
{
	char why[SR_REASON_MAX];

	for (size_t i = 0; i < n->jobs.n;) {
		const struct nrp_job *j = &n->jobs.at[i];
		enum found f = job_found(n, j, why);
		char id[SLICE_ID_MAX];

		if (f == NOT_YET && mono_before(loop_now(n->env.loop), j->until)) {
			i++;
			continue;
		}
		(void)str_copy(id, sizeof(id), j->id);
		job_drop(n, i);
		slice_step_done(n->env.slice, id, SLICE_STEP_QUEUE, false, f == READY, f == READY ? "" : why);
	}
	if (n->jobs.n > 0)
		nrp_look_after(n, LOOK_S * NS_PER_S);
}

/* ---- asked by slices ---- */

static void no(struct nrp *n, const struct slice_job *job, const char *why)
{
	slice_step_done(n->env.slice, job->id, SLICE_STEP_QUEUE, false, false, why);
}

void nrp_queue_start(void *ctx, const struct slice_job *job)
{
	struct nrp *n = ctx;
	struct nrp_job j = { .nrp = job->service->real.nrp, .n_keys = job->n_flows };

	nrp_queue_cancel(n, job->id);
	if (job->undo) {
		slice_step_done(n->env.slice, job->id, SLICE_STEP_QUEUE, true, true, "");
		return;
	}
	if (!j.nrp) {
		no(n, job, "it is in no partition: only those have queues");
		return;
	}
	j.keys = calloc((size_t)job->n_flows + 1, sizeof(*j.keys));
	for (uint32_t i = 0; j.keys && i < job->n_flows; i++)
		j.keys[i] = job->flows[i].key;
	(void)str_copy(j.id, sizeof(j.id), job->id);
	j.until = mono_add(loop_now(n->env.loop), JOB_S * NS_PER_S);
	if (!j.keys || !VEC_ADD(&n->jobs, j)) {
		free(j.keys);
		no(n, job, "no memory");
		return;
	}
	nrp_look(n);
}

void nrp_queue_cancel(void *ctx, const char *id)
{
	struct nrp *n = ctx;

	for (size_t i = 0; i < n->jobs.n; i++)
		if (strcmp(n->jobs.at[i].id, id) == 0)
			job_drop(n, i--);
}

void nrp_queue_fini(struct nrp *n)
{
	while (n->jobs.n > 0)
		job_drop(n, n->jobs.n - 1);
	VEC_FINI(&n->jobs);
}

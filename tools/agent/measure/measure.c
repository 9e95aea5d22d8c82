/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: what stamp and altmark were told last is the file's and that of the device of
 * `generation`, merged.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/measure/measure_int.h"

#define LATE_NS (100 * NS_PER_MS) /* as long as a period is at least */

/* ---- what the parts ask and tell ---- */

static int on_path(void *arg, const struct agent_stamp_session_cfg *s,
		   struct ip_addr seg[AGENT_STAMP_SEGMENTS])
{
	const struct agent_measure *m = arg;
	const struct sr_list *list = agent_pol_active(m->deps.pol, s->color, &s->endpoint);

	if (!list)
		return -1;
	if (ip_eq(&s->reflector, &s->endpoint))
		return agent_measure_way(list, seg);
	for (unsigned i = 0; i < list->n && i < AGENT_STAMP_SEGMENTS; i++)
		seg[i] = list->at[i].sid;
	return list->n;
}

static void tell(struct agent_measure *m, unsigned parts)
{
	if (m->deps.told)
		m->deps.told(m->deps.arg, parts);
}

static void on_window(void *arg)
{
	struct agent_measure *m = arg;

	if (!loop_timer_armed(&m->late))
		loop_timer_after(&m->late, LATE_NS);
}

static void on_late(void *arg)
{
	tell(arg, AGENT_MEASURE_STAMP);
}

static void on_reading(void *arg)
{
	tell(arg, AGENT_MEASURE_MARKING);
}

/* ---- what is in force ---- */

static int apply(struct agent_measure *m, const struct agent_measure_cfg *own)
{
	STR_AUTO struct str why = { 0 };
	struct agent_stamp_cfg stamp;
	struct agent_altmark_cfg marking;
	int rc, rc2;

	if (!agent_measure_merge(&m->file, own, &stamp, &marking, &why))
		return err_raise(-ENOMEM);
	if (why.len > 0 && strncmp(m->left_out, str_text(&why), sizeof(m->left_out) - 1) != 0)
		log_event("", LOG_WARN, "agent.measure.left", "reason=\"%.*s\"",
			  (int)strcspn(str_text(&why), "\n"), str_text(&why));
	(void)snprintf(m->left_out, sizeof(m->left_out), "%s", str_text(&why));
	rc = agent_stamp_configure(m->deps.stamp, &stamp);
	rc2 = agent_altmark_configure(m->deps.altmark, &marking);
	agent_stamp_cfg_fini(&stamp);
	agent_altmark_cfg_fini(&marking);
	on_window(m); /* sessions came or went */
	return err_trace(rc < 0 ? rc : rc2);
}

int agent_measure_configure(struct agent_measure *m, const struct agent_measure_file *file,
			    const struct agent_measure_cfg *own, uint64_t generation)
{
	m->file = *file;
	m->generation = generation;
	return err_trace(apply(m, own));
}

void agent_measure_follow(struct agent_measure *m, const struct agent_measure_cfg *own,
			  uint64_t generation)
{
	if (m->generation == generation)
		return;
	m->generation = generation;
	if (apply(m, own) < 0)
		log_event("", LOG_ERROR, "agent.measure.memory", "msg=\"what is measured\"");
}

/* Lines, one for each thing that cannot be had. */
static void problems(const struct agent_measure *m, const struct agent_measure_cfg *own,
		     struct str *why)
{
	struct agent_stamp_cfg stamp;
	struct agent_altmark_cfg marking;

	if (!agent_measure_merge(&m->file, own, &stamp, &marking, why)) {
		str_add(why, "no memory\n");
		return;
	}
	agent_stamp_cfg_fini(&stamp);
	agent_altmark_cfg_fini(&marking);
	for (size_t i = 0; i < own->marking.n_ports; i++) {
		if (if_nametoindex(own->marking.ports[i].name) == 0)
			str_addf(why, "port %s: there is no such interface\n",
				 own->marking.ports[i].name);
	}
}

void agent_measure_fits(const struct agent_measure *m, const struct agent_measure_cfg *own,
			const struct agent_measure_cfg *before, struct str *why)
{
	STR_AUTO struct str now = { 0 }, was = { 0 };

	problems(m, own, &now);
	if (now.len > 0)
		problems(m, before, &was);
	for (const char *at = str_text(&now), *end; *at; at = end + 1) {
		AUTO_FREE char *line = NULL;

		end = at + strcspn(at, "\n");
		line = strndup(at, (size_t)(end - at) + 1); /* with its end: whole lines */
		if (!line || !strstr(str_text(&was), line)) {
			str_addn(why, at, (size_t)(end - at));
			return;
		}
		if (!*end)
			return;
	}
}

void agent_measure_set(struct agent_measure *m, const struct agent_measure_cfg *own,
		       const struct agent_measure_cfg *before, uint64_t generation, struct str *why)
{
	struct agent_altmark_view was, is;
	int rc;

	agent_altmark_view(m->deps.altmark, &was);
	m->generation = generation;
	rc = apply(m, own);
	agent_altmark_view(m->deps.altmark, &is);
	if (rc < 0)
		str_add(why, err_text(rc));
	else if (is.refused && !was.refused)
		str_addf(why, "marking: %s", is.reason);
	if (why->len > 0 && apply(m, before) < 0)
		log_event("", LOG_ERROR, "agent.measure.memory", "msg=\"what was measured\"");
}

/* ---- life ---- */

int agent_measure_new(struct agent_measure **outp, const struct agent_measure_deps *deps)
{
	static const struct agent_stamp_ops ops = { .path = on_path, .told = on_window };
	struct agent_measure *m = calloc(1, sizeof(*m));

	if (!m)
		return err_raise(-ENOMEM);
	m->deps = *deps;
	loop_timer_init(&m->late, deps->loop, on_late, m);
	agent_stamp_watch(deps->stamp, &ops, m);
	agent_altmark_watch(deps->altmark, on_reading, m);
	*outp = m;
	return 0;
}

struct agent_measure *agent_measure_free(struct agent_measure *m)
{
	if (!m)
		return NULL;
	agent_stamp_watch(m->deps.stamp, NULL, NULL);
	agent_altmark_watch(m->deps.altmark, NULL, NULL);
	loop_timer_fini(&m->late);
	free(m);
	return NULL;
}

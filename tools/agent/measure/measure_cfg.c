/* SPDX-License-Identifier: Apache-2.0 */
/* Tree → struct, and what YANG cannot say; the file's configuration and the device's as one. */
#include "tools/agent/measure/measure_cfg.h"

#include <libyang/libyang.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

static void say(struct str *errors, const struct lyd_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct str *errors, const struct lyd_node *at, const char *fmt, ...)
{
	AUTO_FREE char *path = lyd_path(at, LYD_PATH_STD, NULL, 0);
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_addf(errors, "%s: %s\n", path ? path : "", text);
}

static bool one_node(const struct ip_addr *a)
{
	return !ip_is_any(a) && a->b[0] != 0xff;
}

static size_t count_of(const struct lyd_node *in, const char *name)
{
	const struct lyd_node *c;
	size_t n = 0;

	LY_LIST_FOR(in ? lyd_child(in) : NULL, c)
	n += is(c, name);
	return n;
}

/* ---- STAMP ---- */

static uint8_t fill_sids(const struct lyd_node *in, const char *name, struct ip_addr *at,
			 struct str *errors)
{
	const struct lyd_node *c;
	uint8_t n = 0;

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (!is(c, name) || n == AGENT_STAMP_SEGMENTS ||
		    ip_parse(lyd_get_value(c), &at[n]) < 0)
			continue;
		if (!one_node(&at[n]))
			say(errors, c, "is not a SID");
		n++;
	}
	return n;
}

static void check_session(const struct lyd_node *in, const struct agent_stamp_session_cfg *s,
			  struct str *errors)
{
	uint64_t window_ms = (uint64_t)s->window_s * 1000;

	if (!one_node(&s->reflector))
		say(errors, in, "'reflector' is not the address of one node");
	if (s->follows && !one_node(&s->endpoint))
		say(errors, in, "'endpoint' is not the address of one node");
	if (window_ms < s->interval_ms)
		say(errors, in, "'window' is shorter than 'interval'");
	if (window_ms / s->interval_ms > AGENT_STAMP_PROBES_MAX ||
	    s->timeout_ms / s->interval_ms > AGENT_STAMP_PROBES_MAX)
		say(errors, in, "more than %d probes in a window or under way",
		    AGENT_STAMP_PROBES_MAX);
}

/* The key that a leaf of in names; the model says that there is one. */
static void fill_key(const struct lyd_node *in, const char *leaf, const struct lyd_node *stamp,
		     struct conf_md5 *out)
{
	const struct lyd_node *c, *name = conf_child(in, leaf);

	LY_LIST_FOR(name ? lyd_child(stamp) : NULL, c)
	{
		const char *secret;

		if (!is(c, "key") || strcmp(lyd_get_value(lyd_child(c)), lyd_get_value(name)) != 0)
			continue;
		secret = lyd_get_value(conf_child(c, "secret"));
		if (strlen(secret) > sizeof(out->key))
			return; /* of 80 characters, so of many octets: see check_keys() */
		out->len = (uint8_t)strlen(secret);
		memcpy(out->key, secret, out->len);
	}
}

static void check_keys(const struct lyd_node *stamp, struct str *errors)
{
	const struct lyd_node *c;

	LY_LIST_FOR(stamp ? lyd_child(stamp) : NULL, c)
	{
		if (is(c, "key") && strlen(lyd_get_value(conf_child(c, "secret"))) >
					    sizeof(((struct conf_md5 *)0)->key))
			say(errors, c, "a secret has 80 octets at most");
	}
}

static void fill_session(const struct lyd_node *in, struct agent_stamp_session_cfg *s,
			 struct str *errors)
{
	const struct lyd_node *policy = conf_child(in, "policy");

	conf_read_text(in, "name", s->name, sizeof(s->name));
	s->reflector = conf_read_ip(in, "reflector");
	s->source = conf_read_ip(in, "source");
	s->port = (uint16_t)conf_read_num(in, "port");
	s->padding = (uint16_t)conf_read_num(in, "padding");
	s->dscp = (uint8_t)conf_read_num(in, "dscp");
	s->stateful = conf_read_flag(in, "stateful");
	s->interval_ms = (uint32_t)conf_read_num(in, "interval");
	s->window_s = (uint32_t)conf_read_num(in, "window");
	s->timeout_ms = (uint32_t)conf_read_num(in, "timeout");
	s->follows = policy != NULL;
	s->color = (uint32_t)conf_read_num(policy, "color");
	s->endpoint = conf_read_ip(policy, "endpoint");
	s->n_segments = fill_sids(in, "segment", s->segments, errors);
	s->n_back = fill_sids(in, "return-segment", s->back, errors);
	fill_key(in, "key", lyd_parent(in), &s->key);
	check_session(in, s, errors);
}

static void fill_reflector(const struct lyd_node *in, struct agent_stamp_refl_cfg *c)
{
	const struct lyd_node *n;

	c->port = (uint16_t)conf_read_num(in, "port");
	c->return_path = conf_read_flag(in, "return-path");
	c->bare = conf_read_flag(in, "also-unauthenticated");
	c->rate = (uint32_t)conf_read_num(in, "rate");
	c->stateful = true;
	c->sessions = 1024;
	fill_key(in, "key", lyd_parent(in), &c->key);
	fill_key(in, "previous-key", lyd_parent(in), &c->previous);
	LY_LIST_FOR(lyd_child(in), n)
	{
		if (is(n, "allow") && c->n_allow < AGENT_STAMP_ALLOW)
			c->n_allow += ip_prefix_parse(lyd_get_value(n), &c->allow[c->n_allow]) == 0;
	}
}

static bool fill_stamp(const struct lyd_node *in, struct agent_stamp_cfg *out, struct str *errors)
{
	const struct lyd_node *c, *reflector = conf_child(in, "reflector");

	out->sessions = calloc(count_of(in, "session") + 1, sizeof(*out->sessions));
	if (!out->sessions)
		return false;
	check_keys(in, errors);
	LY_LIST_FOR(in ? lyd_child(in) : NULL, c)
	{
		if (is(c, "session"))
			fill_session(c, &out->sessions[out->n_sessions++], errors);
	}
	out->has_reflector = reflector != NULL;
	if (reflector)
		fill_reflector(reflector, &out->reflector);
	return true;
}

/* ---- marking ---- */

static void fill_flow(const struct lyd_node *in, struct agent_altmark_cfg *c, struct str *errors)
{
	struct agent_altmark_flow *f = &c->flows[c->n_flows++];

	f->id = (uint32_t)conf_read_num(in, "id");
	f->first = conf_read_ip(in, "first");
	f->last = conf_read_ip(in, "last");
	f->has_dscp = conf_child(in, "dscp") != NULL;
	f->dscp = (uint8_t)conf_read_num(in, "dscp");
	if (!one_node(&f->last) || (f->first.family != IP_NONE && !one_node(&f->first)))
		say(errors, in, "'first' or 'last' is not a SID");
	for (size_t i = 0; i + 1 < c->n_flows; i++) {
		if (agent_altmark_flow_same(&c->flows[i], f))
			say(errors, in, "its packets are those of flow %u", c->flows[i].id);
	}
}

static bool fill_marking(const struct lyd_node *in, struct agent_altmark_cfg *out,
			 struct str *errors)
{
	const struct lyd_node *c;

	out->period_ms = (uint32_t)conf_read_num(in, "period");
	out->guard_ms = (uint32_t)conf_read_num(in, "guard");
	out->flows = calloc(count_of(in, "flow") + 1, sizeof(*out->flows));
	out->ends = calloc(count_of(in, "end") + 1, sizeof(*out->ends));
	if (!out->flows || !out->ends)
		return false;
	LY_LIST_FOR(in ? lyd_child(in) : NULL, c)
	{
		if (is(c, "port") && out->n_ports < AGENT_ALTMARK_PORTS) {
			struct agent_altmark_port *p = &out->ports[out->n_ports++];

			conf_read_text(c, "name", p->name, sizeof(p->name));
			p->edge = conf_read_flag(c, "edge");
		} else if (is(c, "flow")) {
			fill_flow(c, out, errors);
		} else if (is(c, "end")) {
			out->n_ends +=
				ip_prefix_parse(lyd_get_value(c), &out->ends[out->n_ends]) == 0;
		}
	}
	return true;
}

static bool said(const struct lyd_node *in, const char *name)
{
	const struct lyd_node *n = conf_child(in, name);

	return n && !(n->flags & LYD_DEFAULT);
}

bool agent_measure_cfg_fill(const struct lyd_node *in, struct agent_measure_cfg *out,
			    struct str *errors)
{
	const struct lyd_node *marking = conf_child(in, "marking");

	if (!fill_stamp(conf_child(in, "stamp"), &out->stamp, errors) ||
	    !fill_marking(marking, &out->marking, errors))
		return false;
	out->period_said = said(marking, "period");
	out->guard_said = said(marking, "guard");
	if (out->marking.guard_ms * 4 > out->marking.period_ms && !out->guard_said)
		out->marking.guard_ms = out->marking.period_ms / 4;
	else if (out->marking.guard_ms * 4 > out->marking.period_ms)
		say(errors, marking, "'guard' is more than a quarter of 'period'");
	return true;
}

void agent_measure_cfg_fini(struct agent_measure_cfg *c)
{
	agent_stamp_cfg_fini(&c->stamp);
	agent_altmark_cfg_fini(&c->marking);
}

/* ---- both together ---- */

bool agent_measure_has_session(const struct agent_measure_file *file, const char *name)
{
	for (size_t i = 0; i < file->stamp->n_sessions; i++) {
		if (strcmp(file->stamp->sessions[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool merge_stamp(const struct agent_measure_file *file, const struct agent_stamp_cfg *own,
			struct agent_stamp_cfg *out, struct str *why)
{
	const struct agent_stamp_cfg *f = file->stamp;

	*out = *f;
	out->sessions = calloc(f->n_sessions + own->n_sessions + 1, sizeof(*out->sessions));
	if (!out->sessions)
		return false;
	if (f->n_sessions > 0)
		memcpy(out->sessions, f->sessions, f->n_sessions * sizeof(*out->sessions));
	out->n_sessions = f->n_sessions;
	for (size_t i = 0; i < own->n_sessions; i++) {
		const struct agent_stamp_session_cfg *s = &own->sessions[i];

		if (agent_measure_has_session(file, s->name))
			str_addf(why, "session %s: the agent's file has one of this name\n",
				 s->name);
		else if (out->n_sessions == AGENT_MEASURE_SESSIONS_MAX)
			str_addf(why, "session %s: more than %d with those of the agent's file\n",
				 s->name, AGENT_MEASURE_SESSIONS_MAX);
		else
			out->sessions[out->n_sessions++] = *s;
	}
	if (own->has_reflector && f->has_reflector) {
		str_add(why, "reflector: the agent's file has one\n");
	} else if (own->has_reflector) {
		out->has_reflector = true;
		out->reflector = own->reflector;
	}
	return true;
}

static void merge_time(const struct agent_altmark_cfg *file, const struct agent_measure_cfg *own,
		       struct agent_altmark_cfg *out, struct str *why)
{
	const struct agent_altmark_cfg *m = &own->marking;

	if (!file->on) {
		out->period_ms = m->period_ms;
		out->guard_ms = m->guard_ms;
		return;
	}
	if (own->period_said && m->period_ms != file->period_ms)
		str_addf(why, "period: the agent's file says %u\n", file->period_ms);
	if (own->guard_said && m->guard_ms != file->guard_ms)
		str_addf(why, "guard: the agent's file says %u\n", file->guard_ms);
}

/* Why a flow is not to be had, ""; out: what there is already. */
static void flow_why(const struct agent_altmark_cfg *file, const struct agent_altmark_flow *f,
		     size_t have, struct str *why)
{
	if (have == AGENT_MEASURE_FLOWS_MAX) {
		str_addf(why, "flow %u: more than %d with those of the agent's file\n", f->id,
			 AGENT_MEASURE_FLOWS_MAX);
		return;
	}
	for (size_t i = 0; i < file->n_flows; i++) {
		if (file->flows[i].id == f->id) {
			str_addf(why, "flow %u: the agent's file has it\n", f->id);
			return;
		}
		if (agent_altmark_flow_same(&file->flows[i], f)) {
			str_addf(why, "flow %u: its packets are those of flow %u of the agent's "
				      "file\n",
				 f->id, file->flows[i].id);
			return;
		}
	}
}

static void merge_flows(const struct agent_altmark_cfg *file, const struct agent_altmark_cfg *own,
			struct agent_altmark_cfg *out, struct str *why)
{
	for (size_t i = 0; i < own->n_flows; i++) {
		size_t before = why->len;

		flow_why(file, &own->flows[i], out->n_flows, why);
		if (why->len == before)
			out->flows[out->n_flows++] = own->flows[i];
	}
}

static bool has_port(const struct agent_altmark_cfg *c, const char *name)
{
	for (size_t i = 0; i < c->n_ports; i++) {
		if (strcmp(c->ports[i].name, name) == 0)
			return true;
	}
	return false;
}

static void merge_ports(const struct agent_altmark_cfg *file, const struct agent_altmark_cfg *own,
			struct agent_altmark_cfg *out, struct str *why)
{
	for (size_t i = 0; i < own->n_ports; i++) {
		if (has_port(file, own->ports[i].name))
			str_addf(why, "port %s: the agent's file has it\n", own->ports[i].name);
		else if (out->n_ports == AGENT_MEASURE_PORTS_MAX)
			str_addf(why, "port %s: more than %d with those of the agent's file\n",
				 own->ports[i].name, AGENT_MEASURE_PORTS_MAX);
		else
			out->ports[out->n_ports++] = own->ports[i];
	}
}

static bool has_end(const struct agent_altmark_cfg *c, const struct ip_prefix *p)
{
	for (size_t i = 0; i < c->n_ends; i++) {
		if (ip_prefix_cmp(&c->ends[i], p) == 0)
			return true;
	}
	return false;
}

/* An end is a fact, not an object: both may say it. */
static void merge_ends(const struct agent_altmark_cfg *file, const struct agent_altmark_cfg *own,
		       struct agent_altmark_cfg *out, struct str *why)
{
	char text[IP_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < own->n_ends; i++) {
		if (has_end(file, &own->ends[i]))
			continue;
		if (out->n_ends == AGENT_MEASURE_ENDS_MAX)
			str_addf(why, "end %s: more than %d with those of the agent's file\n",
				 ip_prefix_text(&own->ends[i], text, sizeof(text)),
				 AGENT_MEASURE_ENDS_MAX);
		else
			out->ends[out->n_ends++] = own->ends[i];
	}
}

static bool merge_marking(const struct agent_measure_file *file, const struct agent_measure_cfg *own,
			  struct agent_altmark_cfg *out, struct str *why)
{
	const struct agent_altmark_cfg *f = file->marking, *m = &own->marking;

	*out = *f;
	out->source = file->source;
	out->flows = calloc(f->n_flows + m->n_flows + 1, sizeof(*out->flows));
	out->ends = calloc(f->n_ends + m->n_ends + 1, sizeof(*out->ends));
	if (!out->flows || !out->ends)
		return false;
	if (f->n_flows > 0)
		memcpy(out->flows, f->flows, f->n_flows * sizeof(*out->flows));
	if (f->n_ends > 0)
		memcpy(out->ends, f->ends, f->n_ends * sizeof(*out->ends));
	out->on = f->on || m->n_ports > 0 || m->n_flows > 0 || m->n_ends > 0;
	if (!out->on)
		return true;
	merge_time(f, own, out, why);
	merge_flows(f, m, out, why);
	merge_ports(f, m, out, why);
	merge_ends(f, m, out, why);
	return true;
}

bool agent_measure_merge(const struct agent_measure_file *file, const struct agent_measure_cfg *own,
			 struct agent_stamp_cfg *stamp, struct agent_altmark_cfg *marking,
			 struct str *why)
{
	static const struct agent_measure_cfg none;

	*stamp = (struct agent_stamp_cfg){ 0 };
	*marking = (struct agent_altmark_cfg){ 0 };
	if (!own)
		own = &none;
	if (merge_stamp(file, &own->stamp, stamp, why) &&
	    merge_marking(file, own, marking, why))
		return true;
	agent_stamp_cfg_fini(stamp);
	agent_altmark_cfg_fini(marking);
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/measure/stamp_cfg.h"

#include <libyang/libyang.h>
#include <stdlib.h>
#include <string.h>

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

static void fill_segments(const struct lyd_node *in, const char *name, struct ip_addr *at,
			  uint8_t *n)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, name) && *n < AGENT_STAMP_SEGMENTS)
			*n = (uint8_t)(*n + (ip_parse(lyd_get_value(c), &at[*n]) == 0));
	}
}

static void fill_session(struct conf_reader *r, const struct lyd_node *in,
			 struct agent_stamp_session_cfg *s)
{
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
	fill_segments(in, "segment", s->segments, &s->n_segments);
	fill_segments(in, "return-segment", s->back, &s->n_back);
	conf_read_key(r, in, "key-file", &s->key);
	if (s->key.len > 0 && s->n_back > 0)
		conf_read_say(r, conf_child(in, "return-segment"),
			      "options other than padding are not authenticated: not with 'key-file'");
	if (s->window_s * 1000 / s->interval_ms > AGENT_STAMP_PROBES_MAX ||
	    s->timeout_ms / s->interval_ms > AGENT_STAMP_PROBES_MAX)
		conf_read_say(r, in, "more than %d probes in a window or under way",
			      AGENT_STAMP_PROBES_MAX);
	if (s->window_s * 1000 < s->interval_ms)
		conf_read_say(r, in, "'window' is shorter than 'interval'");
	if (ip_is_any(&s->reflector) || s->reflector.b[0] == 0xff)
		conf_read_say(r, conf_child(in, "reflector"), "is not the address of one node");
}

static void fill_reflector(struct conf_reader *r, const struct lyd_node *in,
			   struct agent_stamp_refl_cfg *c)
{
	const struct lyd_node *n;

	conf_read_key(r, in, "key-file", &c->key);
	c->address = conf_read_ip(in, "address");
	c->port = (uint16_t)conf_read_num(in, "port");
	c->stateful = conf_read_flag(in, "stateful");
	c->return_path = conf_read_flag(in, "return-path");
	c->rate = (uint32_t)conf_read_num(in, "rate");
	c->sessions = (uint32_t)conf_read_num(in, "max-sessions");
	LY_LIST_FOR(lyd_child(in), n)
	{
		if (is(n, "allow") && c->n_allow < AGENT_STAMP_ALLOW)
			c->n_allow += ip_prefix_parse(lyd_get_value(n), &c->allow[c->n_allow]) == 0;
	}
}

bool agent_stamp_cfg_fill(struct conf_reader *r, const struct lyd_node *in,
			  struct agent_stamp_cfg *out)
{
	const struct lyd_node *c;
	size_t n = 0;

	if (!in)
		return true;
	out->has_error = conf_child(in, "clock-error") != NULL;
	out->error_us = (uint32_t)conf_read_num(in, "clock-error");
	LY_LIST_FOR(lyd_child(in), c)
	n += is(c, "session");
	out->sessions = calloc(n + 1, sizeof(*out->sessions));
	if (!out->sessions)
		return false;
	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "session")) {
			fill_session(r, c, &out->sessions[out->n_sessions++]);
		} else if (is(c, "reflector")) {
			out->has_reflector = true;
			fill_reflector(r, c, &out->reflector);
		}
	}
	return true;
}

void agent_stamp_cfg_fini(struct agent_stamp_cfg *c)
{
	if (c->sessions)
		explicit_bzero(c->sessions, c->n_sessions * sizeof(*c->sessions));
	free(c->sessions);
	explicit_bzero(c, sizeof(*c));
	*c = (struct agent_stamp_cfg){ 0 };
}

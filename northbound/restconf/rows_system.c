/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller itself: sessions, headends, alarms, configuration. The rooms tell these
 * through "each" functions, so a list is copied when it is opened and walked from the copy.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

/* A copied list: n elements of one size after this head. */
struct snapshot {
	size_t n, cap, size;
	bool bad;
	_Alignas(16) unsigned char at[];
};

struct taker {
	struct rc_cursor *cur;
	size_t size;
};

static void take(struct taker *t, const void *element)
{
	struct snapshot *s = t->cur->own;

	if (!s || s->n == s->cap) {
		size_t cap = s ? s->cap * 2 : 16;
		struct snapshot *p = realloc(s, sizeof(*p) + cap * t->size);

		if (!p)
			return; /* a shorter list */
		if (!s)
			*p = (struct snapshot){ .size = t->size };
		p->cap = cap;
		t->cur->own = s = p;
	}
	memcpy(s->at + s->n++ * s->size, element, s->size);
}

static const void *element(const struct rc_cursor *cur)
{
	const struct snapshot *s = cur->own;

	return s->at + (cur->at - 1) * s->size;
}

static bool advance(struct rc_cursor *cur)
{
	const struct snapshot *s = cur->own;

	return s && cur->at++ < s->n;
}

/* ---- system ---- */

static void system_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct rc_cfg *c = &rd->rc->cfg;
	struct intent_repair_info r = { 0 };
	char why[256] = "", when[40];
	bool ready = !c->ready || c->ready(c->arg, why, sizeof(why));
	struct lyd_node *n;

	(void)cur;
	rc_add(entry, "version", rd->rc->version);
	rc_add(entry, "node", rd->rc->node);
	if (rc_time_text(rd->rc->started_wall_ns, when, sizeof(when)))
		rc_add(entry, "started", when);
	rc_add(entry, "ready", ready ? "true" : "false");
	if (!ready)
		rc_add(entry, "not-ready-because", why);
	intent_repair(c->intent, &r);
	n = rc_container(entry, NULL, "repair");
	rc_addf(n, "count", "%" PRIu64, r.repairs);
	rc_addf(n, "last", "%" PRIu64, r.last_ns);
	rc_addf(n, "longest", "%" PRIu64, r.max_ns);
}

static void config_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct str STR_AUTO text = { 0 };

	(void)cur;
	if (!rd->rc->cfg.config_text)
		return;
	rd->rc->cfg.config_text(rd->rc->cfg.arg, &text);
	/* Line ends are for people here; rc_add would take them for control characters. */
	if (!text.bad && str_utf8(str_text(&text), text.len))
		lyd_new_term(entry, NULL, "text", str_text(&text), 0, NULL);
}

/* ---- sessions ---- */

static const struct rc_leaf session_leaves[] = {
	RC_LEAF("port", RC_U16, struct session_info, port, 0),
	RC_LEAF("state", RC_TEXT, struct session_info, state, 0),
	RC_LEAF("up", RC_BOOL, struct session_info, up, 0),
	RC_LEAF("security", RC_TEXT, struct session_info, security, 0),
	RC_LEAF("up-since", RC_TIME, struct session_info, up_since_wall_ns, 0),
	RC_LEAF("rx-messages", RC_U64, struct session_info, rx_messages, 0),
	RC_LEAF("tx-messages", RC_U64, struct session_info, tx_messages, 0),
	RC_LEAF("rx-errors", RC_U64, struct session_info, rx_errors, 0),
	RC_LEAF("objects", RC_U64, struct session_info, objects, 0),
	RC_LEAF("flaps", RC_U64, struct session_info, flaps, 0),
	RC_LEAF("last-error", RC_CHARS, struct session_info, last_error, RC_SKIP_ZERO),
	RC_LEAF("detail", RC_CHARS, struct session_info, detail, RC_SKIP_ZERO),
};

static void session_take(void *arg, const struct session_info *s)
{
	take(arg, s);
}

static bool session_next(struct rc_read *rd, struct rc_cursor *cur)
{
	struct taker t = { cur, sizeof(struct session_info) };

	for (size_t i = 0; !cur->own && !cur->at && i < rd->rc->cfg.n_sessions; i++) {
		const struct session_query *q = &rd->rc->sessions[i];

		q->each(q->self, session_take, &t);
		/* all rooms into one copy: the loop goes on while there is more to ask */
		if (cur->own)
			for (i++; i < rd->rc->cfg.n_sessions; i++)
				rd->rc->sessions[i].each(rd->rc->sessions[i].self, session_take, &t);
	}
	return advance(cur);
}

static void session_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	const struct session_info *s = element(cur);
	char ip[IP_TEXT_MAX];

	(void)rd;
	str_copy(keys[0], RC_KEY_MAX, s->protocol);
	str_copy(keys[1], RC_KEY_MAX, ip_text(&s->peer, ip, sizeof(ip)));
}

static bool session_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	struct ip_addr peer;

	if (ip_parse(rc_value(keys, "peer"), &peer) != 0)
		return false;
	while (session_next(rd, cur)) {
		const struct session_info *s = element(cur);

		if (strcmp(s->protocol, rc_value(keys, "protocol")) == 0 && ip_eq(&s->peer, &peer))
			return true;
	}
	return false;
}

static void session_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	(void)rd;
	rc_leaves_fill(entry, session_leaves, ARRAY_LEN(session_leaves), element(cur));
}

/* ---- headends ---- */

static const struct rc_leaf headend_leaves[] = {
	RC_LEAF("up", RC_BOOL, struct intent_headend_info, up, 0),
	RC_LEAF("synchronised", RC_BOOL, struct intent_headend_info, synced, 0),
	RC_LEAF("srv6", RC_BOOL, struct intent_headend_info, caps.srv6, 0),
	RC_LEAF("sr-mpls", RC_BOOL, struct intent_headend_info, caps.sr_mpls, 0),
	RC_LEAF("update", RC_BOOL, struct intent_headend_info, caps.update, 0),
	RC_LEAF("initiate", RC_BOOL, struct intent_headend_info, caps.initiate, 0),
	RC_LEAF("sr-policy-association", RC_BOOL, struct intent_headend_info, caps.sr_policy_assoc, 0),
	RC_LEAF("msd-srv6", RC_U8, struct intent_headend_info, caps.msd_srv6, RC_SKIP_ZERO),
	RC_LEAF("msd-mpls", RC_U8, struct intent_headend_info, caps.msd_mpls, RC_SKIP_ZERO),
	RC_LEAF("lsps", RC_U32, struct intent_headend_info, lsps, 0),
};

static void headend_take(void *arg, const struct intent_headend_info *h)
{
	take(arg, h);
}

static bool headend_next(struct rc_read *rd, struct rc_cursor *cur)
{
	struct taker t = { cur, sizeof(struct intent_headend_info) };

	if (!cur->own && !cur->at)
		intent_each_headend(rd->rc->cfg.intent, headend_take, &t);
	return advance(cur);
}

static void headend_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	const struct intent_headend_info *h = element(cur);
	char ip[IP_TEXT_MAX];

	(void)rd;
	str_copy(keys[0], RC_KEY_MAX, ip_text(&h->headend, ip, sizeof(ip)));
}

static bool headend_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	struct ip_addr a;

	if (ip_parse(rc_value(keys, "address"), &a) != 0)
		return false;
	while (headend_next(rd, cur)) {
		const struct intent_headend_info *h = element(cur);

		if (ip_eq(&h->headend, &a))
			return true;
	}
	return false;
}

static void headend_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct intent_headend_info *h = element(cur);

	(void)rd;
	if (h->up && h->caps.southbound)
		rc_add(entry, "southbound", h->caps.southbound);
	rc_leaves_fill(entry, headend_leaves, ARRAY_LEN(headend_leaves), h);
}

/* ---- alarms ---- */

static void alarm_take(void *arg, const struct bus_event *e)
{
	take(arg, e);
}

static bool alarm_next(struct rc_read *rd, struct rc_cursor *cur)
{
	struct taker t = { cur, sizeof(struct bus_event) };

	if (!cur->own && !cur->at)
		bus_alarms(rd->rc->cfg.bus, alarm_take, &t);
	return advance(cur);
}

static void alarm_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	const struct bus_event *e = element(cur);

	(void)rd;
	str_copy(keys[0], RC_KEY_MAX, e->type);
	str_copy(keys[1], RC_KEY_MAX, e->resource);
}

static bool alarm_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	while (alarm_next(rd, cur)) {
		const struct bus_event *e = element(cur);

		if (strcmp(e->type, rc_value(keys, "type")) == 0 &&
		    strcmp(e->resource, rc_value(keys, "resource")) == 0)
			return true;
	}
	return false;
}

static void alarm_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct bus_event *e = element(cur);
	char when[40], details[BUS_BODY_MAX + 4];

	(void)rd;
	rc_addf(entry, "event-id", "%" PRIu64, e->id);
	if (rc_time_text(e->wall_ns, when, sizeof(when)))
		rc_add(entry, "time", when);
	if (!e->body[0])
		return;
	snprintf(details, sizeof(details), "{%s}", e->body);
	lyd_new_any(entry, NULL, "details", details, 0, LYD_ANYDATA_JSON, 0, NULL);
}

const struct rc_row rc_rows_system[] = {
	{ .path = "/sextant-system:system", .fill = system_fill },
	{ .path = "/sextant-system:system/sessions/session", .next = session_next,
	  .find = session_find, .keys = session_keys, .fill = session_fill },
	{ .path = "/sextant-system:system/headends/headend", .next = headend_next,
	  .find = headend_find, .keys = headend_keys, .fill = headend_fill },
	{ .path = "/sextant-system:system/alarms/alarm", .next = alarm_next, .find = alarm_find,
	  .keys = alarm_keys, .fill = alarm_fill },
	{ .path = "/sextant-system:system/configuration", .fill = config_fill },
};
const size_t rc_n_rows_system = ARRAY_LEN(rc_rows_system);

/* SPDX-License-Identifier: Apache-2.0 */
/* States of what is measured, put beside their configuration; counters as they are. */
#include <inttypes.h>
#include <libyang/libyang.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/vec.h"
#include "tools/agent/measure/measure_int.h"

#define MODULE "sextant-device-measure"

enum { FINGERPRINT = 8 /* octets */ };

struct grow {
	const struct agent_measure *m;
	VEC(struct agent_stamp_session_view) views;
	struct lyd_node *in; /* counters go there */
	char clock[24];
	bool ok;
};

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

static struct lyd_node *child(const struct lyd_node *in, const char *name)
{
	struct lyd_node *c;

	LY_LIST_FOR(in ? lyd_child(in) : NULL, c)
	{
		if (is(c, name))
			return c;
	}
	return NULL;
}

/* ---- leaves ---- */

static void text(struct grow *g, struct lyd_node *in, const char *name, const char *value)
{
	g->ok = lyd_new_term(in, NULL, name, value, 0, NULL) == LY_SUCCESS && g->ok;
}

static void number(struct grow *g, struct lyd_node *in, const char *name, uint64_t value)
{
	char t[24];

	(void)snprintf(t, sizeof(t), "%" PRIu64, value);
	text(g, in, name, t);
}

static void flag(struct grow *g, struct lyd_node *in, const char *name, bool value)
{
	text(g, in, name, value ? "true" : "false");
}

static struct lyd_node *inner(struct grow *g, struct lyd_node *in, const char *name)
{
	struct lyd_node *n = NULL;

	g->ok = lyd_new_inner(in, NULL, name, 0, &n) == LY_SUCCESS && g->ok;
	return n;
}

static void see_clock(struct grow *g)
{
	struct stampc_clock c = agent_stamp_clock(g->m->deps.stamp);
	uint64_t us = c.error_ns / 1000 + (c.error_ns % 1000 != 0);

	if (c.sync && us <= UINT32_MAX)
		(void)snprintf(g->clock, sizeof(g->clock), "%" PRIu64, us);
	else
		(void)snprintf(g->clock, sizeof(g->clock), "unknown");
}

/* ---- sessions ---- */

static void delays(struct grow *g, struct lyd_node *in, const char *name,
		   const struct agent_stamp_delay *d)
{
	struct lyd_node *n = inner(g, in, name);

	if (!n)
		return;
	number(g, n, "samples", d->n);
	if (d->n == 0)
		return;
	number(g, n, "minimum", d->min);
	number(g, n, "median", d->p50);
	if (d->has_p99)
		number(g, n, "percentile-99", d->p99);
	number(g, n, "maximum", d->max);
}

static void one_way(struct grow *g, struct lyd_node *in, const char *name,
		    const struct agent_stamp_delay *d, uint64_t error_us)
{
	struct lyd_node *n;

	delays(g, in, name, d);
	n = child(in, name);
	if (n && d->n > 0 && error_us <= UINT32_MAX)
		number(g, n, "error", error_us);
}

static void window(struct grow *g, struct lyd_node *st, const struct agent_stamp_session_view *v)
{
	const struct agent_stamp_window *w = v->last;

	number(g, st, "window-sent", w->sent);
	if (!w->known)
		return;
	number(g, st, "window-received", w->received);
	number(g, st, "window-lost", w->sent - w->received);
	if (v->cfg->stateful) {
		number(g, st, "window-lost-forward", w->lost_forward);
		number(g, st, "window-lost-backward", w->lost_backward);
	}
	delays(g, st, "round-trip", &w->rtt);
	one_way(g, st, "forward", &w->forward, w->error_us);
	one_way(g, st, "backward", &w->backward, w->error_us);
}

static void session_state(struct grow *g, struct lyd_node *st,
			  const struct agent_stamp_session_view *v)
{
	const struct agent_stamp_totals *t = v->totals;
	char sid[IP_TEXT_MAX];

	flag(g, st, "known", v->known);
	if (v->reason[0])
		text(g, st, "reason", v->reason);
	for (unsigned i = 0; i < v->n_segments; i++)
		text(g, st, "segment", ip_text(&v->segments[i], sid, sizeof(sid)));
	number(g, st, "sent", t->sent);
	number(g, st, "received", t->received);
	number(g, st, "lost", t->lost);
	number(g, st, "unknown", t->unknown);
	number(g, st, "windows", t->windows);
	number(g, st, "windows-unknown", t->windows_unknown);
	if (v->last)
		window(g, st, v);
	text(g, st, "clock-error", g->clock);
	number(g, st, "ssid", v->ssid);
	number(g, st, "end-time", v->last ? v->last->end_wall_ns : 0);
	number(g, st, "window", v->last ? t->windows : 0);
}

static void on_view(void *arg, const struct agent_stamp_session_view *v)
{
	struct grow *g = arg;

	g->ok = VEC_ADD(&g->views, *v) && g->ok;
}

/* Sessions stand in the order of the tree: at goes on from the one before. */
static const struct agent_stamp_session_view *view_of(const struct grow *g, const char *name,
						      size_t *at)
{
	for (size_t i = 0; i < g->views.n; i++) {
		size_t k = (*at + i) % g->views.n;

		if (strcmp(g->views.at[k].cfg->name, name) == 0) {
			*at = k + 1;
			return &g->views.at[k];
		}
	}
	return NULL;
}

static void no_session(struct grow *g, struct lyd_node *st, bool taken)
{
	flag(g, st, "known", false);
	text(g, st, "reason", taken ? "the agent's file has a session of this name" :
				      "there are too many with those of the agent's file");
	number(g, st, "window", 0);
}

static void sessions(struct grow *g, struct lyd_node *stamp)
{
	struct lyd_node *c;
	size_t at = 0;

	agent_stamp_each(g->m->deps.stamp, on_view, g);
	LY_LIST_FOR(lyd_child(stamp), c)
	{
		const struct agent_stamp_session_view *v;
		struct lyd_node *st;
		const char *name;
		bool taken;

		if (!is(c, "session"))
			continue;
		name = lyd_get_value(lyd_child(c));
		taken = agent_measure_has_session(&g->m->file, name);
		v = taken ? NULL : view_of(g, name, &at);
		st = inner(g, c, "state");
		if (st && v)
			session_state(g, st, v);
		else if (st)
			no_session(g, st, taken);
	}
	VEC_FINI(&g->views);
}

/* ---- the reflector ---- */

static void on_heard(void *arg, const struct ip_addr *from, uint16_t ssid, uint32_t packets)
{
	struct grow *g = arg;
	char source[IP_TEXT_MAX], id[8];
	struct lyd_node *n = NULL;

	(void)snprintf(id, sizeof(id), "%u", ssid);
	/* one of the same number, from another port, went before: it is told */
	if (lyd_new_list(g->in, NULL, "heard", 0, &n, ip_text(from, source, sizeof(source)), id) == LY_SUCCESS)
		number(g, n, "packets", packets);
}

/* ---- keys ---- */

static void fingerprint(struct grow *g, struct lyd_node *key, const char *secret)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char hex[2 * FINGERPRINT + 1];

	(void)SHA256((const uint8_t *)secret, strlen(secret), digest);
	for (unsigned i = 0; i < FINGERPRINT; i++)
		(void)snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	text(g, key, "fingerprint", hex);
}

static void hide(struct grow *g, struct lyd_node *stamp)
{
	struct lyd_node *c;

	LY_LIST_FOR(stamp ? lyd_child(stamp) : NULL, c)
	{
		struct lyd_node *secret = is(c, "key") ? child(c, "secret") : NULL;

		if (!secret)
			continue;
		if (g)
			fingerprint(g, c, lyd_get_value(secret));
		lyd_free_tree(secret);
	}
}

void agent_measure_hide(struct lyd_node *device)
{
	hide(NULL, child(child(device, "measure"), "stamp"));
}

/* ---- marking ---- */

static void on_counter(void *arg, const struct agent_altmark_counter *c)
{
	struct grow *g = arg;
	const struct agent_altmark_reading *r = &c->at[c->n ? c->n - 1 : 0];
	struct ip_addr src = ip_v6(c->key.src);
	char source[IP_TEXT_MAX], id[16];
	struct lyd_node *n = NULL;

	if (c->n == 0 || !c->interface[0])
		return;
	(void)snprintf(id, sizeof(id), "%u", c->key.id);
	if (lyd_new_list(g->in, NULL, "counter", 0, &n, ip_text(&src, source, sizeof(source)), id,
			 c->interface, c->key.dir == ALTMARK_IN ? "in" : "out") != LY_SUCCESS)
		return; /* an interface whose name the model does not have */
	number(g, n, "packets", r->packets);
	number(g, n, "octets", r->bytes);
	number(g, n, "boot", r->boot);
	flag(g, n, "began", r->began);
	number(g, n, "d-time", r->d_ns);
	text(g, n, "clock-error", g->clock);
	number(g, n, "period", r->period);
}

static void marking_state(struct grow *g, struct lyd_node *marking)
{
	struct lyd_node *st = inner(g, marking, "state");
	struct agent_altmark_view v;

	if (!st)
		return;
	agent_altmark_view(g->m->deps.altmark, &v);
	text(g, st, "status", !v.on ? "off" : v.reason[0] ? "failed" : "on");
	if (v.on && v.reason[0])
		text(g, st, "reason", v.reason);
	else if (g->m->left_out[0])
		text(g, st, "reason", g->m->left_out);
	number(g, st, "too-long", v.self.too_long);
	number(g, st, "refused", v.self.refused);
	number(g, st, "full", v.self.full);
	number(g, st, "stripped", v.self.stripped);
	number(g, st, "jumps", v.jumps);
	number(g, st, "unstable", v.unstable);
	number(g, st, "missed", v.missed);
}

/* ---- the tree ---- */

static struct lyd_node *made(struct grow *g, struct lyd_node *in, const char *name)
{
	struct lyd_node *n = child(in, name);

	return n || !in ? n : inner(g, in, name);
}

static struct lyd_node *top_of(struct grow *g, struct lyd_node *device)
{
	struct lyd_node *top = child(device, "measure");
	const struct lys_module *mod =
		ly_ctx_get_module_implemented(device->schema->module->ctx, MODULE);

	if (!top)
		g->ok = lyd_new_inner(device, mod, "measure", 0, &top) == LY_SUCCESS && g->ok;
	return top;
}

bool agent_measure_tree(const struct agent_measure *m, struct lyd_node *device, unsigned parts)
{
	struct grow g = { .m = m, .ok = true };
	struct lyd_node *top = top_of(&g, device);
	struct lyd_node *stamp = made(&g, top, "stamp"), *marking = made(&g, top, "marking");

	see_clock(&g);
	hide(&g, stamp);
	if (stamp && parts & AGENT_MEASURE_STAMP)
		sessions(&g, stamp);
	g.in = child(stamp, "reflector");
	if (g.in && parts & AGENT_MEASURE_STAMP)
		agent_stamp_heard(m->deps.stamp, on_heard, &g);
	if (marking && parts & AGENT_MEASURE_MARKING) {
		marking_state(&g, marking);
		g.in = marking;
		agent_altmark_each(m->deps.altmark, on_counter, &g);
	}
	return g.ok;
}

struct lyd_node *agent_measure_only(const struct agent_measure *m, const struct lyd_node *device,
				    struct ly_ctx *models, unsigned parts)
{
	const struct lys_module *mod = ly_ctx_get_module_implemented(models, "sextant-device");
	const struct lyd_node *measure = child(device, "measure"), *c;
	struct grow g = { .m = m, .ok = true };
	struct lyd_node *root = NULL, *top;

	if ((device ? lyd_dup_single(device, NULL, 0, &root) :
		      lyd_new_inner(NULL, mod, "device", 0, &root)) != LY_SUCCESS)
		return NULL;
	top = top_of(&g, root);
	LY_LIST_FOR(measure && top ? lyd_child(measure) : NULL, c)
	{
		bool wanted = parts & (is(c, "stamp") ? AGENT_MEASURE_STAMP : AGENT_MEASURE_MARKING);

		if (wanted)
			g.ok = lyd_dup_single(c, (struct lyd_node_inner *)top,
					      LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS,
					      NULL) == LY_SUCCESS &&
			       g.ok;
	}
	if (g.ok && agent_measure_tree(m, root, parts))
		return root;
	lyd_free_all(root);
	return NULL;
}

/* ---- what a subscription makes of it ---- */

bool agent_measure_is_ours(const struct lysc_node *n)
{
	return strcmp(n->module->name, MODULE) == 0;
}

static bool ours(const struct lysc_node *n, const char *name)
{
	return strcmp(n->name, name) == 0 && agent_measure_is_ours(n);
}

bool agent_measure_is_value(const struct lysc_node *n)
{
	return ours(n, "counter") || ours(n, "state");
}

static bool moves(const struct lyd_node *n)
{
	static const char *const names[] = { "sent", "received", "lost", "unknown", "clock-error" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (is(n, names[i]))
			return true;
	}
	return false;
}

uint64_t agent_measure_hash(const struct lyd_node *n)
{
	uint64_t h[2] = { 0, 0 };
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(n), c)
	{
		const char *v = lyd_get_value(c); /* none of the delays: they are of the window */

		if (!v || moves(c))
			continue;
		h[0] = hash_bytes(h, c->schema->name, strlen(c->schema->name));
		h[0] = hash_bytes(h, v, strlen(v));
	}
	return h[0];
}

unsigned agent_measure_parts(const struct lysc_node *const *elems, size_t n)
{
	if (n < 2 || !ours(elems[1], "measure"))
		return 0;
	if (n == 2)
		return AGENT_MEASURE_ALL;
	return ours(elems[2], "stamp") ? AGENT_MEASURE_STAMP : AGENT_MEASURE_MARKING;
}

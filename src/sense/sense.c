/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room: which links there are, devices as their port tells of them, time, queries. Links keep
 * their index for as long as the topology knows them, so what is said of one is never another's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "sense/sense_priv.h"

#define LOOK_NS (200 * NS_PER_MS) /* changes that come together are looked at together */

void sense_cfg_default(struct sense_cfg *cfg)
{
	*cfg = (struct sense_cfg){
		.delay = SENSE_OFF,
		.load = SENSE_OFF,
		.probe_ms = 100,
		.window_s = 10,
		.load_s = 30,
		.threshold_pct = 10,
		.delay_floor_us = 100,
		.hold_ns = 60 * NS_PER_S,
		.interval_ns = 120 * NS_PER_S,
		.keep_ns = 600 * NS_PER_S,
	};
}

static bool measures(const struct sense *s)
{
	return s->cfg.delay != SENSE_OFF || s->cfg.load != SENSE_OFF;
}

static bool is_on(const struct sense *s)
{
	return measures(s) || s->cfg.mtu;
}

/* ---- devices ---- */

static bool device_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct sense_device, by_name)->name, key) == 0;
}

struct sense_device *sense_device_of(const struct sense *s, const char *name)
{
	struct hash_node *n = hash_get(&s->devices, name, strlen(name), name);

	return n ? HASH_OF(n, struct sense_device, by_name) : NULL;
}

static struct sense_device *device_get(struct sense *s, const char *name)
{
	struct sense_device *d = sense_device_of(s, name);

	if (d || strlen(name) >= DEVICE_NAME_MAX || !s->port.has(s->port.self, name))
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->s = s;
	(void)str_copy(d->name, sizeof(d->name), name);
	if (hash_put(&s->devices, d->name, strlen(d->name), &d->by_name) < 0) {
		free(d);
		return NULL;
	}
	return d;
}

static void device_free(struct sense_device *d)
{
	struct sense *s = d->s;

	for (size_t i = 0; i < s->links.n; i++) {
		struct sense_link *l = s->links.at[i];

		if (l && l->from == d)
			l->from = NULL;
		if (l && l->to == d)
			l->to = NULL;
	}
	hash_del(&s->devices, &d->by_name);
	VEC_FINI(&d->faces);
	VEC_FINI(&d->sessions);
	VEC_FINI(&d->links);
	VEC_FINI(&d->senders);
	free(d);
}

/* ---- the look ---- */

static bool nodes_map(struct sense *s)
{
	s->at_node.n = 0;
	for (uint32_t i = 0; i < s->ted->n_nodes; i++) {
		const struct ted_node *n = &s->ted->nodes[i];
		struct sense_device *d = n->alive && !n->pseudonode ? device_get(s, ted_node_label(s->ted, i)) : NULL;

		if (!VEC_ADD(&s->at_node, d))
			return false;
	}
	return true;
}

static struct sense_link *link_get(struct sense *s, uint32_t index)
{
	struct sense_link *l;

	while (s->links.n <= index)
		if (!VEC_ADD(&s->links, NULL))
			return NULL;
	if (s->links.at[index])
		return s->links.at[index];
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->s = s;
	l->index = index;
	s->links.at[index] = l;
	return l;
}

static const char *why_not(const struct sense *s, const struct ted_link *t, const struct sense_link *l)
{
	if (s->ted->nodes[t->to].pseudonode)
		return "it leads into a LAN";
	if (t->local_v6.family != IP_V6 || t->remote_v6.family != IP_V6)
		return "its ends have no IPv6 addresses in the topology";
	if (!l->to)
		return "the router at its far end is not among the devices";
	return NULL;
}

static bool link_see(struct sense *s, uint32_t index)
{
	const struct ted_link *t = &s->ted->links[index];
	struct sense_link *l;

	if (!t->alive || s->ted->nodes[t->from].pseudonode || !s->at_node.at[t->from])
		return true;
	l = link_get(s, index);
	if (!l)
		return false;
	if (!ip_eq(&l->local, &t->local_v6) || strcmp(l->id, s->ted->nodes[t->from].id) != 0) {
		l->face[0] = '\0';
		sense_mtu_forget(l); /* of what it was */
	}
	(void)str_copy(l->id, sizeof(l->id), s->ted->nodes[t->from].id);
	l->local = t->local_v6;
	l->remote = t->remote_v6;
	l->from = s->at_node.at[t->from];
	l->to = s->ted->nodes[t->to].pseudonode ? NULL : s->at_node.at[t->to];
	l->why = why_not(s, t, l);
	l->seen = true;
	return true;
}

static void links_see(struct sense *s)
{
	bool whole = nodes_map(s);

	for (size_t i = 0; i < s->links.n; i++)
		if (s->links.at[i])
			s->links.at[i]->seen = false;
	for (uint32_t i = 0; whole && i < s->ted->n_links; i++)
		whole = link_see(s, i);
	for (size_t i = 0; i < s->links.n; i++) {
		struct sense_link *l = s->links.at[i];

		if (!l)
			continue;
		l->wanted = l->seen && !l->why;
		/* what was known of it stays for its time, should it come back */
		if (!l->seen && !l->delay.known && !l->booked && !l->mtu)
			s->links.at[i] = sense_link_drop(l);
	}
}

static void mtus(struct sense *s)
{
	unsigned known = 0;

	for (size_t i = 0; i < s->links.n; i++) {
		if (!s->links.at[i])
			continue;
		sense_mtu(s->links.at[i]);
		known += s->links.at[i]->mtu != 0;
	}
	metric_set(s->m_mtus, known);
}

static void look(void *arg)
{
	struct sense *s = arg;

	/* without sight of the topology what is measured stays as it is */
	if (!s->has_port || !s->ted || s->ted->stale)
		return;
	if (is_on(s) || s->devices.count > 0)
		links_see(s);
	sense_plan(s);
	mtus(s);
	if (measures(s) && !loop_timer_armed(&s->tick))
		loop_timer_after(&s->tick, NS_PER_S);
}

void sense_look_soon(struct sense *s)
{
	if (!loop_timer_armed(&s->look))
		loop_timer_after(&s->look, LOOK_NS);
}

static void tick(void *arg)
{
	struct sense *s = arg;
	unsigned measured = 0;

	for (size_t i = 0; i < s->links.n; i++) {
		struct sense_link *l = s->links.at[i];

		if (!l)
			continue;
		sense_expire(l);
		sense_booking(l);
		measured += l->delay.known && !sense_is_stale(l);
	}
	metric_set(s->m_measured, measured);
	/* what a device refused is tried again */
	HASH_EACH (n, &s->devices)
		sense_tell(HASH_OF(n, struct sense_device, by_name));
	if (measures(s))
		loop_timer_after(&s->tick, NS_PER_S);
}

/* ---- the sink ---- */

static void on_up(void *arg, const struct device_info *info)
{
	struct sense *s = arg;
	struct sense_device *d = s->has_port ? device_get(s, info->device) : NULL;

	if (!d)
		return;
	d->up = true;
	d->agent = strcmp(info->kind, "agent") == 0;
	d->clean = false;
	sense_device_forget(d);
	sense_look_soon(s);
}

static void on_down(void *arg, const char *device, const char *why)
{
	struct sense_device *d = sense_device_of(arg, device);

	(void)why;
	if (d)
		d->up = false;
}

static void on_gone(void *arg, const char *device)
{
	struct sense_device *d = sense_device_of(arg, device);

	if (!d)
		return;
	device_free(d);
	sense_look_soon(arg);
}

static void on_result(void *arg, const struct device_result *r)
{
	struct sense_device *d = sense_device_of(arg, r->device);

	if (d)
		sense_told(d, r);
}

static void on_sample(void *arg, const struct device_sample *e)
{
	struct sense_device *d = sense_device_of(arg, e->device);

	if (d)
		sense_sample(d, e);
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	struct sense_device *d = sense_device_of(arg, device);

	if (!d || (watch != d->watch_sessions && watch != d->watch_faces && watch != d->watch_mtus))
		return;
	d->clean = d->clean || watch == d->watch_sessions;
	sense_look_soon(arg);
}

/* Counters may be other ones now; a window that was being told is none. */
static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	struct sense_device *d = sense_device_of(arg, device);

	(void)why;
	for (size_t i = 0; d && i < d->links.n; i++) {
		if (watch == d->watch_load)
			d->links.at[i]->load.based = false;
		if (watch == d->watch_sessions)
			d->links.at[i]->window = (struct sense_window){ 0 };
	}
}

/* Somebody changed it: it is said again. */
static void on_drift(void *arg, const struct device_drift *drift)
{
	struct sense_device *d = sense_device_of(arg, drift->device);

	if (!d || strncmp(drift->path, "/device/measure/stamp", 21) != 0)
		return;
	sense_device_forget(d);
	sense_look_soon(arg);
}

const struct device_sink sense_device_sink = {
	.up = on_up,
	.down = on_down,
	.gone = on_gone,
	.result = on_result,
	.sample = on_sample,
	.synced = on_synced,
	.gap = on_gap,
	.drift = on_drift,
};

/* ---- life ---- */

void sense_on_ted(void *arg, const struct ted *ted)
{
	struct sense *s = arg;

	ted_unref(s->ted);
	s->ted = ted_ref(ted);
	if (is_on(s))
		sense_look_soon(s);
}

void sense_port(struct sense *s, const struct device_port *port)
{
	s->port = *port;
	s->has_port = true;
}

void sense_configure(struct sense *s, const struct sense_cfg *cfg)
{
	bool anew = cfg->delay != s->cfg.delay;

	s->cfg = *cfg;
	for (size_t i = 0; i < s->links.n; i++) {
		struct sense_link *l = s->links.at[i];

		if (!l)
			continue;
		if (anew)
			sense_withdraw_delay(l, "it is measured for another use now");
		if (cfg->load != SENSE_BOOK)
			sense_withdraw_load(l);
		if (cfg->load == SENSE_OFF) {
			l->load = (struct sense_load){ 0 };
			sense_filter_forget(&l->beside);
		}
	}
	sense_look_soon(s);
}

static void metrics(struct sense *s)
{
	char labels[32];

	s->m_measured = metric_gauge("sextant_links_measured", "Links whose delay is measured now.", "");
	s->m_mtus = metric_gauge("sextant_links_mtu_known", "Links whose MTU is known of their ends.", "");
	s->m_windows[0] = metric_counter("sextant_link_windows_total", "Windows of probes on links.",
					 "known=\"false\"");
	s->m_windows[1] = metric_counter("sextant_link_windows_total", "Windows of probes on links.", "known=\"true\"");
	for (int n = SENSE_FIRST; n <= SENSE_REFRESH; n++) {
		(void)snprintf(labels, sizeof(labels), "news=\"%s\"", sense_news_text((enum sense_news)n));
		s->m_said[n] = metric_counter("sextant_link_delays_said_total",
					      "Measured delays told to the topology, by why.", labels);
	}
}

bool sense_needs(const struct sense *s, const char *device)
{
	const struct sense_device *d = sense_device_of(s, device);

	return d && d->senders.n > 0;
}

int sense_new(struct sense **outp, const struct sense_parts *parts)
{
	struct sense *s = calloc(1, sizeof(*s));

	if (!s)
		return err_raise(-ENOMEM);
	s->parts = *parts;
	sense_cfg_default(&s->cfg);
	hash_init(&s->devices, loop_random(parts->loop), device_eq);
	loop_timer_init(&s->look, parts->loop, look, s);
	loop_timer_init(&s->tick, parts->loop, tick, s);
	metrics(s);
	*outp = s;
	return 0;
}

struct sense *sense_free(struct sense *s)
{
	if (!s)
		return NULL;
	loop_timer_fini(&s->look);
	loop_timer_fini(&s->tick);
	for (size_t i = 0; i < s->links.n; i++)
		free(s->links.at[i]);
	s->links.n = 0;
	HASH_EACH (n, &s->devices)
		device_free(HASH_OF(n, struct sense_device, by_name));
	hash_fini(&s->devices);
	VEC_FINI(&s->links);
	VEC_FINI(&s->at_node);
	ted_unref(s->ted);
	free(s);
	return NULL;
}

/* ---- queries ---- */

static const char *trouble(const struct sense_link *l, char buf[SR_REASON_MAX])
{
	const struct sense_session *e = NULL;

	if (!l->seen || !l->from)
		return "it is not there now";
	if (l->why)
		return l->why;
	for (size_t i = 0; i < l->from->sessions.n && !e; i++)
		if (l->from->sessions.at[i].link == l)
			e = &l->from->sessions.at[i];
	if (!l->from->up)
		(void)snprintf(buf, SR_REASON_MAX, "%s is not connected", l->from->name);
	else if (!l->from->agent)
		(void)snprintf(buf, SR_REASON_MAX, "%s has no STAMP in a model that is known here", l->from->name);
	else if (!e)
		(void)snprintf(buf, SR_REASON_MAX, "%s has too many sessions", l->from->name);
	else if (e->fault[0])
		(void)snprintf(buf, SR_REASON_MAX, "%s refused the probes: %.150s", l->from->name, e->fault);
	else if (l->unknown)
		(void)snprintf(buf, SR_REASON_MAX, "%s does not answer probes", l->to ? l->to->name : "the far end");
	else
		(void)snprintf(buf, SR_REASON_MAX, "no window has been told yet");
	return buf;
}

static bool view(void *self, uint32_t link, struct sense_link_view *out)
{
	const struct sense *s = self;
	const struct sense_link *l = link < s->links.n ? s->links.at[link] : NULL;
	char buf[SR_REASON_MAX];

	if (!l || !measures(s))
		return false;
	*out = (struct sense_link_view){
		.device = l->from ? l->from->name : "",
		.interface = l->face,
		.delay_known = l->delay.known,
		.one_way = l->one_way,
		.delay_us = l->said.min_us,
		.delay_max_us = l->said.max_us,
		.delay_var_us = l->said.var_us,
		.stale = sense_is_stale(l),
		.load_known = l->load.known && l->beside.known,
		.load_bps = l->load.bps,
		.beside_bps = l->beside.said,
		.booked_bps = l->booked ? l->booked_bps : 0,
	};
	if (s->cfg.delay != SENSE_OFF && (!out->delay_known || out->stale))
		(void)str_copy(out->why, sizeof(out->why), trouble(l, buf));
	return true;
}

struct sense_query sense_queries(struct sense *s)
{
	return (struct sense_query){ .self = s, .link = view };
}

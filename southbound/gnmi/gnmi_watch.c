/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches: a Subscribe stream each. The target's times go on untouched. A stream that ends, or
 * says nothing for longer than it may, is a gap, told at once, and begun anew: after an initial
 * state has come whole again, `synced` is told.
 */
#include <string.h>

#include "log/log.h"
#include "log/metric.h"
#include "southbound/gnmi/gnmi_int.h"

enum { SILENT_SAMPLES = 3, SILENT_MORE_S = 5, SYNC_CALLS = 3 };

static void lost(struct gnmi_watch *w, const char *why);

static bool samples(const struct gnmi_watch *w)
{
	return !w->on_change || w->sampled;
}

/* From now on: when it is too long. A watch on change may be silent for ever, and samples of what there
 * is none of; whether the device is there, the session's probe finds out. */
static void mind(struct gnmi_watch *w)
{
	const struct gnmi_cfg *cfg = &w->dev->g->cfg;

	loop_timer_stop(&w->timer);
	if (!w->told)
		loop_timer_after(&w->timer, SYNC_CALLS * cfg->call_ns);
	else if (samples(w) && w->some)
		loop_timer_after(&w->timer, SILENT_SAMPLES * w->interval_ns + SILENT_MORE_S * NS_PER_S);
}

/* ---- what arrives ---- */

struct telling {
	struct gnmi_watch *w;
	int64_t time_ns;
};

static void sample(struct gnmi_watch *w, struct device_sample *s, const struct gnmic_path *path)
{
	struct gnmi_dev *d = w->dev;
	struct gnmic_path bare = *path;
	struct str text STR_AUTO = { 0 };

	bare.origin = "";
	gnmic_path_text(&bare, &text);
	s->device = d->name;
	s->watch = w->id;
	s->path = str_text(&text);
	w->some = true;
	metric_add(d->m.samples, 1);
	if (!w->dead && d->g->sink.sample)
		d->g->sink.sample(d->g->arg, s);
}

static bool leaf(void *arg, const struct gnmic_leaf *l)
{
	const struct telling *t = arg;
	struct device_sample s = { .time_ns = t->time_ns };
	struct str text STR_AUTO = { 0 };

	gnmic_value_text(&l->val, &text);
	s.text = str_text(&text);
	s.number = gnmic_value_u64(&l->val, &s.u);
	sample(t->w, &s, &l->path);
	return !t->w->dead;
}

/* As leaves are told: "module:name" is name. */
static void without_modules(struct gnmic_path *p)
{
	for (size_t i = 0; i < p->n_elems; i++) {
		const char *c = strchr(p->elems[i].name, ':');

		if (c && c[1])
			p->elems[i].name = c + 1;
	}
}

static const char *notification(struct gnmi_watch *w, const struct gnmic_notification *n, struct arena *a)
{
	const struct gnmi_kind *k = w->dev->kind;
	struct telling t = { w, n->timestamp_ns };
	const char *why = NULL;

	for (size_t i = 0; i < n->n_deletes && !w->dead; i++) {
		struct device_sample s = { .time_ns = n->timestamp_ns, .gone = true, .text = "" };
		struct gnmic_path whole;

		if (!gnmic_path_join(&n->prefix, &n->deletes[i], a, &whole))
			return "too big";
		without_modules(&whole);
		sample(w, &s, &whole);
	}
	for (size_t i = 0; i < n->n_updates && !w->dead && !why; i++)
		why = gnmic_leaves(&n->prefix, &n->updates[i], k->lists, k->n_lists, a, leaf, &t);
	return why;
}

static void free_watch(struct gnmi_watch *w)
{
	loop_timer_fini(&w->timer);
	arena_fini(&w->a);
	free(w);
}

static void on_message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct gnmi_watch *w = arg;
	struct gnmi_dev *d = w->dev;
	struct gnmic_event ev;
	struct arena a;
	const char *why;

	(void)call;
	d->rx++;
	w->busy = true;
	arena_init(&a, GNMI_ARENA_MAX);
	why = gnmic_event_read(data, len, &a, &ev);
	if (!why && !ev.sync)
		why = notification(w, &ev.update, &a);
	arena_fini(&a);
	if (!why && ev.sync && !w->told && !w->dead) {
		w->told = true;
		w->failures = 0;
		if (d->g->sink.synced)
			d->g->sink.synced(d->g->arg, d->name, w->id);
	}
	w->busy = false;
	if (w->dead) {
		free_watch(w);
		return;
	}
	if (!why) {
		mind(w);
		return;
	}
	d->rx_errors++;
	lost(w, why);
}

/* ---- ends and new beginnings ---- */

void gnmi_watch_stop(struct gnmi_watch *w, const char *why)
{
	struct gnmi_dev *d = w->dev;
	bool was = w->call != NULL;

	w->call = rpc_call_cancel(w->call);
	loop_timer_stop(&w->timer);
	w->told = w->some = false;
	if (was && d->g->sink.gap)
		d->g->sink.gap(d->g->arg, d->name, w->id, why);
}

static void again(struct gnmi_watch *w)
{
	const struct gnmi_cfg *cfg = &w->dev->g->cfg;
	uint64_t ns = cfg->backoff_ns_min << (w->failures < 16 ? w->failures : 16);

	w->failures++;
	loop_timer_after(&w->timer, ns < cfg->backoff_ns_max ? ns : cfg->backoff_ns_max);
}

/* Tells last: whoever is told may unwatch, and w be gone. */
static void lost(struct gnmi_watch *w, const char *why)
{
	struct gnmi_dev *d = w->dev;

	w->call = rpc_call_cancel(w->call);
	w->told = w->some = false;
	again(w);
	if (d->g->sink.gap)
		d->g->sink.gap(d->g->arg, d->name, w->id, why);
}

static void on_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	struct gnmi_watch *w = arg;
	struct gnmi_dev *d = w->dev;
	bool cannot = st->code == RPC_INVALID_ARGUMENT || st->code == RPC_UNIMPLEMENTED ||
		      st->code == RPC_OUT_OF_RANGE;
	char why[DEVICE_TEXT_MAX];

	(void)call;
	w->call = NULL;
	loop_timer_stop(&w->timer);
	if (w->on_change && !w->sampled && cannot) {
		w->sampled = true;
		log_event(d->scope, LOG_NOTICE, "gnmi.watch.sampled",
			  "watch=%u reason=\"on change is refused\" text=\"%.120s\"", w->id, st->text);
		loop_timer_after(&w->timer, 0);
		return;
	}
	(void)str_copy(why, sizeof(why), st->text[0] ? st->text : rpc_code_text(st->code));
	log_event(d->scope, LOG_NOTICE, "gnmi.watch.end", "watch=%u code=%s text=\"%.120s\"", w->id,
		  rpc_code_text(st->code), st->text);
	if (st->code == RPC_UNAVAILABLE)
		gnmi_sess_doubt(d);
	lost(w, why);
}

static const struct rpc_call_ops watch_ops = { .message = on_message, .end = on_end };

static bool ask(struct gnmi_watch *w)
{
	struct gnmi_dev *d = w->dev;
	struct gnmic_subscription sub = {
		.path = w->path,
		.mode = samples(w) ? GNMIC_SAMPLE : GNMIC_ON_CHANGE,
		.sample_ns = samples(w) ? w->interval_ns : 0,
	};
	struct gnmic_subscribe req = { .subs = &sub, .n_subs = 1, .encoding = GNMIC_ENC_JSON_IETF };
	struct rpc_call_cfg cfg = { .method = "/gnmi.gNMI/Subscribe" };
	struct rpc_meta meta[2];
	struct arena a;
	size_t len;
	uint8_t *msg;

	arena_init(&a, GNMI_ARENA_MAX);
	msg = gnmic_subscribe_write(&req, &a, &len);
	gnmi_call_cfg(d, &cfg, meta);
	cfg.timeout_ns = 0;
	if (msg && rpc_call_new(&w->call, d->ch, &cfg, &watch_ops, w) == 0 &&
	    rpc_call_send(w->call, msg, len) < 0)
		w->call = rpc_call_cancel(w->call);
	arena_fini(&a);
	d->tx++;
	return w->call != NULL;
}

void gnmi_watch_start(struct gnmi_watch *w)
{
	if (w->call || w->dev->state != GNMI_UP)
		return;
	if (ask(w))
		mind(w);
	else
		again(w);
}

/* Too long silent, or time for another try. */
static void due(void *arg)
{
	struct gnmi_watch *w = arg;

	if (!w->call) {
		gnmi_watch_start(w);
		return;
	}
	log_event(w->dev->scope, LOG_WARN, "gnmi.watch.silent", "watch=%u", w->id);
	gnmi_sess_doubt(w->dev);
	lost(w, "the device is silent");
}

/* ---- life ---- */

int gnmi_watch_new(struct gnmi_dev *d, const struct device_watch *cfg, uint32_t *id)
{
	struct gnmi_watch *w;

	if (d->n_watches == DEVICE_WATCHES_MAX)
		return DEVICE_E_FULL;
	if (strlen(cfg->path) >= DEVICE_PATH_MAX || cfg->interval_ns > 86400 * NS_PER_S)
		return DEVICE_E_INVALID;
	w = calloc(1, sizeof(*w));
	if (!w)
		return DEVICE_E_FULL;
	arena_init(&w->a, 64 << 10);
	if (gnmic_path_parse(cfg->path, &w->a, &w->path) != NULL) {
		arena_fini(&w->a);
		free(w);
		return DEVICE_E_INVALID;
	}
	w->dev = d;
	w->on_change = cfg->on_change;
	w->interval_ns = cfg->interval_ns ? cfg->interval_ns : 10 * NS_PER_S;
	loop_timer_init(&w->timer, d->g->loop, due, w);
	if (++d->g->next_id == 0)
		d->g->next_id = 1;
	w->id = *id = d->g->next_id;
	list_add(&d->watches, &w->link);
	d->n_watches++;
	gnmi_watch_start(w);
	return 0;
}

void gnmi_watch_del(struct gnmi_watch *w)
{
	list_del(&w->link);
	w->dev->n_watches--;
	w->call = rpc_call_cancel(w->call);
	loop_timer_stop(&w->timer);
	w->dead = true;
	if (!w->busy)
		free_watch(w);
}

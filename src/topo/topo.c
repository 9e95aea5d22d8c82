/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the topology is published, and what it may say.
 *
 * Invariants: topo->ted is never NULL. After the initial wait no generation is built while
 * frozen, except the one that says so. Only this file arms timers.
 */
#include "topo/topo.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/vec.h"
#include "log/log.h"
#include "log/metric.h"
#include "topo/merge.h"
#include "topo/overlay.h"
#include "topo/publish.h"

enum {
	LISTENERS_MAX = 8,
	DAMP_LEVEL_MAX = 6, /* hold is doubled at most this often: 64x */
	DAMP_WINDOW = 10,   /* a flap within so many holds of the last counts as the next level */
};

#define BACKOFF_MIN (5 * NS_PER_MS)
#define BACKOFF_MAX (100 * NS_PER_MS)
#define BACKOFF_CALM NS_PER_S

struct source {
	struct topo *topo;
	bool known, up, eor, over;
	struct ip_addr peer, producer;
	uint64_t down_since_wall_ns;
	struct loop_timer age;
};

struct damp {
	bool present;
	uint8_t level;
	struct mono down_at, hold_until;
};

struct topo {
	struct loop *loop;
	struct bus *bus;
	struct topo_cfg cfg;
	struct lsdb db;
	struct merge merge;
	struct overlay overlay;
	bool overlay_waits; /* who tells of it has not heard from the routers */
	bool merge_whole; /* the next one: sources changed, or the last one led to nothing */
	struct source sources[LSDB_SOURCES_MAX];
	const struct ted *ted;
	struct {
		topo_ted_fn fn;
		void *arg;
	} listeners[LISTENERS_MAX];
	unsigned n_listeners;
	bool settled; /* the initial wait for End-of-RIB is over */
	VEC(struct damp) damp;
	struct mono hold_next; /* earliest end of a damping hold, 0: none */
	struct mono bad_next;  /* bad news goes out at once from here on */
	struct mono good_since; /* of the oldest unpublished good news, 0: none */
	uint64_t backoff_ns;
	struct loop_task now, spare;
	struct loop_timer later, quiet, hold, eor_cap;
	struct metric *builds, *build_time, *refused;
	struct publish_gauges gauges;
};

void topo_cfg_default(struct topo_cfg *cfg)
{
	*cfg = (struct topo_cfg){
		.age_out_ns = 120 * NS_PER_S,
		.quiet_ns = 20 * NS_PER_MS,
		.quiet_cap_ns = 500 * NS_PER_MS,
		.eor_cap_ns = 60 * NS_PER_S,
		.flap_hold_ns = NS_PER_S,
		.objects_max = 1000000,
		.n_sources = 1,
	};
}

static bool source_live(const struct source *s)
{
	return s->up && s->eor;
}

static bool any_live(const struct topo *t)
{
	for (unsigned i = 0; i < LSDB_SOURCES_MAX; i++)
		if (source_live(&t->sources[i]))
			return true;
	return false;
}

static bool frozen(const struct topo *t)
{
	return !t->settled || !any_live(t);
}

static struct damp *damp_at(struct topo *t, uint32_t slot)
{
	while (t->damp.n <= slot)
		if (!VEC_ADD(&t->damp, (struct damp){ 0 }))
			return NULL;
	return &t->damp.at[slot];
}

static void damp_rise(struct topo *t, uint32_t slot, struct damp *d, struct mono now)
{
	uint64_t window;

	if (d->down_at.ns == 0 || t->cfg.flap_hold_ns == 0)
		return;
	window = (t->cfg.flap_hold_ns << d->level) * DAMP_WINDOW;
	if (d->hold_until.ns == 0 || mono_since(d->hold_until, d->down_at) > window)
		d->level = 0;
	else if (d->level < DAMP_LEVEL_MAX)
		d->level++;
	d->hold_until = mono_add(now, t->cfg.flap_hold_ns << d->level);
	if (d->level > 0) /* the first time is every repair's */
		publish_damped(t->bus, t->loop, t->ted, slot, t->cfg.flap_hold_ns << d->level);
}

/* A merge_up_fn: keeps a link that flapped down for a while after it is told up again. */
static bool link_up(void *arg, uint32_t slot, bool present)
{
	struct topo *t = arg;
	struct damp *d = damp_at(t, slot);
	struct mono now = loop_now(t->loop);

	if (!d || frozen(t)) {
		if (d)
			d->present = present;
		return present && (!d || !mono_before(now, d->hold_until));
	}
	if (present && !d->present)
		damp_rise(t, slot, d, now);
	if (!present && d->present)
		d->down_at = now;
	d->present = present;
	if (!present)
		return false;
	if (!mono_before(now, d->hold_until))
		return true;
	if (t->hold_next.ns == 0 || mono_before(d->hold_until, t->hold_next))
		t->hold_next = d->hold_until;
	return false;
}

static void tell(struct topo *t, const struct ted *ted)
{
	const struct ted *prev = t->ted;

	t->ted = ted;
	publish_events(&t->gauges, t->bus, t->loop, prev, ted);
	for (unsigned i = 0; i < t->n_listeners; i++)
		t->listeners[i].fn(t->listeners[i].arg, ted);
	ted_unref(prev);
}

/* A generation that says nothing new is forgotten: the next one follows the one that was told. */
static bool worth_telling(const struct topo *t, const struct ted *ted)
{
	return ted->n_changed_links || ted->n_changed_nodes || ted->stale != t->ted->stale;
}

static int merge(struct topo *t, struct arena *a, struct merge_out *out)
{
	/* What damping is told while frozen is not what it is told after. */
	struct merge_in in = { .db = &t->db, .up = link_up, .up_arg = t, .prev = t->ted,
			       .overlay = &t->overlay, .whole = t->merge_whole || frozen(t) };

	t->merge_whole = in.whole && frozen(t);
	for (unsigned i = 0; i < LSDB_SOURCES_MAX; i++)
		in.sources[i] = (struct merge_source){ .known = t->sources[i].known,
						       .live = source_live(&t->sources[i]),
						       .producer = t->sources[i].producer,
						       .peer = t->sources[i].peer };
	t->hold_next = (struct mono){ 0 };
	return merge_run(&t->merge, &in, a, out);
}

static int build_from(struct topo *t, struct merge_out *m, const struct ted **outp)
{
	if (!m->whole) {
		m->patch.stale = frozen(t);
		return ted_update(&m->patch, outp);
	}
	m->input.stale = frozen(t);
	m->input.prev = t->ted;
	return ted_rebuild(&m->input, outp);
}

static void build(struct topo *t)
{
	const struct ted *ted = NULL;
	struct mono start;
	struct merge_out m;
	struct arena a;
	int r;

	loop_now_update(t->loop);
	start = loop_now(t->loop);
	arena_init(&a, 0);
	r = merge(t, &a, &m);
	if (r == 0)
		r = build_from(t, &m, &ted);
	arena_fini(&a);
	if (r < 0) {
		t->merge_whole = true;
		log_event("", LOG_ERROR, "topo.build.failed", "error=\"%s\"", err_text(r));
		return;
	}
	loop_now_update(t->loop);
	metric_add(t->builds, 1);
	metric_observe_ns(t->build_time, mono_since(start, loop_now(t->loop)));
	if (t->hold_next.ns)
		loop_timer_at(&t->hold, t->hold_next);
	if (worth_telling(t, ted)) {
		tell(t, ted);
		loop_task_run(&t->spare);
	} else {
		ted_undo(ted, t->ted);
	}
}

/* Memory for the next generation, while nobody waits for it. */
static void spare_cb(void *arg)
{
	struct topo *t = arg;

	(void)ted_spare(t->ted);
}

static void publish(struct topo *t)
{
	struct mono now = loop_now(t->loop);

	loop_task_cancel(&t->now);
	loop_timer_stop(&t->later);
	loop_timer_stop(&t->quiet);
	t->good_since = (struct mono){ 0 };
	if (mono_since(t->bad_next, now) > BACKOFF_CALM || t->backoff_ns == 0)
		t->backoff_ns = BACKOFF_MIN;
	else if (t->backoff_ns < BACKOFF_MAX)
		t->backoff_ns *= 2;
	t->bad_next = mono_add(now, t->backoff_ns);
	build(t);
}

static void publish_cb(void *arg)
{
	publish(arg);
}

/* Sight lost after the initial wait: what was known stands, nothing new is built. */
static bool may_publish(const struct topo *t)
{
	return !t->settled || any_live(t);
}

static void good_news(struct topo *t)
{
	struct mono now = loop_now(t->loop), at = mono_add(now, t->cfg.quiet_ns), cap;

	if (!may_publish(t))
		return;
	if (t->good_since.ns == 0)
		t->good_since = now;
	cap = mono_add(t->good_since, t->cfg.quiet_cap_ns);
	loop_timer_at(&t->quiet, mono_before(cap, at) ? cap : at);
}

static void bad_news(struct topo *t)
{
	if (!may_publish(t))
		return;
	if (frozen(t)) { /* still gathering: no haste */
		good_news(t);
		return;
	}
	if (mono_before(loop_now(t->loop), t->bad_next))
		loop_timer_at(&t->later, t->bad_next);
	else
		loop_task_run(&t->now);
}

static void hold_over(void *arg)
{
	good_news(arg);
}

static void sources_settled_check(struct topo *t, bool cap)
{
	uint32_t over = 0;

	for (unsigned i = 0; i < LSDB_SOURCES_MAX; i++)
		over += t->sources[i].over;
	if (t->settled || (!cap && (over < t->cfg.n_sources || t->overlay_waits)))
		return;
	t->settled = t->merge_whole = true;
	loop_timer_stop(&t->eor_cap);
	if (any_live(t))
		loop_task_run(&t->now);
}

static void eor_cap_over(void *arg)
{
	struct topo *t = arg;

	if (!t->settled)
		log_event("", LOG_WARN, "topo.eor.missing",
			  "msg=\"not every configured source sent End-of-RIB in time, going on without\"");
	sources_settled_check(t, true);
}

static void age_over(void *arg)
{
	struct source *s = arg;
	struct topo *t = s->topo;

	if (!any_live(t)) {
		loop_timer_after(&s->age, t->cfg.age_out_ns);
		return;
	}
	t->merge_whole = true;
	s->known = false;
	if (lsdb_forget(&t->db, (unsigned)(s - t->sources)))
		bad_news(t);
}

int topo_new(struct topo **outp, struct loop *loop, struct bus *bus, const struct topo_cfg *cfg)
{
	struct topo *t = calloc(1, sizeof(*t));
	struct ted_input empty = { .stale = true };
	int r;

	if (!t)
		return err_raise(-ENOMEM);
	r = ted_build(&empty, &t->ted);
	if (r < 0) {
		free(t);
		return err_trace(r);
	}
	t->loop = loop;
	t->bus = bus;
	t->cfg = *cfg;
	lsdb_init(&t->db, loop_random(loop));
	merge_init(&t->merge, loop_random(loop), cfg->objects_max);
	t->merge_whole = true;
	for (unsigned i = 0; i < LSDB_SOURCES_MAX; i++) {
		t->sources[i].topo = t;
		loop_timer_init(&t->sources[i].age, loop, age_over, &t->sources[i]);
	}
	loop_task_init(&t->now, loop, publish_cb, t);
	loop_task_init(&t->spare, loop, spare_cb, t);
	loop_timer_init(&t->later, loop, publish_cb, t);
	loop_timer_init(&t->quiet, loop, publish_cb, t);
	loop_timer_init(&t->hold, loop, hold_over, t);
	loop_timer_init(&t->eor_cap, loop, eor_cap_over, t);
	loop_timer_after(&t->eor_cap, cfg->eor_cap_ns);
	publish_gauges_init(&t->gauges);
	t->builds = metric_counter("sextant_ted_builds_total", "Topology snapshots built", "");
	t->build_time = metric_histogram("sextant_ted_build_seconds", "Time to merge and build one", "");
	t->refused = metric_counter("sextant_topology_refused_total",
				    "Objects refused because a source is over its limit", "");
	*outp = t;
	return 0;
}

struct topo *topo_free(struct topo *t)
{
	if (!t)
		return NULL;
	for (unsigned i = 0; i < LSDB_SOURCES_MAX; i++)
		loop_timer_fini(&t->sources[i].age);
	loop_task_cancel(&t->now);
	loop_task_cancel(&t->spare);
	loop_timer_fini(&t->later);
	loop_timer_fini(&t->quiet);
	loop_timer_fini(&t->hold);
	loop_timer_fini(&t->eor_cap);
	lsdb_fini(&t->db);
	overlay_fini(&t->overlay);
	merge_fini(&t->merge);
	VEC_FINI(&t->damp);
	ted_unref(t->ted);
	free(t);
	return NULL;
}

void topo_reconfigure(struct topo *t, const struct topo_cfg *cfg)
{
	t->cfg = *cfg;
	t->merge.slots.max = cfg->objects_max;
	t->merge_whole = true;
	sources_settled_check(t, false);
}

void topo_on_ted(struct topo *t, topo_ted_fn fn, void *arg)
{
	if (t->n_listeners == LISTENERS_MAX)
		abort(); /* wiring is fixed at start-up */
	t->listeners[t->n_listeners].fn = fn;
	t->listeners[t->n_listeners++].arg = arg;
}

const struct ted *topo_ted(const struct topo *t)
{
	return t->ted;
}

/* ---- from elsewhere ---- */

static int overlay_told(struct topo *t, enum overlay_news news)
{
	if (news == OVERLAY_SAME)
		return 0;
	t->merge_whole = true;
	if (news == OVERLAY_LESS)
		bad_news(t);
	else
		good_news(t);
	return 0;
}

int topo_overlay_set(struct topo *t, const char *node, const struct topo_extra *x)
{
	enum overlay_news news;
	int r = overlay_set(&t->overlay, node, x, &news);

	return r < 0 ? err_trace(r) : overlay_told(t, news);
}

int topo_delay_set(struct topo *t, const char *node, const struct ip_addr *local_v6, const struct topo_delay *d)
{
	enum overlay_news news;
	int r = overlay_delay_set(&t->overlay, node, local_v6, d, &news);

	return r < 0 ? err_trace(r) : overlay_told(t, news);
}

int topo_mtu_set(struct topo *t, const char *node, const struct ip_addr *local_v6, uint16_t mtu)
{
	enum overlay_news news;
	int r = overlay_mtu_set(&t->overlay, node, local_v6, mtu, &news);

	return r < 0 ? err_trace(r) : overlay_told(t, news);
}

void topo_overlay_algos(struct topo *t, const uint64_t algos[4], const uint64_t reserved[4])
{
	if (memcmp(t->overlay.algos, algos, sizeof(t->overlay.algos)) == 0 &&
	    memcmp(t->overlay.reserved, reserved, sizeof(t->overlay.reserved)) == 0)
		return;
	memcpy(t->overlay.algos, algos, sizeof(t->overlay.algos));
	memcpy(t->overlay.reserved, reserved, sizeof(t->overlay.reserved));
	t->merge_whole = true;
	good_news(t);
}

void topo_overlay_wait(struct topo *t, bool wait)
{
	t->overlay_waits = wait;
	sources_settled_check(t, false);
}

bool topo_algo_told(const struct topo *t, uint8_t algo)
{
	return lsdb_algo_told(&t->db, algo);
}

/* ---- the sink ---- */

static struct source *source_at(struct topo *t, uint32_t source)
{
	return source < LSDB_SOURCES_MAX ? &t->sources[source] : NULL;
}

static void source_up(void *arg, uint32_t source, const struct ip_addr *peer,
		      const struct ip_addr *producer)
{
	struct topo *t = arg;
	struct source *s = source_at(t, source);

	if (!s)
		return;
	t->merge_whole = true;
	s->known = s->up = true;
	s->eor = false;
	s->peer = *peer;
	s->producer = *producer;
	s->down_since_wall_ns = 0;
	loop_timer_stop(&s->age);
}

static void over_limit(struct topo *t, uint32_t source)
{
	char resource[48];

	metric_add(t->refused, 1);
	(void)snprintf(resource, sizeof(resource), "source/%u", source);
	log_event("", LOG_ERROR, "topo.source.limit", "source=%u objects-max=%u", source,
		  t->cfg.objects_max);
	if (t->db.n_announced[source] == t->cfg.objects_max)
		bus_publish(t->bus, loop_wall_ns(t->loop), BUS_ALARM, "topology-limit", resource,
			    "\"reason\":\"the source announced more than topology/objects-max; the rest "
			    "is not in the topology\"");
}

static void object(void *arg, uint32_t source, const struct ls_object *obj, bool withdrawn)
{
	struct topo *t = arg;
	enum lsdb_change change;

	if (!source_at(t, source))
		return;
	if (!withdrawn && t->db.n_announced[source] >= t->cfg.objects_max) {
		over_limit(t, source);
		return;
	}
	change = withdrawn ? lsdb_withdraw(&t->db, source, obj) : lsdb_announce(&t->db, source, obj);
	switch (change) {
	case LSDB_NOTHING:
		break;
	case LSDB_GOOD:
		good_news(t);
		break;
	case LSDB_BAD:
		bad_news(t);
		break;
	case LSDB_NO_MEMORY:
		log_event("", LOG_ERROR, "topo.no-memory", "source=%u", source);
		break;
	}
}

static void end_of_rib(void *arg, uint32_t source)
{
	struct topo *t = arg;
	struct source *s = source_at(t, source);

	if (!s || s->eor)
		return;
	t->merge_whole = true;
	s->eor = s->over = true;
	sources_settled_check(t, false);
	/* Sight is back, or a view became whole: both are worth a look at once. */
	if (t->settled)
		loop_task_run(&t->now);
}

static void source_down(void *arg, uint32_t source)
{
	struct topo *t = arg;
	struct source *s = source_at(t, source);

	if (!s || !s->up)
		return;
	t->merge_whole = true;
	s->up = s->eor = false;
	s->down_since_wall_ns = loop_wall_ns(t->loop);
	loop_timer_after(&s->age, t->cfg.age_out_ns);
	if (!any_live(t)) { /* the last eye closed: say so, change nothing else */
		loop_timer_stop(&t->later);
		loop_timer_stop(&t->quiet);
		loop_task_run(&t->now);
	}
}

static void source_gone(void *arg, uint32_t source)
{
	struct topo *t = arg;
	struct source *s = source_at(t, source);

	if (!s)
		return;
	t->merge_whole = true;
	s->known = s->up = s->eor = s->over = false;
	loop_timer_stop(&s->age);
	if (lsdb_forget(&t->db, source))
		bad_news(t);
	sources_settled_check(t, false);
}

const struct ls_sink topo_sink = {
	.source_up = source_up,
	.object = object,
	.end_of_rib = end_of_rib,
	.source_down = source_down,
	.source_gone = source_gone,
};

void topo_each_source(const struct topo *t, void (*fn)(void *arg, const struct topo_source_info *s),
		      void *arg)
{
	for (unsigned i = 0; i < LSDB_SOURCES_MAX; i++) {
		const struct source *s = &t->sources[i];
		struct topo_source_info info = { .source = i, .peer = s->peer, .up = s->up, .eor = s->eor,
						 .objects = t->db.n_announced[i],
						 .down_since_wall_ns = s->down_since_wall_ns };

		if (s->known)
			fn(arg, &info);
	}
}

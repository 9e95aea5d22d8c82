/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether customers reach what they are to, and nobody else, by the tables of routers: looked at when something has
 * changed and come to rest, some sources a turn of the loop. What is not as it was ordered counts when a later look
 * says the same, and not while its slice is being changed. What is out of sight stands until it is seen gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "realise/meet.h"
#include "realise/told.h"

#define REST_NS NS_PER_S
#define REST_MAX_NS (5 * NS_PER_S) /* of what never comes to rest */
#define LEAK_NS NS_PER_S	   /* it is there for so long */
#define UNREACHED_NS (10 * NS_PER_S) /* what is changed over, or comes back by itself, is there again by then */

enum {
	FINDINGS_MAX = 4096,
	FINDINGS_SLICE_MAX = 256,
	EVENTS_MAX = 8, /* of a slice and a look */
	TURN_SOURCES = 64,
	TURN_ATOMS = 1024,
	TURN_BUILD = 1024, /* of what realise_meet_step() counts */
};

#define NONE ((uint32_t)REACH_NONE)

struct finding {
	char *slice, *sdp, *group; /* the source */
	char *device;		   /* where it is so */
	char *text;
	struct ip_prefix prefix; /* an atom's */
	bool leak; /* else something that is wanted is not reached */
	bool told;
	struct mono since;
	bool unsure; /* of the look that is on: where its prefix leads */
};

enum { SEEN_UNSURE = 1, SEEN_BAD = 2 };

struct realise_leaks {
	struct realise *r;
	struct loop_timer timer, turn;
	bool dirty, waking;
	struct mono changed; /* dirty: the first change that was not looked at */
	struct mono wake;    /* waking: it is to be looked at then whatever comes */
	struct meet_build *build;  /* of what will be looked at */
	struct realise_meet *now;  /* that is being looked at */
	struct realise_meet *last; /* that was */
	uint32_t at;		   /* source of now */
	uint8_t *seen;		   /* by source of now */
	VEC(struct finding) fresh;
	VEC(struct finding) stand; /* of the last look */
	size_t of_slice;	   /* of fresh, of the slice that is looked at */
	bool again;		   /* something changed meanwhile */
	bool nomem;
	uint32_t atoms; /* in this turn */
	struct metric *m_leaks, *m_unreached, *m_proven, *m_unsure;
};

static void look(void *arg);
static void turn(void *arg);

/* ---- life ---- */

bool realise_leaks_new(struct realise *r)
{
	struct realise_leaks *l = calloc(1, sizeof(*l));

	if (!l)
		return false;
	l->r = r;
	loop_timer_init(&l->timer, r->cfg.loop, look, l);
	loop_timer_init(&l->turn, r->cfg.loop, turn, l);
	l->m_leaks = metric_gauge("sextant_realise_leaks",
				  "Ways of customers' packets to where they are not to go, by the tables of routers.", "");
	l->m_unreached = metric_gauge("sextant_realise_unreached",
				      "Prefixes that customers are to reach and do not, by the tables of routers.", "");
	l->m_proven = metric_gauge("sextant_realise_sources_proven",
				   "Tables of SDPs by which exactly what was ordered is reached.", "");
	l->m_unsure = metric_gauge("sextant_realise_sources_unsure",
				   "Tables of SDPs of which it is not known what is reached.", "");
	r->leaks = l;
	return true;
}

static void drop(struct finding *f)
{
	free(f->slice);
	free(f->sdp);
	free(f->group);
	free(f->device);
	free(f->text);
}

static void drop_all(struct finding *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		drop(&at[i]);
}

void realise_leaks_free(struct realise *r)
{
	struct realise_leaks *l = r->leaks;

	if (!l)
		return;
	loop_timer_fini(&l->timer);
	loop_timer_fini(&l->turn);
	realise_meet_drop(l->build);
	realise_meet_free(l->now);
	realise_meet_free(l->last);
	free(l->seen);
	drop_all(l->fresh.at, l->fresh.n);
	drop_all(l->stand.at, l->stand.n);
	VEC_FINI(&l->fresh);
	VEC_FINI(&l->stand);
	free(l);
	r->leaks = NULL;
}

static struct mono earlier(struct mono a, struct mono b)
{
	return mono_before(a, b) ? a : b;
}

void realise_leaks_due(struct realise *r)
{
	struct realise_leaks *l = r->leaks;
	struct mono now = loop_now(r->cfg.loop), when;

	if (!l)
		return;
	if (l->now || l->build) {
		l->again = true;
		return;
	}
	if (!l->dirty)
		l->changed = now;
	l->dirty = true;
	when = earlier(mono_add(now, REST_NS), mono_add(l->changed, REST_MAX_NS));
	loop_timer_at(&l->timer, l->waking ? earlier(when, l->wake) : when);
}

static void wake(struct realise_leaks *l, struct mono when)
{
	l->wake = l->waking ? earlier(l->wake, when) : when;
	l->waking = true;
}

/* ---- words ---- */

static const char *router_name(const struct realise_meet *m, uint32_t router)
{
	return router < m->world.n_routers && m->routers[router][0] ? m->routers[router] : "?";
}

/* Where a leak leads, and by what. */
static void say_leak(const struct realise_meet *m, const struct meet_source *x, const struct reach_atom *a,
		     const struct reach_leak *l, char out[SR_REASON_MAX])
{
	char prefix[IP_PREFIX_TEXT_MAX], sid[IP_TEXT_MAX], to[128];
	const struct meet_end *e = l->owner == NONE ? NULL : &m->ends.at[l->owner];

	if (e)
		(void)snprintf(to, sizeof(to), "slice %.50s SDP %.30s", e->slice, e->sdp);
	else if (l->port != NONE)
		(void)snprintf(to, sizeof(to), "%.15s of %.50s, which is nobody's", m->ports.at[l->port].name,
			       router_name(m, l->router));
	else
		(void)snprintf(to, sizeof(to), "%.50s's own tables", router_name(m, l->router));
	(void)snprintf(out, SR_REASON_MAX, "SDP %.30s to %s goes to %s (%.30s, table %u%s%s)", x->sdp,
		       ip_prefix_text(&a->prefix, prefix, sizeof(prefix)), to, router_name(m, l->router), l->table,
		       l->sid.family ? ", SID " : "", l->sid.family ? ip_text(&l->sid, sid, sizeof(sid)) : "");
}

static void say_missing(const struct meet_source *x, const struct reach_atom *a, const char *to, char out[SR_REASON_MAX])
{
	char prefix[IP_PREFIX_TEXT_MAX];

	(void)snprintf(out, SR_REASON_MAX, "SDP %.50s to %s does not reach SDP %.50s (%.30s, table %u)", x->sdp,
		       ip_prefix_text(&a->prefix, prefix, sizeof(prefix)), to, x->device, x->table);
}

/* NULL: it is for nobody, or its own. */
static const char *wanted_at(const struct realise_meet *m, const struct reach_atom *a)
{
	const struct reach_source *y = &m->world.sources[a->source];
	const struct meet_source *x = &m->sources.at[a->source];
	const char *to = a->want ? x->to[a->want - y->wants] : NULL;

	return to && strcmp(to, x->sdp) != 0 ? to : NULL;
}

/* ---- a look ---- */

static void find(struct realise_leaks *l, const struct reach_atom *a, bool leak, const char *device, const char *text)
{
	const struct meet_source *x = &l->now->sources.at[a->source];
	struct finding f = { .slice = strdup(x->slice), .sdp = strdup(x->sdp), .group = strdup(x->group),
			     .device = strdup(device), .text = strdup(text), .prefix = a->prefix, .leak = leak,
			     .since = l->now->when };

	if (l->fresh.n < FINDINGS_MAX && l->of_slice < FINDINGS_SLICE_MAX && f.slice && f.sdp && f.group && f.device &&
	    f.text && VEC_ADD(&l->fresh, f)) {
		l->of_slice++;
		return;
	}
	drop(&f);
}

/* Somebody does not tell, or a router has not, or had not a moment ago, what was ordered of the slice. */
static bool is_unsure(const struct meet_source *x, const struct reach_atom *a, const char *to)
{
	bool unsure = a->unsure || (to && a->missing && x->n_unsettled);

	for (uint32_t i = 0; i < a->n_leaks; i++)
		unsure = unsure || !realise_meet_settled(x, a->leak[i].router);
	return unsure;
}

static bool is_missing(const struct meet_source *x, const struct reach_atom *a, const char *to)
{
	return to && a->missing && !is_unsure(x, a, to);
}

static bool is_of(const struct finding *f, const struct meet_source *x)
{
	return strcmp(x->slice, f->slice) == 0 && strcmp(x->sdp, f->sdp) == 0 && strcmp(x->group, f->group) == 0;
}

static bool has_all(const struct ip_prefix *out, const struct ip_prefix *in)
{
	return in->len >= out->len && ip_prefix_has(out, &in->addr);
}

/* Addresses of a finding are of the longest atom that has its prefix, which is the last one of those, and of the atoms
 * inside, which come after it. */
static void note(struct realise_leaks *l, const struct reach_atom *a, bool unsure)
{
	const struct meet_source *x = &l->now->sources.at[a->source];

	for (size_t i = 0; i < l->stand.n; i++) {
		struct finding *f = &l->stand.at[i];

		if (!f->told || !is_of(f, x))
			continue;
		if (has_all(&a->prefix, &f->prefix))
			f->unsure = unsure;
		else if (has_all(&f->prefix, &a->prefix))
			f->unsure = f->unsure || unsure;
	}
}

static void on_atom(void *arg, const struct reach_atom *a)
{
	struct realise_leaks *l = arg;
	const struct realise_meet *m = l->now;
	const struct meet_source *x = &m->sources.at[a->source];
	const char *to = wanted_at(m, a);
	bool unsure = is_unsure(x, a, to);
	char text[SR_REASON_MAX];

	l->atoms++;
	note(l, a, unsure);
	if (unsure)
		l->seen[a->source] |= SEEN_UNSURE;
	for (uint32_t i = 0; i < a->n_leaks; i++) {
		if (!realise_meet_settled(x, a->leak[i].router))
			continue;
		l->seen[a->source] |= SEEN_BAD;
		say_leak(m, x, a, &a->leak[i], text);
		find(l, a, true, router_name(m, a->leak[i].router), text);
	}
	if (is_missing(x, a, to)) {
		l->seen[a->source] |= SEEN_BAD;
		say_missing(x, a, to, text);
		find(l, a, false, x->device, text);
	}
}

/* It comes to more than is looked at. */
static void note_all(struct realise_leaks *l, const struct meet_source *x)
{
	for (size_t i = 0; i < l->stand.n; i++)
		l->stand.at[i].unsure = l->stand.at[i].unsure || is_of(&l->stand.at[i], x);
}

static void look_at(struct realise_leaks *l, uint32_t i)
{
	const struct meet_source *x = &l->now->sources.at[i];
	int rc;

	if (i == 0 || strcmp(x->slice, l->now->sources.at[i - 1].slice) != 0)
		l->of_slice = 0;
	l->atoms++;
	if (x->moving || x->why)
		l->seen[i] |= SEEN_UNSURE;
	if (x->moving)
		return;
	rc = realise_reach(&l->now->world, i, on_atom, l);
	l->nomem = l->nomem || rc < 0;
	if (rc == 0)
		return;
	l->seen[i] |= SEEN_UNSURE;
	note_all(l, x);
}

/* ---- its end ---- */

static int by_slice(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int c = strcmp(x->slice, y->slice);

	c = c ? c : (int)x->leak - (int)y->leak;
	return c ? c : strcmp(x->text, y->text);
}

static struct finding *same(struct realise_leaks *l, const struct finding *f, size_t n)
{
	return n ? bsearch(f, l->fresh.at, n, sizeof(*f), by_slice) : NULL;
}

static bool in_sight(const struct realise *r, const char *device)
{
	for (size_t i = 0; i < r->sights.n; i++) {
		if (strcmp(r->sights.at[i]->device, device) == 0)
			return true;
	}
	return false;
}

/* It was not seen, and that says nothing: its slice is being changed, or nobody tells. */
static bool stays(const struct realise_leaks *l, const struct finding *f)
{
	const struct realise_meet *m = l->now;

	for (size_t i = 0; f->told && i < m->sources.n; i++) {
		const struct meet_source *x = &m->sources.at[i];

		if (is_of(f, x))
			return (x->moving || f->unsure) && in_sight(l->r, x->device);
	}
	return false;
}

static void carry_over(struct realise_leaks *l)
{
	size_t n = l->fresh.n;

	if (n > 1)
		qsort(l->fresh.at, n, sizeof(l->fresh.at[0]), by_slice);
	for (size_t i = 0; i < l->stand.n; i++) {
		struct finding *f = &l->stand.at[i], *x = same(l, f, n);

		if (x) {
			x->since = f->since;
			x->told = f->told;
		} else if (stays(l, f) && VEC_ADD(&l->fresh, *f)) {
			*f = (struct finding){ 0 };
		}
	}
	if (l->fresh.n > n)
		qsort(l->fresh.at, l->fresh.n, sizeof(l->fresh.at[0]), by_slice);
}

static const char *type_of(bool leak)
{
	return leak ? "slice-leak" : "slice-unreached";
}

static bool has_told(const struct realise_leaks *l, const char *slice, bool leak)
{
	for (size_t i = 0; i < l->fresh.n; i++) {
		const struct finding *f = &l->fresh.at[i];

		if (f->told && f->leak == leak && strcmp(f->slice, slice) == 0)
			return true;
	}
	return false;
}

static struct mono ripe(const struct finding *f)
{
	return mono_add(f->since, f->leak ? LEAK_NS : UNREACHED_NS);
}

static void tell(struct realise_leaks *l)
{
	const char *slice = "";
	bool kind = false;
	unsigned n = 0;

	for (size_t i = 0; i < l->fresh.n; i++) {
		struct finding *f = &l->fresh.at[i];

		if (strcmp(f->slice, slice) != 0 || f->leak != kind)
			n = 0;
		slice = f->slice;
		kind = f->leak;
		if (f->told)
			continue;
		if (mono_before(l->now->when, ripe(f))) {
			wake(l, ripe(f));
			continue;
		}
		f->told = true;
		if (n++ >= EVENTS_MAX)
			continue;
		log_event("", LOG_WARN, f->leak ? "realise.leak" : "realise.unreached", "slice=%s device=%s what=\"%s\"",
			  f->slice, f->device, f->text);
		realise_event_of(l->r, f->slice, BUS_ALARM, type_of(f->leak), f->device, f->text);
	}
}

static void untell(struct realise_leaks *l)
{
	const char *slice = "";
	bool kind = false;

	for (size_t i = 0; i < l->stand.n; i++) {
		const struct finding *f = &l->stand.at[i];

		if (!f->slice || !f->told || (strcmp(f->slice, slice) == 0 && f->leak == kind))
			continue;
		slice = f->slice;
		kind = f->leak;
		if (has_told(l, slice, kind))
			continue;
		log_event("", LOG_NOTICE, "realise.as-ordered", "slice=%s alarm=%s", slice, type_of(kind));
		realise_event_of(l->r, slice, BUS_CLEARED, type_of(kind), f->device, "no more, by the tables of routers");
	}
}

static void count(const struct realise_leaks *l)
{
	unsigned leaks = 0, unreached = 0, proven = 0, unsure = 0;

	for (size_t i = 0; i < l->stand.n; i++) {
		leaks += l->stand.at[i].told && l->stand.at[i].leak;
		unreached += l->stand.at[i].told && !l->stand.at[i].leak;
	}
	for (size_t i = 0; i < l->now->sources.n; i++) {
		proven += l->seen[i] == 0;
		unsure += (l->seen[i] & SEEN_UNSURE) != 0;
	}
	metric_set(l->m_leaks, leaks);
	metric_set(l->m_unreached, unreached);
	metric_set(l->m_proven, proven);
	metric_set(l->m_unsure, unsure);
}

static void end(struct realise_leaks *l)
{
	if (l->now->settles)
		wake(l, l->now->settled);
	carry_over(l);
	tell(l);
	untell(l);
	drop_all(l->stand.at, l->stand.n);
	VEC_FINI(&l->stand);
	memcpy(&l->stand, &l->fresh, sizeof(l->stand));
	memset(&l->fresh, 0, sizeof(l->fresh));
	count(l);
	realise_meet_free(l->last);
	l->last = l->now;
	l->now = NULL;
	free(l->seen);
	l->seen = NULL;
	if (l->waking)
		loop_timer_at(&l->timer, l->wake);
	if (l->again || l->nomem)
		realise_leaks_due(l->r);
}

static void give_up(struct realise_leaks *l)
{
	l->build = realise_meet_drop(l->build);
	l->now = realise_meet_free(l->now);
	log_event("", LOG_WARN, "realise.look", "error=\"no memory\"");
	realise_leaks_due(l->r);
}

static void build(struct realise_leaks *l)
{
	int rc = realise_meet_step(l->build, TURN_BUILD, &l->now);

	if (rc == 0)
		return;
	l->build = realise_meet_drop(l->build);
	l->seen = l->now ? calloc(l->now->sources.n + 1, 1) : NULL;
	if (rc < 0 || !l->seen)
		give_up(l);
	for (size_t i = 0; i < l->stand.n; i++)
		l->stand.at[i].unsure = false;
	l->at = 0;
}

static void turn(void *arg)
{
	struct realise_leaks *l = arg;

	if (l->build) {
		build(l);
		if (l->build || l->now)
			loop_timer_after(&l->turn, 0);
		return;
	}
	l->atoms = 0;
	for (uint32_t n = 0; l->at < l->now->sources.n && n < TURN_SOURCES && l->atoms < TURN_ATOMS; n++)
		look_at(l, l->at++);
	if (l->at < l->now->sources.n)
		loop_timer_after(&l->turn, 0);
	else
		end(l);
}

/* Nobody tells anything, and nothing stands. */
static bool nothing_to_see(struct realise_leaks *l)
{
	unsigned n = 0;

	if (l->stand.n || realise_meet_any(l->r))
		return false;
	for (size_t i = 0; i < l->r->slices.n; i++)
		n += (unsigned)l->r->slices.at[i]->slots.n;
	metric_set(l->m_proven, 0);
	metric_set(l->m_unsure, n);
	l->last = realise_meet_free(l->last);
	return true;
}

static void look(void *arg)
{
	struct realise_leaks *l = arg;

	l->dirty = l->waking = l->again = l->nomem = false;
	if (nothing_to_see(l))
		return;
	l->build = realise_meet_begin(l->r);
	if (!l->build)
		give_up(l);
	else
		turn(l);
}

/* ---- queries ---- */

void realise_leaks_audit(const struct realise *r, void (*fn)(void *arg, const char *id, const char *what), void *arg)
{
	const struct realise_leaks *l = r->leaks;
	char what[SR_REASON_MAX];

	for (size_t i = 0; i < l->stand.n; i++) {
		const struct finding *f = &l->stand.at[i];

		/* under the device's name: what is a slice's that is there is no finding */
		(void)snprintf(what, sizeof(what), "a leak of slice %.40s: %.190s", f->slice, f->text);
		if (f->told && f->leak)
			fn(arg, f->device, what);
	}
}

struct asking {
	const struct realise_leaks *l;
	const struct realise_meet *m;
	slice_reach_fn fn;
	void *arg;
};

static bool is_told(const struct realise_leaks *l, const struct meet_source *x, bool leak, const char *text)
{
	for (size_t i = 0; i < l->stand.n; i++) {
		const struct finding *f = &l->stand.at[i];

		if (f->told && f->leak == leak && strcmp(f->slice, x->slice) == 0 && strcmp(f->text, text) == 0)
			return true;
	}
	return false;
}

static void ask_leak(const struct asking *q, const struct reach_atom *a, const struct reach_leak *l,
		     struct slice_reach row)
{
	const struct meet_source *x = &q->m->sources.at[a->source];
	const struct meet_end *e = l->owner == NONE ? NULL : &q->m->ends.at[l->owner];
	char text[SR_REASON_MAX];

	say_leak(q->m, x, a, l, text);
	row.state = SLICE_REACH_LEAK;
	row.at_slice = e ? e->slice : "";
	row.at_sdp = e ? e->sdp : "";
	row.at_interface = l->port == NONE ? "" : q->m->ports.at[l->port].name;
	row.by_device = router_name(q->m, l->router);
	row.by_table = l->table;
	row.by_sid = l->sid;
	row.text = text;
	row.told = is_told(q->l, x, true, text);
	q->fn(q->arg, &row);
}

static struct slice_reach row_of(const struct meet_source *x)
{
	return (struct slice_reach){ .sdp = x->sdp, .group = x->group, .device = x->device, .table = x->table, .why = "",
				     .to = "", .at_slice = "", .at_sdp = "", .at_interface = "", .by_device = "",
				     .text = "" };
}

static void ask_atom(void *arg, const struct reach_atom *a)
{
	struct asking *q = arg;
	const struct meet_source *x = &q->m->sources.at[a->source];
	const char *to = wanted_at(q->m, a);
	struct slice_reach row = row_of(x);
	char text[SR_REASON_MAX];

	row.prefix = a->prefix;
	row.to = to ? to : "";
	for (uint32_t i = 0; i < a->n_leaks; i++) {
		if (realise_meet_settled(x, a->leak[i].router))
			ask_leak(q, a, &a->leak[i], row);
	}
	if (is_missing(x, a, to)) {
		say_missing(x, a, to, text);
		row.state = SLICE_REACH_MISSING;
		row.text = text;
		row.told = is_told(q->l, x, false, text);
		q->fn(q->arg, &row);
	} else if ((is_unsure(x, a, to) && (to || !a->want)) || (to && x->why)) {
		row.state = SLICE_REACH_UNSURE;
		q->fn(q->arg, &row);
	} else if (to && a->n_leaks == 0) {
		row.state = SLICE_REACH_PROVEN;
		q->fn(q->arg, &row);
	}
}

uint64_t realise_leaks_reach(struct realise *r, const char *id, slice_reach_fn fn, void *arg)
{
	struct realise_leaks *l = r->leaks;
	struct asking q = { .l = l, .fn = fn, .arg = arg };
	bool moves = realise_meet_moving(r, id);
	struct realise_meet *one;
	uint64_t when;

	/* nothing was looked at yet: all are unsure, and named */
	one = l->last ? NULL : realise_meet_of(r, id);
	q.m = one ? one : l->last;
	for (uint32_t i = 0; q.m && i < q.m->sources.n; i++) {
		const struct meet_source *x = &q.m->sources.at[i];
		struct slice_reach row = row_of(x);
		int rc;

		if (strcmp(x->slice, id) != 0)
			continue;
		row.source = true;
		row.why = x->why ? x->why : x->moving || moves ? "its slice is being changed, or was just now" : "";
		fn(arg, &row);
		if (x->moving || moves)
			continue;
		rc = realise_reach(&q.m->world, i, ask_atom, &q);
		row.why = rc > 0 ? "it comes to more tables than are looked at" : "no memory";
		if (rc != 0)
			fn(arg, &row);
	}
	when = q.m ? q.m->wall_ns : 0;
	realise_meet_free(one);
	return when;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two looks at the maps a period. Invariant: entries are those of the kernel's map at the last look,
 * at most ALTMARK_COUNTS_MAX; an entry's readings are of different periods, ascending.
 */
#include "tools/agent/measure/altmark.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "log/log.h"
#include "tools/agent/measure/altmark_kern.h"
#include "tools/agent/measure/stamp_io.h"

#define IDLE_NS (600 * NS_PER_S) /* a flow that was silent for so long is forgotten */
#define PORTS_NS (5 * NS_PER_S)	 /* interfaces come and go */
#define RETRY_NS (5 * NS_PER_S)

struct entry {
	struct hash_node node;
	struct agent_altmark_counter c;
	struct agent_altmark_reading first_look;
	bool looked, seen;
};

struct agent_altmark {
	struct loop *loop;
	void (*told)(void *arg); /* or NULL */
	void *arg;
	struct agent_altmark_cfg cfg;
	struct agent_amk *kern; /* NULL: not loaded */
	struct loop_timer tick;
	struct hash entries;
	struct agent_stamp_now last; /* clocks at the last tick */
	struct mono ports_at;
	uint64_t period;  /* that is looked at */
	bool second;	  /* the next look is the second one */
	uint64_t going;	  /* length of the periods that looks are armed for; 0: none */
	uint64_t epoch;	  /* added to boot: jumps of the wall clock */
	uint64_t jumps, unstable, missed;
	bool configured;
	uint32_t kinds;	  /* of the flows in the kernel */
	unsigned missing; /* interfaces */
	char error[160];
};

static bool key_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&HASH_OF(n, struct entry, node)->c.key, key,
		      sizeof(struct altmark_count_key)) == 0;
}

static void entry_free(struct agent_altmark *a, struct entry *e)
{
	hash_del(&a->entries, &e->node);
	free(e);
}

static void entries_clear(struct agent_altmark *a)
{
	HASH_EACH (n, &a->entries)
		entry_free(a, HASH_OF(n, struct entry, node));
}

static void name(struct entry *e)
{
	if (!if_indextoname(e->c.key.ifindex, e->c.interface))
		e->c.interface[0] = '\0';
}

static struct entry *entry_of(struct agent_altmark *a, const struct altmark_count_key *key)
{
	struct hash_node *n = hash_get(&a->entries, key, sizeof(*key), key);
	struct entry *e;

	if (n)
		return HASH_OF(n, struct entry, node);
	if (a->entries.count >= ALTMARK_COUNTS_MAX)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->c.key = *key;
	name(e);
	if (hash_put(&a->entries, &e->c.key, sizeof(e->c.key), &e->node) < 0) {
		free(e);
		return NULL;
	}
	return e;
}

static void tell(struct agent_altmark *a)
{
	if (a->told)
		a->told(a->arg);
}

static void failed(struct agent_altmark *a, const char *what, int rc)
{
	char line[sizeof(a->error)];

	(void)snprintf(line, sizeof(line), "%s: %s", what, err_text(rc));
	if (strcmp(line, a->error) == 0)
		return;
	log_event("", LOG_WARN, "agent.altmark.failed", "reason=\"%s\"", line);
	(void)str_copy(a->error, sizeof(a->error), line);
	tell(a);
}

/* ---- readings ---- */

static uint64_t period_ns(const struct agent_altmark *a)
{
	return a->cfg.period_ms * NS_PER_MS;
}

static void keep(struct agent_altmark_counter *c, const struct agent_altmark_reading *r)
{
	if (c->n == AGENT_ALTMARK_READINGS) {
		memmove(c->at, c->at + 1, sizeof(c->at[0]) * (AGENT_ALTMARK_READINGS - 1));
		c->n--;
	}
	c->at[c->n++] = *r;
}

struct look {
	struct agent_altmark *a;
	uint64_t boot, wall_ns;
};

static struct agent_altmark_reading reading_of(const struct look *l, const struct altmark_count *c)
{
	uint64_t k = l->a->period, P = period_ns(l->a), guard = l->a->cfg.guard_ms * NS_PER_MS;
	unsigned colour = k % 2;
	struct agent_altmark_reading r = { .period = k,
					   .packets = c->packets[colour],
					   .bytes = c->bytes[colour],
					   .boot = l->boot };
	uint64_t first = c->first_ns[colour], d = c->d_ns[colour];

	/* a marker's clock may be ahead of ours by the guard time */
	r.began = first == 0 || first + guard > k * P;
	r.d_ns = d + guard > k * P && d < (k + 1) * P + guard ? d : 0;
	return r;
}

static bool on_count(void *arg, const struct altmark_count_key *key, const struct altmark_count *c)
{
	struct look *l = arg;
	struct entry *e = entry_of(l->a, key);
	struct agent_altmark_reading r = reading_of(l, c);

	if (!e)
		return true; /* no memory: as if the agent were not there */
	e->seen = true;
	if (!l->a->second) {
		e->first_look = r;
		e->looked = true;
		return l->wall_ns - c->last_ns < IDLE_NS || c->last_ns > l->wall_ns;
	}
	if (!e->looked || e->first_look.period != r.period)
		return true;
	e->looked = false;
	if (e->first_look.packets != r.packets || e->first_look.boot != r.boot) {
		l->a->unstable++;
		return true;
	}
	keep(&e->c, &r);
	return true;
}

static void look(struct agent_altmark *a, const struct agent_stamp_now *now)
{
	struct look l = { .a = a, .wall_ns = now->wall_ns };
	struct altmark_self self;
	int rc = agent_amk_self(a->kern, &self);

	if (rc < 0) {
		failed(a, "maps", rc);
		return;
	}
	l.boot = self.boot + a->epoch;
	HASH_EACH (n, &a->entries)
		HASH_OF(n, struct entry, node)->seen = false;
	(void)agent_amk_counts(a->kern, on_count, &l);
	HASH_EACH (n, &a->entries)
		if (!HASH_OF(n, struct entry, node)->seen)
			entry_free(a, HASH_OF(n, struct entry, node));
}

/* ---- time ---- */

static uint32_t kinds_of(const struct agent_altmark_cfg *c)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < c->n_flows; i++) {
		const struct agent_altmark_flow *f = &c->flows[i];

		if (f->first.family == IP_NONE)
			kinds |= f->has_dscp ? ALTMARK_ANY_FIRST_DSCP : ALTMARK_ANY_FIRST;
		else
			kinds |= f->has_dscp ? ALTMARK_FIRST_DSCP : ALTMARK_FIRST;
	}
	return kinds;
}

static void tell_time(struct agent_altmark *a, const struct agent_stamp_now *now)
{
	struct altmark_time t = { .wall_minus_mono_ns = now->wall_ns - now->mono_ns,
				  .period_ns = period_ns(a),
				  .guard_ns = a->cfg.guard_ms * NS_PER_MS,
				  .kinds = a->kinds };
	int rc;

	memcpy(t.source, a->cfg.source.b, sizeof(t.source));
	rc = agent_amk_time(a->kern, &t);
	if (rc < 0)
		failed(a, "time", rc);
}

static bool jumped(struct agent_altmark *a, const struct agent_stamp_now *now)
{
	int64_t off = (int64_t)(now->wall_ns - a->last.wall_ns) -
		      (int64_t)(now->mono_ns - a->last.mono_ns);
	uint64_t by = off < 0 ? (uint64_t)-off : (uint64_t)off;

	return a->last.mono_ns != 0 && by > a->cfg.guard_ms * NS_PER_MS / 2;
}

/* The period to look at next, its first look. */
static void aim(struct agent_altmark *a, uint64_t wall_ns)
{
	uint64_t guard = a->cfg.guard_ms * NS_PER_MS, P = period_ns(a);

	/* the first look is at (k + 1) * P + guard */
	a->period = (wall_ns - guard) / P;
	a->second = false;
}

static void arm(struct agent_altmark *a, uint64_t wall_ns)
{
	uint64_t end = (a->period + 1) * period_ns(a);
	uint64_t due = end + (a->second ? period_ns(a) / 2 : a->cfg.guard_ms * NS_PER_MS);

	/* a little late rather than early: timers may fire up to a millisecond before */
	loop_timer_after(&a->tick, due > wall_ns ? due - wall_ns + NS_PER_MS : NS_PER_MS);
}

static void ports(struct agent_altmark *a)
{
	int rc;

	if (mono_before(loop_now(a->loop), a->ports_at))
		return;
	a->ports_at = mono_add(loop_now(a->loop), PORTS_NS);
	rc = agent_amk_ports(a->kern, a->cfg.ports, a->cfg.n_ports, &a->missing);
	if (rc < 0)
		failed(a, "interfaces", rc);
	else
		a->error[0] = '\0';
	HASH_EACH (n, &a->entries)
		name(HASH_OF(n, struct entry, node));
}

static bool in_time(const struct agent_altmark *a, uint64_t wall_ns)
{
	uint64_t end = (a->period + 1) * period_ns(a), guard = a->cfg.guard_ms * NS_PER_MS;

	return a->second ? wall_ns >= end + guard && wall_ns < end + period_ns(a) - guard :
			   wall_ns >= end + guard && wall_ns < end + period_ns(a) / 2;
}

static void on_look(struct agent_altmark *a)
{
	struct agent_stamp_now now = agent_stamp_now();
	bool told = false;

	if (jumped(a, &now)) {
		a->jumps++;
		a->epoch++;
		log_event("", LOG_WARN, "agent.altmark.clock", "msg=\"the wall clock jumped\"");
		aim(a, now.wall_ns);
	} else if (!in_time(a, now.wall_ns)) {
		a->missed++;
		aim(a, now.wall_ns);
	} else {
		look(a, &now);
		told = a->second;
		a->period += a->second;
		a->second = !a->second;
	}
	a->last = now;
	tell_time(a, &now);
	ports(a);
	arm(a, now.wall_ns);
	if (told)
		tell(a);
}

/* ---- configuration ---- */

static void load(struct agent_altmark *a)
{
	struct agent_stamp_now now = agent_stamp_now();
	int rc = agent_amk_new(&a->kern, a->error, sizeof(a->error));

	if (rc < 0) {
		log_event("", LOG_WARN, "agent.altmark.failed", "reason=\"%s\"", a->error);
		loop_timer_after(&a->tick, RETRY_NS);
		return;
	}
	a->error[0] = '\0';
	a->last = now;
	/* before packets are marked by it */
	tell_time(a, &now);
}

static void apply(struct agent_altmark *a)
{
	struct agent_stamp_now now = agent_stamp_now();
	int rc;

	bool going = a->kern && a->going == period_ns(a);

	if (!a->kern)
		load(a);
	if (!a->kern)
		return;
	a->kinds |= kinds_of(&a->cfg); /* none of before is lost while the map changes */
	tell_time(a, &now);
	rc = agent_amk_flows(a->kern, a->cfg.flows, a->cfg.n_flows);
	if (rc == 0)
		rc = agent_amk_ends(a->kern, a->cfg.ends, a->cfg.n_ends);
	a->kinds = kinds_of(&a->cfg);
	tell_time(a, &now);
	a->ports_at = (struct mono){ 0 };
	ports(a);
	if (rc < 0)
		failed(a, "maps", rc);
	a->going = period_ns(a);
	if (going) /* other flows are no reason to miss a reading */
		return;
	aim(a, now.wall_ns);
	arm(a, now.wall_ns);
}

static void on_tick(void *arg)
{
	struct agent_altmark *a = arg;

	if (a->kern)
		on_look(a);
	else
		apply(a);
}

int agent_altmark_new(struct agent_altmark **outp, struct loop *loop)
{
	struct agent_altmark *a = calloc(1, sizeof(*a));

	if (!a)
		return err_raise(-ENOMEM);
	a->loop = loop;
	hash_init(&a->entries, loop_random(loop), key_eq);
	loop_timer_init(&a->tick, loop, on_tick, a);
	*outp = a;
	return 0;
}

struct agent_altmark *agent_altmark_free(struct agent_altmark *a)
{
	if (!a)
		return NULL;
	loop_timer_fini(&a->tick);
	entries_clear(a);
	hash_fini(&a->entries);
	agent_amk_free(a->kern);
	agent_altmark_cfg_fini(&a->cfg);
	free(a);
	return NULL;
}

void agent_altmark_flush(struct agent_altmark *a)
{
	unsigned n;

	loop_timer_stop(&a->tick);
	a->going = 0;
	entries_clear(a);
	a->kern = agent_amk_free(a->kern);
	a->error[0] = '\0';
	n = agent_amk_remove_all();
	if (n > 0)
		log_event("", LOG_INFO, "agent.altmark.removed", "filters=%u", n);
}

int agent_altmark_configure(struct agent_altmark *a, const struct agent_altmark_cfg *cfg)
{
	bool other = cfg->period_ms != a->cfg.period_ms;

	if (a->configured && agent_altmark_cfg_same(&a->cfg, cfg))
		return 0;
	a->configured = true;
	if (!agent_altmark_cfg_copy(&a->cfg, cfg))
		return err_raise(-ENOMEM);
	if (!cfg->on) {
		agent_altmark_flush(a);
		tell(a);
		return 0;
	}
	if (other) { /* periods have other numbers */
		entries_clear(a);
		a->epoch++;
	}
	apply(a);
	tell(a);
	return 0;
}

/* ---- what others see ---- */

void agent_altmark_watch(struct agent_altmark *a, void (*told)(void *arg), void *arg)
{
	a->told = told;
	a->arg = arg;
}

void agent_altmark_view(const struct agent_altmark *a, struct agent_altmark_view *out)
{
	*out = (struct agent_altmark_view){ .on = a->cfg.on,
					    .refused = a->cfg.on && (a->error[0] || !a->kern),
					    .reason = a->error[0] ? a->error :
						      a->missing  ? "interfaces are missing" :
								    "",
					    .jumps = a->jumps,
					    .unstable = a->unstable,
					    .missed = a->missed,
					    .period_ms = a->cfg.period_ms };
	if (a->cfg.on && !a->kern && !out->reason[0])
		out->reason = "not loaded yet";
	if (a->kern && agent_amk_self(a->kern, &out->self) < 0)
		out->self = (struct altmark_self){ 0 };
}

void agent_altmark_each(const struct agent_altmark *a,
			void (*fn)(void *arg, const struct agent_altmark_counter *c), void *arg)
{
	HASH_EACH (n, &a->entries)
		fn(arg, &HASH_OF(n, struct entry, node)->c);
}

bool agent_altmark_packets(const struct agent_altmark_counter *c, unsigned i, uint64_t *packets)
{
	const struct agent_altmark_reading *r = &c->at[i];

	*packets = r->packets;
	if (r->began)
		return true;
	for (unsigned j = 0; j < i; j++) {
		const struct agent_altmark_reading *was = &c->at[j];

		if (was->period + 2 != r->period || was->boot != r->boot ||
		    was->packets > r->packets)
			continue;
		*packets = r->packets - was->packets;
		return true;
	}
	return false;
}

struct out {
	struct str *o;
	bool more;
};

static void counter(void *arg, const struct agent_altmark_counter *c)
{
	struct out *w = arg;
	struct ip_addr src = ip_v6(c->key.src);
	char t[IP_TEXT_MAX];
	uint64_t packets;

	str_addf(w->o, "%s\n{\"flow\":%u,\"source\":\"%s\",\"point\":\"%s\"", w->more ? "," : "",
		 c->key.id, ip_text(&src, t, sizeof(t)), c->key.dir == ALTMARK_IN ? "in" : "out");
	str_add(w->o, ",\"interface\":");
	str_json(w->o, c->interface);
	w->more = true;
	if (c->n > 0 && agent_altmark_packets(c, c->n - 1, &packets))
		str_addf(w->o, ",\"period\":%" PRIu64 ",\"packets\":%" PRIu64, c->at[c->n - 1].period,
			 packets);
	str_add(w->o, ",\"readings\":[");
	for (unsigned i = 0; i < c->n; i++) {
		const struct agent_altmark_reading *r = &c->at[i];

		str_addf(w->o, "%s{\"period\":%" PRIu64 ",\"counter\":%" PRIu64 ",\"bytes\":%" PRIu64,
			 i ? "," : "", r->period, r->packets, r->bytes);
		str_addf(w->o, ",\"boot\":%" PRIu64, r->boot);
		if (agent_altmark_packets(c, i, &packets))
			str_addf(w->o, ",\"packets\":%" PRIu64, packets);
		if (r->d_ns)
			str_addf(w->o, ",\"d-ns\":%" PRIu64, r->d_ns);
		str_add(w->o, "}");
	}
	str_add(w->o, "]}");
}

void agent_altmark_json(const struct agent_altmark *a, struct str *o)
{
	struct agent_altmark_view v;
	struct out w = { .o = o };

	agent_altmark_view(a, &v);
	str_addf(o, ",\n\"alternate-marking\":{\"state\":\"%s\",\"reason\":",
		 !v.on ? "off" : v.reason[0] ? "failed" : "on");
	str_json(o, v.reason);
	if (a->kern)
		str_addf(o, ",\"period-ms\":%u,\"too-long\":%" PRIu64 ",\"refused\":%" PRIu64
			    ",\"full\":%" PRIu64 ",\"stripped\":%" PRIu64,
			 v.period_ms, (uint64_t)v.self.too_long, (uint64_t)v.self.refused,
			 (uint64_t)v.self.full, (uint64_t)v.self.stripped);
	str_addf(o, ",\"clock-jumps\":%" PRIu64 ",\"unstable\":%" PRIu64 ",\"missed\":%" PRIu64 "}",
		 v.jumps, v.unstable, v.missed);
	str_add(o, ",\n\"marked-flows\":[");
	agent_altmark_each(a, counter, &w);
	str_add(o, "]");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room: its tables, its start and end. Documents of a kind stand in a vector by id. An entry is
 * replaced as a whole when its document is; what runs for a service moves to the new one.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "slice/room.h"

enum { ENTRY_MEMORY_MAX = 8 << 20, REVISIONS_SKIPPED = 16384 };

void slice_cfg_default(struct slice_cfg *cfg)
{
	*cfg = (struct slice_cfg){
		.services_max = 20000,
		.flows_max = 100000,
		.kappa_pct = 5,
		.delay_margin_pct = 10,
		.realise_ns = 60 * NS_PER_S,
	};
}

static const char *const kinds[SLICE_KINDS] = {
	[SLICE_TEMPLATE] = "slo-sle-template",
	[SLICE_SERVICE] = "slice-service",
	[SLICE_NRP] = "nrp-policy",
	[SLICE_PHB] = "phb-profile-identifier",
};

const char *slice_kind_text(enum slice_kind k)
{
	return kinds[k];
}

static const char *const states[SLICE_STATES] = {
	[SLICE_DRAFT] = "draft",	   [SLICE_FEASIBLE] = "feasible",
	[SLICE_INFEASIBLE] = "infeasible", [SLICE_IS_RESERVED] = "reserved",
	[SLICE_REALISING] = "realising",   [SLICE_VERIFYING] = "verifying",
	[SLICE_ACTIVE] = "active",	   [SLICE_AT_RISK] = "at-risk",
	[SLICE_VIOLATED] = "violated",	   [SLICE_REPAIRING] = "repairing",
	[SLICE_DEGRADED] = "degraded",	   [SLICE_SUSPENDED] = "suspended",
	[SLICE_RETIRING] = "retiring",	   [SLICE_ROLLED_BACK] = "rolled-back",
	[SLICE_SCHEDULED] = "scheduled",
};

const char *slice_state_text(enum slice_state st)
{
	return states[st];
}

const char *slice_step_text(enum slice_step s)
{
	static const char *const steps[SLICE_STEPS] = { "queue", "vpn", "policies", "verify", "classify" };

	return steps[s];
}

const char *slice_verdict_text(enum slice_verdict v)
{
	static const char *const verdicts[] = { "unknown", "compliant", "at-risk", "violated" };

	return verdicts[v];
}

/* ---- tables ---- */

size_t slice_at(const struct slice *s, enum slice_kind kind, const char *id)
{
	return VEC_PLACE(&s->of[kind], e, strcmp((*e)->id, id) < 0);
}

struct slice_entry *slice_find(const struct slice *s, enum slice_kind kind, const char *id)
{
	size_t at = slice_at(s, kind, id);

	return at < s->of[kind].n && strcmp(s->of[kind].at[at]->id, id) == 0 ? s->of[kind].at[at] : NULL;
}

static int entry_read(struct slice_entry *e, struct slice_fault *f)
{
	switch (e->kind) {
	case SLICE_TEMPLATE:
		return slice_template_read(e->doc, e->len, &e->arena, &e->template, f);
	case SLICE_SERVICE:
		return slice_service_read(e->doc, e->len, &e->arena, &e->service, f);
	case SLICE_NRP:
		return slice_nrp_read(e->doc, e->len, &e->arena, &e->nrp, f);
	case SLICE_PHB:
		return slice_phb_read(e->doc, e->len, &e->arena, &e->phb, f);
	case SLICE_KINDS:
		break;
	}
	return 0;
}

static const char *entry_id(const struct slice_entry *e)
{
	return e->kind == SLICE_TEMPLATE ? e->template.id :
	       e->kind == SLICE_SERVICE	 ? e->service.id :
	       e->kind == SLICE_NRP	 ? e->nrp.name :
					   e->id;
}

int slice_entry_new(struct slice *s, enum slice_kind kind, const char *id, const char *doc, size_t len,
		    struct slice_entry **outp, struct slice_fault *f)
{
	AUTO(slice_entry_free) struct slice_entry *e = calloc(1, sizeof(*e));
	int r;

	*f = (struct slice_fault){ 0 };
	if (!e)
		return err_raise(-ENOMEM);
	e->kind = kind;
	e->s = s;
	arena_init(&e->arena, ENTRY_MEMORY_MAX);
	list_init(&e->look);
	loop_timer_init(&e->timer, s->loop, slice_timer_fire, e);
	e->id = strdup(id);
	e->doc = len <= SLICE_DOC_MAX ? malloc(len + 1) : NULL;
	if (!e->id || !e->doc) {
		(void)snprintf(f->text, sizeof(f->text), "it is longer than %d octets", SLICE_DOC_MAX);
		return err_raise(e->id && len > SLICE_DOC_MAX ? -EINVAL : -ENOMEM);
	}
	memcpy(e->doc, doc, len);
	e->doc[len] = '\0';
	e->len = len;
	r = entry_read(e, f);
	if (r < 0)
		return err_trace(r);
	if (strcmp(entry_id(e), id) != 0) {
		(void)str_copy(f->field, sizeof(f->field), kind == SLICE_NRP ? "name" : "id");
		(void)snprintf(f->text, sizeof(f->text), "it is %.60s, but %.60s is written", entry_id(e), id);
		return err_raise(-EINVAL);
	}
	*outp = TAKE(e);
	return 0;
}

struct slice_entry *slice_entry_free(struct slice_entry *e)
{
	if (!e)
		return NULL;
	slice_keys_drop(e);
	list_del(&e->look);
	loop_timer_fini(&e->timer);
	free(e->growths);
	arena_fini(&e->arena);
	free(e->id);
	free(e->doc);
	free(e);
	return NULL;
}

static void count_state(struct slice_entry *e, int by)
{
	struct slice *s = e->s;

	if (e->kind != SLICE_SERVICE)
		return;
	s->states[e->state] += (uint32_t)by;
	metric_set(s->m_states[e->state], s->states[e->state]);
}

int slice_entry_add(struct slice *s, struct slice_entry *e)
{
	size_t at = slice_at(s, e->kind, e->id);

	if (!VEC_INSERT(&s->of[e->kind], at, e))
		return err_raise(-ENOMEM);
	s->n_inside += e->kind == SLICE_SERVICE && e->service.real.parent;
	count_state(e, 1);
	return 0;
}

void slice_entry_del(struct slice *s, struct slice_entry *e)
{
	size_t at = slice_at(s, e->kind, e->id);

	assert(at < s->of[e->kind].n && s->of[e->kind].at[at] == e);
	count_state(e, -1);
	s->n_inside -= e->kind == SLICE_SERVICE && e->service.real.parent;
	VEC_CUT(&s->of[e->kind], at);
	slice_entry_free(e);
}

void slice_state_set(struct slice_entry *e, enum slice_state st, const char *why)
{
	bool other = e->state != st;

	if (!other && strcmp(e->reason, why) == 0)
		return;
	if (other) {
		count_state(e, -1);
		e->state = st;
		count_state(e, 1);
		e->since_wall_ns = loop_wall_ns(e->s->loop);
	}
	(void)str_copy(e->reason, sizeof(e->reason), why);
	slice_event(e, BUS_INFO, "slice-state");
}

void slice_event(const struct slice_entry *e, enum bus_severity severity, const char *type)
{
	STR_AUTO struct str b = { .limit = BUS_BODY_MAX };
	char resource[BUS_RESOURCE_MAX];

	str_addf(&b, "\"state\":\"%s\",\"reason\":", states[e->state]);
	str_json(&b, e->reason);
	(void)snprintf(resource, sizeof(resource), "slice %s", e->id);
	bus_publish(e->s->bus, loop_wall_ns(e->s->loop), severity, type, resource, str_text(&b));
}

/* ---- members by key ---- */

static bool key_eq(const struct hash_node *n, const void *key)
{
	return sr_policy_key_cmp(&HASH_OF(n, struct slice_key, by_key)->key, key) == 0;
}

/* Every octet that counts, and no other. */
static size_t key_octets(const struct sr_policy_key *k, uint8_t out[sizeof(*k)])
{
	size_t n = 0;

	memcpy(out, &k->headend, sizeof(k->headend));
	n += sizeof(k->headend);
	memcpy(out + n, &k->endpoint, sizeof(k->endpoint));
	n += sizeof(k->endpoint);
	memcpy(out + n, &k->color, sizeof(k->color));
	n += sizeof(k->color);
	out[n++] = k->leg;
	return n;
}

void slice_keys_drop(struct slice_entry *e)
{
	for (uint32_t i = 0; i < e->n_keys; i++)
		hash_del(&e->s->keys, &e->keys[i].by_key);
	e->s->flows -= e->n_keys;
	free(e->keys);
	e->keys = NULL;
	e->n_keys = 0;
}

int slice_keys_put(struct slice_entry *e)
{
	uint8_t octets[sizeof(struct sr_policy_key)];
	struct slice *s = e->s;

	slice_keys_drop(e);
	if (e->plan.n == 0)
		return 0;
	e->keys = calloc(e->plan.n, sizeof(*e->keys));
	if (!e->keys)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < e->plan.n; i++) {
		struct slice_key *k = &e->keys[e->n_keys];

		if (e->plan.at[i].inside)
			continue;
		k->key = e->plan.at[i].key;
		k->of = e;
		if (hash_put(&s->keys, octets, key_octets(&k->key, octets), &k->by_key) < 0) {
			slice_keys_drop(e);
			return err_raise(-ENOMEM);
		}
		e->n_keys++;
		s->flows++;
	}
	return 0;
}

struct slice_entry *slice_by_key(const struct slice *s, const struct sr_policy_key *key)
{
	uint8_t octets[sizeof(*key)];
	struct hash_node *n = hash_get(&s->keys, octets, key_octets(key, octets), key);

	return n ? HASH_OF(n, struct slice_key, by_key)->of : NULL;
}

struct slice_entry *slice_nrp_of(const struct slice *s, uint32_t nrp_id)
{
	for (size_t i = 0; i < s->of[SLICE_NRP].n; i++) {
		if (s->of[SLICE_NRP].at[i]->nrp.id == nrp_id)
			return s->of[SLICE_NRP].at[i];
	}
	return NULL;
}

bool slice_has_child(const struct slice *s, const char *id)
{
	for (size_t i = 0; s->n_inside > 0 && i < s->of[SLICE_SERVICE].n; i++) {
		const char *parent = s->of[SLICE_SERVICE].at[i]->service.real.parent;

		if (parent && strcmp(parent, id) == 0)
			return true;
	}
	return false;
}

bool slice_in_sight(const struct slice *s)
{
	return s->ted && !s->ted->stale && s->ted->generation > 0;
}

/* ---- start and end ---- */

static void metrics(struct slice *s)
{
	char labels[48];

	for (int i = 0; i < SLICE_STATES; i++) {
		(void)snprintf(labels, sizeof(labels), "state=\"%s\"", states[i]);
		s->m_states[i] = metric_gauge("sextant_slices", "Slices by state.", labels);
		metric_set(s->m_states[i], 0);
	}
	s->m_admitted = metric_counter("sextant_slice_admissions_total", "Orders by what became of them.",
				       "verdict=\"admitted\"");
	s->m_refused = metric_counter("sextant_slice_admissions_total", "Orders by what became of them.",
				      "verdict=\"refused\"");
	s->m_rolled_back = metric_counter("sextant_slice_rollbacks_total",
					  "Slices that were admitted and could not be realised.", "");
	slice_growth_metrics(s);
}

int slice_new(struct slice **outp, struct loop *loop, struct store *store, struct bus *bus,
	      struct intent *intent, const struct slice_cfg *cfg)
{
	struct slice *s = calloc(1, sizeof(*s));

	if (!s)
		return err_raise(-ENOMEM);
	s->loop = loop;
	s->store = store;
	s->bus = bus;
	s->intent = intent;
	s->cfg = *cfg;
	s->color_next = SLICE_COLORS;
	s->apart_next = SLICE_APART_FIRST;
	hash_init(&s->keys, loop_random(loop), key_eq);
	list_init(&s->commits);
	list_init(&s->look);
	list_init(&s->growing);
	loop_task_init(&s->look_task, loop, slice_look_run, s);
	loop_timer_init(&s->ends, loop, slice_ends_fire, s);
	loop_timer_init(&s->begins, loop, slice_begins_fire, s);
	metrics(s);
	intent_owned_watch(intent, slice_on_policy, s);
	*outp = s;
	return 0;
}

struct slice *slice_free(struct slice *s)
{
	if (!s)
		return NULL;
	intent_owned_watch(s->intent, NULL, NULL);
	slice_commits_orphan(s);
	slice_growth_orphan(s);
	for (int k = 0; k < SLICE_KINDS; k++) {
		for (size_t i = 0; i < s->of[k].n; i++) {
			store_forget(s->store, s->of[k].at[i]);
			intent_set_forget(s->intent, s->of[k].at[i]);
			slice_entry_free(s->of[k].at[i]);
		}
		VEC_FINI(&s->of[k]);
	}
	for (size_t i = 0; i < s->shares.n; i++)
		free(s->shares.at[i].bps);
	VEC_FINI(&s->shares);
	free((void *)(uintptr_t)s->odds.of);
	hash_fini(&s->keys);
	loop_task_cancel(&s->look_task);
	loop_timer_fini(&s->ends);
	loop_timer_fini(&s->begins);
	ted_unref(s->ted);
	free(s);
	return NULL;
}

struct loading {
	struct slice *s;
	enum slice_kind kind;
};

static int load_one(void *arg, const char *key, const void *value, size_t len)
{
	struct loading *l = arg;
	struct slice_entry *e = NULL;
	int r = slice_record_read(l->s, l->kind, key, value, len, &e);

	if (r < 0) {
		log_event("", LOG_ERROR, "slice.load", "kind=%s id=%s error=%s", kinds[l->kind], key,
			  err_text(r));
		return r;
	}
	if (slice_entry_add(l->s, e) < 0 || slice_keys_put(e) < 0)
		return err_raise(-ENOMEM);
	return 0;
}

static int load_meta(void *arg, const char *key, const void *value, size_t len)
{
	(void)key;
	return slice_meta_read(arg, value, len);
}

void slice_inside_only(struct slice *s, bool only)
{
	s->cfg.inside_only = only;
}

int slice_load(struct slice *s)
{
	int r = store_each(s->store, "slice-meta", load_meta, s);

	for (int k = 0; r == 0 && k < SLICE_KINDS; k++)
		r = store_each(s->store, slice_bucket((enum slice_kind)k),
			       load_one, &(struct loading){ s, (enum slice_kind)k });
	/* Beyond all that may have been told before: what is told last is not written. */
	s->revision = s->revision_given = s->revision + REVISIONS_SKIPPED;
	for (size_t i = 0; r == 0 && i < s->of[SLICE_SERVICE].n; i++)
		slice_resume(s->of[SLICE_SERVICE].at[i]);
	slice_ends_look(s);
	slice_begins_look(s);
	slice_growth_count(s);
	return r;
}

void slice_on_ted(void *arg, const struct ted *ted)
{
	struct slice *s = arg;
	bool was_blind = !slice_in_sight(s);

	ted_unref(s->ted);
	s->ted = ted_ref(ted);
	if (!slice_in_sight(s))
		return;
	if (slice_shares_tell(s) < 0)
		log_event("", LOG_ERROR, "slice.shares", "error=no memory");
	for (size_t i = 0; was_blind && i < s->of[SLICE_SERVICE].n; i++)
		slice_look(s->of[SLICE_SERVICE].at[i]);
}

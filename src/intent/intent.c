/* SPDX-License-Identifier: Apache-2.0 */
/* The room as a whole: what it is made of, what it reads at start, what the others tell it. */
#include "intent/intent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/group/group.h"
#include "intent/intent_priv.h"

enum { HEADENDS_IDLE_MAX = 256 };

void intent_cfg_default(struct intent_cfg *cfg)
{
	*cfg = (struct intent_cfg){ .wait_to_revert_ns = 60 * NS_PER_S,
				    .hysteresis_pct = 10,
				    .reopt_interval_ns = 300 * NS_PER_S,
				    .restart_grace_ns = 30 * NS_PER_S,
				    .foreign_age_ns = 3600 * NS_PER_S,
				    .confirm_ns = 10 * NS_PER_S,
				    .policies_max = 20000,
				    .wave_labels = 1 << 16,
				    .msd_default = 10 };
}

void intent_policy_default(struct intent_policy *p)
{
	*p = (struct intent_policy){ .setup_prio = 7, .hold_prio = 7, .dataplane = SR_SRV6 };
}

void intent_cpath_default(struct intent_cpath *c)
{
	*c = (struct intent_cpath){ .preference = 100,
				    .kind = INTENT_DYNAMIC,
				    .minimise = PCE_IGP,
				    .delay_us_max = PCE_NO_BOUND,
				    .hops_max = PCE_NO_BOUND,
				    .igp_max = PCE_NO_BOUND,
				    .te_max = PCE_NO_BOUND,
				    .variation_us_max = PCE_NO_BOUND,
				    .loss_ppm_max = PCE_NO_BOUND };
}

/* ---- headends ---- */

static bool headend_eq(const struct hash_node *n, const void *key)
{
	return ip_eq(&HASH_OF(n, struct intent_headend, node)->addr, key);
}

static bool pol_name_eq(const struct hash_node *n, const void *key)
{
	const struct intent_pol *p = HASH_OF(n, struct intent_pol, by_name);
	const struct intent_name *k = key;

	return ip_eq(&p->key.headend, k->headend) && strcmp(p->lsp_name, k->name) == 0;
}

static bool bsid_eq(const struct hash_node *n, const void *key)
{
	return ip_eq(&HASH_OF(n, struct intent_pol, by_bsid)->bsid, key);
}

static bool lsp_name_eq(const struct hash_node *n, const void *key)
{
	const struct intent_lsp *l = HASH_OF(n, struct intent_lsp, node);
	const struct intent_name *k = key;

	return ip_eq(&l->he->addr, k->headend) && strcmp(l->st.name, k->name) == 0;
}

static bool headend_idle(const struct intent_headend *h)
{
	return !h->up && list_empty(&h->lsps) && list_empty(&h->pols);
}

/* Policies come and go with headends nobody ever hears of: those must not pile up. */
static void headends_trim(struct intent *i)
{
	if (i->headends.count < HEADENDS_IDLE_MAX + 2 * i->pols.n)
		return;
	HASH_EACH(it, &i->headends) {
		struct intent_headend *h = HASH_OF(it, struct intent_headend, node);

		if (headend_idle(h))
			intent_headend_fini(h);
	}
}

struct intent_headend *intent_headend_get(struct intent *i, const struct ip_addr *a, bool make)
{
	struct hash_node *n = hash_get(&i->headends, a, sizeof(*a), a);
	struct intent_headend *h;

	if (n || !make)
		return n ? HASH_OF(n, struct intent_headend, node) : NULL;
	headends_trim(i);
	h = calloc(1, sizeof(*h));
	if (!h || hash_put(&i->headends, a, sizeof(*a), &h->node) < 0) {
		free(h);
		return NULL;
	}
	h->i = i;
	h->addr = *a;
	list_init(&h->lsps);
	list_init(&h->pols);
	loop_timer_init(&h->age, i->loop, intent_age_fire, h);
	return h;
}

/* ---- small things the others ask for ---- */

static void unblock_run(void *arg)
{
	struct intent *i = arg;

	LIST_EACH(it, &i->blocked)
		intent_dirty(LIST_OF(it, struct intent_pol, blocked_link), INTENT_SWEEP);
}

void intent_blocked_set(struct intent_pol *p, bool blocked)
{
	if (blocked == list_linked(&p->blocked_link))
		return;
	if (blocked)
		list_add(&p->i->blocked, &p->blocked_link);
	else
		list_del(&p->blocked_link);
}

void intent_retry_blocked(struct intent *i)
{
	if (!intent_optimise_moves(i))
		loop_task_run(&i->unblock);
	intent_guards_retry(i);
}

static void reconcile_all(struct intent *i)
{
	for (size_t k = 0; k < i->pols.n; k++)
		intent_todo(i->pols.at[k]);
}

void intent_hold_set(struct intent *i)
{
	bool hold = i->hold_flag || i->cfg.hold;

	if (hold == i->hold)
		return;
	i->hold = hold;
	log_event("", LOG_NOTICE, "intent.hold", "hold=%s", hold ? "on" : "off");
	bus_publish(i->bus, loop_wall_ns(i->loop), BUS_INFO, "policy-hold", "policies",
		    hold ? "\"hold\":true" : "\"hold\":false");
	reconcile_all(i);
}

static void reopt_fire(void *arg)
{
	struct intent *i = arg;

	intent_sweep_all(i, INTENT_SWEEP);
	loop_timer_after(&i->reopt, i->cfg.reopt_interval_ns);
}

/* Headends that have not come back by now are computed for without their word. */
static void grace_fire(void *arg)
{
	struct intent *i = arg;

	for (size_t k = 0; k < i->pols.n; k++) {
		if (i->pols.at[k]->adopting)
			intent_dirty(i->pols.at[k], INTENT_SWEEP);
	}
}

static void timers_arm(struct intent *i)
{
	struct mono grace_end = mono_add(i->started, i->cfg.restart_grace_ns);

	loop_timer_stop(&i->reopt);
	if (i->cfg.reopt_interval_ns > 0)
		loop_timer_after(&i->reopt, i->cfg.reopt_interval_ns);
	loop_timer_stop(&i->grace);
	if (mono_before(loop_now(i->loop), grace_end))
		loop_timer_at(&i->grace, grace_end);
}

/* ---- life ---- */

static void metrics_get(struct intent *i)
{
	char label[48];

	for (unsigned s = 0; s < ARRAY_LEN(i->m_state); s++) {
		(void)snprintf(label, sizeof(label), "state=\"%s\"",
			       intent_state_text((enum intent_state)s));
		i->m_state[s] = metric_gauge("sextant_policies", "SR Policies by state", label);
		metric_set(i->m_state[s], 0);
	}
	i->m_pushes = metric_counter("sextant_policy_pushes_total", "Requests sent to headends", "");
	i->m_repairs = metric_counter("sextant_policy_repairs_total",
				      "Paths replaced because they broke or broke a bound", "");
	i->m_sets = metric_counter("sextant_policy_list_sets_total",
				   "Sets of several weighted lists that were decided on", "");
	i->m_failures = metric_counter("sextant_policy_failures_total",
				       "Requests refused or not answered by headends", "");
	i->m_put_off = metric_counter("sextant_policy_searches_put_off_total",
				      "Searches too long for a wave of repairs, made again when none waits", "");
	i->m_compute = metric_histogram("sextant_policy_compute_seconds",
					"Time of one evaluation, or of one batch on workers", "");
}

static void tables_init(struct intent *i)
{
	hash_init(&i->headends, loop_random(i->loop), headend_eq);
	hash_init(&i->lsps, loop_random(i->loop), lsp_name_eq);
	hash_init(&i->names, loop_random(i->loop), pol_name_eq);
	hash_init(&i->bsids, loop_random(i->loop), bsid_eq);
	hash_init(&i->told, loop_random(i->loop), intent_told_eq);
	hash_init(&i->bound, loop_random(i->loop), intent_bound_eq);
	hash_init(&i->releases, loop_random(i->loop), intent_release_eq);
	list_init(&i->ops);
	list_init(&i->waves);
	list_init(&i->dirty);
	list_init(&i->fresh);
	list_init(&i->blocked);
	list_init(&i->better);
	list_init(&i->unwalked);
	list_init(&i->foreign);
	list_init(&i->whatifs);
	list_init(&i->todo);
	list_init(&i->papers);
	list_init(&i->asks);
	list_init(&i->expand);
	intent_admits_init(i);
	intent_watch_init(i);
	loop_task_init(&i->round, i->loop, intent_round_run, i);
	loop_task_init(&i->todo_task, i->loop, intent_todo_run, i);
	loop_task_init(&i->paper_task, i->loop, intent_papers_run, i);
	loop_task_init(&i->states_task, i->loop, intent_states_run, i);
	loop_task_init(&i->expand_task, i->loop, intent_expand_run, i);
	loop_task_init(&i->unblock, i->loop, unblock_run, i);
	loop_timer_init(&i->reopt, i->loop, reopt_fire, i);
	loop_timer_init(&i->grace, i->loop, grace_fire, i);
	arena_init(&i->arena, 0);
}

int intent_new(struct intent **outp, struct loop *loop, struct work *work, struct store *store,
	       struct bus *bus, const struct intent_cfg *cfg)
{
	struct intent *i = calloc(1, sizeof(*i));
	int r = i ? book_new(&i->book) : err_raise(-ENOMEM);

	if (r == 0 && !(i->shards = intent_shards_new(work_threads(work) + 1)))
		r = err_raise(-ENOMEM);
	if (r == 0) {
		i->loop = loop;
		r = intent_guards_new(i);
	}
	if (r < 0) {
		if (i) {
			intent_shards_unref(i->shards);
			book_free(i->book);
		}
		free(i);
		return err_trace(r);
	}
	i->work = work;
	i->store = store;
	i->bus = bus;
	i->cfg = *cfg;
	i->hold = cfg->hold;
	i->started = loop_now(loop);
	i->bsid_next = 1;
	tables_init(i);
	metrics_get(i);
	intent_groups_init(i);
	timers_arm(i);
	*outp = i;
	return 0;
}

static void contents_free(struct intent *i)
{
	HASH_EACH(it, &i->lsps) {
		struct intent_lsp *l = HASH_OF(it, struct intent_lsp, node);

		if (l->ours)
			l->pol->lsp = NULL;
		intent_lsp_free(l);
	}
	while (i->pols.n > 0)
		intent_pol_free(i->pols.at[i->pols.n - 1]);
	HASH_EACH(it, &i->headends)
		intent_headend_fini(HASH_OF(it, struct intent_headend, node));
}

struct intent *intent_free(struct intent *i)
{
	if (!i)
		return NULL;
	intent_admits_fini(i);
	intent_papers_write_all(i);
	intent_ops_orphan(i);
	intent_optimise_fini(i);
	intent_batch_abandon(i);
	intent_whatifs_fini(i);
	intent_asks_orphan(i);
	contents_free(i);
	intent_watch_fini(i);
	intent_guards_free(i);
	loop_task_cancel(&i->round);
	loop_task_cancel(&i->todo_task);
	loop_task_cancel(&i->paper_task);
	loop_task_cancel(&i->states_task);
	loop_task_cancel(&i->expand_task);
	loop_task_cancel(&i->unblock);
	loop_timer_fini(&i->reopt);
	loop_timer_fini(&i->grace);
	hash_fini(&i->headends);
	hash_fini(&i->lsps);
	hash_fini(&i->names);
	hash_fini(&i->bsids);
	hash_fini(&i->groups);
	hash_fini(&i->told);
	intent_bounds_fini(i);
	intent_releases_fini(i);
	VEC_FINI(&i->pols);
	VEC_FINI(&i->order);
	arena_fini(&i->arena);
	intent_kinds_fini(i);
	intent_shards_unref(i->shards);
	ted_unref(i->ted);
	book_free(i->book);
	free(i);
	return NULL;
}

void intent_reconfigure(struct intent *i, const struct intent_cfg *cfg)
{
	bool msd = cfg->msd_default != i->cfg.msd_default;

	i->cfg = *cfg;
	timers_arm(i);
	intent_hold_set(i);
	if (msd)
		intent_sweep_all(i, INTENT_SWEEP);
}

void intent_driver_set(struct intent *i, const struct driver *d)
{
	i->driver = d;
	reconcile_all(i);
}

void intent_on_ted(void *arg, const struct ted *ted)
{
	struct intent *i = arg;
	const struct ted *old = i->ted;

	intent_batch_abandon(i);
	i->ted = ted_ref(ted);
	i->ted_at = loop_now(i->loop);
	if (!ted->stale)
		intent_ted_news(i, old);
	if (!old || old->stale != ted->stale)
		intent_states_all(i);
	ted_unref(old);
}

/* ---- from the store ---- */

/* Binding SIDs are given out in order: the next is behind the last of those that are there. */
static void bsid_seen(struct intent *i, const struct ip_addr *bsid)
{
	const struct ip_prefix *block = &i->cfg.bsid_block;
	unsigned bits = ip_bits(bsid);
	unsigned host = bits - block->len;
	uint64_t n;

	if (block->len == 0 || !ip_prefix_has(block, bsid) || host == 0)
		return;
	n = host > 32 ? ip_bits_get(bsid, bits - 32, 32) : ip_bits_get(bsid, block->len, host);
	if (n >= i->bsid_next)
		i->bsid_next = n + 1;
}

static int record_take(struct intent *i, struct intent_record *r)
{
	struct intent_pol *p;
	int e;

	if (intent_pol_find(i, &r->key) || intent_pol_by_name(i, &r->key.headend, r->lsp_name))
		return err_raise(-EINVAL);
	e = intent_pol_new(i, &r->key, INTENT_MANAGED, &p);
	if (e < 0)
		return err_trace(e);
	e = intent_pol_manage(p, r->lsp_name);
	if (e < 0) {
		intent_pol_free(p);
		return err_trace(e);
	}
	p->desired = TAKE(r->desired);
	intent_order_put(p);
	p->deleted = r->deleted;
	intent_group_follow(p);
	p->cpath = r->cpath;
	intent_bsid_set(p, &r->bsid);
	p->revision = r->revision;
	p->created_wall_ns = r->created_wall_ns;
	/* for all we know; of one whose time has not come nothing was ever sent, and its headend is not waited for */
	p->adopting = p->new_sent = p->maybe_there = p->deleted || !p->desired->p.later;
	bsid_seen(i, &p->bsid);
	if (p->revision > i->revision)
		i->revision = p->revision;
	return 0;
}

/* One that cannot be read is left where it is: its LSP will be observed, and nobody loses more
 * than that policy. */
static int load_policy(void *arg, const char *key, const void *value, size_t len)
{
	struct intent *i = arg;
	struct intent_record r = { 0 };
	int e = intent_record_parse(value, len, &r);

	if (e == 0)
		e = record_take(i, &r);
	r.desired = intent_desired_unref(r.desired);
	if (e == 0)
		return 0;
	log_event("", LOG_ERROR, "intent.store.record", "policy=%s error=\"%s\"", key, err_text(e));
	bus_publish(i->bus, loop_wall_ns(i->loop), BUS_ALARM, "policy-record", key,
		    "\"reason\":\"the stored policy cannot be read; it is not managed\"");
	return 0;
}

static int load_path(void *arg, const char *key, const void *value, size_t len)
{
	struct intent *i = arg;
	struct sr_policy_key k;
	struct intent_pol *p = sr_policy_key_parse(key, &k) == 0 ? intent_pol_find(i, &k) : NULL;
	struct sr_list list;
	uint32_t preference;

	if (!p || !p->desired)
		return 0; /* left behind by a policy that is gone */
	if (intent_list_parse(value, len, &list, &preference) < 0) {
		log_event("", LOG_WARN, "intent.store.path", "policy=%s", key);
		return 0;
	}
	intent_adopt_list(p, &list, preference);
	sr_list_drop(&list);
	return 0;
}

static int load_flag(void *arg, const char *key, const void *value, size_t len)
{
	struct intent *i = arg;
	char text[32] = "";
	uint64_t n = 0;

	if (len < sizeof(text))
		memcpy(text, value, len);
	if (str_u64(text, &n) < 0)
		log_event("", LOG_WARN, "intent.store.flag", "key=%s", key);
	else if (strcmp(key, "hold") == 0)
		i->hold_flag = n != 0;
	else if (strcmp(key, "revision") == 0 && n > i->revision)
		i->revision = n;
	return 0;
}

int intent_load(struct intent *i)
{
	int r = store_each(i->store, "policy", load_policy, i);

	if (r == 0)
		r = store_each(i->store, "path", load_path, i);
	if (r == 0)
		r = store_each(i->store, "pin", intent_pin_load, i);
	if (r == 0) /* behind the policies: one that is managed again owes nothing */
		r = store_each(i->store, "release", intent_release_load, i);
	if (r == 0)
		r = store_each(i->store, "intent", load_flag, i);
	if (r < 0)
		return err_trace(r);
	i->revision_given = i->revision;
	intent_hold_set(i);
	for (size_t k = 0; k < i->pols.n; k++)
		intent_state_refresh(i->pols.at[k]);
	return 0;
}

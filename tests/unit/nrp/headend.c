/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headends of PCEP: each takes whatever policy it is asked for, and says 10 ms later that it is up. What
 * it has outlives the controller.
 */
#include "bed.h"

#include "base/str.h"

enum { LSPS = 16, MSD = 10 };

static struct headend {
	struct ip_addr addr;
	uint32_t session, txn; /* 0: no session; not answered yet */
	struct lsp_state lsps[LSPS]; /* plsp_id 0: free */
	struct driver_lsp asked;
	bool remove;
	struct loop_timer timer;
} headends[ROUTERS];

static uint32_t sessions, txns;

static struct headend *headend_of(const struct ip_addr *a)
{
	for (unsigned i = 0; i < ROUTERS; i++)
		if (headends[i].session && ip_eq(&headends[i].addr, a))
			return &headends[i];
	return NULL;
}

static void say(struct headend *h, struct lsp_state st, uint32_t txn, bool sync)
{
	st.session = h->session;
	st.txn = txn;
	st.sync = sync;
	intent_sink.report(bed.intent, &st);
}

static struct lsp_state *lsp_of(struct headend *h, uint32_t plsp_id)
{
	for (unsigned k = 0; k < LSPS; k++)
		if (h->lsps[k].plsp_id == plsp_id)
			return &h->lsps[k];
	ck_abort_msg("no LSP %u", plsp_id);
}

static void take(struct headend *h, struct lsp_state *st)
{
	const struct driver_lsp *l = &h->asked;

	if (!st->plsp_id) {
		*st = (struct lsp_state){ .headend = h->addr, .plsp_id = (uint32_t)(st - h->lsps) + 1,
					  .pce_initiated = true };
		(void)str_copy(st->name, sizeof(st->name), l->name);
	}
	st->delegated = st->admin_up = true;
	st->oper = LSP_UP;
	if (l->take_over)
		return;
	st->has_key = st->has_cpath = st->has_preference = true;
	st->color = l->key.color;
	st->endpoint = l->key.endpoint;
	st->cpath = l->cpath;
	st->preference = l->preference;
	st->list = l->list;
	st->bandwidth_bps = l->bandwidth_bps;
	st->setup_prio = l->setup_prio;
	st->hold_prio = l->hold_prio;
}

static void answer(void *arg)
{
	struct headend *h = arg;
	struct lsp_state *st = lsp_of(h, h->asked.plsp_id), told;
	uint32_t txn = h->txn;

	h->txn = 0;
	if (!h->remove)
		take(h, st);
	told = *st;
	if (h->remove) {
		*st = (struct lsp_state){ 0 };
		told.removed = true;
		told.oper = LSP_DOWN;
	}
	say(h, told, txn, false);
	intent_sink.headend_ready(bed.intent, &h->addr);
}

/* One at a time; who asks meanwhile is told when there is room again. */
static int ask(const struct driver_lsp *lsp, uint32_t *txn, bool remove)
{
	struct headend *h = headend_of(&lsp->key.headend);

	if (!h || h->session != lsp->session)
		return DRIVER_E_NO_SESSION;
	if (h->txn)
		return DRIVER_E_FULL;
	h->asked = *lsp;
	h->remove = remove;
	h->txn = *txn = ++txns;
	loop_timer_after(&h->timer, 10 * NS_PER_MS);
	return 0;
}

static int apply(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	(void)self;
	return ask(lsp, txn, false);
}

static int drop_lsp(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	(void)self;
	return ask(lsp, txn, true);
}

static int release(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	(void)self;
	(void)txn;
	ck_abort_msg("%s is released", lsp->name);
}

static const struct driver driver = { .name = "pcep", .apply = apply, .remove = drop_lsp, .release = release };

void headends_init(void)
{
	for (unsigned i = 0; i < ROUTERS; i++)
		headends[i] = (struct headend){ 0 };
}

void headends_start(void)
{
	for (unsigned i = 0; i < ROUTERS; i++)
		loop_timer_init(&headends[i].timer, bed.loop, answer, &headends[i]);
	intent_driver_set(bed.intent, &driver);
}

void headends_stop(void)
{
	for (unsigned i = 0; i < ROUTERS; i++) {
		loop_timer_fini(&headends[i].timer);
		headends[i].session = headends[i].txn = 0;
	}
}

void headend_up(const char *name)
{
	const struct headend_caps caps = { .southbound = "pcep", .srv6 = true, .update = true, .initiate = true,
					   .sr_policy_assoc = true, .msd_srv6 = MSD };
	struct headend *h = &headends[dev(name) - bed.dev];

	h->addr = node(name)->router_v6;
	h->session = ++sessions;
	intent_sink.headend_up(bed.intent, &h->addr, h->session, &caps);
	for (unsigned k = 0; k < LSPS; k++)
		if (h->lsps[k].plsp_id)
			say(h, h->lsps[k], 0, true);
	intent_sink.headend_synced(bed.intent, &h->addr, h->session);
	run_ms(1);
}

unsigned headend_has(const char *name)
{
	const struct headend *h = &headends[dev(name) - bed.dev];
	unsigned n = 0;

	for (unsigned k = 0; k < LSPS; k++)
		n += h->lsps[k].plsp_id != 0;
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver as intent sees it, and headends behind it that answer when a test says so. An
 * LSP is a headend's own: it outlives sessions and the controller, and what it told the
 * controller is a copy.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- the driver ---- */

static struct pcc *pcc_of(const struct ip_addr *headend)
{
	for (unsigned k = 0; k < WORLD_NODES; k++) {
		if (ip_eq(&world.pccs[k].addr, headend))
			return &world.pccs[k];
	}
	return NULL;
}

static int record(int kind, const struct driver_lsp *lsp, uint32_t *txn)
{
	const struct pcc *p = pcc_of(&lsp->key.headend);
	struct call *c = &world.calls[world.n_calls];

	if (world.refuse)
		return world.refuse;
	if (!p || !p->up || lsp->session != p->session)
		return DRIVER_E_NO_SESSION;
	ck_assert_uint_lt(world.n_calls, WORLD_CALLS);
	*c = (struct call){ .lsp = *lsp, .txn = ++world.next_txn };
	ck_assert_int_eq(sr_list_keep(&lsp->list, &c->lsp.list), 0);
	c->kind = (__typeof__(c->kind))kind;
	world.n_calls++;
	*txn = c->txn;
	return 0;
}

static int drv_apply(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	(void)self;
	return record(CALL_APPLY, lsp, txn);
}

static int drv_remove(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	(void)self;
	ck_assert_uint_ne(lsp->plsp_id, 0);
	return record(CALL_REMOVE, lsp, txn);
}

static int drv_release(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	(void)self;
	ck_assert_uint_ne(lsp->plsp_id, 0);
	return record(CALL_RELEASE, lsp, txn);
}

static void drv_paths(void *self, const struct driver_path_answer *a)
{
	(void)self;
	ck_assert_uint_le(a->n, DRIVER_PATHS_MAX);
	world.paths = *a;
	memcpy(world.replies, a->at, a->n * sizeof(*a->at));
	world.n_answers++;
}

const struct driver world_driver = { .name = "fake",
				     .apply = drv_apply,
				     .remove = drv_remove,
				     .release = drv_release,
				     .paths = drv_paths };

unsigned calls_open(void)
{
	unsigned n = 0;

	for (uint32_t k = 0; k < world.n_calls; k++)
		n += !world.calls[k].over;
	return n;
}

const struct call *call_last(void)
{
	ck_assert_uint_gt(world.n_calls, 0);
	return &world.calls[world.n_calls - 1];
}

void pccs_fini(void)
{
	for (uint32_t k = 0; k < world.n_calls; k++)
		sr_list_drop(&world.calls[k].lsp.list);
	for (unsigned k = 0; k < WORLD_NODES * WORLD_LSPS; k++)
		sr_list_drop(&world.pccs[k / WORLD_LSPS].lsps[k % WORLD_LSPS].st.list);
}

/* ---- sessions ---- */

struct pcc *pcc_at(const char *name)
{
	struct pcc *p = &world.pccs[name[0] - 'a'];

	ck_assert(name[0] >= 'a' && name[0] < 'a' + WORLD_NODES);
	if (p->addr.family == IP_NONE) {
		p->addr = net_addr(name);
		p->caps = (struct headend_caps){ .srv6 = true, .sr_mpls = true, .update = true,
						 .initiate = true, .sr_policy_assoc = true,
						 .msd_srv6 = 8, .msd_mpls = 8, .lists = 4, .southbound = "pcep" };
	}
	return p;
}

static void tell(struct pcc *p, const struct lsp_state *st, uint32_t txn, bool sync)
{
	struct lsp_state out = *st;

	out.headend = p->addr;
	out.session = p->session;
	out.txn = txn;
	out.sync = sync;
	intent_sink.report(world.intent, &out);
}

void pcc_open(const char *name)
{
	struct pcc *p = pcc_at(name);

	ck_assert(!p->up);
	p->up = true;
	p->session = ++world.sessions;
	intent_sink.headend_up(world.intent, &p->addr, p->session, &p->caps);
	run_ms(0);
}

void pcc_sync(const char *name)
{
	struct pcc *p = pcc_at(name);

	for (unsigned k = 0; k < WORLD_LSPS; k++) {
		if (p->lsps[k].used)
			tell(p, &p->lsps[k].st, 0, true);
	}
	intent_sink.headend_synced(world.intent, &p->addr, p->session);
	run_ms(0);
	audit();
}

void pcc_up(const char *name)
{
	pcc_open(name);
	pcc_sync(name);
}

/* Within the redelegation timeout of RFC 8231 s5.7.3: LSPs and delegations go on. */
void pcc_down(const char *name)
{
	struct pcc *p = pcc_at(name);

	ck_assert(p->up);
	p->up = false;
	for (uint32_t k = 0; k < world.n_calls; k++) {
		if (ip_eq(&world.calls[k].lsp.key.headend, &p->addr))
			world.calls[k].over = true;
	}
	intent_sink.headend_down(world.intent, &p->addr, p->session);
	run_ms(0);
	audit();
}

/* ---- LSPs ---- */

static struct pcc_lsp *lsp_named(struct pcc *p, const char *name)
{
	for (unsigned k = 0; k < WORLD_LSPS; k++) {
		if (p->lsps[k].used && strcmp(p->lsps[k].st.name, name) == 0)
			return &p->lsps[k];
	}
	return NULL;
}

static struct pcc_lsp *lsp_new(struct pcc *p, const char *name)
{
	for (unsigned k = 0; k < WORLD_LSPS; k++) {
		struct pcc_lsp *l = &p->lsps[k];

		if (l->used)
			continue;
		*l = (struct pcc_lsp){ .used = true };
		l->st.plsp_id = ++p->next_plsp;
		l->st.admin_up = l->st.delegated = true;
		str_copy(l->st.name, sizeof(l->st.name), name);
		return l;
	}
	ck_abort_msg("no room for another LSP");
	return NULL;
}

struct lsp_state *pcc_lsp(const char *name, const char *lsp)
{
	struct pcc_lsp *l = lsp_named(pcc_at(name), lsp);

	return l ? &l->st : NULL;
}

struct lsp_state *pcc_plant(const char *name, const char *lsp, const struct sr_list *list)
{
	struct pcc_lsp *l = lsp_new(pcc_at(name), lsp);

	l->st.list = *list;
	l->st.oper = LSP_UP;
	l->st.setup_prio = l->st.hold_prio = 7;
	return &l->st;
}

void pcc_report(const char *name, const char *lsp)
{
	struct pcc *p = pcc_at(name);
	struct pcc_lsp *l = lsp_named(p, lsp);

	ck_assert_msg(l != NULL, "%s has no LSP %s", name, lsp);
	tell(p, &l->st, 0, false);
	run_ms(0);
	audit();
}

static void forget(struct pcc *p, struct pcc_lsp *l, uint32_t txn)
{
	struct lsp_state st = l->st;

	l->used = false;
	st.removed = true;
	st.oper = LSP_DOWN;
	tell(p, &st, txn, false);
	sr_list_drop(&l->st.list);
}

void pcc_forget(const char *name, const char *lsp)
{
	struct pcc *p = pcc_at(name);
	struct pcc_lsp *l = lsp_named(p, lsp);

	ck_assert_msg(l != NULL, "%s has no LSP %s", name, lsp);
	forget(p, l, 0);
	run_ms(0);
	audit();
}

/* ---- answers ---- */

static void apply(struct pcc *p, const struct call *c, enum lsp_oper oper, uint16_t error)
{
	struct pcc_lsp *l = lsp_named(p, c->lsp.name);

	if (!l) {
		ck_assert_uint_eq(c->lsp.plsp_id, 0);
		l = lsp_new(p, c->lsp.name);
		l->st.pce_initiated = true;
	}
	l->st.delegated = true;
	l->st.error = error;
	if (error) { /* what it had goes on */
		tell(p, &l->st, c->txn, false);
		l->st.error = 0;
		return;
	}
	if (!c->lsp.take_over) {
		sr_list_drop(&l->st.list);
		ck_assert_int_eq(sr_list_keep(&c->lsp.list, &l->st.list), 0);
		l->st.oper = (uint8_t)oper;
		l->st.bandwidth_bps = c->lsp.bandwidth_bps;
		l->st.setup_prio = c->lsp.setup_prio;
		l->st.hold_prio = c->lsp.hold_prio;
		l->st.binding_sid = c->lsp.binding_sid;
		l->st.cpath = c->lsp.cpath;
		l->st.preference = c->lsp.preference;
		l->st.color = c->lsp.key.color;
		l->st.endpoint = c->lsp.key.endpoint;
		l->st.has_key = l->st.has_cpath = l->st.has_preference = true;
	}
	tell(p, &l->st, c->txn, false);
}

static void refuse_one(struct pcc *p, const struct call *c, int type, int value)
{
	struct driver_failure f = { .headend = p->addr, .session = p->session, .txn = c->txn,
				    .type = (uint8_t)type, .value = (uint8_t)value };

	(void)snprintf(f.text, sizeof(f.text), "PCErr %d/%d", type, value);
	intent_sink.failed(world.intent, &f);
}

static void do_call(struct pcc *p, const struct call *c, enum lsp_oper oper, uint16_t error)
{
	struct pcc_lsp *l = lsp_named(p, c->lsp.name);

	if (c->lsp.plsp_id && (!l || l->st.plsp_id != c->lsp.plsp_id)) {
		refuse_one(p, c, 19, 3); /* it has gone meanwhile: RFC 8231 s6.2 */
		return;
	}
	switch (c->kind) {
	case CALL_APPLY:
		apply(p, c, oper, error);
		break;
	case CALL_REMOVE:
		ck_assert(l != NULL);
		forget(p, l, c->txn);
		break;
	case CALL_RELEASE:
		ck_assert(l != NULL);
		l->st.delegated = false;
		tell(p, &l->st, c->txn, false);
		break;
	}
}

/* Calls made in answer to an answer wait for the next round. */
static unsigned each_open(const char *name,
			  void (*fn)(struct pcc *p, const struct call *c, int a, int b), int a,
			  int b)
{
	struct pcc *p = pcc_at(name);
	uint32_t end = world.n_calls;
	unsigned n = 0;

	for (uint32_t k = 0; k < end; k++) {
		struct call *c = &world.calls[k];

		if (c->over || !ip_eq(&c->lsp.key.headend, &p->addr))
			continue;
		c->over = true;
		fn(p, c, a, b);
		n++;
	}
	run_ms(0);
	audit();
	return n;
}

static void answer_one(struct pcc *p, const struct call *c, int oper, int error)
{
	do_call(p, c, (enum lsp_oper)oper, (uint16_t)error);
}

unsigned pcc_answer(const char *name)
{
	return pcc_answer_as(name, LSP_UP, 0);
}

unsigned pcc_answer_as(const char *name, enum lsp_oper oper, uint16_t error)
{
	return each_open(name, answer_one, (int)oper, error);
}

unsigned pcc_refuse(const char *name, uint8_t type, uint8_t value)
{
	return each_open(name, refuse_one, type, value);
}

/* ---- paths ---- */

void ask_set(const char *headend, struct driver_path_set *set)
{
	unsigned before = world.n_answers;

	set->headend = net_addr(headend);
	set->session = pcc_at(headend)->session;
	set->ask++;
	intent_sink.path_request(world.intent, set);
	for (unsigned ms = 0; world.n_answers == before; ms++) {
		ck_assert_uint_lt(ms, 10000);
		run_ms(1);
	}
	ck_assert_uint_eq(world.n_answers, before + 1);
	ck_assert(world.paths.ask == set->ask && world.paths.session == set->session);
	ck_assert(world.paths.n == set->n && ip_eq(&world.paths.headend, &set->headend));
}

struct driver_path_reply ask_path(const char *headend, const struct driver_path_request *q)
{
	struct driver_path_set set = { .n = 1, .at = q };

	ask_set(headend, &set);
	return world.replies[0];
}

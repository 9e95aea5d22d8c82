/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/vec.h"
#include "intent/guard/guard.h"

enum { ROUND_MS = 400, PER_WRITE = 256 };

struct answer {
	struct lsp_state st;
};

struct bench_room {
	struct bench_net *n;
	struct work *work;
	struct store_disk *disk;
	struct store *store;
	struct intent *intent;
	struct driver driver;
	VEC(struct lsp_state) answers; /* due this turn */
	struct loop_task answering;
	uint32_t txn, plsp, asked;
};

/* ---- policies ---- */

static uint32_t gcd(uint32_t a, uint32_t b)
{
	return b == 0 ? a : gcd(b, a % b);
}

/* Endpoints of a headend differ while there are enough of them. */
static void ends_of(const struct bench_wish *w, const struct sim_topo *t, uint32_t policy, uint32_t *from,
		    uint32_t *to)
{
	uint32_t per = w->policies / w->headends, n = w->endpoints, step = n / 3 * 2 + 1;
	uint32_t k = policy % per;

	while (gcd(step, n) != 1)
		step++;
	*from = policy / per;
	k = (uint32_t)(((uint64_t)k * step + (uint64_t)*from * 7919) % n);
	*to = (uint32_t)((uint64_t)k * t->routers.n / n);
	if (*to == *from)
		*to = (uint32_t)(t->routers.n - 1);
}

int bench_wish_record(const struct bench_wish *w, const struct sim_topo *t, uint32_t policy, char **key,
		      char **value)
{
	AUTO_FREE struct intent_policy *p = calloc(1, sizeof(*p));
	struct intent_record r = { .revision = policy + 1 };
	char text[SR_KEY_TEXT_MAX], ip[IP_TEXT_MAX];
	uint32_t from, to;
	struct rng rng;

	if (!p)
		return err_raise(-ENOMEM);
	rng_seed(&rng, w->seed + policy);
	ends_of(w, t, policy, &from, &to);
	intent_policy_default(p);
	p->key = (struct sr_policy_key){ .headend = sim_loopback(t, from),
					     .color = 100 + policy, .endpoint = sim_loopback(t, to) };
	p->bandwidth_bps = w->bandwidth_bps;
	p->setup_prio = p->hold_prio = (uint8_t)rng_below(&rng, 8);
	if (w->protect_every && policy % w->protect_every == 0)
		p->protect = INTENT_PROTECT_NODE;
	p->n_cpaths = 1;
	intent_cpath_default(&p->cpaths[0]);
	p->cpaths[0].minimise = w->minimise;
	p->cpaths[0].delay_us_max = w->delay_us_max;
	r.key = p->key;
	r.cpath = (struct sr_cpath_id){ .origin = 10, .asn = t->asn, .discriminator = policy + 1 };
	(void)snprintf(r.lsp_name, sizeof(r.lsp_name), "c%u-%s", p->key.color,
		       ip_text(&p->key.endpoint, ip, sizeof(ip)));
	r.desired = intent_desired_new(p);
	*value = r.desired ? intent_record_print(&r) : NULL;
	intent_desired_unref(r.desired);
	*key = strdup(sr_policy_key_text(&p->key, text, sizeof(text)));
	if (*key && *value)
		return 0;
	free(*key);
	free(*value);
	return err_raise(-ENOMEM);
}

static int fill(struct bench_room *r, const struct bench_wish *w)
{
	struct store_op ops[PER_WRITE];
	char *text[2 * PER_WRITE];
	int rc = 0;

	for (uint32_t k = 0; rc == 0 && k < w->policies;) {
		size_t n = 0;

		for (; rc == 0 && n < PER_WRITE && k < w->policies; k++) {
			rc = bench_wish_record(w, &r->n->sim, k, &text[2 * n], &text[2 * n + 1]);
			if (rc < 0)
				break;
			ops[n] = (struct store_op){ "policy", text[2 * n], text[2 * n + 1],
						    strlen(text[2 * n + 1]) };
			n++;
		}
		if (rc == 0)
			rc = store_write(r->store, ops, n, NULL, NULL);
		for (size_t x = 0; x < 2 * n; x++)
			free(text[x]);
		bench_net_settle(r->n);
	}
	return rc;
}

/* ---- headends ---- */

static int apply(void *self, const struct driver_lsp *l, uint32_t *txn)
{
	struct bench_room *r = self;
	struct lsp_state st = { .headend = l->key.headend,
				.session = l->session,
				.plsp_id = l->plsp_id ? l->plsp_id : ++r->plsp,
				.has_key = true,
				.color = l->key.color,
				.endpoint = l->key.endpoint,
				.has_cpath = true,
				.cpath = l->cpath,
				.oper = LSP_UP,
				.delegated = true,
				.pce_initiated = true,
				.admin_up = true,
				.list = l->list,
				.bandwidth_bps = l->bandwidth_bps,
				.setup_prio = l->setup_prio,
				.hold_prio = l->hold_prio };

	*txn = st.txn = ++r->txn;
	r->asked++;
	(void)str_copy(st.name, sizeof(st.name), l->name);
	if (!VEC_ADD(&r->answers, st))
		return DRIVER_E_FULL;
	loop_task_run(&r->answering);
	return 0;
}

static int take_out(void *self, const struct driver_lsp *l, uint32_t *txn)
{
	struct bench_room *r = self;
	struct lsp_state st = { .headend = l->key.headend, .session = l->session, .removed = true };

	*txn = st.txn = ++r->txn;
	r->asked++;
	(void)str_copy(st.name, sizeof(st.name), l->name);
	if (!VEC_ADD(&r->answers, st))
		return DRIVER_E_FULL;
	loop_task_run(&r->answering);
	return 0;
}

static void answer(void *arg)
{
	struct bench_room *r = arg;

	for (size_t k = 0; k < r->answers.n; k++)
		intent_sink.report(r->intent, &r->answers.at[k]);
	r->answers.n = 0;
}

static void sessions(struct bench_room *r, const struct bench_wish *w)
{
	const struct headend_caps caps = { .srv6 = true, .update = true, .initiate = true,
					   .sr_policy_assoc = true, .msd_srv6 = 10 };

	for (uint32_t h = 0; h < w->headends; h++) {
		struct ip_addr a = sim_loopback(&r->n->sim, h);

		intent_sink.headend_up(r->intent, &a, h + 1, &caps);
		intent_sink.headend_synced(r->intent, &a, h + 1);
	}
}

/* ---- life ---- */

static int build(struct bench_room *r, const struct bench_wish *w)
{
	struct loop *loop = r->n->loop;
	struct intent_cfg cfg;
	int rc;

	intent_cfg_default(&cfg);
	cfg.policies_max = w->policies;
	cfg.reopt_interval_ns = 0;
	if ((rc = work_new(&r->work, loop, 1)) < 0 || (rc = store_disk_new(&r->disk)) < 0 ||
	    (rc = store_fake_new(&r->store, loop, r->disk)) < 0 || (rc = fill(r, w)) < 0 ||
	    (rc = intent_new(&r->intent, loop, r->work, r->store, r->n->bus, &cfg)) < 0 ||
	    (rc = intent_load(r->intent)) < 0)
		return rc;
	r->driver = (struct driver){ "bench", r, apply, take_out, apply, NULL };
	intent_driver_set(r->intent, &r->driver);
	topo_on_ted(r->n->topo, intent_on_ted, r->intent);
	intent_on_ted(r->intent, topo_ted(r->n->topo));
	sessions(r, w);
	return 0;
}

int bench_room_new(struct bench_room **outp, struct bench_net *n, const struct bench_wish *w)
{
	struct bench_room *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return err_raise(-ENOMEM);
	r->n = n;
	loop_task_init(&r->answering, n->loop, answer, r);
	rc = build(r, w);
	if (rc < 0) {
		bench_room_free(r);
		return err_trace(rc);
	}
	*outp = r;
	return 0;
}

struct bench_room *bench_room_free(struct bench_room *r)
{
	if (!r)
		return NULL;
	topo_on_ted(r->n->topo, NULL, NULL);
	loop_task_cancel(&r->answering);
	r->intent = intent_free(r->intent);
	work_free(r->work);
	store_close(r->store);
	store_disk_free(r->disk);
	VEC_FINI(&r->answers);
	free(r);
	return NULL;
}

struct intent *bench_room_intent(struct bench_room *r)
{
	return r->intent;
}

static bool at_rest(const struct intent *i)
{
	return list_empty(&i->waves) && list_empty(&i->dirty) && list_empty(&i->fresh) && i->sweep_left == 0;
}

uint32_t bench_room_rest(struct bench_room *r)
{
	uint32_t before = r->asked;

	do {
		struct mono until = mono_add(loop_now(r->n->loop), ROUND_MS * NS_PER_MS);

		while (loop_fake_step(r->n->loop, until))
			;
	} while (!at_rest(r->intent));
	return r->asked - before;
}

static bool guards_at_rest(const struct intent *i)
{
	const struct intent_guards *g = i->guards;
	bool todo = g->slice || g->news.n > 0 || g->all_news;

	for (unsigned p = 0; p < BOOK_PRIOS; p++)
		todo = todo || !list_empty(&g->todo[p]);
	return !todo;
}

void bench_room_rest_guards(struct bench_room *r)
{
	do {
		(void)bench_room_rest(r);
	} while (!guards_at_rest(r->intent));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path requests (RFC 5440): alone or in sets, from their coming to the sink and back. One that
 * comes before the topology is known is kept a while: after "no path" FRR does not ask again in
 * the life of the session. A peer has ASKS_MAX requests here at most, whatever they wait for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "southbound/pcep/pcep_int.h"

enum {
	PCE_UNAVAILABLE = 0x1, /* NO-PATH-VECTOR, RFC 5440 s7.5 */
	ASKS_MAX = 256,	       /* of one peer */
};

#define RETRY_NS NS_PER_S
#define KEEP_NS (60 * NS_PER_S)
#define SYNC_NS (60 * NS_PER_S) /* SyncTimer, RFC 5440 s7.13.3 */

static const struct pcep_pcerr fine = { 0, 0 };
static const struct pcep_pcerr unsupported = { 4, 4 };
static const struct pcep_pcerr malformed = { 10, 11 };
static const struct pcep_pcerr one_missing = { 7, 0 };
static const struct pcep_pcerr group_too_large = { 26, 2 };

/* ---- asks ---- */

static struct pcep_ask *ask_new(struct pcep_peer *p, unsigned n)
{
	struct pcep_ask *a = NULL;

	if (p->n_asks + n <= ASKS_MAX)
		a = calloc(1, sizeof(*a) + n * sizeof(*a->at));
	if (a)
		a->want = calloc(n, sizeof(*a->want));
	if (!a || !a->want) {
		free(a);
		return NULL;
	}
	a->id = ++p->last_ask;
	a->n = (uint8_t)n;
	list_add(&p->asks, &a->link);
	p->n_asks += n;
	return a;
}

static void ask_del(struct pcep_peer *p, struct pcep_ask *a)
{
	list_del(&a->link);
	p->n_asks -= a->n;
	free(a->want);
	free(a);
}

static struct pcep_ask *ask_find(const struct pcep_peer *p, uint32_t id)
{
	LIST_EACH(it, &p->asks) {
		struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);

		if (a->id == id)
			return a;
	}
	return NULL;
}

static bool ask_has(const struct pcep_ask *a, uint32_t request)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->at[i].rp.id == request)
			return true;
	return false;
}

/* Something that time has to do with is there. */
static void timer_look(struct pcep_peer *p)
{
	bool waits = false;

	LIST_EACH(it, &p->asks) {
		const struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);

		waits = waits || a->state == PCEP_ASK_GATHERS || a->state == PCEP_ASK_KEPT;
	}
	if (waits && !loop_timer_armed(&p->ask_retry))
		loop_timer_after(&p->ask_retry, RETRY_NS);
}

void pcep_pce_asks_drop(struct pcep_peer *p)
{
	while (!list_empty(&p->asks))
		ask_del(p, LIST_OF(p->asks.next, struct pcep_ask, link));
	loop_timer_stop(&p->ask_retry);
}

/* ---- refusing ---- */

static void refused_log(struct pcep_peer *p, uint32_t request, struct pcep_pcerr no)
{
	log_event(p->scope, LOG_WARN, "pcep.request.bad", "request=%u pcerr=%u/%u why=\"%s\"",
		  request, no.type, no.value, pcepc_error_text(no.type, no.value));
}

static void request_refuse(struct pcep_peer *p, const struct pcepc_item *it, struct pcep_pcerr no)
{
	refused_log(p, it->rp ? it->rp->id : 0, no);
	pcep_sess_send_err(p->sess, no.type, no.value, it->rp ? PCEPC_ERR_RP : PCEPC_ERR_ERROR,
			   it->rp ? it->rp->id : 0);
}

/* One PCErr for those of a set that are here; missing: the one they wait for in vain, 0 none. */
static void set_refuse(struct pcep_peer *p, const struct pcep_ask *a, struct pcep_pcerr no,
		       uint32_t missing)
{
	struct pcepc_err at[DRIVER_PATHS_MAX + 1] = { 0 };
	unsigned n = 0;

	for (unsigned i = 0; i < a->n; i++) {
		if (!a->at[i].here)
			continue;
		at[n] = (struct pcepc_err){ .kind = PCEPC_ERR_RP, .id = a->at[i].rp.id };
		at[n].next = &at[n + 1];
		n++;
	}
	at[n] = (struct pcepc_err){ .kind = PCEPC_ERR_ERROR, .type = no.type, .value = no.value,
				    .has_missing = missing != 0, .missing = missing };
	if (n == 0)
		return;
	refused_log(p, at[0].id, no);
	(void)pcep_sess_send(p->sess, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = at });
}

/* Not now: what waits already is all that may. */
static void no_room(struct pcep_peer *p, const struct pcepc_item *it)
{
	struct pcepc_no_path none = { .has_vector = true, .vector = PCE_UNAVAILABLE };
	struct pcepc_item reply = { .rp = it->rp, .no_path = &none };

	(void)pcep_sess_send(p->sess, &(struct pcepc_msg){ .type = PCEPC_PCREP, .items = &reply,
							   .n_items = 1 });
}

/* ---- asking ---- */

/* False: a may be gone, and the peer's session with it. */
static bool ask_run(struct pcep_peer *p, struct pcep_ask *a)
{
	uint32_t id = a->id, session = p->session;

	a->state = PCEP_ASK_RUNS;
	a->set.headend = p->cfg.headend;
	a->set.session = session;
	a->set.ask = id;
	a->set.n = a->n;
	a->set.at = a->want;
	p->pcep->sink->path_request(p->pcep->arg, &a->set);
	return p->session == session && ask_find(p, id) == NULL;
}

/* In the order they came: while the first must wait, so must the others. */
static void kept_run(struct pcep_peer *p)
{
	struct pcep_ask *kept;

	if (p->retrying)
		return;
	p->retrying = true;
	do {
		kept = NULL;
		LIST_EACH(it, &p->asks) {
			struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);

			if (!kept && a->state == PCEP_ASK_KEPT)
				kept = a;
		}
	} while (kept && ask_run(p, kept));
	p->retrying = false;
}

static void gathers_expire(struct pcep_peer *p)
{
	struct mono now = loop_now(p->pcep->loop);

	LIST_EACH(it, &p->asks) {
		struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);
		unsigned i = 0;

		if (a->state != PCEP_ASK_GATHERS || mono_before(now, a->until))
			continue;
		while (i < a->n && a->at[i].here)
			i++;
		set_refuse(p, a, one_missing, i < a->n ? a->at[i].rp.id : 0);
		ask_del(p, a);
	}
}

void pcep_pce_asks_retry(void *arg)
{
	struct pcep_peer *p = arg;

	gathers_expire(p);
	kept_run(p);
	timer_look(p);
}

/* ---- answering ---- */

/* A function that was insisted on and not used is as good as not known (RFC 5541 s3.1.1). */
static bool functions_kept(const struct pcep_ask *a, const struct driver_path_answer *ans)
{
	if (!ans->at[0].found)
		return true;
	if (a->of_must && ans->objective != a->set.objective)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->at[i].of_must && a->at[i].of <= DRIVER_OF_MBP &&
		    ans->at[i].objective != a->at[i].of)
			return false;
	return true;
}

static bool unavailable(const struct driver_path_answer *ans)
{
	for (unsigned i = 0; i < ans->n; i++)
		if (!ans->at[i].found && (ans->at[i].no_path_vector & PCE_UNAVAILABLE))
			return true;
	return false;
}

void pcep_pce_paths(void *arg, const struct driver_path_answer *ans)
{
	struct pcep *pcep = arg;
	struct pcep_peer *p = pcep_peer_of(pcep, &ans->headend);
	struct pcep_ask *a = p && p->session == ans->session ? ask_find(p, ans->ask) : NULL;
	struct mono now = loop_now(pcep->loop);

	if (!a || a->state != PCEP_ASK_RUNS || a->n != ans->n)
		return;
	if (a->until.ns == 0)
		a->until = mono_add(now, KEEP_NS);
	if (unavailable(ans) && mono_before(now, a->until)) {
		a->state = PCEP_ASK_KEPT;
		timer_look(p);
		return;
	}
	if (functions_kept(a, ans))
		pcep_ask_reply(p, a, ans);
	else
		set_refuse(p, a, unsupported, 0);
	ask_del(p, a);
	if (!unavailable(ans))
		kept_run(p);
}

/* ---- taking ---- */

void pcep_pce_asks_cancel(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	for (const struct pcepc_err *e = msg->errs; e; e = e->next)
		LIST_EACH(it, &p->asks) {
			struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);

			if (e->kind == PCEPC_ERR_RP && ask_has(a, e->id))
				ask_del(p, a);
		}
}

/* The set that waits for this request. */
static struct pcep_ask *gathering(const struct pcep_peer *p, uint32_t request, unsigned *at)
{
	LIST_EACH(it, &p->asks) {
		struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);

		if (a->state != PCEP_ASK_GATHERS && a->state != PCEP_ASK_REFUSED)
			continue;
		for (*at = 0; *at < a->n; (*at)++)
			if (a->at[*at].rp.id == request && !a->at[*at].here)
				return a;
	}
	return NULL;
}

static struct pcep_pcerr svec_take(struct pcep_peer *p, const struct pcepc_svec *s, bool *room)
{
	struct pcep_ask *a;
	unsigned at;

	if (s->faulty)
		return s->err_type ? (struct pcep_pcerr){ s->err_type, s->err_value } : unsupported;
	if (s->n_ids > DRIVER_PATHS_MAX)
		return unsupported;
	for (uint32_t i = 0; i < s->n_ids; i++) {
		for (uint32_t k = 0; k < i; k++)
			if (s->ids[k] == s->ids[i])
				return malformed;
		if (gathering(p, s->ids[i], &at)) /* in two sets at once */
			return unsupported;
	}
	a = ask_new(p, s->n_ids);
	*room = a != NULL;
	if (!a)
		return fine;
	a->until = mono_add(loop_now(p->pcep->loop), SYNC_NS);
	for (uint32_t i = 0; i < s->n_ids; i++)
		a->at[i].rp.id = s->ids[i];
	return pcep_ask_svec(s, a);
}

static const struct pcepc_assoc *group_of(const struct pcepc_item *it)
{
	const struct pcepc_assoc *g = it->rp ? it->assoc : NULL;

	while (g && (g->type != PCEPC_ASSOC_DISJOINT || g->remove))
		g = g->next;
	return g;
}

static bool in_group(const struct pcepc_item *it, const struct pcepc_assoc *g)
{
	const struct pcepc_assoc *o = group_of(it);

	return o && o->id == g->id && ip_eq(&o->source, &g->source);
}

/* Requests of one disjoint group in one message are a set without an SVEC. */
static struct pcep_pcerr group_take(struct pcep_peer *p, const struct pcepc_item *first,
				    const struct pcepc_assoc *g, bool *room)
{
	struct pcep_ask *a;
	unsigned n = 0;

	for (const struct pcepc_item *it = first; it; it = it->next)
		n += in_group(it, g);
	if (n > DRIVER_PATHS_MAX)
		return group_too_large;
	a = ask_new(p, n);
	*room = a != NULL;
	if (!a)
		return fine;
	a->until = mono_add(loop_now(p->pcep->loop), SYNC_NS);
	n = 0;
	for (const struct pcepc_item *it = first; it; it = it->next)
		if (in_group(it, g))
			a->at[n++].rp.id = it->rp->id;
	return fine;
}

/* A set that cannot be understood or held leaves nothing of its message to be answered alone. */
static bool sets_take(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	uint32_t before = p->last_ask;
	struct pcep_pcerr no = fine;
	bool room = true;
	unsigned at;

	for (const struct pcepc_svec *s = msg->svecs; s && room && !no.type; s = s->next)
		no = svec_take(p, s, &room);
	for (const struct pcepc_item *it = msg->items; it && room && !no.type; it = it->next) {
		const struct pcepc_assoc *g = group_of(it);

		if (g && !gathering(p, it->rp->id, &at))
			no = group_take(p, it, g, &room);
	}
	if (room && !no.type)
		return true;
	LIST_EACH(it, &p->asks) {
		struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);

		if (a->id > before)
			ask_del(p, a);
	}
	for (const struct pcepc_item *it = msg->items; it; it = it->next)
		if (no.type)
			request_refuse(p, it, no);
		else
			no_room(p, it);
	return false;
}

static void request(struct pcep_peer *p, const struct pcepc_item *it)
{
	unsigned at;
	struct pcep_ask *a = gathering(p, it->rp->id, &at);
	struct pcep_pcerr no;

	if (!a) {
		a = ask_new(p, 1);
		at = 0;
	}
	if (!a) {
		no_room(p, it);
		return;
	}
	no = pcep_ask_read(it, &a->at[at], &a->want[at]);
	if (no.type) {
		request_refuse(p, it, no);
		a->bad = it->rp->id;
		a->state = PCEP_ASK_REFUSED;
		a->at[at].rp.id = 0; /* told */
		return;
	}
	a->at[at].here = true;
	a->n_here++;
}

/* Sets that are whole are asked; those with a request that was refused go, for all of it. */
static void asks_start(struct pcep_peer *p, uint32_t session)
{
	struct pcep_ask *a;

	do {
		a = NULL;
		LIST_EACH(it, &p->asks) {
			struct pcep_ask *k = LIST_OF(it, struct pcep_ask, link);

			if (!a && (k->state == PCEP_ASK_REFUSED ||
				   (k->state == PCEP_ASK_GATHERS && k->n_here == k->n)))
				a = k;
		}
		if (a && a->state == PCEP_ASK_REFUSED) {
			set_refuse(p, a, one_missing, a->bad);
			ask_del(p, a);
		} else if (a) {
			struct pcep_pcerr no = pcep_ask_agree(a);

			a->until = (struct mono){ 0 };
			if (no.type) {
				set_refuse(p, a, no, 0);
				ask_del(p, a);
			} else {
				(void)ask_run(p, a);
			}
		}
	} while (a && p->session == session);
}

void pcep_pce_requests(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	uint32_t session = p->session;

	if (!msg->items) {
		pcep_sess_send_err(p->sess, 6, 1, PCEPC_ERR_ERROR, 0);
		return;
	}
	if (!sets_take(p, msg))
		return;
	for (const struct pcepc_item *it = msg->items; it; it = it->next)
		request(p, it);
	asks_start(p, session);
	if (p->session == session)
		timer_look(p);
}

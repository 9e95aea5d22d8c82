/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom verification is for, and when. A flow that promises something is probed once, before its traffic
 * is let on; that it was is durable before the traffic comes, so a restart does not probe all there are at
 * once. A device has sessions for so many flows at a time, the rest waits: who came first is probed first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "log/log.h"
#include "realise/room.h"

enum {
	PROBES_MAX = 32, /* of a device at a time; it has 256 sessions, most are of who measures */
	BEAT_S = 5,	 /* who waits says so */
};

/* ---- whom it is for ---- */

/* The same on every start: it is in records. */
uint64_t realise_flow_id(const struct slice_flow_view *f)
{
	static const uint64_t key[2] = { 0 };
	uint8_t b[4 + 2 * (1 + 16)];

	for (unsigned i = 0; i < 4; i++)
		b[i] = (uint8_t)(f->key.color >> 8 * i);
	b[4] = f->key.headend.family;
	memcpy(b + 5, f->key.headend.b, 16);
	b[21] = f->key.endpoint.family;
	memcpy(b + 22, f->key.endpoint.b, 16);
	return hash_bytes(key, b, sizeof(b)) & INT64_MAX;
}

bool realise_promises(const struct slice_service *v, const struct slice_flow_view *f)
{
	return v->assure.said || f->bandwidth_bps > 0 || f->delay_us_max != PCE_NO_BOUND ||
	       f->loss_ppm_max != PCE_NO_BOUND || f->variation_us_max != PCE_NO_BOUND;
}

bool realise_is_on(const struct realise_slice *s, uint64_t flow, bool *blind)
{
	for (size_t i = 0; i < s->on.n; i++) {
		if (s->on.at[i].flow != flow)
			continue;
		*blind = s->on.at[i].blind;
		return true;
	}
	return false;
}

static uint32_t sdp_of(const struct slice_service *v, const char *id)
{
	for (uint32_t i = 0; i < v->n_sdps; i++) {
		if (strcmp(v->sdps[i].id, id) == 0)
			return i;
	}
	return UINT32_MAX;
}

/* Its traffic comes by us, in a policy of its own or its parent's. */
static bool is_ours(const struct slice_service *v, const struct slice_flow_view *f)
{
	uint32_t sdp = f->protection ? UINT32_MAX : sdp_of(v, f->sender);

	return sdp != UINT32_MAX && realise_circuits(&v->sdps[sdp]) > 0 && realise_promises(v, f);
}

/* A router that cannot ask, or not answer; false: both can as far as is known. */
static bool is_blind(const struct realise *r, const struct slice_service *v, const struct slice_flow_view *f,
		     char why[SR_REASON_MAX])
{
	const char *const ends[] = { f->sender, f->receiver };

	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		uint32_t sdp = sdp_of(v, ends[i]);
		const char *device = sdp == UINT32_MAX ? NULL : realise_place_of(r, v, sdp, NULL).device;

		if (!device)
			continue; /* where it is it cannot be planned yet */
		if (r->port.has(r->port.self, device) && realise_seen_probes(r, device))
			continue;
		(void)snprintf(why, SR_REASON_MAX, "%.60s cannot %s probes", device, i ? "answer" : "send");
		return true;
	}
	return false;
}

static bool add_on(struct realise_slice *s, uint64_t flow, bool blind)
{
	const struct realise_let_on x = { flow, blind };

	s->on_rev++;
	return VEC_ADD(&s->on, x);
}

static void prune(struct realise_slice *s, const struct slice_job *job)
{
	for (size_t i = s->on.n; i-- > 0;) {
		bool there = false;

		for (uint32_t k = 0; k < job->n_flows && !there; k++)
			there = realise_flow_id(&job->flows[k]) == s->on.at[i].flow;
		if (there)
			continue;
		s->on.at[i] = s->on.at[--s->on.n];
		s->on_rev++;
	}
}

int realise_turn_begin(struct realise_slice *s, const struct slice_job *job, char why[SR_REASON_MAX])
{
	const struct slice_service *v = job->service;
	int n = 0;

	why[0] = '\0';
	prune(s, job);
	for (uint32_t i = 0; i < job->n_flows; i++) {
		const struct slice_flow_view *f = &job->flows[i];
		uint64_t id = realise_flow_id(f);
		bool blind;

		if (!is_ours(v, f) || realise_is_on(s, id, &blind))
			continue;
		blind = !s->on_all && is_blind(s->r, v, f, why);
		if (blind && v->assure.said && v->assure.stamp)
			return -1;
		if (!blind && !s->on_all)
			n++;
		else if (!add_on(s, id, blind))
			return (void)str_copy(why, SR_REASON_MAX, "no memory"), -1;
	}
	s->on_all = false;
	if (n > 0 && !list_linked(&s->verify))
		list_add(&s->r->verifying, &s->verify);
	return n > 0;
}

void realise_turn_note(const struct realise_slice *s, char out[SR_REASON_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s->on.n; i++)
		n += s->on.at[i].blind;
	out[0] = '\0';
	if (n > 0)
		(void)snprintf(out, SR_REASON_MAX, "traffic of %zu of %zu flows was let on without probes: their routers "
			       "cannot send or answer them", n, s->on.n);
}

/* ---- whose turn it is ---- */

struct busy {
	const char *device;
	unsigned n;
};

struct busies {
	VEC(struct busy) at; /* by device */
};

/* NULL without memory. */
static struct busy *busy_at(struct busies *b, const char *device)
{
	size_t at = VEC_PLACE(&b->at, x, strcmp(x->device, device) < 0);
	const struct busy fresh = { device, 0 };

	if (at < b->at.n && strcmp(b->at.at[at].device, device) == 0)
		return &b->at.at[at];
	return VEC_INSERT(&b->at, at, fresh) ? &b->at.at[at] : NULL;
}

static void count(const struct realise_slice *s, struct busies *b)
{
	for (size_t i = 0; i < s->probes.n; i++) {
		struct busy *x = s->probes.at[i].turn == REALISE_PROBED ? busy_at(b, s->probes.at[i].device) : NULL;

		if (x)
			x->n++;
	}
}

static void give(struct realise_slice *s, struct busies *b)
{
	bool given = false;

	for (size_t i = 0; s->planned && i < s->probes.n; i++) {
		struct realise_probe *p = &s->probes.at[i];
		struct busy *x = p->turn == REALISE_QUEUED ? busy_at(b, p->device) : NULL;

		if (!x || x->n >= PROBES_MAX)
			continue;
		x->n++;
		p->turn = REALISE_PROBED;
		p->since = loop_now(s->r->cfg.loop);
		given = true;
	}
	if (!given)
		return;
	s->planned = false;
	realise_look(s);
}

/* Sessions that are on their way out are not counted: at most as many again are on a device for a moment. */
void realise_turns(struct realise *r)
{
	struct busies b = { 0 };

	r->turns_due = false;
	LIST_EACH(n, &r->verifying)
		count(LIST_OF(n, struct realise_slice, verify), &b);
	LIST_EACH(n, &r->verifying)
		give(LIST_OF(n, struct realise_slice, verify), &b);
	VEC_FINI(&b.at);
}

uint64_t realise_turn_left(const struct realise_slice *s)
{
	struct mono now = loop_now(s->r->cfg.loop);
	uint64_t left = 0;
	bool probed = false, queued = false;

	for (size_t i = 0; i < s->probes.n; i++) {
		const struct realise_probe *p = &s->probes.at[i];
		struct mono end = mono_add(p->since, s->r->cfg.patience_ns);

		queued = queued || p->turn == REALISE_QUEUED;
		if (p->turn != REALISE_PROBED)
			continue;
		if (!mono_before(now, end))
			return 0;
		if (!probed || mono_since(now, end) < left)
			left = mono_since(now, end);
		probed = true;
	}
	if (!probed && queued)
		left = BEAT_S * NS_PER_S;
	return left > BEAT_S * NS_PER_S ? BEAT_S * NS_PER_S : left;
}

void realise_turn_why(const struct realise_slice *s, char out[SR_REASON_MAX])
{
	size_t done = 0, queued = 0;

	for (size_t i = 0; i < s->probes.n; i++) {
		done += s->probes.at[i].turn == REALISE_PASSED;
		queued += s->probes.at[i].turn == REALISE_QUEUED;
	}
	(void)snprintf(out, SR_REASON_MAX, "%zu of %zu flows are verified, %zu wait for their turn: %d of a router are probed "
		       "at a time", done, s->probes.n, queued, PROBES_MAX);
}

/* ---- how it ends ---- */

void realise_turn_passed(struct realise_slice *s)
{
	for (size_t i = 0; i < s->probes.n; i++) {
		bool blind;

		/* without memory it is probed again after a restart */
		if (!realise_is_on(s, s->probes.at[i].flow, &blind))
			(void)add_on(s, s->probes.at[i].flow, false);
	}
}

static bool is_probed_by_other(const struct realise_slice *s, const char *device)
{
	LIST_EACH(n, &s->r->verifying) {
		const struct realise_slice *o = LIST_OF(n, struct realise_slice, verify);

		for (size_t i = 0; o != s && i < o->probes.n; i++) {
			if (strcmp(o->probes.at[i].far, device) == 0 && o->probes.at[i].turn != REALISE_PASSED)
				return true;
		}
	}
	return false;
}

static void reflector_over(const struct realise_slice *s, const char *device)
{
	if (device[0] && s->r->probed && !is_probed_by_other(s, device))
		s->r->probed(s->r->probed_ctx, device);
}

/* Who measures by probes has reflectors answer from now on, and ends that itself. */
static bool is_measured(const struct realise_slice *s)
{
	const struct slice_service *v = slice_service_of(s->r->cfg.slice, s->id);
	size_t passed = 0;

	for (size_t i = 0; i < s->probes.n; i++)
		passed += s->probes.at[i].turn == REALISE_PASSED;
	return v && v->assure.said && v->assure.stamp && passed > 0 && passed == s->probes.n;
}

/* After a crash its probes may not have been planned: reflectors are where its tables are. */
void realise_turn_end(struct realise_slice *s)
{
	list_del(&s->verify);
	s->r->turns_due = !list_empty(&s->r->verifying);
	if (is_measured(s))
		return;
	for (size_t i = 0; i < s->sites.n; i++)
		reflector_over(s, s->sites.at[i]->device);
	for (size_t i = 0; i < s->probes.n; i++) {
		if (!realise_site_of(s, s->probes.at[i].far, false))
			reflector_over(s, s->probes.at[i].far);
	}
}

void realise_turn_off(struct realise_slice *s)
{
	if (s->on.n > 0 || s->on_all)
		s->on_rev++;
	s->on.n = 0;
	s->on_all = false;
}

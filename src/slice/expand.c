/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constructs into directed flows. What any SDP may send to any other is reserved pair by pair: the
 * least of what may enter here and leave there. That is more than a tree of the hose model would
 * take, and right whatever way each pair goes.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "slice/plan.h"

static int fault(struct slice_fault *f, const struct slice_group *g, const struct slice_construct *c,
		 const char *text)
{
	if (c && !c->made)
		(void)snprintf(f->field, sizeof(f->field),
			       "connection-groups/connection-group[id='%s']/connectivity-construct[id='%s']",
			       g->id, c->id);
	else
		(void)snprintf(f->field, sizeof(f->field), "connection-groups/connection-group[id='%s']",
			       g->id);
	if (text)
		(void)snprintf(f->text, sizeof(f->text), "%s", text);
	return err_raise(-EINVAL);
}

/* ---- constructs out of roles ---- */

/* The role of an SDP in a group: of its first criterion for it. False: it is not of it. */
static bool role_in(const struct slice_sdp *p, uint32_t group, enum slice_role *out)
{
	for (uint32_t i = 0; i < p->n_criteria; i++) {
		if (p->criteria[i].group == group) {
			*out = p->criteria[i].role;
			return true;
		}
	}
	return false;
}

struct roles {
	const struct slice_service *s;
	struct arena *a;
	uint32_t group;
	enum slice_role role[SLICE_SDPS_MAX];
	uint32_t member[SLICE_SDPS_MAX], n; /* indices of SDPs */
	struct slice_construct *at;
	uint32_t n_at, cap;
	bool nomem;
};

static struct slice_construct *made(struct roles *r, uint32_t n_ends)
{
	struct slice_construct *c;

	if (r->n_at == r->cap) {
		uint32_t cap = r->cap ? 2 * r->cap : 8;
		struct slice_construct *more =
			cap <= 2 * SLICE_CONSTRUCTS_MAX ? ARENA_ARRAY(r->a, cap, struct slice_construct) : NULL;

		if (!more) {
			r->nomem = true;
			return NULL;
		}
		if (r->n_at)
			memcpy(more, r->at, r->n_at * sizeof(*more));
		r->at = more;
		r->cap = cap;
	}
	c = &r->at[r->n_at];
	c->made = true;
	c->ends = ARENA_ARRAY(r->a, n_ends, struct slice_end);
	c->n_ends = n_ends;
	if (!c->ends) {
		r->nomem = true;
		return NULL;
	}
	r->n_at++;
	return c;
}

static void pair(struct roles *r, uint32_t from, uint32_t to)
{
	struct slice_construct *c = r->nomem ? NULL : made(r, 2);

	if (!c)
		return;
	c->kind = SLICE_C_P2P;
	c->ends[0].sdp = from;
	c->ends[1].sdp = to;
	/* Both ids in full would be too long for one; the numbers tell them apart. */
	c->id = arena_printf(r->a, "%.40s>%.40s#%u", r->s->sdps[from].id, r->s->sdps[to].id, r->n_at);
	r->nomem = !c->id;
}

static void any_to_any(struct roles *r)
{
	struct slice_construct *c = made(r, r->n);

	if (!c)
		return;
	c->kind = SLICE_C_A2A;
	c->id = "a2a";
	for (uint32_t i = 0; i < r->n; i++)
		c->ends[i].sdp = r->member[i];
}

/* Everybody of one role to everybody of another. */
static void pairs(struct roles *r, enum slice_role from, enum slice_role to)
{
	for (uint32_t i = 0; i < r->n; i++) {
		for (uint32_t k = 0; k < r->n && r->role[i] == from; k++) {
			if (i != k && r->role[k] == to)
				pair(r, r->member[i], r->member[k]);
		}
	}
}

static uint32_t count(const struct roles *r, enum slice_role role)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++)
		n += r->role[i] == role;
	return n;
}

/* NULL, or what keeps the roles from making constructs. */
static const char *make(struct roles *r, enum slice_connectivity kind)
{
	uint32_t senders = count(r, SLICE_ROLE_SENDER), receivers = count(r, SLICE_ROLE_RECEIVER);

	switch (kind) {
	case SLICE_ANY_TO_ANY:
	case SLICE_MP2MP:
		any_to_any(r);
		return NULL;
	case SLICE_HUB_SPOKE:
		pairs(r, SLICE_ROLE_HUB, SLICE_ROLE_SPOKE);
		pairs(r, SLICE_ROLE_SPOKE, SLICE_ROLE_HUB);
		return r->n_at ? NULL : "it needs SDPs with hub-role and SDPs with spoke-role";
	case SLICE_P2P:
		if (r->n != 2)
			return "it needs exactly two SDPs";
		if (senders == 1 && receivers == 1)
			pairs(r, SLICE_ROLE_SENDER, SLICE_ROLE_RECEIVER);
		else if (senders == 0 && receivers == 0)
			any_to_any(r);
		else
			return "it needs one SDP with sender-role and one with receiver-role";
		return NULL;
	case SLICE_P2MP:
		if (senders != 1 || receivers == 0)
			return "it needs one SDP with sender-role and others with receiver-role";
		pairs(r, SLICE_ROLE_SENDER, SLICE_ROLE_RECEIVER);
		return NULL;
	case SLICE_MP2P:
		if (receivers != 1 || senders == 0)
			return "it needs one SDP with receiver-role and others with sender-role";
		pairs(r, SLICE_ROLE_SENDER, SLICE_ROLE_RECEIVER);
		return NULL;
	}
	return NULL;
}

static int group_roles(struct slice_service *s, struct arena *a, uint32_t group, struct slice_fault *f)
{
	struct slice_group *g = &s->groups[group];
	struct roles r = { .s = s, .a = a, .group = group };
	const char *why;

	for (uint32_t i = 0; i < s->n_sdps; i++) {
		if (role_in(&s->sdps[i], group, &r.role[r.n]))
			r.member[r.n++] = i;
	}
	if (g->n_constructs > 0 || r.n < 2)
		return 0;
	why = make(&r, g->connectivity);
	if (why)
		return fault(f, g, NULL, why);
	if (r.nomem || r.n_at > SLICE_CONSTRUCTS_MAX)
		return fault(f, g, NULL, "its roles make more constructs than a slice may have");
	g->constructs = r.at;
	g->n_constructs = r.n_at;
	return 0;
}

/* A slice without groups that shares a bandwidth is a pool between its SDPs. */
static int pool(struct slice_service *s, struct arena *a)
{
	struct roles r = { .s = s, .a = a, .n = s->n_sdps };
	struct slice_group *g = ARENA_NEW(a, struct slice_group);

	for (uint32_t i = 0; i < s->n_sdps; i++)
		r.member[i] = i;
	any_to_any(&r);
	if (!g || r.nomem)
		return err_raise(-ENOMEM);
	*g = (struct slice_group){ .id = "pool", .constructs = r.at, .n_constructs = r.n_at };
	s->groups = g;
	s->n_groups = 1;
	return 0;
}

int slice_roles(struct slice_service *s, struct arena *a, struct slice_fault *f)
{
	if (s->n_groups == 0 && s->n_sdps >= 2)
		return pool(s, a);
	for (uint32_t i = 0; i < s->n_groups; i++) {
		int r = group_roles(s, a, i, f);

		if (r < 0)
			return err_trace(r);
	}
	return 0;
}

/* What group_roles() will make of a group without constructs. */
static bool will_be_any(const struct slice_service *s, uint32_t group)
{
	enum slice_connectivity kind = s->groups[group].connectivity;
	enum slice_role role;

	for (uint32_t i = 0; kind == SLICE_P2P && i < s->n_sdps; i++) {
		if (role_in(&s->sdps[i], group, &role) && (role == SLICE_ROLE_SENDER || role == SLICE_ROLE_RECEIVER))
			return false;
	}
	return kind == SLICE_ANY_TO_ANY || kind == SLICE_MP2MP || kind == SLICE_P2P;
}

static bool is_end(const struct slice_construct *c, uint32_t sdp)
{
	for (uint32_t i = 0; i < c->n_ends; i++) {
		if (c->ends[i].sdp == sdp)
			return true;
	}
	return false;
}

bool slice_any_to_any(const struct slice_service *s, uint32_t sdp)
{
	bool some = s->n_groups == 0; /* a pool */
	enum slice_role role;

	for (uint32_t g = 0; g < s->n_groups; g++) {
		const struct slice_group *at = &s->groups[g];
		bool made = at->n_constructs == 0 && role_in(&s->sdps[sdp], g, &role);

		if (made && !will_be_any(s, g))
			return false;
		some = some || made;
		for (uint32_t k = 0; k < at->n_constructs; k++) {
			if (!is_end(&at->constructs[k], sdp))
				continue;
			if (at->constructs[k].kind != SLICE_C_A2A)
				return false;
			some = true;
		}
	}
	return some;
}

/* ---- flows ---- */

struct expansion {
	const struct slice_service *s;
	const struct slice_catalogue *c;
	uint8_t margin_pct;
	struct arena *a;
	struct slice_flows *out;
	struct slice_fault *f;
	const struct slice_group *g;
	const struct slice_construct *con;
};

static int add(struct expansion *x, uint32_t from, uint32_t to, const struct slice_terms *t)
{
	struct slice_flows *o = x->out;

	if (x->s->sdps[from].down || x->s->sdps[to].down)
		return 0;
	if (o->n == SLICE_FLOWS_MAX)
		return fault(x->f, x->g, x->con, "a slice has at most 1024 directed flows");
	if (o->n == o->cap) {
		uint32_t cap = o->cap ? 2 * o->cap : 16;
		struct slice_flow *more = ARENA_ARRAY(x->a, cap, struct slice_flow);

		if (!more)
			return err_raise(-ENOMEM);
		if (o->n)
			memcpy(more, o->at, o->n * sizeof(*more));
		o->at = more;
		o->cap = cap;
	}
	o->at[o->n++] = (struct slice_flow){ .group = x->g->id,
					     .construct = x->con->id,
					     .sender = from,
					     .receiver = to,
					     .terms = *t };
	return 0;
}

static int terms_of(struct expansion *x, const struct slice_policy *own, struct slice_terms *out)
{
	const struct slice_policy *levels[] = { &x->s->policy, &x->g->policy, &x->con->policy, own };
	struct slice_slo slo;

	if (slice_slo_resolve(x->c, levels, own ? 4 : 3, &slo, x->f) < 0)
		return fault(x->f, x->g, x->con, NULL);
	slice_terms(&slo, x->margin_pct, out);
	if (out->shared_bps && out->bandwidth_bps > out->shared_bps)
		return fault(x->f, x->g, x->con, "it is promised more than the bandwidth that is shared");
	if (out->bandwidth_bps == 0)
		out->bandwidth_bps = out->shared_bps;
	return 0;
}

/* Another construct of the group goes from there to here. */
static bool answered(const struct slice_group *g, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < g->n_constructs; i++) {
		const struct slice_construct *c = &g->constructs[i];

		if (c->kind == SLICE_C_P2P && c->ends[0].sdp == from && c->ends[1].sdp == to)
			return true;
	}
	return false;
}

static int spokes_apart(struct expansion *x, uint32_t from, uint32_t to)
{
	uint32_t group = (uint32_t)(x->g - x->s->groups);
	enum slice_role a = SLICE_ROLE_ANY, b = SLICE_ROLE_ANY;

	if (x->g->connectivity == SLICE_HUB_SPOKE && role_in(&x->s->sdps[from], group, &a) &&
	    role_in(&x->s->sdps[to], group, &b) && a == SLICE_ROLE_SPOKE && b == SLICE_ROLE_SPOKE)
		return fault(x->f, x->g, x->con, "it joins two spokes of a hub-spoke group");
	return 0;
}

static int from_one(struct expansion *x)
{
	const struct slice_construct *c = x->con;
	struct slice_terms t;
	int r = terms_of(x, NULL, &t);

	for (uint32_t i = 1; r == 0 && i < c->n_ends; i++) {
		uint32_t from = c->ends[0].sdp, to = c->ends[i].sdp;

		r = spokes_apart(x, from, to);
		if (r == 0)
			r = add(x, from, to, &t);
		if (r == 0 && t.two_way && !answered(x->g, to, from)) {
			uint32_t n = x->out->n;

			r = add(x, to, from, &t);
			if (r == 0 && x->out->n > n)
				x->out->at[n].back = true;
		}
	}
	return r;
}

/* The least of those said; 0: none is. */
static uint64_t least_said(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* The stricter of what its two ends are held to: no bound is the largest number. */
static struct slice_terms joined(const struct slice_terms *a, const struct slice_terms *b)
{
	struct slice_terms t = *a;

	t.delay_us_max = a->delay_us_max < b->delay_us_max ? a->delay_us_max : b->delay_us_max;
	slice_terms_join(&t, b);
	t.loss_ppm_max = a->loss_ppm_max < b->loss_ppm_max ? a->loss_ppm_max : b->loss_ppm_max;
	t.mtu = a->mtu > b->mtu ? a->mtu : b->mtu;
	t.nines = a->nines > b->nines ? a->nines : b->nines;
	t.diversity = a->diversity | b->diversity;
	t.isolate = a->isolate || b->isolate;
	t.secure = a->secure || b->secure;
	t.occupancy = a->occupancy || b->occupancy;
	return t;
}

static int among_all(struct expansion *x)
{
	const struct slice_construct *c = x->con;
	struct slice_terms *t = ARENA_ARRAY(x->a, c->n_ends, struct slice_terms);
	int r = t ? 0 : err_raise(-ENOMEM);

	for (uint32_t i = 0; r == 0 && i < c->n_ends; i++)
		r = terms_of(x, &c->ends[i].policy, &t[i]);
	for (uint32_t i = 0; r == 0 && i < c->n_ends; i++) {
		for (uint32_t k = 0; r == 0 && k < c->n_ends; k++) {
			const struct slice_sdp *from = &x->s->sdps[c->ends[i].sdp];
			const struct slice_sdp *to = &x->s->sdps[c->ends[k].sdp];
			struct slice_terms both = joined(&t[i], &t[k]);

			if (i == k)
				continue;
			both.bandwidth_bps = least_said(least_said(t[i].bandwidth_bps, from->in.cir),
							least_said(t[k].bandwidth_bps, to->out.cir));
			r = add(x, c->ends[i].sdp, c->ends[k].sdp, &both);
		}
	}
	return r;
}

int slice_expand(const struct slice_service *s, const struct slice_catalogue *c, uint8_t margin_pct,
		 struct arena *a, struct slice_flows *out, struct slice_fault *f)
{
	struct expansion x = { .s = s, .c = c, .margin_pct = margin_pct, .a = a, .out = out, .f = f };

	*out = (struct slice_flows){ 0 };
	for (uint32_t i = 0; i < s->n_groups; i++) {
		x.g = &s->groups[i];
		for (uint32_t k = 0; k < x.g->n_constructs; k++) {
			int r;

			x.con = &x.g->constructs[k];
			if (x.con->down)
				continue;
			r = x.con->kind == SLICE_C_A2A ? among_all(&x) : from_one(&x);
			if (r < 0)
				return err_trace(r);
		}
	}
	return 0;
}

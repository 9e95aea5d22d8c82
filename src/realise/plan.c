/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service and its flows into tables and their routes, router by router; entrance.c has what stands
 * before them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "realise/plan_int.h"

enum { FUNCTION_BITS = 16, PROBE_MS = 20 };

/* ---- names ---- */

/* What people recognise, and what tells it from others that are cut to the same. */
void realise_tag(const char *slice, char out[REALISE_TAG_MAX])
{
	enum { SHOWN = 16 };
	char shown[SHOWN + 1];
	uint32_t h = 2166136261u; /* FNV-1a */
	size_t n = 0;

	for (const char *c = slice; *c; c++) {
		bool fit = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

		h = (h ^ (uint8_t)*c) * 16777619u;
		if (n < SHOWN)
			shown[n++] = fit ? *c : '_';
	}
	shown[n] = '\0';
	(void)snprintf(out, REALISE_TAG_MAX, REALISE_TAG "%s-%08x", shown, h);
}

static const char *const heads[] = {
	[REALISE_IS_TABLE] = "/device/table[id=",
	[REALISE_IS_POLICER] = "/device/policer[name=",
	[REALISE_IS_FILTER] = "/device/source-filter[interface=",
	[REALISE_IS_CLASSIFIER] = "/device/classifier[id=",
	[REALISE_IS_SESSION] = "/device/measure/stamp/session[name=",
};

enum realise_rank realise_rank_of(const char *path)
{
	for (unsigned i = 0; i < ARRAY_LEN(heads); i++) {
		if (strncmp(path, heads[i], strlen(heads[i])) == 0)
			return (enum realise_rank)i;
	}
	return REALISE_IS_TABLE;
}

/* ---- tables ---- */

uint32_t realise_sdp_of(const struct slice_service *s, const char *id)
{
	for (uint32_t i = 0; i < s->n_sdps; i++) {
		if (strcmp(s->sdps[i].id, id) == 0)
			return i;
	}
	return UINT32_MAX;
}

const struct realise_table *realise_table_of(const struct realise_table *at, uint32_t n, uint32_t sdp,
					     const char *group)
{
	for (uint32_t i = 0; i < n; i++) {
		if (at[i].sdp == sdp && strcmp(at[i].group, group) == 0)
			return &at[i];
	}
	return NULL;
}

/* Its tables so far. */
struct needed {
	const struct realise_in *in;
	struct arena *a;
	struct realise_table *at;
	uint32_t n, cap;
	bool nomem;
};

static void need(struct needed *x, uint32_t sdp, const char *group)
{
	if (sdp >= x->in->service->n_sdps || realise_circuits(&x->in->service->sdps[sdp]) == 0 ||
	    realise_table_of(x->at, x->n, sdp, group))
		return;
	if (x->n == x->cap) {
		uint32_t cap = x->cap ? 2 * x->cap : 16;
		struct realise_table *more = ARENA_ARRAY(x->a, cap, struct realise_table);

		if (!more) {
			x->nomem = true;
			return;
		}
		if (x->n)
			memcpy(more, x->at, x->n * sizeof(*more));
		x->at = more;
		x->cap = cap;
	}
	x->at[x->n++] = (struct realise_table){ .sdp = sdp, .group = group };
}

static int by_sdp(const void *a, const void *b)
{
	const struct realise_table *x = a, *y = b;

	return x->sdp != y->sdp ? (x->sdp > y->sdp) - (x->sdp < y->sdp) : strcmp(x->group, y->group);
}

static bool same_device(const struct realise_in *in, uint32_t a, uint32_t b)
{
	return in->places[a].device && in->places[b].device &&
	       strcmp(in->places[a].device, in->places[b].device) == 0;
}

/* What passes between SDPs of one router is no flow: it crosses no link. */
static void need_neighbours(struct needed *x, uint32_t group)
{
	const struct slice_service *s = x->in->service;
	struct realise_joins *j = calloc(1, sizeof(*j));

	x->nomem = x->nomem || !j;
	if (j)
		realise_join(s, group, j);
	for (uint32_t a = 0; j && a < s->n_sdps; a++) {
		bool meets = false;

		for (uint32_t b = 0; b < s->n_sdps && !meets; b++)
			meets = realise_joined(j, a, b) && same_device(x->in, a, b);
		if (meets)
			need(x, a, realise_group_id(s, group));
	}
	free(j);
}

int realise_tables(const struct realise_in *in, struct arena *a, struct realise_table **out, uint32_t *n)
{
	struct needed x = { .in = in, .a = a };

	for (uint32_t i = 0; i < in->n_flows; i++) {
		need(&x, realise_sdp_of(in->service, in->flows[i].sender), in->flows[i].group);
		need(&x, realise_sdp_of(in->service, in->flows[i].receiver), in->flows[i].group);
	}
	for (uint32_t g = 0; g < in->service->n_groups; g++)
		need_neighbours(&x, g);
	if (in->service->n_groups == 0)
		need_neighbours(&x, UINT32_MAX);
	if (x.nomem)
		return err_raise(-ENOMEM);
	if (x.n > 1)
		qsort(x.at, x.n, sizeof(*x.at), by_sdp);
	*out = x.at;
	*n = x.n;
	return 0;
}

bool realise_sid(const struct realise_place *p, uint32_t number, struct ip_addr *out, uint8_t *len)
{
	unsigned at = p->locator.len;

	if (p->locator.addr.family != IP_V6 || at + FUNCTION_BITS > 128)
		return false;
	*out = p->locator.addr;
	ip_bits_set(out, at, FUNCTION_BITS, REALISE_FUNCTION_FIRST + number);
	*len = (uint8_t)(at + FUNCTION_BITS);
	return true;
}

/* ---- objects ---- */

static int no_way(struct realise_work *w, const struct slice_sdp *p, const char *text)
{
	(void)snprintf(w->f->field, sizeof(w->f->field), "sdps/sdp[id='%s']", p->id);
	(void)snprintf(w->f->text, sizeof(w->f->text), "%s", text);
	return err_raise(-EINVAL);
}

static bool grow(struct realise_work *w)
{
	struct realise_objects *o = w->out;
	uint32_t cap = o->cap ? 2 * o->cap : 16;
	struct realise_object *more = ARENA_ARRAY(w->a, cap, struct realise_object);

	if (!more)
		return false;
	if (o->n)
		memcpy(more, o->at, o->n * sizeof(*more));
	o->at = more;
	o->cap = cap;
	return true;
}

void realise_put(struct realise_work *w, const char *device, enum realise_rank rank, const char *key,
		 struct str *json)
{
	struct realise_objects *o = w->out;
	const char *path = arena_printf(w->a, "%s%s]", heads[rank], key);
	struct realise_object x = { device, rank, path, json->bad ? NULL : arena_str(w->a, str_text(json)) };

	for (uint32_t i = 0; path && i < o->n; i++) {
		if (strcmp(o->at[i].device, device) == 0 && strcmp(o->at[i].path, path) == 0)
			return;
	}
	if (x.path && x.json && (o->n < o->cap || grow(w)))
		o->at[o->n++] = x;
	else
		w->nomem = true;
}

const struct realise_prefix *realise_behind(struct realise_work *w, uint32_t sdp, uint32_t *n)
{
	struct realise_behind *b = &w->behind[sdp];

	if (!b->at)
		b->at = realise_prefixes(&w->in->service->sdps[sdp], w->a, &b->n);
	w->nomem = w->nomem || !b->at;
	*n = b->at ? b->n : 0;
	return b->at;
}

/* ---- a table ---- */

struct routing {
	struct realise_work *w;
	const struct realise_table *t;
	struct str *json;
	const struct ip_prefix **seen; /* a prefix is one route: the first flow's */
	uint32_t n_seen, cap;
};

static bool fresh(struct routing *r, const struct ip_prefix *p)
{
	for (uint32_t i = 0; i < r->n_seen; i++) {
		if (ip_prefix_cmp(r->seen[i], p) == 0)
			return false;
	}
	if (r->n_seen == r->cap) {
		uint32_t cap = r->cap ? 2 * r->cap : 32;
		const struct ip_prefix **more = ARENA_ARRAY(r->w->a, cap, const struct ip_prefix *);

		if (!more) {
			r->w->nomem = true;
			return false;
		}
		if (r->n_seen)
			memcpy(more, r->seen, r->n_seen * sizeof(*more));
		r->seen = more;
		r->cap = cap;
	}
	r->seen[r->n_seen++] = p;
	return true;
}

static void open_route(struct routing *r, const struct ip_prefix *p)
{
	char text[IP_PREFIX_TEXT_MAX];

	str_addf(r->json, "%s{\"prefix\":\"%s\"", r->n_seen > 1 ? "," : ",\"route\":[",
		 ip_prefix_text(p, text, sizeof(text)));
}

static void by_circuit(struct str *json, const char *before, const char *name, const struct ip_addr *hop)
{
	char text[IP_TEXT_MAX];

	str_addf(json, "%s\"interface\":\"%s\"", before, name);
	if (hop && hop->family == IP_V6)
		str_addf(json, ",\"next-hop\":\"%s\"", ip_text(hop, text, sizeof(text)));
}

/* The other circuits of who has several: the first carries, the next ones wait. */
static void backups(struct str *json, const struct realise_prefix *p, const char *first)
{
	char name[REALISE_IF_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_backups; i++) {
		const struct slice_ac *ac = p->backup[i].ac;

		if (!realise_interface(ac, name) || strcmp(name, first) == 0)
			continue;
		by_circuit(json, n++ ? "},{" : ",\"backup\":[{", name, p->backup[i].behind ? &ac->next_hop : NULL);
	}
	str_add(json, n ? "}]" : "");
}

/* What is behind the table's own SDP is delivered there, down or not: homes do not send each other what comes to them. */
static bool is_led_to(const struct routing *r, uint32_t sdp, const struct ip_prefix *p)
{
	return sdp == r->t->sdp || realise_is_best_home(r->w, r->t, sdp, p);
}

/* By the circuits of an SDP of this router. */
static void local_routes(struct routing *r, uint32_t sdp)
{
	uint32_t n;
	const struct realise_prefix *at = realise_behind(r->w, sdp, &n);
	char name[REALISE_IF_MAX];

	for (uint32_t i = 0; i < n; i++) {
		const struct slice_ac *ac = at[i].ac;

		if (!realise_interface(ac, name) || !is_led_to(r, sdp, &at[i].prefix) || !fresh(r, &at[i].prefix))
			continue;
		open_route(r, &at[i].prefix);
		by_circuit(r->json, ",", name, at[i].behind ? &ac->next_hop : NULL);
		backups(r->json, &at[i], name);
		str_add(r->json, "}");
	}
}

/* Into the policy of a flow, to the table at its other end. */
static void policy_routes(struct routing *r, const struct slice_flow_view *f, uint32_t to)
{
	const struct realise_in *in = r->w->in;
	const struct realise_table *other = realise_table_of(in->tables, in->n_tables, to, f->group);
	uint32_t n;
	const struct realise_prefix *at = realise_behind(r->w, to, &n);
	char end[IP_TEXT_MAX], sid[IP_TEXT_MAX];
	struct ip_addr service;
	uint8_t len;

	if (!other || !realise_sid(&in->places[to], other->number, &service, &len))
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (!is_led_to(r, to, &at[i].prefix) || !fresh(r, &at[i].prefix))
			continue;
		open_route(r, &at[i].prefix);
		str_addf(r->json, ",\"segment\":[\"%s\"],\"policy\":{\"color\":%u,\"endpoint\":\"%s\"}}",
			 ip_text(&service, sid, sizeof(sid)), f->key.color,
			 ip_text(&f->key.endpoint, end, sizeof(end)));
	}
}

void realise_find_flows(struct realise_work *w, const struct realise_table *t)
{
	const struct realise_in *in = w->in;
	const char *own = in->service->sdps[t->sdp].id;

	memset(w->flow_to, 0xff, in->service->n_sdps * sizeof(w->flow_to[0]));
	for (uint32_t i = in->n_flows; i-- > 0;) {
		const struct slice_flow_view *f = &in->flows[i];
		uint32_t to = f->protection || strcmp(f->group, t->group) != 0 || strcmp(f->sender, own) != 0 ?
				      UINT32_MAX :
				      realise_sdp_of(in->service, f->receiver);

		if (to < in->service->n_sdps)
			w->flow_to[to] = i;
	}
}

static void remote_routes(struct routing *r)
{
	const struct realise_in *in = r->w->in;
	const struct slice_sdp *own = &in->service->sdps[r->t->sdp];

	for (uint32_t i = 0; i < in->n_flows; i++) {
		const struct slice_flow_view *f = &in->flows[i];
		uint32_t to;

		if (f->protection || strcmp(f->group, r->t->group) != 0 || strcmp(f->sender, own->id) != 0)
			continue;
		to = realise_sdp_of(in->service, f->receiver);
		if (to < in->service->n_sdps && in->places[to].device)
			policy_routes(r, f, to);
	}
}

const struct realise_joins *realise_joins_of(struct realise_work *w, const char *id)
{
	const struct slice_service *s = w->in->service;
	uint32_t group = UINT32_MAX, at = SLICE_GROUPS_MAX;

	for (uint32_t g = 0; g < s->n_groups; g++) {
		if (strcmp(s->groups[g].id, id) == 0)
			group = at = g;
	}
	if (!w->joins[at]) {
		w->joins[at] = ARENA_NEW(w->a, struct realise_joins);
		if (w->joins[at])
			realise_join(s, group, w->joins[at]);
	}
	w->nomem = w->nomem || !w->joins[at];
	return w->joins[at];
}

/* To SDPs of its group on the same router. */
static void neighbour_routes(struct routing *r)
{
	const struct realise_in *in = r->w->in;
	const struct realise_joins *j = realise_joins_of(r->w, r->t->group);

	for (uint32_t i = 0; j && i < in->service->n_sdps; i++) {
		if (realise_joined(j, r->t->sdp, i) && same_device(in, r->t->sdp, i))
			local_routes(r, i);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void bound_interfaces(const struct realise_work *w, const struct realise_table *t, struct str *json)
{
	const struct slice_sdp *p = &w->in->service->sdps[t->sdp];
	char names[REALISE_CIRCUITS_MAX][REALISE_IF_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_acs && n < REALISE_CIRCUITS_MAX; i++) {
		if (realise_is_bound(w->in->service, p, t->group, &p->acs[i]) &&
		    realise_interface(&p->acs[i], names[n]))
			n++;
	}
	qsort(names, n, sizeof(names[0]), by_name);
	for (uint32_t i = 0; i < n; i++)
		str_addf(json, "%s\"%s\"", i ? "," : ",\"interface\":[", names[i]);
	str_add(json, n ? "]" : "");
}

/* Some of what is behind the SDP is routed on: a hub that has all, and its spokes. */
static bool leads_on(const struct routing *r, uint32_t n_own)
{
	for (uint32_t i = 0; i < n_own; i++) {
		for (uint32_t k = n_own; k < r->n_seen; k++) {
			if (r->seen[k]->len > r->seen[i]->len && ip_prefix_has(r->seen[i], &r->seen[k]->addr))
				return true;
		}
	}
	return false;
}

struct shape {
	uint32_t id;
	const char *sid; /* NULL: none leads to it */
	uint8_t sid_len;
	bool bound; /* its interfaces do */
};

static void put_one(struct realise_work *w, const struct realise_table *t, const struct shape *x, const struct str *routes)
{
	STR_AUTO struct str json = { 0 };
	char key[16];

	(void)snprintf(key, sizeof(key), "%u", x->id);
	str_addf(&json, "{\"id\":%s,\"name\":\"%s\"", key, w->tag);
	if (x->sid)
		str_addf(&json, ",\"sid\":[\"%s\"],\"sid-length\":%u", x->sid, x->sid_len);
	if (x->bound)
		bound_interfaces(w, t, &json);
	str_add(&json, str_text(routes));
	str_add(&json, routes->len ? "]}" : "}");
	w->nomem = w->nomem || routes->bad;
	realise_put(w, w->in->places[t->sdp].device, REALISE_IS_TABLE, key, &json);
}

/* What comes by the SID is for the SDP itself. Where that table would lead it on, past it (from spoke to spoke), it has one
 * of its own.
 */
static int put_table(struct realise_work *w, const struct realise_table *t)
{
	const struct realise_place *place = &w->in->places[t->sdp];
	STR_AUTO struct str routes = { 0 }, arriving = { 0 };
	struct routing r = { .w = w, .t = t, .json = &routes }, a = { .w = w, .t = t, .json = &arriving };
	struct shape x = { .id = REALISE_TABLE_FIRST + t->number, .bound = true };
	char text[IP_TEXT_MAX];
	struct ip_addr sid;
	uint32_t n_own;

	if (!place->device)
		return no_way(w, &w->in->service->sdps[t->sdp], "its router is not in the topology");
	if (!realise_sid(place, t->number, &sid, &x.sid_len))
		return no_way(w, &w->in->service->sdps[t->sdp], "its router has no locator that is known");
	x.sid = ip_text(&sid, text, sizeof(text));
	local_routes(&r, t->sdp);
	n_own = r.n_seen;
	if (w->in->parts & REALISE_CLASSIFY) {
		realise_find_flows(w, t);
		neighbour_routes(&r);
		remote_routes(&r);
	}
	if (leads_on(&r, n_own)) {
		local_routes(&a, t->sdp);
		put_one(w, t, &(struct shape){ REALISE_ARRIVALS_FIRST + t->number, x.sid, x.sid_len, false }, &arriving);
		x.sid = NULL;
	}
	put_one(w, t, &x, &routes);
	return 0;
}

/* ---- sessions ---- */

void realise_session_name(const char *tag, uint32_t at, char out[REALISE_NAME_MAX])
{
	(void)snprintf(out, REALISE_NAME_MAX, "%.28s.v%u", tag, at);
}

bool realise_is_probed(const struct realise_in *in, const struct slice_flow_view *f)
{
	uint32_t sdp = f->protection ? UINT32_MAX : realise_sdp_of(in->service, f->sender);

	return sdp < in->service->n_sdps && realise_table_of(in->tables, in->n_tables, sdp, f->group);
}

/* Probes go as packets of the flow will, from where its policy begins. */
static void put_session(struct realise_work *w, uint32_t at)
{
	const struct slice_flow_view *f = &w->in->flows[at];
	STR_AUTO struct str json = { 0 };
	char name[REALISE_NAME_MAX], end[IP_TEXT_MAX], own[IP_TEXT_MAX];

	if (!realise_is_probed(w->in, f) || (w->in->running && !w->in->running[at]))
		return;
	realise_session_name(w->tag, at, name);
	(void)ip_text(&f->key.endpoint, end, sizeof(end));
	str_addf(&json,
		 "{\"name\":\"%s\",\"reflector\":\"%s\",\"source\":\"%s\",\"interval\":%d,\"window\":1,"
		 "\"policy\":{\"color\":%u,\"endpoint\":\"%s\"}}",
		 name, end, ip_text(&f->key.headend, own, sizeof(own)), PROBE_MS, f->key.color, end);
	realise_put(w, w->in->places[realise_sdp_of(w->in->service, f->sender)].device, REALISE_IS_SESSION, name, &json);
}

/* ---- all ---- */

static int by_place(const void *a, const void *b)
{
	const struct realise_object *x = a, *y = b;
	int c = strcmp(x->device, y->device);

	if (c)
		return c;
	return x->rank != y->rank ? (int)x->rank - (int)y->rank : strcmp(x->path, y->path);
}

int realise_plan(const struct realise_in *in, struct arena *a, struct realise_objects *out, struct slice_fault *f)
{
	struct realise_work w = { .in = in, .a = a, .out = out, .f = f };
	int r = 0;

	*out = (struct realise_objects){ 0 };
	if (!(in->parts & REALISE_VPN))
		return 0;
	realise_tag(in->id, w.tag);
	w.behind = ARENA_ARRAY(a, in->service->n_sdps + 1, struct realise_behind);
	w.flow_to = ARENA_ARRAY(a, in->service->n_sdps + 1, uint32_t);
	if (!w.behind || !w.flow_to ||
	    (in->parts & REALISE_CLASSIFY && !realise_homes(in->service, a, w.behind, &w.homes)))
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; r == 0 && i < in->n_tables; i++)
		r = put_table(&w, &in->tables[i]);
	if (r == 0 && in->parts & REALISE_CLASSIFY)
		realise_entrance(&w);
	for (uint32_t i = 0; r == 0 && in->parts & REALISE_VERIFY && i < in->n_flows; i++)
		put_session(&w, i);
	if (r == 0 && w.nomem)
		return err_raise(-ENOMEM);
	if (r == 0 && out->n > 1)
		qsort(out->at, out->n, sizeof(*out->at), by_place);
	return r;
}

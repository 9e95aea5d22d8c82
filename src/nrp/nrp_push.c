/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a device has to what it is to have: one transaction a partition, one at a time a device,
 * so that what the device refuses of one partition stops no other. Equal changes that were done are
 * not sent again while the device's own word of them is on its way; those that failed wait longer each
 * time. Nothing is ever deleted to be made again. Deletes that a device did by halves, or refused together, are
 * sent each by itself: what can go goes, and the one that cannot is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "log/log.h"
#include "nrp/nrp_priv.h"

enum {
	AGAIN_S = 5,
	AGAIN_MAX_S = 120,
	SETTLE_S = 15,
	CODE_UNAVAILABLE = 14, /* gRPC's: there is no session */
};

#define ROOT "/sextant-device:device"

/* ---- differences ---- */

bool nrp_class_eq(const struct nrp_class *have, const struct nrp_class *want)
{
	if (have->rate != want->rate || have->ceil != want->ceil || have->priority != want->priority ||
	    have->n_blocks != want->n_blocks)
		return false;
	for (uint32_t i = 0; i < want->n_blocks; i++) {
		bool there = false;

		for (uint32_t k = 0; k < have->n_blocks; k++)
			there = there || ip_prefix_cmp(&have->block[k], &want->block[i]) == 0;
		if (!there)
			return false;
	}
	return true;
}

bool nrp_locator_eq(const struct nrp_locator *have, const struct nrp_locator *want)
{
	if (have->block_length != want->block_length || have->adjacencies.n != want->adjacencies.n)
		return false;
	for (size_t i = 0; i < want->adjacencies.n; i++) {
		const struct nrp_adjacency *w = &want->adjacencies.at[i];

		for (size_t k = 0; k <= have->adjacencies.n; k++) {
			const struct nrp_adjacency *h = &have->adjacencies.at[k];

			if (k == have->adjacencies.n)
				return false;
			if (strcmp(h->name, w->name) == 0 && ip_prefix_cmp(&h->sid, &w->sid) == 0 &&
			    ip_eq(&h->next_hop, &w->next_hop))
				break;
		}
	}
	return true;
}

/* ---- changes ---- */

struct change {
	enum device_op op;
	char *path, *json; /* json NULL: deletion */
};

struct changes {
	VEC(struct change) at;
	bool bad;
};

static void change_free(struct change *x)
{
	free(x->path);
	free(x->json);
}

static void changes_fini(struct changes *c)
{
	for (size_t i = 0; i < c->at.n; i++)
		change_free(&c->at.at[i]);
	VEC_FINI(&c->at);
}

static void change_add(struct changes *c, enum device_op op, struct str *path, struct str *json)
{
	struct change x = { .op = op, .path = str_take(path), .json = json ? str_take(json) : NULL };

	if (x.path && (x.json || !json) && VEC_ADD(&c->at, x))
		return;
	free(x.path);
	free(x.json);
	c->bad = true;
}

static void put_class(struct changes *c, const struct nrp_link *l, const struct nrp_class *w)
{
	char text[IP_PREFIX_TEXT_MAX];
	STR_AUTO struct str path = { 0 };
	STR_AUTO struct str json = { 0 };

	str_addf(&path, ROOT "/link[name=%s]/nrp[id=%u]", l->name, w->id);
	str_addf(&json, "{\"id\":%u,\"sid-block\":[", w->id);
	for (uint32_t i = 0; i < w->n_blocks; i++)
		str_addf(&json, "%s\"%s\"", i ? "," : "", ip_prefix_text(&w->block[i], text, sizeof(text)));
	str_addf(&json, "],\"rate\":\"%llu\",\"ceil\":\"%llu\",\"priority\":%u}", (unsigned long long)w->rate,
		 (unsigned long long)w->ceil, w->priority);
	change_add(c, DEVICE_REPLACE, &path, &json);
}

static void put_link(struct changes *c, const struct nrp_link *have, const struct nrp_link *want, uint32_t id)
{
	const struct nrp_class *w = NULL, *h = NULL;

	for (size_t i = 0; i < want->classes.n; i++)
		w = want->classes.at[i].id == id ? &want->classes.at[i] : w;
	for (size_t i = 0; have && i < have->classes.n; i++)
		h = have->classes.at[i].id == id ? &have->classes.at[i] : h;
	if (!w)
		return;
	if (!have || have->capacity != want->capacity) {
		STR_AUTO struct str path = { 0 };
		STR_AUTO struct str json = { 0 };

		str_addf(&path, ROOT "/link[name=%s]", want->name);
		str_addf(&json, "{\"name\":\"%s\",\"capacity\":\"%llu\"}", want->name,
			 (unsigned long long)want->capacity);
		change_add(c, DEVICE_UPDATE, &path, &json);
	}
	if (!h || !nrp_class_eq(h, w))
		put_class(c, want, w);
}

static void put_locator(struct changes *c, const struct nrp_locator *w)
{
	char text[IP_PREFIX_TEXT_MAX], hop[IP_TEXT_MAX];
	STR_AUTO struct str path = { 0 };
	STR_AUTO struct str json = { 0 };

	(void)ip_prefix_text(&w->prefix, text, sizeof(text));
	str_addf(&path, ROOT "/locator[prefix=%s]", text);
	str_addf(&json, "{\"prefix\":\"%s\",\"block-length\":%u,\"adjacency\":[", text, w->block_length);
	for (size_t i = 0; i < w->adjacencies.n; i++) {
		const struct nrp_adjacency *a = &w->adjacencies.at[i];

		str_addf(&json, "%s{\"interface\":\"%s\",\"sid\":\"%s\",\"next-hop\":\"%s\"}", i ? "," : "",
			 a->name, ip_prefix_text(&a->sid, text, sizeof(text)),
			 ip_text(&a->next_hop, hop, sizeof(hop)));
	}
	str_add(&json, "]}");
	change_add(c, DEVICE_REPLACE, &path, &json);
}

/* ---- what has to go ---- */

/* The class of a partition that is gone, or that does not have this link any more. */
static bool class_goes(const struct nrp *n, const struct nrp_device *d, const struct nrp_link *have, uint32_t id)
{
	const struct nrp_record *rec = nrp_record_of(n, id);
	const struct nrp_part *p = nrp_part_of(n, id);

	if (!rec)
		return false;
	if (!p)
		return rec->leaving;
	if (p->refused[0] || !nrp_link_seen(n, d, have->name))
		return false;
	for (size_t i = 0; i < d->want.links.n; i++)
		for (size_t k = 0; k < d->want.links.at[i].classes.n; k++)
			if (strcmp(d->want.links.at[i].name, have->name) == 0 &&
			    d->want.links.at[i].classes.at[k].id == id)
				return false;
	return true;
}

static bool locator_goes(const struct nrp *n, const struct nrp_device *d, const struct nrp_locator *have,
			 uint32_t id)
{
	const struct nrp_record *rec = nrp_record_of(n, id);
	const struct nrp_part *p = nrp_part_of(n, id);

	if (!rec || !nrp_record_has(rec, &have->prefix))
		return false;
	if (!p) /* its block may be another's by now */
		return rec->leaving && !nrp_part_holds(n, &have->prefix);
	if (p->refused[0] || d->node == TED_NONE || !n->ted->nodes[d->node].alive)
		return false;
	if (p->theirs)
		return true; /* it had a block of its own before */
	for (uint32_t i = 0; i < p->n_blocks; i++) {
		struct ip_prefix place;
		const char *why;

		/* Where its place is not known, nothing is known. */
		if (nrp_place(n->ted, d->node, &p->block[i], &place, &why) != 0 ||
		    ip_prefix_cmp(&place, &have->prefix) == 0)
			return false;
	}
	return true;
}

/* With its last class a link goes: nothing of ours is left on it. */
static void take_links(const struct nrp *n, const struct nrp_device *d, uint32_t id, struct changes *c)
{
	for (size_t i = 0; i < d->have.links.n; i++) {
		const struct nrp_link *l = &d->have.links.at[i];
		STR_AUTO struct str path = { 0 };
		bool others = false, goes = false;

		for (size_t k = 0; k < l->classes.n; k++) {
			if (l->classes.at[k].id == id)
				goes = class_goes(n, d, l, id);
			else
				others = true;
		}
		for (size_t k = 0; k < d->want.links.n; k++)
			others = others || strcmp(d->want.links.at[k].name, l->name) == 0;
		if (!goes)
			continue;
		str_addf(&path, ROOT "/link[name=%s]", l->name);
		if (others)
			str_addf(&path, "/nrp[id=%u]", id);
		change_add(c, DEVICE_DELETE, &path, NULL);
	}
}

static void take_locators(const struct nrp *n, const struct nrp_device *d, uint32_t id, struct changes *c)
{
	char text[IP_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < d->have.locators.n; i++) {
		STR_AUTO struct str path = { 0 };

		if (!locator_goes(n, d, &d->have.locators.at[i], id))
			continue;
		str_addf(&path, ROOT "/locator[prefix=%s]",
			 ip_prefix_text(&d->have.locators.at[i].prefix, text, sizeof(text)));
		change_add(c, DEVICE_DELETE, &path, NULL);
	}
}

static void differences(const struct nrp *n, struct nrp_device *d, uint32_t id, struct changes *c)
{
	take_links(n, d, id, c);
	take_locators(n, d, id, c);
	for (size_t i = 0; i < d->want.links.n; i++)
		put_link(c, nrp_box_link(&d->have, d->want.links.at[i].name, false), &d->want.links.at[i], id);
	for (size_t i = 0; i < d->want.locators.n; i++) {
		const struct nrp_locator *w = &d->want.locators.at[i];
		const struct nrp_locator *h = nrp_box_locator(&d->have, &w->prefix, false);

		if (w->id == id && (!h || !nrp_locator_eq(h, w)))
			put_locator(c, w);
	}
}

/* ---- sending ---- */

struct nrp_seat *nrp_seat_of(struct nrp_device *d, uint32_t id, bool make)
{
	for (size_t i = 0; i < d->seats.n; i++)
		if (d->seats.at[i].id == id)
			return &d->seats.at[i];
	return make ? VEC_ADD(&d->seats, ((struct nrp_seat){ .id = id })) : NULL;
}

static uint64_t mix(uint64_t h, const char *text)
{
	for (; text && *text; text++)
		h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint64_t digest_of(const struct changes *c)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < c->at.n; i++)
		h = mix(mix(h ^ (uint64_t)c->at.at[i].op, c->at.at[i].path), c->at.at[i].json);
	return h ? h : 1;
}

static void refused(struct nrp *n, struct nrp_seat *s, const char *why)
{
	uint64_t wait = (uint64_t)AGAIN_S << (s->failures < 5 ? s->failures : 5);

	s->failures++;
	s->failed = true;
	s->done = false;
	(void)str_copy(s->why, sizeof(s->why), why);
	if (wait > AGAIN_MAX_S)
		wait = AGAIN_MAX_S;
	s->again = mono_add(loop_now(n->env.loop), wait * NS_PER_S);
	nrp_look_after(n, wait * NS_PER_S);
}

/* ---- one by one ---- */

/* Deletes come first; what is put is one turn more, behind them. */
static uint32_t turns_of(const struct changes *c)
{
	uint32_t deletes = 0;

	while (deletes < c->at.n && c->at.at[deletes].op == DEVICE_DELETE)
		deletes++;
	return deletes + (deletes < c->at.n);
}

/* Leaves what is its turn. False: all had theirs, and some could not go: not yet again. */
static bool take_turn(struct nrp *n, struct nrp_seat *s, struct changes *c)
{
	size_t k = 0;

	s->turns = turns_of(c);
	if (s->turn >= s->turns) {
		if (s->failed && mono_before(loop_now(n->env.loop), s->again)) {
			nrp_look_after(n, mono_since(loop_now(n->env.loop), s->again));
			return false;
		}
		s->turn = 0;
	}
	for (size_t i = 0; i < c->at.n; i++) {
		bool deletes = c->at.at[i].op == DEVICE_DELETE;

		if (deletes ? i == s->turn : s->turn + 1 == s->turns)
			c->at.at[k++] = c->at.at[i];
		else
			change_free(&c->at.at[i]);
	}
	c->at.n = k;
	return true;
}

/* Something was to go, and more with it: the device did half of it, or did not want one of them. */
static bool halved(const struct nrp_seat *s, const struct device_result *r)
{
	bool half = r->outcome == DEVICE_UNDONE || r->outcome == DEVICE_BROKEN ||
		    (r->outcome == DEVICE_REFUSED && r->code != CODE_UNAVAILABLE);

	return half && !s->one_by_one && s->turns > 1;
}

static bool passing(const struct device_result *r)
{
	return r->outcome == DEVICE_UNKNOWN || (r->outcome == DEVICE_REFUSED && r->code == CODE_UNAVAILABLE);
}

static void send(struct nrp *n, struct nrp_device *d, struct nrp_seat *s, const struct changes *c)
{
	static const char *const why[] = { "", "it is not a configured device", "too much waits for it",
					   "its names cannot be written in a path" };
	struct device_change out[DEVICE_CHANGES_MAX];
	size_t k = c->at.n < DEVICE_CHANGES_MAX ? c->at.n : DEVICE_CHANGES_MAX; /* the rest next time */
	int r;

	for (size_t i = 0; i < k; i++)
		out[i] = (struct device_change){ c->at.at[i].op, c->at.at[i].path, c->at.at[i].json };
	r = n->port.set(n->port.self, d->name, out, k, &d->txn);
	if (r != 0) {
		d->txn = 0;
		refused(n, s, r > 0 && r <= DEVICE_E_INVALID ? why[r] : "it cannot be asked");
		return;
	}
	d->txn_id = s->id;
}

/* True: something is on its way. */
static bool push_one(struct nrp *n, struct nrp_device *d, uint32_t id)
{
	const struct nrp_record *rec = nrp_record_of(n, id);
	struct nrp_seat *s = nrp_seat_of(d, id, true);
	struct changes c = { 0 };
	uint64_t digest;

	if (!s || !rec || !rec->durable)
		return false;
	differences(n, d, id, &c);
	if (s->one_by_one && (c.at.n == 0 || c.at.at[0].op != DEVICE_DELETE))
		s->one_by_one = false;
	s->turns = turns_of(&c);
	if (s->one_by_one && !c.bad && !take_turn(n, s, &c)) {
		changes_fini(&c);
		return false;
	}
	digest = digest_of(&c);
	if (c.bad || c.at.n == 0) {
		s->failed = s->failed && c.bad;
		s->failures = c.bad ? s->failures : 0;
		s->sent = 0;
	} else if (s->sent != digest || !mono_before(loop_now(n->env.loop), s->again)) {
		s->failures = s->sent == digest || s->one_by_one ? s->failures : 0;
		s->sent = digest;
		s->done = false;
		send(n, d, s, &c);
	} else { /* not yet: an earlier look took the timer */
		nrp_look_after(n, mono_since(loop_now(n->env.loop), s->again));
	}
	changes_fini(&c);
	return d->txn != 0;
}

void nrp_push(struct nrp *n, struct nrp_device *d)
{
	if (!d->up || !d->fits || d->txn || !nrp_device_known(d) || d->leaves.over)
		return;
	for (size_t i = 0; i < n->records.n; i++)
		if (push_one(n, d, n->records.at[i]->id))
			return;
}

void nrp_pushed(struct nrp *n, struct nrp_device *d, const struct device_result *r)
{
	struct nrp_seat *s = nrp_seat_of(d, d->txn_id, false);
	char why[SR_REASON_MAX];
	bool half;

	d->txn = 0;
	metric_add(n->m_sets[r->outcome], 1);
	if (!s)
		return;
	if (r->outcome == DEVICE_DONE && s->one_by_one && s->turn > 0) {
		s->done = true; /* of this one; those before it could not go */
	} else if (r->outcome == DEVICE_DONE) {
		s->done = true;
		s->failed = false;
		s->failures = 0;
		s->why[0] = '\0';
		s->again = mono_add(loop_now(n->env.loop), SETTLE_S * NS_PER_S);
		nrp_look_after(n, SETTLE_S * NS_PER_S);
	} else {
		(void)snprintf(why, sizeof(why), "%s: %.220s", device_outcome_text(r->outcome), r->text);
		log_event(d->name, LOG_WARN, "nrp.set", "nrp=%u outcome=%s text=\"%.200s\"", d->txn_id,
			  device_outcome_text(r->outcome), r->text);
		half = halved(s, r);
		s->turn = half ? 0 : s->turn + (s->one_by_one && !passing(r));
		refused(n, s, why);
		s->one_by_one = s->one_by_one || half;
		s->sent = half ? 0 : s->sent; /* at once */
	}
	nrp_look(n);
}

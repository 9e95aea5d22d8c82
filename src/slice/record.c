/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable records as JSON: the document as a text, and of a service its plan and how far it is. The
 * terms of members are not kept: they are read from the document again where they are needed; what
 * identifies them in the network is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "slice/change.h"
#include "slice/doc.h"
#include "slice/room.h"

enum { RECORD_VERSION = 1, RECORD_MAX = 4 << 20 };

const char *slice_bucket(enum slice_kind kind)
{
	static const char *const names[SLICE_KINDS] = { "slice-template", "slice", "slice-nrp", "slice-phb" };

	return names[kind];
}

static void put_text(struct str *s, const char *name, const char *text)
{
	str_addf(s, ",\"%s\":", name);
	str_json(s, text);
}

static void put_u64(struct str *s, const char *name, uint64_t v)
{
	str_addf(s, ",\"%s\":%llu", name, (unsigned long long)v);
}

/* Pairs, as many as there are; none is not written. */
static void put_also(struct str *s, const char *name, const struct slice_also b[SLICE_ALSO_MAX])
{
	for (unsigned i = 0; i < SLICE_ALSO_MAX && b[i].us; i++) {
		if (i == 0)
			str_addf(s, ",\"%s\":[", name);
		str_addf(s, "%s%u,%u", i ? "," : "", b[i].us, b[i].milli);
	}
	if (b[0].us)
		str_add(s, "]");
}

static void put_member(struct str *s, const struct slice_member *m)
{
	char key[SR_KEY_TEXT_MAX];

	str_add(s, "{\"group\":");
	str_json(s, m->group);
	put_text(s, "construct", m->construct);
	put_text(s, "sender", m->sender);
	put_text(s, "receiver", m->receiver);
	put_text(s, "key", sr_policy_key_text(&m->key, key, sizeof(key)));
	put_u64(s, "apart", m->apart);
	put_u64(s, "protection", m->protection);
	put_u64(s, "back", m->back);
	put_u64(s, "inside", m->inside);
	put_u64(s, "bandwidth_bps", m->bandwidth_bps);
	put_u64(s, "shared_bps", m->terms.shared_bps);
	put_u64(s, "delay_us_max", m->terms.delay_us_max);
	put_u64(s, "promised_us", m->terms.promised_us);
	put_u64(s, "percentile_milli", m->terms.percentile_milli);
	put_u64(s, "ceiling_us", m->terms.ceiling_us);
	put_u64(s, "variation_us_max", m->terms.variation_us_max);
	put_u64(s, "variation_milli", m->terms.variation_milli);
	put_also(s, "delay_also", m->terms.delay_also);
	put_also(s, "variation_also", m->terms.variation_also);
	put_u64(s, "loss_ppm_max", m->terms.loss_ppm_max);
	put_u64(s, "mtu", m->terms.mtu);
	put_u64(s, "diversity", m->terms.diversity);
	put_u64(s, "nines", m->terms.nines);
	put_u64(s, "two_way", m->terms.two_way);
	put_u64(s, "isolate", m->terms.isolate);
	str_add(s, "}");
}

static void put_service(struct str *s, const struct slice_entry *e)
{
	put_u64(s, "state", e->state);
	put_u64(s, "phase", e->phase);
	put_u64(s, "established", e->established);
	put_u64(s, "deleted", e->deleted);
	put_text(s, "reason", e->reason);
	put_u64(s, "since_wall_ns", e->since_wall_ns);
	put_u64(s, "changed_wall_ns", e->changed_wall_ns);
	str_add(s, ",\"members\":[");
	for (uint32_t i = 0; i < e->plan.n; i++) {
		str_add(s, i ? "," : "");
		put_member(s, &e->plan.at[i]);
	}
	str_add(s, "]");
}

static void put_detour(struct str *s, const struct slice_entry *e)
{
	const struct slice_detour *d = &e->detour;

	if (e->shed_for[0])
		put_text(s, "shed-for", e->shed_for);
	if (!slice_detour_is(d))
		return;
	str_addf(s, ",\"detour\":{\"swapped\":%d,\"avoid\":[", d->swapped);
	for (uint8_t i = 0; i < d->n_avoid; i++) {
		str_add(s, i ? "," : "");
		str_json(s, d->avoid[i]);
	}
	str_add(s, "]}");
}

static void put_growths(struct str *s, const struct slice_growth *g, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		str_add(s, i ? ",{\"link\":" : ",\"growths\":[{\"link\":");
		str_json(s, g[i].is.link);
		put_text(s, "slice", g[i].is.slice);
		put_u64(s, "incident", g[i].is.incident);
		put_u64(s, "bps", g[i].is.bps);
		put_u64(s, "in_bps", g[i].in_bps);
		put_u64(s, "since_wall_ns", g[i].since_wall_ns);
		str_add(s, "}");
	}
	str_add(s, n ? "]" : "");
}

char *slice_nrp_record_print(const struct slice_entry *e, uint64_t revision, const struct slice_growth *growths,
			     size_t n_growths)
{
	STR_AUTO struct str s = { .limit = RECORD_MAX };

	str_addf(&s, "{\"version\":%d", RECORD_VERSION);
	put_u64(&s, "revision", revision);
	put_text(&s, "doc", e->doc);
	if (e->kind == SLICE_SERVICE) {
		put_service(&s, e);
		put_detour(&s, e);
	}
	if (e->algo_given)
		put_u64(&s, "algo", e->algo_given);
	put_growths(&s, growths, n_growths);
	str_add(&s, "}");
	return str_take(&s);
}

char *slice_record_print(const struct slice_entry *e, uint64_t revision)
{
	return slice_nrp_record_print(e, revision, e->growths, e->n_growths);
}

char *slice_meta_print(const struct slice *s, uint64_t revision)
{
	STR_AUTO struct str t = { 0 };

	str_addf(&t, "{\"version\":%d", RECORD_VERSION);
	put_u64(&t, "revision", revision);
	put_u64(&t, "color", s->color_next);
	put_u64(&t, "apart", s->apart_next);
	str_add(&t, "}");
	return str_take(&t);
}

/* ---- reading: strict, as the walk of documents is ---- */

static void copy(struct doc *d, json_object *o, const char *name, char *out, size_t cap)
{
	const char *text = doc_text(d, o, name);

	if (!text || !str_copy(out, cap, text))
		doc_fault(d, name, "it is missing or too long");
}

static uint64_t number(struct doc *d, json_object *o, const char *name, uint64_t max)
{
	if (!doc_member(o, name))
		doc_fault(d, name, "it is missing");
	return doc_u64(d, o, name, 0, max);
}

static void read_also(struct doc *d, json_object *o, const char *name, struct slice_also out[SLICE_ALSO_MAX])
{
	uint32_t n;
	json_object *v = doc_array(d, o, name, 2 * SLICE_ALSO_MAX, &n);

	if (n % 2)
		doc_fault(d, name, "it has to be pairs");
	for (uint32_t i = 0; i + 1 < n; i += 2) {
		out[i / 2].us = (uint32_t)doc_number(d, json_object_array_get_idx(v, i), name, UINT32_MAX);
		out[i / 2].milli = (uint32_t)doc_number(d, json_object_array_get_idx(v, i + 1), name, 100000);
	}
}

static void get_member(struct doc *d, json_object *o, struct slice_member *m)
{
	char key[SR_KEY_TEXT_MAX];

	copy(d, o, "group", m->group, sizeof(m->group));
	copy(d, o, "construct", m->construct, sizeof(m->construct));
	copy(d, o, "sender", m->sender, sizeof(m->sender));
	copy(d, o, "receiver", m->receiver, sizeof(m->receiver));
	copy(d, o, "key", key, sizeof(key));
	if (d->rc == 0 && sr_policy_key_parse(key, &m->key) < 0)
		doc_fault(d, "key", "it is not one of a policy");
	m->apart = (uint32_t)number(d, o, "apart", UINT32_MAX);
	m->protection = number(d, o, "protection", 1);
	m->back = number(d, o, "back", 1);
	m->inside = number(d, o, "inside", 1);
	m->bandwidth_bps = number(d, o, "bandwidth_bps", UINT64_MAX);
	m->terms.bandwidth_bps = m->bandwidth_bps;
	m->terms.shared_bps = number(d, o, "shared_bps", UINT64_MAX);
	m->terms.delay_us_max = (uint32_t)number(d, o, "delay_us_max", UINT32_MAX);
	m->terms.promised_us = (uint32_t)number(d, o, "promised_us", UINT32_MAX);
	m->terms.percentile_milli = (uint32_t)number(d, o, "percentile_milli", 100000);
	m->terms.variation_us_max = (uint32_t)number(d, o, "variation_us_max", UINT32_MAX);
	/* older records have none: then the one is for all packets, and the other not promised */
	m->terms.ceiling_us = (uint32_t)doc_u64(d, o, "ceiling_us", PCE_NO_BOUND, UINT32_MAX);
	m->terms.variation_milli = (uint32_t)doc_u64(d, o, "variation_milli", 0, 100000);
	read_also(d, o, "delay_also", m->terms.delay_also);
	read_also(d, o, "variation_also", m->terms.variation_also);
	m->terms.loss_ppm_max = (uint32_t)number(d, o, "loss_ppm_max", UINT32_MAX);
	m->terms.mtu = (uint16_t)number(d, o, "mtu", UINT16_MAX);
	m->terms.diversity = (uint8_t)number(d, o, "diversity", UINT8_MAX);
	m->terms.nines = (uint8_t)number(d, o, "nines", SLICE_NINES_MAX);
	m->terms.two_way = number(d, o, "two_way", 1);
	m->terms.isolate = number(d, o, "isolate", 1);
}

static void get_service(struct doc *d, struct slice_entry *e)
{
	json_object *v = doc_array(d, d->root, "members", SLICE_FLOWS_MAX, &e->plan.n);

	e->state = (enum slice_state)number(d, d->root, "state", SLICE_STATES - 1);
	e->phase = (enum slice_phase)number(d, d->root, "phase", SLICE_PHASES - 1);
	e->established = number(d, d->root, "established", 1);
	e->deleted = number(d, d->root, "deleted", 1);
	copy(d, d->root, "reason", e->reason, sizeof(e->reason));
	e->since_wall_ns = number(d, d->root, "since_wall_ns", UINT64_MAX);
	e->changed_wall_ns = number(d, d->root, "changed_wall_ns", UINT64_MAX);
	e->plan.at = e->plan.n ? ARENA_ARRAY(&e->arena, e->plan.n, struct slice_member) : NULL;
	if (e->plan.n && !e->plan.at)
		d->rc = -ENOMEM;
	e->plan.n = e->plan.at ? e->plan.n : 0;
	for (uint32_t i = 0; i < e->plan.n; i++)
		get_member(d, json_object_array_get_idx(v, i), &e->plan.at[i]);
}

static void get_detour(struct doc *d, struct slice_detour *out)
{
	json_object *o = doc_member(d->root, "detour"), *v;
	uint32_t n = 0;

	if (!o)
		return;
	out->swapped = number(d, o, "swapped", 1);
	v = doc_array(d, o, "avoid", SLICE_AVOID_MAX, &n);
	for (uint32_t i = 0; d->rc == 0 && i < n; i++) {
		json_object *t = json_object_array_get_idx(v, i);

		if (!json_object_is_type(t, json_type_string) ||
		    !str_copy(out->avoid[out->n_avoid++], TED_LABEL_MAX, json_object_get_string(t)))
			doc_fault(d, "avoid", "it is no name");
	}
}

static void get_growths(struct doc *d, struct slice_entry *e)
{
	uint32_t n = 0;
	json_object *v = doc_array(d, d->root, "growths", SLICE_GROWTHS_MAX, &n);

	for (uint32_t i = 0; d->rc == 0 && i < n; i++) {
		json_object *o = json_object_array_get_idx(v, i);
		struct slice_growth g = { 0 };

		copy(d, o, "link", g.is.link, sizeof(g.is.link));
		copy(d, o, "slice", g.is.slice, sizeof(g.is.slice));
		g.is.incident = (uint32_t)number(d, o, "incident", UINT32_MAX);
		g.is.bps = number(d, o, "bps", UINT64_MAX);
		g.in_bps = number(d, o, "in_bps", UINT64_MAX);
		g.since_wall_ns = number(d, o, "since_wall_ns", UINT64_MAX);
		if (d->rc == 0 && !slice_growth_record(e, &g))
			d->rc = -ENOMEM;
	}
}

static int get_record(struct slice *s, enum slice_kind kind, const char *id, struct doc *d,
		      struct slice_entry **outp)
{
	json_object *doc = doc_member(d->root, "doc");
	struct slice_fault f = { 0 };
	int r;

	if (number(d, d->root, "version", UINT32_MAX) != RECORD_VERSION || !doc ||
	    !json_object_is_type(doc, json_type_string))
		return err_raise(-EINVAL);
	r = slice_entry_new(s, kind, id, json_object_get_string(doc), (size_t)json_object_get_string_len(doc),
			    outp, &f);
	if (r < 0)
		return err_trace(r);
	(*outp)->revision = (*outp)->ordered = number(d, d->root, "revision", UINT64_MAX);
	if (kind == SLICE_SERVICE) {
		get_service(d, *outp);
		get_detour(d, &(*outp)->detour);
		if (doc_member(d->root, "shed-for"))
			copy(d, d->root, "shed-for", (*outp)->shed_for, sizeof((*outp)->shed_for));
	}
	if (kind == SLICE_NRP) {
		(*outp)->algo_given = (uint8_t)doc_u64(d, d->root, "algo", 0, UINT8_MAX);
		get_growths(d, *outp);
	}
	if (d->rc == 0)
		return 0;
	*outp = slice_entry_free(*outp);
	return err_raise(d->rc);
}

/* A record is longer than a document: it holds one, with its quotes escaped. */
static int open_record(struct doc *d, const char *text, size_t len, struct arena *a, struct slice_fault *f)
{
	struct json_tokener *tok = json_tokener_new_ex(8);

	*d = (struct doc){ .a = a, .f = f };
	if (tok && len <= RECORD_MAX) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
		d->root = json_tokener_parse_ex(tok, text, (int)len);
		if (json_tokener_get_error(tok) != json_tokener_success) {
			json_object_put(d->root);
			d->root = NULL;
		}
	}
	if (tok)
		json_tokener_free(tok);
	return json_object_is_type(d->root, json_type_object) ? 0 : err_raise(-EINVAL);
}

int slice_record_read(struct slice *s, enum slice_kind kind, const char *id, const char *text, size_t len,
		      struct slice_entry **outp)
{
	struct slice_fault f = { 0 };
	struct arena a;
	struct doc d;
	int r;

	*outp = NULL;
	arena_init(&a, RECORD_MAX);
	r = open_record(&d, text, len, &a, &f);
	if (r == 0)
		r = get_record(s, kind, id, &d, outp);
	doc_fini(&d);
	arena_fini(&a);
	return r;
}

int slice_meta_read(struct slice *s, const char *text, size_t len)
{
	struct slice_fault f = { 0 };
	struct arena a;
	struct doc d;
	int r;

	arena_init(&a, RECORD_MAX);
	r = open_record(&d, text, len, &a, &f);
	if (r == 0) {
		s->revision = number(&d, d.root, "revision", UINT64_MAX);
		s->color_next = (uint32_t)number(&d, d.root, "color", UINT32_MAX);
		s->apart_next = (uint32_t)number(&d, d.root, "apart", UINT32_MAX);
		r = d.rc;
	}
	doc_fini(&d);
	arena_fini(&a);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable records as JSON. Reading is strict: a record that does not say everything it must, in
 * range, is -EINVAL, for a policy half understood would be pushed half right.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/intent_priv.h"

enum { RECORD_VERSION = 1, TEXT_MAX = 1 << 20 };

/* ---- writing ---- */

static void put_u64(struct str *s, const char *name, uint64_t v)
{
	str_addf(s, ",\"%s\":%llu", name, (unsigned long long)v);
}

static void put_text(struct str *s, const char *name, const char *text)
{
	str_addf(s, ",\"%s\":", name);
	str_json(s, text);
}

static void put_addr(struct str *s, const char *name, const struct ip_addr *a)
{
	char buf[IP_TEXT_MAX];

	if (a->family != IP_NONE)
		put_text(s, name, ip_text(a, buf, sizeof(buf)));
}

static void put_words(struct str *s, const char *name, const uint32_t w[TED_AFFINITY_WORDS])
{
	unsigned n = TED_AFFINITY_WORDS;

	while (n > 0 && w[n - 1] == 0)
		n--;
	if (n == 0)
		return;
	str_addf(s, ",\"%s\":[", name);
	for (unsigned i = 0; i < n; i++)
		str_addf(s, "%s%u", i ? "," : "", w[i]);
	str_add(s, "]");
}

static void put_segments(struct str *s, const struct sr_list *l)
{
	str_add(s, ",\"segments\":[");
	for (unsigned i = 0; i < l->n; i++) {
		const struct sr_segment *g = &l->at[i];

		str_addf(s, "%s{\"kind\":%u", i ? "," : "", g->kind);
		put_u64(s, "algo", g->algo);
		put_u64(s, "behavior", g->behavior);
		put_addr(s, "sid", &g->sid);
		put_u64(s, "label", g->label);
		str_addf(s, ",\"structure\":[%u,%u,%u,%u]", g->structure.lb, g->structure.ln,
			 g->structure.fun, g->structure.arg);
		put_addr(s, "local", &g->nai_local);
		put_addr(s, "remote", &g->nai_remote);
		str_add(s, "}");
	}
	str_add(s, "]");
}

static void put_list(struct str *s, const struct sr_list *l)
{
	put_u64(s, "dataplane", l->dataplane);
	put_segments(s, l);
	if (!l->more)
		return;
	put_u64(s, "weight", l->more->weight);
	str_add(s, ",\"more\":[");
	for (unsigned k = 0; k < l->more->n; k++) {
		str_addf(s, "%s{\"weight\":%u", k ? "," : "", l->more->at[k].weight);
		put_segments(s, &l->more->at[k].list);
		str_add(s, "}");
	}
	str_add(s, "]");
}

static void put_numbers(struct str *s, const char *name, const uint32_t *at, unsigned n)
{
	if (n == 0)
		return;
	str_addf(s, ",\"%s\":[", name);
	for (unsigned i = 0; i < n; i++)
		str_addf(s, "%s%u", i ? "," : "", at[i]);
	str_add(s, "]");
}

static void put_include(struct str *s, const struct intent_cpath *c)
{
	if (c->n_include == 0)
		return;
	str_add(s, ",\"include\":[");
	for (unsigned i = 0; i < c->n_include; i++) {
		str_addf(s, "%s{\"strict\":%u", i ? "," : "", c->include[i].strict);
		put_text(s, "text", c->include[i].text);
		str_add(s, "}");
	}
	str_add(s, "]");
}

static void put_bindings(struct str *s, const struct intent_cpath *c)
{
	char text[IP_TEXT_MAX];

	if (c->n_binding == 0)
		return;
	str_add(s, ",\"binding\":[");
	for (unsigned i = 0; i < c->n_binding; i++) {
		str_add(s, i ? "," : "");
		str_json(s, ip_text(&c->binding[i], text, sizeof(text)));
	}
	str_add(s, "]");
}

/* What most candidate paths do not have, and records of older versions do not know. */
static void put_more(struct str *s, const struct intent_cpath *c)
{
	uint32_t mix[PCE_METRICS];

	for (unsigned m = 0; m < PCE_METRICS; m++)
		mix[m] = c->mix[m];
	if (c->minimise == PCE_MIX)
		put_numbers(s, "mix", mix, PCE_METRICS);
	if (c->objective)
		put_u64(s, "objective", c->objective);
	if (c->delay_us_min)
		put_u64(s, "delay_us_min", c->delay_us_min);
	if (c->variation_us_max != PCE_NO_BOUND)
		put_u64(s, "variation_us_max", c->variation_us_max);
	if (c->loss_ppm_max != PCE_NO_BOUND)
		put_u64(s, "loss_ppm_max", c->loss_ppm_max);
	if (c->algo)
		put_u64(s, "algo", c->algo);
	if (c->protection)
		put_u64(s, "protection", c->protection);
	if (c->payload)
		put_u64(s, "payload", c->payload);
	put_numbers(s, "exclude_srlg", c->exclude_srlg, c->n_exclude_srlg);
	put_numbers(s, "exclude_asn", c->exclude_asn, c->n_exclude_asn);
	put_include(s, c);
	put_bindings(s, c);
}

static void put_cpath(struct str *s, const struct intent_cpath *c)
{
	str_addf(s, "{\"preference\":%u", c->preference);
	put_text(s, "name", c->name);
	put_u64(s, "kind", c->kind);
	if (c->kind == INTENT_EXPLICIT) {
		put_list(s, &c->list);
		str_add(s, "}");
		return;
	}
	put_u64(s, "minimise", c->minimise);
	put_u64(s, "delay_us_max", c->delay_us_max);
	put_u64(s, "hops_max", c->hops_max);
	put_u64(s, "igp_max", c->igp_max);
	put_u64(s, "te_max", c->te_max);
	put_words(s, "exclude_any", c->affinity.exclude_any);
	put_words(s, "include_any", c->affinity.include_any);
	put_words(s, "include_all", c->affinity.include_all);
	put_u64(s, "strict", c->strict);
	put_more(s, c);
	str_add(s, ",\"exclude\":[");
	for (unsigned i = 0; i < c->n_exclude; i++) {
		str_add(s, i ? "," : "");
		str_json(s, c->exclude[i]);
	}
	str_add(s, "]}");
}

static void put_desired(struct str *s, const struct intent_policy *p)
{
	put_text(s, "name", p->name);
	put_u64(s, "bandwidth_bps", p->bandwidth_bps);
	put_u64(s, "setup_prio", p->setup_prio);
	put_u64(s, "hold_prio", p->hold_prio);
	put_u64(s, "plane", p->dataplane);
	put_u64(s, "no_usid", p->no_usid);
	put_u64(s, "msd", p->msd);
	put_u64(s, "reserved", p->reserved);
	put_u64(s, "nrp", p->nrp);
	put_u64(s, "admin_down", p->admin_down);
	if (p->later)
		put_u64(s, "later", p->later);
	if (p->protect)
		put_u64(s, "protect", p->protect);
	if (p->lists_max > 1)
		put_u64(s, "lists_max", p->lists_max);
	if (p->owner[0])
		put_text(s, "owner", p->owner);
	if (p->group.id) {
		put_u64(s, "group", p->group.id);
		put_u64(s, "group_diverse", p->group.diverse);
		put_u64(s, "group_best", p->group.best_available);
	}
	str_add(s, ",\"cpaths\":[");
	for (unsigned i = 0; i < p->n_cpaths; i++) {
		str_add(s, i ? "," : "");
		put_cpath(s, &p->cpaths[i]);
	}
	str_add(s, "]");
}

char *intent_record_print(const struct intent_record *r)
{
	STR_AUTO struct str s = { .limit = TEXT_MAX };
	char key[SR_KEY_TEXT_MAX];

	str_addf(&s, "{\"version\":%d", RECORD_VERSION);
	put_text(&s, "key", sr_policy_key_text(&r->key, key, sizeof(key)));
	put_u64(&s, "deleted", r->deleted);
	put_text(&s, "lsp_name", r->lsp_name);
	put_u64(&s, "origin", r->cpath.origin);
	put_u64(&s, "asn", r->cpath.asn);
	put_addr(&s, "originator", &r->cpath.originator);
	put_u64(&s, "discriminator", r->cpath.discriminator);
	put_addr(&s, "bsid", &r->bsid);
	put_u64(&s, "revision", r->revision);
	put_u64(&s, "created_wall_ns", r->created_wall_ns);
	put_desired(&s, &r->desired->p);
	str_add(&s, "}");
	return str_take(&s);
}

char *intent_list_print(const struct sr_list *l, uint32_t preference)
{
	STR_AUTO struct str s = { .limit = TEXT_MAX };

	str_addf(&s, "{\"preference\":%u", preference);
	put_list(&s, l);
	str_add(&s, "}");
	return str_take(&s);
}

/* ---- reading: get_* note a fault in *bad and go on with zero ---- */

static uint64_t get_u64(json_object *o, const char *name, uint64_t max, bool *bad)
{
	json_object *v;
	uint64_t n;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int) ||
	    json_object_get_int64(v) < 0) {
		*bad = true;
		return 0;
	}
	n = json_object_get_uint64(v);
	*bad = *bad || n > max;
	return n > max ? 0 : n;
}

static void get_text(json_object *o, const char *name, char *buf, size_t cap, bool *bad)
{
	json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_string) ||
	    !str_copy(buf, cap, json_object_get_string(v)))
		*bad = true;
}

/* May be absent. */
static struct ip_addr get_addr(json_object *o, const char *name, bool *bad)
{
	struct ip_addr a = { 0 };
	json_object *v;

	if (json_object_object_get_ex(o, name, &v) &&
	    (!json_object_is_type(v, json_type_string) ||
	     ip_parse(json_object_get_string(v), &a) < 0))
		*bad = true;
	return a;
}

static json_object *get_array(json_object *o, const char *name, size_t max, bool *bad)
{
	json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_array) ||
	    json_object_array_length(v) > max) {
		*bad = true;
		return NULL;
	}
	return v;
}

static uint32_t item_u32(json_object *a, size_t i, bool *bad)
{
	json_object *v = json_object_array_get_idx(a, i);

	if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0 ||
	    json_object_get_int64(v) > UINT32_MAX) {
		*bad = true;
		return 0;
	}
	return (uint32_t)json_object_get_int64(v);
}

static void get_words(json_object *o, const char *name, uint32_t w[TED_AFFINITY_WORDS], bool *bad)
{
	json_object *a;

	if (!json_object_object_get_ex(o, name, &a))
		return;
	a = get_array(o, name, TED_AFFINITY_WORDS, bad);
	for (size_t i = 0; a && i < json_object_array_length(a); i++)
		w[i] = item_u32(a, i, bad);
}

static void get_segment(json_object *o, struct sr_segment *g, bool *bad)
{
	json_object *st = get_array(o, "structure", 4, bad);
	uint8_t *f[] = { &g->structure.lb, &g->structure.ln, &g->structure.fun, &g->structure.arg };

	g->kind = (uint8_t)get_u64(o, "kind", SR_SEG_OTHER, bad);
	g->algo = (uint8_t)get_u64(o, "algo", UINT8_MAX, bad);
	g->behavior = (uint16_t)get_u64(o, "behavior", UINT16_MAX, bad);
	g->sid = get_addr(o, "sid", bad);
	g->label = (uint32_t)get_u64(o, "label", 0xfffff, bad);
	g->nai_local = get_addr(o, "local", bad);
	g->nai_remote = get_addr(o, "remote", bad);
	for (size_t i = 0; st && i < json_object_array_length(st); i++)
		*f[i] = (uint8_t)item_u32(st, i, bad);
}

static void get_segments(json_object *o, struct sr_list *l, bool *bad)
{
	json_object *a = get_array(o, "segments", SR_SEGS_MAX, bad);

	for (size_t i = 0; a && i < json_object_array_length(a); i++) {
		get_segment(json_object_array_get_idx(a, i), &l->at[i], bad);
		l->n++;
	}
}

static void get_list(json_object *o, struct sr_list *l, bool *bad)
{
	l->dataplane = (uint8_t)get_u64(o, "dataplane", SR_MPLS, bad);
	get_segments(o, l, bad);
}

static uint32_t get_weight(json_object *o, bool *bad)
{
	uint32_t w = (uint32_t)get_u64(o, "weight", PCE_WEIGHTS_MAX, bad);

	*bad = *bad || w == 0;
	return w;
}

/* Further lists of a route, in memory of its own: sr_list_drop(). */
static void get_lists(json_object *o, struct sr_list *l, bool *bad)
{
	json_object *a = NULL;
	struct sr_more *more;

	if (!json_object_object_get_ex(o, "more", NULL))
		return;
	a = get_array(o, "more", SR_LISTS_MAX - 1, bad);
	more = a && json_object_array_length(a) > 0 ? calloc(1, sizeof(*more)) : NULL;
	if (!more) {
		*bad = true;
		return;
	}
	more->weight = get_weight(o, bad);
	for (; more->n < json_object_array_length(a); more->n++) {
		struct sr_weighted *w = &more->at[more->n];
		json_object *v = json_object_array_get_idx(a, more->n);

		w->weight = get_weight(v, bad);
		w->list.dataplane = l->dataplane;
		get_segments(v, &w->list, bad);
	}
	l->more = more;
}

static void get_exclude(json_object *o, struct intent_cpath *c, bool *bad)
{
	json_object *a = get_array(o, "exclude", INTENT_HOPS_MAX, bad);

	for (size_t i = 0; a && i < json_object_array_length(a); i++) {
		json_object *v = json_object_array_get_idx(a, i);

		if (!json_object_is_type(v, json_type_string) ||
		    !str_copy(c->exclude[i], sizeof(c->exclude[i]), json_object_get_string(v)))
			*bad = true;
		c->n_exclude++;
	}
}

/* Absent: stays as it is. */
static uint64_t maybe_u64(json_object *o, const char *name, uint64_t otherwise, uint64_t max,
			  bool *bad)
{
	return json_object_object_get_ex(o, name, NULL) ? get_u64(o, name, max, bad) : otherwise;
}

static uint8_t get_numbers(json_object *o, const char *name, uint32_t *at, size_t max, bool *bad)
{
	json_object *a = NULL;
	size_t n = 0;

	if (json_object_object_get_ex(o, name, NULL))
		a = get_array(o, name, max, bad);
	for (; a && n < json_object_array_length(a); n++)
		at[n] = item_u32(a, n, bad);
	return (uint8_t)n;
}

static void get_include(json_object *o, struct intent_cpath *c, bool *bad)
{
	json_object *a = NULL;

	if (json_object_object_get_ex(o, "include", NULL))
		a = get_array(o, "include", INTENT_HOPS_MAX, bad);
	for (size_t i = 0; a && i < json_object_array_length(a); i++) {
		json_object *v = json_object_array_get_idx(a, i);
		struct intent_pass *p = &c->include[c->n_include++];

		p->strict = get_u64(v, "strict", 1, bad) != 0;
		get_text(v, "text", p->text, sizeof(p->text), bad);
	}
}

static void get_bindings(json_object *o, struct intent_cpath *c, bool *bad)
{
	json_object *a = NULL;

	if (json_object_object_get_ex(o, "binding", NULL))
		a = get_array(o, "binding", INTENT_MAY_BIND, bad);
	for (size_t i = 0; a && i < json_object_array_length(a); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(a, i));

		*bad = *bad || !text || ip_parse(text, &c->binding[c->n_binding++]) != 0;
	}
}

static void get_more(json_object *o, struct intent_cpath *c, bool *bad)
{
	uint32_t mix[PCE_METRICS] = { 0 };

	(void)get_numbers(o, "mix", mix, PCE_METRICS, bad);
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		*bad = *bad || mix[m] > UINT16_MAX;
		c->mix[m] = (uint16_t)mix[m];
	}
	c->objective = (enum pce_objective)maybe_u64(o, "objective", PCE_MCP, PCE_MBP, bad);
	c->delay_us_min = (uint32_t)maybe_u64(o, "delay_us_min", 0, UINT32_MAX, bad);
	c->variation_us_max =
		(uint32_t)maybe_u64(o, "variation_us_max", PCE_NO_BOUND, UINT32_MAX, bad);
	c->loss_ppm_max = (uint32_t)maybe_u64(o, "loss_ppm_max", PCE_NO_BOUND, UINT32_MAX, bad);
	c->algo = (uint8_t)maybe_u64(o, "algo", 0, UINT8_MAX, bad);
	c->protection = (enum pce_protection)maybe_u64(o, "protection", PCE_UNPROTECTED_PREFERRED,
						       PCE_PROTECTED_ONLY, bad);
	c->payload = (uint16_t)maybe_u64(o, "payload", 0, UINT16_MAX, bad);
	c->n_exclude_srlg = get_numbers(o, "exclude_srlg", c->exclude_srlg, INTENT_HOPS_MAX, bad);
	c->n_exclude_asn = get_numbers(o, "exclude_asn", c->exclude_asn, INTENT_HOPS_MAX, bad);
	get_include(o, c, bad);
	get_bindings(o, c, bad);
}

static void get_cpath(json_object *o, struct intent_cpath *c, bool *bad)
{
	intent_cpath_default(c);
	c->preference = (uint32_t)get_u64(o, "preference", UINT32_MAX, bad);
	get_text(o, "name", c->name, sizeof(c->name), bad);
	c->kind = get_u64(o, "kind", INTENT_EXPLICIT, bad) ? INTENT_EXPLICIT : INTENT_DYNAMIC;
	if (c->kind == INTENT_EXPLICIT) {
		get_list(o, &c->list, bad);
		return;
	}
	c->minimise = (enum pce_metric)get_u64(o, "minimise", PCE_MIX, bad);
	c->delay_us_max = (uint32_t)get_u64(o, "delay_us_max", UINT32_MAX, bad);
	c->hops_max = (uint32_t)get_u64(o, "hops_max", UINT32_MAX, bad);
	c->igp_max = (uint32_t)get_u64(o, "igp_max", UINT32_MAX, bad);
	c->te_max = (uint32_t)get_u64(o, "te_max", UINT32_MAX, bad);
	get_words(o, "exclude_any", c->affinity.exclude_any, bad);
	get_words(o, "include_any", c->affinity.include_any, bad);
	get_words(o, "include_all", c->affinity.include_all, bad);
	c->strict = get_u64(o, "strict", 1, bad) != 0;
	get_exclude(o, c, bad);
	get_more(o, c, bad);
}

static void get_group(json_object *o, struct intent_membership *m, bool *bad)
{
	m->id = (uint32_t)maybe_u64(o, "group", 0, UINT32_MAX, bad);
	if (m->id == 0)
		return;
	m->diverse = (uint8_t)get_u64(o, "group_diverse",
				      PCE_DIVERSE_LINK | PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG, bad);
	m->best_available = get_u64(o, "group_best", 1, bad) != 0;
	*bad = *bad || m->diverse == 0;
}

static void get_desired(json_object *o, struct intent_policy *p, bool *bad)
{
	json_object *a = get_array(o, "cpaths", INTENT_CPATHS_MAX, bad);

	get_text(o, "name", p->name, sizeof(p->name), bad);
	p->bandwidth_bps = get_u64(o, "bandwidth_bps", BOOK_BPS_MAX, bad);
	p->setup_prio = (uint8_t)get_u64(o, "setup_prio", BOOK_PRIOS - 1, bad);
	p->hold_prio = (uint8_t)get_u64(o, "hold_prio", BOOK_PRIOS - 1, bad);
	p->dataplane = (uint8_t)get_u64(o, "plane", SR_MPLS, bad);
	p->no_usid = get_u64(o, "no_usid", 1, bad) != 0;
	p->msd = (uint8_t)get_u64(o, "msd", UINT8_MAX, bad);
	p->reserved = (uint8_t)get_u64(o, "reserved", UINT8_MAX, bad);
	p->nrp = (uint32_t)get_u64(o, "nrp", UINT32_MAX, bad);
	p->admin_down = get_u64(o, "admin_down", 1, bad) != 0;
	p->later = maybe_u64(o, "later", 0, 1, bad) != 0;
	p->protect = (uint8_t)maybe_u64(o, "protect", INTENT_PROTECT_NONE, INTENT_PROTECT_SRLG_NODE, bad);
	p->lists_max = (uint8_t)maybe_u64(o, "lists_max", 0, SR_LISTS_MAX, bad);
	if (json_object_object_get_ex(o, "owner", NULL))
		get_text(o, "owner", p->owner, sizeof(p->owner), bad);
	get_group(o, &p->group, bad);
	for (size_t i = 0; a && i < json_object_array_length(a); i++)
		get_cpath(json_object_array_get_idx(a, i), &p->cpaths[p->n_cpaths++], bad);
}

static void get_record(json_object *o, struct intent_record *r, struct intent_policy *p, bool *bad)
{
	char key[SR_KEY_TEXT_MAX] = "";

	*bad = *bad || get_u64(o, "version", UINT32_MAX, bad) != RECORD_VERSION;
	get_text(o, "key", key, sizeof(key), bad);
	*bad = *bad || sr_policy_key_parse(key, &r->key) < 0;
	p->key = r->key;
	r->deleted = get_u64(o, "deleted", 1, bad) != 0;
	get_text(o, "lsp_name", r->lsp_name, sizeof(r->lsp_name), bad);
	r->cpath.origin = (uint8_t)get_u64(o, "origin", UINT8_MAX, bad);
	r->cpath.asn = (uint32_t)get_u64(o, "asn", UINT32_MAX, bad);
	r->cpath.originator = get_addr(o, "originator", bad);
	r->cpath.discriminator = (uint32_t)get_u64(o, "discriminator", UINT32_MAX, bad);
	r->bsid = get_addr(o, "bsid", bad);
	r->revision = get_u64(o, "revision", UINT64_MAX, bad);
	r->created_wall_ns = get_u64(o, "created_wall_ns", UINT64_MAX, bad);
	get_desired(o, p, bad);
}

static json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(8);
	json_object *o = NULL;

	if (!tok || len > TEXT_MAX)
		goto out;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
out:
	if (tok)
		json_tokener_free(tok);
	return o;
}

int intent_record_parse(const char *text, size_t len, struct intent_record *out)
{
	AUTO_FREE struct intent_policy *p = calloc(1, sizeof(*p));
	json_object *o = p ? parse(text, len) : NULL;
	bool bad = false;

	if (!o)
		return err_raise(p ? -EINVAL : -ENOMEM);
	*out = (struct intent_record){ 0 };
	get_record(o, out, p, &bad);
	json_object_put(o);
	if (bad || out->lsp_name[0] == '\0')
		return err_raise(-EINVAL);
	out->desired = intent_desired_new(p);
	return out->desired ? 0 : err_raise(-ENOMEM);
}

int intent_list_parse(const char *text, size_t len, struct sr_list *l, uint32_t *preference)
{
	json_object *o = parse(text, len);
	bool bad = false;

	if (!o)
		return err_raise(-EINVAL);
	*l = (struct sr_list){ 0 };
	*preference = (uint32_t)get_u64(o, "preference", UINT32_MAX, &bad);
	get_list(o, l, &bad);
	get_lists(o, l, &bad);
	json_object_put(o);
	if (bad)
		sr_list_drop(l);
	return bad ? err_raise(-EINVAL) : 0;
}

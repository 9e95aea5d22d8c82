/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/policy/state.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "file/file.h"
#include "log/log.h"

enum { VERSION = 1, BYTES_MAX = 32 << 20, DEPTH_MAX = 16 };

static void add_ip(struct str *o, const char *name, const struct ip_addr *a)
{
	char t[IP_TEXT_MAX];

	if (a->family != IP_NONE)
		str_addf(o, ",\"%s\":\"%s\"", name, ip_text(a, t, sizeof(t)));
}

static void add_segment(struct str *o, const struct sr_segment *s)
{
	str_addf(o, "{\"kind\":%u,\"algo\":%u,\"behavior\":%u,\"structure\":[%u,%u,%u,%u]", s->kind,
		 s->algo, s->behavior, s->structure.lb, s->structure.ln, s->structure.fun,
		 s->structure.arg);
	add_ip(o, "sid", &s->sid);
	add_ip(o, "local", &s->nai_local);
	add_ip(o, "remote", &s->nai_remote);
	str_add(o, "}");
}

/* One of the lists, and its weight where there are several. */
static void add_list(struct str *o, const struct sr_list *lists, unsigned k)
{
	const struct sr_list *list = sr_list_nth(lists, k);

	if (lists->more)
		str_addf(o, ",\"weight\":%u", sr_list_weight(lists, k));
	str_add(o, ",\"list\":[");
	for (unsigned i = 0; i < list->n; i++) {
		str_add(o, i ? "," : "");
		add_segment(o, &list->at[i]);
	}
	str_add(o, "]");
}

static void add_lsp(struct str *o, const struct agent_lsp *l)
{
	const struct lsp_state *st = &l->st;

	str_add(o, "{\"name\":");
	str_json(o, st->name);
	str_addf(o, ",\"plsp\":%u,\"color\":%u,\"preference\":%u,\"admin-up\":%s,\"initiated\":%s",
		 st->plsp_id, st->color, st->preference, st->admin_up ? "true" : "false",
		 st->pce_initiated ? "true" : "false");
	add_ip(o, "endpoint", &st->endpoint);
	add_ip(o, "binding-sid", &st->binding_sid);
	add_ip(o, "controller", &l->creator);
	str_addf(o, ",\"bandwidth\":%llu,\"setup\":%u,\"hold\":%u",
		 (unsigned long long)st->bandwidth_bps, st->setup_prio, st->hold_prio);
	if (st->has_cpath) {
		str_addf(o, ",\"origin\":%u,\"asn\":%u,\"discriminator\":%u", st->cpath.origin,
			 st->cpath.asn, st->cpath.discriminator);
		add_ip(o, "originator", &st->cpath.originator);
	}
	add_list(o, &st->list, 0);
	if (st->list.more)
		str_add(o, ",\"more\":[");
	for (unsigned k = 1; k < sr_list_count(&st->list); k++) {
		str_addf(o, "%s{\"n\":%u", k > 1 ? "," : "", k); /* what begins an object */
		add_list(o, &st->list, k);
		str_add(o, "}");
	}
	str_add(o, st->list.more ? "]}" : "}");
}

int agent_state_save(const char *path, const struct agent_pol *pol)
{
	STR_AUTO struct str o = { .limit = BYTES_MAX };
	const struct agent_lsp *l = NULL;
	bool first = true;
	int r;

	str_addf(&o, "{\"version\":%d,\"lsps\":[", VERSION);
	while ((l = agent_pol_next(pol, l))) {
		if (l->st.removed || l->configured) /* these are in the device's file */
			continue;
		str_add(&o, first ? "\n" : ",\n");
		add_lsp(&o, l);
		first = false;
	}
	str_add(&o, "\n]}\n");
	r = o.bad ? -ENOMEM : file_replace(path, str_text(&o), o.len, false);
	if (r < 0)
		log_event("", LOG_ERROR, "agent.state.save", "file=%s error=\"%s\"", path,
			  err_text(r));
	return r < 0 ? err_raise(r) : 0;
}

static uint64_t num_of(struct json_object *o, const char *name)
{
	struct json_object *v;
	int64_t n;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int))
		return 0;
	n = json_object_get_int64(v);
	return n < 0 ? 0 : (uint64_t)n;
}

static bool flag_of(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) && json_object_get_boolean(v);
}

static struct ip_addr ip_of(struct json_object *o, const char *name)
{
	struct ip_addr a = { 0 };
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_string) ||
	    ip_parse(json_object_get_string(v), &a) < 0)
		return (struct ip_addr){ 0 };
	return a;
}

static uint8_t part_of(struct json_object *arr, size_t i)
{
	struct json_object *v = arr ? json_object_array_get_idx(arr, i) : NULL;
	int n = v ? json_object_get_int(v) : 0;

	return n < 0 || n > 128 ? 0 : (uint8_t)n;
}

static void get_segment(struct json_object *o, struct sr_segment *s)
{
	struct json_object *st = NULL;

	if (json_object_object_get_ex(o, "structure", &st) &&
	    !json_object_is_type(st, json_type_array))
		st = NULL;
	*s = (struct sr_segment){ .kind = (uint8_t)num_of(o, "kind"),
				  .algo = (uint8_t)num_of(o, "algo"),
				  .behavior = (uint16_t)num_of(o, "behavior"),
				  .sid = ip_of(o, "sid"),
				  .structure = { part_of(st, 0), part_of(st, 1), part_of(st, 2),
						 part_of(st, 3) },
				  .nai_local = ip_of(o, "local"),
				  .nai_remote = ip_of(o, "remote") };
}

static bool get_list(struct json_object *o, struct sr_list *list)
{
	struct json_object *arr;
	size_t n;

	if (!json_object_object_get_ex(o, "list", &arr) || !json_object_is_type(arr, json_type_array))
		return false;
	n = json_object_array_length(arr);
	if (n > SR_SEGS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		get_segment(json_object_array_get_idx(arr, i), &list->at[list->n++]);
	return true;
}

static bool get_weight(struct json_object *o, uint32_t *weight)
{
	uint64_t w = num_of(o, "weight");

	*weight = (uint32_t)w;
	return w > 0 && w <= UINT32_MAX;
}

/* The further lists, if there are any. */
static bool get_more(struct json_object *o, struct lsp_state *st, struct sr_more *more)
{
	struct json_object *arr;
	size_t n;

	if (!json_object_object_get_ex(o, "more", &arr))
		return true;
	n = json_object_is_type(arr, json_type_array) ? json_object_array_length(arr) : 0;
	*more = (struct sr_more){ 0 };
	if (n == 0 || n > SR_LISTS_MAX - 1 || !get_weight(o, &more->weight))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(arr, i);
		struct sr_weighted *w = &more->at[more->n++];

		if (!json_object_is_type(one, json_type_object) || !get_weight(one, &w->weight) ||
		    !get_list(one, &w->list))
			return false;
	}
	st->list.more = more;
	return sr_list_total(&st->list) <= UINT32_MAX;
}

/* False when it cannot be what we wrote. Further lists are in more. */
static bool get_lsp(struct json_object *o, struct lsp_state *st, struct sr_more *more)
{
	struct json_object *name;

	*st = (struct lsp_state){ .has_key = true, .has_preference = true };
	if (!json_object_object_get_ex(o, "name", &name) || !get_list(o, &st->list) || !get_more(o, st, more) ||
	    !str_copy(st->name, sizeof(st->name), json_object_get_string(name)))
		return false;
	st->plsp_id = (uint32_t)num_of(o, "plsp");
	st->color = (uint32_t)num_of(o, "color");
	st->preference = (uint32_t)num_of(o, "preference");
	st->admin_up = flag_of(o, "admin-up");
	st->pce_initiated = flag_of(o, "initiated");
	st->endpoint = ip_of(o, "endpoint");
	st->binding_sid = ip_of(o, "binding-sid");
	st->bandwidth_bps = num_of(o, "bandwidth");
	st->setup_prio = (uint8_t)num_of(o, "setup");
	st->hold_prio = (uint8_t)num_of(o, "hold");
	st->cpath.origin = (uint8_t)num_of(o, "origin");
	st->has_cpath = st->cpath.origin != 0;
	st->cpath.asn = (uint32_t)num_of(o, "asn");
	st->cpath.discriminator = (uint32_t)num_of(o, "discriminator");
	st->cpath.originator = ip_of(o, "originator");
	return true;
}

static int put_all(const char *path, struct json_object *root, struct agent_pol *pol)
{
	struct json_object *lsps;
	size_t n, bad = 0;

	if (num_of(root, "version") != VERSION || !json_object_object_get_ex(root, "lsps", &lsps) ||
	    !json_object_is_type(lsps, json_type_array)) {
		log_event("", LOG_ERROR, "agent.state.damaged", "file=%s", path);
		return -EINVAL;
	}
	n = json_object_array_length(lsps);
	for (size_t i = 0; i < n; i++) {
		char why[SR_REASON_MAX] = "not an LSP";
		struct agent_lsp *l;
		struct json_object *o = json_object_array_get_idx(lsps, i);
		struct lsp_state st;
		struct sr_more more;

		if (get_lsp(o, &st, &more) && agent_pol_put(pol, &st, &l, why) == 0) {
			l->creator = ip_of(o, "controller");
			continue;
		}
		bad++;
		log_event("", LOG_ERROR, "agent.state.entry", "file=%s entry=%zu reason=\"%s\"",
			  path, i, why);
	}
	log_event("", LOG_INFO, "agent.state.loaded", "file=%s lsps=%zu refused=%zu", path, n - bad,
		  bad);
	return bad ? -EINVAL : 0;
}

int agent_state_load(const char *path, struct agent_pol *pol)
{
	size_t len = 0;
	AUTO_FREE char *text = NULL;
	struct json_tokener *tok;
	struct json_object *root;
	int r = file_read(path, BYTES_MAX, &text, &len);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		log_event("", LOG_ERROR, "agent.state.load", "file=%s error=\"%s\"", path,
			  err_text(r));
		return err_raise(r);
	}
	tok = json_tokener_new_ex(DEPTH_MAX);
	root = tok ? json_tokener_parse_ex(tok, text, (int)len) : NULL;
	if (tok)
		json_tokener_free(tok);
	r = put_all(path, root, pol);
	json_object_put(root);
	return r < 0 ? err_raise(r) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and demands: which format a file has, and what they are kept in. */
#include <errno.h>
#include <string.h>

#include "tools/plan/plan_int.h"

struct plan_ask plan_ask_none(void)
{
	return (struct plan_ask){
		.r = { .minimise = PCE_IGP, .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
		       .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND, .usid = true,
		       .strict = true },
		.delay_diff_us_max = PCE_NO_BOUND,
		.delay_diff_us_told = PCE_NO_BOUND,
	};
}

static bool name_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, const struct plan_id, hash)->text, key) == 0;
}

void plan_asks_init(struct plan_asks *a)
{
	*a = (struct plan_asks){ 0 };
	arena_init(&a->arena, 0);
	hash_init(&a->names, 0x4a3e5, name_eq);
	hash_init(&a->demand_names, 0xde3a4d, name_eq);
}

bool plan_name_take(struct plan_asks *a, struct hash *names, const char *name)
{
	struct plan_id *id;

	if (hash_get(names, name, strlen(name), name))
		return false;
	id = ARENA_NEW(&a->arena, struct plan_id);
	if (id)
		id->text = arena_str(&a->arena, name);
	return id && id->text && hash_put(names, name, strlen(name), &id->hash) == 0;
}

bool plan_ask_add(struct plan_asks *a, const struct plan_ask *x)
{
	return a->asks.n < PLAN_REQUESTS_MAX && VEC_ADD(&a->asks, *x);
}

bool plan_demand_add(struct plan_asks *a, const struct plan_demand *x)
{
	return a->demands.n < PLAN_REQUESTS_MAX && VEC_ADD(&a->demands, *x);
}

void plan_asks_fini(struct plan_asks *a)
{
	VEC_FINI(&a->asks);
	VEC_FINI(&a->demands);
	hash_fini(&a->names);
	hash_fini(&a->demand_names);
	arena_fini(&a->arena);
}

static int read_json(struct plan_asks *a, const struct plan_net *n, const char *name,
		     const char *text, size_t len, struct str *err)
{
	json_object *doc = NULL;
	struct plan_at root;
	int rc = plan_json_parse(name, text, len, &doc, err);

	if (rc < 0)
		return rc;
	root = (struct plan_at){ .o = doc, .file = name, .err = err };
	rc = plan_wishes_read(a, n, &root);
	json_object_put(doc);
	return rc;
}

int plan_asks_read(struct plan_asks *a, const struct plan_net *n, const char *name,
		   const char *text, size_t len, struct str *err)
{
	struct plan_text t;
	size_t at = 0;

	while (at < len && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	if (at < len && text[at] == '{')
		return read_json(a, n, name, text, len, err);
	plan_text_init(&t, name, text, len, err);
	if (len - at >= 7 && memcmp(text + at, "DEMANDS", 7) == 0)
		return plan_demands_read(a, n, &t);
	return plan_tunnels_read(a, n, &t);
}

int plan_asks_load(struct plan_asks *a, const struct plan_net *n, const char *file,
		   struct str *err)
{
	STR_AUTO struct str text = { 0 };

	if (plan_file_read(file, &text, err) < 0)
		return -EINVAL;
	return plan_asks_read(a, n, file, str_text(&text), text.len, err);
}

int plan_asks_from_demands(struct plan_asks *a, struct str *err)
{
	for (size_t i = 0; i < a->demands.n; i++) {
		const struct plan_demand *d = &a->demands.at[i];
		struct plan_ask x = plan_ask_none();

		(void)str_copy(x.name, sizeof(x.name), d->name);
		x.r.src = d->src;
		x.r.dst = d->dst;
		x.r.bandwidth_bps = d->rate_bps;
		x.r.delay_us_max = d->delay_us_max;
		if (!plan_ask_add(a, &x)) {
			str_add(err, "too many requests, or no memory");
			return -EINVAL;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind a device is, and what a policy is on it: the tables, read. */
#include <string.h>

#include "southbound/gnmi/gnmi_tmpl.h"
#include "southbound/gnmi/kinds.h"

/* In order of search; the last takes whatever comes. */
static const struct gnmi_kind *const kinds[] = {
	&gnmi_kind_agent, &gnmi_kind_sros, &gnmi_kind_vrp, &gnmi_kind_xr, &gnmi_kind_openconfig,
};

const struct gnmi_kind *gnmi_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

const struct gnmi_kind *gnmi_kind_at(size_t i)
{
	return i < ARRAY_LEN(kinds) ? kinds[i] : NULL;
}

bool gnmi_kind_has(const struct gnmic_caps *caps, const char *const *models)
{
	for (; models && *models; models++) {
		bool there = false;

		for (size_t i = 0; i < caps->n_models && !there; i++)
			there = strcmp(caps->models[i].name, *models) == 0;
		if (!there)
			return false;
	}
	return true;
}

uint8_t gnmi_kind_lists(const struct gnmic_caps *caps, const struct gnmi_kind *k)
{
	if (!k->several)
		return 1;
	for (size_t i = 0; k->several_since && i < caps->n_models; i++)
		if (strcmp(caps->models[i].name, k->models[0]) == 0)
			return strcmp(caps->models[i].version, k->several_since) >= 0 ? k->lists_max : 1;
	return k->several_since ? 1 : k->lists_max;
}

const struct gnmi_kind *gnmi_kind_of(const struct gnmic_caps *caps)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(kinds) && !gnmi_kind_has(caps, kinds[i]->models))
		i++;
	return kinds[i];
}

static bool expand(const char *tmpl, enum gnmi_tmpl_for use, const struct gnmi_policy *p,
		   const char *who, struct arena *a, const char **out)
{
	struct str text STR_AUTO = { .limit = 64 << 10 };

	if (gnmi_tmpl_expand(tmpl, use, p, who, &text) < 0 || text.bad)
		return false;
	*out = arena_str(a, str_text(&text));
	return *out != NULL;
}

static bool takes_list(const struct gnmi_kind *k, const struct sr_list *list)
{
	return list->n > 0 && list->dataplane == SR_SRV6 && (!k->segments_max || list->n <= k->segments_max);
}

static bool takes(const struct gnmi_kind *k, const struct gnmi_policy *p)
{
	unsigned n = p->list ? sr_list_count(p->list) : 0;

	for (unsigned i = 0; i < n; i++)
		if (!takes_list(k, sr_list_nth(p->list, i)))
			return false;
	/* A list of several may be named, a character longer than its policy. */
	return n > 0 && (n == 1 || k->several) &&
	       (!k->name_max || strlen(p->name) + (n > 1) <= k->name_max) &&
	       (!k->preference_max || (p->preference > 0 && p->preference <= k->preference_max)) &&
	       (!k->ipv6_only || p->endpoint.family == IP_V6);
}

/* Those of an object that is made for each list: of lists that are not wanted a deletion. */
static bool add_object(const struct gnmi_object *o, const struct gnmi_policy *p, bool del, struct arena *a,
		       struct device_change *out)
{
	bool gone = del || p->at >= sr_list_count(p->list);

	*out = (struct device_change){ .op = gone ? DEVICE_DELETE : DEVICE_REPLACE };
	return expand(o->path, GNMI_FOR_PATH, p, "", a, &out->path) &&
	       (gone || expand(o->json, GNMI_FOR_JSON, p, "", a, &out->json));
}

static uint32_t lists_of(const struct gnmi_object *o, const struct gnmi_policy *p)
{
	unsigned n = p->list ? sr_list_count(p->list) : 1;

	return o->each_list ? p->there | ((UINT32_C(1) << n) - 1) : 1;
}

int gnmi_policy_changes(const struct gnmi_kind *k, const struct gnmi_policy *p, bool del,
			struct arena *a, struct device_change *out, size_t *n)
{
	const struct gnmi_object *table = p->list && p->list->more && k->several ? k->several : k->policy;
	struct gnmi_policy one = *p;
	size_t objects = 0;

	*n = 0;
	if (!k->policy)
		return GNMI_E_KIND;
	if (!del && !takes(k, p))
		return GNMI_E_LONG;
	while (table[objects].path)
		objects++;
	for (size_t i = 0; i < objects; i++) {
		const struct gnmi_object *o = &table[del ? objects - 1 - i : i];
		uint32_t lists = lists_of(o, p);

		for (one.at = 0; one.at < SR_LISTS_MAX; one.at++) {
			if (!(lists >> one.at & 1))
				continue;
			if (*n == GNMI_OBJECTS_MAX || !add_object(o, &one, del, a, &out[*n]))
				return GNMI_E_LONG;
			++*n;
		}
	}
	return 0;
}

const char *gnmi_counter_path(const struct gnmi_kind *k, enum gnmi_counter c,
			      const struct gnmi_policy *p, const char *who, struct arena *a)
{
	const char *out = NULL;

	if (k->counters[c])
		(void)expand(k->counters[c], GNMI_FOR_PATH, p, who ? who : "", a, &out);
	return out;
}

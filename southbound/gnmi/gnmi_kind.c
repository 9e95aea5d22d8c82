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

static bool takes(const struct gnmi_kind *k, const struct gnmi_policy *p)
{
	return p->list && p->list->n > 0 && p->list->dataplane == SR_SRV6 &&
	       (!k->segments_max || p->list->n <= k->segments_max) &&
	       (!k->name_max || strlen(p->name) <= k->name_max) &&
	       (!k->preference_max || (p->preference > 0 && p->preference <= k->preference_max)) &&
	       (!k->ipv6_only || p->endpoint.family == IP_V6);
}

int gnmi_policy_changes(const struct gnmi_kind *k, const struct gnmi_policy *p, bool del,
			struct arena *a, struct device_change *out, size_t *n)
{
	size_t objects = 0;

	*n = 0;
	if (!k->policy)
		return GNMI_E_KIND;
	if (!del && !takes(k, p))
		return GNMI_E_LONG;
	while (k->policy[objects].path)
		objects++;
	for (size_t i = 0; i < objects; i++) {
		const struct gnmi_object *o = &k->policy[del ? objects - 1 - i : i];
		struct device_change *c = &out[*n];

		*c = (struct device_change){ .op = del ? DEVICE_DELETE : DEVICE_REPLACE };
		if (!expand(o->path, GNMI_FOR_PATH, p, "", a, &c->path) ||
		    (!del && !expand(o->json, GNMI_FOR_JSON, p, "", a, &c->json)))
			return GNMI_E_LONG;
		++*n;
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

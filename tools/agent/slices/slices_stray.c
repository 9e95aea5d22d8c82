/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of others that mix customers: one that leads to a table of ours lets in who is not bound to it,
 * one that takes what enters an interface of a table before ours does lets it out elsewhere. They are not
 * touched, as nothing of others is; the table is said not to be in, with the reason.
 */
#include <stdio.h>
#include <string.h>

#include "tools/agent/slices/slices_int.h"

/* Which interface of the table it takes; NULL: none. */
static const char *takes(const struct agent_rule *r, const struct agent_table *t)
{
	for (size_t i = 0; r->iif[0] && r->pref < AGENT_RULE_BOUND && i < t->n_interfaces; i++) {
		if (strcmp(r->iif, t->interfaces[i]) == 0)
			return t->interfaces[i];
	}
	return NULL;
}

static bool look(struct agent_slices *s, const struct agent_table *t, const struct agent_rule *r)
{
	struct agent_missing m = { .owner = t };
	const char *taken = takes(r, t);

	if (r->table != t->id && !taken)
		return true;
	(void)snprintf(m.name, sizeof(m.name), "table %u", t->id);
	if (r->table == t->id)
		(void)snprintf(m.reason, sizeof(m.reason), "a rule of somebody else (%u) leads to it", r->pref);
	else
		(void)snprintf(m.reason, sizeof(m.reason), "a rule of somebody else (%u) takes what enters %s", r->pref,
			       taken);
	return VEC_ADD(&s->missing, m) != NULL;
}

bool agent_slices_stray(struct agent_slices *s)
{
	bool ok = true;

	for (size_t i = 0; ok && i < s->others.n; i++) {
		for (size_t k = 0; ok && k < s->now->n_tables; k++)
			ok = look(s, &s->now->tables[k], &s->others.at[i]);
	}
	return ok;
}

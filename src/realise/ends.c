/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service says of its ends, as a router takes it: interfaces of circuits, prefixes behind them,
 * which packets are of which group.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "realise/plan.h"

static bool names_interface(const char *s)
{
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return s[0] && s[0] != '.' && s[0] != '-' && strspn(s, more) == strlen(s);
}

bool realise_interface(const struct slice_ac *ac, char out[REALISE_IF_MAX])
{
	char name[64];
	int n = ac->vlan ? snprintf(name, sizeof(name), "%s.%u", ac->port, ac->vlan) :
			   snprintf(name, sizeof(name), "%s", ac->port);

	return n > 0 && (size_t)n < sizeof(name) && names_interface(name) && str_copy(out, REALISE_IF_MAX, name);
}

uint32_t realise_circuits(const struct slice_sdp *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_acs; i++)
		n += !p->acs[i].down;
	return n;
}

/* ---- prefixes ---- */

struct gathering {
	struct realise_prefix *at;
	uint32_t n, cap;
};

static void add_backup(struct realise_prefix *p, const struct slice_ac *ac, bool behind)
{
	bool there = p->ac == ac;

	for (uint32_t i = 0; i < p->n_backups; i++)
		there = there || p->backup[i].ac == ac;
	if (!there && p->n_backups < REALISE_BACKUPS_MAX)
		p->backup[p->n_backups++] = (struct realise_backup){ ac, behind };
}

static void add_prefix(struct gathering *g, const struct ip_prefix *p, const struct slice_ac *ac, bool behind)
{
	const struct ip_prefix cut = ip_prefix_of(&p->addr, p->len);

	if (cut.addr.family != IP_V6)
		return;
	for (uint32_t i = 0; i < g->n; i++) {
		if (ip_prefix_cmp(&g->at[i].prefix, &cut) == 0) {
			add_backup(&g->at[i], ac, behind);
			return;
		}
	}
	if (g->n < g->cap)
		g->at[g->n++] = (struct realise_prefix){ .prefix = cut, .ac = ac, .behind = behind };
}

/* On the link of one of its circuits already: no next hop leads there. */
static bool on_link(const struct slice_sdp *p, const struct ip_prefix *x)
{
	for (uint32_t i = 0; i < p->n_acs; i++) {
		const struct slice_ac *ac = &p->acs[i];

		if (!ac->down && ac->v6.addr.family == IP_V6 && ac->v6.len <= x->len &&
		    ip_bits_same(&ac->v6.addr, &x->addr, ac->v6.len))
			return true;
	}
	return false;
}

static const struct slice_ac *first_up(const struct slice_sdp *p)
{
	for (uint32_t i = 0; i < p->n_acs; i++) {
		if (!p->acs[i].down)
			return &p->acs[i];
	}
	return NULL;
}

/* What may come from there is there: sources that criteria name. */
static void add_sources(struct gathering *g, const struct slice_sdp *p)
{
	for (uint32_t i = 0; i < p->n_criteria; i++) {
		for (uint32_t k = 0; k < p->criteria[i].n_match; k++) {
			const struct slice_match *m = &p->criteria[i].match[k];

			for (uint32_t j = 0; m->type == SLICE_MATCH_SRC && j < m->n; j++) {
				if (!on_link(p, &m->prefixes[j]))
					add_prefix(g, &m->prefixes[j], first_up(p), true);
			}
		}
	}
}

static uint32_t count_most(const struct slice_sdp *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_acs; i++)
		n += 1 + p->acs[i].n_behind;
	for (uint32_t i = 0; i < p->n_criteria; i++) {
		for (uint32_t k = 0; k < p->criteria[i].n_match; k++)
			n += p->criteria[i].match[k].type == SLICE_MATCH_SRC ? p->criteria[i].match[k].n : 0;
	}
	return n;
}

struct realise_prefix *realise_prefixes(const struct slice_sdp *p, struct arena *a, uint32_t *n)
{
	struct gathering g = { .cap = count_most(p) };

	*n = 0;
	g.at = ARENA_ARRAY(a, g.cap + 1, struct realise_prefix);
	if (!g.at)
		return NULL;
	for (uint32_t i = 0; i < p->n_acs; i++) {
		const struct slice_ac *ac = &p->acs[i];

		if (ac->down)
			continue;
		add_prefix(&g, &ac->v6, ac, false);
		for (uint32_t k = 0; k < ac->n_behind; k++)
			add_prefix(&g, &ac->behind[k], ac, true);
	}
	if (first_up(p))
		add_sources(&g, p);
	*n = g.n;
	return g.at;
}

/* ---- who meets whom ---- */

const char *realise_group_id(const struct slice_service *s, uint32_t group)
{
	return group < s->n_groups ? s->groups[group].id : "pool";
}

static void join(const struct slice_service *s, struct realise_joins *out, uint32_t a, uint32_t b)
{
	if (a == b || s->sdps[a].down || s->sdps[b].down)
		return;
	out->of[a][b / 64] |= UINT64_C(1) << b % 64;
	out->of[b][a / 64] |= UINT64_C(1) << a % 64;
}

static void join_ends(const struct slice_service *s, const struct slice_construct *c, struct realise_joins *out)
{
	uint32_t from = c->kind == SLICE_C_A2A ? c->n_ends : 1; /* else the first alone sends */

	for (uint32_t i = 0; !c->down && i < from && i < c->n_ends; i++) {
		for (uint32_t k = i + 1; k < c->n_ends; k++)
			join(s, out, c->ends[i].sdp, c->ends[k].sdp);
	}
}

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

static bool roles_join(enum slice_connectivity kind, enum slice_role a, enum slice_role b)
{
	switch (kind) {
	case SLICE_ANY_TO_ANY:
	case SLICE_MP2MP:
		return true;
	case SLICE_HUB_SPOKE:
		return (a == SLICE_ROLE_HUB && b == SLICE_ROLE_SPOKE) || (a == SLICE_ROLE_SPOKE && b == SLICE_ROLE_HUB);
	case SLICE_P2P:
	case SLICE_P2MP:
	case SLICE_MP2P:
		return (a == SLICE_ROLE_SENDER) != (b == SLICE_ROLE_SENDER) || a == SLICE_ROLE_ANY;
	}
	return false;
}

static void join_roles(const struct slice_service *s, uint32_t group, struct realise_joins *out)
{
	enum slice_role role[SLICE_SDPS_MAX];
	bool in[SLICE_SDPS_MAX];

	for (uint32_t a = 0; a < s->n_sdps; a++) {
		in[a] = group >= s->n_groups || role_in(&s->sdps[a], group, &role[a]);
		for (uint32_t b = 0; b < a && in[a]; b++) {
			if (in[b] && (group >= s->n_groups || roles_join(s->groups[group].connectivity, role[a], role[b])))
				join(s, out, a, b);
		}
	}
}

/* As src/slice makes constructs: those that are written, else those that roles make. */
void realise_join(const struct slice_service *s, uint32_t group, struct realise_joins *out)
{
	if (group >= s->n_groups || s->groups[group].n_constructs == 0) {
		join_roles(s, group, out);
		return;
	}
	for (uint32_t i = 0; i < s->groups[group].n_constructs; i++)
		join_ends(s, &s->groups[group].constructs[i], out);
}

/* ---- whose packets ---- */

static bool is_fine(enum slice_match_type t)
{
	return t != SLICE_MATCH_ANY && t != SLICE_MATCH_INTERFACE && t != SLICE_MATCH_VLAN;
}

bool realise_is_fine(const struct slice_criterion *c)
{
	for (uint32_t i = 0; i < c->n_match; i++) {
		if (is_fine(c->match[i].type))
			return true;
	}
	return false;
}

static bool term_takes(const struct slice_match *m, const struct slice_ac *ac)
{
	char name[REALISE_IF_MAX] = "";

	if (m->type != SLICE_MATCH_INTERFACE && m->type != SLICE_MATCH_VLAN)
		return true;
	(void)realise_interface(ac, name);
	for (uint32_t i = 0; i < m->n; i++) {
		if (m->type == SLICE_MATCH_VLAN ? m->numbers[i] == ac->vlan :
						  strcmp(m->names[i], ac->port) == 0 || strcmp(m->names[i], name) == 0)
			return true;
	}
	return false;
}

bool realise_takes(const struct slice_criterion *c, const struct slice_ac *ac)
{
	for (uint32_t i = 0; i < c->n_match; i++) {
		if (!term_takes(&c->match[i], ac))
			return false;
	}
	return !ac->down;
}

bool realise_is_bound(const struct slice_service *s, const struct slice_sdp *p, const char *group,
		      const struct slice_ac *ac)
{
	bool said = false;

	if (ac->down || s->real.steering == SLICE_BY_DSCP || s->real.steering == SLICE_BY_FLOW)
		return false;
	for (uint32_t i = 0; i < p->n_criteria; i++) {
		const struct slice_criterion *c = &p->criteria[i];

		if (c->group >= s->n_groups || strcmp(s->groups[c->group].id, group) != 0)
			continue;
		said = true;
		if (!realise_is_fine(c) && realise_takes(c, ac))
			return true;
	}
	return !said;
}

uint32_t realise_combinations(const struct slice_criterion *c)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < c->n_match && n <= REALISE_CLASSES; i++) {
		if (is_fine(c->match[i].type))
			n *= c->match[i].n;
	}
	return n;
}

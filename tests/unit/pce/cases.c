/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

FILE *cases_open(const char *set, const char *name)
{
	const char *shared = getenv("SEXTANT_SHARED");
	char path[600];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/data/constrained/%s/%s", shared ? shared : "", set, name);
	f = shared ? fopen(path, "r") : NULL;
	if (!f)
		(void)fprintf(stderr, "notice: not run, SEXTANT_SHARED has no %s/%s\n", set, name);
	return f;
}

static void pair_up(struct cases_topo *p)
{
	for (uint32_t i = 0; i < p->m; i++)
		for (uint32_t j = i + 1; j < p->m && p->link[i].reverse == TED_NONE; j++)
			if (p->link[j].reverse == TED_NONE && p->link[j].from == p->link[i].to &&
			    p->link[j].to == p->link[i].from) {
				p->link[i].reverse = j;
				p->link[j].reverse = i;
			}
}

/* "3|17|20" behind the last comma. */
static void read_srlgs(struct cases_topo *p, const char *line)
{
	struct ted_link *l = &p->link[p->m];
	const char *at = strrchr(line, ',');
	char *end;

	l->srlg = p->srlg[p->m];
	while (at && l->n_srlg < CASES_SRLGS && at[1] >= '0' && at[1] <= '9') {
		p->srlg[p->m][l->n_srlg++] = (uint32_t)strtoul(at + 1, &end, 10);
		at = *end == '|' ? end : NULL;
	}
}

const struct ted *cases_read(struct cases_topo *p, FILE *f)
{
	struct ted_input in = { .nodes = p->node, .links = p->link };
	const struct ted *t = NULL;
	unsigned id, from, to, cost, delay;
	char line[300];

	memset(p, 0, sizeof(*p));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%u,%u,%u,%*u,%u,%*u,%u", &id, &from, &to, &cost, &delay) != 5)
			continue;
		ck_assert(p->m < CASES_LINKS && from < CASES_NODES && to < CASES_NODES);
		p->link[p->m] = (struct ted_link){ .alive = true, .from = from, .to = to,
						   .reverse = TED_NONE, .has_igp = true,
						   .igp_metric = cost, .has_delay = true,
						   .delay_us = delay };
		read_srlgs(p, line);
		p->m++;
		p->n = from >= p->n ? from + 1 : p->n;
		p->n = to >= p->n ? to + 1 : p->n;
	}
	for (uint32_t i = 0; i < p->n; i++) {
		p->node[i].alive = true;
		(void)snprintf(p->node[i].id, sizeof(p->node[i].id), "n%u", i);
	}
	pair_up(p);
	in.n_nodes = p->n;
	in.n_links = p->m;
	ck_assert_int_eq(ted_build(&in, &t), 0);
	return t;
}

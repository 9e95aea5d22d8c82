/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sr.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

static bool segments_eq(const struct sr_list *a, const struct sr_list *b)
{
	if (a->dataplane != b->dataplane || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		if (a->dataplane == SR_MPLS ? a->at[i].label != b->at[i].label :
					      !ip_eq(&a->at[i].sid, &b->at[i].sid))
			return false;
	}
	return true;
}

void sr_list_set(struct sr_list *to, const struct sr_list *from)
{
	memcpy(to, from, offsetof(struct sr_list, at) + from->n * sizeof(from->at[0]));
}

bool sr_list_eq(const struct sr_list *a, const struct sr_list *b)
{
	if (!segments_eq(a, b) || !a->more != !b->more)
		return false;
	if (!a->more)
		return true;
	if (a->more->n != b->more->n || a->more->weight != b->more->weight)
		return false;
	for (unsigned k = 0; k < a->more->n; k++) {
		const struct sr_weighted *x = &a->more->at[k], *y = &b->more->at[k];

		if (x->weight != y->weight || !segments_eq(&x->list, &y->list))
			return false;
	}
	return true;
}

int sr_list_keep(const struct sr_list *from, struct sr_list *to)
{
	struct sr_more *more = NULL;

	if (from->more) {
		more = malloc(sizeof(*more));
		if (more)
			*more = *from->more;
	}
	sr_list_set(to, from);
	to->more = more;
	return from->more && !more ? err_raise(-ENOMEM) : 0;
}

void sr_list_drop(struct sr_list *l)
{
	struct sr_more *own;

	memcpy(&own, &l->more, sizeof(own)); /* const for all but its owner */
	free(own);
	l->more = NULL;
}

unsigned sr_list_count(const struct sr_list *l)
{
	return 1U + (l->more ? l->more->n : 0);
}

const struct sr_list *sr_list_nth(const struct sr_list *l, unsigned k)
{
	return k == 0 ? l : &l->more->at[k - 1].list;
}

uint32_t sr_list_weight(const struct sr_list *l, unsigned k)
{
	return !l->more ? 1 : k == 0 ? l->more->weight : l->more->at[k - 1].weight;
}

uint64_t sr_list_total(const struct sr_list *l)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < sr_list_count(l); k++)
		sum += sr_list_weight(l, k);
	return sum;
}

static uint32_t halved(uint32_t weight, unsigned by)
{
	weight >>= by;
	return weight ? weight : 1;
}

void sr_weights_fit(struct sr_more *m)
{
	for (unsigned by = 0;; by = 1) {
		uint64_t sum = m->weight = halved(m->weight, by);

		for (unsigned k = 0; k < m->n; k++)
			sum += m->at[k].weight = halved(m->at[k].weight, by);
		if (sum <= UINT32_MAX)
			return;
	}
}

uint64_t sr_share(uint64_t bps, uint64_t units, uint64_t total)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)(((wide)bps * units + total - 1) / total);
}

int sr_policy_key_cmp(const struct sr_policy_key *a, const struct sr_policy_key *b)
{
	int c = ip_cmp(&a->headend, &b->headend);

	if (c != 0)
		return c;
	if (a->color != b->color)
		return a->color < b->color ? -1 : 1;
	c = ip_cmp(&a->endpoint, &b->endpoint);
	return c != 0 ? c : (int)a->leg - (int)b->leg;
}

const char *sr_policy_key_text(const struct sr_policy_key *k, char *buf, size_t cap)
{
	char h[IP_TEXT_MAX], e[IP_TEXT_MAX];

	(void)snprintf(buf, cap, k->leg ? "%s,%u,%s,%u" : "%s,%u,%s", ip_text(&k->headend, h, sizeof(h)),
		       k->color, ip_text(&k->endpoint, e, sizeof(e)), k->leg);
	return buf;
}

int sr_policy_key_parse(const char *text, struct sr_policy_key *out)
{
	char buf[SR_KEY_TEXT_MAX];
	char *c1, *c2, *c3;
	uint64_t color, leg = 0;

	if (!str_copy(buf, sizeof(buf), text))
		return -EINVAL;
	c1 = strchr(buf, ',');
	c2 = c1 ? strchr(c1 + 1, ',') : NULL;
	if (!c2)
		return -EINVAL;
	*c1 = *c2 = '\0';
	c3 = strchr(c2 + 1, ',');
	if (c3) {
		*c3 = '\0';
		if (str_u64(c3 + 1, &leg) < 0 || leg == 0 || leg > SR_LEG_MAX)
			return -EINVAL;
	}
	if (str_u64(c1 + 1, &color) < 0 || color > UINT32_MAX || ip_parse(buf, &out->headend) < 0 ||
	    ip_parse(c2 + 1, &out->endpoint) < 0)
		return -EINVAL;
	out->color = (uint32_t)color;
	out->leg = (uint8_t)leg;
	return 0;
}

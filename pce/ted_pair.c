/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the other direction of each link.
 *
 * A pass gives every unpaired link two keys: its own ends and identifiers, and the same as its
 * reverse would say them. Sorted, links whose keys meet are candidates. Passes go from the
 * strongest evidence to the weakest; no pass pairs links whose identifiers contradict each
 * other, so two halves of two different parallel links stay halves. Each pass costs a sort,
 * whatever a peer sends.
 */
#include "base/err.h"
#include "pce/ted_priv.h"

enum {
	V6_LOCAL = 1 << 0,
	V6_REMOTE = 1 << 1,
	V4_LOCAL = 1 << 2,
	V4_REMOTE = 1 << 3,
	ID_LOCAL = 1 << 4,
	ID_REMOTE = 1 << 5,
	V6 = V6_LOCAL | V6_REMOTE,
	V4 = V4_LOCAL | V4_REMOTE,
	ID = ID_LOCAL | ID_REMOTE,
};

/* By ends alone (the last row): only one candidate each way, or a LAN, where the pseudonode is
 * one interface by definition. */
static const uint8_t passes[] = { V6 | V4 | ID, V6, ID, V4, V6_LOCAL, V4_LOCAL, ID_LOCAL, 0 };

static unsigned known(const struct ted_link *l)
{
	return (l->local_v6.family ? V6_LOCAL : 0U) | (l->remote_v6.family ? V6_REMOTE : 0U) |
	       (l->local_v4.family ? V4_LOCAL : 0U) | (l->remote_v4.family ? V4_REMOTE : 0U) |
	       (l->local_id ? ID_LOCAL : 0U) | (l->remote_id ? ID_REMOTE : 0U);
}

/* The same facts seen from the other end. */
static unsigned swapped(unsigned mask)
{
	return (mask & (V6_LOCAL | V4_LOCAL | ID_LOCAL)) << 1 |
	       (mask & (V6_REMOTE | V4_REMOTE | ID_REMOTE)) >> 1;
}

static uint64_t key_own(const struct ted_link *l, unsigned mask)
{
	uint64_t h = ted_hash((uint64_t)l->from << 32 | l->to, &mask, sizeof(mask));

	if (mask & V6_LOCAL)
		h = ted_hash(h, l->local_v6.b, 16);
	if (mask & V6_REMOTE)
		h = ted_hash(h, l->remote_v6.b, 16);
	if (mask & V4_LOCAL)
		h = ted_hash(h, l->local_v4.b, 4);
	if (mask & V4_REMOTE)
		h = ted_hash(h, l->remote_v4.b, 4);
	if (mask & ID_LOCAL)
		h = ted_hash(h, &l->local_id, 4);
	if (mask & ID_REMOTE)
		h = ted_hash(h, &l->remote_id, 4);
	return h;
}

static uint64_t key_reverse(const struct ted_link *l, unsigned mask)
{
	struct ted_link r = { .from = l->to,
			      .to = l->from,
			      .local_v6 = l->remote_v6,
			      .remote_v6 = l->local_v6,
			      .local_v4 = l->remote_v4,
			      .remote_v4 = l->local_v4,
			      .local_id = l->remote_id,
			      .remote_id = l->local_id };

	return key_own(&r, mask);
}

static bool differ(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family && b->family && !ip_eq(a, b);
}

static bool contradict(const struct ted_link *a, const struct ted_link *b)
{
	return differ(&a->local_v6, &b->remote_v6) || differ(&a->remote_v6, &b->local_v6) ||
	       differ(&a->local_v4, &b->remote_v4) || differ(&a->remote_v4, &b->local_v4) ||
	       (a->local_id && b->remote_id && a->local_id != b->remote_id) ||
	       (a->remote_id && b->local_id && a->remote_id != b->local_id);
}

struct pairing {
	struct ted_link *links;
	const struct ted *t;
	struct ted_subset some;
	struct ted_key *own, *rev, *tmp;
	uint32_t n_own, n_rev;
};

static void try_pair(struct pairing *p, uint32_t a, uint32_t b)
{
	struct ted_link *la = &p->links[a], *lb = &p->links[b];

	if (la->reverse != TED_NONE || lb->reverse != TED_NONE || la->from != lb->to ||
	    la->to != lb->from || contradict(la, lb))
		return;
	la->reverse = b;
	lb->reverse = a;
}

/* The first pass asks for whatever is known, if it is told by both sides in full. */
static unsigned mask_of(const struct ted_link *l, unsigned pass)
{
	unsigned have = known(l);

	if (pass != (V6 | V4 | ID))
		return (have & pass) == pass ? pass : ~0U;
	have &= swapped(have);
	return have ? have : ~0U;
}

static void collect(struct pairing *p, unsigned pass)
{
	p->n_own = p->n_rev = 0;
	for (uint32_t k = 0; k < p->some.n; k++) {
		uint32_t i = p->some.at ? p->some.at[k] : k;
		const struct ted_link *l = &p->links[i];
		unsigned have, mask;

		if (!l->alive || l->reverse != TED_NONE)
			continue;
		mask = mask_of(l, pass);
		if (mask != ~0U)
			p->own[p->n_own++] = (struct ted_key){ .h = key_own(l, mask), .ref = i };
		have = known(l);
		if (pass == (V6 | V4 | ID) ? mask == ~0U : (swapped(have) & pass) != pass)
			continue;
		p->rev[p->n_rev++] = (struct ted_key){
			.h = key_reverse(l, pass == (V6 | V4 | ID) ? mask : pass), .ref = i
		};
	}
	ted_keys_sort(p->own, p->tmp, p->n_own);
	ted_keys_sort(p->rev, p->tmp, p->n_rev);
}

static uint32_t run_end(const struct ted_key *k, uint32_t i, uint32_t n)
{
	uint64_t h = k[i].h;

	while (i < n && k[i].h == h)
		i++;
	return i;
}

static bool pseudo(const struct pairing *p, const struct ted_link *l)
{
	return p->t->nodes[l->from].pseudonode || p->t->nodes[l->to].pseudonode;
}

/* Meets the two sorted lists; in a run of equal keys the first goes with the first. */
static void meet(struct pairing *p, unsigned pass)
{
	uint32_t i = 0, j = 0;

	while (i < p->n_own && j < p->n_rev) {
		uint32_t ie, je;

		if (p->own[i].h != p->rev[j].h) {
			if (p->own[i].h < p->rev[j].h)
				i++;
			else
				j++;
			continue;
		}
		ie = run_end(p->own, i, p->n_own);
		je = run_end(p->rev, j, p->n_rev);
		if (pass || (ie - i == 1 && je - j == 1) || pseudo(p, &p->links[p->own[i].ref]))
			for (uint32_t k = 0; k < ie - i && k < je - j; k++)
				try_pair(p, p->own[i + k].ref, p->rev[j + k].ref);
		i = ie;
		j = je;
	}
}

/* What the caller paired stays if it makes sense. */
static void keep_given(struct ted_link *links, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct ted_link *l = &links[i];
		const struct ted_link *r;

		if (l->reverse == TED_NONE)
			continue;
		r = l->reverse < n ? &links[l->reverse] : NULL;
		if (!l->alive || !r || !r->alive || r->reverse != i || r->from != l->to ||
		    r->to != l->from)
			l->reverse = TED_NONE;
	}
}

static uint32_t unpaired(const struct ted_link *links, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		k += links[i].alive && links[i].reverse == TED_NONE;
	return k;
}

static int pair(struct pairing *p, uint32_t n, struct arena *scratch)
{
	p->own = ARENA_ARRAY(scratch, n, struct ted_key);
	p->rev = ARENA_ARRAY(scratch, n, struct ted_key);
	p->tmp = ARENA_ARRAY(scratch, n, struct ted_key);
	if (!p->own || !p->rev || !p->tmp)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < sizeof(passes); i++) {
		collect(p, passes[i]);
		if (p->n_own == 0 && passes[i] == 0)
			break;
		meet(p, passes[i]);
	}
	return 0;
}

int ted_pair(struct ted_link *links, const struct ted *t, struct arena *scratch)
{
	struct pairing p = { .links = links, .t = t, .some = { .n = t->n_links } };
	uint32_t n;

	keep_given(links, t->n_links);
	n = unpaired(links, t->n_links);
	return n == 0 ? 0 : pair(&p, n, scratch);
}

int ted_pair_some(struct ted_link *links, const struct ted *t, const struct ted_subset *some,
		  struct arena *scratch)
{
	struct pairing p = { .links = links, .t = t, .some = *some };

	return some->n == 0 ? 0 : pair(&p, some->n, scratch);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions as their documents say, and why nothing is made of some. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"
#include "nrp/nrp_priv.h"

/* ---- documents ---- */

static bool overlaps(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len <= b->len ? ip_prefix_has(a, &b->addr) : ip_prefix_has(b, &a->addr);
}

void nrp_refuse(struct nrp_part *p, const char *fmt, ...)
{
	va_list ap;

	if (p->refused[0])
		return;
	va_start(ap, fmt);
	(void)vsnprintf(p->refused, sizeof(p->refused), fmt, ap);
	va_end(ap);
}

static void take_blocks(struct nrp_part *p, const struct slice_nrp *doc)
{
	char text[IP_PREFIX_TEXT_MAX];

	if (doc->n_sids == 0)
		nrp_refuse(p, "it has no SID block: what belongs to it cannot be told from other packets");
	if (doc->n_sids > NRP_BLOCKS_MAX)
		nrp_refuse(p, "it has %u SID blocks: %d are the most a queue can be told apart by", doc->n_sids,
		       NRP_BLOCKS_MAX);
	for (uint32_t i = 0; i < doc->n_sids && i < NRP_BLOCKS_MAX; i++) {
		if (doc->sids[i].addr.family != IP_V6 || doc->sids[i].len > SLICE_BLOCK_BITS_MAX)
			nrp_refuse(p, "%s is no block: routers' SIDs have room in a prefix of %d bits at most",
			       ip_prefix_text(&doc->sids[i], text, sizeof(text)), SLICE_BLOCK_BITS_MAX);
		p->block[p->n_blocks++] = doc->sids[i];
	}
}

static void against_others(const struct nrp *n, struct nrp_part *p)
{
	char text[IP_PREFIX_TEXT_MAX];

	for (size_t k = 0; k < n->parts.n; k++) {
		const struct nrp_part *o = &n->parts.at[k];

		for (uint32_t i = 0; i < p->n_blocks * o->n_blocks; i++) {
			const struct ip_prefix *b = &p->block[i % p->n_blocks];

			if (overlaps(b, &o->block[i / p->n_blocks]))
				nrp_refuse(p, "its block %s overlaps one of partition %.80s",
				       ip_prefix_text(b, text, sizeof(text)), o->name);
		}
	}
}

static bool ours(const struct nrp *n, const struct ip_prefix *locator)
{
	for (size_t i = 0; i < n->records.n; i++)
		if (nrp_record_has(n->records.at[i], locator))
			return true;
	return false;
}

static bool block_add(struct nrp_part *p, const struct ip_prefix *block)
{
	for (uint32_t i = 0; i < p->n_blocks; i++)
		if (ip_prefix_cmp(&p->block[i], block) == 0)
			return true;
	if (p->n_blocks == NRP_BLOCKS_MAX)
		return false;
	p->block[p->n_blocks++] = *block;
	return true;
}

/* Blocks of the locators that routers have for an algorithm they compute with. */
static void routers_blocks(const struct nrp *n, struct nrp_part *p)
{
	unsigned lb, ln;

	p->theirs = true;
	for (uint32_t v = 0; v < n->ted->n_nodes && !p->refused[0]; v++) {
		const struct ted_node *node = &n->ted->nodes[v];

		for (uint32_t k = 0; node->alive && k < node->n_locators && !p->refused[0]; k++) {
			const struct ted_locator *l = &node->locators[k];
			struct ip_prefix block;

			if (l->algo != p->algo || l->prefix.addr.family != IP_V6)
				continue;
			if (!nrp_structure(node, l, &lb, &ln)) {
				nrp_refuse(p, "the structure of %.60s's locator of algorithm %u is not known",
					   ted_node_label(n->ted, v), p->algo);
				return;
			}
			block = ip_prefix_of(&l->prefix.addr, (uint8_t)lb);
			if (!block_add(p, &block))
				nrp_refuse(p, "locators of algorithm %u are in more blocks than the %d a queue can be told apart by",
					   p->algo, NRP_BLOCKS_MAX);
		}
	}
	if (p->n_blocks == 0)
		nrp_refuse(p, "it has no SID block, and no router has a locator of algorithm %u", p->algo);
}

/* What else is in those blocks would be in its queues. */
static void against_algorithms(const struct nrp *n, struct nrp_part *p)
{
	char text[IP_PREFIX_TEXT_MAX];

	for (uint32_t v = 0; v < n->ted->n_nodes && !p->refused[0]; v++) {
		const struct ted_node *node = &n->ted->nodes[v];

		for (uint32_t k = 0; node->alive && k < node->n_locators; k++) {
			const struct ted_locator *l = &node->locators[k];

			for (uint32_t i = 0; l->algo != p->algo && i < p->n_blocks; i++)
				if (overlaps(&p->block[i], &l->prefix))
					nrp_refuse(p, "%s of %.60s, of algorithm %u, is in one block with those of %u: "
						   "queues cannot tell them apart",
						   ip_prefix_text(&l->prefix, text, sizeof(text)),
						   ted_node_label(n->ted, v), l->algo, p->algo);
		}
	}
}

/* Locators of the routers' own, and of what else the topology has. */
static void against_routers(const struct nrp *n, struct nrp_part *p)
{
	char text[IP_PREFIX_TEXT_MAX];

	for (uint32_t v = 0; n->ted && v < n->ted->n_nodes && !p->refused[0]; v++) {
		const struct ted_node *node = &n->ted->nodes[v];

		for (uint32_t k = 0; node->alive && k < node->n_locators; k++) {
			const struct ted_locator *l = &node->locators[k];

			for (uint32_t i = 0; i < p->n_blocks; i++) {
				if (l->algo < TED_FLEX_FIRST && overlaps(&p->block[i], &l->prefix) && !ours(n, &l->prefix))
					nrp_refuse(p, "its block overlaps %s, a locator of %.60s",
					       ip_prefix_text(&l->prefix, text, sizeof(text)),
					       ted_node_label(n->ted, v));
			}
		}
	}
}

static int shares_of(const struct nrp *n, struct nrp_part *p, const struct slice_nrp *doc)
{
	const struct slice_nrp *one = doc;
	struct slice_shares s = { .n_links = n->ted ? n->ted->n_links : 0 };
	struct slice_fault f;

	int r = 0;

	s.bps = p->share = calloc((size_t)s.n_links + 1, sizeof(*s.bps));
	p->ordered = calloc((size_t)s.n_links + 1, sizeof(*s.bps));
	p->urgent = calloc((size_t)s.n_links + 1, sizeof(*p->urgent));
	if (!s.bps || !p->ordered || !p->urgent)
		return err_raise(-ENOMEM);
	p->n_share = s.n_links;
	slice_nrp_priorities(n->env.slice, doc->id, p->urgent, s.n_links);
	if (n->ted)
		r = slice_shares(n->ted, &one, 1, 0, false, &s, &f);
	memcpy(p->ordered, p->share, s.n_links * sizeof(*s.bps));
	if (r == 0)
		slice_growth_shares(n->env.slice, doc->id, &s);
	return err_trace(r);
}

static void shares_free(struct nrp_part *p)
{
	free(p->share);
	free(p->ordered);
	free(p->urgent);
}

/* In order of number: what came first to the operator is not known. */
static int part_add(struct nrp *n, const struct slice_nrp *doc)
{
	struct nrp_part p = { .id = doc->id, .told = NRP_WAITING };
	size_t i = 0;

	(void)str_copy(p.name, sizeof(p.name), doc->name);
	p.algo = slice_nrp_algo(n->env.slice, doc->id);
	p.alone = slice_nrp_alone(n->env.slice, doc->id);
	p.priority = slice_nrp_priority(n->env.slice, doc->id);
	if (doc->id > NRP_ID_MAX)
		nrp_refuse(&p, "nrp-id %u: queues are numbered up to %d", doc->id, NRP_ID_MAX);
	if (doc->n_sids == 0 && p.algo)
		routers_blocks(n, &p);
	else
		take_blocks(&p, doc);
	if (!p.algo)
		nrp_refuse(&p, "it has no algorithm for its SIDs: write it again");
	else if (!p.theirs && topo_algo_told(n->env.topo, p.algo))
		nrp_refuse(&p, "the routers compute with algorithm %u themselves", p.algo);
	if (shares_of(n, &p, doc) < 0 || !VEC_ADD(&n->parts, p)) {
		shares_free(&p);
		return err_raise(-ENOMEM);
	}
	for (i = n->parts.n - 1; i > 0 && n->parts.at[i - 1].id > p.id; i--)
		n->parts.at[i] = n->parts.at[i - 1];
	n->parts.at[i] = p;
	return 0;
}

static int read_one(struct nrp *n, const char *name)
{
	struct slice_fault f;
	struct slice_nrp doc;
	uint64_t revision;
	struct arena a;
	size_t len;
	const char *text = slice_doc(n->env.slice, SLICE_NRP, name, &len, &revision);
	int r;

	arena_init(&a, 8 << 20);
	r = text ? slice_nrp_read(text, len, &a, &doc, &f) : -EINVAL;
	if (r == 0)
		r = part_add(n, &doc);
	arena_fini(&a);
	return r == -ENOMEM ? r : 0;
}

void nrp_parts_fini(struct nrp *n)
{
	for (size_t i = 0; i < n->parts.n; i++)
		shares_free(&n->parts.at[i]);
	VEC_FINI(&n->parts);
}

int nrp_parts_read(struct nrp *n)
{
	__typeof__(n->parts) old = n->parts;
	int r = 0;

	n->parts = (__typeof__(n->parts)){ 0 };
	for (const char *id = slice_next(n->env.slice, SLICE_NRP, NULL); id && r == 0;
	     id = slice_next(n->env.slice, SLICE_NRP, id))
		r = read_one(n, id);
	for (size_t i = 0; i < n->parts.n; i++) {
		__typeof__(n->parts) all = n->parts;
		struct nrp_part *p = &n->parts.at[i];

		n->parts.n = i; /* those before it */
		against_others(n, p);
		n->parts = all;
		if (p->theirs)
			against_algorithms(n, p);
		else
			against_routers(n, p);
	}
	for (size_t i = 0; i < old.n; i++) {
		struct nrp_part *p = nrp_part_of(n, old.at[i].id);

		if (p && strcmp(p->name, old.at[i].name) == 0) {
			p->told = old.at[i].told;
			p->was_told = old.at[i].was_told;
		}
		shares_free(&old.at[i]);
	}
	VEC_FINI(&old);
	return r;
}

struct nrp_part *nrp_part_of(const struct nrp *n, uint32_t id)
{
	for (size_t i = 0; i < n->parts.n; i++)
		if (n->parts.at[i].id == id)
			return &n->parts.at[i];
	return NULL;
}

bool nrp_part_holds(const struct nrp *n, const struct ip_prefix *locator)
{
	for (size_t i = 0; i < n->parts.n; i++) {
		const struct nrp_part *p = &n->parts.at[i];

		for (uint32_t k = 0; k < p->n_blocks && !p->refused[0] && !p->theirs; k++)
			if (p->block[k].len < locator->len && ip_prefix_has(&p->block[k], &locator->addr))
				return true;
	}
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs from the generation before. Structs are compared field by field along tables,
 * because padding between fields is noise.
 */
#include <string.h>

#include "base/err.h"
#include "pce/ted_priv.h"

struct span {
	uint16_t off, len;
};

#define SPAN(type, field) { offsetof(type, field), sizeof(((type *)0)->field) }
#define SPAN_TO(type, first, last)                                                                 \
	{ offsetof(type, first), offsetof(type, last) + sizeof(((type *)0)->last) -                \
					 offsetof(type, first) }

/* Arrays behind pointers: where the pointer and the count are, and the element's fields. */
struct array_row {
	uint16_t ptr, count, size;
	const struct span *spans;
	uint16_t n_spans;
};

#define ARRAY_ROW(type, field, counter, elem, table)                                               \
	{ offsetof(type, field), offsetof(type, counter), sizeof(elem), table, ARRAY_LEN(table) }

static const struct span prefix_spans[] = { SPAN(struct ip_prefix, addr),
					    SPAN(struct ip_prefix, len) };
static const struct span locator_spans[] = {
	SPAN(struct ted_locator, prefix.addr), SPAN(struct ted_locator, prefix.len),
	SPAN(struct ted_locator, algo), SPAN(struct ted_locator, flags),
	SPAN(struct ted_locator, metric),
};
static const struct span sid_spans[] = {
	SPAN(struct ted_sid, sid),	 SPAN(struct ted_sid, behavior), SPAN(struct ted_sid, algo),
	SPAN(struct ted_sid, flags),	 SPAN(struct ted_sid, structure),
	SPAN(struct ted_sid, lan_node),
};
static const struct span node_sid_spans[] = {
	SPAN(struct ted_node_sid, prefix.addr), SPAN(struct ted_node_sid, prefix.len),
	SPAN(struct ted_node_sid, value),	SPAN(struct ted_node_sid, algo),
	SPAN(struct ted_node_sid, is_label),	SPAN(struct ted_node_sid, no_php),
};
static const struct span range_spans[] = { SPAN(struct ted_label_range, base),
					   SPAN(struct ted_label_range, size) };
static const struct span adj_sid_spans[] = {
	SPAN(struct ted_adj_sid, value), SPAN(struct ted_adj_sid, is_label),
	SPAN(struct ted_adj_sid, backup), SPAN(struct ted_adj_sid, lan_node),
};
static const struct span srlg_spans[] = { { 0, sizeof(uint32_t) } };
static const struct span fad_spans[] = {
	SPAN_TO(struct ted_fad, algo, flags), /* octets and words: no padding */
	SPAN(struct ted_fad, unsupported),
	SPAN(struct ted_fad, exclusive),
};
static const struct span flex_spans[] = {
	SPAN(struct ted_flex_attrs, has_te),	SPAN(struct ted_flex_attrs, has_delay),
	SPAN(struct ted_flex_attrs, te_metric), SPAN(struct ted_flex_attrs, delay_us),
	SPAN(struct ted_flex_attrs, admin_group),
};

static const struct span node_spans[] = {
	SPAN(struct ted_node, alive),	     SPAN(struct ted_node, pseudonode),
	SPAN(struct ted_node, overload),     SPAN(struct ted_node, srv6),
	SPAN(struct ted_node, id),	     SPAN(struct ted_node, name),
	SPAN(struct ted_node, igp_id),	     SPAN(struct ted_node, igp_id_len),
	SPAN(struct ted_node, protocol),     SPAN(struct ted_node, asn),
	SPAN(struct ted_node, router_v4),    SPAN(struct ted_node, router_v6),
	SPAN(struct ted_node, msd_mpls),     SPAN(struct ted_node, msd_max_sl),
	SPAN(struct ted_node, msd_end_pop),  SPAN(struct ted_node, msd_h_encaps),
	SPAN(struct ted_node, msd_end_d),    SPAN(struct ted_node, algos),
};
static const struct array_row node_arrays[] = {
	ARRAY_ROW(struct ted_node, prefixes, n_prefixes, struct ip_prefix, prefix_spans),
	ARRAY_ROW(struct ted_node, locators, n_locators, struct ted_locator, locator_spans),
	ARRAY_ROW(struct ted_node, sids, n_sids, struct ted_sid, sid_spans),
	ARRAY_ROW(struct ted_node, node_sids, n_node_sids, struct ted_node_sid, node_sid_spans),
	ARRAY_ROW(struct ted_node, srgb, n_srgb, struct ted_label_range, range_spans),
	ARRAY_ROW(struct ted_node, srlb, n_srlb, struct ted_label_range, range_spans),
	ARRAY_ROW(struct ted_node, fads, n_fads, struct ted_fad, fad_spans),
};

static const struct span link_spans[] = {
	SPAN(struct ted_link, alive),
	SPAN_TO(struct ted_link, from, to), /* 32-bit values and octets: no padding */
	SPAN_TO(struct ted_link, local_id, remote_v4),
	SPAN(struct ted_link, has_igp),
	SPAN(struct ted_link, has_te),
	SPAN(struct ted_link, has_delay),
	SPAN(struct ted_link, has_delay_var),
	SPAN(struct ted_link, has_loss),
	SPAN_TO(struct ted_link, igp_metric, loss_ppm),
	SPAN_TO(struct ted_link, max_bw_bps, unrsv_bw_bps),
	SPAN(struct ted_link, admin_group),
	SPAN(struct ted_link, mtu),
	SPAN(struct ted_link, flex_plain),
};
static const struct array_row link_arrays[] = {
	ARRAY_ROW(struct ted_link, srlg, n_srlg, uint32_t, srlg_spans),
	ARRAY_ROW(struct ted_link, sids, n_sids, struct ted_sid, sid_spans),
	ARRAY_ROW(struct ted_link, adj_sids, n_adj_sids, struct ted_adj_sid, adj_sid_spans),
};
static const struct array_row flex_array =
	ARRAY_ROW(struct ted_flex_attrs, srlg, n_srlg, uint32_t, srlg_spans);

static bool spans_eq(const void *a, const void *b, const struct span *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp((const char *)a + s[i].off, (const char *)b + s[i].off, s[i].len) != 0)
			return false;
	return true;
}

static bool array_eq(const void *a, const void *b, const struct array_row *r)
{
	const char *pa, *pb;
	uint16_t na, nb;

	memcpy(&na, (const char *)a + r->count, sizeof(na));
	memcpy(&nb, (const char *)b + r->count, sizeof(nb));
	if (na != nb)
		return false;
	memcpy(&pa, (const char *)a + r->ptr, sizeof(pa));
	memcpy(&pb, (const char *)b + r->ptr, sizeof(pb));
	for (size_t i = 0; i < na; i++)
		if (!spans_eq(pa + i * r->size, pb + i * r->size, r->spans, r->n_spans))
			return false;
	return true;
}

static bool arrays_eq(const void *a, const void *b, const struct array_row *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!array_eq(a, b, &r[i]))
			return false;
	return true;
}

bool ted_node_same(const struct ted_node *a, const struct ted_node *b)
{
	return spans_eq(a, b, node_spans, ARRAY_LEN(node_spans)) &&
	       arrays_eq(a, b, node_arrays, ARRAY_LEN(node_arrays));
}

bool ted_node_eq(const struct ted_node *a, const struct ted_node *b)
{
	return (!a->alive && !b->alive) || ted_node_same(a, b);
}

bool ted_fad_eq(const struct ted_fad *a, const struct ted_fad *b)
{
	return spans_eq(a, b, fad_spans, ARRAY_LEN(fad_spans));
}

static bool flex_eq(const struct ted_flex_attrs *a, const struct ted_flex_attrs *b)
{
	if (!a || !b)
		return a == b;
	return spans_eq(a, b, flex_spans, ARRAY_LEN(flex_spans)) && array_eq(a, b, &flex_array);
}

bool ted_link_same(const struct ted_link *a, const struct ted_link *b)
{
	return spans_eq(a, b, link_spans, ARRAY_LEN(link_spans)) &&
	       arrays_eq(a, b, link_arrays, ARRAY_LEN(link_arrays)) &&
	       (a->flex_plain || flex_eq(a->flex, b->flex));
}

bool ted_link_eq(const struct ted_link *a, const struct ted_link *b)
{
	return (!a->alive && !b->alive) || (a->reverse == b->reverse && ted_link_same(a, b));
}

/* Copies what stands behind one pointer of a row, or takes old's when that is the same. */
static int array_own(struct arena *a, void *row, const void *old, const struct array_row *r)
{
	uint16_t n;
	const void *p;

	memcpy(&n, (char *)row + r->count, sizeof(n));
	memcpy(&p, (char *)row + r->ptr, sizeof(p));
	if (n == 0)
		p = NULL;
	else if (old && array_eq(row, old, r))
		memcpy(&p, (const char *)old + r->ptr, sizeof(p));
	else if (!(p = arena_copy(a, p, (size_t)n * r->size)))
		return err_raise(-ENOMEM);
	memcpy((char *)row + r->ptr, &p, sizeof(p));
	return 0;
}

static int arrays_own(struct arena *a, void *row, const void *old, const struct array_row *r,
		      size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (array_own(a, row, old, &r[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* What stands after the NUL is noise that must not look like a change. */
static void text_clean(char *s, size_t cap)
{
	size_t n;

	s[cap - 1] = '\0';
	n = strlen(s);
	memset(s + n, 0, cap - n);
}

int ted_node_own(struct arena *a, struct ted_node *n, const struct ted_node *old)
{
	text_clean(n->id, sizeof(n->id));
	text_clean(n->name, sizeof(n->name));
	return arrays_own(a, n, old, node_arrays, ARRAY_LEN(node_arrays));
}

static int flex_own(struct arena *a, struct ted_link *l, const struct ted_link *old)
{
	struct ted_flex_attrs *own;

	if (l->flex_plain)
		l->flex = NULL;
	if (!l->flex)
		return 0;
	if (old && old->flex && flex_eq(l->flex, old->flex)) {
		l->flex = old->flex;
		return 0;
	}
	own = arena_copy(a, l->flex, sizeof(*own));
	if (!own)
		return err_raise(-ENOMEM);
	l->flex = own;
	return array_own(a, own, NULL, &flex_array);
}

int ted_link_own(struct arena *a, struct ted_link *l, const struct ted_link *old)
{
	int r = arrays_own(a, l, old, link_arrays, ARRAY_LEN(link_arrays));

	return r == 0 ? flex_own(a, l, old) : r;
}

/* Something new that is dead already is no news. */
static bool node_changed(const struct ted *t, const struct ted *prev, uint32_t i)
{
	if (!prev || i >= prev->n_nodes)
		return t->nodes[i].alive;
	return !ted_node_eq(&t->nodes[i], &prev->nodes[i]);
}

static bool link_changed(const struct ted *t, const struct ted *prev, uint32_t i)
{
	if (!prev || i >= prev->n_links)
		return t->links[i].alive;
	return !ted_link_eq(&t->links[i], &prev->links[i]);
}

static int list_changed(struct ted_priv *p, const struct ted *prev, bool links,
			const uint32_t **outp)
{
	struct ted *t = &p->ted;
	uint32_t total = links ? t->n_links : t->n_nodes, n = 0;
	uint32_t *out = ARENA_ARRAY(&p->arena, total, uint32_t);

	if (!out)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < total; i++)
		if (links ? link_changed(t, prev, i) : node_changed(t, prev, i))
			out[n++] = i;
	*outp = out;
	if (links)
		t->n_changed_links = n;
	else
		t->n_changed_nodes = n;
	return 0;
}

int ted_delta(struct ted_priv *p, const struct ted *prev)
{
	int r = list_changed(p, prev, true, &p->ted.changed_links);

	if (r == 0)
		r = list_changed(p, prev, false, &p->ted.changed_nodes);
	if (r == 0)
		ted_flex_delta(&p->ted, prev);
	return err_trace(r);
}

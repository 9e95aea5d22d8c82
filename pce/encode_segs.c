/* SPDX-License-Identifier: Apache-2.0 */
/* From the chain of marks to the entries of a list. */
#include "pce/pce_priv.h"

static void seg_ends_at(const struct pce_route *r, struct pce_segment *s, const struct pce_mark *m)
{
	s->node = r->node[m->elem.to];
	s->link = m->elem.kind == PCE_SEG_ADJ ? r->hop[m->elem.to - 1].link : TED_NONE;
}

static void seg_start(const struct pce_route *r, struct pce_segment *s, const struct pce_mark *m)
{
	const struct pce_choice *x = m->elem.choice;

	*s = (struct pce_segment){ .kind = m->elem.kind, .algo = x->algo, .label = m->elem.label };
	if (x->sid) {
		s->sid = x->sid->sid;
		s->behavior = x->sid->behavior;
		s->structure = x->sid->structure;
	} else if (x->binding) {
		s->sid = x->binding->sid;
	}
	seg_ends_at(r, s, m);
}

/* A container of REPLACE-C-SIDs has no block of its own, and is filled from its end. */
static void seg_container(const struct pce_route *r, struct pce_segment *s, const struct pce_mark *m)
{
	const struct pce_choice *x = m->elem.choice;

	*s = (struct pce_segment){ .kind = PCE_SEG_CONTAINER,
				   .algo = x->algo,
				   .behavior = x->sid->behavior,
				   .structure = x->sid->structure,
				   .sid = { .family = IP_V6 } };
	ip_bits_set(&s->sid, m->left * x->is.len, x->is.len, x->is.value);
	seg_ends_at(r, s, m);
}

/* One more C-SID behind those that are there. */
static void seg_append(const struct pce_route *r, struct pce_segment *s, const struct pce_mark *open,
		       const struct pce_mark *m)
{
	const struct pce_sid *is = &m->elem.choice->is;

	s->kind = PCE_SEG_CONTAINER;
	if (is->csid == PCE_CSID_REPLACE)
		ip_bits_set(&s->sid, m->left * is->len, is->len, is->value);
	else
		ip_bits_set(&s->sid, is->lb + open->used, is->len, is->value);
	seg_ends_at(r, s, m);
}

bool pce_encode_segs(const struct pce_route *r, const struct pce_mark *last, struct pce_answer *out)
{
	uint32_t n = last->n_elems;
	const struct pce_mark **chain = ARENA_ARRAY(&r->c->scratch, n + 1, const struct pce_mark *);

	if (!chain)
		return false;
	for (uint32_t i = n + 1; i-- > 0; last = last->parent)
		chain[i] = last;
	out->n_segs = 0;
	for (uint32_t i = 1; i <= n; i++) {
		switch (pce_place(r, chain[i - 1], chain[i]->elem.choice)) {
		case PCE_PLACE_OPEN:
			seg_append(r, &out->segs[out->n_segs - 1], chain[i - 1], chain[i]);
			break;
		case PCE_PLACE_CONTAINER:
			seg_container(r, &out->segs[out->n_segs++], chain[i]);
			break;
		case PCE_PLACE_ENTRY:
			seg_start(r, &out->segs[out->n_segs++], chain[i]);
			break;
		case PCE_PLACE_NOT:
			return false;
		}
	}
	return true;
}

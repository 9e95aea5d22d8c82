/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What says which path is the best, of one request or of a set: METRIC and OF, and the SVEC that
 * makes a set (RFC 5440 s7.13, RFC 5541).
 */
#include <math.h>

#include "southbound/pcep/codec/pcepc_internal.h"

enum { METRIC_BOUND = 0x01, METRIC_COMPUTED = 0x02 };

/* Types whose value is not a plain number: what of ours is one of the wire's. */
enum { METRIC_AGGREGATE = 4, METRIC_FULLEST = 5, METRIC_LOSS = 14 };

#define AGGREGATE_MAX 0x1p60

static double scale_of(uint8_t type)
{
	switch (type) {
	case METRIC_AGGREGATE: /* octets per second */
		return 8;
	case METRIC_FULLEST:
		return 1e9;
	case METRIC_LOSS: /* percent */
		return 10000;
	default:
		return 1;
	}
}

void pcepc_metric_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_metric *m = pcepc_alloc(rx, sizeof(*m));
	uint8_t flags;
	double v;

	if (!m)
		return;
	m->must = o->must;
	rd_skip(body, 2);
	flags = rd_u8(body);
	m->bound = flags & METRIC_BOUND;
	m->computed = flags & METRIC_COMPUTED;
	m->type = rd_u8(body);
	if (!pcepc_rd_float(body, &v) || (m->type == METRIC_LOSS && v > 100)) {
		body->bad = true;
		return;
	}
	v *= scale_of(m->type);
	if (m->type == METRIC_AGGREGATE)
		m->value = v >= AGGREGATE_MAX ? (uint64_t)AGGREGATE_MAX : (uint64_t)llround(v);
	else
		m->value = v >= (double)UINT32_MAX ? UINT32_MAX : (uint32_t)llround(v);
	*rx->metric_tail = m;
	rx->metric_tail = &m->next;
}

void pcepc_metrics_write(struct wr *w, const struct pcepc_metric *first)
{
	for (const struct pcepc_metric *m = first; m; m = m->next) {
		size_t mark = pcepc_obj_open(w, PCEPC_OBJ_METRIC, 1, m->must);

		wr_u16(w, 0);
		wr_u8(w, (uint8_t)((m->bound ? METRIC_BOUND : 0) |
				   (m->computed ? METRIC_COMPUTED : 0)));
		wr_u8(w, m->type);
		pcepc_wr_float(w, (double)m->value / scale_of(m->type));
		pcepc_obj_close(w, mark);
	}
}

void pcepc_of_write(struct wr *w, uint16_t of, bool must)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_OF, 1, must);

	wr_u16(w, of);
	wr_u16(w, 0);
	pcepc_obj_close(w, m);
}

void pcepc_svec_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_svec *s = rx->svec;
	uint32_t n;

	s->must = o->must;
	rd_skip(body, 1);
	s->flags = rd_u24(body);
	n = (uint32_t)(rd_left(body) / 4);
	s->ids = arena_array(rx->arena, n, sizeof(*s->ids));
	if (!s->ids) {
		rx->no_memory = true;
		return;
	}
	while (s->n_ids < n) {
		s->ids[s->n_ids] = rd_u32(body);
		if (s->ids[s->n_ids++] == 0) /* RFC 5440 s7.4.1: no request has it */
			body->bad = true;
	}
}

void pcepc_svecs_write(struct wr *w, const struct pcepc_msg *msg)
{
	if (msg->type != PCEPC_PCREQ && msg->type != PCEPC_PCREP)
		return;
	for (const struct pcepc_svec *s = msg->svecs; s; s = s->next) {
		size_t m = pcepc_obj_open(w, PCEPC_OBJ_SVEC, 1, s->must);

		wr_u8(w, 0);
		wr_u24(w, s->flags);
		for (uint32_t i = 0; i < s->n_ids; i++)
			wr_u32(w, s->ids[i]);
		pcepc_obj_close(w, m);
		if (s->has_of)
			pcepc_of_write(w, s->of, s->of_must);
		pcepc_metrics_write(w, s->metrics);
	}
}

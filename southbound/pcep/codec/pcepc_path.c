/* SPDX-License-Identifier: Apache-2.0 */
/* PATH-ATTRIB, RFC 10066: what is said of the path whose ERO or RRO comes next. */
#include "southbound/pcep/codec/pcepc_internal.h"

static void weight_read(struct rd *v, void *out)
{
	struct pcepc_path *p = ((struct pcepc_into *)out)->obj;
	uint32_t weight = rd_u32(v);

	v->bad = v->bad || weight == 0; /* a path that carries nothing is none */
	p->has_weight = !v->bad;
	p->weight = p->has_weight ? weight : 1;
}

/* Backup paths (62) and those of the other direction (63) are for who has told that it has them. */
static const struct tlv_row path_rows[] = {
	{ 61, 4, 4, 0, VERDICT_WITHDRAW, "MULTIPATH-WEIGHT", weight_read },
};

const struct tlv_table pcepc_path_table = {
	.rows = path_rows,
	.n_rows = ARRAY_LEN(path_rows),
	.pad = TLV_PAD_4,
	.on_framing = VERDICT_WITHDRAW,
	.unknown = pcepc_tlv_unknown,
};

void pcepc_path_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_path *p = pcepc_alloc(rx, sizeof(*p));

	(void)o;
	if (!p)
		return;
	p->weight = 1;
	p->flags = rd_u32(body);
	p->id = rd_u32(body);
	if (rx->attr) /* what came before it is of no route */
		pcepc_note_skip(rx, PCEPC_SKIP_OBJECT, 1);
	rx->attr = p;
	(void)pcepc_tlvs(rx, body, &pcepc_path_table, p);
}

void pcepc_path_write(struct wr *w, const struct pcepc_path *p)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_PATH_ATTRIB, 1, false), tlv;

	wr_u32(w, p->flags);
	wr_u32(w, p->id);
	if (p->has_weight) {
		tlv = wr_tlv_open(w, 61);
		wr_u32(w, p->weight);
		wr_tlv_close(w, tlv, 4);
	}
	pcepc_obj_close(w, m);
}

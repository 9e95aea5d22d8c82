/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Shared by the files of the codec only. */
#include "southbound/pcep/codec/pcepc.h"

/* State of reading one message. */
struct pcepc_rx {
	struct arena *arena;
	struct pcepc_msg *msg;
	struct pcepc_fault *fault;
	struct pcepc_item *item;
	struct pcepc_item **item_tail, **item_slot; /* slot: where the item at hand hangs */
	struct pcepc_svec *svec; /* objects before the first item belong to it */
	struct pcepc_svec **svec_tail;
	struct pcepc_metric **metric_tail; /* of the item or SVEC at hand */
	struct pcepc_assoc **assoc_tail;
	const struct pcepc_path *attr; /* of the route that comes next */
	struct pcepc_route **ero_tail, **rro_tail;
	struct pcepc_err **err_tail;
	struct pcepc_ntf **ntf_tail;
	uint8_t class; /* of the object being read */
	bool no_memory;
	bool lost; /* the last item's first object was unreadable: skip to the next */
};

/* What a TLV's read function gets as out. */
struct pcepc_into {
	struct pcepc_rx *rx;
	void *obj;
};

/* Header of the object at hand. */
struct pcepc_obj {
	uint8_t class, type;
	bool must; /* P */
};

void pcepc_note(struct pcepc_rx *rx, enum verdict v, enum tlv_why why, uint16_t type, uint8_t err_type,
		uint8_t err_value);
void pcepc_note_skip(struct pcepc_rx *rx, enum pcepc_skip_kind kind, uint16_t type);
void *pcepc_alloc(struct pcepc_rx *rx, size_t len); /* NULL: rx->no_memory is set */
struct pcepc_bytes pcepc_bytes_read(struct pcepc_rx *rx, struct rd *r);
/* Walks the TLVs at the end of an object; unknown ones are noted as skipped. */
enum verdict pcepc_tlvs(struct pcepc_rx *rx, struct rd *r, const struct tlv_table *table, void *obj);
void pcepc_tlv_unknown(uint16_t type, struct rd value, void *out);

struct ip_addr pcepc_rd_v4(struct rd *r);
struct ip_addr pcepc_rd_v6(struct rd *r);
/* IEEE 754 single; false for NaN, infinities and negatives, which no value here may be. */
bool pcepc_rd_float(struct rd *r, double *out);
void pcepc_wr_float(struct wr *w, double v);
void pcepc_wr_ip(struct wr *w, const struct ip_addr *a);

extern const struct tlv_table pcepc_open_table, pcepc_pst_table, pcepc_lsp_table, pcepc_srp_table,
	pcepc_rp_table, pcepc_assoc_table, pcepc_no_path_table, pcepc_ntf_table, pcepc_vendor_table,
	pcepc_error_table, pcepc_path_table;

void pcepc_open_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_lsp_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_srp_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_rp_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_assoc_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_route_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_path_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_svec_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_spots_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_metric_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
void pcepc_object_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);

/* Opens an object and returns the mark for pcepc_obj_close(). */
size_t pcepc_obj_open(struct wr *w, uint8_t class, uint8_t type, bool must);
void pcepc_obj_close(struct wr *w, size_t mark);
void pcepc_open_write(struct wr *w, const struct pcepc_open *o);
void pcepc_lsp_write(struct wr *w, const struct pcepc_lsp *l);
void pcepc_srp_write(struct wr *w, const struct pcepc_srp *s);
void pcepc_rp_write(struct wr *w, const struct pcepc_rp *rp);
void pcepc_assoc_write(struct wr *w, const struct pcepc_assoc *a, bool must);
void pcepc_route_write(struct wr *w, uint8_t class, const struct pcepc_route *route);
void pcepc_path_write(struct wr *w, const struct pcepc_path *p);
void pcepc_svecs_write(struct wr *w, const struct pcepc_msg *msg);
void pcepc_spots_write(struct wr *w, uint8_t class, const struct pcepc_spots *s, bool must);
void pcepc_metrics_write(struct wr *w, const struct pcepc_metric *first);
void pcepc_of_write(struct wr *w, uint16_t of, bool must);
void pcepc_pst_write(struct wr *w, bool has, uint8_t pst);

size_t pcepc_object_rows(struct pcepc_table_row *out, size_t cap);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UPDATE and its path attributes (RFC 4271 section 4.3, RFC 4760), with the error handling of
 * RFC 7606 as a table: every attribute is a row saying what it must look like and what a fault
 * in it costs. NLRIs stay raw; bgpls.h walks those of BGP-LS.
 */
#include "southbound/bgp/codec/bgpc_internal.h"

enum {
	FLAG_OPTIONAL = 0x80,
	FLAG_TRANSITIVE = 0x40,
	FLAG_EXT_LEN = 0x10,
	WELL_KNOWN = FLAG_TRANSITIVE,
	OPT_TRANS = FLAG_OPTIONAL | FLAG_TRANSITIVE,
};

static bool origin_read(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	(void)o;
	u->origin = rd_u8(v);
	u->has_origin = true;
	return u->origin <= 2;
}

/* Segments: type 1..4, count of at least one, that many AS numbers (RFC 7606 section 7.2). */
static bool as_path_sound(struct rd v, bool as4)
{
	while (rd_left(&v) > 0) {
		uint8_t type = rd_u8(&v);
		uint8_t n = rd_u8(&v);

		if (type < 1 || type > 4 || n == 0)
			return false;
		rd_skip(&v, (size_t)n * (as4 ? 4 : 2));
	}
	return rd_done(&v);
}

static bool as_path_read(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	u->as_path = *v;
	u->has_as_path = true;
	rd_skip(v, rd_left(v));
	return as_path_sound(u->as_path, o->as4);
}

static bool med_read(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	(void)o;
	u->med = rd_u32(v);
	u->has_med = true;
	return true;
}

static bool local_pref_read(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	(void)o;
	u->local_pref = rd_u32(v);
	u->has_local_pref = true;
	return true;
}

static bool length_only(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	(void)o;
	(void)u;
	rd_skip(v, rd_left(v));
	return true;
}

static bool multiple_of_4(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	return rd_left(v) % 4 == 0 && length_only(v, o, u);
}

static bool multiple_of_8(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	return rd_left(v) % 8 == 0 && length_only(v, o, u);
}

static bool next_hop_fits(struct bgpc_family f, size_t len)
{
	if (f.afi != BGPC_AFI_LS)
		return true;
	if (f.safi == BGPC_SAFI_LS_VPN)
		return len == 12 || len == 24 || len == 48;
	return len == 4 || len == 16 || len == 32;
}

static bool reach_read(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	(void)o;
	u->reach.present = true;
	u->reach.family = bgpc_family_read(v);
	u->reach.next_hop = rd_sub(v, rd_u8(v));
	rd_skip(v, 1);
	u->reach.nlri = *v;
	if (v->bad || !next_hop_fits(u->reach.family, rd_left(&u->reach.next_hop))) {
		u->reach.nlri = (struct rd){ 0 };
		return false;
	}
	rd_skip(v, rd_left(v));
	return true;
}

static bool unreach_read(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	(void)o;
	u->unreach.present = true;
	u->unreach.family = bgpc_family_read(v);
	u->unreach.nlri = *v;
	rd_skip(v, rd_left(v));
	return true;
}

static bool ls_read(struct rd *v, const struct bgpc_session_opts *o, struct bgpc_update *u)
{
	(void)o;
	u->ls = *v;
	u->has_ls = true;
	rd_skip(v, rd_left(v));
	return true;
}

/* NEXT_HOP, AGGREGATOR and the communities mean nothing to us; only their shape is checked. */
const struct bgpc_attr_row bgpc_attr_rows[] = {
	{ 1, WELL_KNOWN, 1, 1, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "origin", origin_read },
	{ 2, WELL_KNOWN, 0, UINT16_MAX, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "as-path", as_path_read },
	{ 3, WELL_KNOWN, 4, 4, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "next-hop", length_only },
	{ 4, FLAG_OPTIONAL, 4, 4, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "med", med_read },
	{ 5, WELL_KNOWN, 4, 4, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "local-pref", local_pref_read },
	{ 6, WELL_KNOWN, 0, 0, BGPC_ATTR_DISCARD, BGPC_ATTR_DISCARD, "atomic-aggregate",
	  length_only },
	{ 7, OPT_TRANS, 6, 8, BGPC_ATTR_DISCARD, BGPC_ATTR_DISCARD, "aggregator", length_only },
	{ 8, OPT_TRANS, 4, UINT16_MAX, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "communities",
	  multiple_of_4 },
	{ 9, FLAG_OPTIONAL, 4, 4, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "originator-id", length_only },
	{ 10, FLAG_OPTIONAL, 4, UINT16_MAX, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "cluster-list",
	  multiple_of_4 },
	{ 14, FLAG_OPTIONAL, 5, UINT16_MAX, BGPC_AFI_DISABLE, BGPC_RESET, "mp-reach", reach_read },
	{ 15, FLAG_OPTIONAL, 3, UINT16_MAX, BGPC_AFI_DISABLE, BGPC_RESET, "mp-unreach",
	  unreach_read },
	{ 16, OPT_TRANS, 8, UINT16_MAX, BGPC_WITHDRAW, BGPC_ATTR_DISCARD, "extended-communities",
	  multiple_of_8 },
	{ 29, FLAG_OPTIONAL, 0, UINT16_MAX, BGPC_ATTR_DISCARD, BGPC_ATTR_DISCARD, "bgp-ls",
	  ls_read },
};
const size_t bgpc_attr_rows_len = ARRAY_LEN(bgpc_attr_rows);

static const struct bgpc_attr_row *attr_row(uint8_t type)
{
	for (size_t i = 0; i < bgpc_attr_rows_len; i++)
		if (bgpc_attr_rows[i].type == type)
			return &bgpc_attr_rows[i];
	return NULL;
}

static enum bgpc_verdict attr_bad(struct bgpc_fault *f, enum bgpc_verdict v, uint8_t type,
				  const char *why)
{
	if (v >= f->verdict)
		f->what = type;
	return bgpc_fault_note(f, v, BGPC_ERR_UPDATE,
			       v == BGPC_AFI_DISABLE ? BGPC_UPDATE_OPTIONAL :
						       BGPC_UPDATE_ATTR_LIST,
			       why);
}

static void raw_keep(struct bgpc_update *u, uint8_t flags, uint8_t type, struct rd value)
{
	if (u->n_raw < BGPC_RAW_ATTRS_MAX)
		u->raw[u->n_raw++] = (struct bgpc_raw_attr){ flags, type, value };
}

static void attr_read(const struct bgpc_attr_row *row, uint8_t flags, struct rd *v,
		      const struct bgpc_session_opts *opts, struct bgpc_update *u,
		      struct bgpc_fault *fault)
{
	size_t len = rd_left(v);
	struct rd copy = *v;

	/* The family of MP attributes is believed only when the whole head was sound. */
	if ((flags & OPT_TRANS) != row->flags) {
		attr_bad(fault, row->on_fault, row->type, "attribute flags");
		return;
	}
	if (len < row->len_min || len > row->len_max) {
		attr_bad(fault, row->on_fault, row->type, "attribute length");
		return;
	}
	if (!row->read(v, opts, u) || !rd_done(v)) {
		attr_bad(fault, row->on_fault, row->type, "attribute value");
		return;
	}
	if (row->read == length_only || row->read == multiple_of_4 || row->read == multiple_of_8)
		raw_keep(u, flags, row->type, copy);
}

static void attrs_read(struct rd *r, const struct bgpc_session_opts *opts, struct bgpc_update *u,
		       struct bgpc_fault *fault)
{
	uint64_t seen[4] = { 0 };

	while (rd_left(r) > 0) {
		uint8_t flags = rd_u8(r);
		uint8_t type = rd_u8(r);
		size_t len = flags & FLAG_EXT_LEN ? rd_u16(r) : rd_u8(r);
		struct rd v = rd_sub(r, len);
		const struct bgpc_attr_row *row = attr_row(type);
		bool again = seen[type / 64] >> (type % 64) & 1;

		/* What follows is unknown, MP_REACH may be in it: only a reset is safe. */
		if (r->bad) {
			attr_bad(fault, BGPC_RESET, type, "attribute runs past the message");
			return;
		}
		seen[type / 64] |= UINT64_C(1) << (type % 64);
		if (again) {
			attr_bad(fault, row ? row->on_repeat : BGPC_ATTR_DISCARD, type,
				 "attribute repeated");
			continue;
		}
		if (row)
			attr_read(row, flags, &v, opts, u, fault);
		else if (flags & FLAG_OPTIONAL)
			raw_keep(u, flags, type, v);
		else
			attr_bad(fault, BGPC_WITHDRAW, type, "unknown well-known attribute");
	}
}

static void mandatory_check(const struct bgpc_update *u, struct bgpc_fault *fault)
{
	if (!u->reach.present && rd_left(&u->nlri) == 0)
		return;
	if (!u->has_origin)
		attr_bad(fault, BGPC_WITHDRAW, 1, "origin missing");
	if (!u->has_as_path)
		attr_bad(fault, BGPC_WITHDRAW, 2, "as-path missing");
}

enum bgpc_verdict bgpc_update_read(struct rd *body, const struct bgpc_session_opts *opts,
				   struct bgpc_update *u, struct bgpc_fault *fault)
{
	struct rd attrs;

	*u = (struct bgpc_update){ 0 };
	u->withdrawn = rd_sub(body, rd_u16(body));
	attrs = rd_sub(body, rd_u16(body));
	if (body->bad)
		return attr_bad(fault, BGPC_RESET, 0, "lengths run past the message");
	u->nlri = *body;
	rd_skip(body, rd_left(body));
	attrs_read(&attrs, opts, u, fault);
	mandatory_check(u, fault);
	return fault->verdict;
}

bool bgpc_update_is_eor(const struct bgpc_update *u, struct bgpc_family f)
{
	return u->unreach.present && !u->reach.present && u->unreach.family.afi == f.afi &&
	       u->unreach.family.safi == f.safi && rd_left(&u->unreach.nlri) == 0;
}

bool bgpc_as_path_has(struct rd v, bool as4, uint32_t as)
{
	while (rd_left(&v) > 0) {
		size_t n;

		rd_skip(&v, 1);
		n = rd_u8(&v);
		for (size_t i = 0; i < n && !v.bad; i++)
			if ((as4 ? rd_u32(&v) : rd_u16(&v)) == as && !v.bad)
				return true;
	}
	return false;
}

/* Attributes always carry the extended length unless short: that is what peers expect. */
static void attr_write_head(struct wr *w, uint8_t flags, uint8_t type, size_t len)
{
	bool ext = len > UINT8_MAX;

	if (len > UINT16_MAX)
		w->bad = true;
	wr_u8(w, (uint8_t)((flags & ~FLAG_EXT_LEN) | (ext ? FLAG_EXT_LEN : 0)));
	wr_u8(w, type);
	if (ext)
		wr_u16(w, (uint16_t)len);
	else
		wr_u8(w, (uint8_t)len);
}

static void rd_write(struct wr *w, const struct rd *r)
{
	wr_bytes(w, r->pos, rd_left(r));
}

static void mp_write(struct wr *w, const struct bgpc_update *u)
{
	if (u->reach.present) {
		size_t nh = rd_left(&u->reach.next_hop);

		if (nh > UINT8_MAX)
			w->bad = true;
		attr_write_head(w, FLAG_OPTIONAL, 14, 5 + nh + rd_left(&u->reach.nlri));
		wr_u16(w, u->reach.family.afi);
		wr_u8(w, u->reach.family.safi);
		wr_u8(w, (uint8_t)nh);
		rd_write(w, &u->reach.next_hop);
		wr_u8(w, 0);
		rd_write(w, &u->reach.nlri);
	}
	if (u->unreach.present) {
		attr_write_head(w, FLAG_OPTIONAL, 15, 3 + rd_left(&u->unreach.nlri));
		wr_u16(w, u->unreach.family.afi);
		wr_u8(w, u->unreach.family.safi);
		rd_write(w, &u->unreach.nlri);
	}
}

static void attr_u32_write(struct wr *w, bool has, uint8_t flags, uint8_t type, uint32_t v)
{
	if (!has)
		return;
	attr_write_head(w, flags, type, 4);
	wr_u32(w, v);
}

static void raw_write(struct wr *w, const struct bgpc_update *u)
{
	for (size_t i = 0; i < u->n_raw; i++) {
		attr_write_head(w, u->raw[i].flags, u->raw[i].type, rd_left(&u->raw[i].value));
		rd_write(w, &u->raw[i].value);
	}
}

void bgpc_update_write(struct wr *w, const struct bgpc_update *u)
{
	size_t start = bgpc_msg_open(w, BGPC_UPDATE);
	size_t mark;

	wr_u16(w, (uint16_t)rd_left(&u->withdrawn));
	rd_write(w, &u->withdrawn);
	wr_u16(w, 0);
	mark = w->len;
	mp_write(w, u);
	if (u->has_origin) {
		attr_write_head(w, WELL_KNOWN, 1, 1);
		wr_u8(w, u->origin);
	}
	if (u->has_as_path) {
		attr_write_head(w, WELL_KNOWN, 2, rd_left(&u->as_path));
		rd_write(w, &u->as_path);
	}
	attr_u32_write(w, u->has_med, FLAG_OPTIONAL, 4, u->med);
	attr_u32_write(w, u->has_local_pref, WELL_KNOWN, 5, u->local_pref);
	raw_write(w, u);
	if (u->has_ls) {
		attr_write_head(w, FLAG_OPTIONAL, 29, rd_left(&u->ls));
		rd_write(w, &u->ls);
	}
	wr_patch_u16(w, mark - 2, w->len - mark);
	rd_write(w, &u->nlri);
	bgpc_msg_close(w, start);
}

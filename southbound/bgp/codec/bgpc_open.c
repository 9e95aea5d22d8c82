/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN and its capabilities (RFC 4271 section 4.2, 5492, 9072). */
#include "southbound/bgp/codec/bgpc_internal.h"

enum {
	PARAM_CAPABILITY = 2,
	PARAM_EXTENDED = 255,
};

static void mp_read(struct rd *v, struct bgpc_caps *c)
{
	struct bgpc_family f = { .afi = rd_u16(v) };

	rd_skip(v, 1);
	f.safi = rd_u8(v);
	if (bgpc_caps_has(c, f))
		return;
	if (c->n_mp == BGPC_FAMILIES_MAX) {
		c->dropped++;
		return;
	}
	c->mp[c->n_mp++] = f;
}

static void cap_head(struct wr *w, uint8_t code, size_t len)
{
	wr_u8(w, code);
	wr_u8(w, (uint8_t)len);
}

static void mp_write(struct wr *w, const struct bgpc_caps *c)
{
	for (size_t i = 0; i < c->n_mp; i++) {
		cap_head(w, 1, 4);
		wr_u16(w, c->mp[i].afi);
		wr_u8(w, 0);
		wr_u8(w, c->mp[i].safi);
	}
}

static void refresh_read(struct rd *v, struct bgpc_caps *c)
{
	(void)v;
	c->refresh = true;
}

static void refresh_write(struct wr *w, const struct bgpc_caps *c)
{
	if (c->refresh)
		cap_head(w, 2, 0);
}

static void ext_read(struct rd *v, struct bgpc_caps *c)
{
	/* RFC 8654 section 3: length other than 0 is to be ignored. */
	rd_skip(v, rd_left(v));
	c->ext_message = true;
}

static void ext_write(struct wr *w, const struct bgpc_caps *c)
{
	if (c->ext_message)
		cap_head(w, 6, 0);
}

static void gr_read(struct rd *v, struct bgpc_caps *c)
{
	uint16_t head = rd_u16(v);

	/* RFC 4724 section 3: of several, the last counts. */
	c->has_gr = true;
	c->gr_flags = (uint8_t)(head >> 12);
	c->gr_time_s = head & 0xfff;
	c->n_gr = 0;
	while (rd_left(v) >= 4) {
		struct bgpc_gr_family f = { .family = bgpc_family_read(v) };

		f.flags = rd_u8(v);
		if (c->n_gr == BGPC_FAMILIES_MAX)
			c->dropped++;
		else
			c->gr[c->n_gr++] = f;
	}
}

static void gr_write(struct wr *w, const struct bgpc_caps *c)
{
	if (!c->has_gr)
		return;
	cap_head(w, 64, 2 + 4 * (size_t)c->n_gr);
	wr_u16(w, (uint16_t)((c->gr_flags & 0xf) << 12 | (c->gr_time_s & 0xfff)));
	for (size_t i = 0; i < c->n_gr; i++) {
		wr_u16(w, c->gr[i].family.afi);
		wr_u8(w, c->gr[i].family.safi);
		wr_u8(w, c->gr[i].flags);
	}
}

static void as4_read(struct rd *v, struct bgpc_caps *c)
{
	c->has_as4 = true;
	c->as4 = rd_u32(v);
}

static void as4_write(struct wr *w, const struct bgpc_caps *c)
{
	if (!c->has_as4)
		return;
	cap_head(w, 65, 4);
	wr_u32(w, c->as4);
}

static void add_path_read(struct rd *v, struct bgpc_caps *c)
{
	while (rd_left(v) >= 4) {
		struct bgpc_add_path p = { .family = bgpc_family_read(v) };

		p.mode = rd_u8(v);
		if (c->n_add_path == BGPC_FAMILIES_MAX)
			c->dropped++;
		else
			c->add_path[c->n_add_path++] = p;
	}
}

static void add_path_write(struct wr *w, const struct bgpc_caps *c)
{
	if (c->n_add_path == 0)
		return;
	cap_head(w, 69, 4 * (size_t)c->n_add_path);
	for (size_t i = 0; i < c->n_add_path; i++) {
		wr_u16(w, c->add_path[i].family.afi);
		wr_u8(w, c->add_path[i].family.safi);
		wr_u8(w, c->add_path[i].mode);
	}
}

static void err_read(struct rd *v, struct bgpc_caps *c)
{
	(void)v;
	c->enhanced_refresh = true;
}

static void err_write(struct wr *w, const struct bgpc_caps *c)
{
	if (c->enhanced_refresh)
		cap_head(w, 70, 0);
}

const struct bgpc_cap_row bgpc_cap_rows[] = {
	{ 1, 4, 4, "multiprotocol", mp_read, mp_write },
	{ 2, 0, 0, "route-refresh", refresh_read, refresh_write },
	{ 6, 0, 255, "extended-message", ext_read, ext_write },
	{ 64, 2, 255, "graceful-restart", gr_read, gr_write },
	{ 65, 4, 4, "four-octet-as", as4_read, as4_write },
	{ 69, 4, 255, "add-path", add_path_read, add_path_write },
	{ 70, 0, 0, "enhanced-route-refresh", err_read, err_write },
};
const size_t bgpc_cap_rows_len = ARRAY_LEN(bgpc_cap_rows);

bool bgpc_caps_has(const struct bgpc_caps *c, struct bgpc_family f)
{
	for (size_t i = 0; i < c->n_mp; i++)
		if (c->mp[i].afi == f.afi && c->mp[i].safi == f.safi)
			return true;
	return false;
}

uint32_t bgpc_open_as(const struct bgpc_open *open)
{
	return open->caps.has_as4 ? open->caps.as4 : open->as2;
}

static enum bgpc_verdict open_bad(struct bgpc_fault *f, uint8_t sub, const char *why)
{
	return bgpc_fault_note(f, BGPC_RESET, BGPC_ERR_OPEN, sub, why);
}

static const struct bgpc_cap_row *cap_row(uint8_t code)
{
	for (size_t i = 0; i < bgpc_cap_rows_len; i++)
		if (bgpc_cap_rows[i].code == code)
			return &bgpc_cap_rows[i];
	return NULL;
}

static void caps_read(struct rd *r, struct bgpc_caps *caps, struct bgpc_fault *fault)
{
	while (rd_left(r) > 0) {
		uint8_t code = rd_u8(r);
		uint8_t len = rd_u8(r);
		struct rd v = rd_sub(r, len);
		const struct bgpc_cap_row *row = cap_row(code);

		if (r->bad) {
			fault->what = code;
			open_bad(fault, 0, "capability runs past its parameter");
			return;
		}
		if (!row) {
			if (caps->unknown < UINT8_MAX)
				caps->unknown++;
			continue;
		}
		if (len < row->len_min || len > row->len_max) {
			fault->what = code;
			open_bad(fault, 0, "capability of wrong length");
			return;
		}
		row->read(&v, caps);
	}
}

static void params_read(struct rd *r, bool extended, struct bgpc_open *open,
			struct bgpc_fault *fault)
{
	while (rd_left(r) > 0) {
		uint8_t type = rd_u8(r);
		size_t len = extended ? rd_u16(r) : rd_u8(r);
		struct rd v = rd_sub(r, len);

		if (r->bad) {
			open_bad(fault, 0, "optional parameter runs past the message");
			return;
		}
		if (type != PARAM_CAPABILITY) {
			fault->what = type;
			open_bad(fault, BGPC_OPEN_PARAM, "unsupported optional parameter");
			return;
		}
		caps_read(&v, &open->caps, fault);
	}
}

static struct rd params_cut(struct rd *body, bool *extended)
{
	size_t len = rd_u8(body);
	struct rd peek = *body;

	/* RFC 9072 section 2: the marker is the 255 in place of the first parameter's type. */
	*extended = len > 0 && rd_u8(&peek) == PARAM_EXTENDED;
	if (*extended) {
		rd_skip(body, 1);
		len = rd_u16(body);
	}
	return rd_sub(body, len);
}

/* RFC 4271 section 6.2. */
static void open_check(const struct bgpc_open *o, struct bgpc_fault *fault)
{
	if (o->hold_s == 1 || o->hold_s == 2) {
		fault->what = o->hold_s;
		open_bad(fault, BGPC_OPEN_HOLD, "hold time of 1 or 2 seconds");
	}
	if (o->bgp_id == 0)
		open_bad(fault, BGPC_OPEN_BGP_ID, "BGP identifier is zero");
	if (bgpc_open_as(o) == 0 || (o->caps.has_as4 && o->as2 == 0))
		open_bad(fault, BGPC_OPEN_PEER_AS, "AS number is zero");
}

enum bgpc_verdict bgpc_open_read(struct rd *body, struct bgpc_open *o, struct bgpc_fault *fault)
{
	struct rd params;
	bool extended;

	*o = (struct bgpc_open){ .version = rd_u8(body) };
	o->as2 = rd_u16(body);
	o->hold_s = rd_u16(body);
	o->bgp_id = rd_u32(body);
	params = params_cut(body, &extended);
	if (!body->bad && o->version != 4) {
		fault->what = o->version;
		return open_bad(fault, BGPC_OPEN_VERSION, "version is not 4");
	}
	if (!rd_done(body))
		return open_bad(fault, 0, "parameter length differs from the message");
	params_read(&params, extended, o, fault);
	if (fault->verdict == BGPC_OK)
		open_check(o, fault);
	return fault->verdict;
}

/* The families we can hold fit the short form, so the extended one (RFC 9072) is only read. */
void bgpc_open_write(struct wr *w, const struct bgpc_open *o)
{
	uint8_t buf[253];
	struct wr caps = wr_of(buf, sizeof(buf));
	size_t start = bgpc_msg_open(w, BGPC_OPEN);

	for (size_t i = 0; i < bgpc_cap_rows_len; i++)
		bgpc_cap_rows[i].write(&caps, &o->caps);
	w->bad |= caps.bad;
	wr_u8(w, o->version);
	wr_u16(w, o->as2);
	wr_u16(w, o->hold_s);
	wr_u32(w, o->bgp_id);
	if (caps.len > 0) {
		wr_u8(w, (uint8_t)(caps.len + 2));
		wr_u8(w, PARAM_CAPABILITY);
	}
	wr_u8(w, (uint8_t)caps.len);
	wr_bytes(w, buf, caps.len);
	bgpc_msg_close(w, start);
}

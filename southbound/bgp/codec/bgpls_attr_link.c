/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link attributes: metrics, bandwidths, admin groups, SRLGs, delays and loss, plainly and per
 * application. The wire's units end here: octets per second as IEEE 754 floats become bits per
 * second, loss in units of 0.000003 % becomes parts per million.
 */
#include <math.h>

#include "southbound/bgp/codec/bgpls_internal.h"

enum {
	SABM_R = 0x80, /* RSVP-TE */
	SABM_S = 0x40, /* SR Policy */
	SABM_X = 0x10, /* Flex-Algo */
	ANOMALOUS = 0x80,
};

static struct bgpls_te *te_of(void *out)
{
	struct bgpls_ctx *c = out;

	return &c->te[c->tier];
}

/* NaN, infinities, negatives and what does not fit 63 bits are refused. */
static uint64_t bps_read(struct rd *v)
{
	uint32_t bits = rd_u32(v);
	double bps;
	float f;

	memcpy(&f, &bits, sizeof(f));
	bps = (double)f * 8.0;
	if (!isfinite(bps) || bps < 0.0 || bps >= 9.2e18) {
		v->bad = true;
		return 0;
	}
	return (uint64_t)bps;
}

static void bw_read(struct rd *v, uint64_t *to, uint32_t *have, uint32_t bit)
{
	uint64_t bps = bps_read(v);

	if (v->bad)
		return;
	*to = bps;
	*have |= bit;
}

void bgpls_read_max_bw(struct rd *v, void *out)
{
	struct bgpls_attr *a = ((struct bgpls_ctx *)out)->attr;

	bw_read(v, &a->max_bw_bps, &a->have, BGPLS_HAVE_MAX_BW);
}

void bgpls_read_rsv_bw(struct rd *v, void *out)
{
	struct bgpls_attr *a = ((struct bgpls_ctx *)out)->attr;

	bw_read(v, &a->rsv_bw_bps, &a->have, BGPLS_HAVE_RSV_BW);
}

void bgpls_read_unrsv_bw(struct rd *v, void *out)
{
	struct bgpls_attr *a = ((struct bgpls_ctx *)out)->attr;
	uint64_t bps[8];

	for (size_t i = 0; i < 8; i++)
		bps[i] = bps_read(v);
	if (v->bad)
		return;
	memcpy(a->unrsv_bw_bps, bps, sizeof(bps));
	a->have |= BGPLS_HAVE_UNRSV_BW;
}

void bgpls_read_residual_bw(struct rd *v, void *out)
{
	bw_read(v, &te_of(out)->residual_bw_bps, &te_of(out)->have, BGPLS_HAVE_RESIDUAL_BW);
}

void bgpls_read_available_bw(struct rd *v, void *out)
{
	bw_read(v, &te_of(out)->available_bw_bps, &te_of(out)->have, BGPLS_HAVE_AVAILABLE_BW);
}

void bgpls_read_utilized_bw(struct rd *v, void *out)
{
	bw_read(v, &te_of(out)->utilized_bw_bps, &te_of(out)->have, BGPLS_HAVE_UTILIZED_BW);
}

void bgpls_read_te_metric(struct rd *v, void *out)
{
	struct bgpls_te *te = te_of(out);

	te->te_metric = rd_left(v) == 3 ? rd_u24(v) : rd_u32(v);
	te->have |= BGPLS_HAVE_TE_METRIC;
}

/* Whole octets, whatever their number: FRR sends metrics of 64 to 255 in one, where the IS-IS
 * narrow metric would have 6 bits. */
void bgpls_read_igp_metric(struct rd *v, void *out)
{
	struct bgpls_attr *a = ((struct bgpls_ctx *)out)->attr;

	a->igp_metric = 0;
	while (rd_left(v) > 0)
		a->igp_metric = a->igp_metric << 8 | rd_u8(v);
	a->have |= BGPLS_HAVE_IGP_METRIC;
}

void bgpls_read_admin_group(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;

	c->ag[c->tier] = rd_u32(v);
	c->has_ag_of[c->tier] = true;
	te_of(out)->have |= BGPLS_HAVE_ADMIN_GROUP;
}

void bgpls_read_ext_admin_group(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;
	struct bgpls_te *te = te_of(out);

	if (rd_left(v) % 4 != 0) {
		v->bad = true;
		return;
	}
	for (size_t i = 0; rd_left(v) > 0; i++) {
		uint32_t word = rd_u32(v);

		if (i < BGPLS_WORDS)
			te->admin_group[i] = word;
		else if (word)
			c->attr->clipped++;
	}
	te->have |= BGPLS_HAVE_ADMIN_GROUP;
}

void bgpls_read_srlg(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;
	struct bgpls_te *te = te_of(out);
	size_t n = rd_left(v) / 4;
	uint32_t *srlg = ARENA_ARRAY(c->arena, n, uint32_t);

	if (rd_left(v) % 4 != 0 || !srlg) {
		v->bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		srlg[i] = rd_u32(v);
	te->srlg = srlg;
	te->n_srlg = n;
	te->have |= BGPLS_HAVE_SRLG;
}

void bgpls_read_delay(struct rd *v, void *out)
{
	struct bgpls_te *te = te_of(out);

	te->delay_anomalous |= (rd_u8(v) & ANOMALOUS) != 0;
	te->delay_us = rd_u24(v);
	te->have |= BGPLS_HAVE_DELAY;
}

void bgpls_read_delay_mm(struct rd *v, void *out)
{
	struct bgpls_te *te = te_of(out);
	bool anomalous = (rd_u8(v) & ANOMALOUS) != 0;
	uint32_t min = rd_u24(v), max;

	rd_skip(v, 1);
	max = rd_u24(v);
	if (min > max) {
		v->bad = true;
		return;
	}
	te->delay_anomalous |= anomalous;
	te->delay_min_us = min;
	te->delay_max_us = max;
	te->have |= BGPLS_HAVE_DELAY_MM;
}

void bgpls_read_delay_var(struct rd *v, void *out)
{
	struct bgpls_te *te = te_of(out);

	rd_skip(v, 1);
	te->delay_var_us = rd_u24(v);
	te->have |= BGPLS_HAVE_DELAY_VAR;
}

/* One unit is 0.000003 %, that is 0.03 ppm (RFC 8570 section 4.4). */
void bgpls_read_loss(struct rd *v, void *out)
{
	struct bgpls_te *te = te_of(out);

	te->loss_anomalous = (rd_u8(v) & ANOMALOUS) != 0;
	te->loss_ppm = (rd_u24(v) * 3 + 50) / 100;
	te->have |= BGPLS_HAVE_LOSS;
}

const struct tlv_row bgpls_asla_rows[] = {
	{ 1088, 4, 4, 0, VERDICT_SKIP, "admin-group", bgpls_read_admin_group },
	{ 1092, 3, 4, 0, VERDICT_SKIP, "te-metric", bgpls_read_te_metric },
	{ 1096, 4, UINT16_MAX, 0, VERDICT_SKIP, "srlg", bgpls_read_srlg },
	{ 1114, 4, 4, 0, VERDICT_SKIP, "delay", bgpls_read_delay },
	{ 1115, 8, 8, 0, VERDICT_SKIP, "min-max-delay", bgpls_read_delay_mm },
	{ 1116, 4, 4, 0, VERDICT_SKIP, "delay-variation", bgpls_read_delay_var },
	{ 1117, 4, 4, 0, VERDICT_SKIP, "loss", bgpls_read_loss },
	{ 1118, 4, 4, 0, VERDICT_SKIP, "residual-bandwidth", bgpls_read_residual_bw },
	{ 1119, 4, 4, 0, VERDICT_SKIP, "available-bandwidth", bgpls_read_available_bw },
	{ 1120, 4, 4, 0, VERDICT_SKIP, "utilized-bandwidth", bgpls_read_utilized_bw },
	{ 1173, 4, UINT16_MAX, 0, VERDICT_SKIP, "ext-admin-group", bgpls_read_ext_admin_group },
};
const size_t bgpls_asla_rows_len = ARRAY_LEN(bgpls_asla_rows);

/* A later walk over the same TLVs, for another application: its faults are told already. */
static void walk_again(struct rd v, const struct tlv_table *table, struct bgpls_ctx *c)
{
	struct fault told = { 0 };

	c->tier = BGPLS_TIER_FLEX;
	c->flex_own = true;
	(void)tlv_walk(&v, table, c, &told);
}

/* The masks are 0, 4 or 8 octets; both empty means every application (RFC 9294 section 2). */
void bgpls_read_asla(struct rd *v, void *out)
{
	static const struct tlv_table table = { bgpls_asla_rows, ARRAY_LEN(bgpls_asla_rows),
						TLV_PAD_NONE, VERDICT_SKIP, NULL };
	struct bgpls_ctx *c = out;
	uint8_t sabm_len = rd_u8(v), udabm_len = rd_u8(v), apps;
	struct rd sabm, again;

	rd_skip(v, 2);
	sabm = rd_sub(v, sabm_len);
	rd_skip(v, udabm_len);
	if (v->bad || sabm_len % 4 != 0 || sabm_len > 8 || udabm_len % 4 != 0 || udabm_len > 8) {
		v->bad = true;
		return;
	}
	apps = sabm_len > 0 ? rd_u8(&sabm) : 0;
	again = *v;
	if (sabm_len == 0 && udabm_len == 0)
		c->tier = BGPLS_TIER_ANY_APP;
	else if (apps & SABM_S)
		c->tier = BGPLS_TIER_SR;
	else if (apps & SABM_X)
		c->tier = BGPLS_TIER_FLEX;
	c->flex_own |= c->tier == BGPLS_TIER_FLEX;
	if (c->tier == BGPLS_TIER_PLAIN)
		rd_skip(v, rd_left(v)); /* for others */
	else
		(void)tlv_walk(v, &table, out, c->fault);
	if (c->tier == BGPLS_TIER_SR && (apps & SABM_X))
		walk_again(again, &table, c);
	c->tier = BGPLS_TIER_PLAIN;
}

/* RFC 7308 section 2.3.1: with both present, 1088 is the first word, 1173 the rest. */
static void admin_group_settle(struct bgpls_ctx *c, size_t tier)
{
	if (c->has_ag_of[tier])
		c->te[tier].admin_group[0] = c->ag[tier];
}

static void te_over(struct bgpls_te *to, const struct bgpls_te *from)
{
	uint32_t have = from->have;

	to->have |= have;
	if (have & BGPLS_HAVE_TE_METRIC)
		to->te_metric = from->te_metric;
	if (have & BGPLS_HAVE_ADMIN_GROUP)
		memcpy(to->admin_group, from->admin_group, sizeof(to->admin_group));
	if (have & BGPLS_HAVE_DELAY)
		to->delay_us = from->delay_us;
	if (have & BGPLS_HAVE_DELAY_MM) {
		to->delay_min_us = from->delay_min_us;
		to->delay_max_us = from->delay_max_us;
	}
	if (have & (BGPLS_HAVE_DELAY | BGPLS_HAVE_DELAY_MM))
		to->delay_anomalous = from->delay_anomalous;
	if (have & BGPLS_HAVE_DELAY_VAR)
		to->delay_var_us = from->delay_var_us;
	if (have & BGPLS_HAVE_LOSS) {
		to->loss_ppm = from->loss_ppm;
		to->loss_anomalous = from->loss_anomalous;
	}
	if (have & BGPLS_HAVE_RESIDUAL_BW)
		to->residual_bw_bps = from->residual_bw_bps;
	if (have & BGPLS_HAVE_AVAILABLE_BW)
		to->available_bw_bps = from->available_bw_bps;
	if (have & BGPLS_HAVE_UTILIZED_BW)
		to->utilized_bw_bps = from->utilized_bw_bps;
	if (have & BGPLS_HAVE_SRLG) {
		to->srlg = from->srlg;
		to->n_srlg = from->n_srlg;
	}
}

void bgpls_te_merge(struct bgpls_ctx *c)
{
	for (size_t tier = 0; tier < BGPLS_TIERS; tier++)
		admin_group_settle(c, tier);
	for (size_t tier = 0; tier <= BGPLS_TIER_SR; tier++)
		if (c->te[tier].have)
			te_over(&c->attr->te, &c->te[tier]);
	c->attr->te_flex = c->te[c->flex_own ? BGPLS_TIER_FLEX : BGPLS_TIER_ANY_APP];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The PCE's side of Opens: what we offer, what must be refused, what a headend can do. */
#include <string.h>

#include "southbound/pcep/pcep_int.h"

enum { MSD_H_ENCAPS = 44 };

static const struct pcep_dialect dialects[] = {
	{ .name = "rfc" },
	{ .name = "frr", .no_assoc = true, .vendor_color = true, .ipv4_only = true, .lean = true,
	  .lax_sr = true, .pace_ns = 10 * NS_PER_MS },
	/* SR OS 26.7 answers Close 3 unless its sr-policy knob is set, which its Open hides */
	{ .name = "nokia", .no_assoc = true },
};

const struct pcep_dialect *pcep_dialect_find(const char *name)
{
	if (name[0] == '\0')
		return &dialects[0];
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	return NULL;
}

struct pcepc_open pcep_open_of(const struct pcep_cfg *cfg, const struct pcep_dialect *d)
{
	struct pcepc_open o = {
		.keepalive_s = cfg->keepalive_s,
		.dead_s = cfg->dead_s,
		.has_stateful = true,
		.stateful = PCEPC_CAP_UPDATE | PCEPC_CAP_INITIATE,
		.has_pst = true,
		.n_psts = 1,
		.psts = { PCEPC_PST_SR },
		.has_sr = true,
		.sr_flags = PCEPC_SR_NO_LIMIT, /* RFC 8664 s4.1.2: X set, MSD 0 towards a PCC */
	};

	if (d->lean)
		return o;
	o.psts[o.n_psts++] = PCEPC_PST_SRV6;
	o.has_srv6 = true;
	o.has_assoc_types = !d->no_assoc;
	o.n_assoc_types = d->no_assoc ? 0 : 2;
	o.assoc_types[0] = PCEPC_ASSOC_SR_POLICY;
	o.assoc_types[1] = PCEPC_ASSOC_DISJOINT;
	o.has_ofs = true;
	for (unsigned of = DRIVER_OF_MCP; of <= DRIVER_OF_MCC; of++)
		o.ofs[o.n_ofs++] = (uint16_t)of;
	o.has_sr_policy = !d->no_assoc;
	o.has_multipath = !d->no_assoc; /* where Opens are known to be taken as the RFCs say */
	o.multipath = SR_LISTS_MAX;
	o.multipath_flags = PCEPC_MULTIPATH_WEIGHT;
	return o;
}

bool pcep_open_check(const struct pcepc_open *open, const struct pcep_dialect *d, uint8_t *type,
		     uint8_t *value)
{
	bool sr = pcepc_open_pst(open, PCEPC_PST_SR) || open->sr_top_level;

	*type = 10;
	*value = 0;
	if (sr && !open->has_sr && !d->lax_sr)
		*value = 12; /* RFC 8664 s5.1 */
	else if (sr && open->has_sr && !(open->sr_flags & PCEPC_SR_NO_LIMIT) && open->sr_msd == 0)
		*value = 21;
	else if (pcepc_open_pst(open, PCEPC_PST_SRV6) && !open->has_srv6)
		*value = 34; /* RFC 9603 s5 */
	return *value == 0;
}

/* What the encapsulation may hold, or else the smallest depth told. */
static uint8_t msd_srv6(const struct pcepc_open *o)
{
	uint8_t least = 0;

	for (size_t i = 0; i < o->n_msds; i++) {
		if (o->msds[i].type == MSD_H_ENCAPS)
			return o->msds[i].value;
		if (least == 0 || o->msds[i].value < least)
			least = o->msds[i].value;
	}
	return least;
}

/* 0 is reserved, and unequal shares are what several lists are for. */
static uint8_t lists_of(const struct pcepc_open *o)
{
	if (!o->has_multipath || o->multipath == 0 || !(o->multipath_flags & PCEPC_MULTIPATH_WEIGHT))
		return 1;
	return o->multipath < SR_LISTS_MAX ? (uint8_t)o->multipath : SR_LISTS_MAX;
}

void pcep_open_caps(const struct pcepc_open *open, const struct pcep_dialect *d, uint8_t msd,
		    struct headend_caps *out)
{
	bool no_limit = !open->has_sr || (open->sr_flags & PCEPC_SR_NO_LIMIT);

	*out = (struct headend_caps){
		.southbound = "pcep",
		.srv6 = !d->lean && open->has_srv6 && pcepc_open_pst(open, PCEPC_PST_SRV6),
		.sr_mpls = pcepc_open_pst(open, PCEPC_PST_SR) || open->sr_top_level,
		.update = open->has_stateful && (open->stateful & PCEPC_CAP_UPDATE),
		.initiate = open->has_stateful && (open->stateful & PCEPC_CAP_INITIATE),
		.sr_policy_assoc = !d->no_assoc && pcepc_open_assoc(open, PCEPC_ASSOC_SR_POLICY),
		.msd_srv6 = msd ? msd : msd_srv6(open),
		.msd_mpls = msd ? msd : no_limit ? 0 : open->sr_msd,
		.lists = d->no_assoc ? 1 : lists_of(open),
	};
}

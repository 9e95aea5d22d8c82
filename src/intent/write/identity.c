/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy is known by in the network: its name on the wire, its candidate path id and its
 * binding SID. Chosen once, durable with the policy, and never those of another that is there,
 * on its way to disk, or still to be removed.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "intent/intent_priv.h"

enum { ORIGIN_PCEP = 10 /* RFC 9256 s2.3 */, SUFFIX_MAX = 12 };
#define STANDBY_BIT 0x80000000u

bool intent_identity_taken(const struct intent *i, const struct ip_addr *headend,
			   const char *lsp_name, const struct ip_addr *bsid)
{
	if (bsid && hash_get(&i->bsids, bsid, sizeof(*bsid), bsid))
		return true;
	if (lsp_name && (intent_pol_by_name(i, headend, lsp_name) || intent_lsp_find(i, headend, lsp_name)))
		return true;
	return intent_ops_hold(i, headend, lsp_name, bsid);
}

static void name_pick(const struct intent *i, const struct intent_policy *p, char out[SR_NAME_MAX])
{
	char base[SR_NAME_MAX], text[IP_TEXT_MAX];
	size_t len;

	if (p->name[0])
		str_copy(base, sizeof(base), p->name);
	else
		(void)snprintf(base, sizeof(base), "c%u-%s%s", p->key.color,
			       ip_text(&p->key.endpoint, text, sizeof(text)), p->key.leg ? "-standby" : "");
	len = strnlen(base, sizeof(base) - SUFFIX_MAX);
	str_copy(out, SR_NAME_MAX, base);
	/* Ends: there are fewer names than tries. */
	for (uint32_t n = 2; intent_identity_taken(i, &p->key.headend, out, NULL); n++)
		(void)snprintf(out, SR_NAME_MAX, "%.*s-%u", (int)len, base, n);
}

/* Numbers in the block from 1 on; the block's own address is no SID. */
static bool bsid_pick(struct intent *i, struct ip_addr *out)
{
	const struct ip_prefix *block = &i->cfg.bsid_block;
	unsigned bits = ip_bits(&block->addr);
	unsigned host = bits - block->len, wide = host > 32 ? 32 : host;
	uint64_t max = (UINT64_C(1) << wide) - 1;
	size_t tries = i->pols.n + i->n_creating + 1;

	for (size_t k = 0; max > 0 && k < tries; k++) {
		uint64_t n = i->bsid_next > max ? 1 : i->bsid_next;

		i->bsid_next = n + 1;
		*out = block->addr;
		ip_bits_set(out, bits - wide, wide, n);
		if (!intent_identity_taken(i, NULL, NULL, out))
			return true;
	}
	return false;
}

/* False: the block of binding SIDs is used up. */
bool intent_identify(struct intent *i, const struct intent_policy *p, struct intent_record *out)
{
	name_pick(i, p, out->lsp_name);
	out->cpath = (struct sr_cpath_id){
		.origin = ORIGIN_PCEP,
		.asn = i->cfg.asn,
		.originator = i->cfg.originator,
		/* Of writes, which are counted for ever: a path made anew is another one, and so is the
		 * standby that is made with it. */
		.discriminator = (uint32_t)(i->revision_given + 1) ^ (p->key.leg ? STANDBY_BIT : 0),
	};
	out->bsid = (struct ip_addr){ 0 };
	if (p->key.leg) /* the policy has one, of the working path */
		return true;
	return p->dataplane != SR_SRV6 || i->cfg.bsid_block.len == 0 || bsid_pick(i, &out->bsid);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

static struct net_md5 md5_of(const struct conf_md5 *from)
{
	struct net_md5 to = { .len = from->len };

	memcpy(to.key, from->key, from->len);
	return to;
}

void map_topo(struct topo_cfg *to, const struct conf *conf)
{
	topo_cfg_default(to);
	to->age_out_ns = conf->topo_age_out_s * NS_PER_S;
	to->quiet_ns = conf->topo_quiet_ms * NS_PER_MS;
	to->quiet_cap_ns = conf->topo_quiet_cap_ms * NS_PER_MS;
	to->eor_cap_ns = conf->topo_eor_cap_s * NS_PER_S;
	to->flap_hold_ns = conf->topo_flap_hold_ms * NS_PER_MS;
	to->objects_max = conf->topo_objects_max;
	to->n_sources = (uint32_t)conf->n_bgp_peers;
}

int map_odds(struct slice_odds *to, struct slice_odd **of, const struct conf *conf)
{
	*of = calloc(conf->n_avail + 1, sizeof(**of));
	if (!*of)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < conf->n_avail; i++) {
		(void)str_copy((*of)[i].name, sizeof((*of)[i].name), conf->avail[i].name);
		(*of)[i].ppb = conf->avail[i].ppb;
	}
	*to = (struct slice_odds){ .link_ppb = conf->avail_link_ppb, .node_ppb = conf->avail_node_ppb, .of = *of,
				   .n = (uint32_t)conf->n_avail };
	return 0;
}

void map_intent(struct intent_cfg *to, const struct conf *conf)
{
	intent_cfg_default(to);
	to->originator = conf->originator.family ? conf->originator : conf->bgp_router_id;
	to->asn = conf->bgp_as;
	to->wait_to_revert_ns = conf->wait_to_revert_s * NS_PER_S;
	to->hysteresis_pct = conf->hysteresis_pct;
	to->reopt_interval_ns = conf->reopt_interval_s * NS_PER_S;
	to->restart_grace_ns = conf->restart_grace_s * NS_PER_S;
	to->foreign_age_ns = conf->foreign_age_s * NS_PER_S;
	to->confirm_ns = conf->confirm_s * NS_PER_S;
	to->policies_max = conf->policies_max;
	to->msd_default = conf->msd_default;
	if (conf->has_bsid_block)
		to->bsid_block = conf->bsid_block;
}

void map_bgp(struct bgp_cfg *to, const struct conf *conf)
{
	const uint8_t *b = conf->bgp_router_id.b;

	*to = (struct bgp_cfg){
		.as = conf->bgp_as,
		.router_id = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3],
	};
}

void map_bgp_peer(struct bgp_peer_cfg *to, const struct conf *conf, const struct conf_bgp_peer *p,
		  uint32_t source)
{
	*to = (struct bgp_peer_cfg){ .addr = p->addr, .port = p->port, .remote_as = p->remote_as,
				     .passive = p->passive, .insecure = p->insecure, .md5 = md5_of(&p->md5),
				     .hold_s = p->hold_s, .local = p->local, .source = source,
				     .objects_max = conf->topo_objects_max };
}

void map_pcep(struct pcep_cfg *to, const struct conf *conf)
{
	*to = (struct pcep_cfg){ .keepalive_s = conf->pcep_keepalive_s, .dead_s = conf->pcep_dead_s };
}

void map_pcep_peer(struct pcep_peer_cfg *to, const struct conf_pcep_peer *p, struct net_tls *tls)
{
	*to = (struct pcep_peer_cfg){ .addr = p->addr,
				      .headend = p->headend.family ? p->headend : p->addr,
				      .insecure = p->insecure, .tls = p->tls ? tls : NULL,
				      .md5 = md5_of(&p->md5), .msd = p->msd };
	str_copy(to->profile, sizeof(to->profile), p->profile);
}

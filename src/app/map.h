/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* From the configuration to what each room takes. */
#include "conf/conf.h"
#include "intent/intent.h"
#include "southbound/bgp/bgp.h"
#include "southbound/pcep/pcep.h"
#include "slice/slice.h"
#include "topo/topo.h"

void map_topo(struct topo_cfg *to, const struct conf *conf);
/* *of is to be freed. 0 or -ENOMEM. */
int map_odds(struct slice_odds *to, struct slice_odd **of, const struct conf *conf);
void map_intent(struct intent_cfg *to, const struct conf *conf);
void map_bgp(struct bgp_cfg *to, const struct conf *conf);
void map_bgp_peer(struct bgp_peer_cfg *to, const struct conf *conf, const struct conf_bgp_peer *p,
		  uint32_t source);
void map_pcep(struct pcep_cfg *to, const struct conf *conf);
void map_pcep_peer(struct pcep_peer_cfg *to, const struct conf_pcep_peer *p, struct net_tls *tls);

/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts together and takes them apart: see sim.h. */
#include "tools/sim/run.h"

#include <errno.h>

#include "base/err.h"

#define FAREWELL_NS (300 * NS_PER_MS)

struct ip_addr sim_source(const void *arg, uint32_t router)
{
	const struct sim *s = arg;
	struct ip_addr a;

	if (!s->opt.ipv4)
		return sim_loopback(&s->topo, router);
	a = sim_router_v4(router); /* its last 24 bits */
	ip_bits_set(&a, 0, 8, 127);
	ip_bits_set(&a, 8, 8, 64 + ip_bits_get(&a, 8, 8));
	return a;
}

void sim_sync(struct sim *s)
{
	loop_now_update(s->loop);
	sim_feeds_sync(s->feeds);
	sim_pccs_sync(s->pccs);
}

static void farewell_over(void *arg)
{
	struct sim *s = arg;

	loop_stop(s->loop);
}

void sim_stop(struct sim *s)
{
	if (loop_timer_armed(&s->bye))
		return;
	sim_feeds_stop(s->feeds);
	sim_pccs_stop(s->pccs);
	loop_timer_after(&s->bye, FAREWELL_NS);
}

int sim_network(struct sim *s, struct str *err)
{
	const struct sim_options *o = &s->opt;
	int rc;

	if (o->topology) {
		rc = sim_topo_load(&s->topo, o->topology, err);
	} else {
		rc = sim_gen(&s->topo, &o->gen);
		if (rc < 0)
			str_addf(err, "cannot make such a network: %s\n", err_text(rc));
	}
	if (rc < 0)
		return rc;
	for (uint32_t r = 0; o->topology && !o->has_feeds && r < s->topo.routers.n; r++)
		if (s->topo.routers.at[r].feed)
			return 0; /* the file chose */
	sim_topo_feeds(&s->topo, o->feeds);
	return 0;
}

int sim_start(struct sim *s, struct loop *loop, struct net *net)
{
	struct sim_feeds_cfg feeds = { .daemon = s->opt.daemon, .port = s->opt.bgp_port,
				       .daemon_as = s->topo.asn, .source = sim_source,
				       .source_arg = s };
	struct sim_pccs_cfg pccs = { .daemon = s->opt.daemon, .port = s->opt.pcep_port,
				     .n = s->opt.pccs, .source = sim_source, .source_arg = s };
	int rc;

	s->loop = loop;
	s->net = net;
	loop_timer_init(&s->bye, loop, farewell_over, s);
	rc = sim_paths_new(&s->paths, &s->topo);
	if (rc == 0)
		rc = sim_feeds_new(&s->feeds, loop, net, &s->topo, &feeds);
	if (rc == 0)
		rc = sim_pccs_new(&s->pccs, loop, net, &s->topo, s->paths, &pccs);
	return err_trace(rc);
}

void sim_fini(struct sim *s)
{
	sim_pccs_free(s->pccs);
	sim_feeds_free(s->feeds);
	sim_paths_free(s->paths);
	if (s->loop)
		loop_timer_fini(&s->bye);
	sim_topo_fini(&s->topo);
}

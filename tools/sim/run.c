/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts together and takes them apart: see sim.h. */
#include "tools/sim/run.h"

#include <errno.h>
#include <string.h>

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
	sim_targets_sync(s->targets);
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

/* "r1=stall,r2=lie" */
static int faults(struct sim *s, struct str *err)
{
	char one[SIM_NAME_MAX + 16];

	for (const char *at = s->opt.gnmi_faults; at && *at;) {
		size_t len = strcspn(at, ",");
		enum sim_fault f = SIM_FAULT_NONE;
		char *eq = NULL;

		if (len < sizeof(one)) {
			memcpy(one, at, len);
			one[len] = '\0';
			eq = strchr(one, '=');
		}
		if (eq)
			*eq = '\0';
		if (!eq || !sim_fault_parse(eq + 1, &f) ||
		    !sim_target_fault(s->targets, sim_router_find(&s->topo, one), f, 0)) {
			str_addf(err, "--gnmi-fault: not a router with a target and what it does wrong: %.*s\n",
				 (int)len, at);
			return err_raise(-EINVAL);
		}
		at += len + (at[len] == ',');
	}
	return 0;
}

static int targets(struct sim *s, struct str *err)
{
	const struct sim_targets_cfg cfg = { .n = s->opt.targets, .port = s->opt.gnmi_port,
					     .cert = s->opt.gnmi_tls[0], .key = s->opt.gnmi_tls[1],
					     .ca = s->opt.gnmi_tls[2], .log = s->opt.gnmi_log, .rpc = s->rpc,
					     .pccs = s->pccs, .paths = s->paths,
					     .source = sim_source, .source_arg = s };
	int rc = 0;

	if (cfg.n > 0)
		rc = sim_targets_new(&s->targets, s->loop, &s->topo, &cfg, err);
	return rc < 0 ? rc : faults(s, err);
}

int sim_start(struct sim *s, struct loop *loop, struct net *net, struct str *err)
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
	if (rc == 0)
		rc = targets(s, err);
	return err_trace(rc);
}

void sim_fini(struct sim *s)
{
	sim_targets_free(s->targets);
	sim_pccs_free(s->pccs);
	sim_feeds_free(s->feeds);
	sim_paths_free(s->paths);
	if (s->loop)
		loop_timer_fini(&s->bye);
	sim_topo_fini(&s->topo);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's side of the sessions, as its configuration file (models/sextant-config.yang). */
#include "tools/sim/sim.h"

static const char *text(struct ip_addr a, char *buf)
{
	return ip_text(&a, buf, IP_TEXT_MAX);
}

static void bgp(const struct sim *s, struct str *out)
{
	char a[IP_TEXT_MAX];

	str_addf(out, "bgp:\n  as: %u\n  router-id: 10.255.255.254\n", s->topo.asn);
	str_addf(out, "  listen:\n    address: \"%s\"\n    port: %u\n  peer:\n", text(s->opt.daemon, a),
		 s->opt.bgp_port);
	for (uint32_t r = 0; r < s->topo.routers.n; r++)
		if (s->topo.routers.at[r].feed)
			str_addf(out,
				 "    - address: \"%s\"   # %s\n      remote-as: %u\n"
				 "      passive: true\n      insecure: true\n",
				 text(sim_source(s, r), a), s->topo.routers.at[r].name,
				 s->topo.asn);
}

static void pcep(const struct sim *s, struct str *out)
{
	char a[IP_TEXT_MAX];

	str_addf(out, "pcep:\n  listen:\n    address: \"%s\"\n    port: %u\n", text(s->opt.daemon, a),
		 s->opt.pcep_port);
	if (s->opt.pccs)
		str_add(out, "  peer:\n");
	for (uint32_t r = 0; r < s->topo.routers.n && r < s->opt.pccs; r++) {
		str_addf(out, "    - address: \"%s\"   # %s\n", text(sim_source(s, r), a),
			 s->topo.routers.at[r].name);
		if (s->opt.ipv4)
			str_addf(out, "      headend: \"%s\"\n",
				 text(sim_loopback(&s->topo, r), a));
		str_add(out, "      insecure: true\n");
	}
}

static void devices(const struct sim *s, struct str *out)
{
	char a[IP_TEXT_MAX];

	str_addf(out, "devices:\n  tls:\n    certificate: \"%s\"\n    key: \"%s\"\n    ca: \"%s\"\n  device:\n",
		 s->opt.gnmi_tls[0], s->opt.gnmi_tls[1], s->opt.gnmi_tls[2]);
	for (uint32_t r = 0; r < s->topo.routers.n && r < s->opt.targets; r++)
		str_addf(out,
			 "    - name: \"%s\"\n      address: \"%s\"\n      port: %u\n"
			 "      server-name: " SIM_TARGET_NAME "\n      kind: agent\n",
			 s->topo.routers.at[r].name, text(sim_source(s, r), a), s->opt.gnmi_port);
}

void sim_config(const struct sim *s, struct str *out)
{
	str_add(out, "# Written by sextant-sim: sextantd with this file and the simulator fit.\n");
	str_addf(out, "node: simulated\nstore:\n  path: \"%s\"\n", s->opt.store);
	str_addf(out, "listen:\n  restconf:\n    - address: \"%s\"\n      port: %u\n",
		 s->opt.ipv4 ? "127.0.0.1" : "::1", s->opt.restconf_port);
	bgp(s, out);
	pcep(s, out);
	if (s->opt.targets)
		devices(s, out);
}

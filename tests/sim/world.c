/* SPDX-License-Identifier: Apache-2.0 */
/* The controller's life and the network around it. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"

struct sim sim;

static void stamp(FILE *f)
{
	uint64_t us = sim.loop ? loop_now(sim.loop).ns / NS_PER_US : 0;

	fprintf(f, "%5llu.%06llu ", (unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000));
}

void say(const char *fmt, ...)
{
	va_list ap;

	if (!sim.verbose)
		return;
	stamp(stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	printf("seed %llu: at ", (unsigned long long)sim.seed);
	stamp(stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n  replay: %s --seed %llu%s%s -v\n", program, (unsigned long long)sim.seed,
	       bug[0] ? " --bug " : "", bug);
	fflush(stdout);
	_exit(3);
}

static void must(int r, const char *what)
{
	if (r != 0)
		fail("%s: %d", what, r);
}

void run_ns(uint64_t ns)
{
	struct mono end = mono_add(loop_now(sim.loop), ns);

	while (loop_fake_step(sim.loop, end))
		;
}

struct ip_addr controller_addr(void)
{
	struct ip_addr a;

	must(ip_parse("2001:db8:c0::1", &a), "address");
	return a;
}

/* ---- the network ---- */

/* A ring with chords: the same for the same seed, so that it can be made twice. */
static void topo_make(struct sim_topo *t, uint64_t seed)
{
	struct rng r;
	uint32_t n, chords;
	char name[SIM_NAME_MAX];

	rng_seed(&r, seed);
	n = 4 + (uint32_t)rng_below(&r, ROUTERS_MAX - 3);
	chords = (uint32_t)rng_below(&r, n + 1);
	sim_topo_init(t);
	for (uint32_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "r%u", i);
		if (sim_topo_router(t, name) == SIM_NONE)
			abort();
		t->routers.at[i].classic = rng_below(&r, 5) == 0;
	}
	for (uint32_t k = 0; k < n + chords; k++) {
		uint32_t a = k < n ? k : (uint32_t)rng_below(&r, n);
		uint32_t b = k < n ? (k + 1) % n : (a + 1 + (uint32_t)rng_below(&r, n - 1)) % n;
		uint32_t igp = 10 + 5 * (uint32_t)rng_below(&r, 4);
		uint32_t delay = 500 + 100 * (uint32_t)rng_below(&r, 40);
		uint32_t w = sim_topo_wire(t, a, b, igp, delay);

		if (w == SIM_NONE)
			abort();
		t->wires.at[w].bw_bps = (1 + rng_below(&r, 3)) * UINT64_C(4000000000);
		t->wires.at[w].admin_group[0] = 1U << rng_below(&r, 4);
	}
	if (sim_topo_done(t) < 0)
		abort();
	sim_topo_feeds(t, FEEDS);
}

static struct ip_addr feed_source(const void *arg, uint32_t router)
{
	(void)arg;
	return sim_loopback(&sim.topo, router);
}

static void network_up(uint64_t seed, bool devices)
{
	const struct sim_feeds_cfg cfg = { .daemon = controller_addr(),
					   .port = 179,
					   .daemon_as = 65000,
					   .source = feed_source };

	topo_make(&sim.topo, seed);
	topo_make(&sim.shadow, seed);
	must(sim_paths_new(&sim.paths, &sim.topo), "paths");
	must(sim_paths_new(&sim.shadow_paths, &sim.shadow), "paths");
	must(sim_feeds_new(&sim.feeds, sim.loop, sim.net, &sim.topo, &cfg), "feeds");
	for (uint32_t i = 0; i < sim.topo.routers.n; i++) {
		router_init(&sim.routers[i], i);
		router_start(&sim.routers[i]);
	}
	if (devices)
		devices_up();
}

/* ---- the controller ---- */

static void conf_listen(struct conf_listen *l, uint16_t port)
{
	l->addr = controller_addr();
	l->port = port;
}

static void conf_peers(struct conf *c)
{
	uint32_t n = (uint32_t)sim.topo.routers.n;

	c->bgp_peers = calloc(n, sizeof(*c->bgp_peers));
	c->pcep_peers = calloc(n, sizeof(*c->pcep_peers));
	c->restconf = calloc(1, sizeof(*c->restconf));
	if (!c->bgp_peers || !c->pcep_peers || !c->restconf)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		struct ip_addr a = sim_loopback(&sim.topo, i);

		if (sim.topo.routers.at[i].feed)
			c->bgp_peers[c->n_bgp_peers++] = (struct conf_bgp_peer){
				.addr = a, .port = 179, .remote_as = 65000, .passive = true,
				.insecure = true, .hold_s = 30
			};
		c->pcep_peers[c->n_pcep_peers] = (struct conf_pcep_peer){ .addr = a, .insecure = true };
		memcpy(c->pcep_peers[c->n_pcep_peers++].profile, "rfc", 4);
	}
	must(ip_parse("::1", &c->restconf[0].addr), "address");
	c->restconf[0].port = 8080;
	c->n_restconf = 1;
}

static void conf_make(struct conf *c)
{
	memcpy(c->file, "sim.yaml", 9);
	memcpy(c->node, "sim", 4);
	c->has_bgp = c->has_pcep = c->has_bgp_listen = c->has_bsid_block = true;
	c->bgp_as = 65000;
	must(ip_parse("10.255.0.1", &c->bgp_router_id), "address");
	conf_listen(&c->bgp_listen, 179);
	conf_listen(&c->pcep_listen, 4189);
	c->pcep_keepalive_s = 10;
	c->pcep_dead_s = 40;
	c->topo_age_out_s = 30;
	c->topo_quiet_ms = 20;
	c->topo_quiet_cap_ms = 500;
	c->topo_eor_cap_s = 60;
	c->topo_flap_hold_ms = pick(2) * 1000;
	c->topo_objects_max = 10000;
	c->wait_to_revert_s = 5;
	c->hysteresis_pct = pick(3) * 10;
	c->reopt_interval_s = pick(2) * 60;
	c->restart_grace_s = 10;
	c->foreign_age_s = pick(2) * 60;
	c->confirm_s = 5;
	c->policies_max = 64;
	c->msd_default = 10;
	c->slices_outside = true;
	must(ip_prefix_parse("fcbb:ffff::/32", &c->bsid_block), "prefix");
	conf_peers(c);
	if (sim.targets)
		devices_conf(c);
}

void app_start(void)
{
	struct app_env env = { .loop = sim.loop, .net = sim.net };
	struct str errors = { 0 };

	must(work_new(&sim.work, sim.loop, 2), "work");
	must(store_fake_new(&sim.store, sim.loop, sim.disk), "store");
	env.work = sim.work;
	env.rpc = sim.rpc;
	env.store = sim.store;
	sim.running[0] = sim.conf;
	sim.n_reloads = 0;
	if (app_new(&sim.app, &env, &sim.running[0], &errors) < 0)
		fail("the controller does not start: %s", str_text(&errors));
	str_fini(&errors);
	sim.epoch++;
	say("the controller is up, life %u", sim.epoch);
}

void app_hup(bool whole)
{
	struct conf *next = &sim.running[++sim.n_reloads % 2];
	struct str errors = { 0 };

	*next = sim.conf;
	if (!whole) {
		next->n_pcep_peers -= pick(2);
		next->wait_to_revert_s = 1 + pick(10);
		next->hysteresis_pct = pick(30);
		next->foreign_age_s = pick(100);
	}
	if (app_reload(sim.app, next, &errors) < 0)
		fail("the configuration cannot be reloaded: %s", str_text(&errors));
	str_fini(&errors);
	disturb();
}

void app_kill(void)
{
	sim.app = app_free(sim.app);
	sim.work = work_free(sim.work);
	sim.store = store_crash(sim.store);
	ops_killed();
	disturb();
}

void world_up(uint64_t seed, bool verbose, bool devices)
{
	const struct log_cfg quiet = { .level = (enum log_level)(LOG_ERROR - 1) };
	const struct log_cfg loud = { .level = LOG_DEBUG };

	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.verbose = verbose;
	rng_seed(&sim.rng, seed);
	list_init(&sim.cmds);
	log_setup(verbose ? &loud : &quiet);
	must(loop_fake_new(&sim.loop, seed), "loop");
	must(net_fake_new(&sim.net, sim.loop, 100 * NS_PER_US, 5 * NS_PER_MS), "net");
	must(store_disk_new(&sim.disk), "disk");
	sim.profile = pick(3);
	sim.n_pols = chance(25) ? POLS : 10;
	network_up(seed, devices);
	conf_make(&sim.conf);
	app_start();
}

void world_down(void)
{
	app_free(sim.app);
	work_free(sim.work);
	store_close(sim.store);
	sim_feeds_free(sim.feeds);
	devices_down();
	for (uint32_t i = 0; i < sim.topo.routers.n; i++)
		router_fini(&sim.routers[i]);
	run_ns(NS_PER_MS); /* what is freed in a later turn */
	sim_paths_free(sim.paths);
	sim_paths_free(sim.shadow_paths);
	sim_topo_fini(&sim.topo);
	sim_topo_fini(&sim.shadow);
	beliefs_free();
	free(sim.conf.bgp_peers);
	free(sim.conf.pcep_peers);
	free(sim.conf.restconf);
	free(sim.conf.devices);
	store_disk_free(sim.disk);
	net_free(sim.net);
	loop_free(sim.loop);
}

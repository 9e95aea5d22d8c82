/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the network, the sessions, the disk and the controller. */
#include <errno.h>
#include <stdlib.h>

#include "sim.h"

static void network_changed(void)
{
	sim_feeds_sync(sim.feeds);
	routers_notice();
	disturb();
}

static const char *wire_text(uint32_t wire)
{
	static char buf[SIM_WIRE_TEXT_MAX];

	return sim_wire_text(&sim.topo, wire, buf, sizeof(buf));
}

/* ---- the network ---- */

static void ev_cut(void)
{
	uint32_t w = pick((uint32_t)sim.topo.wires.n);

	if (!sim.topo.wires.at[w].up)
		return;
	say("-- wire %s is cut", wire_text(w));
	check_watch_begin(w);
	(void)sim_wire_set(&sim.topo, w, false);
	network_changed();
	run_ns(NS_PER_S);
	check_watch_end();
}

static void ev_heal(void)
{
	uint32_t w = pick((uint32_t)sim.topo.wires.n);

	for (uint32_t k = 0; k < sim.topo.wires.n && sim.topo.wires.at[w].up; k++)
		w = (w + 1) % (uint32_t)sim.topo.wires.n;
	if (sim_wire_set(&sim.topo, w, true)) {
		say("-- wire %s is healed", wire_text(w));
		network_changed();
	}
}

static void ev_delay(void)
{
	uint32_t w = pick((uint32_t)sim.topo.wires.n), us = 500 + 100 * pick(60);

	say("-- wire %s has delay %u", wire_text(w), us);
	(void)sim_wire_delay(&sim.topo, w, us);
	network_changed();
}

static void ev_metric(void)
{
	uint32_t w = pick((uint32_t)sim.topo.wires.n), igp = 10 + 5 * pick(8);

	say("-- wire %s has metric %u", wire_text(w), igp);
	(void)sim_wire_metric(&sim.topo, w, igp);
	network_changed();
}

/* Down and up before anybody looks: the wire is as it was, its SIDs are not. */
static void ev_sids(void)
{
	uint32_t w = pick((uint32_t)sim.topo.wires.n);

	if (!sim.topo.wires.at[w].up)
		return;
	say("-- wire %s has other SIDs", wire_text(w));
	(void)sim_wire_set(&sim.topo, w, false);
	(void)sim_wire_set(&sim.topo, w, true);
	network_changed();
}

static void ev_router(void)
{
	uint32_t n = pick((uint32_t)sim.topo.routers.n);
	struct router *r = &sim.routers[n];
	bool up = !sim.topo.routers.at[n].up;

	say("-- router %s %s", sim.topo.routers.at[n].name, up ? "starts" : "dies");
	if (!up)
		router_stop(r);
	(void)sim_router_set(&sim.topo, n, up);
	if (up)
		router_start(r);
	network_changed();
}

/* ---- sessions ---- */

static void feed_set(uint32_t k, bool up)
{
	if (sim_feed_set(sim.feeds, k, up)) {
		say("-- feed %u is %s", k, up ? "back" : "lost");
		sim.feed_blocked[k] = !up;
		disturb();
	}
}

static void ev_feed(void)
{
	uint32_t k = pick(FEEDS);

	if (chance(20)) {
		feed_set(0, false);
		feed_set(1, false);
	} else {
		feed_set(k, sim.feed_blocked[k]);
	}
}

static void block(struct router *r, bool on)
{
	struct ip_addr c = controller_addr();

	if (r->blocked == on)
		return;
	say("-- %s is %s the controller", sim.topo.routers.at[r->n].name,
	    on ? "kept apart from" : "let to");
	r->blocked = on;
	net_fake_block(sim.net, &r->addr, &c, on);
	if (on)
		net_fake_cut(sim.net, &r->addr, &c, ETIMEDOUT);
	disturb();
}

static void ev_session(void)
{
	struct router *r = &sim.routers[pick((uint32_t)sim.topo.routers.n)];
	struct ip_addr c = controller_addr();

	if (r->blocked || chance(30)) {
		block(r, !r->blocked);
		return;
	}
	say("-- sessions of %s are cut", sim.topo.routers.at[r->n].name);
	net_fake_cut(sim.net, &r->addr, &c, ECONNRESET);
	disturb();
}

static void ev_mood(void)
{
	static const char *const text[] = { "well", "slow", "refusing", "erring", "down", "mute" };
	struct router *r = &sim.routers[pick((uint32_t)sim.topo.routers.n)];

	r->mood = r->mood != GOOD ? GOOD : (enum mood)pick(MOODS);
	say("-- %s is %s", sim.topo.routers.at[r->n].name, text[r->mood]);
	disturb();
}

static void ev_own(void)
{
	router_own(&sim.routers[pick((uint32_t)sim.topo.routers.n)]);
}

/* ---- the controller ---- */

static void ev_kill(void)
{
	say("-- kill -9");
	app_kill();
	run_ns(pick(3000) * NS_PER_MS);
	app_start();
	check_always();
	sim.lives++;
}

/* A reload ends no session but that of a peer that is taken away. */
static void ev_reload(void)
{
	bool up[ROUTERS_MAX] = { false };

	for (uint32_t i = 0; i < sim.topo.routers.n; i++)
		up[i] = sim.routers[i].pcc && pcc_is_up(sim.routers[i].pcc, 1);
	app_hup(false);
	say("-- reload, %zu PCEP peers", sim.running[sim.n_reloads % 2].n_pcep_peers);
	run_ns(20 * NS_PER_MS);
	for (uint32_t i = 0; i + 1 < sim.topo.routers.n; i++) {
		if (up[i] && !pcc_is_up(sim.routers[i].pcc, 1))
			fail("a reload ended the session of %s", sim.topo.routers.at[i].name);
	}
}

static void ev_hold(void)
{
	if (!sim.hold_pending)
		ops_hold(!sim.held);
}

static void ev_disk(void)
{
	sim.disk_full = !sim.disk_full;
	sim.disk_changed = loop_now(sim.loop);
	say("-- the disk %s", sim.disk_full ? "is full" : "has room");
	store_disk_fail(sim.disk, sim.disk_full);
	disturb();
}

static void ev_nothing(void)
{
}

/* ---- the lot ---- */

static const struct {
	unsigned weight;
	void (*fn)(void);
} events[] = {
	{ 34, ops_random }, { 10, ev_cut },	{ 10, ev_heal }, { 5, ev_delay },
	{ 4, ev_metric },   { 4, ev_sids },	{ 2, ev_router }, { 4, ev_feed },
	{ 6, ev_session },  { 5, ev_mood },	{ 4, ev_own },	 { 3, ev_kill },
	{ 2, ev_hold },	    { 2, ev_disk },	{ 2, ev_reload }, { 5, ev_nothing },
	{ 4, ops_optimise },
};

static void wait_a_while(void)
{
	uint32_t n = pick(100);

	if (n < 40)
		run_ns(pick(100) * NS_PER_MS);
	else if (n < 75)
		run_ns(pick(4000) * NS_PER_MS);
	else if (n < 92)
		run_ns(pick(30) * NS_PER_S);
	else
		run_ns(100 * NS_PER_S);
}

void event_random(void)
{
	unsigned total = 0, at;

	for (unsigned k = 0; k < ARRAY_LEN(events); k++)
		total += events[k].weight;
	at = pick(total);
	for (unsigned k = 0; k < ARRAY_LEN(events); k++) {
		if (at < events[k].weight) {
			events[k].fn();
			break;
		}
		at -= events[k].weight;
	}
	check_always();
	wait_a_while();
	check_always();
}

/* Everything is well again. Sessions start anew, for what a headend refused is remembered for
 * as long as its session lasts. */
void heal_all(void)
{
	say("-- everything is well again");
	if (sim.disk_full)
		ev_disk();
	app_hup(true);
	for (uint32_t k = 0; k < FEEDS; k++)
		feed_set(k, true);
	for (uint32_t i = 0; i < sim.topo.routers.n; i++) {
		struct router *r = &sim.routers[i];

		r->mood = GOOD;
		block(r, false);
		if (!sim.topo.routers.at[i].up) {
			(void)sim_router_set(&sim.topo, i, true);
			router_start(r);
		}
		net_fake_cut(sim.net, &r->addr, NULL, ECONNRESET);
	}
	for (uint32_t w = 0; w < sim.topo.wires.n && sim.seed % 2; w++)
		(void)sim_wire_set(&sim.topo, w, true);
	network_changed();
	run_ns(5 * NS_PER_S);
	if (sim.held && !sim.hold_pending)
		ops_hold(false);
	run_ns(200 * NS_PER_S);
}

/* What is to survive one wire does, whichever it is. */
void cut_each(void)
{
	if (sim.profile != 1)
		return;
	for (uint32_t w = 0; w < sim.topo.wires.n; w++) {
		run_ns(20 * NS_PER_S);
		say("-- wire %s is cut, and nothing else", wire_text(w));
		check_watch_begin(w);
		(void)sim_wire_set(&sim.topo, w, false);
		network_changed();
		run_ns(NS_PER_S);
		check_watch_end();
		(void)sim_wire_set(&sim.topo, w, true);
		network_changed();
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon as a whole: sextantd and sextant-sim as processes of their own, real sessions over
 * loopback. Policies are wanted before the topology is there; then 1 000 routers and 5 000 links
 * (10 000 half links) come over one BGP-LS session. Times are the simulator's: from its event to
 * the last request that reached one of its routers.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/mono.h"
#include "base/rng.h"
#include "base/str.h"
#include "tools/bench/bench.h"
#include "tools/bench/proc.h"
#include "tools/bench/talk.h"

enum {
	ROUTERS = 1000,
	WIRES = 5000,
	HEADENDS = 100,
	POLICIES = 100,
	FAILURES = 7,
	NAME_MAX_ = 128,
	PATH_MAX_ = 512,
	LIMIT_MIB = 200,
	LIMIT_MS = 50,
};

#define LIMIT_S 2.0
#define PATIENCE_NS (60 * NS_PER_S)

struct stage {
	struct bench *b;
	char dir[PATH_MAX_], socket[PATH_MAX_], config[PATH_MAX_], url[128];
	char sim_path[PATH_MAX_], daemon_path[PATH_MAX_];
	char bgp[8], pcep[8], rest[8], seed[24], network[32], store[PATH_MAX_];
	bool ipv4;
	pid_t sim, daemon;
};

/* ---- processes ---- */

static pid_t start_sim(const struct stage *s, bool run)
{
	const char *const argv[] = {
		s->sim_path, "--generate", s->network, "--seed", s->seed, "--feeds", "1", "--pccs", "100",
		"--bgp-port", s->bgp, "--pcep-port", s->pcep, "--restconf-port", s->rest, "--store",
		s->store, run ? "--socket" : "--write-config", run ? s->socket : s->config,
		run ? "--json" : "--no-run", s->ipv4 ? "--ipv4" : NULL, NULL,
	};

	return bench_start(argv);
}

static pid_t start_daemon(const struct stage *s)
{
	const char *const argv[] = { s->daemon_path, "--config", s->config, NULL };

	return bench_start(argv);
}

/* ---- asking ---- */

static json_object *sim_asked(const struct stage *s, const char *command)
{
	STR_AUTO struct str reply = { 0 };

	return bench_ask(s->socket, command, &reply) == 0 ? json_tokener_parse(str_text(&reply)) : NULL;
}

static int64_t number(json_object *o, const char *key)
{
	json_object *v = NULL;

	return o && json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : -1;
}

static json_object *member(json_object *o, const char *key)
{
	json_object *v = NULL;

	return o && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

/* Polls in small steps; the machine should be busy with others. */
static bool until(struct stage *s, bool (*good)(struct stage *s))
{
	uint64_t end = bench_ns() + PATIENCE_NS;

	while (bench_ns() < end) {
		if (good(s))
			return true;
		(void)usleep(5000);
	}
	return false;
}

static bool daemon_answers(struct stage *s)
{
	STR_AUTO struct str body = { 0 };

	return bench_http(s->url, "GET", "/healthz", NULL, &body) == 200;
}

static bool all_up(struct stage *s)
{
	json_object *o = sim_asked(s, "status");
	bool good = number(o, "lsps-up") == POLICIES;

	json_object_put(o);
	return good;
}

/* The northbound tells the whole topology. */
static bool all_told(struct stage *s)
{
	STR_AUTO struct str body = { 0 };
	const char *at;

	if (bench_http(s->url, "GET",
		       "/restconf/data/ietf-network:networks/network=sextant%3Adefault/"
		       "sextant-topology:network-attributes",
		       NULL, &body) != 200)
		return false;
	at = strstr(str_text(&body), "\"links\":");
	return at && strtoul(at + 8, NULL, 10) == 2 * WIRES;
}

/* ---- stages ---- */

static bool prepare(struct stage *s)
{
	struct bench *b = s->b;

	if (!bench_folder(s->dir, sizeof(s->dir)))
		return false;
	(void)snprintf(s->socket, sizeof(s->socket), "%.400s/sim.sock", s->dir);
	(void)snprintf(s->config, sizeof(s->config), "%.400s/sextant.yaml", s->dir);
	(void)snprintf(s->store, sizeof(s->store), "%.400s/sextant.db", s->dir);
	(void)snprintf(s->sim_path, sizeof(s->sim_path), "%.400s/tools/sim/sextant-sim", b->programs);
	(void)snprintf(s->daemon_path, sizeof(s->daemon_path), "%.400s/src/sextantd", b->programs);
	(void)snprintf(s->bgp, sizeof(s->bgp), "%u", b->port);
	(void)snprintf(s->pcep, sizeof(s->pcep), "%u", b->port + 1U);
	(void)snprintf(s->rest, sizeof(s->rest), "%u", b->port + 2U);
	(void)snprintf(s->seed, sizeof(s->seed), "%llu", (unsigned long long)b->seed);
	(void)snprintf(s->network, sizeof(s->network), "%d,%d", ROUTERS, WIRES);
	(void)snprintf(s->url, sizeof(s->url), "http://%s:%s", s->ipv4 ? "127.0.0.1" : "[::1]", s->rest);
	return bench_wait(start_sim(s, false)) == 0;
}

/* Headends are the first routers, which have PCEP sessions; every pair is another. */
static bool policies(struct stage *s)
{
	struct rng r;

	rng_seed(&r, s->b->seed);
	for (unsigned i = 0; i < POLICIES; i++) {
		STR_AUTO struct str path = { 0 };
		STR_AUTO struct str body = { 0 };
		STR_AUTO struct str reply = { 0 };
		unsigned from = 1 + i % HEADENDS, to = 1 + (unsigned)rng_below(&r, ROUTERS);
		char h[64], e[64];

		to += to == from ? 1 : 0;
		(void)snprintf(h, sizeof(h), "fd5e:5e:0:%x::1", from);
		(void)snprintf(e, sizeof(e), "fd5e:5e:0:%x::1", to);
		str_add(&path, "/restconf/data/sextant-policy:policies/policy=");
		bench_url(&path, h);
		str_addf(&path, ",%u,", 100 + i);
		bench_url(&path, e);
		str_addf(&body,
			 "{\"sextant-policy:policy\":[{\"headend\":\"%s\",\"color\":%u,"
			 "\"endpoint\":\"%s\",\"bandwidth\":\"1000000\",\"candidate-path\":"
			 "[{\"preference\":100,\"dynamic\":{\"metric\":\"delay\"}}]}]}",
			 h, 100 + i, e);
		if (bench_http(s->url, "PUT", str_text(&path), str_text(&body), &reply) / 100 != 2) {
			(void)fprintf(stderr, "bench: %s\n", str_text(&reply));
			return false;
		}
	}
	return true;
}

static void inject_rows(struct stage *s, uint64_t told_ns)
{
	const struct bench *b = s->b;
	json_object *o = sim_asked(s, "status"), *asked = member(o, "since-event");
	json_object *feed = json_object_array_get_idx(member(o, "feeds"), 0);
	double up_us = (double)number(feed, "up-at-us");
	double pushed = ((double)number(asked, "at-us") + (double)number(asked, "last-us") - up_us) / 1e6;
	double told = ((double)told_ns / 1e3 - up_us) / 1e6;
	double all = pushed > told ? pushed : told, rss = bench_status_mib(s->daemon, "VmHWM");

	bench_row(b, "inject.1000n-5000l.told", told, "s");
	bench_row(b, "inject.1000n-5000l.pushed", pushed, "s");
	bench_row(b, "inject.1000n-5000l", all, "s");
	bench_row(b, "inject.1000n-5000l.limit", all / LIMIT_S, "ratio");
	bench_row(b, "inject.1000n-5000l.rss", rss, "MiB");
	bench_row(b, "inject.1000n-5000l.rss.limit", rss / LIMIT_MIB, "ratio");
	json_object_put(o);
}

static const char *inject(struct stage *s)
{
	uint64_t told;

	s->daemon = start_daemon(s);
	if (!until(s, daemon_answers))
		return "sextantd does not answer";
	if (!policies(s))
		return "sextantd does not take the policies";
	s->sim = start_sim(s, true);
	if (!until(s, all_told))
		return "the topology is not told within a minute";
	told = bench_ns();
	if (!until(s, all_up))
		return "the policies are not up within a minute";
	inject_rows(s, told);
	return NULL;
}

/* ---- failures ---- */

struct use {
	char wire[NAME_MAX_];
	unsigned n;
};

static void use_add(struct use *uses, size_t cap, const char *wire)
{
	for (size_t i = 0; i < cap; i++) {
		if (uses[i].n == 0)
			(void)str_copy(uses[i].wire, sizeof(uses[i].wire), wire);
		if (strcmp(uses[i].wire, wire) == 0) {
			uses[i].n++;
			return;
		}
	}
}

/* The wire that most policies are on, by the packets of the simulator. */
static bool busiest(const struct stage *s, struct use *out)
{
	enum { USES = 4096 };
	AUTO_FREE struct use *uses = calloc(USES, sizeof(*uses));
	json_object *all = sim_asked(s, "policies"), *list = member(all, "policies");

	*out = (struct use){ 0 };
	for (size_t i = 0; uses && list && i < json_object_array_length(list); i++) {
		json_object *p = json_object_array_get_idx(list, i), *w, *links;
		char command[NAME_MAX_ + 16];

		(void)snprintf(command, sizeof(command), "walk %s",
			       json_object_get_string(member(p, "name")));
		w = sim_asked(s, command);
		links = member(w, "links");
		for (size_t k = 0; links && k < json_object_array_length(links); k++)
			use_add(uses, USES,
				json_object_get_string(member(json_object_array_get_idx(links, k), "wire")));
		json_object_put(w);
	}
	for (size_t i = 0; uses && i < USES; i++)
		if (uses[i].n > out->n)
			*out = uses[i];
	json_object_put(all);
	return out->n > 0;
}

/* Are all policies where their packets arrive, and has nothing been asked for a while. */
static bool quiet(struct stage *s)
{
	static int64_t last = -1; /* requests seen at the poll before */
	json_object *o = sim_asked(s, "status"), *asked = member(o, "since-event");
	int64_t n = number(asked, "requests");
	bool good = n > 0 && n == last && number(o, "lsps-up") == POLICIES;

	last = n;
	json_object_put(o);
	if (!good)
		(void)usleep(100000);
	return good;
}

static const char *failures(struct stage *s)
{
	double ms[FAILURES], cpu[FAILURES], most = 0, moved = 0;

	for (unsigned i = 0; i < FAILURES; i++) {
		char command[NAME_MAX_ + 16];
		json_object *o;
		struct use use;

		if (!busiest(s, &use))
			return "no policy crosses any link";
		(void)snprintf(command, sizeof(command), "down %s", use.wire);
		cpu[i] = bench_loop_cpu_ms(s->daemon);
		json_object_put(sim_asked(s, command));
		if (!until(s, quiet))
			return "a failure is not repaired within a minute";
		cpu[i] = bench_loop_cpu_ms(s->daemon) - cpu[i];
		o = sim_asked(s, "status");
		ms[i] = (double)number(member(o, "since-event"), "last-us") / 1e3;
		moved += (double)number(member(o, "since-event"), "requests");
		if (ms[i] > most)
			most = ms[i];
		json_object_put(o);
	}
	bench_row(s->b, "failure.to-last-pcupd", bench_median(ms, FAILURES), "ms");
	bench_row(s->b, "failure.to-last-pcupd.worst", most, "ms");
	bench_row(s->b, "failure.to-last-pcupd.limit", bench_median(ms, FAILURES) / LIMIT_MS, "ratio");
	bench_row(s->b, "failure.loop-cpu", bench_median(cpu, FAILURES), "ms");
	bench_row(s->b, "failure.pcupds", moved / FAILURES, "messages");
	bench_row(s->b, "failure.rss", bench_status_mib(s->daemon, "VmHWM"), "MiB");
	return NULL;
}

static void clean(struct stage *s)
{
	bench_stop(&s->sim);
	bench_stop(&s->daemon);
	bench_folder_gone(s->dir);
}

void bench_daemon(struct bench *b)
{
	struct stage s = { .b = b, .sim = -1, .daemon = -1, .ipv4 = geteuid() != 0 };
	const char *why = NULL;

	if (!bench_wants(b, "inject.") && !bench_wants(b, "failure."))
		return;
	if (!prepare(&s))
		why = "sextant-sim does not write its configuration";
	if (!why)
		why = inject(&s);
	if (!why && bench_wants(b, "failure."))
		why = failures(&s);
	if (why)
		bench_fail(b, "sextantd", why);
	clean(&s);
}

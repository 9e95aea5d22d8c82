/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole chain at size: 10 000 routers, 500 of them headends, 50 000 policies (then 200 000) to
 * 500 routers spread over the network. A core link is cut, or all links of a shared risk one after
 * the other; every policy that used one is recomputed and pushed. Times come from a capture of the
 * loopback device: from the segment with the withdraw, as it reaches sextantd, to the last segment
 * with requests that leaves it. Policies are in the store before sextantd starts.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "store/store.h"
#include "tools/bench/proc.h"
#include "tools/bench/room.h"
#include "tools/bench/talk.h"

enum {
	ROUTERS = 10000,
	HEADENDS = 500,
	ENDPOINTS = 500,
	CUTS = 15,
	RISKS = 4,
	AFFECTED_MIN = 100,
	AFFECTED_MAX = 2000,
	STAGGER_US = 10000,
	CALM_MS = 10, /* a tick: less than two of them were taken by the host meanwhile */
	UNSEEN_US = 400000, /* nobody asks how far it is while it is measured: the answer takes a processor's time */
	HANDED_US = 1500000, /* tcpdump is handed packets a second after the first of them at the latest */
	LIMIT_MS = 100,
	PATH_MAX_ = 512,
	PER_WRITE = 256,
	KEEPALIVE = 4, /* bytes */
};

#define PATIENCE_NS (900 * NS_PER_S)
#define REPAIR_PATIENCE_NS (120 * NS_PER_S)
#define ANSWER_NS (5 * NS_PER_S) /* a cut that makes no request in this time makes none */

struct chain {
	struct bench *b;
	uint32_t policies;
	struct sim_topo t;
	char dir[PATH_MAX_], socket[PATH_MAX_], config[PATH_MAX_], store[PATH_MAX_], capture[PATH_MAX_];
	char sim_path[PATH_MAX_], daemon_path[PATH_MAX_], url[64], bgp[8], pcep[8], rest[8], seed[24];
	char filter[64];
	pid_t sim, daemon, tcpdump;
	uint32_t *users; /* policies on each wire, before the next cut */
	bool *cut;
	int64_t requests, up; /* of the last look */
	unsigned calm;	      /* looks since they changed */
};

/* ---- what is asked of the programs ---- */

static json_object *sim_asked(const struct chain *c, const char *command)
{
	STR_AUTO struct str reply = { 0 };

	return bench_ask(c->socket, command, &reply) == 0 ? json_tokener_parse(str_text(&reply)) : NULL;
}

static json_object *member(json_object *o, const char *key)
{
	json_object *v = NULL;

	return o && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

static int64_t number(json_object *o, const char *key)
{
	json_object *v = member(o, key);

	return v ? json_object_get_int64(v) : -1;
}

static bool daemon_answers(struct chain *c)
{
	STR_AUTO struct str body = { 0 };

	return bench_http(c->url, "GET", "/healthz", NULL, &body) == 200;
}

static void look_again(struct chain *c)
{
	json_object *o = sim_asked(c, "status");
	int64_t requests = number(member(o, "since-event"), "requests"), up = number(o, "lsps-up");

	json_object_put(o);
	c->calm = requests == c->requests && up == c->up ? c->calm + 1 : 0;
	c->requests = requests;
	c->up = up;
	(void)usleep(200000);
}

/* Are all there, and has nothing been asked for a while? */
static bool all_up(struct chain *c)
{
	look_again(c);
	return c->calm >= 2 && c->up == c->policies;
}

/* The same after cuts: some may have no path any more. Then it takes longer to be sure. */
static bool quiet(struct chain *c)
{
	look_again(c);
	return c->calm >= (c->up == c->policies ? 3 : 10);
}

/* The first answer to the last event has come. */
static bool answered(struct chain *c)
{
	json_object *o = sim_asked(c, "status");
	bool some = number(member(o, "since-event"), "requests") > 0;

	json_object_put(o);
	return some;
}

static bool until(struct chain *c, bool (*good)(struct chain *c), uint64_t patience_ns)
{
	uint64_t end = bench_ns() + patience_ns;

	while (bench_ns() < end) {
		if (good(c))
			return true;
		(void)usleep(20000);
	}
	return false;
}

/* ---- preparing ---- */

static void store_stop(void *arg, int r)
{
	(void)r;
	loop_stop(arg);
}

/* What an operator would have left there, some policies a transaction. */
static const char *fill_store(const struct chain *c, const struct bench_wish *w)
{
	AUTO(loop_free) struct loop *loop = NULL;
	AUTO(store_close) struct store *s = NULL;
	char err[256];

	if (loop_new(&loop) < 0 || store_open(&s, loop, c->store, err, sizeof(err)) < 0)
		return "no store";
	for (uint32_t k = 0; k < w->policies;) {
		struct store_op ops[PER_WRITE];
		char *text[2 * PER_WRITE];
		size_t n = 0;
		int rc;

		for (; n < PER_WRITE && k < w->policies; n++, k++) {
			if (bench_wish_record(w, &c->t, k, &text[2 * n], &text[2 * n + 1]) < 0)
				abort();
			ops[n] = (struct store_op){ "policy", text[2 * n], text[2 * n + 1],
						    strlen(text[2 * n + 1]) };
		}
		rc = store_write(s, ops, n, store_stop, loop);
		for (size_t x = 0; x < 2 * n; x++)
			free(text[x]);
		if (rc < 0)
			return "the store refuses";
		loop_run(loop);
	}
	return NULL;
}

static void names(struct chain *c)
{
	const struct bench *b = c->b;

	(void)snprintf(c->socket, sizeof(c->socket), "%.400s/sim.sock", c->dir);
	(void)snprintf(c->config, sizeof(c->config), "%.400s/sextant.yaml", c->dir);
	(void)snprintf(c->store, sizeof(c->store), "%.400s/sextant.db", c->dir);
	(void)snprintf(c->capture, sizeof(c->capture), "%.400s/lo.pcap", c->dir);
	(void)snprintf(c->sim_path, sizeof(c->sim_path), "%.400s/tools/sim/sextant-sim", b->programs);
	(void)snprintf(c->daemon_path, sizeof(c->daemon_path), "%.400s/src/sextantd", b->programs);
	(void)snprintf(c->bgp, sizeof(c->bgp), "%u", b->port);
	(void)snprintf(c->pcep, sizeof(c->pcep), "%u", b->port + 1U);
	(void)snprintf(c->rest, sizeof(c->rest), "%u", b->port + 2U);
	(void)snprintf(c->seed, sizeof(c->seed), "%llu", (unsigned long long)b->seed);
	(void)snprintf(c->url, sizeof(c->url), "http://[::1]:%s", c->rest);
	(void)snprintf(c->filter, sizeof(c->filter), "tcp port %s or tcp port %s", c->bgp, c->pcep);
}

static pid_t start_sim(const struct chain *c, bool run)
{
	const char *const argv[] = { c->sim_path, "--generate", "10000", "--seed", c->seed, "--feeds", "1",
				     "--pccs", "500", "--bgp-port", c->bgp, "--pcep-port", c->pcep,
				     "--restconf-port", c->rest, "--store", c->store,
				     run ? "--socket" : "--write-config", run ? c->socket : c->config,
				     run ? "--json" : "--no-run", NULL };

	return bench_start(argv);
}

static const char *prepare(struct chain *c)
{
	const struct sim_gen g = { .seed = c->b->seed, .routers = ROUTERS, .classic_pct = 10 };
	const struct bench_wish w = { .headends = HEADENDS, .endpoints = ENDPOINTS,
				      .policies = c->policies, .minimise = PCE_DELAY,
				      .bandwidth_bps = 1000000, .delay_us_max = PCE_NO_BOUND,
				      .seed = c->b->seed };
	FILE *f;

	if (!bench_folder(c->dir, sizeof(c->dir)))
		return "no folder";
	names(c);
	sim_topo_init(&c->t);
	if (sim_gen(&c->t, &g) < 0)
		return "no network";
	c->users = calloc(c->t.wires.n, sizeof(*c->users));
	c->cut = calloc(c->t.wires.n, sizeof(*c->cut));
	if (!c->users || !c->cut || bench_wait(start_sim(c, false)) != 0)
		return "sextant-sim does not write its configuration";
	f = fopen(c->config, "ae");
	if (!f || fprintf(f, "policy:\n  policies-max: %u\n  restart-grace: 3600\n", c->policies) < 0 ||
	    fclose(f) != 0)
		return "the configuration cannot be written";
	return fill_store(c, &w);
}

static const char *start_all(struct chain *c)
{
	const char *const daemon[] = { c->daemon_path, "--config", c->config, NULL };
	json_object *o, *feed;
	double up_us, last_us, told;

	(void)setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0); /* as in its unit file */
	c->daemon = bench_start(daemon);
	if (!until(c, daemon_answers, PATIENCE_NS))
		return "sextantd does not answer";
	c->sim = start_sim(c, true);
	if (!until(c, all_up, PATIENCE_NS))
		return "the policies are not up in time";
	o = sim_asked(c, "status");
	feed = json_object_array_get_idx(member(o, "feeds"), 0);
	up_us = (double)number(feed, "up-at-us");
	told = (double)number(member(o, "since-event"), "at-us");
	last_us = (double)number(member(o, "since-event"), "last-us");
	json_object_put(o);
	bench_row(c->b, c->policies >= 200000 ? "failure_200k_placed_s" : "failure_placed_s",
		  (told + last_us - up_us) / 1e6, "s");
	return NULL;
}

/* ---- who uses what ---- */

/* "r1>r2" or "r1>r2@address" of the book. */
static void count_link(struct chain *c, const char *label, uint32_t lsps)
{
	char text[200], *to, *at;
	struct ip_addr a;
	uint32_t from, end;

	(void)str_copy(text, sizeof(text), label);
	at = strchr(text, '@');
	if (at)
		*at++ = '\0';
	to = strchr(text, '>');
	if (!to)
		return;
	*to++ = '\0';
	from = sim_router_find(&c->t, text);
	end = sim_router_find(&c->t, to);
	for (uint32_t k = c->t.start[from]; from != SIM_NONE && k < c->t.start[from + 1]; k++) {
		uint32_t wire = c->t.idx[k] / 2;
		unsigned side = c->t.idx[k] % 2;
		struct ip_addr local = sim_half_addr(wire, side);

		if (c->t.wires.at[wire].end[!side] == end &&
		    (!at || (ip_parse(at, &a) == 0 && ip_eq(&a, &local))))
			c->users[wire] += lsps;
	}
}

static void count_book(struct chain *c, const char *text)
{
	json_object *o = json_tokener_parse(text);
	json_object *links = member(member(o, "sextant-book:book"), "link");

	memset(c->users, 0, c->t.wires.n * sizeof(*c->users));
	for (size_t k = 0; links && k < json_object_array_length(links); k++) {
		json_object *l = json_object_array_get_idx(links, k);

		count_link(c, json_object_get_string(member(l, "label")), (uint32_t)number(l, "lsps"));
	}
	json_object_put(o);
}

static bool counted(struct chain *c)
{
	STR_AUTO struct str body = { 0 };
	bool told = bench_http(c->url, "GET", "/restconf/data/sextant-book:book", NULL, &body) == 200;

	if (told)
		count_book(c, str_text(&body));
	return told;
}

static const char *count_users(struct chain *c)
{
	return until(c, counted, REPAIR_PATIENCE_NS) ? NULL : "the book is not told";
}

/* The wire with most users up to the limit that is still there, SIM_NONE when there is none. */
static uint32_t next_wire(struct chain *c)
{
	uint32_t best = SIM_NONE;

	for (uint32_t w = 0; w < c->t.wires.n; w++) {
		if (c->cut[w] || c->users[w] < AFFECTED_MIN || c->users[w] > AFFECTED_MAX ||
		    (best != SIM_NONE && c->users[w] <= c->users[best]))
			continue;
		best = w;
	}
	return best;
}

static bool has_risk(const struct sim_wire *w, uint32_t srlg)
{
	for (unsigned k = 0; k < w->n_srlg; k++) {
		if (w->srlg[k] == srlg)
			return true;
	}
	return false;
}

static uint32_t risk_users(const struct chain *c, uint32_t srlg, uint32_t *wires)
{
	uint32_t sum = 0;

	*wires = 0;
	for (uint32_t w = 0; w < c->t.wires.n; w++) {
		if (!has_risk(&c->t.wires.at[w], srlg) || c->cut[w])
			continue;
		sum += c->users[w];
		++*wires;
	}
	return sum;
}

/* The shared risk of several wires with most users up to the limit. 0: none. */
static uint32_t next_risk(const struct chain *c)
{
	uint32_t best = 0, most = 0;

	for (uint32_t w = 0; w < c->t.wires.n; w++) {
		for (unsigned k = 0; k < c->t.wires.at[w].n_srlg && c->users[w] > 0 && !c->cut[w]; k++) {
			uint32_t wires, n = risk_users(c, c->t.wires.at[w].srlg[k], &wires);

			if (wires < 2 || n < AFFECTED_MIN || n > AFFECTED_MAX || n <= most)
				continue;
			most = n;
			best = c->t.wires.at[w].srlg[k];
		}
	}
	return best;
}

/* ---- one failure ---- */

struct seen {
	uint64_t from_us;
	uint16_t bgp, pcep;
	uint64_t first_bgp_us, last_bgp_us, first_pcep_us, last_pcep_us;
	uint32_t segments;
};

static uint64_t wall_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void look(void *arg, const struct bench_segment *g)
{
	struct seen *s = arg;

	if (g->at_us < s->from_us)
		return;
	if (g->to == s->bgp && g->len > 19) { /* more than a KEEPALIVE */
		s->first_bgp_us = s->first_bgp_us ? s->first_bgp_us : g->at_us;
		s->last_bgp_us = g->at_us;
	} else if (g->from == s->pcep && g->len > KEEPALIVE && s->first_bgp_us) {
		s->first_pcep_us = s->first_pcep_us ? s->first_pcep_us : g->at_us;
		s->last_pcep_us = g->at_us;
		s->segments++;
	}
}

static void capture_start(struct chain *c)
{
	const char *const argv[] = { "tcpdump", "-i", "lo", "-s", "120", "-B", "65536", "-w", c->capture,
				     c->filter, NULL };

	(void)unlink(c->capture);
	c->tcpdump = bench_start(argv);
	/* The kernel says when a packet passed; that it is written down has time. */
	bench_beside(c->tcpdump);
	for (unsigned k = 0; k < 500 && access(c->capture, R_OK) != 0; k++)
		(void)usleep(10000);
	(void)usleep(200000); /* the file is made a moment before the filter is in place */
}

static void cut(struct chain *c, uint32_t wire)
{
	char command[SIM_WIRE_TEXT_MAX + 8], text[SIM_WIRE_TEXT_MAX];

	(void)snprintf(command, sizeof(command), "down %s", sim_wire_text(&c->t, wire, text, sizeof(text)));
	json_object_put(sim_asked(c, command));
	c->cut[wire] = true;
}

/* A wire, or all of a risk. */
struct cut {
	uint32_t wire, risk, users;
	double ms; /* from the last withdraw that was read to the last request */
	double first_ms; /* to the first one */
	double requests, loop_ms, cpu_ms, stolen_ms;
	uint32_t segments; /* that requests left in */
};

static void measured(const struct cut *x)
{
	if (getenv("BENCH_CHAIN"))
		(void)fprintf(stderr,
			      "%s %u: %u users, %.1f ms, the first after %.1f, %.0f requests in %u segments, loop %.1f ms, all %.1f ms, stolen %.0f ms\n",
			      x->risk ? "risk" : "wire", x->risk ? x->risk : x->wire, x->users, x->ms,
			      x->first_ms, x->requests, x->segments, x->loop_ms, x->cpu_ms, x->stolen_ms);
}

static void cut_all(struct chain *c, const struct cut *x)
{
	if (x->wire != SIM_NONE)
		cut(c, x->wire);
	for (uint32_t w = 0; x->risk && w < c->t.wires.n; w++) {
		if (!has_risk(&c->t.wires.at[w], x->risk) || c->cut[w])
			continue;
		cut(c, w);
		(void)usleep(STAGGER_US);
	}
}

static const char *failure(struct chain *c, struct cut *x)
{
	struct seen s = { .bgp = c->b->port, .pcep = (uint16_t)(c->b->port + 1) };
	double loop = bench_loop_cpu_ms(c->daemon), all = bench_all_cpu_ms(c->daemon), stolen;
	const char *why;
	json_object *o;

	/* The network's own work, following each list packet by packet, is done elsewhere as a rule. */
	bench_beside(c->sim);
	capture_start(c);
	stolen = bench_stolen_ms();
	s.from_us = wall_us();
	cut_all(c, x);
	c->calm = 0;
	(void)usleep(UNSEEN_US);
	(void)until(c, answered, ANSWER_NS);
	if (!until(c, quiet, REPAIR_PATIENCE_NS))
		return "a failure is not repaired in time";
	x->stolen_ms = bench_stolen_ms() - stolen;
	x->loop_ms = bench_loop_cpu_ms(c->daemon) - loop;
	x->cpu_ms = bench_all_cpu_ms(c->daemon) - all;
	o = sim_asked(c, "status");
	x->requests = (double)number(member(o, "since-event"), "requests");
	json_object_put(o);
	(void)usleep(HANDED_US);
	bench_stop(&c->tcpdump);
	why = bench_capture_each(c->capture, look, &s);
	if (why)
		return why;
	x->ms = s.last_pcep_us > s.last_bgp_us ? (double)(s.last_pcep_us - s.last_bgp_us) / 1e3 : 0;
	x->first_ms = s.first_pcep_us > s.last_bgp_us ? (double)(s.first_pcep_us - s.last_bgp_us) / 1e3 : 0;
	x->segments = s.segments;
	measured(x);
	return s.first_bgp_us ? NULL : "the capture has no withdraw";
}

static void row(const struct chain *c, const char *what, double value, const char *unit)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "failure_%s%s", c->policies >= 200000 ? "200k_" : "", what);
	bench_row(c->b, name, value, unit);
}

/* values in rising order afterwards. */
static double p99(double *values, unsigned n)
{
	(void)bench_median(values, n);
	return values[n - 1 - n / 100];
}

/* Of several cuts; those that nobody had to be told of are not among them. */
struct result {
	double ms[CUTS], calm_ms[CUTS], moved, most, loop, cpu_most, stolen_most;
	unsigned n, n_calm;
};

static void add(struct result *r, const struct cut *x)
{
	r->ms[r->n] = x->ms;
	r->n += x->requests > 0;
	r->calm_ms[r->n_calm] = x->ms;
	r->n_calm += x->requests > 0 && x->stolen_ms <= CALM_MS;
	r->stolen_most = x->stolen_ms > r->stolen_most ? x->stolen_ms : r->stolen_most;
	r->moved += x->requests;
	r->loop += x->loop_ms;
	r->most = x->requests > r->most ? x->requests : r->most;
	r->cpu_most = x->cpu_ms > r->cpu_most ? x->cpu_ms : r->cpu_most;
}

static const char *failures_run(struct chain *c, bool risks, struct result *out)
{
	for (unsigned k = 0, tries = risks ? RISKS : CUTS; k < tries; k++) {
		const char *why = count_users(c);
		struct cut x = { .wire = SIM_NONE };
		uint32_t wires;

		if (!why && risks)
			x.risk = next_risk(c);
		else if (!why)
			x.wire = next_wire(c);
		if (why || (!x.risk && x.wire == SIM_NONE))
			return why;
		x.users = risks ? risk_users(c, x.risk, &wires) : c->users[x.wire];
		why = failure(c, &x);
		if (why)
			return why;
		add(out, &x);
	}
	return NULL;
}

static const char *failures(struct chain *c, bool risks)
{
	struct result r = { 0 };
	const char *why = failures_run(c, risks, &r);

	if (why || r.n == 0)
		return why ? why : "there is nothing to cut";
	row(c, risks ? "srlg_p99_ms" : "p99_ms", p99(r.ms, r.n), "ms");
	row(c, risks ? "srlg_median_ms" : "median_ms", bench_median(r.ms, r.n), "ms");
	row(c, risks ? "srlg_pushed_most" : "pushed_most", r.most, "messages");
	row(c, risks ? "srlg_cpu_most_ms" : "cpu_most_ms", r.cpu_most, "ms");
	row(c, risks ? "srlg_stolen_most_ms" : "stolen_most_ms", r.stolen_most, "ms");
	row(c, risks ? "srlg_calm" : "calm", r.n_calm, "cuts");
	if (r.n_calm > 0)
		row(c, risks ? "srlg_calm_p99_ms" : "calm_p99_ms", p99(r.calm_ms, r.n_calm), "ms");
	if (!risks) {
		row(c, "p99_limit", p99(r.ms, r.n) / LIMIT_MS, "ratio");
		row(c, "loop_us_a_push", r.moved > 0 ? r.loop * 1e3 / r.moved : 0, "us");
	}
	return NULL;
}

static void clean(struct chain *c)
{
	bench_stop(&c->tcpdump);
	bench_stop(&c->sim);
	bench_stop(&c->daemon);
	bench_folder_gone(c->dir);
	sim_topo_fini(&c->t);
	free(c->users);
	free(c->cut);
}

static void chain(struct bench *b, uint32_t policies)
{
	struct chain c = { .b = b, .policies = policies, .sim = -1, .daemon = -1, .tcpdump = -1 };
	const char *why = prepare(&c);

	why = why ? why : start_all(&c);
	why = why ? why : failures(&c, false);
	why = why ? why : failures(&c, true);
	if (!why)
		row(&c, "rss_mib", bench_status_mib(c.daemon, "VmHWM"), "MiB");
	if (why)
		bench_fail(b, "failure_p99_ms", why);
	clean(&c);
}

void bench_chain(struct bench *b)
{
	bool large = bench_wants(b, "failure_200k_");

	if (!bench_wants(b, "failure_"))
		return;
	if (geteuid() != 0) {
		bench_fail(b, "failure_p99_ms", "a capture takes root");
		return;
	}
	if (strncmp(b->only, "failure_200k", 12) != 0)
		chain(b, b->seconds10 > 2 ? 50000 : 5000); /* quick: for a look */
	if (large && b->seconds10 > 2)
		chain(b, 200000);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sextant plan: the path engine on files (tools/plan). Asks no controller. */
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/mono.h"
#include "cli.h"
#include "pce/reach.h"
#include "tools/plan/plan.h"

static volatile sig_atomic_t interrupted;

/* Once; a second interrupt ends the program. */
static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* ---- how long, how far ---- */

struct watch {
	struct timespec start, said;
	uint64_t seconds; /* 0: no end */
};

static double since(const struct timespec *t)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

/* Once a second a line of progress on standard error; an interrupt or the time ends the work. */
static bool go_on(void *arg, const char *progress)
{
	struct watch *w = arg;

	if (since(&w->said) >= 1) {
		(void)clock_gettime(CLOCK_MONOTONIC, &w->said);
		if (!cli_said.quiet)
			(void)fprintf(stderr, "%5.0f s  %s\n", since(&w->start), progress);
	}
	return !interrupted && (w->seconds == 0 || since(&w->start) < (double)w->seconds);
}

/* ---- what people read ---- */

static void fmt_utilisation(struct str *out, json_object *v)
{
	str_addf(out, "%.1f %%", json_object_get_double(v) * 100);
}

static void fmt_answer(struct str *out, json_object *result)
{
	json_object *path = cli_at(result, "path");

	if (path)
		cli_fmt_path(out, path);
	else
		str_add(out, cli_text(result, "why", cli_text(result, "status", "?")));
}

static void show_loads(json_object *o)
{
	static const struct cli_column fields[] = {
		{ "fullest link", "fullest/link", NULL, false },
		{ "its load", "fullest/load", cli_fmt_rate, false },
		{ "its utilisation", "fullest/utilisation", fmt_utilisation, false },
	};

	(void)putchar('\n');
	cli_record(o, fields, ARRAY_LEN(fields));
}

static void show_paths(json_object *o)
{
	static const struct cli_column cols[] = {
		{ "REQUEST", "name", NULL, false },
		{ "STATUS", "status", NULL, false },
		{ "COST", "cost", NULL, true },
		{ "DELAY", "delay", cli_fmt_delay, true },
		{ "HOPS", "hops", NULL, true },
		{ "PATH, OR WHY NOT", "", fmt_answer, false },
		{ "SIDS", "segments", cli_fmt_segments, false },
	};

	cli_table(cli_at(o, "results"), cols, ARRAY_LEN(cols));
	show_loads(o);
}

static void fmt_legs(struct str *out, json_object *result)
{
	json_object *list = cli_at(result, "legs");

	for (size_t i = 0; i < cli_count(list, ""); i++) {
		str_add(out, i ? "  |  " : "");
		cli_fmt_path(out, cli_at(cli_nth(list, "", i), "path"));
	}
	if (out->len == 0)
		str_add(out, cli_text(result, "why", cli_text(result, "status", "?")));
}

static void show_sets(json_object *o)
{
	static const struct cli_column cols[] = {
		{ "REQUEST", "name", NULL, false },
		{ "DISJOINT BY", "disjoint", NULL, false },
		{ "STATUS", "status", NULL, false },
		{ "MET", "met", cli_fmt_list, false },
		{ "COST", "cost", NULL, true },
		{ "AT LEAST", "bound", NULL, true },
		{ "PATHS, OR WHY NOT", "", fmt_legs, false },
	};

	cli_table(cli_at(o, "results"), cols, ARRAY_LEN(cols));
	show_loads(o);
}

static void fmt_share(struct str *out, json_object *v)
{
	str_addf(out, "%.4f %%", json_object_get_double(v) * 100);
}

static void show_optimum(json_object *o)
{
	static const struct cli_column fields[] = {
		{ "status", "status", NULL, false },
		{ "why", "why", NULL, false },
		{ "demand", "demand", NULL, false },
		{ "fullest link before", "utilisation-before", fmt_share, false },
		{ "fullest link after", "utilisation-after", fmt_share, false },
		{ "no placement is below", "bound", fmt_share, false },
		{ "no routing is below", "bound-any-routing", fmt_share, false },
		{ "at most from the optimum", "gap", fmt_share, false },
		{ "demands moved", "changed", NULL, false },
		{ "rollout", "rollout/found", NULL, false },
		{ "fullest link during it", "rollout/peak", fmt_share, false },
	};
	static const struct cli_column cols[] = {
		{ "DEMAND", "name", NULL, false },
		{ "OVER", "midpoints", cli_fmt_list, false },
		{ "DETOUR", "detour", cli_fmt_yes, false },
	};

	cli_record(o, fields, ARRAY_LEN(fields));
	if (cli_count(o, "rollout/moves") == 0)
		return;
	(void)puts("\nIn this order:");
	cli_table(cli_at(o, "rollout/moves"), cols, ARRAY_LEN(cols));
	show_loads(o);
}

static void fmt_lost(struct str *out, json_object *lost)
{
	for (size_t i = 0; i < cli_count(lost, ""); i++)
		str_addf(out, "%s%s", i ? " " : "", cli_text(cli_nth(lost, "", i), "name", "?"));
}

static void show_failures(json_object *o)
{
	static const struct cli_column cols[] = {
		{ "IF FAILS", "kind", NULL, false },
		{ "", "element", NULL, false },
		{ "ON IT", "hit", NULL, true },
		{ "MOVED", "moved", NULL, true },
		{ "SLOWER BY", "delay-more", cli_fmt_delay, true },
		{ "FULLEST THEN", "fullest-link", cli_fmt_list, false },
		{ "", "fullest-utilisation", fmt_utilisation, true },
		{ "LOST", "lost", fmt_lost, false },
	};

	cli_table(cli_at(o, "results"), cols, ARRAY_LEN(cols));
}

static void fmt_list(struct str *out, json_object *result)
{
	json_object *list = cli_at(result, "segments");

	for (size_t i = 0; i < cli_count(list, ""); i++) {
		json_object *s = cli_nth(list, "", i);

		str_addf(out, "%s%s", i ? ", " : "", cli_text(s, "link", cli_text(s, "node", "?")));
	}
	if (!list)
		str_add(out, cli_text(result, "why", "?"));
}

static void show_reached(json_object *o)
{
	static const struct cli_column cols[] = {
		{ "DESTINATION", "destination", NULL, false },
		{ "COST", "cost", NULL, true },
		{ "DELAY", "delay", cli_fmt_delay, true },
		{ "SIDS", "sids", NULL, true },
		{ "BY NODES AND LINKS, OR WHY NOT", "", fmt_list, false },
	};

	cli_table(cli_at(o, "results"), cols, ARRAY_LEN(cols));
}

/* ---- one plan ---- */

static const struct kind {
	const char *words;
	int (*plan)(const struct plan_net *n, const struct plan_asks *a,
		    const struct plan_options *o, json_object **out, struct str *err);
	void (*show)(json_object *o);
	bool requests; /* it needs some; demands will do */
} kinds[] = {
	{ "plan path", plan_path, show_paths, true },
	{ "plan disjoint", plan_disjoint, show_sets, true },
	{ "plan optimise", plan_optimise, show_optimum, false },
	{ "plan fail", plan_fail, show_failures, true },
	{ "plan reach", plan_reach, show_reached, false },
};

static int load(struct plan_net *n, struct plan_asks *a, struct str *err)
{
	static const char *const asks[] = { "demands", "requests" };
	const char *topology = cli_opt("topology", 0);

	if (!topology)
		return cli_fail(CLI_USAGE, "--topology FILE is missing");
	if (plan_net_load(n, topology, err) < 0)
		return cli_fail(CLI_USAGE, "%s", str_text(err));
	for (size_t k = 0; k < ARRAY_LEN(asks); k++) {
		const char *file = cli_opt(asks[k], 0);

		a->no_requests = k == 0; /* one file may have both */
		a->no_demands = k == 1;
		if (file && plan_asks_load(a, n, file, err) < 0)
			return cli_fail(CLI_USAGE, "%s", str_text(err));
	}
	if (n->n_parts > 1 && !cli_said.quiet)
		(void)cli_fail(0, "note: the topology is in %u parts that no link joins", n->n_parts);
	return CLI_OK;
}

static int requests(struct plan_asks *a, struct str *err)
{
	if (a->asks.n == 0 && plan_asks_from_demands(a, err) < 0)
		return cli_fail(CLI_USAGE, "%s", str_text(err));
	return a->asks.n ? CLI_OK : cli_fail(CLI_USAGE, "nothing is asked for: --requests or --demands");
}

static void print(const struct kind *k, json_object *out)
{
	if (cli_said.json)
		(void)puts(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN |
								       JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		k->show(out);
}

static int options(struct plan_options *o, struct watch *w)
{
	uint64_t midpoints = 2, charge = 0;
	int rc = cli_opt_number("seed", 0, UINT64_MAX, &o->seed);

	if (rc == CLI_OK)
		rc = cli_opt_number("seconds", 1, 86400, &w->seconds);
	if (rc == CLI_OK)
		rc = cli_opt_number("work", 1, UINT64_MAX, &o->work);
	if (rc == CLI_OK)
		rc = cli_opt_number("midpoints", 0, 3, &midpoints);
	if (rc == CLI_OK)
		rc = cli_opt_number("charge", 0, 1000000, &charge);
	o->midpoints = (uint8_t)midpoints;
	o->charge = (double)charge / 1e6;
	o->delay_difference = cli_opt("delay-difference", 0) != NULL;
	o->timed = w->seconds != 0;
	o->book = cli_opt("book", 0) != NULL;
	o->go_on = go_on;
	o->arg = w;
	(void)clock_gettime(CLOCK_MONOTONIC, &w->start);
	w->said = w->start;
	return rc;
}

static int reach_options(struct plan_options *o)
{
	static const enum pce_metric metrics[] = { PCE_IGP, PCE_TE, PCE_DELAY, PCE_HOPS };
	const char *metric = cli_opt("metric", 0), *delay = cli_opt("delay-max", 0),
		   *plane = cli_opt("dataplane", 0);
	uint64_t sids = 10, us;
	size_t m = 0;
	int rc = cli_opt_number("sids-max", 1, PCE_REACH_SEGS_MAX, &sids);

	if (rc != CLI_OK)
		return rc;
	o->from = cli_opt("from", 0);
	if (!o->from)
		return cli_fail(CLI_USAGE, "--from NODE is missing");
	while (metric && m < ARRAY_LEN(metrics) && strcmp(metric, pce_metric_text(metrics[m])) != 0)
		m++;
	if (m == ARRAY_LEN(metrics))
		return cli_fail(CLI_USAGE, "--metric '%s' is not known; there are igp, te, delay, hops", metric);
	if (delay && (cli_parse_delay(delay, &us) < 0 || us >= PCE_NO_BOUND))
		return cli_fail(CLI_USAGE, "--delay-max '%s' is not a time such as 20ms, 500us or 1.5s, "
				"4294s at most", delay);
	if (plane && strcmp(plane, "srv6") != 0 && strcmp(plane, "mpls") != 0)
		return cli_fail(CLI_USAGE, "--dataplane '%s' is neither srv6 nor mpls", plane);
	o->metric = metrics[m];
	o->delay_us_max = delay ? (uint32_t)us : PCE_NO_BOUND;
	o->sids_max = (uint8_t)sids;
	o->mpls = plane && strcmp(plane, "mpls") == 0;
	return CLI_OK;
}

static int work(const struct kind *k, const struct plan_net *n, const struct plan_asks *a,
		struct str *err)
{
	AUTO(cli_json_put) json_object *out = NULL;
	struct plan_options o = { .seed = 1 };
	struct watch w = { 0 };
	int rc = options(&o, &w);

	if (rc == CLI_OK && k->plan == plan_reach)
		rc = reach_options(&o);
	if (rc != CLI_OK)
		return rc;
	(void)sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND },
			NULL);
	rc = k->plan(n, a, &o, &out, err);
	(void)signal(SIGINT, SIG_DFL);
	if (rc == PLAN_REFUSED)
		return cli_fail(CLI_USAGE, "%s", str_text(err));
	if (interrupted && !cli_said.quiet)
		(void)cli_fail(0, "note: interrupted; this is the best so far");
	print(k, out);
	return rc == PLAN_INFEASIBLE ? CLI_INFEASIBLE : CLI_OK;
}

int cli_plan(const struct cli_command *cmd)
{
	STR_AUTO struct str err = { 0 };
	struct plan_asks a;
	struct plan_net n;
	size_t k = 0;
	int rc;

	while (strcmp(kinds[k].words, cmd->words) != 0)
		k++;
	plan_net_init(&n);
	plan_asks_init(&a);
	rc = load(&n, &a, &err);
	if (rc == CLI_OK && kinds[k].requests)
		rc = requests(&a, &err);
	if (rc == CLI_OK)
		rc = work(&kinds[k], &n, &a, &err);
	plan_asks_fini(&a);
	plan_net_fini(&n);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sextant optimise: starts the optimiser on live policies, watches it, shows what it found. */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define OPTIMISATION "/restconf/data/sextant-optimise:optimisation"

enum { LOOK_MS = 250 };

static volatile sig_atomic_t interrupted;

/* Once; a second interrupt ends the program, and the optimisation goes on. */
static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* ---- what is asked ---- */

struct wish {
	uint64_t seconds, work, seed, midpoints, charge;
	bool apply;
};

static int wish_read(struct wish *w)
{
	int rc;

	*w = (struct wish){ .seconds = cli_opt("work", 0) ? 0 : 5, .seed = 1, .midpoints = 2,
			    .apply = cli_opt("apply", 0) != NULL };
	if (w->apply && cli_opt("dry-run", 0))
		return cli_fail(CLI_USAGE, "--dry-run and --apply exclude each other");
	rc = cli_opt_number("seconds", 1, 3600, &w->seconds);
	if (rc == CLI_OK)
		rc = cli_opt_number("work", 1, UINT64_MAX, &w->work);
	if (rc == CLI_OK)
		rc = cli_opt_number("seed", 0, UINT64_MAX, &w->seed);
	if (rc == CLI_OK)
		rc = cli_opt_number("midpoints", 0, 3, &w->midpoints);
	return rc == CLI_OK ? cli_opt_number("charge", 0, 1000000, &w->charge) : rc;
}

static int start(const struct wish *w, char id[32])
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str in = { 0 };
	const char *given;
	int rc;

	str_addf(&in, "\"seconds\":%" PRIu64 ",\"work\":\"%" PRIu64 "\",\"seed\":\"%" PRIu64 "\","
		 "\"midpoints\":%" PRIu64 ",\"charge\":%" PRIu64 ",\"dry-run\":%s",
		 w->seconds, w->work, w->seed, w->midpoints, w->charge, w->apply ? "false" : "true");
	rc = cli_operate("sextant-optimise", "start", str_text(&in), &r);
	if (rc != CLI_OK)
		return rc;
	given = cli_text(r.json, "output/id", "");
	if (!given[0] || strspn(given, "0123456789") != strlen(given) || !str_copy(id, 32, given))
		return cli_fail(CLI_REFUSED, "the controller's answer holds no id");
	return CLI_OK;
}

static void cancel(const char *id)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str in = { 0 };

	str_addf(&in, "\"id\":\"%s\"", id);
	(void)cli_operate("sextant-optimise", "cancel", str_text(&in), &r);
}

/* ---- watching ---- */

static void percent(struct str *out, json_object *v)
{
	uint64_t ppm = cli_num(v, "", 0);

	str_addf(out, "%" PRIu64 ".%02" PRIu64 " %%", ppm / 10000, ppm % 10000 / 100);
}

/* One line that is written over; for people at a terminal only. */
static void progress_show(json_object *o)
{
	STR_AUTO struct str s = { 0 };

	if (cli_said.quiet || !isatty(STDERR_FILENO))
		return;
	if (strcmp(cli_text(o, "state", ""), "applying") == 0) {
		str_addf(&s, "moving: step %s of %s", cli_text(o, "plan/steps-done", "0"),
			 cli_text(o, "plan/steps", "?"));
	} else {
		str_add(&s, "computing");
		if (cli_at(o, "progress/utilisation-ppm")) {
			str_add(&s, ": fullest link ");
			percent(&s, cli_at(o, "progress/utilisation-ppm"));
			str_add(&s, ", no less than ");
			percent(&s, cli_at(o, "progress/bound-ppm"));
			str_addf(&s, ", %s policies moved", cli_text(o, "progress/changed", "0"));
		}
	}
	(void)fprintf(stderr, "\r%-78.78s", str_text(&s));
	(void)fflush(stderr);
}

static void progress_end(void)
{
	if (!cli_said.quiet && isatty(STDERR_FILENO))
		(void)fprintf(stderr, "\r%78s\r", "");
}

static bool is_over(const char *state)
{
	return strcmp(state, "computing") != 0 && strcmp(state, "applying") != 0;
}

/* Until it is over; state is the last that was seen. */
static int watch(const char *id, char state[32])
{
	bool cancelled = false;

	for (;;) {
		CLI_REPLY struct cli_reply r = { 0 };
		json_object *o;
		int rc;

		if (interrupted && !cancelled) {
			cancel(id);
			cancelled = true;
		}
		rc = cli_get(OPTIMISATION "?fields=id;state;progress;plan(steps;steps-done)", &r);
		if (rc != CLI_OK)
			return rc;
		o = cli_at(r.json, "optimisation");
		if (strcmp(cli_text(o, "id", ""), id) != 0)
			return cli_fail(CLI_CONFLICT, "another optimisation has taken the place of this one");
		(void)str_copy(state, 32, cli_text(o, "state", "?"));
		if (is_over(state))
			return CLI_OK;
		progress_show(o);
		(void)poll(NULL, 0, LOOK_MS); /* an interrupt ends it early */
	}
}

/* ---- what people read ---- */

static void fmt_gap(struct str *out, json_object *v)
{
	str_add(out, "at most ");
	percent(out, v);
	str_add(out, " from the optimum");
}

static void plan_show(json_object *o)
{
	static const struct cli_column fields[] = {
		{ "state", "state", NULL, false },
		{ "reason", "reason", NULL, false },
		{ "policies placed", "plan/movable", NULL, false },
		{ "left out", "plan/left-out", NULL, false },
		{ "fullest link before", "plan/fullest-before", NULL, false },
		{ "  carries", "plan/before-ppm", percent, false },
		{ "fullest link after", "plan/fullest-after", NULL, false },
		{ "  carries", "plan/after-ppm", percent, false },
		{ "  no less than", "plan/bound-ppm", percent, false },
		{ "  which is", "plan/gap-ppm", fmt_gap, false },
		{ "most booked before", "plan/booked-before-ppm", percent, false },
		{ "most booked after", "plan/booked-after-ppm", percent, false },
		{ "policies that change", "plan/changes", NULL, false },
		{ "moves dropped", "plan/dropped", NULL, false },
		{ "rollout", "plan/rollout", NULL, false },
		{ "steps", "plan/steps", NULL, false },
		{ "steps made", "plan/steps-done", NULL, false },
	};

	cli_record(o, fields, ARRAY_LEN(fields));
}

static void fmt_yes_or_nothing(struct str *out, json_object *v)
{
	if (json_object_get_boolean(v))
		str_add(out, "yes");
}

static void lists_show(json_object *o)
{
	static const struct cli_column steps[] = {
		{ "STEP", "index", NULL, true },
		{ "POLICY", "policy", NULL, false },
		{ "NEW LIST", "sid", cli_fmt_list, false },
		{ "DETOUR", "detour", fmt_yes_or_nothing, false },
		{ "STATE", "state", NULL, false },
		{ "REASON", "reason", NULL, false },
	};
	static const struct cli_column changes[] = {
		{ "POLICY", "policy", NULL, false },
		{ "BANDWIDTH", "bandwidth", cli_fmt_rate, true },
		{ "OLD LIST", "old-sid", cli_fmt_list, false },
		{ "DELAY", "delay-before", cli_fmt_delay, true },
		{ "NEW LIST", "new-sid", cli_fmt_list, false },
		{ "DELAY", "delay-after", cli_fmt_delay, true },
	};
	static const struct cli_column left[] = {
		{ "STAYS", "policy", NULL, false },
		{ "MOVE DROPPED", "dropped", fmt_yes_or_nothing, false },
		{ "REASON", "reason", NULL, false },
	};

	if (cli_count(o, "change") > 0) {
		(void)putchar('\n');
		cli_table(cli_at(o, "change"), changes, ARRAY_LEN(changes));
	}
	if (cli_count(o, "step") > 0) {
		(void)putchar('\n');
		cli_table(cli_at(o, "step"), steps, ARRAY_LEN(steps));
	}
	if (cli_count(o, "left-out") > 0) {
		(void)putchar('\n');
		cli_table(cli_at(o, "left-out"), left, ARRAY_LEN(left));
	}
}

static int verdict(json_object *o, const char *state)
{
	(void)fflush(stdout);
	if (strcmp(state, "failed") == 0)
		return cli_fail(CLI_INFEASIBLE, "no plan: %s", cli_text(o, "reason", "?"));
	if (strcmp(state, "stopped") == 0)
		return cli_fail(CLI_REFUSED, "stopped: %s", cli_text(o, "reason", "?"));
	return CLI_OK;
}

static int result(const char *id, const char *state)
{
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(OPTIMISATION, &r);
	json_object *o;

	if (rc != CLI_OK)
		return rc;
	o = cli_at(r.json, "optimisation");
	if (strcmp(cli_text(o, "id", ""), id) != 0)
		return cli_fail(CLI_CONFLICT, "another optimisation has taken the place of this one");
	if (cli_said.json) {
		cli_print_json(&r);
	} else {
		plan_show(o);
		lists_show(o);
	}
	return verdict(o, state);
}

int cli_optimise(const struct cli_command *cmd)
{
	const struct sigaction act = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
	char id[32], state[32];
	struct wish w;
	int rc = wish_read(&w);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	(void)sigaction(SIGINT, &act, NULL);
	rc = start(&w, id);
	if (rc == CLI_OK) {
		rc = watch(id, state);
		progress_end();
	}
	return rc == CLI_OK ? result(id, state) : rc;
}

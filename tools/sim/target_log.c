/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the targets were asked to set and what that changed, a line each, in the order in which it
 * came: the oracle of tests that ask whether somebody's objects were touched at all.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "tools/sim/target_int.h"

int sim_log_open(struct sim_targets *ts, const char *file)
{
	ts->log = fopen(file, "ae");
	return ts->log ? 0 : err_raise(-errno);
}

void sim_log_close(struct sim_targets *ts)
{
	if (ts->log)
		(void)fclose(ts->log);
	ts->log = NULL;
}

static void line(const struct sim_target *tg, const char *what, const char *path)
{
	(void)fprintf(tg->all->log, "%" PRIu64 " %s %s %s\n", tg->sets,
		      tg->all->t->routers.at[tg->router].name, what, path);
}

static void asked(const struct sim_target *tg, const struct gnmic_set *s, const char *what,
		  const struct gnmic_path *path)
{
	STR_AUTO struct str text = { .limit = SIM_REQUEST_MAX };
	struct gnmic_path whole;
	struct arena a;

	arena_init(&a, SIM_REQUEST_MAX);
	if (gnmic_path_join(&s->prefix, path, &a, &whole))
		gnmic_path_text(&whole, &text);
	line(tg, what, str_text(&text));
	arena_fini(&a);
}

void sim_log_set(const struct sim_target *tg, const struct gnmic_set *s)
{
	if (!tg->all->log)
		return;
	for (size_t i = 0; i < s->n_deletes; i++)
		asked(tg, s, "delete", &s->deletes[i]);
	for (size_t i = 0; i < s->n_replaces; i++)
		asked(tg, s, "replace", &s->replaces[i].path);
	for (size_t i = 0; i < s->n_updates; i++)
		asked(tg, s, "update", &s->updates[i].path);
	(void)fflush(tg->all->log);
}

/* What is directly below the device and not in other as it is here. */
static void differs(const struct sim_target *tg, const struct lyd_node *in, const struct lyd_node *other,
		    bool only_missing, const char *what)
{
	const struct lyd_node *n;

	LY_LIST_FOR(lyd_child(in), n) {
		char *path = lyd_path(n, LYD_PATH_STD, NULL, 0);
		struct lyd_node *same = NULL;
		bool there = other && path && lyd_find_path(other, path, 0, &same) == LY_SUCCESS;

		if (!there)
			line(tg, what, path ? path : "?");
		else if (!only_missing && lyd_compare_single(n, same, LYD_COMPARE_FULL_RECURSION) != LY_SUCCESS)
			line(tg, "changed", path);
		free(path);
	}
}

void sim_log_change(const struct sim_target *tg, const struct lyd_node *before, const struct lyd_node *after)
{
	if (!tg->all->log)
		return;
	differs(tg, before, after, false, "gone");
	differs(tg, after, before, true, "new");
	(void)fflush(tg->all->log);
}

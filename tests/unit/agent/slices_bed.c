/* SPDX-License-Identifier: Apache-2.0 */
#include "slices_bed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ly_ctx *models;
char last_error[512];

static int parse(const char *text, struct agent_device **out, struct str *errors)
{
	char *json = strdup(text);
	int r;

	for (char *p = json; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	if (!models)
		ck_assert_int_eq(agent_device_models(&models, errors), 0);
	r = agent_device_parse(models, json, strlen(json), out, errors);
	free(json);
	return r;
}

struct agent_device *device_of(const char *text)
{
	STR_AUTO struct str errors = { 0 };
	struct agent_device *d = NULL;

	ck_assert_msg(parse(text, &d, &errors) == 0, "%s", str_text(&errors));
	return d;
}

bool device_wrong(const char *text)
{
	STR_AUTO struct str errors = { 0 };
	struct agent_device *d = NULL;
	int r = parse(text, &d, &errors);

	(void)str_copy(last_error, sizeof(last_error), str_text(&errors));
	agent_device_free(d);
	return r < 0;
}

static bool idle(void *arg)
{
	return agent_slices_idle(arg);
}

void settle_slices(struct loop *loop, struct agent_slices *s)
{
	ck_assert(lab_run(loop, idle, s));
}

static const struct agent_slices_cfg cfg = {
	.sid_device = "sr0", .metric = 10, .reduced = true, .counters = true
};

struct agent_slices *engine(struct loop *loop, const char *text)
{
	struct agent_device *d = device_of(text);
	struct agent_slices *s = NULL;

	ck_assert_int_eq(agent_slices_new(&s, loop, NULL, NULL), 0);
	ck_assert_int_eq(agent_slices_start(s, &cfg, &d), 0);
	settle_slices(loop, s);
	return s;
}

static bool answered, taken;

static void on_changed(void *arg, bool ok, const char *error)
{
	(void)arg;
	answered = true;
	taken = ok;
	(void)str_copy(last_error, sizeof(last_error), error);
}

static bool is_answered(void *arg)
{
	return answered && agent_slices_idle(arg);
}

bool change(struct loop *loop, struct agent_slices *s, const char *text)
{
	struct agent_device *d = device_of(text);

	answered = false;
	ck_assert_int_eq(agent_slices_change(s, &cfg, &d, on_changed, NULL), 0);
	ck_assert(lab_run(loop, is_answered, s));
	return taken;
}

static void on_fresh(void *arg)
{
	*(bool *)arg = true;
}

static bool is_set(void *arg)
{
	return *(bool *)arg;
}

void refresh(struct loop *loop, struct agent_slices *s)
{
	bool fresh = false;

	ck_assert_int_eq(agent_slices_refresh(s, on_fresh, &fresh), 0);
	ck_assert(lab_run(loop, is_set, &fresh));
}

char *output(const char *command)
{
	size_t cap = 1 << 20, n;
	char *buf = calloc(1, cap);
	FILE *f = popen(command, "re");

	ck_assert(buf && f);
	n = fread(buf, 1, cap - 1, f);
	buf[n] = '\0';
	ck_assert_msg(pclose(f) == 0, "%s", command);
	return buf;
}

void shell(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ck_assert_msg(system(text) == 0, "%s", text);
}

bool says(const char *command, const char *text)
{
	char *o = output(command);
	bool has = strstr(o, text) != NULL;

	if (!has)
		(void)fprintf(stderr, "# %s:\n%.2000s# has no '%s'\n", command, o, text);
	free(o);
	return has;
}

/* Numbers that the kernel gives in the order of making are not told; nor is that order. */
char *kernel_state(void)
{
	return output("(tc -d qdisc show | sed 's/direct_packets_stat [0-9]* //'; "
		      "for i in $(ip -o link | sed 's/^[0-9]*: //; s/[:@].*//'); do "
		      "tc -d class show dev $i | sed \"s/^/$i /\"; "
		      "tc filter show dev $i | sed \"s/^/$i /; s/fh .* ht [0-9a-f]*/ht/; s/fh .* ht/ht/\"; done; "
		      "ip -6 rule; ip -6 route show table all | grep -Ev '^([a-z]+ )?f[ef][08]0:'; "
		      "nft -s list ruleset) | sort");
}

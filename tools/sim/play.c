/* SPDX-License-Identifier: Apache-2.0 */
/* Plays a trace (trace.c): each command when its time has come, the answers on standard output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "tools/sim/sim.h"

enum { TRACE_MAX = 64 * 1024 * 1024, LINE_MAX_ = 256 };

struct sim_play {
	struct sim *s;
	struct str text;
	size_t at;
	unsigned line;
	struct mono start;
	struct loop_timer timer;
};

struct step {
	uint64_t ms;
	char command[LINE_MAX_];
};

/* The next line that is one: 1; 0 at the end; -EINVAL. */
static int next(struct sim_play *p, struct step *out)
{
	while (p->at < p->text.len) {
		const char *line = p->text.s + p->at;
		size_t len = strcspn(line, "\n");
		char buf[LINE_MAX_], *blank;

		p->at += len + (line[len] == '\n');
		p->line++;
		if (len >= sizeof(buf))
			return -EINVAL;
		memcpy(buf, line, len);
		buf[len] = '\0';
		buf[strcspn(buf, "#\r")] = '\0';
		if (buf[strspn(buf, " \t")] == '\0')
			continue;
		blank = strchr(buf, ' ');
		if (!blank)
			return -EINVAL;
		*blank = '\0';
		(void)str_copy(out->command, sizeof(out->command), blank + 1);
		return str_u64(buf, &out->ms) < 0 || out->ms > UINT32_MAX ? -EINVAL : 1;
	}
	return 0;
}

static void on_time(void *arg)
{
	struct sim_play *p = arg;
	struct step x;
	size_t before = p->at;
	unsigned line = p->line;

	while (next(p, &x) > 0) {
		STR_AUTO struct str answer = { 0 };
		struct mono when = mono_add(p->start, x.ms * NS_PER_MS);

		if (mono_before(loop_now(p->s->loop), when)) {
			p->at = before; /* not yet */
			p->line = line;
			loop_timer_at(&p->timer, when);
			return;
		}
		before = p->at;
		line = p->line;
		(void)sim_command(p->s, x.command, p->s->opt.json, &answer);
		(void)printf("%s", str_text(&answer));
		(void)fflush(stdout);
	}
	(void)printf(p->s->opt.json ? "{\"played\":%u}\n" : "played: %u lines\n", p->line);
	(void)fflush(stdout);
}

/* Every line is looked at before the first is carried out. */
static int check(struct sim_play *p, const char *file)
{
	uint64_t last = 0;
	struct step x;
	int rc;

	while ((rc = next(p, &x)) > 0) {
		if (x.ms < last)
			break;
		last = x.ms;
	}
	if (rc != 0)
		(void)fprintf(stderr, "sextant-sim: %s:%u: %s\n", file, p->line,
			      rc < 0 ? "expected: MILLISECONDS COMMAND" : "earlier than the line before");
	p->at = 0;
	p->line = 0;
	return rc ? -EINVAL : 0;
}

int sim_play_new(struct sim_play **outp, struct sim *s, const char *file)
{
	AUTO(sim_play_free) struct sim_play *p = calloc(1, sizeof(*p));
	FILE *f = fopen(file, "re");
	char buf[16384];
	size_t n;

	if (!p || !f) {
		(void)fprintf(stderr, "sextant-sim: %s: %s\n", file, err_text(p ? errno : ENOMEM));
		if (f)
			(void)fclose(f);
		return -EINVAL;
	}
	p->s = s;
	p->text.limit = TRACE_MAX;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(&p->text, buf, n);
	(void)fclose(f);
	if (p->text.bad || strlen(str_text(&p->text)) != p->text.len) {
		(void)fprintf(stderr, "sextant-sim: %s: not a text, or too long\n", file);
		return -EINVAL;
	}
	if (check(p, file) < 0)
		return -EINVAL;
	loop_timer_init(&p->timer, s->loop, on_time, p);
	p->start = loop_now(s->loop);
	loop_timer_after(&p->timer, 0);
	*outp = TAKE(p);
	return 0;
}

struct sim_play *sim_play_free(struct sim_play *p)
{
	if (!p)
		return NULL;
	loop_timer_fini(&p->timer);
	str_fini(&p->text);
	free(p);
	return NULL;
}

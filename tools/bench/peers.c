/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a network and queries as text, runs bench-peers on them, reads what it says. */
#include "tools/bench/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "tools/bench/proc.h"

enum { PATH_CAP = 512 };

/* Medians in ms at 1k, 10k and 100k nodes: reference/algorithms.md, B3 and B4. */
static const struct {
	const char *name;
	double recorded[3];
} kinds[] = {
	[BENCH_SPF_BGL] = { "spf-bgl", { 0.035, 0.485, 8.40 } },
	[BENCH_SPF_IGRAPH] = { "spf-igraph", { 0.190, 2.54, 67.2 } },
	[BENCH_DISJOINT_LEMON] = { "disjoint-lemon", { 0.093, 1.24, 24.7 } },
	[BENCH_KSP16_IGRAPH] = { "ksp16-igraph", { 11.9, 255, 0 } },
};

struct files {
	char dir[PATH_CAP], program[PATH_CAP], graph[PATH_CAP + 16], queries[PATH_CAP + 16];
};

static bool usable(const struct ted *t, const struct ted_link *l)
{
	return t->nodes[l->from].pseudonode || (l->has_igp && l->igp_metric <= TED_METRIC_MAX);
}

static bool write_graph(const char *name, const struct ted *t)
{
	FILE *f = fopen(name, "we");
	uint32_t m = 0;

	if (!f)
		return false;
	for (uint32_t i = 0; i < t->out.start[t->n_nodes]; i++)
		m += usable(t, &t->links[t->out.idx[i]]);
	(void)fprintf(f, "%u %u\n", t->n_nodes, m);
	for (uint32_t i = 0; i < t->out.start[t->n_nodes]; i++) {
		const struct ted_link *l = &t->links[t->out.idx[i]];

		if (usable(t, l))
			(void)fprintf(f, "%u %u %u %u\n", l->from, l->to,
				      t->nodes[l->from].pseudonode ? 0 : l->igp_metric,
				      l->has_delay ? l->delay_us : 0);
	}
	return fclose(f) == 0;
}

static bool write_queries(const char *name, const struct bench_pair *q, uint32_t n)
{
	FILE *f = fopen(name, "we");

	if (!f)
		return false;
	for (uint32_t i = 0; i < n; i++)
		(void)fprintf(f, "%u %u\n", q[i].src, q[i].dst);
	return fclose(f) == 0;
}

static bool files_make(const struct bench *b, struct files *f)
{
	(void)snprintf(f->program, sizeof(f->program), "%s/tools/bench/bench-peers",
		       b->programs ? b->programs : ".");
	if (access(f->program, X_OK) < 0)
		return false;
	if (!bench_folder(f->dir, sizeof(f->dir)))
		return false;
	(void)snprintf(f->graph, sizeof(f->graph), "%s/graph", f->dir);
	(void)snprintf(f->queries, sizeof(f->queries), "%s/queries", f->dir);
	return true;
}

extern char **environ;

static pid_t start(struct files *f, const char *kind, int out)
{
	AUTO_FREE char *name = strdup(kind);
	char *const argv[] = { f->program, name, f->graph, f->queries, NULL };
	posix_spawn_file_actions_t files;
	pid_t pid = -1;
	int rc;

	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_adddup2(&files, out, 1);
	rc = posix_spawn(&pid, f->program, &files, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	return rc == 0 ? pid : -1;
}

static void read_lines(int fd, struct bench_peer *p)
{
	char name[32], value[64];
	FILE *f = fdopen(fd, "r");

	if (!f) {
		(void)close(fd);
		return;
	}
	while (fscanf(f, "%31s %63s", name, value) == 2) {
		if (strcmp(name, "median-ms") == 0)
			p->ms = strtod(value, NULL);
		else if (strcmp(name, "checksum") == 0)
			p->checksum = strtoull(value, NULL, 10);
		else if (strcmp(name, "found") == 0)
			p->found = (uint32_t)strtoul(value, NULL, 10);
	}
	(void)fclose(f);
}

static bool run(struct files *f, const char *kind, struct bench_peer *p)
{
	int fds[2], status = -1;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	pid = start(f, kind, fds[1]);
	(void)close(fds[1]);
	read_lines(fds[0], p);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && p->ms > 0;
}

static struct bench_peer recorded(enum bench_peer_kind kind, uint32_t nodes)
{
	static const uint32_t sizes[] = { 1000, 10000, 100000 };
	struct bench_peer p = { .recorded = true };

	/* The generator may give a few more or less than asked for. */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		if (nodes >= sizes[i] / 10 * 9 && nodes <= sizes[i] / 10 * 12)
			p.ms = kinds[kind].recorded[i];
	return p;
}

struct bench_peer bench_peer_run(const struct bench *b, enum bench_peer_kind kind,
				 const struct ted *t, const struct bench_pair *q, uint32_t n)
{
	struct bench_peer p = { 0 };
	struct files f;
	bool ok;

	if (!files_make(b, &f))
		return recorded(kind, t->n_nodes);
	ok = write_graph(f.graph, t) && write_queries(f.queries, q, n) &&
	     run(&f, kinds[kind].name, &p);
	bench_folder_gone(f.dir);
	return ok ? p : recorded(kind, t->n_nodes);
}

void bench_peer_row(const struct bench *b, const char *name, double own_ms,
		    const struct bench_peer *p)
{
	if (p->ms > 0 && own_ms > 0)
		bench_row(b, name, p->ms / own_ms, p->recorded ? "x-recorded" : "x");
}

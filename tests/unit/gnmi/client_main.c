/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our gNMI client as a program, for scripts: what the daemon's rooms ask of a device, asked by
 * hand.
 *	gnmi-client ADDRESS PORT SERVER-NAME CA CERT KEY
 * Lines on standard input, until it ends:
 *	set OP PATH JSON [; OP PATH JSON …]	OP: update, replace, delete (JSON then -). No blanks in
 *						paths and JSON
 *	watch change PATH
 *	watch MILLISECONDS PATH
 *	reset
 * Lines on standard output: up, down, result, sample, synced, gap, drift, each with what it says.
 * Times are short: a call 2 s, looks for drift every 2 s, back-off from 100 ms.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "southbound/gnmi/gnmi.h"

enum { LINE_CAP = 8192, WORDS_CAP = 3 * DEVICE_CHANGES_MAX + 1 };

struct client {
	struct loop *loop;
	struct gnmi *g;
	struct device_port port;
	struct ip_addr addr;
	struct loop_io *in;
	char line[LINE_CAP];
	size_t n;
};

static void on_up(void *arg, const struct device_info *i)
{
	(void)arg;
	printf("up kind=%s gnmi=%s models=%u policies=%d\n", i->kind, i->version, i->models, i->policies);
}

static void on_down(void *arg, const char *device, const char *why)
{
	(void)arg;
	(void)device;
	printf("down %s\n", why);
}

static void on_result(void *arg, const struct device_result *r)
{
	(void)arg;
	printf("result %" PRIu32 " %s %s %s\n", r->txn, device_outcome_text(r->outcome),
	       rpc_code_text((enum rpc_code)r->code), r->text);
}

static void on_sample(void *arg, const struct device_sample *s)
{
	(void)arg;
	printf("sample %" PRIu32 " %" PRId64 " %s %s\n", s->watch, s->time_ns, s->path,
	       s->gone ? "gone" : s->text);
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	(void)arg;
	(void)device;
	printf("synced %" PRIu32 "\n", watch);
}

static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	(void)arg;
	(void)device;
	printf("gap %" PRIu32 " %s\n", watch, why);
}

static void on_drift(void *arg, const struct device_drift *d)
{
	(void)arg;
	printf("drift %s %s\n", d->path, d->found);
}

static const struct device_sink sink = {
	.up = on_up,
	.down = on_down,
	.result = on_result,
	.sample = on_sample,
	.synced = on_synced,
	.gap = on_gap,
	.drift = on_drift,
};

/* ---- what is asked ---- */

static bool change(char **word, struct device_change *out)
{
	static const char *const ops[] = { [DEVICE_DELETE] = "delete", [DEVICE_REPLACE] = "replace",
					   [DEVICE_UPDATE] = "update" };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (strcmp(word[0], ops[i]) == 0) {
			*out = (struct device_change){ (enum device_op)i, word[1], word[2] };
			return true;
		}
	return false;
}

static void set(struct client *c, char **word, size_t n)
{
	struct device_change changes[DEVICE_CHANGES_MAX];
	uint32_t txn = 0;
	size_t k = 0;
	int r;

	for (size_t i = 0; i + 3 <= n; i += 4)
		if (k == DEVICE_CHANGES_MAX || !change(word + i, &changes[k++])) {
			printf("error what is %s\n", word[i]);
			return;
		}
	r = c->port.set(c->port.self, "it", changes, k, &txn);
	if (r)
		printf("error set %d\n", r);
	else
		printf("set %" PRIu32 "\n", txn);
}

static void watch(struct client *c, char **word, size_t n)
{
	struct device_watch w = { .path = n == 2 ? word[1] : "" };
	uint32_t id = 0;
	int r;

	w.on_change = n == 2 && strcmp(word[0], "change") == 0;
	if (n == 2 && !w.on_change)
		w.interval_ns = strtoull(word[0], NULL, 10) * NS_PER_MS;
	r = c->port.watch(c->port.self, "it", &w, &id);
	if (r)
		printf("error watch %d\n", r);
	else
		printf("watch %" PRIu32 "\n", id);
}

static void obey(struct client *c, char *line)
{
	char *word[WORDS_CAP], *at = line, *w;
	size_t n = 0;

	while ((w = strsep(&at, " ")) && n < WORDS_CAP)
		if (*w)
			word[n++] = w;
	if (n > 3 && strcmp(word[0], "set") == 0) {
		set(c, word + 1, n - 1);
	} else if (n == 3 && strcmp(word[0], "watch") == 0) {
		watch(c, word + 1, n - 1);
	} else if (n == 1 && strcmp(word[0], "reset") == 0) {
		struct session_query q = gnmi_sessions(c->g);

		(void)q.reset(q.self, &c->addr);
	} else if (n > 0) {
		printf("error what is %s\n", word[0]);
	}
}

static void readable(void *arg, unsigned events)
{
	struct client *c = arg;
	ssize_t got = read(STDIN_FILENO, c->line + c->n, sizeof(c->line) - c->n);
	char *nl;

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		loop_stop(c->loop);
		return;
	}
	c->n += (size_t)got;
	while ((nl = memchr(c->line, '\n', c->n))) {
		*nl = '\0';
		obey(c, c->line);
		c->n -= (size_t)(nl + 1 - c->line);
		memmove(c->line, nl + 1, c->n);
	}
	if (c->n == sizeof(c->line))
		loop_stop(c->loop);
}

int main(int argc, char **argv)
{
	const struct gnmi_cfg times = { .call_ns = 2 * NS_PER_S, .probe_ns = NS_PER_S, .drift_ns = 2 * NS_PER_S,
					.wait_ns = 8 * NS_PER_S, .backoff_ns_min = 100 * NS_PER_MS,
					.backoff_ns_max = NS_PER_S, .confirm_ns = 10 * NS_PER_S };
	struct gnmi_device_cfg dev = { .name = "it" };
	struct rpc_tls_cfg files;
	struct rpc_tls *tls = NULL;
	struct client c = { 0 };
	struct rpc *rpc;
	char err[256] = "";

	if (argc != 7 || ip_parse(argv[1], &dev.addr) < 0)
		return EXIT_FAILURE;
	c.addr = dev.addr;
	dev.port = (uint16_t)strtoul(argv[2], NULL, 10);
	dev.server_name = argv[3];
	files = (struct rpc_tls_cfg){ argv[4], argv[5], argv[6] };
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	assert(loop_new(&c.loop) == 0 && rpc_new(&rpc, c.loop) == 0);
	if (rpc_tls_new(&tls, rpc, &files, err, sizeof(err)) < 0) {
		(void)fprintf(stderr, "%s\n", err);
		return EXIT_FAILURE;
	}
	dev.tls = tls;
	assert(gnmi_new(&c.g, c.loop, rpc, NULL, &times) == 0);
	gnmi_sink(c.g, &sink, NULL);
	c.port = gnmi_port(c.g);
	assert(gnmi_device_set(c.g, &dev) == 0);
	assert(fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK) == 0);
	assert(loop_io_new(&c.in, c.loop, STDIN_FILENO, readable, &c) == 0);
	loop_io_want(c.in, LOOP_READ);
	loop_run(c.loop);
	loop_io_free(c.in);
	gnmi_free(c.g);
	rpc_tls_free(tls);
	rpc_free(rpc);
	loop_free(c.loop);
	return EXIT_SUCCESS;
}

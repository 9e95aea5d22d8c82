/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device says of its policies, to the driver: the first octet is its kind, then a line each:
 *	PATH=VALUE   a leaf        -PATH   gone        !  synced     ?  a gap
 *	.            four seconds pass                 +  a policy is asked for, and done; ++ with two lists
 * What the driver tells has a name, a number, and no more segments than there are.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "southbound/gnmi/driver_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint32_t last_watch, last_txn, watches[DRIVER_WATCHES_MAX], session;
static struct ip_addr headend;

static int set(void *self, const char *device, const struct device_change *changes, size_t n, uint32_t *txn)
{
	(void)self;
	(void)device;
	assert(n > 0 && n <= GNMI_OBJECTS_MAX && changes[0].path[0] == '/');
	*txn = ++last_txn;
	return 0;
}

static int watch(void *self, const char *device, const struct device_watch *w, uint32_t *out)
{
	(void)self;
	(void)device;
	(void)w;
	*out = ++last_watch;
	watches[last_watch % DRIVER_WATCHES_MAX] = last_watch;
	return 0;
}

static void unwatch(void *self, const char *device, uint32_t w)
{
	(void)self;
	(void)device;
	(void)w;
}

static void forget(void *self, const char *device, const char *path)
{
	(void)self;
	(void)device;
	(void)path;
}

static void up(void *arg, const struct ip_addr *h, uint32_t s, const struct headend_caps *caps)
{
	(void)arg;
	(void)h;
	(void)caps;
	assert(session == 0);
	session = s;
}

static void synced(void *arg, const struct ip_addr *h, uint32_t s)
{
	(void)arg;
	(void)h;
	assert(session == s);
}

static void down(void *arg, const struct ip_addr *h, uint32_t s)
{
	(void)arg;
	(void)h;
	assert(session == s);
	session = 0;
}

static void report(void *arg, const struct lsp_state *st)
{
	(void)arg;
	assert(session && st->session == session && st->plsp_id && st->name[0]);
	assert(memchr(st->name, '\0', sizeof(st->name)));
	assert(st->removed || (st->list.n > 0 && st->list.n <= SR_SEGS_MAX));
	assert(sr_list_count(&st->list) <= SR_LISTS_MAX && sr_list_total(&st->list) <= UINT32_MAX);
	for (unsigned k = 0; !st->removed && k < sr_list_count(&st->list); k++)
		assert(sr_list_nth(&st->list, k)->n > 0 && sr_list_weight(&st->list, k) > 0);
}

static void ignore(void *arg, const struct ip_addr *h)
{
	(void)arg;
	(void)h;
}

static void failed(void *arg, const struct driver_failure *f)
{
	(void)arg;
	(void)f;
	abort(); /* everything is done here */
}

static const struct driver_sink sink = { .headend_up = up, .headend_synced = synced, .headend_ready = ignore,
					 .headend_down = down, .report = report, .failed = failed };

static void ask(struct gnmi_driver *d, bool several)
{
	const struct driver *driver = gnmi_driver_driver(d);
	struct driver_lsp l = { .key = { .headend = headend, .color = 1, .endpoint = headend },
				.preference = 7, .session = session, .name = "p", .list.n = 1 };
	struct sr_more more = { .weight = 2, .n = 1, .at[0] = { .weight = 1, .list.n = 1 } };
	struct device_result r = { .device = "d", .outcome = DEVICE_DONE, .text = "" };
	uint32_t txn;

	l.list.at[0].sid = more.at[0].list.at[0].sid = headend;
	more.at[0].list.at[0].sid.b[15] ^= 1;
	l.list.more = several ? &more : NULL;
	if (driver->apply(driver->self, &l, &txn) == 0) {
		r.txn = last_txn;
		gnmi_driver_devices.result(d, &r);
	}
}

static void sample(struct gnmi_driver *d, char *line)
{
	struct device_sample s = { .device = "d", .path = line, .text = "" };
	char *eq = strchr(line, '=');

	/* of a key or of the value: the last one is the value's */
	for (char *p = eq; p; p = strchr(p + 1, '='))
		eq = p;
	s.gone = line[0] == '-';
	s.path += s.gone;
	if (!s.gone && eq) {
		*eq = '\0';
		s.text = eq + 1;
		s.number = str_u64(s.text, &s.u) == 0;
	}
	for (size_t k = 0; k < DRIVER_WATCHES_MAX; k++) {
		s.watch = watches[k];
		if (s.watch == last_watch)
			gnmi_driver_devices.sample(d, &s);
	}
}

static void line_of(struct gnmi_driver *d, struct loop *loop, char *line)
{
	struct mono end = mono_add(loop_now(loop), line[0] == '.' ? 4 * NS_PER_S : NS_PER_MS);

	for (size_t k = 0; k < DRIVER_WATCHES_MAX; k++) {
		if (line[0] == '!' && watches[k])
			gnmi_driver_devices.synced(d, "d", watches[k]);
		if (line[0] == '?' && watches[k])
			gnmi_driver_devices.gap(d, "d", watches[k], "");
	}
	if (line[0] == '+')
		ask(d, line[1] == '+');
	else if (!strchr("!?.", line[0]))
		sample(d, line);
	while (loop_fake_step(loop, end))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct device_port port = { .set = set, .watch = watch, .unwatch = unwatch, .forget = forget };
	const struct gnmi_kind *kind = gnmi_kind_at(len ? data[0] % 4 : 0);
	const struct device_info info = { .device = "d", .kind = kind->name, .version = "", .models = 1, .policies = true,
				       .lists = SR_LISTS_MAX };
	struct gnmi_driver *d = NULL;
	struct loop *loop = NULL;
	char *text, *at, *next;

	if (len == 0 || len > 64 << 10)
		return 0;
	last_watch = last_txn = session = 0;
	memset(watches, 0, sizeof(watches));
	text = malloc(len);
	assert(text && ip_parse("fd5e::1", &headend) == 0);
	memcpy(text, data + 1, len - 1);
	text[len - 1] = '\0';
	assert(loop_fake_new(&loop, 1) == 0);
	assert(gnmi_driver_new(&d, loop, NULL, &sink, NULL) == 0);
	gnmi_driver_port(d, &port);
	assert(gnmi_driver_headend_set(d, "d", &headend) == 0);
	gnmi_driver_devices.up(d, &info);
	for (at = text; at && *at; at = next) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		if (*at)
			line_of(d, loop, at);
	}
	gnmi_driver_devices.down(d, "d", "the end");
	assert(session == 0);
	gnmi_driver_free(d);
	loop_free(loop);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices say of links: each line of the input is a sample ("Wtime path text", W the watch: a, s
 * or o; "-" after it: gone). No crash, nothing beyond the limits, and no delay that nobody measured.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sense/sense_priv.h"
#include "work/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct loop *loop;
	struct bus *bus;
	struct store_disk *disk;
	struct store *store;
	struct work *work;
	struct topo *topo;
	struct intent *intent;
} bed;

static int none_set(void *self, const char *device, const struct device_change *c, size_t n, uint32_t *txn)
{
	(void)self, (void)device, (void)c, (void)n, (void)txn;
	return DEVICE_E_FULL;
}

static void begin(void)
{
	struct topo_cfg tcfg;
	struct intent_cfg icfg;

	topo_cfg_default(&tcfg);
	intent_cfg_default(&icfg);
	if (bed.loop)
		return;
	if (loop_fake_new(&bed.loop, 1) < 0 || bus_new(&bed.bus, 1) < 0 || store_disk_new(&bed.disk) < 0 ||
	    store_fake_new(&bed.store, bed.loop, bed.disk) < 0 || work_new(&bed.work, bed.loop, 0) < 0 ||
	    topo_new(&bed.topo, bed.loop, bed.bus, &tcfg) < 0 ||
	    intent_new(&bed.intent, bed.loop, bed.work, bed.store, bed.bus, &icfg) < 0)
		abort();
}

static void line(struct sense_device *d, char *text)
{
	struct device_sample e = { .device = d->name, .text = "" };
	char *path = strchr(text, ' '), *value = path ? strchr(path + 1, ' ') : NULL;

	if (!path)
		return;
	*path++ = '\0';
	if (value)
		*value++ = '\0';
	e.watch = text[0] == 'a' ? 1 : text[0] == 's' ? 2 : 3;
	e.gone = text[0] && text[1] == '-';
	e.time_ns = text[0] ? strtoll(text + 1, NULL, 10) : 0;
	e.path = path;
	e.text = value ? value : "";
	e.number = str_u64(e.text, &e.u) == 0;
	sense_sample(d, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sense_parts parts;
	struct sense_device d = { .name = "r1", .watch_faces = 1, .watch_sessions = 2, .watch_load = 3 };
	struct sense_link l = { .from = &d };
	struct sense *s = NULL;
	char *text = malloc(size + 1), *rest = text;

	begin();
	parts = (struct sense_parts){ bed.loop, bed.bus, bed.topo, bed.intent };
	if (!text || sense_new(&s, &parts) < 0 || ip_parse("2001:db8::1", &l.local) < 0)
		abort();
	s->cfg.delay = SENSE_FILL;
	s->port.set = none_set;
	d.s = l.s = s;
	(void)VEC_ADD(&d.links, &l);
	sense_session_of(&d, "link-20010db8000000000000000000000001", true)->link = &l;
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *word = strsep(&rest, "\n"); word; word = strsep(&rest, "\n"))
		line(&d, word);
	assert(d.faces.n <= SENSE_FACES_MAX && d.sessions.n <= SENSE_SESSIONS_MAX);
	assert(!l.delay.known || l.said.min_us > 0);
	sense_withdraw_delay(&l, "it is over");
	VEC_FINI(&d.faces);
	VEC_FINI(&d.sessions);
	VEC_FINI(&d.links);
	sense_free(s);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fwd.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

/* ---- what a device tells ---- */

void tell(const char *device, bool gone, const char *text, const char *fmt, ...)
{
	char path[DEVICE_PATH_MAX];
	struct device_sample s = { .device = device, .watch = FORWARDING, .path = path, .gone = gone, .text = text };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	realise_device_sink.sample(bed.room, &s);
}

void tell_route(const char *device, unsigned table, const char *prefix, const char *way, const char *to)
{
	char key[128];

	snprintf(key, sizeof(key), "/device/forwarding/table[id=%u]/route[member=0][prefix=%s]", table, prefix);
	tell(device, true, "", "%s", key);
	tell(device, false, prefix, "%s/prefix", key);
	tell(device, false, "0", "%s/member", key);
	tell(device, false, way, "%s/way", key);
	if (to)
		tell(device, false, to, "%s/%s", key, way);
}

void lose_route(const char *device, unsigned table, const char *prefix)
{
	tell(device, true, "", "/device/forwarding/table[id=%u]/route[member=0][prefix=%s]", table, prefix);
}

static const char *text_at(json_object *o, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

/* A router that does what it was told: each table of its, and its SIDs. */
static void tell_table(const char *device, json_object *o)
{
	unsigned id = (unsigned)json_object_get_int(json_object_object_get(o, "id"));
	json_object *routes = NULL, *sids = json_object_object_get(o, "sid");
	char number[16], sid[80];

	snprintf(number, sizeof(number), "%u", id);
	if (sids) {
		snprintf(sid, sizeof(sid), "%s/%s", json_object_get_string(json_object_array_get_idx(sids, 0)),
			 text_at(o, "sid-length"));
		tell(device, false, "end-dt", "/device/forwarding/sid[prefix=%s]/action", sid);
		tell(device, false, number, "/device/forwarding/sid[prefix=%s]/table", sid);
	}
	(void)json_object_object_get_ex(o, "route", &routes);
	for (size_t i = 0; routes && i < json_object_array_length(routes); i++) {
		json_object *r = json_object_array_get_idx(routes, i), *list = NULL;
		bool by_sid = json_object_object_get_ex(r, "segment", &list);

		tell_route(device, id, text_at(r, "prefix"), by_sid ? "sid" : "interface",
			   by_sid ? json_object_get_string(
					    json_object_array_get_idx(list, json_object_array_length(list) - 1)) :
				    text_at(r, "interface"));
	}
	tell(device, false, "true", "/device/forwarding/table[id=%u]/complete", id);
}

void tell_all(const char *device)
{
	struct device *d = device_at(device);

	realise_device_sink.gap(bed.room, device, FORWARDING, "anew");
	for (size_t i = 0; d && i < d->n; i++) {
		json_object *o = json_tokener_parse(d->at[i].json);

		if (strncmp(d->at[i].path, "/device/table", 13) == 0)
			tell_table(device, o);
		json_object_put(o);
	}
	tell(device, false, "true", "/device/forwarding/sids-complete");
	realise_device_sink.synced(bed.room, device, FORWARDING);
}

/* ---- what is said of it ---- */

static void count(void *arg, const struct slice_reach *row)
{
	struct seen *s = arg;

	if (row->source) {
		s->sources++;
		if (row->why[0])
			(void)str_copy(s->why, sizeof(s->why), row->why);
		return;
	}
	s->of[row->state]++;
	s->told += row->told;
	if (row->text[0])
		(void)str_copy(s->text, sizeof(s->text), row->text);
	if (row->state == SLICE_REACH_LEAK) {
		(void)str_copy(s->slice, sizeof(s->slice), row->at_slice);
		(void)str_copy(s->interface, sizeof(s->interface), row->at_interface);
	}
}

struct seen seen_of(const char *id)
{
	struct slice_steps steps = realise_steps(bed.room);
	struct seen s = { 0 };

	ck_assert_uint_gt(steps.reach(steps.ctx, id, count, &s), 0);
	return s;
}

unsigned alarms(const char *type)
{
	return bed_events(type);
}

struct standing {
	const char *type, *resource;
	unsigned n;
};

static void count_standing(void *arg, const struct bus_event *e)
{
	struct standing *s = arg;

	s->n += strcmp(e->type, s->type) == 0 && strcmp(e->resource, s->resource) == 0;
}

unsigned stands(const char *type, const char *resource)
{
	struct standing s = { type, resource, 0 };

	bus_alarms(bed.bus, count_standing, &s);
	return s.n;
}

unsigned table_of(const char *device, const char *slice)
{
	const struct realise_slice *s = realise_find(bed.room, slice);

	for (size_t i = 0; s && i < s->slots.n; i++) {
		if (strcmp(s->slots.at[i].device, device) == 0)
			return REALISE_TABLE_FIRST + s->slots.at[i].number;
	}
	ck_abort_msg("%s has no table on %s", slice, device);
	return 0;
}

/* The SID of a slice's table on r2. */
const char *sid_of(const char *slice)
{
	static char text[IP_TEXT_MAX];
	struct ip_addr sid;

	ck_assert(realise_service_sid(bed.room, slice, "g", "b", &sid));
	return ip_text(&sid, text, sizeof(text));
}

void up(const char *device)
{
	const struct device_info info = { .device = device, .kind = "agent" };

	realise_device_sink.up(bed.room, &info);
}

void two_customers(void)
{
	char name[8];

	bed_up();
	for (unsigned i = 1; i <= DEVICES; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		up(name);
	}
	bed_order("red", LINE("red", "eth1", "2001:db8"));
	bed_order("blue", LINE("blue", "eth2", "2001:db8"));
	bed_build("red");
	bed_build("blue");
	for (unsigned i = 1; i <= DEVICES; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		tell_all(name);
	}
	bed_run(LOOKS_MS);
}

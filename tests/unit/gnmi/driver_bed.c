/* SPDX-License-Identifier: Apache-2.0 */
#include "driver_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 9339 };

#define SEVERAL "\"segment-list\":[{\"index\":" /* as of an agent; other kinds have no state here */

struct driver_bed bed;

/* Lists that are not in what follows: an update alone would leave them there. */
static void tell_gone(const char *path, bool several)
{
	char at[512];

	(void)snprintf(at, sizeof(at), "%s/segment-list", path);
	target_tell_all(&bed.t, 1, at, NULL);
	(void)snprintf(at, sizeof(at), "%s/segment", path);
	if (several)
		target_tell_all(&bed.t, 1, at, NULL);
}

static void say_state(const char *path, const char *json, const char *status)
{
	char at[512], state[1024];
	const char *several = strstr(json, SEVERAL), *list = strstr(json, "\"segment\":");
	const char *end = several ? json + strlen(json) - 2 : list ? strchr(list, ']') : NULL;

	(void)snprintf(at, sizeof(at), "%s/state", path);
	list = several ? several : list; /* several are the last of it */
	if (strcmp(status, "in") == 0 && end)
		(void)snprintf(state, sizeof(state), "{\"status\":\"in\",\"active\":true,%.*s}",
			       (int)(end - list) + 1, list);
	else
		(void)snprintf(state, sizeof(state), "{\"status\":\"%s\",\"active\":true,\"reason\":\"no route\"}",
			       status);
	target_put(&bed.t, at, state);
	if (bed.mute)
		return;
	tell_gone(at, several != NULL);
	target_tell_all(&bed.t, 1, at, state);
}

static void changed(struct target *t, const char *path, const char *json)
{
	bed.told++;
	if (!bed.mute && json && strstr(path, "/policy["))
		tell_gone(path, strstr(json, SEVERAL) != NULL);
	if (!bed.mute)
		target_tell_all(t, 1, path, json);
	if (json && strstr(path, "/policy["))
		say_state(path, json, bed.status ? bed.status : "in");
}

void bed_there(const char *name, const char *json)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/sextant-device:device/policy[name=%s]", name);
	target_put(&bed.t, path, json);
	changed(&bed.t, path, json);
}

void bed_state(const char *name, const char *status)
{
	char path[256], json[1024];

	(void)snprintf(path, sizeof(path), "/sextant-device:device/policy[name=%s]", name);
	ck_assert_ptr_nonnull(target_has(&bed.t, path));
	(void)snprintf(json, sizeof(json), "%s", target_has(&bed.t, path));
	say_state(path, json, status);
}

void bed_target_up(void)
{
	struct rpc_server_cfg sc = { .port = PORT };

	ck_assert_int_eq(ip_parse("::1", &sc.addr), 0);
	target_up(&bed.t, bed.rpc, &sc);
}

void bed_target_down(void)
{
	bed.t.server = rpc_server_free(bed.t.server);
	bed.t.stream = NULL;
	for (size_t i = 0; i < TARGET_STREAMS; i++) {
		free(bed.t.streams[i].path);
		bed.t.streams[i].call = NULL;
		bed.t.streams[i].path = NULL;
	}
}

void bed_up(struct loop *loop)
{
	bed = (struct driver_bed){ .loop = loop };
	bed.t = (struct target){ .models = { "sextant-device" }, .changed = changed };
	ck_assert_int_eq(rpc_fake_new(&bed.rpc, loop, NS_PER_US, NS_PER_MS), 0);
	ck_assert_int_eq(ip_parse("fd5e::1", &bed.headend), 0);
	target_put(&bed.t, "/sextant-device:device/maximum-segments", "10");
	bed_target_up();
}

bool bed_run(const unsigned *n, unsigned want, unsigned s)
{
	struct mono limit = mono_add(loop_now(bed.loop), s * NS_PER_S);

	while (*n < want && loop_fake_step(bed.loop, limit))
		;
	return *n >= want;
}

void bed_run_for(unsigned s)
{
	const unsigned never = 0;

	(void)bed_run(&never, 1, s);
}

static const struct device_sink deaf = { 0 };

void bed_controller_up(const char *kind, const struct driver_sink *sink, void *arg)
{
	struct gnmi_device_cfg dc = { .name = "r1", .port = PORT, .kind = kind };
	struct gnmi_cfg cfg = { 0 };
	struct device_port below, port;

	ck_assert_int_eq(gnmi_new(&bed.g, bed.loop, bed.rpc, NULL, &cfg), 0);
	below = gnmi_port(bed.g);
	ck_assert_int_eq(device_hub_new(&bed.hub, &below, 3), 0);
	gnmi_sink(bed.g, &device_hub_sink, bed.hub);
	ck_assert_int_eq(gnmi_driver_new(&bed.drv, bed.loop, NULL, sink, arg), 0);
	ck_assert_int_eq(device_hub_join(bed.hub, &deaf, NULL, &bed.other), 0);
	ck_assert_int_eq(device_hub_join(bed.hub, &gnmi_driver_devices, bed.drv, &port), 0);
	gnmi_driver_port(bed.drv, &port);
	bed.driver = gnmi_driver_driver(bed.drv);
	ck_assert_int_eq(ip_parse("::1", &dc.addr), 0);
	ck_assert_int_eq(gnmi_device_set(bed.g, &dc), 0);
	ck_assert_int_eq(gnmi_driver_headend_set(bed.drv, "r1", &bed.headend), 0);
}

void bed_controller_down(void)
{
	bed.g = gnmi_free(bed.g);
	bed.hub = device_hub_free(bed.hub);
	bed.drv = gnmi_driver_free(bed.drv);
}

void bed_down(void)
{
	bed_controller_down();
	target_down(&bed.t);
	rpc_free(bed.rpc);
}

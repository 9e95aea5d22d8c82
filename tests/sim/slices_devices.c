/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on the devices, judged by what was ordered: an end of a slice is a table with its customer's
 * interface, a service SID that no other has, a route to the other end by that end's SID and a policy that
 * the headend has, whose packets arrive there; a filter of sources; a policer where no queue holds the rate.
 * The partition is a queue on every interface of a link and SIDs of its own. There is nothing else.
 */
#include "slices.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { SIDS_MAX = 2 * SLICES, NAME_MAX_ = 24 };

/* A customer's end of a slice. */
struct end {
	const struct tenant *t;
	uint32_t router, other;
	char name[NAME_MAX_], other_name[NAME_MAX_]; /* of interfaces */
	char prefix[IP_PREFIX_TEXT_MAX], other_prefix[IP_PREFIX_TEXT_MAX];
};

static struct json_object *boxes[ROUTERS_MAX]; /* of every router, what is configured */

/* ---- reading ---- */

static const char *name_of(uint32_t router)
{
	return sim.topo.routers.at[router].name;
}

static void read_all(void)
{
	for (uint32_t r = 0; r < sim.topo.routers.n; r++) {
		char *text = sim_target_config(sim.targets, r);
		struct json_object *all = text ? json_tokener_parse(text) : NULL, *device = NULL;

		if (!all)
			fail("%s cannot tell what is configured", name_of(r));
		(void)json_object_object_get_ex(all, "sextant-device:device", &device);
		boxes[r] = device ? json_object_get(device) : json_object_new_object();
		json_object_put(all);
		free(text);
	}
}

static void free_all(void)
{
	for (uint32_t r = 0; r < sim.topo.routers.n; r++)
		json_object_put(boxes[r]);
}

static size_t count(struct json_object *o, const char *list)
{
	struct json_object *a = json_object_object_get(o, list);

	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

static struct json_object *entry(struct json_object *o, const char *list, size_t i)
{
	return json_object_array_get_idx(json_object_object_get(o, list), i);
}

static const char *leaf(struct json_object *o, const char *name)
{
	const char *s = json_object_get_string(json_object_object_get(o, name));

	return s ? s : "";
}

/* The one element of a leaf-list, "" when it is not one. */
static const char *only(struct json_object *o, const char *name)
{
	return count(o, name) == 1 ? json_object_get_string(entry(o, name, 0)) : "";
}

/* The one entry whose leaf is this. */
static struct json_object *one(const struct end *e, struct json_object *o, const char *list, const char *key,
			       const char *value)
{
	struct json_object *found = NULL;

	for (size_t i = 0; i < count(o, list); i++) {
		struct json_object *n = entry(o, list, i);
		bool same = strcmp(leaf(n, key), value) == 0 || strcmp(only(n, key), value) == 0;

		if (same && found)
			fail("%s has two of %s %s for %s", name_of(e->router), list, value, e->t->id);
		if (same)
			found = n;
	}
	if (!found)
		fail("%s has no %s %s for %s", name_of(e->router), list, value, e->t->id);
	return found;
}

/* ---- an end of a slice ---- */

static struct end end_of(const struct tenant *t, bool back)
{
	const char side = back ? 'b' : 'a', other = back ? 'a' : 'b';
	struct end e = { .t = t, .router = back ? t->to : t->from, .other = back ? t->from : t->to };
	const unsigned k = (unsigned)strtoul(t->id + 1, NULL, 10);

	(void)snprintf(e.name, sizeof(e.name), "%s%c", t->id, side);
	(void)snprintf(e.other_name, sizeof(e.other_name), "%s%c", t->id, other);
	(void)snprintf(e.prefix, sizeof(e.prefix), "2001:db8:%x:%c::/64", k, side);
	(void)snprintf(e.other_prefix, sizeof(e.other_prefix), "2001:db8:%x:%c::/64", k, other);
	return e;
}

static struct json_object *table_of(const struct end *e, uint32_t router, const char *interface)
{
	return one(e, boxes[router], "table", "interface", interface);
}

static struct ip_addr address(const char *text)
{
	struct ip_addr a;

	if (ip_parse(text, &a) < 0)
		fail("%s is no address", text);
	return a;
}

/* A packet of its customer comes out in the other end's table. */
static void arrives(const struct end *e, struct json_object *route, const char *service)
{
	struct json_object *policy = json_object_object_get(route, "policy");
	struct sr_policy_key key = { .headend = sim_loopback(&sim.topo, e->router),
				     .color = (uint32_t)json_object_get_int64(json_object_object_get(policy, "color")),
				     .endpoint = address(leaf(policy, "endpoint")) };
	const struct lsp *l = lsp_of(&key);
	struct ip_addr sids[SR_SEGS_MAX + 1];
	struct ip_prefix block;
	struct sim_walk w;
	unsigned n;

	if (!l)
		fail("%s: packets of %s are led into %s, which is not there", name_of(e->router), e->t->id, key_text(&key));
	for (n = 0; n < l->st.list.n; n++)
		sids[n] = l->st.list.at[n].sid;
	sids[n++] = address(service);
	sim_walk(sim.paths, e->router, sids, n, &w, NULL);
	if (!w.ok || w.end != e->other || w.n == 0 || !ip_eq(&w.step[w.n - 1].da, &sids[n - 1]))
		fail("%s: packets of %s do not come out at %s: %s", name_of(e->router), e->t->id, name_of(e->other), w.why);
	if (ip_prefix_parse(GOLD_BLOCK, &block) < 0)
		fail("no block");
	for (unsigned i = 0; i < n; i++)
		if (ip_prefix_has(&block, &sids[i]) != e->t->gold)
			fail("%s: packets of %s are%s in the partition", name_of(e->router), e->t->id,
			     e->t->gold ? " not" : "");
}

static void check_end(const struct end *e, const char *taken[SIDS_MAX], unsigned *n_taken)
{
	struct json_object *table = table_of(e, e->router, e->name), *route, *p;
	struct json_object *there = table_of(e, e->other, e->other_name);
	const char *sid = only(table, "sid"), *service = only(there, "sid");

	for (unsigned k = 0; k < *n_taken; k++)
		if (strcmp(taken[k], sid) == 0)
			fail("%s: %s of %s is another's too", name_of(e->router), sid, e->t->id);
	taken[(*n_taken)++] = sid;
	route = one(e, table, "route", "prefix", e->prefix);
	if (strcmp(leaf(route, "interface"), e->name) != 0 || count(table, "route") != 2)
		fail("%s: the table of %s has other routes", name_of(e->router), e->t->id);
	route = one(e, table, "route", "prefix", e->other_prefix);
	if (!sid[0] || strcmp(only(route, "segment"), service) != 0)
		fail("%s: the route of %s has not the SID of the other end", name_of(e->router), e->t->id);
	(void)one(e, boxes[e->router], "source-filter", "interface", e->name);
	if (!e->t->gold) {
		p = one(e, boxes[e->router], "policer", "interface", e->name);
		if (strtoull(leaf(p, "rate"), NULL, 10) != e->t->bps)
			fail("%s: %s is policed to %s", name_of(e->router), e->t->id, leaf(p, "rate"));
	}
	if (e->t->flows)
		arrives(e, route, service);
}

/* ---- the partition ---- */

static uint32_t degree(uint32_t router)
{
	return sim.topo.start[router + 1] - sim.topo.start[router];
}

static void check_partition(uint32_t r)
{
	const struct end nobody = { .t = &(const struct tenant){ .id = "gold" }, .router = r };
	char name[16], prefix[IP_PREFIX_TEXT_MAX];
	struct json_object *o;

	for (uint32_t k = 0; k < degree(r); k++) {
		(void)snprintf(name, sizeof(name), "eth%u", k);
		o = one(&nobody, boxes[r], "link", "name", name);
		o = one(&nobody, o, "nrp", "id", "7");
		if (strtoull(leaf(o, "rate"), NULL, 10) != GOLD_BPS || strcmp(only(o, "sid-block"), GOLD_BLOCK) != 0)
			fail("%s: the queue of %s is %s", name_of(r), name, json_object_get_string(o));
	}
	(void)snprintf(prefix, sizeof(prefix), "fd5e:64:%x::/48", r + 1);
	o = one(&nobody, boxes[r], "locator", "prefix", prefix);
	if (count(o, "adjacency") != degree(r))
		fail("%s has %zu adjacencies in the partition", name_of(r), count(o, "adjacency"));
}

/* ---- all of it ---- */

/* So many of each, and nothing that has another name. */
static void check_counts(uint32_t r, size_t ends, size_t policed, bool partition)
{
	const struct {
		const char *list;
		size_t n;
	} want[] = { { "table", ends }, { "source-filter", ends }, { "policer", policed },
		     { "link", partition ? degree(r) : 0 }, { "locator", partition ? 1 : 0 } };
	size_t members = 0;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		members += count(boxes[r], want[i].list) > 0;
		if (count(boxes[r], want[i].list) != want[i].n)
			fail("%s has %zu of %s, %zu are needed: %s", name_of(r), count(boxes[r], want[i].list),
			     want[i].list, want[i].n, json_object_get_string(boxes[r]));
	}
	if ((size_t)json_object_object_length(boxes[r]) != members)
		fail("%s has what nobody ordered: %s", name_of(r), json_object_get_string(boxes[r]));
}

void check_devices(const struct tenant *t, bool partition)
{
	size_t ends[ROUTERS_MAX] = { 0 }, policed[ROUTERS_MAX] = { 0 };
	const char *taken[SIDS_MAX];
	unsigned n_taken = 0;

	read_all();
	for (unsigned k = 0; k < 2 * SLICES; k++) {
		const struct end e = end_of(&t[k / 2], k % 2);

		if (!e.t->stands)
			continue;
		ends[e.router]++;
		policed[e.router] += !e.t->gold;
		check_end(&e, taken, &n_taken);
	}
	for (uint32_t r = 0; r < sim.topo.routers.n; r++) {
		check_counts(r, ends[r], policed[r], partition);
		if (partition)
			check_partition(r);
	}
	free_all();
}

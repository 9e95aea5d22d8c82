/* SPDX-License-Identifier: Apache-2.0 */
#include "core/device_hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"

struct user {
	struct device_hub *hub;
	const struct device_sink *sink;
	void *arg;
};

/* Whose a transaction or a watch is: the southbound never gives one number twice at a time. */
struct claim {
	struct hash_node node;
	uint32_t id;
	struct user *user;
	char device[DEVICE_NAME_MAX]; /* of a watch; "" of a transaction */
};

struct device_hub {
	struct device_port below;
	struct hash claims;
	size_t n_users;
	struct user users[DEVICE_USERS_MAX];
};

static bool claim_eq(const struct hash_node *n, const void *key)
{
	return HASH_OF(n, struct claim, node)->id == *(const uint32_t *)key;
}

static struct claim *claim_of(const struct device_hub *h, uint32_t id)
{
	struct hash_node *n = hash_get(&h->claims, &id, sizeof(id), &id);

	return n ? HASH_OF(n, struct claim, node) : NULL;
}

static void claim_drop(struct device_hub *h, struct claim *c)
{
	hash_del(&h->claims, &c->node);
	free(c);
}

/* ---- down ---- */

static int take(struct user *u, struct claim *c, uint32_t id, const char *device)
{
	c->id = id;
	c->user = u;
	(void)str_copy(c->device, sizeof(c->device), device);
	return hash_put(&u->hub->claims, &c->id, sizeof(c->id), &c->node);
}

/* Memory comes first: what was sent cannot be taken back. */
static int hub_set(void *self, const char *device, const struct device_change *changes, size_t n,
		   uint32_t *txn)
{
	struct user *u = self;
	struct claim *c = calloc(1, sizeof(*c));
	int r = c ? u->hub->below.set(u->hub->below.self, device, changes, n, txn) : DEVICE_E_FULL;

	if (r == 0 && take(u, c, *txn, "") == 0)
		return 0;
	free(c);
	return r == 0 ? DEVICE_E_FULL : r;
}

static int hub_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	struct user *u = self;
	struct device_hub *h = u->hub;
	struct claim *c = calloc(1, sizeof(*c));
	int r = c ? h->below.watch(h->below.self, device, w, watch) : DEVICE_E_FULL;

	if (r == 0 && take(u, c, *watch, device) == 0)
		return 0;
	if (r == 0)
		h->below.unwatch(h->below.self, device, *watch);
	free(c);
	return r == 0 ? DEVICE_E_FULL : r;
}

static void hub_unwatch(void *self, const char *device, uint32_t watch)
{
	struct user *u = self;
	struct claim *c = claim_of(u->hub, watch);

	if (!c || c->user != u)
		return;
	u->hub->below.unwatch(u->hub->below.self, device, watch);
	claim_drop(u->hub, c);
}

static void hub_forget(void *self, const char *device, const char *path)
{
	struct user *u = self;

	u->hub->below.forget(u->hub->below.self, device, path);
}

static bool hub_has(void *self, const char *device)
{
	struct user *u = self;

	return u->hub->below.has(u->hub->below.self, device);
}

/* ---- up ---- */

#define TELL_ALL(h, fn, ...)                                                                       \
	for (size_t i_ = 0; i_ < (h)->n_users; i_++)                                               \
		if ((h)->users[i_].sink->fn)                                                       \
	(h)->users[i_].sink->fn((h)->users[i_].arg, __VA_ARGS__)

static void on_up(void *arg, const struct device_info *info)
{
	struct device_hub *h = arg;

	TELL_ALL(h, up, info);
}

static void on_down(void *arg, const char *device, const char *why)
{
	struct device_hub *h = arg;

	TELL_ALL(h, down, device, why);
}

/* Its transactions have ended, its watches end with it. */
static void on_gone(void *arg, const char *device)
{
	struct device_hub *h = arg;

	HASH_EACH(n, &h->claims)
		if (strcmp(HASH_OF(n, struct claim, node)->device, device) == 0)
			claim_drop(h, HASH_OF(n, struct claim, node));
	TELL_ALL(h, gone, device);
}

static void on_drift(void *arg, const struct device_drift *d)
{
	struct device_hub *h = arg;

	TELL_ALL(h, drift, d);
}

static void on_result(void *arg, const struct device_result *r)
{
	struct device_hub *h = arg;
	struct claim *c = claim_of(h, r->txn);
	struct user *u = c ? c->user : NULL;

	if (!c)
		return;
	claim_drop(h, c);
	if (u->sink->result)
		u->sink->result(u->arg, r);
}

static void on_sample(void *arg, const struct device_sample *s)
{
	const struct claim *c = claim_of(arg, s->watch);

	if (c && c->user->sink->sample)
		c->user->sink->sample(c->user->arg, s);
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	const struct claim *c = claim_of(arg, watch);

	if (c && c->user->sink->synced)
		c->user->sink->synced(c->user->arg, device, watch);
}

static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	const struct claim *c = claim_of(arg, watch);

	if (c && c->user->sink->gap)
		c->user->sink->gap(c->user->arg, device, watch, why);
}

const struct device_sink device_hub_sink = {
	.up = on_up,
	.down = on_down,
	.gone = on_gone,
	.result = on_result,
	.sample = on_sample,
	.synced = on_synced,
	.gap = on_gap,
	.drift = on_drift,
};

/* ---- life ---- */

int device_hub_new(struct device_hub **outp, const struct device_port *below, uint64_t seed)
{
	struct device_hub *h = calloc(1, sizeof(*h));

	if (!h)
		return err_raise(-ENOMEM);
	h->below = *below;
	hash_init(&h->claims, seed, claim_eq);
	*outp = h;
	return 0;
}

struct device_hub *device_hub_free(struct device_hub *h)
{
	if (!h)
		return NULL;
	HASH_EACH(n, &h->claims)
		claim_drop(h, HASH_OF(n, struct claim, node));
	hash_fini(&h->claims);
	free(h);
	return NULL;
}

int device_hub_join(struct device_hub *h, const struct device_sink *sink, void *arg,
		    struct device_port *port)
{
	struct user *u;

	if (h->n_users == DEVICE_USERS_MAX)
		return err_raise(-ENOSPC);
	u = &h->users[h->n_users++];
	*u = (struct user){ .hub = h, .sink = sink, .arg = arg };
	*port = (struct device_port){ .self = u, .set = hub_set, .watch = hub_watch,
				      .unwatch = hub_unwatch, .forget = hub_forget, .has = hub_has };
	return 0;
}

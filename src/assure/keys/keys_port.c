/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others set passes through here: a session gets the key of the reflector it asks, a reflector
 * its own, and the device is given the keys first. A session whose key is not known is not set at
 * all: without one it would tell of a path that nobody is on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/keys/keys_priv.h"

#define CHANGING_S 60 /* so long after a new epoch others may have the one before */

struct keys_session *keys_session_of(struct keys_device *d, const char *name, bool make)
{
	struct keys_session s = { .to = { .family = IP_NONE } };

	for (size_t i = 0; i < d->sessions.n; i++)
		if (strcmp(d->sessions.at[i].name, name) == 0)
			return &d->sessions.at[i];
	if (!make || d->sessions.n >= KEYS_SESSIONS_MAX || !str_copy(s.name, sizeof(s.name), name))
		return NULL;
	return VEC_ADD(&d->sessions, s);
}

struct keys_entry *keys_entry_of(struct keys_device *d, const char *name, bool make)
{
	struct keys_entry e = { .since = loop_now(d->k->parts.loop) };

	for (size_t i = 0; i < d->entries.n; i++)
		if (strcmp(d->entries.at[i].name, name) == 0)
			return &d->entries.at[i];
	if (!make || d->entries.n >= KEYS_ENTRIES_MAX || !str_copy(e.name, sizeof(e.name), name))
		return NULL;
	return VEC_ADD(&d->entries, e);
}

/* ---- which key ---- */

struct keys_device *keys_device_at(struct keys *k, const struct ip_addr *a, bool *known)
{
	uint32_t node = TED_NONE, link;
	const char *name;

	if (k->ted && a->family != IP_NONE) {
		node = ted_node_by_addr(k->ted, a);
		link = node == TED_NONE ? ted_link_by_addr(k->ted, a) : TED_NONE;
		node = link == TED_NONE ? node : k->ted->links[link].from;
	}
	*known = node != TED_NONE;
	if (!*known)
		return NULL;
	name = ted_node_label(k->ted, node);
	return k->port.has(k->port.self, name) ? keys_device_get(k, name) : NULL;
}

bool keys_changing(const struct keys *k)
{
	uint64_t now_s = loop_wall_ns(k->parts.loop) / NS_PER_S;

	return k->epoch > 1 && now_s >= k->since_s && now_s - k->since_s < CHANGING_S;
}

void keys_of_reflector(const struct keys_device *d, char key[KEYS_NAME_MAX], char before[KEYS_NAME_MAX])
{
	const struct keys *k = d->k;

	keys_name(k, d->name, k->epoch, key);
	before[0] = '\0';
	if (d->sure[0] && keys_is_ours(k, d->sure) && strcmp(d->sure, key) != 0)
		(void)str_copy(before, KEYS_NAME_MAX, d->sure);
	else if (d->before[0])
		(void)str_copy(before, KEYS_NAME_MAX, d->before);
	else if (keys_changing(k) && strcmp(d->sure, key) != 0)
		keys_name(k, d->name, k->epoch - 1, before);
}

void keys_of_sender(const struct keys_device *d, char out[KEYS_NAME_MAX])
{
	const struct keys *k = d->k;

	if (d->sure[0] && keys_is_ours(k, d->sure))
		(void)str_copy(out, KEYS_NAME_MAX, d->sure);
	else
		keys_name(k, d->name, keys_changing(k) ? k->epoch - 1 : k->epoch, out);
}

bool keys_give(struct keys_device *d, const char *name)
{
	struct keys *k = d->k;
	struct keys_entry *e = keys_entry_of(d, name, true);
	char path[sizeof(KEYS_KEY) + KEYS_NAME_MAX + 1], secret[KEYS_SECRET_MAX], json[KEYS_SECRET_MAX + 16];
	const struct device_change c = { DEVICE_UPDATE, path, json };

	if (!e)
		return false;
	e->since = loop_now(k->parts.loop);
	if (e->there && !e->going)
		return true;
	(void)snprintf(path, sizeof(path), KEYS_KEY "%s]", name);
	keys_secret(k, name, secret);
	(void)snprintf(json, sizeof(json), "{\"secret\":\"%s\"}", secret);
	e->there = k->port.set(k->port.self, d->name, &c, 1, &e->txn) == 0;
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(json, sizeof(json));
	return e->there;
}

/* ---- what others say ---- */

/* One change with the keys it gets. */
struct keyed {
	struct str json;
	char session[KEYS_OBJECT_MAX]; /* "": it is of none */
	bool reflector;
	char key[KEYS_NAME_MAX], before[KEYS_NAME_MAX];
	struct ip_addr to;
};

static bool session_name(const char *path, char out[KEYS_OBJECT_MAX])
{
	size_t head = strlen(KEYS_SESSION), len;

	if (strncmp(path, KEYS_SESSION, head) != 0)
		return false;
	len = strcspn(path + head, "]");
	if (strcmp(path + head + len, "]") != 0 || len >= KEYS_OBJECT_MAX)
		return false;
	memcpy(out, path + head, len);
	out[len] = '\0';
	return true;
}

/* The documents are those of our own rooms: flat where the address is. */
static bool reflector_of(const char *json, struct ip_addr *out)
{
	static const char leaf[] = "\"reflector\":\"";
	const char *at = strstr(json, leaf), *end = at ? strchr(at + strlen(leaf), '"') : NULL;
	char text[IP_TEXT_MAX];

	if (!end || (size_t)(end - at) - strlen(leaf) >= sizeof(text))
		return false;
	at += strlen(leaf);
	memcpy(text, at, (size_t)(end - at));
	text[end - at] = '\0';
	return ip_parse(text, out) == 0;
}

static bool session_key(struct keys *k, struct keyed *x)
{
	struct keys_device *to;
	bool known;

	if (x->to.family == IP_NONE)
		return true; /* the device will say what is wrong with it */
	to = keys_device_at(k, &x->to, &known);
	if (to && !to->other)
		keys_of_sender(to, x->key);
	return known;
}

/* Keys are on their way out: what the reflector does not answer without yet is sent with one. */
static void leaving(struct keys *k, struct keyed *x)
{
	struct keys_device *to;
	bool known;

	to = x->to.family != IP_NONE ? keys_device_at(k, &x->to, &known) : NULL;
	if (to && !to->other && to->reflects && keys_is_ours(k, to->sure) && !(to->bare && !to->unsure))
		(void)str_copy(x->key, sizeof(x->key), to->sure);
}

/* False: it cannot be set now. */
static bool keyed(struct keys_device *d, const struct device_change *in, struct device_change *out, struct keyed *x)
{
	struct keys *k = d->k;
	const char *body = in->json;

	*out = *in;
	x->reflector = strcmp(in->path, KEYS_REFLECTOR) == 0;
	if (!session_name(in->path, x->session) && !x->reflector)
		return true;
	if (in->op == DEVICE_DELETE || !body || body[0] != '{')
		return true;
	if (x->session[0])
		(void)reflector_of(body, &x->to);
	if (!k->cfg.on && !d->other && x->session[0])
		leaving(k, x);
	if ((!k->cfg.on && !x->key[0]) || d->other)
		return true;
	if (k->epoch == 0 || (x->session[0] && !x->key[0] && !session_key(k, x)))
		return false;
	if (x->reflector)
		keys_of_reflector(d, x->key, x->before);
	if (!x->key[0])
		return true;
	if (!keys_give(d, x->key) || (x->before[0] && !keys_give(d, x->before)))
		return false;
	str_addf(&x->json, "{\"key\":\"%s\",", x->key);
	if (x->before[0])
		str_addf(&x->json, "\"previous-key\":\"%s\",", x->before);
	str_add(&x->json, body + 1);
	out->json = str_text(&x->json);
	return !x->json.bad;
}

static void note(struct keys_device *d, const struct device_change *c, const struct keyed *x)
{
	bool gone = c->op == DEVICE_DELETE;
	struct keys_session *s = x->session[0] ? keys_session_of(d, x->session, !gone) : NULL;

	if (x->reflector) {
		d->reflects = !gone;
		/* off: what it has goes when no session needs it */
		if (d->k->cfg.on || gone) {
			(void)str_copy(d->given, sizeof(d->given), x->key);
			(void)str_copy(d->before, sizeof(d->before), x->before);
		}
		d->unsure = true;
		if (gone) {
			d->sure[0] = '\0';
			d->bare = false;
		}
	} else if (s && gone) {
		*s = d->sessions.at[--d->sessions.n];
	} else if (s) {
		(void)str_copy(s->key, sizeof(s->key), x->key);
		s->to = x->to;
		s->changing = false;
	}
	if (x->reflector || x->session[0])
		keys_look_soon(d->k);
}

static int port_set(void *self, const char *device, const struct device_change *changes, size_t n, uint32_t *txn)
{
	struct keys_user *u = self;
	struct keys *k = u->k;
	struct device_change out[DEVICE_CHANGES_MAX];
	struct keys_device *d = k->has_port && k->port.has(k->port.self, device) ? keys_device_get(k, device) : NULL;
	AUTO_FREE struct keyed *x = d && n <= DEVICE_CHANGES_MAX ? calloc(n + 1, sizeof(*x)) : NULL;
	int r = 0;

	if (!x)
		return u->below.set(u->below.self, device, changes, n, txn);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = keyed(d, &changes[i], &out[i], &x[i]) ? 0 : DEVICE_E_FULL;
	if (r == 0)
		r = u->below.set(u->below.self, device, out, n, txn);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			note(d, &changes[i], &x[i]);
		str_fini(&x[i].json);
	}
	return r;
}

static int port_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	struct keys_user *u = self;

	return u->below.watch(u->below.self, device, w, watch);
}

static void port_unwatch(void *self, const char *device, uint32_t watch)
{
	struct keys_user *u = self;

	u->below.unwatch(u->below.self, device, watch);
}

static void port_forget(void *self, const char *device, const char *path)
{
	struct keys_user *u = self;

	u->below.forget(u->below.self, device, path);
}

static bool port_has(void *self, const char *device)
{
	struct keys_user *u = self;

	return u->below.has(u->below.self, device);
}

int keys_wrap(struct keys *k, struct device_port *port)
{
	struct keys_user *u;

	if (k->n_users == DEVICE_USERS_MAX)
		return -ENOSPC;
	u = &k->users[k->n_users++];
	*u = (struct keys_user){ .k = k, .below = *port };
	*port = (struct device_port){ .self = u, .set = port_set, .watch = port_watch, .unwatch = port_unwatch,
				      .forget = port_forget, .has = port_has };
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One master, random and durable, of which the key of a reflector follows with its name and an epoch:
 * so nothing has to be kept for each device, and who comes after us has the same keys. A new epoch
 * replaces all of them; it is durable before it is used. Secrets are never logged or told.
 */
#include "assure/keys/keys.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "assure/keys/keys_priv.h"
#include "base/err.h"
#include "log/log.h"

#define BUCKET "probe-keys"
#define LOOK_NS (50 * NS_PER_MS) /* changes that come together are looked at together */
#define TICK_NS NS_PER_S

enum { RECORD_MAX = 128, HEX_NAME = 8 };

/* ---- names and secrets ---- */

static void hex(const uint8_t *in, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", in[i]);
}

void keys_name(const struct keys *k, const char *device, uint32_t epoch, char out[KEYS_NAME_MAX])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char of[2 * HEX_NAME + 1];

	(void)SHA256((const uint8_t *)device, strlen(device), digest);
	hex(digest, HEX_NAME, of);
	(void)snprintf(out, KEYS_NAME_MAX, KEYS_PREFIX "%s-%u-%s", k->id, epoch, of);
}

bool keys_is_ours(const struct keys *k, const char *name)
{
	size_t len = strlen(KEYS_PREFIX);

	return k->epoch > 0 && strncmp(name, KEYS_PREFIX, len) == 0 && strncmp(name + len, k->id, strlen(k->id)) == 0;
}

void keys_secret(const struct keys *k, const char *name, char out[KEYS_SECRET_MAX])
{
	uint8_t mac[EVP_MAX_MD_SIZE];

	(void)HMAC(EVP_sha256(), k->master, KEYS_MASTER, (const uint8_t *)name, strlen(name), mac, NULL);
	hex(mac, SHA256_DIGEST_LENGTH, out);
	explicit_bzero(mac, sizeof(mac));
}

bool keys_fingerprint_is(const struct keys *k, const char *name, const char *text)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char secret[KEYS_SECRET_MAX], is[2 * HEX_NAME + 1];

	keys_secret(k, name, secret);
	(void)SHA256((const uint8_t *)secret, strlen(secret), digest);
	explicit_bzero(secret, sizeof(secret));
	hex(digest, HEX_NAME, is);
	return strcmp(is, text) == 0;
}

/* ---- what is durable ---- */

static void id_of(struct keys *k)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)SHA256(k->master, KEYS_MASTER, digest);
	hex(digest, 4, k->id);
}

static void on_saved(void *arg, int r)
{
	struct keys *k = arg;
	char body[64];

	k->saving = false;
	if (r < 0) {
		log_event("", LOG_WARN, "assure.keys.store", "error=%s", err_text(r));
		k->save_at = mono_add(loop_now(k->parts.loop), 10 * NS_PER_S);
		return;
	}
	memcpy(k->master, k->next_master, KEYS_MASTER);
	k->epoch = k->next_epoch;
	k->since_s = k->next_since_s;
	id_of(k);
	metric_add(k->m_replaced, 1);
	(void)snprintf(body, sizeof(body), "\"what\":\"%s\",\"epoch\":%u", k->epoch == 1 ? "made" : "replaced", k->epoch);
	bus_publish(k->parts.bus, loop_wall_ns(k->parts.loop), BUS_INFO, "probe-keys", "assurance/keys", body);
	keys_look_soon(k);
}

static void save(struct keys *k)
{
	char record[RECORD_MAX], master[2 * KEYS_MASTER + 1];
	struct store_op op = { BUCKET, "master", record, 0 };

	hex(k->next_master, KEYS_MASTER, master);
	op.len = (size_t)snprintf(record, sizeof(record), "1 %s %u %llu", master, k->next_epoch,
				  (unsigned long long)k->next_since_s);
	k->saving = store_write(k->parts.store, &op, 1, on_saved, k) == 0;
	explicit_bzero(record, sizeof(record));
	explicit_bzero(master, sizeof(master));
	if (!k->saving)
		k->save_at = mono_add(loop_now(k->parts.loop), NS_PER_S);
}

/* Random numbers for secrets come from the kernel; those of a simulation are to be the same again. */
static bool master_make(struct keys *k)
{
	if (!loop_is_fake(k->parts.loop))
		return getrandom(k->next_master, KEYS_MASTER, 0) == KEYS_MASTER;
	for (size_t i = 0; i < KEYS_MASTER; i++)
		k->next_master[i] = (uint8_t)loop_random(k->parts.loop);
	return true;
}

/* The first, or the next when this one's time is over. By the wall clock, for it goes on when we do not;
 * one that is set back begins the time anew. */
static void epochs(struct keys *k)
{
	uint64_t now_s = loop_wall_ns(k->parts.loop) / NS_PER_S;

	if (!k->cfg.on || k->saving || mono_before(loop_now(k->parts.loop), k->save_at))
		return;
	if (now_s < k->since_s)
		k->since_s = now_s;
	if (k->epoch == 0) {
		if (!master_make(k))
			return;
		k->next_epoch = 1;
	} else if (k->cfg.lifetime_ns > 0 && now_s - k->since_s >= k->cfg.lifetime_ns / NS_PER_S && k->epoch < UINT32_MAX) {
		memcpy(k->next_master, k->master, KEYS_MASTER);
		k->next_epoch = k->epoch + 1;
	} else {
		return;
	}
	k->next_since_s = now_s;
	save(k);
}

static bool unhex(const char *in, size_t len, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		const char *at = in[i] ? strchr(digits, in[i]) : NULL;

		if (!at)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (at - digits));
	}
	return true;
}

/* Ours, yet a disk may hold anything: then there are new keys. */
static int on_record(void *arg, const char *key, const void *value, size_t len)
{
	struct keys *k = arg;
	char record[RECORD_MAX], master[2 * KEYS_MASTER + 1];
	unsigned long long since = 0;
	unsigned version = 0, epoch = 0;
	bool good = strcmp(key, "master") == 0 && len < sizeof(record);

	if (good) {
		memcpy(record, value, len);
		record[len] = '\0';
		good = sscanf(record, "%u %64s %u %llu", &version, master, &epoch, &since) == 4 && version == 1 && epoch > 0 &&
		       strlen(master) == 2 * KEYS_MASTER && unhex(master, 2 * KEYS_MASTER, k->master);
		explicit_bzero(record, sizeof(record));
		explicit_bzero(master, sizeof(master));
	}
	if (!good) {
		log_event("", LOG_ERROR, "assure.keys.record", "msg=\"a record makes no sense: there are new keys\"");
		return 0;
	}
	k->epoch = epoch;
	k->since_s = since;
	id_of(k);
	return 0;
}

int keys_load(struct keys *k)
{
	return err_trace(store_each(k->parts.store, BUCKET, on_record, k));
}

/* ---- devices ---- */

static bool device_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct keys_device, by_name)->name, key) == 0;
}

struct keys_device *keys_device_of(const struct keys *k, const char *name)
{
	struct hash_node *n = hash_get(&k->devices, name, strlen(name), name);

	return n ? HASH_OF(n, struct keys_device, by_name) : NULL;
}

struct keys_device *keys_device_get(struct keys *k, const char *name)
{
	struct keys_device *d = keys_device_of(k, name);

	if (d || strlen(name) >= DEVICE_NAME_MAX)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->k = k;
	(void)str_copy(d->name, sizeof(d->name), name);
	if (hash_put(&k->devices, d->name, strlen(d->name), &d->by_name) < 0) {
		free(d);
		return NULL;
	}
	return d;
}

static void device_free(struct keys_device *d)
{
	hash_del(&d->k->devices, &d->by_name);
	VEC_FINI(&d->sessions);
	VEC_FINI(&d->entries);
	free(d);
}

/* Nobody knows what it has. */
static void doubt(struct keys_device *d)
{
	for (size_t i = 0; i < d->entries.n; i++)
		keys_doubt(&d->entries.at[i]);
	d->unsure = true;
	d->txn = 0;
	d->retry_at = (struct mono){ 0 };
	keys_look_soon(d->k);
}

/* ---- the sink ---- */

static void on_up(void *arg, const struct device_info *info)
{
	struct keys *k = arg;
	struct keys_device *d = k->has_port ? keys_device_get(k, info->device) : NULL;
	const struct device_watch w = { .path = KEYS_STAMP "/key", .on_change = true, .interval_ns = NS_PER_S };

	if (!d)
		return;
	d->up = true;
	d->agent = strcmp(info->kind, "agent") == 0;
	d->other = !d->agent;
	doubt(d);
	/* also to find what a life before has left */
	if (d->agent && !d->watch && k->port.watch(k->port.self, d->name, &w, &d->watch) != 0)
		d->watch = 0;
}

static void on_down(void *arg, const char *device, const char *why)
{
	struct keys_device *d = keys_device_of(arg, device);

	(void)why;
	if (d)
		d->up = false;
}

static void on_gone(void *arg, const char *device)
{
	struct keys_device *d = keys_device_of(arg, device);

	if (d)
		device_free(d);
}

static void on_result(void *arg, const struct device_result *r)
{
	struct keys_device *d = keys_device_of(arg, r->device);

	if (d)
		keys_result(d, r);
}

static void on_sample(void *arg, const struct device_sample *s)
{
	struct keys *k = arg;
	struct keys_device *d = keys_device_of(k, s->device);
	const char *name = strstr(s->path, KEYS_KEY), *end;
	char of[KEYS_NAME_MAX];
	struct keys_entry *e;

	if (!d || !name)
		return;
	name += strlen(KEYS_KEY);
	end = strchr(name, ']');
	if (!end || (size_t)(end - name) >= sizeof(of))
		return;
	memcpy(of, name, (size_t)(end - name));
	of[end - name] = '\0';
	e = strncmp(of, KEYS_PREFIX, strlen(KEYS_PREFIX)) == 0 ? keys_entry_of(d, of, !s->gone) : NULL;
	if (!e)
		return;
	if (s->gone && (!*(end + 1) || strcmp(end, "]/fingerprint") == 0))
		e->there = e->doubt = false;
	if (s->gone || strcmp(end, "]/fingerprint") != 0)
		return;
	e->there = true;
	e->wrong = s->text && keys_is_ours(k, of) && !keys_fingerprint_is(k, of, s->text);
	keys_look_soon(k);
}

static void on_drift(void *arg, const struct device_drift *drift)
{
	struct keys_device *d = keys_device_of(arg, drift->device);

	if (d && strncmp(drift->path, KEYS_STAMP, strlen(KEYS_STAMP)) == 0)
		doubt(d);
}

const struct device_sink keys_device_sink = {
	.up = on_up,
	.down = on_down,
	.gone = on_gone,
	.result = on_result,
	.sample = on_sample,
	.drift = on_drift,
};

/* ---- life ---- */

void keys_look_soon(struct keys *k)
{
	if (!loop_timer_armed(&k->look))
		loop_timer_after(&k->look, LOOK_NS);
}

static void on_tick(void *arg)
{
	struct keys *k = arg;

	epochs(k);
	keys_look(k);
	loop_timer_after(&k->tick, TICK_NS);
}

void keys_configure(struct keys *k, const struct keys_cfg *cfg)
{
	k->cfg = *cfg;
	epochs(k);
	keys_look_soon(k);
	if (!loop_timer_armed(&k->tick))
		loop_timer_after(&k->tick, TICK_NS);
}

void keys_on_ted(void *arg, const struct ted *ted)
{
	struct keys *k = arg;

	ted_unref(k->ted);
	k->ted = ted_ref(ted);
	keys_look_soon(k);
}

void keys_port(struct keys *k, const struct device_port *port)
{
	k->port = *port;
	k->has_port = true;
}

int keys_new(struct keys **outp, const struct keys_parts *parts)
{
	struct keys *k = calloc(1, sizeof(*k));

	if (!k)
		return err_raise(-ENOMEM);
	k->parts = *parts;
	hash_init(&k->devices, loop_random(parts->loop), device_eq);
	loop_timer_init(&k->look, parts->loop, keys_look, k);
	loop_timer_init(&k->tick, parts->loop, on_tick, k);
	k->m_sessions = metric_gauge("sextant_probe_sessions_authenticated", "STAMP sessions that have a key.", "");
	k->m_replaced = metric_counter("sextant_probe_keys_replaced_total", "Times that all keys of STAMP were made or replaced.",
				       "");
	*outp = k;
	return 0;
}

struct keys *keys_free(struct keys *k)
{
	if (!k)
		return NULL;
	store_forget(k->parts.store, k);
	loop_timer_fini(&k->look);
	loop_timer_fini(&k->tick);
	HASH_EACH (n, &k->devices)
		device_free(HASH_OF(n, struct keys_device, by_name));
	hash_fini(&k->devices);
	ted_unref(k->ted);
	explicit_bzero(k, sizeof(*k));
	free(k);
	return NULL;
}

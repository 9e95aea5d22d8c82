/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices have against what they should have. Keys are replaced in an order in which nothing is
 * lost: the reflector answers to the new one and the one before, then the sessions change, one by one
 * and within their windows, then the one before goes, and at last keys that nothing names.
 */
#include <stdio.h>
#include <string.h>

#include "assure/keys/keys_priv.h"
#include "log/log.h"

#define STALE_NS (5 * NS_PER_S)	 /* a key goes so long after it was used last */
#define RETRY_NS (10 * NS_PER_S)
#define KEPT_NS (60 * NS_PER_S)	 /* and is tried again so long after it would not */

#define LINGER_NS (3 * NS_PER_S) /* the last probes before a change are answered as they were sent */

enum { CHANGES_MAX = 32, PATH = 160 };

struct plan {
	struct device_change changes[CHANGES_MAX];
	char path[CHANGES_MAX][PATH], json[CHANGES_MAX][KEYS_NAME_MAX + 2];
	size_t n;
};

/* value "": the leaf goes. */
static void add(struct plan *p, const char *path, const char *value)
{
	if (p->n == CHANGES_MAX)
		return;
	(void)str_copy(p->path[p->n], PATH, path);
	(void)snprintf(p->json[p->n], sizeof(p->json[0]), "\"%s\"", value);
	p->changes[p->n] = (struct device_change){ value[0] ? DEVICE_UPDATE : DEVICE_DELETE, p->path[p->n],
						   value[0] ? p->json[p->n] : NULL };
	p->n++;
}

static void add_flag(struct plan *p, const char *path, bool value)
{
	if (p->n == CHANGES_MAX)
		return;
	(void)str_copy(p->path[p->n], PATH, path);
	p->changes[p->n] = (struct device_change){ value ? DEVICE_UPDATE : DEVICE_DELETE, p->path[p->n], value ? "true" : NULL };
	p->n++;
}

/* ---- the reflector ---- */

/* Keys are gone when no session has one any more. False: it is as it should be for now. */
static bool plan_off(struct keys_device *d, struct plan *p, bool keyed)
{
	if (!d->given[0] && !d->sure[0] && !(d->unsure && d->entries.n > 0))
		return false;
	if (!keyed || !keys_is_ours(d->k, d->sure)) {
		add(p, KEYS_REFLECTOR "/key", "");
		return true;
	}
	(void)str_copy(d->next, sizeof(d->next), d->sure);
	(void)str_copy(d->next_before, sizeof(d->next_before), d->before);
	d->next_bare = true;
	if ((d->bare && !d->unsure) || !keys_give(d, d->next) || (d->next_before[0] && !keys_give(d, d->next_before)))
		return false;
	add(p, KEYS_REFLECTOR "/key", d->next);
	return true;
}

static void plan_reflector(struct keys_device *d, struct plan *p)
{
	struct keys *k = d->k;
	struct mono now = loop_now(k->parts.loop);

	d->next[0] = d->next_before[0] = '\0';
	d->next_bare = false;
	if (!d->reflects)
		return;
	if (k->cfg.on) {
		keys_of_reflector(d, d->next, d->next_before);
		if (strcmp(d->sure, d->next) == 0 && !keys_changing(k) && !d->lags)
			d->next_before[0] = '\0';
		d->next_bare = mono_before(now, d->bare_until);
		if (!d->unsure && strcmp(d->sure, d->next) == 0 && strcmp(d->before, d->next_before) == 0 && d->bare == d->next_bare)
			return;
		if (!keys_give(d, d->next) || (d->next_before[0] && !keys_give(d, d->next_before)))
			return;
		add(p, KEYS_REFLECTOR "/key", d->next);
	} else if (!plan_off(d, p, mono_before(now, d->keyed_until))) {
		return;
	}
	if (d->next_bare || d->bare || d->unsure)
		add_flag(p, KEYS_REFLECTOR "/also-unauthenticated", d->next_bare);
	if (d->next_before[0] || d->before[0] || d->unsure)
		add(p, KEYS_REFLECTOR "/previous-key", d->next_before);
	d->changing = true;
}

/* ---- sessions ---- */

/* The key it should have; false: it stays as it is for now. */
static bool wants(struct keys *k, const struct keys_session *s, char out[KEYS_NAME_MAX])
{
	bool known;
	struct keys_device *to = keys_device_at(k, &s->to, &known);

	out[0] = '\0';
	/* who has one waits until the reflector answers without */
	if (!k->cfg.on)
		return !to || to->other || !to->reflects || !to->sure[0] || (to->bare && !to->unsure);
	if (!known)
		return false;
	if (!to || to->other)
		return true;
	keys_of_sender(to, out);
	/* who had none waits until the reflector has it */
	return s->key[0] || !to->reflects || !to->up || strcmp(to->sure, out) == 0;
}

static void plan_sessions(struct keys_device *d, struct plan *p)
{
	char path[PATH];

	for (size_t i = 0; i < d->sessions.n && p->n < CHANGES_MAX; i++) {
		struct keys_session *s = &d->sessions.at[i];

		s->changing = false;
		if (!wants(d->k, s, s->next) || strcmp(s->next, s->key) == 0 || (s->next[0] && !keys_give(d, s->next)))
			continue;
		(void)snprintf(path, sizeof(path), KEYS_SESSION "%s]/key", s->name);
		add(p, path, s->next);
		s->changing = true;
	}
}

/* ---- keys ---- */

static void use(struct keys_device *d, const char *name)
{
	struct keys_entry *e = name[0] ? keys_entry_of(d, name, false) : NULL;

	if (!e)
		return;
	e->used = true;
	e->since = loop_now(d->k->parts.loop);
}

static void entries_mark(struct keys_device *d)
{
	for (size_t i = 0; i < d->entries.n; i++)
		d->entries.at[i].used = d->entries.at[i].going = false;
	use(d, d->given);
	use(d, d->sure);
	use(d, d->before);
	for (size_t i = 0; i < d->sessions.n; i++)
		use(d, d->sessions.at[i].key);
	for (size_t i = d->entries.n; i-- > 0;)
		if (!d->entries.at[i].used && !d->entries.at[i].there && !d->entries.at[i].doubt && !d->entries.at[i].txn)
			d->entries.at[i] = d->entries.at[--d->entries.n];
}

static void entries_mend(struct keys_device *d)
{
	for (size_t i = 0; i < d->entries.n; i++) {
		struct keys_entry *e = &d->entries.at[i];

		if (!e->wrong)
			continue;
		e->wrong = false;
		log_event("", LOG_WARN, "assure.keys.drift", "device=%s key=%s msg=\"it had another secret\"", d->name, e->name);
		e->there = false;
		(void)keys_give(d, e->name);
	}
}

/* By themselves: the device keeps one that is named after all, and nothing else is to stay with it. */
static void plan_stale(struct keys_device *d, struct plan *p)
{
	struct mono now = loop_now(d->k->parts.loop);
	char path[PATH];

	for (size_t i = 0; i < d->entries.n && p->n < CHANGES_MAX; i++) {
		struct keys_entry *e = &d->entries.at[i];

		if (e->used || !(e->there || e->doubt) || mono_before(now, mono_add(e->since, STALE_NS)))
			continue;
		(void)snprintf(path, sizeof(path), KEYS_KEY "%s]", e->name);
		add(p, path, "");
		e->going = true;
	}
}

/* ---- devices ---- */

static void tell(struct keys_device *d)
{
	struct keys *k = d->k;
	struct plan p = { .n = 0 };

	if (!d->up || !d->agent || d->txn || mono_before(loop_now(k->parts.loop), d->retry_at))
		return;
	d->changing = false;
	entries_mark(d);
	entries_mend(d);
	plan_reflector(d, &p);
	plan_sessions(d, &p);
	if (p.n == 0)
		plan_stale(d, &p);
	if (p.n > 0 && k->port.set(k->port.self, d->name, p.changes, p.n, &d->txn) != 0) {
		d->txn = 0;
		d->retry_at = mono_add(loop_now(k->parts.loop), RETRY_NS);
	}
}

static void lag(struct keys *k)
{
	struct mono until = mono_add(loop_now(k->parts.loop), LINGER_NS);
	size_t n = 0;

	HASH_EACH (h, &k->devices)
		HASH_OF(h, struct keys_device, by_name)->lags = false;
	HASH_EACH (h, &k->devices) {
		struct keys_device *d = HASH_OF(h, struct keys_device, by_name), *to;
		bool known;

		for (size_t i = 0; i < d->sessions.n; i++) {
			const struct keys_session *s = &d->sessions.at[i];

			n += s->key[0] != '\0';
			to = keys_device_at(k, &s->to, &known);
			if (to && s->key[0])
				to->keyed_until = until;
			else if (to)
				to->bare_until = until;
			if (to && s->key[0] && strcmp(s->key, to->before) == 0)
				to->lags = true;
		}
	}
	metric_set(k->m_sessions, (double)n);
}

void keys_look(void *arg)
{
	struct keys *k = arg;

	if (!k->has_port || (k->cfg.on && k->epoch == 0))
		return;
	lag(k);
	HASH_EACH (h, &k->devices)
		tell(HASH_OF(h, struct keys_device, by_name));
}

/* ---- what became of it ---- */

static void done(struct keys_device *d)
{
	struct keys *k = d->k;

	if (d->changing) {
		d->unsure = false;
		(void)str_copy(d->given, sizeof(d->given), d->next);
		(void)str_copy(d->sure, sizeof(d->sure), d->next);
		(void)str_copy(d->before, sizeof(d->before), d->next_before);
		d->bare = d->next_bare;
	}
	for (size_t i = 0; i < d->sessions.n; i++)
		if (d->sessions.at[i].changing)
			(void)str_copy(d->sessions.at[i].key, KEYS_NAME_MAX, d->sessions.at[i].next);
	for (size_t i = d->entries.n; i-- > 0;) {
		char path[PATH];

		if (!d->entries.at[i].going)
			continue;
		(void)snprintf(path, sizeof(path), KEYS_KEY "%s]", d->entries.at[i].name);
		k->port.forget(k->port.self, d->name, path);
		d->entries.at[i] = d->entries.at[--d->entries.n];
	}
}

void keys_doubt(struct keys_entry *e)
{
	e->doubt = e->doubt || e->there;
	e->there = false;
}

static void failed(struct keys_device *d, const struct device_result *r)
{
	struct mono now = loop_now(d->k->parts.loop);

	log_event("", LOG_WARN, "assure.keys.refused", "device=%s outcome=\"%.200s\"", d->name,
		  r->text && r->text[0] ? r->text : device_outcome_text(r->outcome));
	d->retry_at = mono_add(now, RETRY_NS);
	for (size_t i = 0; i < d->entries.n; i++) {
		struct keys_entry *e = &d->entries.at[i];

		if (e->going)
			e->since = mono_add(now, KEPT_NS);
		else
			keys_doubt(e); /* it may be the key that is missing */
	}
}

void keys_result(struct keys_device *d, const struct device_result *r)
{
	for (size_t i = 0; i < d->entries.n; i++) {
		struct keys_entry *e = &d->entries.at[i];

		if (e->txn != r->txn)
			continue;
		e->txn = 0;
		if (r->outcome != DEVICE_DONE)
			keys_doubt(e);
	}
	if (!d->txn || d->txn != r->txn)
		return;
	d->txn = 0;
	if (r->outcome == DEVICE_DONE)
		done(d);
	else
		failed(d, r);
	d->changing = false;
	for (size_t i = 0; i < d->sessions.n; i++)
		d->sessions.at[i].changing = false;
	for (size_t i = 0; i < d->entries.n; i++)
		d->entries.at[i].going = false;
	keys_look_soon(d->k);
}

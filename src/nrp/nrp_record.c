/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is durable of partitions here: which numbers and blocks may be on which devices. That is
 * written before a device hears of them, so that what is left after a crash is known as ours, and
 * what an operator put on a router himself is not taken for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "nrp/nrp_priv.h"

#define BUCKET "nrp"

enum { NAMES_MAX = 65536 };

struct nrp_record *nrp_record_of(const struct nrp *n, uint32_t id)
{
	for (size_t i = 0; i < n->records.n; i++)
		if (n->records.at[i]->id == id)
			return n->records.at[i];
	return NULL;
}

bool nrp_record_has(const struct nrp_record *r, const struct ip_prefix *locator)
{
	for (uint32_t i = 0; i < r->n_blocks; i++)
		if (r->block[i].len < locator->len && ip_prefix_has(&r->block[i], &locator->addr))
			return true;
	return false;
}

static void written(void *arg, int r)
{
	struct nrp_record *rec = arg;

	rec->writes--;
	rec->durable = r == 0 && rec->writes == 0;
	if (r < 0)
		log_event("", LOG_WARN, "nrp.store.write", "nrp=%u error=%s", rec->id, err_text(r));
	if (r < 0)
		nrp_look_after(rec->n, NS_PER_S);
	else
		nrp_look(rec->n);
}

static int record_write(struct nrp_record *rec)
{
	STR_AUTO struct str s = { 0 };
	char key[16], text[IP_PREFIX_TEXT_MAX];
	struct store_op op = { BUCKET, key, NULL, 0 };
	int r;

	(void)snprintf(key, sizeof(key), "%u", rec->id);
	for (uint32_t i = 0; i < rec->n_blocks; i++)
		str_addf(&s, "%s ", ip_prefix_text(&rec->block[i], text, sizeof(text)));
	for (size_t i = 0; i < rec->on.n; i++) /* a name begins with no digit of an address: '@' */
		str_addf(&s, "@%s ", rec->on.at[i].name);
	op.value = str_text(&s);
	op.len = s.len;
	rec->durable = false;
	rec->writes++;
	r = s.bad ? -ENOMEM : store_write(rec->n->env.store, &op, 1, written, rec);
	if (r < 0)
		rec->writes--;
	return r;
}

static struct nrp_record *record_free(struct nrp_record *rec)
{
	VEC_FINI(&rec->on);
	free(rec);
	return NULL;
}

static struct nrp_record *record_new(struct nrp *n, uint32_t id)
{
	struct nrp_record *rec = calloc(1, sizeof(*rec));

	if (!rec)
		return NULL;
	rec->n = n;
	rec->id = id;
	if (VEC_ADD(&n->records, rec))
		return rec;
	return record_free(rec);
}

/* False: there is no room; a block that was given up long ago may still be somewhere. */
static bool record_take(struct nrp_record *rec, const struct nrp_part *p, bool *changed)
{
	for (uint32_t i = 0; i < p->n_blocks && !p->theirs; i++) {
		bool there = false;

		for (uint32_t k = 0; k < rec->n_blocks; k++)
			there = there || ip_prefix_cmp(&rec->block[k], &p->block[i]) == 0;
		if (there)
			continue;
		if (rec->n_blocks == NRP_RECORD_BLOCKS_MAX)
			return false;
		rec->block[rec->n_blocks++] = p->block[i];
		*changed = true;
	}
	return true;
}

static int keep(struct nrp *n, struct nrp_part *p)
{
	struct nrp_record *rec = nrp_record_of(n, p->id);
	bool changed = !rec;

	if (p->refused[0] && !rec)
		return 0;
	if (!rec)
		rec = record_new(n, p->id);
	if (!rec)
		return err_raise(-ENOMEM);
	rec->leaving = false;
	if (!record_take(rec, p, &changed))
		nrp_refuse(p, "its block was changed too often: delete it and write it again");
	if (changed || (!rec->durable && rec->writes == 0))
		return record_write(rec) < 0 ? err_raise(-ENOMEM) : 0;
	return 0;
}

int nrp_records_keep(struct nrp *n)
{
	for (size_t i = 0; i < n->records.n; i++)
		n->records.at[i]->leaving = true;
	for (size_t i = 0; i < n->parts.n; i++) {
		if (keep(n, &n->parts.at[i]) < 0)
			return err_raise(-ENOMEM);
	}
	return 0;
}

static bool on(const struct nrp_record *rec, const char *name)
{
	for (size_t i = 0; i < rec->on.n; i++)
		if (strcmp(rec->on.at[i].name, name) == 0)
			return true;
	return false;
}

static int on_add(struct nrp_record *rec, const char *name)
{
	struct nrp_name x = { 0 };

	if (rec->on.n >= NAMES_MAX || !str_copy(x.name, sizeof(x.name), name))
		return err_raise(-EINVAL);
	return VEC_ADD(&rec->on, x) ? 0 : err_raise(-ENOMEM);
}

static bool wants(const struct nrp_device *d, uint32_t id)
{
	for (size_t i = 0; i < d->want.links.n; i++)
		for (size_t k = 0; k < d->want.links.at[i].classes.n; k++)
			if (d->want.links.at[i].classes.at[k].id == id)
				return true;
	for (size_t i = 0; i < d->want.locators.n; i++)
		if (d->want.locators.at[i].id == id)
			return true;
	return false;
}

int nrp_records_mark(struct nrp *n)
{
	for (size_t i = 0; i < n->records.n; i++) {
		struct nrp_record *rec = n->records.at[i];
		bool changed = false;

		for (size_t k = 0; k < n->devices.n && !rec->leaving; k++) {
			const struct nrp_device *d = n->devices.at[k];

			if (on(rec, d->name) || !wants(d, rec->id))
				continue;
			if (on_add(rec, d->name) < 0)
				return err_raise(-ENOMEM);
			changed = true;
		}
		if (changed && record_write(rec) < 0)
			return err_raise(-ENOMEM);
	}
	return 0;
}

static int word_read(struct nrp_record *rec, const char *word)
{
	if (word[0] == '@')
		return err_trace(on_add(rec, word + 1));
	if (rec->n_blocks == NRP_RECORD_BLOCKS_MAX || ip_prefix_parse(word, &rec->block[rec->n_blocks]) < 0)
		return err_raise(-EINVAL);
	rec->n_blocks++;
	return 0;
}

static int record_read(void *arg, const char *key, const void *value, size_t len)
{
	AUTO_FREE char *text = malloc(len + 1);
	struct nrp *n = arg;
	struct nrp_record *rec;
	char *rest = text;
	uint64_t id;
	int r = 0;

	if (str_u64(key, &id) < 0 || id == 0 || id > UINT32_MAX)
		return err_raise(-EINVAL);
	rec = text ? record_new(n, (uint32_t)id) : NULL;
	if (!rec)
		return err_raise(-ENOMEM);
	memcpy(text, value, len);
	text[len] = '\0';
	rec->durable = rec->leaving = true;
	for (char *word = strsep(&rest, " "); word && r == 0; word = strsep(&rest, " "))
		r = *word ? word_read(rec, word) : 0;
	return r;
}

int nrp_records_load(struct nrp *n)
{
	return err_trace(store_each(n->env.store, BUCKET, record_read, n));
}

void nrp_records_fini(struct nrp *n)
{
	for (size_t i = 0; i < n->records.n; i++) {
		store_forget(n->env.store, n->records.at[i]);
		record_free(n->records.at[i]);
	}
	VEC_FINI(&n->records);
}

/* ---- the end of one ---- */

static bool is_on(const struct nrp *n, const struct nrp_device *d, const struct nrp_record *rec)
{
	for (size_t i = 0; i < d->have.links.n; i++)
		for (size_t k = 0; k < d->have.links.at[i].classes.n; k++)
			if (d->have.links.at[i].classes.at[k].id == rec->id)
				return true;
	for (size_t i = 0; i < d->have.locators.n; i++)
		if (nrp_record_has(rec, &d->have.locators.at[i].prefix) &&
		    !nrp_part_holds(n, &d->have.locators.at[i].prefix))
			return true;
	return false;
}

static bool is_gone(const struct nrp *n, const struct nrp_record *rec)
{
	if (!rec->leaving || rec->writes)
		return false;
	for (size_t i = 0; i < rec->on.n; i++) {
		const struct nrp_device *d = nrp_device_of(n, rec->on.at[i].name);

		/* One that is not configured any more is none of ours. */
		if (!d && n->port.has(n->port.self, rec->on.at[i].name))
			return false;
		if (d && (!nrp_device_known(d) || d->txn || is_on(n, d, rec)))
			return false;
	}
	return true;
}

void nrp_records_clean(struct nrp *n)
{
	for (size_t i = 0; i < n->records.n; i++) {
		struct nrp_record *rec = n->records.at[i];
		struct store_op op = { BUCKET, NULL, NULL, 0 };
		char key[16];

		if (!is_gone(n, rec))
			continue;
		(void)snprintf(key, sizeof(key), "%u", rec->id);
		op.key = key;
		/* Should it not be written, it is found again at the next start, and cleaned again. */
		(void)store_write(n->env.store, &op, 1, NULL, NULL);
		(void)snprintf(key, sizeof(key), "nrp %u", rec->id);
		bus_publish(n->env.bus, loop_wall_ns(n->env.loop), BUS_INFO, "nrp-gone", key, "");
		record_free(rec);
		nrp_look(n);
		n->records.at[i--] = n->records.at[--n->records.n];
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a PCE keeps of one session: its LSPs and the requests it made. Both are bounded. */
#include <stdlib.h>
#include <string.h>

#include "southbound/pcep/pcep_int.h"

static bool lsp_eq(const struct hash_node *n, const void *key)
{
	return HASH_OF(n, struct pcep_db_lsp, node)->plsp_id == *(const uint32_t *)key;
}

static bool name_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct pcep_db_lsp, by_name)->name, key) == 0;
}

void pcep_db_init(struct pcep_db *db, uint64_t seed, uint32_t max)
{
	hash_init(&db->hash, seed, lsp_eq);
	hash_init(&db->names, seed, name_eq);
	db->max = max;
}

void pcep_db_fini(struct pcep_db *db)
{
	HASH_EACH(it, &db->hash)
		free(HASH_OF(it, struct pcep_db_lsp, node));
	hash_fini(&db->hash);
	hash_fini(&db->names);
}

void pcep_db_clear(struct pcep_db *db, uint64_t seed)
{
	pcep_db_fini(db);
	pcep_db_init(db, seed, db->max);
}

struct pcep_db_lsp *pcep_db_find(const struct pcep_db *db, uint32_t plsp_id)
{
	struct hash_node *n = hash_get(&db->hash, &plsp_id, sizeof(plsp_id), &plsp_id);

	return n ? HASH_OF(n, struct pcep_db_lsp, node) : NULL;
}

struct pcep_db_lsp *pcep_db_named(const struct pcep_db *db, const char *name)
{
	struct hash_node *n = hash_get(&db->names, name, strlen(name), name);

	return n ? HASH_OF(n, struct pcep_db_lsp, by_name) : NULL;
}

struct pcep_db_lsp *pcep_db_add(struct pcep_db *db, uint32_t plsp_id, const char *name)
{
	size_t len = strlen(name) + 1;
	struct pcep_db_lsp *l;

	if (db->hash.count >= db->max)
		return NULL;
	l = calloc(1, sizeof(*l) + len);
	if (!l)
		return NULL;
	l->plsp_id = plsp_id;
	memcpy(l->name, name, len);
	if (hash_put(&db->hash, &plsp_id, sizeof(plsp_id), &l->node) < 0) {
		free(l);
		return NULL;
	}
	if (hash_put(&db->names, name, len - 1, &l->by_name) < 0) {
		hash_del(&db->hash, &l->node);
		free(l);
		return NULL;
	}
	return l;
}

void pcep_db_del(struct pcep_db *db, struct pcep_db_lsp *l)
{
	hash_del(&db->hash, &l->node);
	hash_del(&db->names, &l->by_name);
	free(l);
}

/* ---- transactions ---- */

void pcep_txns_fini(struct pcep_txns *t)
{
	free(t->at);
	*t = (struct pcep_txns){ 0 };
}

/* Of the older half, what was answered goes; when nothing was, all of it. */
static void txns_thin(struct pcep_txns *t)
{
	size_t half = t->n / 2, kept = 0;

	for (size_t i = 0; i < half; i++)
		if (!t->at[i].answered)
			t->at[kept++] = t->at[i];
	if (kept == half)
		kept = 0;
	memmove(t->at + kept, t->at + half, (t->n - half) * sizeof(*t->at));
	t->n -= half - kept;
}

static bool txns_half_open(const struct pcep_txns *t)
{
	for (size_t i = 0; i < t->n / 2; i++)
		if (t->at[i].answered)
			return false;
	return true;
}

bool pcep_txns_reserve(struct pcep_txns *t)
{
	size_t cap = t->cap ? t->cap * 2 : PCEP_TXNS_MIN;
	struct pcep_txn *at = NULL;

	if (t->n < t->cap)
		return true;
	/* grow only while all of them are open */
	if (t->cap < PCEP_TXNS_MAX && txns_half_open(t))
		at = realloc(t->at, cap * sizeof(*at));
	if (at) {
		t->at = at;
		t->cap = cap;
	} else if (t->cap > 0) {
		txns_thin(t);
	}
	return t->n < t->cap;
}

void pcep_txns_add(struct pcep_txns *t, uint32_t id)
{
	t->at[t->n++] = (struct pcep_txn){ .id = id };
}

bool pcep_txns_answer(struct pcep_txns *t, uint32_t id)
{
	size_t lo = 0, hi = t->n;

	/* ascending from the first, also over the wrap */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->at[mid].id == id) {
			t->at[mid].answered = true;
			return true;
		}
		if (t->at[mid].id - t->at[0].id < id - t->at[0].id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

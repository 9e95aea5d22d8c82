/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations to be given back. A release is over when the headend says that the LSP is not ours
 * any more, or has none; until then it is owed, also after a restart: its bucket of the store has
 * one entry for each. Asked for once a session, for a headend may refuse.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/intent_priv.h"

struct intent_release {
	struct hash_node node; /* (headend, name) */
	struct ip_addr headend;
	uint32_t asked_in; /* session; 0: none */
	char name[SR_NAME_MAX];
};

bool intent_release_eq(const struct hash_node *n, const void *key)
{
	const struct intent_release *r = HASH_OF(n, struct intent_release, node);
	const struct intent_name *k = key;

	return ip_eq(&r->headend, k->headend) && strcmp(r->name, k->name) == 0;
}

static struct intent_release *find(const struct intent *i, const struct ip_addr *headend, const char *name)
{
	const struct intent_name key = { headend, name };
	uint8_t buf[INTENT_NAME_KEY_MAX];
	size_t n = intent_name_key(buf, headend, name);
	struct hash_node *h = hash_get(&i->releases, buf, n, &key);

	return h ? HASH_OF(h, struct intent_release, node) : NULL;
}

const char *intent_release_key(const struct ip_addr *headend, const char *name,
			       char out[INTENT_RELEASE_KEY_MAX])
{
	char text[IP_TEXT_MAX];

	(void)snprintf(out, INTENT_RELEASE_KEY_MAX, "%s %s", ip_text(headend, text, sizeof(text)), name);
	return out;
}

/* It is durable, or about to be. Without memory it is forgotten until the next start. */
void intent_release_owe(struct intent *i, const struct ip_addr *headend, const char *name,
			uint32_t asked_in)
{
	struct intent_release *r = find(i, headend, name);
	uint8_t buf[INTENT_NAME_KEY_MAX];
	size_t n = intent_name_key(buf, headend, name);

	if (!r) {
		r = calloc(1, sizeof(*r));
		if (!r || hash_put(&i->releases, buf, n, &r->node) < 0) {
			free(r);
			log_event("", LOG_ERROR, "intent.release.memory", "name=%s", name);
			return;
		}
		r->headend = *headend;
		(void)str_copy(r->name, sizeof(r->name), name);
	}
	r->asked_in = asked_in;
}

static void entry_write(struct intent *i, const struct ip_addr *headend, const char *name, bool there)
{
	char key[INTENT_RELEASE_KEY_MAX];
	const struct store_op op = { "release", intent_release_key(headend, name, key), there ? "1" : NULL,
				     there ? 1 : 0 };

	/* Not waited for: should it fail, one release too many is asked for after a restart. */
	if (store_write(i->store, &op, 1, NULL, NULL) < 0)
		log_event("", LOG_WARN, "intent.store.write", "what=release name=%s", name);
}

void intent_release_save(struct intent *i, const struct ip_addr *headend, const char *name,
			 uint32_t asked_in)
{
	entry_write(i, headend, name, true);
	intent_release_owe(i, headend, name, asked_in);
}

void intent_release_paid(struct intent *i, const struct ip_addr *headend, const char *name)
{
	struct intent_release *r = find(i, headend, name);

	if (!r)
		return;
	entry_write(i, headend, name, false);
	hash_del(&i->releases, &r->node);
	free(r); /* headend and name may be its own */
}

/* A foreign LSP was reported. */
void intent_release_look(struct intent_lsp *l)
{
	struct intent *i = l->he->i;
	struct intent_release *r = i->releases.count ? find(i, &l->he->addr, l->st.name) : NULL;

	if (!r)
		return;
	if (!l->st.delegated) {
		intent_release_paid(i, &l->he->addr, l->st.name);
	} else if (r->asked_in != l->st.session && l->pol && l->pol->mode == INTENT_OBSERVED) {
		r->asked_in = l->st.session;
		(void)str_copy(l->pol->lsp_name, sizeof(l->pol->lsp_name), l->st.name);
		l->pol->release_due = true;
	}
}

/* A headend has told all it has: what it has not cannot be owed. */
void intent_release_synced(struct intent *i, const struct ip_addr *headend)
{
	HASH_EACH(it, &i->releases) {
		struct intent_release *r = HASH_OF(it, struct intent_release, node);

		if (ip_eq(&r->headend, headend) && !intent_lsp_find(i, headend, r->name))
			intent_release_paid(i, headend, r->name);
	}
}

/* One line of the store: "headend name". Of a policy managed again it is no longer owed. */
int intent_release_load(void *arg, const char *key, const void *value, size_t len)
{
	struct intent *i = arg;
	const char *name = strchr(key, ' ');
	char text[IP_TEXT_MAX] = "";
	struct ip_addr headend;

	(void)value;
	(void)len;
	if (!name || (size_t)(name - key) >= sizeof(text) || strlen(name + 1) >= SR_NAME_MAX) {
		log_event("", LOG_WARN, "intent.store.release", "key=%s", key);
		return 0;
	}
	memcpy(text, key, (size_t)(name - key));
	if (ip_parse(text, &headend) < 0)
		log_event("", LOG_WARN, "intent.store.release", "key=%s", key);
	else if (intent_pol_by_name(i, &headend, name + 1))
		entry_write(i, &headend, name + 1, false);
	else
		intent_release_owe(i, &headend, name + 1, 0);
	return 0;
}

void intent_releases_fini(struct intent *i)
{
	HASH_EACH(it, &i->releases) {
		hash_del(&i->releases, it);
		free(HASH_OF(it, struct intent_release, node));
	}
	hash_fini(&i->releases);
}

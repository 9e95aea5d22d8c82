/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscribe. What a client was told is remembered leaf by leaf (path, hash of the value), so that
 * every evaluation is one rule: a leaf is told when it is new, differs, or is older than what has
 * to be told again (sample, heartbeat, poll); what is remembered and not there is deleted. A
 * full queue ends an evaluation anywhere; the next one goes on where it ended.
 *
 * What is forwarded may be long, and changes by single routes. It is gone through a part a turn of the loop; and where
 * nothing has to be told again, only what is new, and what went, since the version that was told, by the same rule.
 * What changes meanwhile is of a later version, and told next.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "tools/agent/gnmi/gnmi_sub_int.h"

enum { LEAVES_MAX = 1 << 18 }; /* of one call */

struct leaf {
	struct hash_node node;
	uint64_t value;
	uint32_t gen;  /* of the subscription, when it was told */
	uint32_t pass; /* the last that saw it, of the subscription */
	size_t len;
	uint8_t path[]; /* packed */
};

struct key {
	const uint8_t *path;
	size_t len;
};

static bool leaf_eq(const struct hash_node *n, const void *key)
{
	const struct leaf *l = HASH_OF(n, const struct leaf, node);
	const struct key *k = key;

	return l->len == k->len && memcmp(l->path, k->path, k->len) == 0;
}

struct agent_gsub *agent_gsub_free(struct agent_gsub *c)
{
	for (size_t i = 0; i < c->n_ones; i++) {
		HASH_EACH (it, &c->ones[i].leaves) {
			hash_del(&c->ones[i].leaves, it);
			free(HASH_OF(it, struct leaf, node));
		}
		hash_fini(&c->ones[i].leaves);
	}
	list_del(&c->link);
	loop_timer_fini(&c->timer);
	arena_fini(&c->arena);
	arena_fini(&c->out);
	free(c->ones);
	free(c);
	return NULL;
}

/* ---- messages ---- */

static void note_begin(struct agent_gsub *c)
{
	arena_reset(&c->out);
	gnmipb__notification__init(&c->note);
	c->note.update = c->updates;
	c->note.delete_ = c->deletes;
}

static bool empty(const struct agent_gsub *c)
{
	return c->note.n_update + c->note.n_delete_ == 0;
}

/* RPC_E_FULL, < 0, or 0: sent, and remembered as told. */
static int note_send(struct agent_gsub *c, const struct one *o)
{
	Gnmipb__SubscribeResponse r;
	Gnmipb__Path prefix;
	uint8_t *data;
	size_t len;
	int rc;

	if (empty(c))
		return 0;
	gnmipb__subscribe_response__init(&r);
	r.response_case = GNMIPB__SUBSCRIBE_RESPONSE__RESPONSE_UPDATE;
	r.update = &c->note;
	c->note.timestamp = agent_gnmi_wall_ns();
	if (c->req->subscribe->prefix && c->req->subscribe->prefix->target[0]) {
		gnmipb__path__init(&prefix);
		prefix.target = c->req->subscribe->prefix->target;
		c->note.prefix = &prefix;
	}
	data = pb_pack(&r.base, &c->out, &len);
	if (!data)
		return err_raise(-ENOMEM);
	rc = c->silent && c->first ? 0 : rpc_call_send(c->call, data, len);
	for (size_t i = 0; rc == 0 && i < c->note.n_update; i++) {
		c->told[i]->value = c->values[i];
		c->told[i]->gen = o->gen;
	}
	c->g->stats.updates += rc == 0 ? c->note.n_update : 0;
	note_begin(c);
	return rc;
}

int agent_gsub_sync(struct agent_gsub *c)
{
	Gnmipb__SubscribeResponse r;
	uint8_t buf[16];

	gnmipb__subscribe_response__init(&r);
	r.response_case = GNMIPB__SUBSCRIBE_RESPONSE__RESPONSE_SYNC_RESPONSE;
	r.sync_response = 1;
	return rpc_call_send(c->call, buf, protobuf_c_message_pack(&r.base, buf));
}

/* ---- one evaluation ---- */

bool agent_gsub_counts(const struct lysc_node *n)
{
	static const char *const names[] = { "packets", "octets", "drops", "backlog" };

	if (!(n->flags & LYS_CONFIG_R) || !n->parent || agent_measure_is_ours(n))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(n->name, names[i]) == 0)
			return true;
	}
	return strcmp(n->parent->name, "statistics") == 0;
}

static struct leaf *leaf_of(struct agent_gsub *c, struct one *o, const struct key *k)
{
	struct hash_node *n = hash_get(&o->leaves, k->path, k->len, k);
	struct leaf *l;

	if (n)
		return HASH_OF(n, struct leaf, node);
	l = c->n_leaves < LEAVES_MAX ? calloc(1, sizeof(*l) + k->len) : NULL;
	if (!l)
		return NULL;
	l->len = k->len;
	memcpy(l->path, k->path, k->len);
	if (hash_put(&o->leaves, l->path, l->len, &l->node) < 0) {
		free(l);
		return NULL;
	}
	c->n_leaves++;
	return l;
}

static const uint64_t seed[2] = { 0 }; /* the values are ours; 0 is never told */

static bool is_value(const struct lysc_node *n)
{
	return agent_measure_is_value(n) || agent_gfwd_is_value(n);
}

static int tell(struct agent_gsub *c, struct one *o, const struct lyd_node *n)
{
	bool whole = is_value(n->schema);
	Gnmipb__Path *p = agent_gpath_of(n, &c->out);
	char *text = whole ? NULL : agent_gval_text(n, &c->out);
	Gnmipb__Update *u = ARENA_NEW(&c->out, Gnmipb__Update);
	struct key k = { 0 };
	struct leaf *l;
	uint64_t value;

	if (p)
		k.path = pb_pack(&p->base, &c->out, &k.len);
	l = k.path && (text || whole) && u ? leaf_of(c, o, &k) : NULL;
	if (!l)
		return err_raise(-ENOMEM);
	l->pass = o->pass;
	value = (whole ? agent_measure_hash(n) : hash_bytes(seed, text, strlen(text))) | 1;
	if ((l->value == value && l->gen == o->gen) ||
	    (!o->due && !c->first && agent_gsub_counts(n->schema))) {
		if (empty(c))
			note_begin(c); /* not the memory of all that is as it was */
		return 0;
	}
	if (whole)
		text = agent_gval_text(n, &c->out);
	if (!text)
		return err_raise(-ENOMEM);
	gnmipb__update__init(u);
	u->path = p;
	u->val = ARENA_NEW(&c->out, Gnmipb__TypedValue);
	if (!u->val)
		return err_raise(-ENOMEM);
	agent_gnmi_val(u->val, text, c->ietf);
	if (l->value && l->value != value && agent_gfwd_is_value(n->schema)) /* all of it */
		c->deletes[c->note.n_delete_++] = p;
	c->told[c->note.n_update] = l;
	c->values[c->note.n_update] = value;
	c->updates[c->note.n_update++] = u;
	return c->note.n_update == GNMI_BATCH ? note_send(c, o) : 0;
}

static int tell_below(struct agent_gsub *c, struct one *o, const struct lyd_node *top)
{
	const struct lyd_node *n, *next = NULL;
	int rc = 0;

	for (n = top; n && rc == 0; n = next) {
		bool again = n->schema->nodetype == LYS_LEAFLIST && n != top && n->prev->next &&
			     n->prev->schema == n->schema; /* told with the first of them */
		bool skip = o->on_change && !o->interval_ns && agent_gsub_counts(n->schema);

		bool value = is_value(n->schema);

		if ((value || n->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)) && !again && !skip)
			rc = tell(c, o, n);
		next = value ? NULL : lyd_child(n);
		while (!next && n != top) {
			next = n->next;
			n = next ? n : lyd_parent(n);
		}
	}
	return rc;
}

static void forget(struct agent_gsub *c, struct one *o, struct leaf *l)
{
	hash_del(&o->leaves, &l->node);
	free(l);
	c->n_leaves--;
}

static int send_gone(struct agent_gsub *c, struct one *o)
{
	size_t n = c->note.n_delete_;
	int rc = note_send(c, o);

	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			forget(c, o, c->told[i]);
		else
			c->told[i]->pass = o->pass - 1; /* still to be told */
	}
	return rc;
}

/* Not twice in a message: it is forgotten when that is sent. */
static int add_gone(struct agent_gsub *c, struct one *o, struct leaf *l)
{
	const char *why;
	Gnmipb__Path *p;

	if (!l->value) {
		forget(c, o, l);
		return 0;
	}
	p = pb_unpack(&gnmipb__path__descriptor, l->path, l->len, &c->out, &why);
	if (!p)
		return err_raise(-ENOMEM);
	c->told[c->note.n_delete_] = l;
	c->deletes[c->note.n_delete_++] = p;
	return c->note.n_delete_ == GNMI_BATCH ? send_gone(c, o) : 0;
}

static int tell_gone(struct agent_gsub *c, struct one *o)
{
	int rc = 0;

	HASH_EACH (it, &o->leaves) {
		struct leaf *l = HASH_OF(it, struct leaf, node);

		if (rc == 0 && l->pass != o->pass)
			rc = add_gone(c, o, l);
	}
	return rc == 0 ? send_gone(c, o) : rc;
}

static int tell_all(struct agent_gsub *c, struct one *o, const struct lyd_node *tree)
{
	struct ly_set *set = NULL;
	int rc = 0;

	note_begin(c);
	if (o->path.schema && lyd_find_xpath(tree, o->path.xpath, &set) != LY_SUCCESS)
		return err_raise(-ENOMEM);
	if (!o->path.schema)
		rc = tell_below(c, o, tree);
	for (uint32_t i = 0; rc == 0 && set && i < set->count; i++) {
		if (i == 0 || set->dnodes[i]->schema->nodetype != LYS_LEAFLIST ||
		    lyd_parent(set->dnodes[i]) != lyd_parent(set->dnodes[i - 1]))
			rc = tell_below(c, o, set->dnodes[i]);
	}
	ly_set_free(set, NULL);
	return rc == 0 ? note_send(c, o) : rc;
}

int agent_gsub_evaluate(struct agent_gsub *c, struct one *o, const struct lyd_node *tree)
{
	int rc;

	o->pass++;
	rc = tree ? tell_all(c, o, tree) : err_raise(-ENOMEM);
	return rc == 0 ? tell_gone(c, o) : rc;
}

/* ---- differences ---- */

/* An entry that went and is not back. */
static int tell_grave(struct agent_gsub *c, struct one *o, const struct lyd_node *n)
{
	Gnmipb__Path *p = agent_gpath_of(n, &c->out);
	struct hash_node *at;
	struct key k = { 0 };
	struct leaf *l;

	if (p)
		k.path = pb_pack(&p->base, &c->out, &k.len);
	if (!k.path)
		return err_raise(-ENOMEM);
	at = hash_get(&o->leaves, k.path, k.len, &k);
	l = at ? HASH_OF(at, struct leaf, node) : NULL;
	if (!l || l->pass == o->pass)
		return 0;
	l->pass = o->pass;
	return add_gone(c, o, l);
}

static int tell_graves(struct agent_gsub *c, struct one *o, struct lyd_node *top)
{
	struct lyd_node *n;
	int rc = 0;

	LYD_TREE_DFS_BEGIN(top, n)
	{
		if (rc == 0 && agent_gfwd_is_value(n->schema)) {
			rc = tell_grave(c, o, n);
			LYD_TREE_DFS_continue = 1;
		}
		LYD_TREE_DFS_END(top, n);
	}
	return rc == 0 ? send_gone(c, o) : rc;
}

bool agent_gsub_walks(const struct agent_gsub *c, const struct one *o)
{
	return c->g->cfg.fwd && o->path.n_elems == 2 && agent_gnmi_parts(&o->path) == GNMI_PART_FORWARDING &&
	       (c->parts || !c->first);
}

static void walk_begin(const struct agent_gsub *c, struct one *o)
{
	const struct agent_fwd *f = c->g->cfg.fwd;
	bool differs = !c->first && o->told_gen == o->gen && agent_fwd_gone(f, o->told, NULL, NULL);

	memset(&o->walk, 0, sizeof(o->walk));
	o->walk.on = true;
	o->walk.since = differs ? o->told : 0;
	o->walk.version = agent_fwd_version(f);
	o->walk.gen = o->gen;
	o->pass++;
}

static int walk_part(struct agent_gsub *c, struct one *o)
{
	struct agent_gfwd_at at = o->walk.at;
	bool more = false;
	struct lyd_node *part = agent_gfwd_part(c->g->cfg.fwd, c->g->models, o->walk.since, &at, &more);
	int rc = part ? tell_all(c, o, part) : err_raise(-ENOMEM);

	lyd_free_all(part);
	if (rc != 0)
		return rc;
	o->walk.at = at;
	return more ? GSUB_E_MORE : 0;
}

static int walk_end(struct agent_gsub *c, struct one *o)
{
	const struct agent_fwd *f = c->g->cfg.fwd;
	struct lyd_node *gone;
	int rc;

	if (!o->walk.since)
		return tell_gone(c, o);
	if (!agent_fwd_gone(f, o->walk.since, NULL, NULL)) { /* too much went meanwhile: all is compared */
		o->told = 0;
		o->walk.on = false;
		return GSUB_E_MORE;
	}
	gone = agent_gfwd_gone(f, c->g->models, o->walk.since, o->walk.version);
	rc = gone ? tell_graves(c, o, gone) : err_raise(-ENOMEM);
	lyd_free_all(gone);
	return rc;
}

int agent_gsub_walk(struct agent_gsub *c, struct one *o)
{
	int rc;

	if (!o->walk.on || (c->first && o->walk.gen != o->gen)) /* a poll is a new question */
		walk_begin(c, o);
	rc = walk_part(c, o);
	if (rc == 0)
		rc = walk_end(c, o);
	if (rc == 0) {
		o->walk.on = false;
		o->told = o->walk.version;
		o->told_gen = o->walk.gen;
	}
	return rc;
}

/* ---- life ---- */

bool agent_gsub_room(struct agent_gsub *c, size_t n)
{
	c->ones = calloc(n, sizeof(*c->ones));
	for (; c->ones && c->n_ones < n; c->n_ones++)
		hash_init(&c->ones[c->n_ones].leaves, loop_random(c->g->loop), leaf_eq);
	return c->ones != NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscribe. What a client was told is remembered leaf by leaf (path, hash of the value), so that
 * every evaluation is one rule: a leaf is told when it is new, differs, or is older than what has
 * to be told again (sample, heartbeat, poll); what is remembered and not there is deleted. A
 * full queue ends an evaluation anywhere; the next one goes on where it ended.
 *
 * What is forwarded may be long, and changes by single routes: where nothing has to be told again, only what is
 * new, and what went, since the version that was told, is looked at by the same rule.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "tools/agent/gnmi/gnmi_fwd.h"
#include "tools/agent/gnmi/gnmi_sub_int.h"

enum {
	LEAVES_MAX = 1 << 18, /* of one call */
	ARENA_SUB_MAX = 1 << 20,
};

struct leaf {
	struct hash_node node;
	uint64_t value;
	uint32_t gen;  /* of the subscription, when it was told */
	uint32_t pass; /* the last that saw it */
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

void agent_gsub_free_all(struct agent_gnmi *g)
{
	while (!list_empty(&g->subs))
		agent_gsub_free(LIST_OF(g->subs.next, struct agent_gsub, link));
}

void agent_gsub_refuse(struct agent_gsub *c, enum rpc_code code, const char *why)
{
	rpc_call_finish(c->call, code, "%s", why);
	agent_gsub_free(c);
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

static int send_sync(struct agent_gsub *c)
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
	l->pass = c->pass;
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

	for (size_t i = 0; rc == 0 && i < n; i++)
		forget(c, o, c->told[i]);
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

		if (rc == 0 && l->pass != c->pass)
			rc = add_gone(c, o, l);
	}
	return rc == 0 ? send_gone(c, o) : rc;
}

static int tell_all(struct agent_gsub *c, struct one *o, const struct lyd_node *tree)
{
	struct ly_set *set = NULL;
	int rc = 0;

	c->pass++;
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

static int evaluate(struct agent_gsub *c, struct one *o, const struct lyd_node *tree)
{
	int rc = tree ? tell_all(c, o, tree) : err_raise(-ENOMEM);

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
	if (!l || l->pass == c->pass)
		return 0;
	l->pass = c->pass;
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

/* Of all that is forwarded, with nothing to be told again. */
static bool differences_do(const struct agent_gsub *c, const struct one *o)
{
	return !c->first && o->told && o->told_gen == o->gen && o->path.n_elems == 2 &&
	       agent_gnmi_parts(&o->path) == GNMI_PART_FORWARDING &&
	       agent_fwd_gone(c->g->cfg.fwd, o->told, NULL, NULL);
}

static int differences(struct agent_gsub *c, struct one *o)
{
	const struct agent_fwd *f = c->g->cfg.fwd;
	struct lyd_node *news = agent_gfwd_news(f, c->g->models, o->told);
	struct lyd_node *gone = agent_gfwd_gone(f, c->g->models, o->told);
	int rc = news && gone ? tell_all(c, o, news) : err_raise(-ENOMEM);

	if (rc == 0)
		rc = tell_graves(c, o, gone);
	lyd_free_all(news);
	lyd_free_all(gone);
	return rc;
}

/* ---- time ---- */

void agent_gsub_want(struct agent_gsub *c)
{
	if (c->blocked)
		return; /* the queue's end wants it then */
	c->wants = true;
	if (c->parts) /* nothing of it is read by slices then */
		loop_task_run(&c->g->parts);
	else
		c->due = agent_gnmi_read(c->g);
}

static void arm(struct agent_gsub *c)
{
	struct mono now = loop_now(c->g->loop), least = { 0 };
	bool any = false;

	for (size_t i = 0; i < c->n_ones; i++) {
		const struct one *o = &c->ones[i];

		if (o->interval_ns && (!any || mono_before(o->next, least))) {
			least = o->next;
			any = true;
		}
		if (o->heartbeat_ns && (!any || mono_before(o->beat, least))) {
			least = o->beat;
			any = true;
		}
	}
	if (any && c->mode == GNMIPB__SUBSCRIPTION_LIST__MODE__STREAM)
		loop_timer_after(&c->timer, mono_since(now, least));
}

static void tick(struct one *o, struct mono now)
{
	if (o->heartbeat_ns && !mono_before(now, o->beat)) {
		o->beat = mono_add(now, o->heartbeat_ns);
		o->gen++;
		o->due = true;
	}
	if (!o->interval_ns || mono_before(now, o->next))
		return;
	o->next = mono_add(o->next, o->interval_ns);
	if (mono_before(o->next, now)) /* late: not many at once */
		o->next = mono_add(now, o->interval_ns);
	o->gen += !o->suppress;
	o->due = true;
}

static void on_timer(void *arg)
{
	struct agent_gsub *c = arg;

	for (size_t i = 0; i < c->n_ones; i++)
		tick(&c->ones[i], loop_now(c->g->loop));
	arm(c);
	agent_gsub_want(c);
}

/* ---- what is due ---- */

/* The whole of what was asked for was told. */
static int complete(struct agent_gsub *c)
{
	int rc;

	if (!c->first)
		return 0;
	rc = send_sync(c);
	if (rc != 0)
		return rc;
	c->first = c->silent = false;
	if (c->mode == GNMIPB__SUBSCRIPTION_LIST__MODE__ONCE) {
		rpc_call_finish(c->call, RPC_OK, "%s", "");
		agent_gsub_free(c);
		return 0;
	}
	for (size_t i = 0; i < c->n_ones; i++) {
		c->ones[i].next = mono_add(loop_now(c->g->loop), c->ones[i].interval_ns);
		c->ones[i].beat = mono_add(loop_now(c->g->loop), c->ones[i].heartbeat_ns);
	}
	arm(c);
	return 0;
}

/* One tree of everything and one of parts alone, each made when somebody needs it; parts: what any of those who
 * need them ask for. */
struct trees {
	struct lyd_node *all, *some;
	unsigned parts;
};

static const struct lyd_node *tree_for(const struct agent_gsub *c, struct trees *t)
{
	if (!c->parts && !t->all)
		t->all = agent_gnmi_all(c->g, t->parts);
	if (c->parts && !t->some)
		t->some = agent_gnmi_only(c->g, t->parts);
	return c->parts ? t->some : t->all;
}

static int serve_one(struct agent_gsub *c, struct one *o, struct trees *t)
{
	int rc = differences_do(c, o) ? differences(c, o) : evaluate(c, o, tree_for(c, t));

	if (rc != 0)
		return rc;
	o->due = o->due_change = false;
	o->told = c->g->cfg.fwd ? agent_fwd_version(c->g->cfg.fwd) : 0;
	o->told_gen = o->gen;
	return 0;
}

static void serve(struct agent_gsub *c, struct trees *t)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n_ones; i++) {
		if (c->first || c->ones[i].due || c->ones[i].due_change)
			rc = serve_one(c, &c->ones[i], t);
	}
	c->wants = false;
	if (rc == 0)
		rc = complete(c);
	if (rc < 0) {
		agent_gsub_refuse(c, RPC_RESOURCE_EXHAUSTED, "too much is subscribed to");
		return;
	}
	if (rc == RPC_E_FULL)
		c->blocked = true;
}

enum why { FRESH, CHANGED, PARTS };

static bool is_due(const struct agent_gsub *c, enum why why)
{
	bool change = false;

	if (!c->ones || c->blocked)
		return false;
	for (size_t i = 0; i < c->n_ones; i++)
		change = change || c->ones[i].due_change;
	if (change && !c->first && why != FRESH)
		return true;
	return why == PARTS ? c->wants && c->parts :
	       why == FRESH ? c->wants && !c->parts && c->due <= c->g->read :
			      false;
}

/* What is needed of parts; of a tree of everything, forwarding alone may be left out. */
static unsigned needs(const struct agent_gsub *c)
{
	for (size_t i = 0; !c->parts && i < c->n_ones; i++) {
		if (agent_gnmi_asks(&c->ones[i].path, GNMI_PART_FORWARDING))
			return GNMI_PART_FORWARDING;
	}
	return c->parts;
}

static void serve_some(struct agent_gnmi *g, enum why why)
{
	struct trees trees = { 0 };
	struct list all;

	list_init(&all);
	for (struct list *n; (n = list_pop(&g->subs));) {
		const struct agent_gsub *c = LIST_OF(n, struct agent_gsub, link);

		trees.parts |= is_due(c, why) ? needs(c) : 0;
		list_add(&all, n);
	}
	for (struct list *n; (n = list_pop(&all));) {
		struct agent_gsub *c = LIST_OF(n, struct agent_gsub, link);

		list_add(&g->subs, &c->link);
		if (is_due(c, why))
			serve(c, &trees);
	}
	lyd_free_all(trees.all);
	lyd_free_all(trees.some);
}

void agent_gsub_fresh(struct agent_gnmi *g)
{
	serve_some(g, FRESH);
}

void agent_gsub_parts(struct agent_gnmi *g)
{
	serve_some(g, PARTS);
}

void agent_gnmi_changed(struct agent_gnmi *g)
{
	LIST_EACH (it, &g->subs) {
		struct agent_gsub *c = LIST_OF(it, struct agent_gsub, link);

		for (size_t i = 0; i < c->n_ones; i++)
			c->ones[i].due_change = c->ones[i].on_change;
	}
	serve_some(g, CHANGED);
}

static void parts_changed(struct agent_gnmi *g, unsigned parts)
{
	LIST_EACH (it, &g->subs) {
		struct agent_gsub *c = LIST_OF(it, struct agent_gsub, link);

		for (size_t i = 0; i < c->n_ones; i++)
			c->ones[i].due_change |= c->ones[i].on_change && agent_gnmi_asks(&c->ones[i].path, parts);
	}
	loop_task_run(&g->parts);
}

void agent_gnmi_measured(struct agent_gnmi *g, unsigned parts)
{
	parts_changed(g, parts);
}

void agent_gnmi_forwarded(struct agent_gnmi *g)
{
	parts_changed(g, GNMI_PART_FORWARDING);
}

/* ---- life ---- */

struct agent_gsub *agent_gsub_new(struct agent_gnmi *g, struct rpc_call *call)
{
	struct agent_gsub *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->g = g;
	c->call = call;
	arena_init(&c->arena, ARENA_SUB_MAX);
	arena_init(&c->out, GNMI_ARENA_MAX);
	loop_timer_init(&c->timer, g->loop, on_timer, c);
	list_add(&g->subs, &c->link);
	return c;
}

bool agent_gsub_room(struct agent_gsub *c, size_t n)
{
	c->ones = calloc(n, sizeof(*c->ones));
	for (; c->ones && c->n_ones < n; c->n_ones++)
		hash_init(&c->ones[c->n_ones].leaves, loop_random(c->g->loop), leaf_eq);
	return c->ones != NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions, leaf by leaf. Each remembers what it told last; on change is what differs from that.
 * A client that is too slow loses its stream and has to ask again. Counters are not told on change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sim/target_int.h"

enum { SUBS_MAX = 16, CHUNK = 200, LEAVES_MAX = 100000 };

#define SAMPLE_NS_MIN (100 * NS_PER_MS)
#define SAMPLE_NS_USUAL (10 * NS_PER_S)

struct told {
	char *path, *value;
	bool seen;
};

struct one {
	struct sim_sub *sub;
	struct gnmic_path path;
	bool sample;
	uint64_t interval_ns;
	struct loop_timer due;
	VEC(struct told) told;
	size_t next; /* of told: where the next leaf is looked for first */
};

struct sim_sub {
	struct list link;
	struct sim_target *tg;
	struct rpc_call *call;
	struct arena a; /* of the request */
	enum gnmic_mode mode;
	struct one *one;
	size_t n;
	bool asked;
};

static void forget(struct told *t)
{
	free(t->path);
	free(t->value);
}

static struct sim_sub *sub_free(struct sim_sub *s)
{
	for (size_t i = 0; i < s->n; i++) {
		loop_timer_fini(&s->one[i].due);
		for (size_t k = 0; k < s->one[i].told.n; k++)
			forget(&s->one[i].told.at[k]);
		VEC_FINI(&s->one[i].told);
	}
	list_del(&s->link);
	s->tg->n_subs--;
	arena_fini(&s->a);
	free(s);
	return NULL;
}

static void end_with(struct sim_sub *s, enum rpc_code code, const char *why)
{
	rpc_call_finish(s->call, code, "%s", why);
	sub_free(s);
}

/* ---- one notification after the other ---- */

struct batch {
	struct one *o;
	struct arena a;
	struct gnmic_update updates[CHUNK];
	struct gnmic_path gone[CHUNK];
	size_t n_updates, n_gone;
	bool all;  /* also what is as it was told */
	bool full; /* the client cannot take more now */
};

static void flush(struct batch *b)
{
	struct gnmic_event ev = { 0 };
	size_t len = 0;
	uint8_t *msg;

	if (b->n_updates + b->n_gone == 0)
		return;
	ev.update.timestamp_ns = (int64_t)loop_wall_ns(b->o->sub->tg->all->loop);
	ev.update.updates = b->updates;
	ev.update.n_updates = b->n_updates;
	ev.update.deletes = b->gone;
	ev.update.n_deletes = b->n_gone;
	msg = gnmic_event_write(&ev, &b->a, &len);
	if (!msg || rpc_call_send(b->o->sub->call, msg, len) != 0)
		b->full = true;
	b->n_updates = b->n_gone = 0;
	arena_reset(&b->a);
}

/* Leaves come in the tree's order, and so they were told. */
static struct told *find(struct one *o, const char *path)
{
	for (size_t i = 0; i < o->told.n; i++) {
		size_t k = (o->next + i) % o->told.n;

		if (strcmp(o->told.at[k].path, path) == 0) {
			o->next = k + 1;
			return &o->told.at[k];
		}
	}
	return NULL;
}

static void add_update(struct batch *b, const char *path, const char *value)
{
	struct gnmic_update *u = &b->updates[b->n_updates];

	u->val = (struct gnmic_value){ .kind = GNMIC_JSON_IETF };
	u->val.bytes.data = arena_str(&b->a, value);
	u->val.bytes.len = strlen(value);
	if (u->val.bytes.data && gnmic_path_parse(path, &b->a, &u->path) == NULL)
		b->n_updates++;
	else
		b->full = true;
}

static char *path_of(const struct lyd_node *leaf)
{
	STR_AUTO struct str out = { 0 };
	struct gnmic_path path;
	struct arena a;

	arena_init(&a, 64 << 10);
	if (sim_tree_path(leaf, &a, &path))
		gnmic_path_text(&path, &out);
	arena_fini(&a);
	return str_take(&out);
}

/* All entries of a leaf-list are one value, told with its first. */
static char *value_of(const struct lyd_node *leaf)
{
	STR_AUTO struct str out = { 0 };

	if (leaf->schema->nodetype != LYS_LEAFLIST)
		return sim_tree_value(leaf);
	for (const struct lyd_node *n = leaf; n; n = n->next) {
		AUTO_FREE char *v = n->schema == leaf->schema ? sim_tree_value(n) : NULL;

		if (v)
			str_addf(&out, "%s%s", out.len ? "," : "[", v);
	}
	str_add(&out, "]");
	return str_take(&out);
}

static void tell_leaf(struct batch *b, const struct lyd_node *leaf)
{
	AUTO_FREE char *path = path_of(leaf), *value = value_of(leaf);
	struct told fresh = { .seen = true }, *t;

	if (!path || !value)
		return;
	t = find(b->o, path);
	if (t && (t->seen || (!b->all && strcmp(t->value, value) == 0))) {
		t->seen = true; /* a further entry of a leaf-list, or nothing new */
		return;
	}
	if (b->n_updates == CHUNK)
		flush(b);
	if (!b->full)
		add_update(b, path, value);
	if (!t && b->o->told.n < LEAVES_MAX)
		t = VEC_ADD(&b->o->told, fresh);
	if (!t) {
		b->full = true;
		return;
	}
	forget(t);
	*t = (struct told){ TAKE(path), TAKE(value), true };
}

static bool is_counter(const struct lyd_node *n)
{
	return strcmp(n->schema->name, "statistics") == 0;
}

/* Every leaf below a node; the model bounds the depth. */
static void tell_below(struct batch *b, const struct lyd_node *n)
{
	const struct lyd_node *c;

	if (n->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		tell_leaf(b, n);
	if (!b->all && is_counter(n))
		return;
	LY_LIST_FOR(lyd_child(n), c)
		tell_below(b, c);
}

static void tell_gone(struct batch *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->o->told.n; i++) {
		struct told *t = &b->o->told.at[i];
		bool counter = strstr(t->path, "/statistics/") != NULL;

		if (t->seen || (counter && !b->all)) {
			t->seen = false;
			b->o->told.at[kept++] = *t;
			continue;
		}
		if (b->n_gone == CHUNK)
			flush(b);
		if (gnmic_path_parse(t->path, &b->a, &b->gone[b->n_gone]) == NULL)
			b->n_gone++;
		forget(t);
	}
	b->o->told.n = kept;
}

/* False: the client is too slow. */
static bool tell(struct one *o, bool all)
{
	struct sim_targets *ts = o->sub->tg->all;
	struct batch *b = calloc(1, sizeof(*b));
	struct ly_set *set = NULL;
	struct sim_refusal no;
	struct lyd_node *tree;
	bool ok = false;

	sim_targets_count_up(ts);
	tree = sim_target_tree(o->sub->tg, true);
	if (b && tree && sim_tree_find(ts->ctx, tree, &o->path, &set, &no)) {
		b->o = o;
		b->all = all;
		arena_init(&b->a, SIM_ARENA_MAX);
		for (uint32_t i = 0; i < set->count; i++)
			tell_below(b, set->dnodes[i]);
		tell_gone(b);
		flush(b);
		arena_fini(&b->a);
		ok = !b->full;
	}
	ly_set_free(set, NULL);
	lyd_free_all(tree);
	free(b);
	return ok;
}

static void too_slow(struct sim_sub *s)
{
	end_with(s, RPC_RESOURCE_EXHAUSTED, "too much waits to be taken");
}

static void sampled(void *arg)
{
	struct one *o = arg;

	if (tell(o, true))
		loop_timer_after(&o->due, o->interval_ns);
	else
		too_slow(o->sub);
}

/* False: it ended. */
static bool tell_all(struct sim_sub *s)
{
	struct gnmic_event sync = { .sync = true };
	struct arena a;
	size_t len = 0;
	uint8_t *msg;
	bool ok = true;

	for (size_t i = 0; ok && i < s->n; i++)
		ok = tell(&s->one[i], true);
	arena_init(&a, 4096);
	msg = gnmic_event_write(&sync, &a, &len);
	ok = ok && msg && rpc_call_send(s->call, msg, len) == 0;
	arena_fini(&a);
	if (!ok)
		too_slow(s);
	return ok;
}

/* ---- what is asked for ---- */

static bool take_one(struct sim_sub *s, const struct gnmic_subscribe *req, size_t i, struct sim_refusal *no)
{
	const struct gnmic_subscription *sub = &req->subs[i];
	struct one *o = &s->one[s->n++];
	struct ly_set *set = NULL;
	struct lyd_node *tree;
	bool ok;

	loop_timer_init(&o->due, s->tg->all->loop, sampled, o);
	o->sub = s;
	o->sample = sub->mode == GNMIC_SAMPLE;
	o->interval_ns = sub->sample_ns ? sub->sample_ns : SAMPLE_NS_USUAL;
	if (o->interval_ns < SAMPLE_NS_MIN)
		return sim_refused(no, RPC_INVALID_ARGUMENT, "samples come every 100 ms at most");
	if (sub->heartbeat_ns || sub->suppress_redundant || req->updates_only)
		return sim_refused(no, RPC_UNIMPLEMENTED, "no heartbeat, nothing suppressed");
	if (!gnmic_path_join(&req->prefix, &sub->path, &s->a, &o->path))
		return sim_refused(no, RPC_RESOURCE_EXHAUSTED, "no memory");
	tree = sim_target_tree(s->tg, false);
	ok = tree && sim_tree_find(s->tg->all->ctx, tree, &o->path, &set, no);
	ly_set_free(set, NULL);
	lyd_free_all(tree);
	return ok;
}

static bool take(struct sim_sub *s, const uint8_t *data, size_t len, struct sim_refusal *no)
{
	struct gnmic_subscribe req;
	const char *why = gnmic_subscribe_read(data, len, &s->a, &req);

	if (why)
		return sim_refused(no, RPC_INVALID_ARGUMENT, "%s", why);
	if (req.poll || req.n_subs == 0 || req.n_subs > SUBS_MAX)
		return sim_refused(no, RPC_INVALID_ARGUMENT, "1 to 16 subscriptions come first");
	if (req.encoding != GNMIC_ENC_JSON_IETF && req.encoding != GNMIC_ENC_JSON)
		return sim_refused(no, RPC_UNIMPLEMENTED, "only JSON_IETF");
	s->mode = req.mode;
	s->asked = true;
	s->one = ARENA_ARRAY(&s->a, req.n_subs, struct one);
	for (size_t i = 0; s->one && i < req.n_subs; i++)
		if (!take_one(s, &req, i, no))
			return false;
	return s->one || sim_refused(no, RPC_RESOURCE_EXHAUSTED, "no memory");
}

static bool is_poll(const uint8_t *data, size_t len)
{
	struct gnmic_subscribe req;
	struct arena a;
	bool poll;

	arena_init(&a, 64 << 10);
	poll = gnmic_subscribe_read(data, len, &a, &req) == NULL && req.poll;
	arena_fini(&a);
	return poll;
}

static void message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct sim_sub *s = arg;
	struct sim_refusal no = { 0 };

	(void)call;
	if (s->asked) {
		if (s->mode == GNMIC_POLL && is_poll(data, len))
			(void)tell_all(s);
		else
			end_with(s, RPC_INVALID_ARGUMENT, "nothing more can be asked here");
		return;
	}
	if (!take(s, data, len, &no)) {
		end_with(s, no.code, no.text);
		return;
	}
	if (s->mode != GNMIC_POLL && !tell_all(s))
		return;
	if (s->mode == GNMIC_ONCE) {
		end_with(s, RPC_OK, "");
		return;
	}
	for (size_t i = 0; s->mode == GNMIC_STREAM && i < s->n; i++)
		if (s->one[i].sample)
			loop_timer_after(&s->one[i].due, s->one[i].interval_ns);
}

static void look(struct sim_sub *s)
{
	for (size_t i = 0; s->mode == GNMIC_STREAM && i < s->n; i++)
		if (!s->one[i].sample && !tell(&s->one[i], false)) {
			too_slow(s);
			return;
		}
}

static void ended(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	(void)call;
	(void)st;
	sub_free(arg);
}

void sim_sub_accept(struct sim_target *tg, struct rpc_call *call)
{
	static const struct rpc_call_ops ops = { .message = message, .end = ended };
	struct sim_sub *s = tg->n_subs < SIM_STREAMS_MAX ? calloc(1, sizeof(*s)) : NULL;

	if (!s) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "too many subscriptions");
		return;
	}
	s->tg = tg;
	s->call = call;
	arena_init(&s->a, 256 << 10);
	list_init(&s->link);
	list_add(&tg->subs, &s->link);
	tg->n_subs++;
	rpc_call_take(call, &ops, s);
}

void sim_subs_look(struct sim_target *tg)
{
	LIST_EACH(n, &tg->subs)
		look(LIST_OF(n, struct sim_sub, link));
}

void sim_subs_drop(struct sim_target *tg)
{
	while (!list_empty(&tg->subs))
		sub_free(LIST_OF(tg->subs.next, struct sim_sub, link));
}

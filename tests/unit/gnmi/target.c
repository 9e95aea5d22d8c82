/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- what it holds ---- */

static void canon(const struct gnmic_path *p, struct str *out)
{
	struct gnmic_path bare = *p;

	bare.origin = "";
	gnmic_path_text(&bare, out);
}

static bool under(const char *path, const char *top)
{
	size_t n = strlen(top);

	if (strcmp(top, "/") == 0)
		return true;
	return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static void drop(struct target *t, const char *top)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (under(t->rows[i].path, top)) {
			free(t->rows[i].path);
			free(t->rows[i].json);
		} else {
			t->rows[kept++] = t->rows[i];
		}
	}
	t->n = kept;
}

void target_put(struct target *t, const char *path, const char *json)
{
	drop(t, path);
	if (!json)
		return;
	assert(t->n < TARGET_ROWS);
	t->rows[t->n].path = strdup(path);
	t->rows[t->n++].json = strdup(json);
}

const char *target_has(const struct target *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].path, path) == 0)
			return t->rows[i].json;
	return NULL;
}

static void saved_drop(struct target *t)
{
	for (size_t i = 0; i < t->n_saved; i++) {
		free(t->saved[i].path);
		free(t->saved[i].json);
	}
	t->n_saved = 0;
}

static void save(struct target *t)
{
	saved_drop(t);
	for (size_t i = 0; i < t->n; i++) {
		t->saved[i].path = strdup(t->rows[i].path);
		t->saved[i].json = strdup(t->rows[i].json);
	}
	t->n_saved = t->n;
}

static void restore(struct target *t)
{
	drop(t, "/");
	for (size_t i = 0; i < t->n_saved; i++)
		target_put(t, t->saved[i].path, t->saved[i].json);
	saved_drop(t);
}

/* ---- answers ---- */

static void caps(struct target *t, struct rpc_call *call)
{
	struct gnmic_model models[8];
	struct gnmic_caps c = { .models = models, .version = "0.10.0",
				.encodings = t->encodings ? t->encodings : 1U << GNMIC_ENC_JSON_IETF };
	struct arena a;
	size_t len;
	uint8_t *msg;

	t->caps++;
	for (; c.n_models < 8 && t->models[c.n_models]; c.n_models++)
		models[c.n_models] = (struct gnmic_model){ t->models[c.n_models], "test",
								    t->version ? t->version : "1" };
	arena_init(&a, 0);
	msg = gnmic_caps_write(&c, &a, &len);
	rpc_call_reply(call, msg, len);
	arena_fini(&a);
}

struct leaves {
	struct arena *a;
	struct gnmic_update *at;
	size_t n;
};

static bool leaf_in(void *arg, const struct gnmic_leaf *leaf)
{
	struct leaves *l = arg;
	struct str json STR_AUTO = { 0 };
	struct gnmic_update *u = &l->at[l->n++];

	assert(l->n <= 256);
	gnmic_value_json(&leaf->val, &json);
	assert(gnmic_path_copy(&leaf->path, l->a, &u->path));
	u->val = (struct gnmic_value){ .kind = GNMIC_JSON_IETF,
				       .bytes = { arena_str(l->a, str_text(&json)), json.len } };
	return true;
}

static const char *told(const struct target *t, const char *json, struct arena *a)
{
	const char *from = t->hides ? strstr(json, t->hides) : NULL;
	const char *to = from ? strchr(from + strlen(t->hides), '"') : NULL;

	return to ? arena_printf(a, "%.*s%s", (int)(from - json), json, to + 1) : json;
}

static void get(struct target *t, struct rpc_call *call, const uint8_t *data, size_t len)
{
	static const struct gnmic_path root = { .origin = "", .target = "" };
	struct gnmic_notification n = { .timestamp_ns = 1 };
	struct gnmic_get_reply reply = { &n, 1 };
	struct gnmic_get req;
	struct leaves l;
	struct arena a;
	size_t out_len;
	uint8_t *msg;

	t->gets++;
	arena_init(&a, 0);
	assert(gnmic_get_read(data, len, &a, &req) == NULL);
	assert(req.n_paths == 1);
	l = (struct leaves){ .a = &a, .at = ARENA_ARRAY(&a, 256, struct gnmic_update) };
	for (size_t i = 0; i < t->n; i++) {
		struct str want STR_AUTO = { 0 };
		struct gnmic_update u = { .val = { .kind = GNMIC_JSON_IETF } };

		canon(&req.paths[0], &want);
		if (!under(t->rows[i].path, str_text(&want)))
			continue;
		assert(gnmic_path_parse(t->rows[i].path, &a, &u.path) == NULL);
		u.val.bytes.data = told(t, t->rows[i].json, &a);
		u.val.bytes.len = strlen(u.val.bytes.data);
		if (t->leafwise)
			assert(gnmic_leaves(&root, &u, NULL, 0, &a, leaf_in, &l) == NULL);
		else
			l.at[l.n++] = u;
	}
	n.updates = l.at;
	n.n_updates = l.n;
	if (t->leafwise) { /* and says what they have in common once, in the prefix */
		n.prefix = req.paths[0];
		for (size_t i = 0; i < l.n; i++) {
			l.at[i].path.elems += n.prefix.n_elems;
			l.at[i].path.n_elems -= n.prefix.n_elems;
		}
	}
	msg = gnmic_get_reply_write(&reply, &a, &out_len);
	if (t->garbage)
		rpc_call_reply(call, "\xff\xff", 2);
	else if (l.n == 0)
		rpc_call_finish(call, RPC_NOT_FOUND, "nothing there");
	else
		rpc_call_reply(call, msg, out_len);
	arena_fini(&a);
}

static void put(struct target *t, const struct gnmic_update *u)
{
	struct str path STR_AUTO = { 0 }, json STR_AUTO = { 0 };

	canon(&u->path, &path);
	gnmic_value_json(&u->val, &json);
	target_put(t, str_text(&path), str_text(&json));
	if (t->changed)
		t->changed(t, str_text(&path), str_text(&json));
}

static bool names(const struct gnmic_set *s, const char *what)
{
	struct str all STR_AUTO = { 0 };

	for (size_t i = 0; i < s->n_deletes; i++)
		gnmic_path_text(&s->deletes[i], &all);
	for (size_t i = 0; i < s->n_replaces; i++)
		gnmic_path_text(&s->replaces[i].path, &all);
	for (size_t i = 0; i < s->n_updates; i++)
		gnmic_path_text(&s->updates[i].path, &all);
	return strstr(str_text(&all), what) != NULL;
}

/* A key without what it is a key for. */
static bool lacks(const struct target *t, const struct gnmic_update *u, size_t n)
{
	for (size_t i = 0; t->demands && i < n; i++) {
		struct str path STR_AUTO = { 0 }, json STR_AUTO = { 0 };

		gnmic_path_text(&u[i].path, &path);
		gnmic_value_json(&u[i].val, &json);
		if (strstr(str_text(&path), "/key[") && !strstr(str_text(&json), t->demands))
			return true;
	}
	return false;
}

/* All of it, or the first changes alone. */
static void apply(struct target *t, const struct gnmic_set *s, bool all)
{
	size_t left = all ? SIZE_MAX : t->does ? t->does : 1;

	for (size_t i = 0; i < s->n_deletes && left > 0; i++, left--) {
		struct str path STR_AUTO = { 0 };

		canon(&s->deletes[i], &path);
		drop(t, str_text(&path));
		if (t->changed)
			t->changed(t, str_text(&path), NULL);
	}
	for (size_t i = 0; i < s->n_replaces && left > 0; i++, left--)
		put(t, &s->replaces[i]);
	for (size_t i = 0; i < s->n_updates && left > 0; i++, left--)
		put(t, &s->updates[i]);
}

static bool once(unsigned *n)
{
	if (*n == 0)
		return false;
	--*n;
	return true;
}

static bool commit(struct target *t, struct rpc_call *call, const struct gnmic_set *s)
{
	if (s->commit == GNMIC_COMMIT_NONE)
		return true;
	if (!t->knows_commit) {
		rpc_call_finish(call, RPC_UNIMPLEMENTED, "no such extension");
		return false;
	}
	if (s->commit == GNMIC_COMMIT_START) {
		t->commits++;
		save(t);
		(void)str_copy(t->pending, sizeof(t->pending), s->commit_id);
		return true;
	}
	assert(strcmp(t->pending, s->commit_id) == 0);
	t->confirms += s->commit == GNMIC_COMMIT_CONFIRM;
	t->cancels += s->commit == GNMIC_COMMIT_CANCEL;
	if (s->commit == GNMIC_COMMIT_CANCEL)
		restore(t);
	t->pending[0] = '\0';
	return true;
}

static void set_done(struct target *t, struct rpc_call *call)
{
	struct gnmic_set_reply reply = { .timestamp_ns = 2 };
	struct arena a;
	size_t len;
	uint8_t *msg;

	if (once(&t->close)) {
		rpc_call_cancel(call);
		return;
	}
	arena_init(&a, 0);
	msg = gnmic_set_reply_write(&reply, &a, &len);
	rpc_call_reply(call, msg, len);
	arena_fini(&a);
}

static void set(struct target *t, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct gnmic_set s;
	struct arena a;
	size_t n;

	t->sets++;
	arena_init(&a, 0);
	assert(gnmic_set_read(data, len, &a, &s) == NULL);
	n = s.n_deletes + s.n_replaces + s.n_updates;
	if (n > t->most_changes)
		t->most_changes = n;
	if (t->refuse && (!t->refuse_path || names(&s, t->refuse_path))) {
		rpc_call_finish(call, t->refuse, "not today");
		if (t->refuse_times && --t->refuse_times == 0)
			t->refuse = RPC_OK;
	} else if (lacks(t, s.replaces, s.n_replaces) || lacks(t, s.updates, s.n_updates)) {
		rpc_call_finish(call, RPC_INVALID_ARGUMENT, "a key has to say more");
	} else if (commit(t, call, &s)) {
		if (n > 0 && once(&t->half_refused)) {
			apply(t, &s, false);
			rpc_call_finish(call, RPC_INVALID_ARGUMENT, "the second is bad");
		} else {
			if (!t->lies)
				apply(t, &s, n == 0 || !once(&t->half));
			set_done(t, call);
		}
	}
	arena_fini(&a);
}

static void message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct target *t = arg;

	if (t->deaf)
		return;
	if (strcmp(rpc_call_method(call), "/gnmi.gNMI/Capabilities") == 0)
		caps(t, call);
	else if (strcmp(rpc_call_method(call), "/gnmi.gNMI/Get") == 0)
		get(t, call, data, len);
	else
		set(t, call, data, len);
}

/* ---- streams ---- */

static void tell(struct rpc_call *stream, int64_t time_ns, const char *path, const char *json)
{
	struct gnmic_update u = { .val = { .kind = GNMIC_JSON_IETF } };
	struct gnmic_event ev = { .update = { .timestamp_ns = time_ns } };
	struct arena a;
	size_t len;
	uint8_t *msg;

	assert(stream != NULL);
	arena_init(&a, 0);
	assert(gnmic_path_parse(path, &a, &u.path) == NULL);
	if (json) {
		u.val.bytes.data = json;
		u.val.bytes.len = strlen(json);
		ev.update.updates = &u;
		ev.update.n_updates = 1;
	} else {
		ev.update.deletes = &u.path;
		ev.update.n_deletes = 1;
	}
	msg = gnmic_event_write(&ev, &a, &len);
	assert(rpc_call_send(stream, msg, len) == 0);
	arena_fini(&a);
}

void target_tell(struct target *t, int64_t time_ns, const char *path, const char *json)
{
	tell(t->stream, time_ns, path, json);
}

/* A list without keys has its entries below it. */
static bool covers(const char *sub, const char *path)
{
	size_t n = strlen(sub);

	return under(path, sub) || under(sub, path) || (strncmp(path, sub, n) == 0 && path[n] == '[');
}

void target_tell_all(struct target *t, int64_t time_ns, const char *path, const char *json)
{
	for (size_t i = 0; i < TARGET_STREAMS; i++)
		if (t->streams[i].call && covers(t->streams[i].path, path))
			tell(t->streams[i].call, time_ns, path, json);
}

void target_sync(struct target *t)
{
	assert(rpc_call_send(t->stream, "\x18\x01", 2) == 0);
}

static void stream_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	struct target *t = arg;

	(void)st;
	if (t->stream == call)
		t->stream = NULL;
	for (size_t i = 0; i < TARGET_STREAMS; i++) {
		if (t->streams[i].call != call)
			continue;
		t->streams[i].call = NULL;
		free(t->streams[i].path);
		t->streams[i].path = NULL;
	}
}

static const char *stream_add(struct target *t, struct rpc_call *call, const struct gnmic_path *path)
{
	struct str text STR_AUTO = { 0 };
	size_t i = 0;

	canon(path, &text);
	while (t->streams[i].call)
		assert(++i < TARGET_STREAMS);
	t->stream = t->streams[i].call = call;
	t->streams[i].path = strdup(str_text(&text));
	return t->streams[i].path;
}

static void stream_message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct target *t = arg;
	struct gnmic_subscribe s;
	struct arena a;

	t->subscribes++;
	arena_init(&a, 0);
	assert(gnmic_subscribe_read(data, len, &a, &s) == NULL);
	assert(s.n_subs == 1);
	t->last_sub = s.subs[0];
	t->last_sub.path = (struct gnmic_path){ 0 };
	if (t->no_change && s.subs[0].mode == GNMIC_ON_CHANGE) {
		rpc_call_finish(call, RPC_INVALID_ARGUMENT, "not on change");
	} else {
		const char *sub = stream_add(t, call, &s.subs[0].path);

		for (size_t i = 0; i < t->n && !t->silent_stream; i++)
			if (covers(sub, t->rows[i].path))
				target_tell(t, 1000, t->rows[i].path, t->rows[i].json);
		if (!t->silent_stream)
			target_sync(t);
	}
	arena_fini(&a);
}

static const struct rpc_call_ops unary = { .message = message, .unary = true };
static const struct rpc_call_ops stream = { .message = stream_message, .end = stream_end };

static void accept_call(void *arg, struct rpc_call *call)
{
	struct target *t = arg;

	(void)rpc_call_meta(call, "username", t->user, sizeof(t->user));
	rpc_call_take(call, strcmp(rpc_call_method(call), "/gnmi.gNMI/Subscribe") == 0 ? &stream : &unary, t);
}

void target_up(struct target *t, struct rpc *rpc, const struct rpc_server_cfg *cfg)
{
	static const struct rpc_server_ops ops = { .accept = accept_call };

	assert(rpc_server_new(&t->server, rpc, cfg, &ops, t) == 0);
}

void target_down(struct target *t)
{
	t->server = rpc_server_free(t->server);
	t->stream = NULL;
	for (size_t i = 0; i < TARGET_STREAMS; i++)
		free(t->streams[i].path);
	memset(t->streams, 0, sizeof(t->streams));
	drop(t, "/");
	saved_drop(t);
}

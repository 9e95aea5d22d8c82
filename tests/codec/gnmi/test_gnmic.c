/* SPDX-License-Identifier: Apache-2.0 */
/* gNMI messages: vectors that protoc decoded, every truncation, paths as text, what is refused. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "southbound/gnmi/codec/gnmic.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena, 1 << 20);
}

static void teardown(void)
{
	arena_fini(&arena);
}

static size_t from_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = strlen(hex) / 2;

	ck_assert_uint_le(n, cap);
	for (size_t i = 0; i < n; i++) {
		const char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

static const char *text(const struct gnmic_path *p)
{
	static char buf[8][512];
	static unsigned at;
	struct str s STR_AUTO = { 0 };
	char *out = buf[at++ % 8];

	gnmic_path_text(p, &s);
	(void)str_copy(out, sizeof(buf[0]), str_text(&s));
	return out;
}

static struct gnmic_path path(const char *s)
{
	struct gnmic_path p;
	const char *why = gnmic_path_parse(s, &arena, &p);

	ck_assert_msg(!why, "%s: %s", s, why);
	return p;
}

/* Without the five octets of gRPC before each. */
#define SUBSCRIBE                                                                                  \
	"0a4912450a3b1a0c0a0a696e74657266616365731a160a09696e7465726661636512090a046e616d6512012a" \
	"1a070a0573746174651a0a0a08636f756e7465727310021880c8afa0254004"
#define SET                                                                                        \
	"0a0c120a6f70656e636f6e66696722440a3e1a0c0a0a696e74657266616365731a190a09696e746572666163" \
	"65120c0a046e616d651204657468301a080a06636f6e6669671a090a07656e61626c65641a022001"
#define UPDATE                                                                                     \
	"0a54088080e8ef9eca9cc31822480a3e1a0c0a0a696e74657266616365731a190a09696e7465726661636512" \
	"0c0a046e616d651204657468301a080a06636f6e6669671a090a07656e61626c65641a0618b5b8f0fe2d"

/* ---- vectors ---- */

START_TEST(a_subscription_is_read_and_written_to_the_octet)
{
	uint8_t buf[256];
	size_t n = from_hex(SUBSCRIBE, buf, sizeof(buf)), len;
	struct gnmic_subscribe m;
	const uint8_t *back;

	ck_assert_ptr_null(gnmic_subscribe_read(buf, n, &arena, &m));
	ck_assert(!m.poll && !m.updates_only);
	ck_assert_int_eq(m.mode, GNMIC_STREAM);
	ck_assert_int_eq(m.encoding, GNMIC_ENC_JSON_IETF);
	ck_assert_uint_eq(m.n_subs, 1);
	ck_assert_str_eq(text(&m.subs[0].path), "/interfaces/interface[name=*]/state/counters");
	ck_assert_int_eq(m.subs[0].mode, GNMIC_SAMPLE);
	ck_assert_uint_eq(m.subs[0].sample_ns, UINT64_C(10000000000));
	back = gnmic_subscribe_write(&m, &arena, &len);
	ck_assert_ptr_nonnull(back);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(back, buf, n);
}
END_TEST

START_TEST(a_set_is_read_and_written_to_the_octet)
{
	uint8_t buf[256];
	size_t n = from_hex(SET, buf, sizeof(buf)), len;
	struct gnmic_path whole;
	struct gnmic_set m;
	const uint8_t *back;

	ck_assert_ptr_null(gnmic_set_read(buf, n, &arena, &m));
	ck_assert_uint_eq(m.n_updates, 1);
	ck_assert_uint_eq(m.n_deletes + m.n_replaces + m.n_union_replaces, 0);
	ck_assert_int_eq(m.updates[0].val.kind, GNMIC_BOOL);
	ck_assert(m.updates[0].val.b);
	ck_assert(gnmic_path_join(&m.prefix, &m.updates[0].path, &arena, &whole));
	ck_assert_str_eq(text(&whole), "openconfig:/interfaces/interface[name=eth0]/config/enabled");
	back = gnmic_set_write(&m, &arena, &len);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(back, buf, n);
}
END_TEST

START_TEST(an_update_keeps_the_targets_time_and_all_64_bits)
{
	uint8_t buf[256];
	size_t n = from_hex(UPDATE, buf, sizeof(buf)), len;
	struct gnmic_event m;
	const uint8_t *back;
	uint64_t v;

	ck_assert_ptr_null(gnmic_event_read(buf, n, &arena, &m));
	ck_assert(!m.sync);
	ck_assert_int_eq(m.update.timestamp_ns, INT64_C(1767225600000000000));
	ck_assert_uint_eq(m.update.n_updates, 1);
	ck_assert(gnmic_value_u64(&m.update.updates[0].val, &v));
	ck_assert_uint_eq(v, UINT64_C(12345678901));
	back = gnmic_event_write(&m, &arena, &len);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(back, buf, n);
}
END_TEST

START_TEST(a_sync_and_an_empty_capability_request)
{
	struct gnmic_event m = { .sync = true }, got;
	size_t len;
	const uint8_t *b = gnmic_event_write(&m, &arena, &len);

	ck_assert_uint_eq(len, 2);
	ck_assert_mem_eq(b, "\x18\x01", 2);
	ck_assert_ptr_null(gnmic_event_read(b, len, &arena, &got));
	ck_assert(got.sync);
	ck_assert_ptr_null(gnmic_caps_request_read(NULL, 0, &arena));
	ck_assert_ptr_nonnull(gnmic_caps_request_read("\x0a", 1, &arena));
	ck_assert_str_eq(gnmic_event_read(NULL, 0, &arena, &got), "neither an update nor a sync");
}
END_TEST

/* Cut anywhere, in a block of exactly that size: read or refused, never more than that. */
START_TEST(every_truncation_is_survived)
{
	static const char *const vectors[] = { SUBSCRIBE, SET, UPDATE };
	uint8_t buf[256];
	size_t n = from_hex(vectors[_i], buf, sizeof(buf));

	for (size_t cut = 0; cut < n; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		struct gnmic_subscribe sub;
		struct gnmic_set set;
		struct gnmic_event ev;
		const char *why;

		memcpy(exact, buf, cut);
		arena_reset(&arena);
		why = _i == 0 ? gnmic_subscribe_read(exact, cut, &arena, &sub) :
		      _i == 1 ? gnmic_set_read(exact, cut, &arena, &set) :
				gnmic_event_read(exact, cut, &arena, &ev);
		/* Of the Set two prefixes are messages themselves: nothing, and the prefix alone. */
		ck_assert_msg(why || (_i == 1 && (cut == 0 || cut == 14)), "%zu octets were taken", cut);
		free(exact);
	}
}
END_TEST

/* ---- the others, there and back ---- */

START_TEST(every_kind_of_value_comes_back)
{
	struct gnmic_value two[] = { { .kind = GNMIC_STRING, .text = "a" },
				     { .kind = GNMIC_UINT, .u = UINT64_MAX } };
	struct gnmic_update u[] = {
		{ .val = { .kind = GNMIC_STRING, .text = "\xe2\x82\xac" } },
		{ .val = { .kind = GNMIC_INT, .i = INT64_MIN } },
		{ .val = { .kind = GNMIC_UINT, .u = UINT64_MAX } },
		{ .val = { .kind = GNMIC_BOOL, .b = false } },
		{ .val = { .kind = GNMIC_BYTES, .bytes = { "\0\xff", 2 } } },
		{ .val = { .kind = GNMIC_FLOAT, .d = -0.5 } },
		{ .val = { .kind = GNMIC_DECIMAL, .dec = { -1234, 2 } } },
		{ .val = { .kind = GNMIC_LIST, .list = { two, 2 } } },
		{ .val = { .kind = GNMIC_JSON, .bytes = { "{}", 2 } } },
		{ .val = { .kind = GNMIC_JSON_IETF, .bytes = { "[null]", 6 } } },
		{ .val = { .kind = GNMIC_ASCII, .text = "show version" } },
		{ .val = { .kind = GNMIC_PROTO, .bytes = { "\x08\x01", 2 } } },
		{ .val = { .kind = GNMIC_NONE } },
	};
	static const char *const shown[] = { "\"\xe2\x82\xac\"", "-9223372036854775808",
					     "18446744073709551615", "false", "\"AP8=\"", "-0.5",
					     "\"-12.34\"", "[\"a\",18446744073709551615]", "{}", "[null]",
					     "\"show version\"", "\"CAE=\"", "null" };
	struct gnmic_event m = { .update = { .timestamp_ns = -1, .updates = u, .n_updates = ARRAY_LEN(u),
					     .atomic = true } },
			   got;
	size_t len;
	const uint8_t *b;

	m.update.prefix = path("router:/x[a=1]");
	m.update.prefix.target = "r7";
	b = gnmic_event_write(&m, &arena, &len);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_null(gnmic_event_read(b, len, &arena, &got));
	ck_assert_int_eq(got.update.timestamp_ns, -1);
	ck_assert(got.update.atomic);
	ck_assert_str_eq(got.update.prefix.target, "r7");
	ck_assert_str_eq(text(&got.update.prefix), "router:/x[a=1]");
	ck_assert_uint_eq(got.update.n_updates, ARRAY_LEN(u));
	for (size_t i = 0; i < ARRAY_LEN(u); i++) {
		struct str s STR_AUTO = { 0 };

		ck_assert_int_eq(got.update.updates[i].val.kind, u[i].val.kind);
		gnmic_value_json(&got.update.updates[i].val, &s);
		ck_assert_str_eq(str_text(&s), shown[i]);
	}
}
END_TEST

START_TEST(capabilities_get_and_their_answers_come_back)
{
	struct gnmic_model models[] = { { "ietf-network-topology", "IETF", "2018-02-26" }, { "m", "", "" } };
	struct gnmic_caps caps = { models, 2, 1U << GNMIC_ENC_JSON_IETF | 1U << GNMIC_ENC_PROTO, "0.10.0" };
	struct gnmic_path paths[] = { path("/a/b"), path("/c[k=v]") };
	struct gnmic_get get = { .paths = paths, .n_paths = 2, .type = GNMIC_GET_STATE,
				 .encoding = GNMIC_ENC_JSON_IETF };
	struct gnmic_notification n = { .timestamp_ns = 7, .deletes = paths, .n_deletes = 2 };
	struct gnmic_get_reply reply = { &n, 1 };
	size_t len;
	const uint8_t *b = gnmic_caps_write(&caps, &arena, &len);

	memset(&caps, 0, sizeof(caps));
	ck_assert_ptr_null(gnmic_caps_read(b, len, &arena, &caps));
	ck_assert_uint_eq(caps.n_models, 2);
	ck_assert_str_eq(caps.models[0].version, "2018-02-26");
	ck_assert_uint_eq(caps.encodings, 1U << GNMIC_ENC_JSON_IETF | 1U << GNMIC_ENC_PROTO);
	ck_assert_str_eq(caps.version, "0.10.0");
	b = gnmic_get_write(&get, &arena, &len);
	memset(&get, 0, sizeof(get));
	ck_assert_ptr_null(gnmic_get_read(b, len, &arena, &get));
	ck_assert_uint_eq(get.n_paths, 2);
	ck_assert_int_eq(get.type, GNMIC_GET_STATE);
	ck_assert_int_eq(get.encoding, GNMIC_ENC_JSON_IETF);
	ck_assert_str_eq(text(&get.paths[1]), "/c[k=v]");
	b = gnmic_get_reply_write(&reply, &arena, &len);
	memset(&reply, 0, sizeof(reply));
	ck_assert_ptr_null(gnmic_get_reply_read(b, len, &arena, &reply));
	ck_assert_uint_eq(reply.n_notifications, 1);
	ck_assert_int_eq(reply.notifications[0].timestamp_ns, 7);
	ck_assert_uint_eq(reply.notifications[0].n_deletes, 2);
	ck_assert_str_eq(text(&reply.notifications[0].deletes[0]), "/a/b");
}
END_TEST

START_TEST(a_set_with_everything_and_its_answer_come_back)
{
	struct gnmic_path dels[] = { path("/old"), path("/") };
	struct gnmic_update ups[] = { { .path = path("/new"), .val = { .kind = GNMIC_UINT, .u = 1 } } };
	struct gnmic_result results[] = { { path("/old"), GNMIC_OP_DELETE }, { path("/new"), GNMIC_OP_UPDATE } };
	struct gnmic_set_reply reply = { .results = results, .n_results = 2, .timestamp_ns = 99 };
	static const enum gnmic_commit commits[] = { GNMIC_COMMIT_NONE, GNMIC_COMMIT_START,
						     GNMIC_COMMIT_CONFIRM, GNMIC_COMMIT_CANCEL,
						     GNMIC_COMMIT_SET_ROLLBACK };
	size_t len;
	const uint8_t *b;

	for (size_t i = 0; i < ARRAY_LEN(commits); i++) {
		bool timed = commits[i] == GNMIC_COMMIT_START || commits[i] == GNMIC_COMMIT_SET_ROLLBACK;
		struct gnmic_set set = { .deletes = dels, .n_deletes = 2, .replaces = ups, .n_replaces = 1,
					 .updates = ups, .n_updates = 1, .union_replaces = ups,
					 .n_union_replaces = 1, .commit = commits[i], .commit_id = "job-7",
					 .rollback_ns = timed ? UINT64_C(90000000001) : 0 };

		b = gnmic_set_write(&set, &arena, &len);
		ck_assert_ptr_nonnull(b);
		memset(&set, 0, sizeof(set));
		ck_assert_ptr_null(gnmic_set_read(b, len, &arena, &set));
		ck_assert_uint_eq(set.n_deletes, 2);
		ck_assert_uint_eq(set.deletes[1].n_elems, 0);
		ck_assert_uint_eq(set.n_replaces + set.n_updates + set.n_union_replaces, 3);
		ck_assert_int_eq(set.commit, commits[i]);
		ck_assert_str_eq(set.commit_id, commits[i] == GNMIC_COMMIT_NONE ? "" : "job-7");
		ck_assert_uint_eq(set.rollback_ns, timed ? UINT64_C(90000000001) : 0);
	}
	b = gnmic_set_reply_write(&reply, &arena, &len);
	memset(&reply, 0, sizeof(reply));
	ck_assert_ptr_null(gnmic_set_reply_read(b, len, &arena, &reply));
	ck_assert_uint_eq(reply.n_results, 2);
	ck_assert_int_eq(reply.results[0].op, GNMIC_OP_DELETE);
	ck_assert_int_eq(reply.timestamp_ns, 99);
}
END_TEST

START_TEST(without_room_nothing_is_written_and_nothing_read)
{
	struct gnmic_path dels[] = { path("/a/b/c[d=e]") };
	struct gnmic_set set = { .deletes = dels, .n_deletes = 1, .commit = GNMIC_COMMIT_START };
	uint8_t buf[256];
	size_t n = from_hex(SET, buf, sizeof(buf)), len;
	unsigned failed = 0;

	for (size_t limit = 1; limit < 4096; limit += 64) {
		struct arena small;
		struct gnmic_set got;

		arena_init(&small, limit);
		failed += gnmic_set_write(&set, &small, &len) == NULL;
		failed += gnmic_set_read(buf, n, &small, &got) != NULL;
		arena_fini(&small);
	}
	ck_assert_uint_gt(failed, 2);
}
END_TEST

/* ---- what is refused ---- */

/* SetRequests, made field by field. */
static const struct {
	const char *what, *hex, *why; /* why NULL: taken */
} refused[] = {
	{ "an element without name",
	  "12021a00",
	  "a name in a path is empty" },
	{ "a key",
	  "120d1a0b0a016112060a016b120176",
	  NULL },
	{ "a key twice",
	  "12151a130a016112060a016b12017612060a016b120177",
	  "a key is there twice" },
	{ "a key without name",
	  "120c1a0a0a016112050a00120176",
	  "a key's name is empty" },
	{ "an element cut short",
	  "12051a050a0161",
	  "not a protobuf message" },
	{ "two origins",
	  "0a0312016f120312016f",
	  "an origin in the prefix and in a path" },
	{ "an origin in the prefix",
	  "0a0312016f12051a030a0161",
	  NULL },
	{ "an origin in the path",
	  "0a051a030a0161120312016f",
	  NULL },
	{ "two origins, of an update",
	  "0a0312016f22050a03120170",
	  "an origin in the prefix and in a path" },
	{ "an origin like a path",
	  "12051203612f62",
	  "not an origin" },
	{ "a leaf-list",
	  "22100a051a030a01611a0742050a030a0178",
	  NULL },
	{ "a leaf-list in a leaf-list",
	  "22140a051a030a01611a0b42090a0742050a030a0178",
	  "a leaf-list in a leaf-list" },
	{ "any_val, which is skipped",
	  "220e0a051a030a01611a054a030a0178",
	  NULL },
	{ "a commit without action",
	  "2a0522030a0161",
	  "a commit without action" },
	{ "a commit confirmed",
	  "2a0722050a01611a00",
	  NULL },
	{ "commit twice",
	  "2a0722050a01611a002a0722050a01612200",
	  "commit is there twice" },
	{ "no time at all",
	  "2a0722050a01611200",
	  NULL },
	{ "a time before now",
	  "2a1422120a0161120d0a0b08ffffffffffffffffff01",
	  "not a time to roll back after" },
	{ "a time out of range",
	  "2a1322110a0161120c0a0a08ffffffffffffffff7f",
	  "not a time to roll back after" },
	{ "too many nanoseconds",
	  "2a0f220d0a016112080a06108094ebdc03",
	  "not a time to roll back after" },
	{ "master arbitration, unknown here",
	  "2a0712050a030a0172",
	  NULL },
};

START_TEST(each_refusal_of_the_table)
{
	uint8_t buf[128];
	size_t n = from_hex(refused[_i].hex, buf, sizeof(buf));
	uint8_t *exact = malloc(n);
	struct gnmic_set m;
	const char *why;

	memcpy(exact, buf, n);
	why = gnmic_set_read(exact, n, &arena, &m);
	if (refused[_i].why)
		ck_assert_pstr_eq(why, refused[_i].why);
	else
		ck_assert_msg(!why, "%s: %s", refused[_i].what, why);
	free(exact);
}
END_TEST

START_TEST(limits_of_a_path_are_kept)
{
	struct gnmic_elem elems[GNMIC_ELEMS_MAX + 1] = { 0 };
	struct gnmic_key keys[GNMIC_KEYS_MAX + 1];
	char names[GNMIC_KEYS_MAX + 1][8];
	struct gnmic_path p = { .elems = elems };
	struct gnmic_set set = { .deletes = &p, .n_deletes = 1 }, got;
	size_t len;
	const uint8_t *b;

	for (size_t i = 0; i <= GNMIC_KEYS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "k%02zu", i);
		keys[i] = (struct gnmic_key){ names[i], "v" };
	}
	for (size_t i = 0; i <= GNMIC_ELEMS_MAX; i++)
		elems[i].name = "e";
	for (int over = 0; over < 2; over++) {
		p.n_elems = (size_t)(GNMIC_ELEMS_MAX + over);
		b = gnmic_set_write(&set, &arena, &len);
		ck_assert((gnmic_set_read(b, len, &arena, &got) != NULL) == over);
	}
	p.n_elems = 1;
	elems[0].keys = keys;
	for (int over = 0; over < 2; over++) {
		elems[0].n_keys = (size_t)(GNMIC_KEYS_MAX + over);
		b = gnmic_set_write(&set, &arena, &len);
		ck_assert((gnmic_set_read(b, len, &arena, &got) != NULL) == over);
	}
}
END_TEST

/* ---- paths as text ---- */

static const struct {
	const char *in, *out; /* out NULL: refused */
} texts[] = {
	{ "/", "/" },
	{ "", "/" },
	{ "/a/b", "/a/b" },
	{ "a/b", "/a/b" },
	{ "/a[k=v]/b", "/a[k=v]/b" },
	{ "/a[z=1][k=2]", "/a[k=2][z=1]" },
	{ "/a[k=]", "/a[k=]" },
	{ "/a[k=x/y[z=w]", "/a[k=x/y[z=w]" },
	{ "/a[k=x\\]y]", "/a[k=x\\]y]" },
	{ "/a[k=x\\\\]", "/a[k=x\\\\]" },
	{ "/a\\/b/c", "/a\\/b/c" },
	{ "/a\\[b", "/a\\[b" },
	{ "/a[k\\=l=v]", "/a[k\\=l=v]" },
	{ "/\\a", "/a" },
	{ "openconfig:/a", "openconfig:/a" },
	{ "openconfig:", "openconfig:/" },
	{ "mod:name/x", "/mod:name/x" },
	{ "/mod:name", "/mod:name" },
	{ "/a/*/b[k=*]/...", "/a/*/b[k=*]/..." },
	{ "/r[endpoint=2001:db8::1][color=7]", "/r[color=7][endpoint=2001:db8::1]" },
	{ "//a", NULL },
	{ "/a//b", NULL },
	{ "/a/", NULL },
	{ "/[k=v]", NULL },
	{ "/a[k=v", NULL },
	{ "/a[k]", NULL },
	{ "/a[=v]", NULL },
	{ "/a[k=v]b", NULL },
	{ "/a[k=v][k=w]", NULL },
	{ "/a\\", NULL },
	{ "/a[k=v\\", NULL },
	{ "/a\xff", NULL },
};

START_TEST(each_text_of_a_path)
{
	struct gnmic_path p, again;
	const char *why = gnmic_path_parse(texts[_i].in, &arena, &p);

	if (!texts[_i].out) {
		ck_assert_msg(why != NULL, "%s was taken", texts[_i].in);
		return;
	}
	ck_assert_msg(!why, "%s: %s", texts[_i].in, why);
	ck_assert_str_eq(text(&p), texts[_i].out);
	again = path(texts[_i].out);
	ck_assert_int_eq(gnmic_path_cmp(&p, &again), 0);
}
END_TEST

static const struct {
	const char *pattern, *path;
	bool match;
} matches[] = {
	{ "/", "/a/b", true },
	{ "/a", "/a", true },
	{ "/a", "/a/b[k=v]", true },
	{ "/a/b", "/a", false },
	{ "/a", "/b", false },
	{ "/*/b", "/a/b", true },
	{ "/a[k=*]", "/a[k=v]", true },
	{ "/a", "/a[k=v]", true },
	{ "/a[k=v]", "/a[k=v][l=w]", true },
	{ "/a[k=v]", "/a[k=w]", false },
	{ "/a[k=v]", "/a", false },
	{ "/.../c", "/c", true },
	{ "/.../c", "/a/b/c", true },
	{ "/.../c/d", "/a/c/b/c/d", true },
	{ "/.../c/d", "/a/c/b/c/e", false },
	{ "/a/.../c/.../e", "/a/b/c/d/e/f", true },
	{ "/...", "/a", true },
	{ "x:/a", "y:/a", false },
	{ "x:/a", "/a", true },
};

START_TEST(each_match_of_the_table)
{
	struct gnmic_path a = path(matches[_i].pattern), b = path(matches[_i].path);

	ck_assert_msg(gnmic_path_match(&a, &b) == matches[_i].match, "%s, %s", matches[_i].pattern,
		      matches[_i].path);
}
END_TEST

START_TEST(paths_are_joined_compared_and_asked_for_keys)
{
	struct gnmic_path a = path("oc:/a[k=v]"), b = path("/b[l=w]/c"), ab, copy;
	struct arena other;

	ck_assert(gnmic_path_join(&a, &b, &arena, &ab));
	ck_assert_str_eq(text(&ab), "oc:/a[k=v]/b[l=w]/c");
	ck_assert(gnmic_path_join(&a, &b, &arena, &b)); /* into one of them */
	ck_assert_int_eq(gnmic_path_cmp(&ab, &b), 0);
	b = path("/b[l=w]/c");
	ck_assert_str_eq(gnmic_path_key(&ab, "b", "l"), "w");
	ck_assert_ptr_null(gnmic_path_key(&ab, "b", "k"));
	ck_assert_ptr_null(gnmic_path_key(&ab, "z", "k"));
	ck_assert_int_lt(gnmic_path_cmp(&a, &ab), 0);
	ck_assert_int_gt(gnmic_path_cmp(&ab, &a), 0);
	ck_assert_int_ne(gnmic_path_cmp(&a, &b), 0);
	arena_init(&other, 1 << 16);
	ck_assert(gnmic_path_copy(&ab, &other, &copy));
	arena_reset(&arena);
	ck_assert_str_eq(text(&copy), "oc:/a[k=v]/b[l=w]/c");
	arena_fini(&other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gnmi-codec");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_subscription_is_read_and_written_to_the_octet);
	tcase_add_test(t, a_set_is_read_and_written_to_the_octet);
	tcase_add_test(t, an_update_keeps_the_targets_time_and_all_64_bits);
	tcase_add_test(t, a_sync_and_an_empty_capability_request);
	tcase_add_loop_test(t, every_truncation_is_survived, 0, 3);
	tcase_add_test(t, every_kind_of_value_comes_back);
	tcase_add_test(t, capabilities_get_and_their_answers_come_back);
	tcase_add_test(t, a_set_with_everything_and_its_answer_come_back);
	tcase_add_test(t, without_room_nothing_is_written_and_nothing_read);
	tcase_add_loop_test(t, each_refusal_of_the_table, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(t, limits_of_a_path_are_kept);
	tcase_add_loop_test(t, each_text_of_a_path, 0, (int)ARRAY_LEN(texts));
	tcase_add_loop_test(t, each_match_of_the_table, 0, (int)ARRAY_LEN(matches));
	tcase_add_test(t, paths_are_joined_compared_and_asked_for_keys);
	suite_add_tcase(s, t);
	return check_main(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's gNMI target as a client sees it: the program in a namespace of its own, mutual TLS,
 * every answer checked against tc and the file.
 */
#include <fcntl.h>
#include <gnmi.pb-c.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "certs.h"
#include "rpc/proto/pb.h"
#include "rpc/rpc.h"
#include "slices_bed.h"

enum { PORT = 9339 };

#define LINK(name, rate)                                                                           \
	"{\"capacity\":\"10000000\",\"nrp\":[{\"id\":1,\"rate\":\"" rate                           \
	"\",\"sid-block\":[\"fc00:1::/32\"]}]}"

static char dir[64], config[96];
static pid_t agent;
static struct loop *loop;
static struct rpc *rpc;
static struct rpc_tls *tls;
static struct rpc_channel *channel;
static struct certs certs;
static struct arena mem; /* of requests and answers */

/* ---- the program ---- */

static void configure(const char *writer)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/agent.yaml", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f,
				 "node: r1\nrouter-id: \"2001:db8::1\"\nstate: agent.state\n"
				 "socket: agent.sock\nslices: slices.json\ngnmi:\n"
				 "  address: \"::1\"\n  port: %d\n%s"
				 "  tls: { certificate: %s, key: %s, ca: %s }\n",
				 PORT, writer, certs.cert, certs.key, certs.ca),
			 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void start(void)
{
	char log[96];
	int fd;

	(void)snprintf(log, sizeof(log), "%s/log", dir);
	agent = fork();
	ck_assert_int_ge(agent, 0);
	if (agent > 0)
		return;
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(99);
	(void)execl(AGENT, "sextant-agent", "--config", config, (char *)NULL);
	_exit(99);
}

static void kill_it(void)
{
	ck_assert_int_eq(kill(agent, SIGKILL), 0);
	ck_assert_int_eq(waitpid(agent, NULL, 0), agent);
	agent = 0;
}

static bool logged(void *arg)
{
	char cat[160];

	char *o;
	bool is;

	(void)snprintf(cat, sizeof(cat), "grep -c '%s' %s/log 2>/dev/null || true",
		       (const char *)arg, dir);
	o = output(cat);
	is = o[0] != '0' && o[0] != '\0';
	free(o);
	return is;
}

static void await_log(const char *text)
{
	char copy[96];

	(void)snprintf(copy, sizeof(copy), "%s", text);
	ck_assert_msg(lab_run(loop, logged, copy), "%s", text);
}

/* ---- the client ---- */

static void dial(const char *cert, const char *key)
{
	struct rpc_tls_cfg tc = { certs.ca, cert, key };
	struct rpc_channel_cfg cc = { .port = PORT, .server_name = "localhost" };
	char why[RPC_TEXT_MAX];

	channel = rpc_channel_free(channel);
	tls = rpc_tls_free(tls);
	ck_assert_msg(rpc_tls_new(&tls, rpc, &tc, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(ip_parse("::1", &cc.remote), 0);
	cc.tls = tls;
	ck_assert_int_eq(rpc_channel_new(&channel, rpc, &cc), 0);
}

struct answer {
	bool over;
	struct rpc_status st;
	uint8_t *data;
	size_t len;
};

static void on_answer(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct answer *a = arg;

	a->st = *st;
	a->data = arena_copy(&mem, data ? data : (const uint8_t *)"", len ? len : 1);
	a->len = len;
	a->over = true;
}

static bool is_over(void *arg)
{
	return ((struct answer *)arg)->over;
}

static struct answer ask(const char *method, const ProtobufCMessage *m)
{
	struct rpc_call_cfg cfg = { .method = method, .timeout_ns = 20 * NS_PER_S };
	struct answer a = { 0 };
	size_t len;
	uint8_t *data = pb_pack(m, &mem, &len);

	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(rpc_unary(NULL, channel, &cfg, data, len, on_answer, &a), 0);
	for (unsigned i = 0; i < 6 && !a.over; i++)
		(void)lab_run(loop, is_over, &a);
	ck_assert(a.over);
	return a;
}

/* "device/link[name=core]/nrp[id=1]/rate" */
static Gnmipb__Path *path_of(const char *text)
{
	Gnmipb__Path *p = ARENA_NEW(&mem, Gnmipb__Path);
	char *copy = arena_str(&mem, text);

	gnmipb__path__init(p);
	p->elem = ARENA_ARRAY(&mem, 16, Gnmipb__PathElem *);
	for (char *e = copy, *end; e; e = end) {
		Gnmipb__PathElem *el = ARENA_NEW(&mem, Gnmipb__PathElem);
		char *key, *eq;

		end = e + strcspn(e, "/[");
		end = *end == '[' ? strchr(end, ']') + 1 : end;
		if (*end)
			*end++ = '\0';
		else
			end = NULL;
		key = strchr(e, '[');
		gnmipb__path_elem__init(el);
		if (key) {
			Gnmipb__PathElem__KeyEntry *k =
				ARENA_NEW(&mem, Gnmipb__PathElem__KeyEntry);

			gnmipb__path_elem__key_entry__init(k);
			*key++ = '\0';
			eq = strchr(key, '=');
			*eq = '\0';
			eq[strlen(eq + 1)] = '\0';
			k->key = key;
			k->value = eq + 1;
			el->key = ARENA_ARRAY(&mem, 1, Gnmipb__PathElem__KeyEntry *);
			el->key[el->n_key++] = k;
		}
		el->name = e;
		p->elem[p->n_elem++] = el;
	}
	return p;
}

static Gnmipb__Update *update_of(const char *path, const char *json)
{
	Gnmipb__Update *u = ARENA_NEW(&mem, Gnmipb__Update);

	gnmipb__update__init(u);
	u->path = path_of(path);
	u->val = ARENA_NEW(&mem, Gnmipb__TypedValue);
	gnmipb__typed_value__init(u->val);
	u->val->value_case = GNMIPB__TYPED_VALUE__VALUE_JSON_IETF_VAL;
	u->val->json_ietf_val.data = (uint8_t *)arena_str(&mem, json);
	u->val->json_ietf_val.len = strlen(json);
	return u;
}

/* One Set: any of the three may be NULL. */
static struct answer set(const char *gone, const char *path, const char *json, bool replace)
{
	Gnmipb__SetRequest q;
	Gnmipb__Path *del = gone ? path_of(gone) : NULL;
	Gnmipb__Update *u = path ? update_of(path, json) : NULL;

	gnmipb__set_request__init(&q);
	q.n_delete_ = gone != NULL;
	q.delete_ = &del;
	if (replace) {
		q.n_replace = path != NULL;
		q.replace = &u;
	} else {
		q.n_update = path != NULL;
		q.update = &u;
	}
	return ask("/gnmi.gNMI/Set", &q.base);
}

static void check_code(const struct answer *a, enum rpc_code code, const char *text)
{
	ck_assert_msg(a->st.code == code && strstr(a->st.text, text), "%s: %s",
		      rpc_code_text(a->st.code), a->st.text);
}

/* The values of one Get, a line each; its status. */
static struct rpc_status get(const char *path, Gnmipb__GetRequest__DataType type, struct str *out)
{
	Gnmipb__GetRequest q;
	Gnmipb__GetResponse *r;
	Gnmipb__Path *p = path_of(path);
	struct answer a;
	const char *why;

	gnmipb__get_request__init(&q);
	q.n_path = 1;
	q.path = &p;
	q.type = type;
	q.encoding = GNMIPB__ENCODING__JSON_IETF;
	a = ask("/gnmi.gNMI/Get", &q.base);
	str_fini(out);
	if (a.st.code != RPC_OK)
		return a.st;
	r = pb_unpack(&gnmipb__get_response__descriptor, a.data, a.len, &mem, &why);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->n_notification, 1);
	for (size_t i = 0; i < r->notification[0]->n_update; i++) {
		const Gnmipb__TypedValue *v = r->notification[0]->update[i]->val;

		str_addn(out, (const char *)v->json_ietf_val.data, v->json_ietf_val.len);
		str_add(out, "\n");
	}
	return a.st;
}

static void check_get(const char *path, const char *want)
{
	STR_AUTO struct str o = { 0 };
	struct rpc_status st = get(path, GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o);

	ck_assert_msg(st.code == RPC_OK, "%s: %s", path, st.text);
	ck_assert_str_eq(str_text(&o), want);
}

/* ---- streams ---- */

struct stream {
	struct rpc_call *call;
	unsigned updates, deletes, syncs, messages;
	bool ended;
	struct rpc_status st;
	struct str text; /* "path=value" and "-path", a line each */
	const char *needle;
};

static void add_path(struct str *o, const Gnmipb__Path *p)
{
	for (size_t i = 0; i < p->n_elem; i++) {
		str_addf(o, "/%s", p->elem[i]->name);
		for (size_t k = 0; k < p->elem[i]->n_key; k++)
			str_addf(o, "[%s=%s]", p->elem[i]->key[k]->key, p->elem[i]->key[k]->value);
	}
}

static void on_response(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct stream *s = arg;
	const char *why;
	Gnmipb__SubscribeResponse *r =
		pb_unpack(&gnmipb__subscribe_response__descriptor, data, len, &mem, &why);

	(void)call;
	ck_assert_ptr_nonnull(r);
	s->messages++;
	if (r->response_case == GNMIPB__SUBSCRIBE_RESPONSE__RESPONSE_SYNC_RESPONSE) {
		s->syncs++;
		return;
	}
	ck_assert_int_gt(r->update->timestamp, INT64_C(1700000000000000000));
	for (size_t i = 0; i < r->update->n_update; i++) {
		const Gnmipb__Update *u = r->update->update[i];

		add_path(&s->text, u->path);
		str_add(&s->text, "=");
		str_addn(&s->text, (const char *)u->val->json_ietf_val.data,
			 u->val->json_ietf_val.len);
		str_add(&s->text, "\n");
		s->updates++;
	}
	for (size_t i = 0; i < r->update->n_delete_; i++) {
		str_add(&s->text, "-");
		add_path(&s->text, r->update->delete_[i]);
		str_add(&s->text, "\n");
		s->deletes++;
	}
}

static void on_stream_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	struct stream *s = arg;

	(void)call;
	s->ended = true;
	s->st = *st;
	s->call = NULL;
}

struct wish {
	const char *path;
	Gnmipb__SubscriptionList__Mode list;
	Gnmipb__SubscriptionMode mode;
	uint64_t interval_ns, heartbeat_ns;
	bool suppress, updates_only;
};

static void subscribe(struct stream *s, const struct wish *w)
{
	static const struct rpc_call_ops ops = { .message = on_response, .end = on_stream_end };
	struct rpc_call_cfg cfg = { .method = "/gnmi.gNMI/Subscribe" };
	Gnmipb__SubscribeRequest q;
	Gnmipb__SubscriptionList l;
	Gnmipb__Subscription one, *ones = &one;
	size_t len;
	uint8_t *data;

	memset(s, 0, sizeof(*s));
	gnmipb__subscribe_request__init(&q);
	gnmipb__subscription_list__init(&l);
	gnmipb__subscription__init(&one);
	one.path = path_of(w->path);
	one.mode = w->mode;
	one.sample_interval = w->interval_ns;
	one.heartbeat_interval = w->heartbeat_ns;
	one.suppress_redundant = w->suppress;
	l.mode = w->list;
	l.encoding = GNMIPB__ENCODING__JSON_IETF;
	l.updates_only = w->updates_only;
	l.n_subscription = 1;
	l.subscription = &ones;
	q.request_case = GNMIPB__SUBSCRIBE_REQUEST__REQUEST_SUBSCRIBE;
	q.subscribe = &l;
	data = pb_pack(&q.base, &mem, &len);
	ck_assert_int_eq(rpc_call_new(&s->call, channel, &cfg, &ops, s), 0);
	ck_assert_int_eq(rpc_call_send(s->call, data, len), 0);
}

static bool synced(void *arg)
{
	struct stream *s = arg;

	return s->syncs > 0 || s->ended;
}

static bool has_needle(void *arg)
{
	struct stream *s = arg;

	return strstr(str_text(&s->text), s->needle) != NULL;
}

static void await_text(struct stream *s, const char *text)
{
	s->needle = text;
	ck_assert_msg(lab_run(loop, has_needle, s), "not '%s' in:\n%s%s", text, str_text(&s->text),
		      s->st.text);
}

static bool has_ended(void *arg)
{
	return ((struct stream *)arg)->ended;
}

static void stream_fini(struct stream *s)
{
	rpc_call_cancel(s->call);
	str_fini(&s->text);
}

/* ---- the bed ---- */

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/sextant-gnmi-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(config, sizeof(config), "%s/agent.yaml", dir);
	certs_make(&certs);
	lab_enter();
	(void)lab_link("sr0", "ifb");
	(void)lab_link("core", "bridge");
	(void)lab_link("edge", "bridge");
	arena_init(&mem, 64 << 20);
	configure("  writer: [ client ]\n");
	start();
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(rpc_new(&rpc, loop), 0);
	dial(certs.client_cert, certs.client_key);
	await_log("event=agent.gnmi.listening");
}

static void teardown(void)
{
	channel = rpc_channel_free(channel);
	tls = rpc_tls_free(tls);
	rpc = rpc_free(rpc);
	if (agent > 0)
		kill_it();
	loop = loop_free(loop);
	arena_fini(&mem);
	certs_remove(&certs);
	shell("rm -r %s", dir);
}

/* ---- tests ---- */

START_TEST(capabilities_name_the_model)
{
	Gnmipb__CapabilityRequest q;
	Gnmipb__CapabilityResponse *r;
	struct answer a;
	const char *why;

	gnmipb__capability_request__init(&q);
	a = ask("/gnmi.gNMI/Capabilities", &q.base);
	check_code(&a, RPC_OK, "");
	r = pb_unpack(&gnmipb__capability_response__descriptor, a.data, a.len, &mem, &why);
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(r->gnmi_version, "0.10.0");
	ck_assert_str_eq(r->supported_models[0]->name, "sextant-device");
	ck_assert_str_eq(r->supported_models[0]->version, "2026-11-26");
	ck_assert_int_eq(r->supported_encodings[0], GNMIPB__ENCODING__JSON_IETF);
	a = ask("/gnmi.gNMI/Nothing", &q.base);
	check_code(&a, RPC_UNIMPLEMENTED, "");
}
END_TEST

START_TEST(what_is_set_is_in_the_kernel_and_stays)
{
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);

	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core", "5e78:101 parent 5e78:1 leaf 101: prio 0 rate 6Mbit"));
	check_get("device/link[name=core]/nrp[id=1]/rate", "\"6000000\"\n");
	check_get("device/link[name=core]/nrp[id=*]/state/status", "\"in\"\n");
	check_get("device/generation", "\"1\"\n");
	a = set(NULL, "device/link[name=core]/nrp[id=1]/rate", "\"2000000\"", false);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core", "5e78:101 parent 5e78:1 leaf 101: prio 0 rate 2Mbit"));
	a = set(NULL, "device/link[name=core]/nrp[id=1]/priority", "3", false);
	check_code(&a, RPC_OK, "");
	kill_it();
	shell("tc qdisc del dev core root; rm %s/log", dir);
	start();
	await_log("event=agent.gnmi.listening");
	dial(certs.client_cert, certs.client_key);
	check_get("device/link[name=core]/nrp[id=1]/state/status", "\"in\"\n");
	ck_assert(says("tc class show dev core", "prio 3 rate 2Mbit"));
	/* replace wipes what it does not name, update does not */
	a = set(NULL, "device/link[name=core]", LINK("core", "7000000"), true);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core", "prio 0 rate 7Mbit"));
	a = set("device/link[name=core]/nrp[id=1]", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core | grep -c 5e78:101 || true", "0"));
	a = set("device", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc qdisc show | grep -c 5e78 || true", "0"));
}
END_TEST

START_TEST(a_refused_set_changes_nothing_and_says_why)
{
	char *before, *after;
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);

	check_code(&a, RPC_OK, "");
	shell("tc qdisc add dev edge root handle 1: htb");
	before = kernel_state();
	a = set("device/link[name=core]", "device/link[name=edge]", LINK("edge", "1000000"), false);
	check_code(&a, RPC_FAILED_PRECONDITION,
		   "link edge: a queueing discipline of somebody else is on the interface");
	after = kernel_state();
	ck_assert(strcmp(before, after) == 0);
	check_get("device/link[name=core]/nrp[id=1]/rate", "\"6000000\"\n");
	shell("grep -q 6000000 %s/slices.json && ! grep -q edge %s/slices.json", dir, dir);
	free(before);
	free(after);
}
END_TEST

struct wrong {
	const char *gone, *path, *json;
	enum rpc_code code;
	const char *says;
};

static const struct wrong wrongs[] = {
	{ NULL, "device/nothing", "1", RPC_INVALID_ARGUMENT, "there is no 'nothing'" },
	{ NULL, "nothing", "1", RPC_INVALID_ARGUMENT, "there is no 'nothing'" },
	{ "device/generation", NULL, NULL, RPC_INVALID_ARGUMENT, "is state" },
	{ NULL, "device/link[name=core]/name", "\"x\"", RPC_INVALID_ARGUMENT, "is a key" },
	{ NULL, "device/link[nome=core]", "{}", RPC_INVALID_ARGUMENT, "no such key" },
	{ NULL, "device/link[name=*]", "{}", RPC_INVALID_ARGUMENT, "every key" },
	{ NULL, "device/link[name=a b]", "{}", RPC_INVALID_ARGUMENT, "no value of key" },
	{ NULL, "device/link[name=core]", "{\"capacity\":\"10000000\",\"name\":\"edge\"}",
	  RPC_INVALID_ARGUMENT, "not that of the path" },
	{ NULL, "device/link[name=core]", "{\"capacity\":10000000}", RPC_INVALID_ARGUMENT, "" },
	{ NULL, "device/link[name=core]", "{\"capacity\":\"1\"}", RPC_INVALID_ARGUMENT, "range" },
	{ NULL, "device/link[name=core]", "{", RPC_INVALID_ARGUMENT, "not JSON" },
	{ NULL, "device/link[name=core]", "7", RPC_INVALID_ARGUMENT, "does not fit" },
	{ NULL, "device/link[name=core]", "{}", RPC_INVALID_ARGUMENT, "capacity" },
	{ NULL, "device/link[name=core]", LINK("core", "10000000"), RPC_INVALID_ARGUMENT,
	  "64000 too many" },
	{ NULL, "device/link[name=none]", LINK("none", "1000000"), RPC_FAILED_PRECONDITION,
	  "there is no interface none" },
	{ NULL, "device/link[name=core]", LINK("core", "1000000"), RPC_OK, "" }, /* the twin */
};

START_TEST(a_wrong_set_is_refused)
{
	const struct wrong *w = &wrongs[_i];
	char *before = kernel_state(), *after;
	struct answer a = set(w->gone, w->path, w->json, false);

	check_code(&a, w->code, w->says);
	after = kernel_state();
	ck_assert((strcmp(before, after) == 0) == (w->code != RPC_OK));
	free(before);
	free(after);
}
END_TEST

START_TEST(get_tells_what_was_asked_for)
{
	STR_AUTO struct str o = { 0 };
	struct answer a = set(NULL, "device",
			      "{\"underlay\":[\"fc00::/16\"],\"table\":[{\"id\":100,\"sid\":"
			      "[\"fc00:0:1::\"],\"route\":[{\"prefix\":\"2001:db8::/32\","
			      "\"interface\":\"edge\"}]}]}",
			      false);
	struct rpc_status st;

	check_code(&a, RPC_OK, "");
	check_get("device/underlay", "[\"fc00::/16\"]\n");
	check_get("device/table[id=100]/route[prefix=2001:db8::/32]/interface", "\"edge\"\n");
	check_get("sextant-device:device/table/id", "100\n");
	check_get("device/link", "");
	st = get("device/table[id=7]", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o);
	ck_assert_int_eq(st.code, RPC_NOT_FOUND);
	st = get("device/nothing", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o);
	ck_assert_int_eq(st.code, RPC_INVALID_ARGUMENT);
	st = get("device", GNMIPB__GET_REQUEST__DATA_TYPE__CONFIG, &o);
	ck_assert_int_eq(st.code, RPC_OK);
	ck_assert_ptr_nonnull(strstr(str_text(&o), "\"sextant-device:table\""));
	ck_assert_ptr_nonnull(strstr(str_text(&o), "2001:db8::/32"));
	ck_assert_ptr_null(strstr(str_text(&o), "status"));
	st = get("device", GNMIPB__GET_REQUEST__DATA_TYPE__STATE, &o);
	ck_assert_int_eq(st.code, RPC_OK);
	ck_assert_ptr_nonnull(strstr(str_text(&o), "\"status\":\"in\""));
	ck_assert_ptr_null(strstr(str_text(&o), "underlay"));
}
END_TEST

/* The kernel's own files are the oracle. */
START_TEST(interfaces_are_what_the_kernel_counts)
{
	STR_AUTO struct str o = { 0 };
	char *packets, *end;

	shell("ip link add dev wire type veth peer name wire2; ip link set wire2 up; "
	      "ip link set wire up; ip -6 addr add fc00:1::1/64 dev wire nodad; ip -6 neigh add "
	      "fc00:1::2 lladdr 02:00:00:00:00:02 dev wire; ping -6 -q -c 3 -i 0.01 -W 0.1 "
	      "fc00:1::2 >/dev/null || true; ip link set wire2 down; "
	      "until ip -j link show wire | grep -q LOWERLAYERDOWN; do :; done");
	packets = output("ip -s -j link show wire | jq '.[0].stats64.tx.packets'");
	ck_assert_int_eq(get("device/interface[name=wire]/statistics/out-packets",
			     GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o)
				 .code,
			 RPC_OK);
	end = strchr(packets, '\n');
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	ck_assert_ptr_nonnull(strstr(str_text(&o), packets));
	ck_assert_int_ge(atol(packets), 3);
	check_get("device/interface[name=wire]/oper-status", "\"lower-layer-down\"\n");
	/* The kernel takes its time to say so. */
	shell("ip link set wire2 up; until ip -j link show wire2 | grep -q '\"operstate\":\"UP\"'; do :; done");
	check_get("device/interface[name=wire2]/oper-status", "\"up\"\n");
	ck_assert_int_eq(get("device/interface[name=none]", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o)
				 .code,
			 RPC_NOT_FOUND);
	free(packets);
}
END_TEST

START_TEST(once_tells_all_and_ends)
{
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	struct stream s;

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = "device/link[name=core]",
				      .list = GNMIPB__SUBSCRIPTION_LIST__MODE__ONCE });
	ck_assert(lab_run(loop, has_ended, &s));
	ck_assert_int_eq(s.st.code, RPC_OK);
	ck_assert_uint_eq(s.syncs, 1);
	await_text(&s, "/device/link[name=core]/nrp[id=1]/rate=\"6000000\"");
	await_text(&s, "/device/link[name=core]/nrp[id=1]/sid-block=[\"fc00:1::/32\"]");
	await_text(&s, "/device/link[name=core]/nrp[id=1]/state/packets=\"0\"");
	stream_fini(&s);
}
END_TEST

START_TEST(changes_are_told_and_nothing_else)
{
	struct stream s;
	unsigned updates;
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = "device/link",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	ck_assert(lab_run(loop, synced, &s));
	await_text(&s, "nrp[id=1]/state/status=\"in\"");
	ck_assert_ptr_null(strstr(str_text(&s.text), "packets"));
	updates = s.updates;
	a = set(NULL, "device/link[name=core]/nrp[id=1]/rate", "\"5000000\"", false);
	check_code(&a, RPC_OK, "");
	await_text(&s, "nrp[id=1]/rate=\"5000000\"");
	ck_assert_uint_eq(s.updates, updates + 1);
	ck_assert_uint_eq(s.deletes, 0);
	a = set("device/link[name=core]/nrp[id=1]", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	await_text(&s, "-/device/link[name=core]/nrp[id=1]/rate");
	ck_assert_uint_eq(s.updates, updates + 1);
	/* what the kernel loses is a change of state */
	shell("ip link del core");
	await_text(&s, "/device/link[name=core]/state/status=\"failed\"");
	await_text(&s, "there is no interface core");
	stream_fini(&s);
	subscribe(&s, &(struct wish){ .path = "device/link/nrp/state/packets",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	ck_assert(lab_run(loop, has_ended, &s));
	ck_assert_int_eq(s.st.code, RPC_INVALID_ARGUMENT);
	stream_fini(&s);
}
END_TEST

static bool many(void *arg)
{
	return ((struct stream *)arg)->updates >= 5;
}

START_TEST(samples_come_in_time_and_may_be_only_what_changed)
{
	struct wish w = { .path = "device/link[name=wire]/nrp[id=1]/state/packets",
			  .mode = GNMIPB__SUBSCRIPTION_MODE__SAMPLE,
			  .interval_ns = 100 * NS_PER_MS };
	struct stream all, some, beats;
	struct answer a;

	shell("ip link add dev wire type veth peer name wire2; ip link set wire up; "
	      "ip link set wire2 up; ip -6 addr add fc00:1::1/32 dev wire nodad; "
	      "ip -6 neigh add fc00:1::2 lladdr 02:00:00:00:00:02 dev wire");
	a = set(NULL, "device/link[name=wire]", LINK("wire", "6000000"), false);
	check_code(&a, RPC_OK, "");
	subscribe(&all, &w);
	w.suppress = true;
	subscribe(&some, &w);
	w.heartbeat_ns = 150 * NS_PER_MS;
	w.updates_only = true;
	subscribe(&beats, &w);
	ck_assert(lab_run(loop, many, &all));
	ck_assert(lab_run(loop, many, &beats));
	ck_assert_uint_eq(some.updates, 1); /* no packet was sent: it is still 0 */
	ck_assert_uint_eq(some.syncs, 1);
	/* the slice carries three packets, and nobody answers */
	shell("ping -6 -q -c 3 -i 0.01 -W 0.1 fc00:1::2 >/dev/null || true");
	ck_assert(says("tc -s class show dev wire | grep -A1 'htb 5e78:101 '", " 3 pkt "));
	await_text(&some, "/state/packets=\"3\"");
	await_text(&all, "/state/packets=\"3\"");
	w.interval_ns = 1;
	stream_fini(&beats);
	subscribe(&beats, &w);
	ck_assert(lab_run(loop, has_ended, &beats));
	ck_assert_int_eq(beats.st.code, RPC_INVALID_ARGUMENT);
	stream_fini(&all);
	stream_fini(&some);
	stream_fini(&beats);
}
END_TEST

START_TEST(who_may_not_write_is_refused)
{
	struct answer a;

	dial(certs.cert, certs.key); /* "server" is no writer, but may read */
	a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	check_code(&a, RPC_PERMISSION_DENIED, "'server' may not write");
	check_get("device/generation", "\"0\"\n");
	dial(certs.other_cert, certs.other_key); /* of an authority nobody trusts */
	a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	check_code(&a, RPC_UNAVAILABLE, "");
	dial(certs.client_cert, certs.client_key); /* the twin */
	a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	check_code(&a, RPC_OK, "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-gnmi");
	TCase *t = tcase_create("gnmi");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, capabilities_name_the_model);
	tcase_add_test(t, what_is_set_is_in_the_kernel_and_stays);
	tcase_add_test(t, a_refused_set_changes_nothing_and_says_why);
	tcase_add_loop_test(t, a_wrong_set_is_refused, 0, (int)(sizeof(wrongs) / sizeof(wrongs[0])));
	tcase_add_test(t, get_tells_what_was_asked_for);
	tcase_add_test(t, interfaces_are_what_the_kernel_counts);
	tcase_add_test(t, once_tells_all_and_ends);
	tcase_add_test(t, changes_are_told_and_nothing_else);
	tcase_add_test(t, samples_come_in_time_and_may_be_only_what_changed);
	tcase_add_test(t, who_may_not_write_is_refused);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-gnmi: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The bed of gNMI: the agent's program, a client, its requests and streams. */
#include "gnmi_bed.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rpc/proto/pb.h"
#include "slices_bed.h"

char dir[64], config[96];
pid_t agent;
struct loop *loop;
struct rpc *rpc;
static struct rpc_tls *tls;
struct rpc_channel *channel;
struct certs certs;
struct arena mem;

/* ---- the program ---- */

void configure(const char *writer, const char *more)
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
				 "  tls: { certificate: %s, key: %s, ca: %s }\n%s",
				 GNMI_PORT, writer, certs.cert, certs.key, certs.ca, more),
			 0);
	ck_assert_int_eq(fclose(f), 0);
}

void start(void)
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

void kill_it(void)
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

void await_log(const char *text)
{
	char copy[96];

	(void)snprintf(copy, sizeof(copy), "%s", text);
	ck_assert_msg(lab_run(loop, logged, copy), "%s", text);
}

/* ---- the client ---- */

void dial(const char *cert, const char *key)
{
	struct rpc_tls_cfg tc = { certs.ca, cert, key };
	struct rpc_channel_cfg cc = { .port = GNMI_PORT, .server_name = "localhost" };
	char why[RPC_TEXT_MAX];

	channel = rpc_channel_free(channel);
	tls = rpc_tls_free(tls);
	ck_assert_msg(rpc_tls_new(&tls, rpc, &tc, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(ip_parse("::1", &cc.remote), 0);
	cc.tls = tls;
	ck_assert_int_eq(rpc_channel_new(&channel, rpc, &cc), 0);
}

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

struct answer ask(const char *method, const ProtobufCMessage *m)
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
Gnmipb__Path *path_of(const char *text)
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
struct answer set(const char *gone, const char *path, const char *json, bool replace)
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

void check_code(const struct answer *a, enum rpc_code code, const char *text)
{
	ck_assert_msg(a->st.code == code && strstr(a->st.text, text), "%s: %s",
		      rpc_code_text(a->st.code), a->st.text);
}

/* The values of one Get, a line each; its status. */
struct rpc_status get(const char *path, Gnmipb__GetRequest__DataType type, struct str *out)
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

void check_get(const char *path, const char *want)
{
	STR_AUTO struct str o = { 0 };
	struct rpc_status st = get(path, GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o);

	ck_assert_msg(st.code == RPC_OK, "%s: %s", path, st.text);
	ck_assert_str_eq(str_text(&o), want);
}

/* ---- streams ---- */

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
	for (size_t i = 0; i < r->update->n_delete_; i++) { /* they come first, gNMI s3.5.2.3 */
		str_add(&s->text, "-");
		add_path(&s->text, r->update->delete_[i]);
		str_add(&s->text, "\n");
		s->deletes++;
	}
	for (size_t i = 0; i < r->update->n_update; i++) {
		const Gnmipb__Update *u = r->update->update[i];

		add_path(&s->text, u->path);
		str_add(&s->text, "=");
		str_addn(&s->text, (const char *)u->val->json_ietf_val.data,
			 u->val->json_ietf_val.len);
		str_add(&s->text, "\n");
		s->updates++;
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

void subscribe(struct stream *s, const struct wish *w)
{
	static const struct rpc_call_ops ops = { .message = on_response, .end = on_stream_end };
	struct rpc_call_cfg cfg = { .method = "/gnmi.gNMI/Subscribe" };
	Gnmipb__SubscribeRequest q;
	Gnmipb__SubscriptionList l;
	Gnmipb__Subscription one, *ones[8];
	Gnmipb__Path prefix;
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
	gnmipb__path__init(&prefix);
	if (w->target) {
		prefix.target = arena_str(&mem, w->target);
		l.prefix = &prefix;
	}
	l.n_subscription = w->times ? w->times : 1;
	ck_assert_uint_le(l.n_subscription, ARRAY_LEN(ones));
	for (size_t i = 0; i < l.n_subscription; i++)
		ones[i] = &one;
	l.subscription = ones;
	q.request_case = GNMIPB__SUBSCRIBE_REQUEST__REQUEST_SUBSCRIBE;
	q.subscribe = &l;
	data = pb_pack(&q.base, &mem, &len);
	ck_assert_int_eq(rpc_call_new(&s->call, channel, &cfg, &ops, s), 0);
	ck_assert_int_eq(rpc_call_send(s->call, data, len), 0);
}

bool synced(void *arg)
{
	struct stream *s = arg;

	return s->syncs > 0 || s->ended;
}

static bool has_needle(void *arg)
{
	struct stream *s = arg;

	return strstr(str_text(&s->text), s->needle) != NULL;
}

void await_text(struct stream *s, const char *text)
{
	s->needle = text;
	ck_assert_msg(lab_run(loop, has_needle, s), "not '%s' in:\n%s%s", text, str_text(&s->text),
		      s->st.text);
}

bool has_ended(void *arg)
{
	return ((struct stream *)arg)->ended;
}

void stream_fini(struct stream *s)
{
	rpc_call_cancel(s->call);
	str_fini(&s->text);
}

/* ---- the bed ---- */

void gnmi_setup(void)
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
	configure("  writer: [ client ]\n", "");
	start();
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(rpc_new(&rpc, loop), 0);
	dial(certs.client_cert, certs.client_key);
	await_log("event=agent.gnmi.listening");
}

void gnmi_teardown(void)
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

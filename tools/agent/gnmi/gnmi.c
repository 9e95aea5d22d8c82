/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests wait for a reading of the kernel that begins after they came, so that what a client is
 * told is not older than its question. What is measured or forwarded needs no reading.
 */
#include "tools/agent/gnmi/gnmi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/gnmi/gnmi_fwd.h"
#include "tools/agent/gnmi/gnmi_int.h"
#include "tools/agent/gnmi/gnmi_tree.h"

struct agent_gget {
	struct list link;
	struct agent_gnmi *g;
	struct rpc_call *call;
	struct arena arena;
	Gnmipb__GetRequest *req;
	uint64_t due; /* the reading it waits for */
};

int64_t agent_gnmi_wall_ns(void)
{
	struct timespec t = { 0 };

	/* the loop's clock is monotonic; what goes on the wire is the date */
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * (int64_t)NS_PER_S + t.tv_nsec;
}

void agent_gnmi_val(Gnmipb__TypedValue *v, char *json, bool ietf)
{
	ProtobufCBinaryData d = { .len = strlen(json), .data = (uint8_t *)json };

	gnmipb__typed_value__init(v);
	v->value_case = ietf ? GNMIPB__TYPED_VALUE__VALUE_JSON_IETF_VAL
			     : GNMIPB__TYPED_VALUE__VALUE_JSON_VAL;
	if (ietf)
		v->json_ietf_val = d;
	else
		v->json_val = d;
}

void agent_gnmi_reply(struct rpc_call *call, const ProtobufCMessage *m, struct arena *a)
{
	size_t len;
	uint8_t *data = pb_pack(m, a, &len);

	if (data)
		rpc_call_reply(call, data, len);
	else
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "the answer is too large");
}

/* ---- Capabilities ---- */

static void on_capabilities(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct agent_gnmi *g = arg;
	static const char *const names[] = { "sextant-device", "sextant-device-measure",
					     "sextant-device-forwarding" };
	Gnmipb__ModelData model[ARRAY_LEN(names)], *models[ARRAY_LEN(names)];
	Gnmipb__Encoding encodings[] = { GNMIPB__ENCODING__JSON_IETF, GNMIPB__ENCODING__JSON };
	Gnmipb__CapabilityResponse r;
	char organization[] = "Sextant", version[] = "0.10.0";
	struct arena a;
	const char *why;

	arena_init(&a, GNMI_ARENA_MAX);
	if (!pb_unpack(&gnmipb__capability_request__descriptor, data, len, &a, &why)) {
		rpc_call_finish(call, RPC_INVALID_ARGUMENT, "%s", why);
	} else {
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			const struct lys_module *m =
				ly_ctx_get_module_implemented(g->models, names[i]);

			models[i] = &model[i];
			gnmipb__model_data__init(models[i]);
			model[i].name = arena_str(&a, names[i]);
			model[i].version = arena_str(&a, m && m->revision ? m->revision : "");
			model[i].organization = organization;
		}
		gnmipb__capability_response__init(&r);
		r.n_supported_models = ARRAY_LEN(models);
		r.supported_models = models;
		r.n_supported_encodings = 2;
		r.supported_encodings = encodings;
		r.gnmi_version = version;
		agent_gnmi_reply(call, &r.base, &a);
	}
	arena_fini(&a);
}

/* ---- Get ---- */

static struct agent_gget *get_free(struct agent_gget *q)
{
	list_del(&q->link);
	arena_fini(&q->arena);
	free(q);
	return NULL;
}

/* Without what is configuration; keys stay, they are names. */
static void keep_state(struct lyd_node *n)
{
	struct lyd_node *c, *next;

	for (c = lyd_child_no_keys(n); c; c = next) {
		next = c->next;
		if (c->schema->flags & LYS_CONFIG_R)
			continue;
		if (c->schema->nodetype & (LYS_CONTAINER | LYS_LIST))
			keep_state(c);
		else
			lyd_free_tree(c);
	}
}

static struct lyd_node *config_of(const struct agent_gnmi *g)
{
	const struct lyd_node *tree = agent_slices_device(g->slices)->tree;
	struct lyd_node *root = NULL;

	(void)lyd_dup_single(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &root);
	if (root)
		agent_measure_hide(root);
	return root;
}

static bool add_update(Gnmipb__Notification *n, const struct lyd_node *node, bool ietf,
		       struct arena *a)
{
	Gnmipb__Update *u = ARENA_NEW(a, Gnmipb__Update);
	char *text = agent_gval_text(node, a);

	if (!u || !text)
		return false;
	gnmipb__update__init(u);
	u->path = agent_gpath_of(node, a);
	u->val = ARENA_NEW(a, Gnmipb__TypedValue);
	if (!u->path || !u->val)
		return false;
	agent_gnmi_val(u->val, text, ietf);
	n->update[n->n_update++] = u;
	return true;
}

/* The root: one update of the empty path. */
static bool add_root(Gnmipb__Notification *n, const struct lyd_node *tree, bool ietf,
		     struct arena *a)
{
	Gnmipb__Update *u = ARENA_NEW(a, Gnmipb__Update);
	char *printed = NULL, *text;

	if (!u || lyd_print_mem(&printed, tree, LYD_JSON,
				LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL | LYD_PRINT_WITHSIBLINGS))
		return false;
	text = arena_str(a, printed);
	free(printed);
	gnmipb__update__init(u);
	u->path = ARENA_NEW(a, Gnmipb__Path);
	u->val = ARENA_NEW(a, Gnmipb__TypedValue);
	if (!text || !u->path || !u->val)
		return false;
	gnmipb__path__init(u->path);
	agent_gnmi_val(u->val, text, ietf);
	n->update[n->n_update++] = u;
	return true;
}

/* A container that holds nothing but defaults is not configured: whoever deletes one finds it
 * deleted. */
static void without_defaults(struct ly_set *set)
{
	for (uint32_t i = set->count; i-- > 0;) {
		const struct lyd_node *n = set->dnodes[i];

		if (n->schema->nodetype == LYS_CONTAINER && n->flags & LYD_DEFAULT)
			(void)ly_set_rm_index(set, i, NULL);
	}
}

static bool answer_path(struct agent_gget *q, const struct lyd_node *tree,
			const Gnmipb__Path *path, Gnmipb__Notification *n, struct agent_gerror *e)
{
	bool ietf = q->req->encoding == GNMIPB__ENCODING__JSON_IETF, ok = true;
	struct agent_gpath p;
	struct ly_set *set = NULL;

	if (!agent_gpath_resolve(q->g->models, q->req->prefix, path, &q->arena, &p, e))
		return false;
	if (p.schema && lyd_find_xpath(tree, p.xpath, &set) != LY_SUCCESS)
		return agent_gfail(e, RPC_INTERNAL, "the path cannot be evaluated");
	if (set && q->req->type == GNMIPB__GET_REQUEST__DATA_TYPE__CONFIG)
		without_defaults(set);
	if (p.schema && set->count == 0 && !p.wild) {
		ly_set_free(set, NULL);
		return agent_gfail(e, RPC_NOT_FOUND, "nothing is at %.200s", p.xpath);
	}
	n->update = ARENA_ARRAY(&q->arena, (set ? set->count : 0) + 1, Gnmipb__Update *);
	if (n->update && !p.schema)
		ok = add_root(n, tree, ietf, &q->arena);
	for (uint32_t i = 0; n->update && ok && set && i < set->count; i++) {
		if (i > 0 && p.schema->nodetype == LYS_LEAFLIST &&
		    lyd_parent(set->dnodes[i]) == lyd_parent(set->dnodes[i - 1]))
			continue; /* told with the first */
		ok = add_update(n, set->dnodes[i], ietf, &q->arena);
	}
	ly_set_free(set, NULL);
	return (n->update && ok) ||
	       agent_gfail(e, RPC_RESOURCE_EXHAUSTED, "the answer is too large");
}

static Gnmipb__Path *target_of(const Gnmipb__Path *prefix, struct arena *a)
{
	Gnmipb__Path *p;

	if (!prefix || !prefix->target[0])
		return NULL;
	p = ARENA_NEW(a, Gnmipb__Path);
	if (p) {
		gnmipb__path__init(p);
		p->target = prefix->target;
	}
	return p;
}

static bool get_answer(struct agent_gget *q, struct lyd_node *tree, Gnmipb__GetResponse *r,
		       struct agent_gerror *e)
{
	struct arena *a = &q->arena;

	r->notification = ARENA_ARRAY(a, q->req->n_path + 1, Gnmipb__Notification *);
	for (size_t i = 0; r->notification && i < q->req->n_path; i++) {
		Gnmipb__Notification *n = ARENA_NEW(a, Gnmipb__Notification);

		if (!n)
			break;
		gnmipb__notification__init(n);
		n->timestamp = agent_gnmi_wall_ns();
		n->prefix = target_of(q->req->prefix, a);
		if (!answer_path(q, tree, q->req->path[i], n, e))
			return false;
		r->notification[r->n_notification++] = n;
	}
	return r->n_notification == q->req->n_path ||
	       agent_gfail(e, RPC_RESOURCE_EXHAUSTED, "no memory");
}

unsigned agent_gnmi_parts(const struct agent_gpath *p)
{
	if (p->n_elems > 1 && agent_gfwd_is_ours(p->elems[1]))
		return GNMI_PART_FORWARDING;
	return agent_measure_parts(p->elems, p->n_elems);
}

bool agent_gnmi_asks(const struct agent_gpath *p, unsigned parts)
{
	return p->n_elems < 2 || agent_gnmi_parts(p) & parts;
}

struct lyd_node *agent_gnmi_all(const struct agent_gnmi *g, unsigned parts)
{
	struct lyd_node *tree = agent_gnmi_tree(g->slices, g->models);
	bool fwd = g->cfg.fwd && parts & GNMI_PART_FORWARDING;

	if (tree && ((fwd && !agent_gfwd_tree(g->cfg.fwd, tree)) ||
		     !agent_measure_tree(g->cfg.measure, tree, AGENT_MEASURE_ALL) ||
		     (g->cfg.pol && !agent_statics_tree(g->cfg.pol, tree)))) {
		lyd_free_all(tree);
		return NULL;
	}
	return tree;
}

struct lyd_node *agent_gnmi_only(const struct agent_gnmi *g, unsigned parts)
{
	struct lyd_node *tree = agent_measure_only(g->cfg.measure, agent_slices_device(g->slices)->tree, g->models,
						   parts & AGENT_MEASURE_ALL);

	if (tree && g->cfg.fwd && parts & GNMI_PART_FORWARDING && !agent_gfwd_tree(g->cfg.fwd, tree)) {
		lyd_free_all(tree);
		return NULL;
	}
	return tree;
}

/* Of all its paths; a wrong one is told when it is answered. */
static unsigned parts_of(struct agent_gget *q)
{
	struct agent_gerror e;
	struct agent_gpath p;

	for (size_t i = 0; i < q->req->n_path; i++) {
		if (agent_gpath_resolve(q->g->models, q->req->prefix, q->req->path[i], &q->arena, &p, &e) &&
		    agent_gnmi_asks(&p, GNMI_PART_FORWARDING))
			return GNMI_PART_FORWARDING;
	}
	return 0;
}

static void get_now(struct agent_gget *q)
{
	struct agent_gerror e = { .code = RPC_RESOURCE_EXHAUSTED, .text = "no memory" };
	bool config = q->req->type == GNMIPB__GET_REQUEST__DATA_TYPE__CONFIG;
	struct lyd_node *tree = config ? config_of(q->g) : agent_gnmi_all(q->g, parts_of(q));
	Gnmipb__GetResponse r;

	gnmipb__get_response__init(&r);
	if (tree && !config && q->req->type != GNMIPB__GET_REQUEST__DATA_TYPE__ALL)
		keep_state(tree);
	q->g->stats.gets++;
	if (tree && get_answer(q, tree, &r, &e))
		agent_gnmi_reply(q->call, &r.base, &q->arena);
	else
		rpc_call_finish(q->call, e.code, "%s", e.text);
	lyd_free_all(tree);
	get_free(q);
}

static void on_get_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	(void)call;
	(void)st;
	get_free(arg);
}

static void on_get(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct agent_gget *q = arg;
	const char *why = "";

	q->req = pb_unpack(&gnmipb__get_request__descriptor, data, len, &q->arena, &why);
	if (!q->req) {
		rpc_call_finish(call, RPC_INVALID_ARGUMENT, "%s", why);
		get_free(q);
	} else if (q->req->encoding != GNMIPB__ENCODING__JSON_IETF &&
		   q->req->encoding != GNMIPB__ENCODING__JSON) {
		rpc_call_finish(call, RPC_UNIMPLEMENTED, "only JSON_IETF and JSON are spoken");
		get_free(q);
	} else {
		q->due = agent_gnmi_read(q->g);
	}
}

static void accept_get(struct agent_gnmi *g, struct rpc_call *call)
{
	static const struct rpc_call_ops ops = { .message = on_get,
						 .end = on_get_end,
						 .unary = true };
	struct agent_gget *q = calloc(1, sizeof(*q));

	if (!q) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "no memory");
		return;
	}
	q->g = g;
	q->call = call;
	arena_init(&q->arena, GNMI_ARENA_MAX);
	list_add(&g->gets, &q->link);
	rpc_call_take(call, &ops, q);
}

/* ---- readings ---- */

static void on_fresh(void *arg)
{
	struct agent_gnmi *g = arg;
	struct list now;

	g->reading = false;
	g->read++;
	list_init(&now);
	for (struct list *n; (n = list_pop(&g->gets));)
		list_add(&now, n);
	for (struct list *n; (n = list_pop(&now));) {
		struct agent_gget *q = LIST_OF(n, struct agent_gget, link);

		list_add(&g->gets, &q->link);
		if (q->req && q->due <= g->read)
			get_now(q);
	}
	agent_gsub_fresh(g);
	if (g->read_again)
		(void)agent_gnmi_read(g);
}

uint64_t agent_gnmi_read(struct agent_gnmi *g)
{
	g->read_again = g->reading; /* the one under way may have begun before the question */
	if (g->reading)
		return g->read + 2;
	g->reading = agent_slices_refresh(g->slices, on_fresh, g) == 0;
	if (!g->reading) /* too many ask: what was read last must do */
		loop_task_run(&g->again);
	return g->read + 1;
}

static void on_again(void *arg)
{
	struct agent_gnmi *g = arg;

	g->read_again = false;
	if (!g->reading)
		on_fresh(g);
}

static void on_parts(void *arg)
{
	agent_gsub_parts(arg);
}

/* ---- the server ---- */

static void on_accept(void *arg, struct rpc_call *call)
{
	static const struct rpc_call_ops caps = { .message = on_capabilities, .unary = true };
	struct agent_gnmi *g = arg;
	const char *method = rpc_call_method(call);

	if (strcmp(method, "/gnmi.gNMI/Capabilities") == 0)
		rpc_call_take(call, &caps, g);
	else if (strcmp(method, "/gnmi.gNMI/Get") == 0)
		accept_get(g, call);
	else if (strcmp(method, "/gnmi.gNMI/Set") == 0)
		agent_gset_accept(g, call);
	else if (strcmp(method, "/gnmi.gNMI/Subscribe") == 0)
		agent_gsub_accept(g, call);
}

static int listen_now(struct agent_gnmi *g, struct str *errors)
{
	static const struct rpc_server_ops ops = { .accept = on_accept };
	struct rpc_tls_cfg tls = { g->cfg.ca, g->cfg.cert, g->cfg.key };
	struct rpc_server_cfg sc = { .addr = g->cfg.addr,
				     .port = g->cfg.port,
				     .recv_max = GNMI_REQUEST_MAX,
				     .calls_max = GNMI_CALLS_MAX };
	char why[RPC_TEXT_MAX] = "", addr[IP_TEXT_MAX];
	int rc = rpc_new(&g->rpc, g->loop);

	if (rc == 0)
		rc = rpc_tls_new(&g->tls, g->rpc, &tls, why, sizeof(why));
	sc.tls = g->tls;
	if (rc == 0)
		rc = rpc_server_new(&g->server, g->rpc, &sc, &ops, g);
	if (rc < 0)
		str_addf(errors, "gnmi: [%s]:%u: %s%s%s\n",
			 ip_text(&g->cfg.addr, addr, sizeof(addr)), g->cfg.port, why,
			 *why ? ": " : "", err_text(rc));
	return err_trace(rc);
}

int agent_gnmi_new(struct agent_gnmi **outp, struct loop *loop, struct agent_slices *slices,
		   struct ly_ctx *models, const struct agent_gnmi_cfg *cfg, struct str *errors)
{
	AUTO(agent_gnmi_free) struct agent_gnmi *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return err_raise(-ENOMEM);
	g->loop = loop;
	g->slices = slices;
	g->models = models;
	g->cfg = *cfg;
	list_init(&g->gets);
	list_init(&g->subs);
	loop_task_init(&g->again, loop, on_again, g);
	loop_task_init(&g->parts, loop, on_parts, g);
	(void)str_copy(g->file, sizeof(g->file), cfg->file);
	rc = listen_now(g, errors);
	g->cfg.ca = g->cfg.cert = g->cfg.key = g->cfg.file = NULL; /* the caller's */
	if (rc < 0)
		return err_trace(rc);
	log_event("", LOG_NOTICE, "agent.gnmi.listening", "port=%u", agent_gnmi_port(g));
	*outp = TAKE(g);
	return 0;
}

struct agent_gnmi *agent_gnmi_free(struct agent_gnmi *g)
{
	if (!g)
		return NULL;
	loop_task_cancel(&g->again);
	loop_task_cancel(&g->parts);
	agent_gsub_free_all(g);
	while (!list_empty(&g->gets))
		get_free(LIST_OF(g->gets.next, struct agent_gget, link));
	rpc_server_free(g->server);
	rpc_tls_free(g->tls);
	rpc_free(g->rpc);
	if (g->set)
		arena_fini(&g->set_arena);
	agent_device_free(g->before);
	free(g);
	return NULL;
}

uint16_t agent_gnmi_port(const struct agent_gnmi *g)
{
	return g->server ? rpc_server_port(g->server) : 0;
}

void agent_gnmi_stats(const struct agent_gnmi *g, struct agent_gnmi_stats *out)
{
	*out = g->stats;
	out->calls = g->server ? rpc_server_calls(g->server) : 0;
	LIST_EACH (it, &g->subs)
		out->subscriptions++;
}

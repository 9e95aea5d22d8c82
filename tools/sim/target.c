/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers, Capabilities, Get and Set of the simulated routers' gNMI targets, and their misbehaviour.
 * A router that is down does not listen; what was configured outlives that.
 */
#include "tools/sim/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tools/sim/target_int.h"

#define LISTEN_AGAIN_NS (100 * NS_PER_MS)

static const char *const faults[SIM_FAULTS] = { "none", "stall", "lie", "half", "full", "close" };

const char *sim_fault_text(enum sim_fault f)
{
	return faults[f];
}

bool sim_fault_parse(const char *text, enum sim_fault *out)
{
	for (size_t i = 0; i < SIM_FAULTS; i++)
		if (strcmp(text, faults[i]) == 0) {
			*out = (enum sim_fault)i;
			return true;
		}
	return false;
}

static void refuse(struct rpc_call *call, const struct sim_refusal *no)
{
	rpc_call_finish(call, no->code, "%s", no->text);
}

/* msg is NULL when it did not fit. */
static void reply(struct rpc_call *call, const uint8_t *msg, size_t len)
{
	if (msg)
		rpc_call_reply(call, msg, len);
	else
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "the answer is too long");
}

/* ---- Capabilities ---- */

static void capabilities(struct sim_target *tg, struct rpc_call *call, struct arena *a)
{
	struct gnmic_model models[16];
	struct gnmic_caps caps = { .models = models, .version = "0.10.0",
				   .encodings = 1U << GNMIC_ENC_JSON_IETF };
	const struct lys_module *m;
	uint32_t i = 0;
	size_t len = 0;
	uint8_t *msg;

	/* what measures is held, but measures nothing: nobody is to wait for it */
	while ((m = ly_ctx_get_module_iter(tg->all->ctx, &i)) && caps.n_models < ARRAY_LEN(models))
		if (m->implemented && strcmp(m->name, "sextant-device") == 0)
			models[caps.n_models++] = (struct gnmic_model){ m->name, "Sextant (simulated)",
									m->revision ? m->revision : "" };
	msg = gnmic_caps_write(&caps, a, &len);
	reply(call, msg, len);
}

/* ---- Get ---- */

static bool get_one(struct sim_target *tg, const struct gnmic_get *req, const struct gnmic_path *path,
		    struct arena *a, struct gnmic_notification *out, struct sim_refusal *no)
{
	struct lyd_node *tree = sim_target_tree(tg, req->type != GNMIC_GET_CONFIG);
	struct ly_set *set = NULL;
	struct gnmic_path whole;
	bool ok = tree && gnmic_path_join(&req->prefix, path, a, &whole);

	if (!ok)
		(void)sim_refused(no, RPC_RESOURCE_EXHAUSTED, "no memory");
	ok = ok && sim_tree_find(tg->all->ctx, tree, &whole, &set, no);
	if (ok && set->count == 0)
		ok = sim_refused(no, RPC_NOT_FOUND, "nothing is there");
	out->updates = ok ? ARENA_ARRAY(a, set->count, struct gnmic_update) : NULL;
	for (uint32_t i = 0; ok && out->updates && i < set->count; i++) {
		struct gnmic_update *u = &out->updates[out->n_updates++];
		AUTO_FREE char *text = sim_tree_value(set->dnodes[i]);

		u->val = (struct gnmic_value){ .kind = GNMIC_JSON_IETF };
		u->val.bytes.data = text ? arena_str(a, text) : NULL;
		u->val.bytes.len = text ? strlen(text) : 0;
		if (!u->val.bytes.data || !sim_tree_path(set->dnodes[i], a, &u->path))
			ok = sim_refused(no, RPC_RESOURCE_EXHAUSTED, "the answer is too long");
	}
	ly_set_free(set, NULL);
	lyd_free_all(tree);
	return ok;
}

static void get(struct sim_target *tg, struct rpc_call *call, const uint8_t *data, size_t len,
		struct arena *a)
{
	struct gnmic_get_reply out = { 0 };
	struct sim_refusal no = { 0 };
	struct gnmic_get req;
	const char *why = gnmic_get_read(data, len, a, &req);
	size_t out_len = 0;
	uint8_t *msg;
	bool ok = true;

	if (why)
		ok = sim_refused(&no, RPC_INVALID_ARGUMENT, "%s", why);
	else if (req.encoding != GNMIC_ENC_JSON_IETF && req.encoding != GNMIC_ENC_JSON)
		ok = sim_refused(&no, RPC_UNIMPLEMENTED, "only JSON_IETF");
	sim_targets_count_up(tg->all);
	out.notifications = ok ? ARENA_ARRAY(a, req.n_paths + 1, struct gnmic_notification) : NULL;
	if (ok && !out.notifications)
		ok = sim_refused(&no, RPC_RESOURCE_EXHAUSTED, "no memory");
	for (size_t i = 0; ok && i < req.n_paths; i++) {
		struct gnmic_notification *n = &out.notifications[out.n_notifications++];

		n->timestamp_ns = (int64_t)loop_wall_ns(tg->all->loop);
		ok = get_one(tg, &req, &req.paths[i], a, n, &no);
	}
	if (!ok) {
		refuse(call, &no);
		return;
	}
	msg = gnmic_get_reply_write(&out, a, &out_len);
	reply(call, msg, out_len);
}

/* ---- Set ---- */

/* A queue needs an interface of a link; customers' interfaces are there when they are named. */
static bool fits_router(const struct sim_target *tg, const struct lyd_node *config, struct sim_refusal *no)
{
	struct ly_set *links = NULL;
	bool ok = true;

	if (!config || lyd_find_xpath(config, "/sextant-device:device/link", &links) != LY_SUCCESS)
		return true;
	for (uint32_t i = 0; ok && i < links->count; i++) {
		const char *name = lyd_get_value(lyd_child(links->dnodes[i]));

		if (sim_target_half(tg, name) == SIM_NONE)
			ok = sim_refused(no, RPC_FAILED_PRECONDITION, "link %s: there is no such interface",
					 name);
	}
	ly_set_free(links, NULL);
	return ok;
}

static uint32_t filters_of(const struct lyd_node *config)
{
	struct ly_set *set = NULL;
	uint32_t n = 0;

	if (config && lyd_find_xpath(config, "/sextant-device:device/source-filter", &set) == LY_SUCCESS)
		n = set->count;
	ly_set_free(set, NULL);
	return n;
}

/* It is so from now on, and whoever watches is told. */
static void put_in(struct sim_target *tg, struct lyd_node *next)
{
	sim_log_change(tg, tg->config, next);
	lyd_free_all(tg->config);
	tg->config = next;
	tg->generation++;
	sim_targets_sids(tg->all);
	loop_task_run(&tg->all->look);
}

static bool carry_out(struct sim_target *tg, const struct gnmic_set *s, size_t most, struct sim_refusal *no)
{
	struct lyd_node *next = NULL;

	if (tg->config && lyd_dup_siblings(tg->config, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &next) !=
				  LY_SUCCESS)
		return sim_refused(no, RPC_RESOURCE_EXHAUSTED, "no memory");
	if (!sim_tree_set(tg->all->ctx, &next, s, most, no) || !fits_router(tg, next, no)) {
		lyd_free_all(next);
		return false;
	}
	if (tg->fault == SIM_FAULT_FULL && filters_of(next) > filters_of(tg->config)) {
		lyd_free_all(next);
		return sim_refused(no, RPC_FAILED_PRECONDITION,
				   "no room for another source filter");
	}
	put_in(tg, next);
	return true;
}

/* ---- somebody else's hand ---- */

static bool can_drift(const struct lyd_node *n)
{
	if (n->flags & LYD_DEFAULT)
		return false;
	return n->schema->nodetype & (LYS_LIST | LYS_LEAFLIST) ||
	       (n->schema->nodetype == LYS_LEAF && !lysc_is_key(n->schema));
}

static struct lyd_node *nth(struct lyd_node *tree, uint64_t *at)
{
	struct lyd_node *root, *n, *found = NULL;

	LY_LIST_FOR(tree, root)
	{
		LYD_TREE_DFS_BEGIN(root, n)
		{
			if (!found && can_drift(n) && (*at)-- == 0)
				found = n;
			LYD_TREE_DFS_END(root, n);
		}
	}
	return found;
}

/* A queue or a policer that has another rate, anything else is no more. */
static bool spoil(struct lyd_node *n)
{
	char text[24];

	if (n->schema->nodetype == LYS_LEAF && strcmp(n->schema->name, "rate") == 0) {
		(void)snprintf(text, sizeof(text), "%llu", strtoull(lyd_get_value(n), NULL, 10) + 1000);
		return lyd_change_term(n, text) == LY_SUCCESS;
	}
	lyd_free_tree(n);
	return true;
}

static bool drift_one(struct sim_target *tg, uint64_t at, char *what, size_t cap)
{
	struct lyd_node *next = NULL, *n;
	char *path;

	if (lyd_dup_siblings(tg->config, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &next) != LY_SUCCESS)
		return false;
	n = nth(next, &at);
	path = n ? lyd_path(n, LYD_PATH_STD, NULL, 0) : NULL;
	(void)snprintf(what, cap, "%s", path ? path : "");
	free(path);
	if (n && spoil(n) &&
	    lyd_validate_all(&next, NULL, LYD_VALIDATE_PRESENT | LYD_VALIDATE_NO_STATE, NULL) == LY_SUCCESS) {
		put_in(tg, next);
		return true;
	}
	lyd_free_all(next);
	return false;
}

bool sim_target_drift(struct sim_targets *ts, uint32_t router, uint64_t pick, char *what, size_t cap)
{
	struct sim_target *tg = router < sim_targets_count(ts) ? &ts->at[router] : NULL;
	uint64_t n = 0, count = UINT64_MAX;

	if (!tg || !tg->config)
		return false;
	(void)nth(tg->config, &count);
	n = UINT64_MAX - count;
	for (uint64_t tries = 0; n > 0 && tries < 8; tries++)
		if (drift_one(tg, (pick + tries) % n, what, cap))
			return true;
	return false;
}

bool sim_target_stray(struct sim_targets *ts, uint32_t router, const char *name, bool there)
{
	struct sim_target *tg = router < sim_targets_count(ts) ? &ts->at[router] : NULL;
	struct lyd_node *next = NULL, *made = NULL;
	struct ly_set *old = NULL;
	char path[128];

	if (!tg || (tg->config && lyd_dup_siblings(tg->config, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &next) !=
					  LY_SUCCESS))
		return false;
	if (there) {
		(void)snprintf(path, sizeof(path), "/sextant-device:device/table[id='%u']/name", SIM_STRAY_TABLE);
		if (lyd_new_path(next, tg->all->ctx, path, name, 0, &made) != LY_SUCCESS) {
			lyd_free_all(next);
			return false;
		}
		next = next ? next : made;
	} else {
		(void)snprintf(path, sizeof(path), "/sextant-device:device/table[name='%s']", name);
		if (next && lyd_find_xpath(next, path, &old) == LY_SUCCESS && old->count == 1)
			lyd_free_tree(old->dnodes[0]);
		ly_set_free(old, NULL);
	}
	put_in(tg, next);
	return true;
}

/* One change alone has no half: it is done, and does not count. */
static enum sim_fault fault_now(struct sim_target *tg, const struct gnmic_set *s)
{
	enum sim_fault f = tg->fault;

	if (f == SIM_FAULT_FULL)
		return f; /* until it is told otherwise */
	if (f == SIM_FAULT_HALF && s->n_deletes + s->n_replaces + s->n_updates < 2)
		return SIM_FAULT_NONE;
	if (f != SIM_FAULT_NONE && tg->times > 0 && --tg->times == 0)
		tg->fault = SIM_FAULT_NONE;
	return f;
}

static void cut(struct sim_target *tg)
{
	tg->cut = true;
	loop_timer_after(&tg->all->listen, 0);
}

static void set_reply(struct sim_target *tg, struct rpc_call *call, const struct gnmic_set *s,
		      struct arena *a)
{
	const size_t n[] = { s->n_deletes, s->n_replaces, s->n_updates };
	const enum gnmic_op ops[] = { GNMIC_OP_DELETE, GNMIC_OP_REPLACE, GNMIC_OP_UPDATE };
	struct gnmic_set_reply out = { .prefix = s->prefix,
				       .timestamp_ns = (int64_t)loop_wall_ns(tg->all->loop) };
	size_t len = 0;
	uint8_t *msg = NULL;

	out.results = ARENA_ARRAY(a, n[0] + n[1] + n[2] + 1, struct gnmic_result);
	for (size_t k = 0; out.results && k < ARRAY_LEN(n); k++)
		for (size_t i = 0; i < n[k]; i++)
			out.results[out.n_results++] = (struct gnmic_result){
				k == 0 ? s->deletes[i] : k == 1 ? s->replaces[i].path : s->updates[i].path,
				ops[k] };
	if (out.results)
		msg = gnmic_set_reply_write(&out, a, &len);
	reply(call, msg, len);
}

static void set(struct sim_target *tg, struct rpc_call *call, const uint8_t *data, size_t len,
		struct arena *a)
{
	struct sim_refusal no = { 0 };
	struct gnmic_set s;
	const char *why = gnmic_set_read(data, len, a, &s);
	enum sim_fault f;
	bool ok = true;

	tg->sets++;
	if (why)
		ok = sim_refused(&no, RPC_INVALID_ARGUMENT, "%s", why);
	else if (s.commit != GNMIC_COMMIT_NONE || s.unknown_extensions || s.n_union_replaces)
		ok = sim_refused(&no, RPC_UNIMPLEMENTED, "no extensions, no union_replace");
	if (ok)
		sim_log_set(tg, &s);
	f = ok ? fault_now(tg, &s) : SIM_FAULT_NONE;
	if (f == SIM_FAULT_STALL)
		return; /* until its client gives up */
	if (ok && f != SIM_FAULT_LIE)
		ok = carry_out(tg, &s, f == SIM_FAULT_HALF ? 1 : SIZE_MAX, &no);
	if (f == SIM_FAULT_CLOSE) {
		cut(tg);
		return;
	}
	tg->refused += !ok;
	if (ok)
		set_reply(tg, call, &s, a);
	else
		refuse(call, &no);
}

/* ---- servers ---- */

static void message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	const char *method = rpc_call_method(call);
	struct arena a;

	arena_init(&a, SIM_ARENA_MAX);
	if (strcmp(method, "/gnmi.gNMI/Capabilities") == 0)
		capabilities(arg, call, &a);
	else if (strcmp(method, "/gnmi.gNMI/Get") == 0)
		get(arg, call, data, len, &a);
	else
		set(arg, call, data, len, &a);
	arena_fini(&a);
}

static void accept_call(void *arg, struct rpc_call *call)
{
	static const struct rpc_call_ops unary = { .message = message, .unary = true };
	static const char *const methods[] = { "/gnmi.gNMI/Capabilities", "/gnmi.gNMI/Get",
					       "/gnmi.gNMI/Set" };
	const char *method = rpc_call_method(call);

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(method, methods[i]) == 0) {
			rpc_call_take(call, &unary, arg);
			return;
		}
	if (strcmp(method, "/gnmi.gNMI/Subscribe") == 0)
		sim_sub_accept(arg, call);
}

static int server_up(struct sim_target *tg)
{
	static const struct rpc_server_ops ops = { .accept = accept_call };
	const struct sim_targets_cfg *cfg = &tg->all->cfg;
	struct rpc_server_cfg c = { .port = cfg->port, .tls = tg->all->tls, .recv_max = SIM_REQUEST_MAX };

	c.addr = cfg->source(cfg->source_arg, tg->router);
	return rpc_server_new(&tg->server, tg->all->rpc, &c, &ops, tg);
}

static void server_down(struct sim_target *tg)
{
	sim_subs_drop(tg);
	tg->server = rpc_server_free(tg->server);
	tg->cut = false;
}

/* Servers are what their routers are; one whose port is not free yet is tried again. */
static void listen_due(void *arg)
{
	struct sim_targets *ts = arg;
	bool again = false;

	for (uint32_t r = 0; r < ts->cfg.n; r++) {
		struct sim_target *tg = &ts->at[r];
		bool up = ts->t->routers.at[r].up;

		if (tg->server && (!up || tg->cut))
			server_down(tg);
		if (!tg->server && up)
			again = server_up(tg) < 0 || again;
	}
	if (again)
		loop_timer_after(&ts->listen, LISTEN_AGAIN_NS);
}

static void look(void *arg)
{
	struct sim_targets *ts = arg;

	if (ts->pccs)
		sim_pccs_look(ts->pccs); /* what could not be installed may now be */
	for (uint32_t r = 0; r < ts->cfg.n; r++)
		sim_subs_look(&ts->at[r]);
}

void sim_targets_sync(struct sim_targets *ts)
{
	if (!ts)
		return;
	sim_targets_count_up(ts);
	loop_timer_after(&ts->listen, 0);
	loop_task_run(&ts->look);
}

/* ---- all of them ---- */

static int runtime(struct sim_targets *ts, struct str *err)
{
	const struct sim_targets_cfg *cfg = &ts->cfg;
	const struct rpc_tls_cfg files = { .ca_file = cfg->ca, .cert_file = cfg->cert,
					   .key_file = cfg->key };
	char why[256] = "";
	int r = 0;

	ts->rpc = cfg->rpc;
	if (!ts->rpc) {
		ts->rpc_ours = true;
		r = rpc_new(&ts->rpc, ts->loop);
		if (r == 0)
			r = rpc_tls_new(&ts->tls, ts->rpc, &files, why, sizeof(why));
	}
	if (r < 0)
		str_addf(err, "gNMI: %s\n", why[0] ? why : err_text(r));
	return r;
}

static int servers(struct sim_targets *ts, struct str *err)
{
	for (uint32_t i = 0; i < ts->cfg.n; i++) {
		struct sim_target *tg = &ts->at[i];
		int r = ts->t->routers.at[i].up ? server_up(tg) : 0;

		if (r < 0) {
			str_addf(err, "gNMI: %s cannot listen on port %u: %s\n", ts->t->routers.at[i].name,
				 ts->cfg.port, err_text(r));
			return r;
		}
	}
	return 0;
}

int sim_targets_new(struct sim_targets **outp, struct loop *loop, const struct sim_topo *t,
		    const struct sim_targets_cfg *cfg, struct str *err)
{
	AUTO(sim_targets_free) struct sim_targets *ts = calloc(1, sizeof(*ts));
	int r;

	if (!ts)
		return err_raise(-ENOMEM);
	*ts = (struct sim_targets){ .loop = loop, .t = t, .cfg = *cfg, .pccs = cfg->pccs,
				    .paths = cfg->paths, .counted = loop_now(loop) };
	loop_task_init(&ts->look, loop, look, ts);
	loop_timer_init(&ts->listen, loop, listen_due, ts);
	if (ts->cfg.n > SIM_TARGETS_MAX || ts->cfg.n > t->routers.n)
		ts->cfg.n = t->routers.n < SIM_TARGETS_MAX ? (uint32_t)t->routers.n : SIM_TARGETS_MAX;
	ts->at = calloc(ts->cfg.n + 1, sizeof(*ts->at));
	ts->count = calloc(2 * t->wires.n + 1, sizeof(*ts->count));
	for (uint32_t i = 0; ts->at && i < ts->cfg.n; i++) {
		ts->at[i].all = ts;
		ts->at[i].router = i;
		list_init(&ts->at[i].subs);
	}
	if (!ts->at || !ts->count)
		return err_raise(-ENOMEM);
	sim_targets_count_up(ts);
	r = sim_models_new(&ts->ctx, err);
	if (r == 0 && cfg->log) {
		r = sim_log_open(ts, cfg->log);
		if (r < 0)
			str_addf(err, "%s: %s\n", cfg->log, err_text(r));
	}
	if (r == 0)
		r = runtime(ts, err);
	if (r == 0)
		r = servers(ts, err);
	if (r < 0)
		return err_trace(r);
	*outp = TAKE(ts);
	return 0;
}

struct sim_targets *sim_targets_free(struct sim_targets *ts)
{
	if (!ts)
		return NULL;
	for (uint32_t i = 0; ts->at && i < ts->cfg.n; i++) {
		server_down(&ts->at[i]);
		lyd_free_all(ts->at[i].config);
	}
	loop_task_cancel(&ts->look);
	loop_timer_fini(&ts->listen);
	rpc_tls_free(ts->tls);
	if (ts->rpc_ours)
		rpc_free(ts->rpc);
	sim_log_close(ts);
	ly_ctx_destroy(ts->ctx);
	if (ts->paths)
		sim_paths_sids(ts->paths, NULL, 0);
	VEC_FINI(&ts->sids);
	free(ts->count);
	free(ts->at);
	free(ts);
	return NULL;
}

/* ---- what is asked of them here ---- */

uint32_t sim_targets_count(const struct sim_targets *ts)
{
	return ts ? ts->cfg.n : 0;
}

bool sim_target_fault(struct sim_targets *ts, uint32_t router, enum sim_fault f, uint32_t times)
{
	if (router >= sim_targets_count(ts))
		return false;
	ts->at[router].fault = f;
	ts->at[router].times = times;
	return true;
}

bool sim_target_info(const struct sim_targets *ts, uint32_t router, struct sim_target_info *out)
{
	const struct sim_target *tg;

	if (router >= sim_targets_count(ts))
		return false;
	tg = &ts->at[router];
	*out = (struct sim_target_info){ .listens = tg->server != NULL, .port = ts->cfg.port,
					 .sets = tg->sets, .refused = tg->refused, .streams = tg->n_subs,
					 .fault = tg->fault };
	out->addr = ts->cfg.source(ts->cfg.source_arg, router);
	return true;
}

char *sim_target_config(const struct sim_targets *ts, uint32_t router)
{
	struct lyd_node *tree;
	char *text = NULL;

	if (router >= sim_targets_count(ts))
		return NULL;
	tree = sim_target_tree(&ts->at[router], false);
	if (tree && lyd_print_mem(&text, tree, LYD_JSON, LYD_PRINT_SHRINK) != LY_SUCCESS)
		text = NULL;
	lyd_free_all(tree);
	if (text && text[0])
		return text;
	free(text);
	return strdup("{}");
}

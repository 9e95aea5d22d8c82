/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set: one change of the device at a time. First what can be judged at once (models, names, the
 * agent's own file), then the kernel, then what is measured, then the disk; what one of them refuses
 * is taken back from those before it.
 */
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/gnmi/gnmi_edit.h"
#include "tools/agent/gnmi/gnmi_int.h"

static Gnmipb__UpdateResult *result(Gnmipb__Path *path, Gnmipb__UpdateResult__Operation op,
				    struct arena *a)
{
	Gnmipb__UpdateResult *r = ARENA_NEW(a, Gnmipb__UpdateResult);

	if (r) {
		gnmipb__update_result__init(r);
		r->path = path;
		r->op = op;
	}
	return r;
}

static void set_answer(struct agent_gnmi *g)
{
	const Gnmipb__SetRequest *q = g->set;
	struct arena *a = &g->set_arena;
	size_t n = q->n_delete_ + q->n_replace + q->n_update, k = 0;
	Gnmipb__SetResponse r;

	gnmipb__set_response__init(&r);
	r.timestamp = agent_gnmi_wall_ns();
	r.prefix = q->prefix;
	r.response = ARENA_ARRAY(a, n + 1, Gnmipb__UpdateResult *);
	for (size_t i = 0; r.response && i < q->n_delete_; i++)
		r.response[k++] =
			result(q->delete_[i], GNMIPB__UPDATE_RESULT__OPERATION__DELETE, a);
	for (size_t i = 0; r.response && i < q->n_replace; i++)
		r.response[k++] =
			result(q->replace[i]->path, GNMIPB__UPDATE_RESULT__OPERATION__REPLACE, a);
	for (size_t i = 0; r.response && i < q->n_update; i++)
		r.response[k++] =
			result(q->update[i]->path, GNMIPB__UPDATE_RESULT__OPERATION__UPDATE, a);
	for (size_t i = 0; i < k && r.response[i]; i++)
		r.n_response++;
	agent_gnmi_reply(g->set_call, &r.base, a);
}

/* Takes nothing: the call is answered, the rest is forgotten. */
static void set_end(struct agent_gnmi *g, bool ok, enum rpc_code code, const char *error)
{
	struct rpc_call *call = g->set_call;

	if (!ok)
		g->stats.refused++;
	if (call && ok)
		set_answer(g);
	else if (call)
		rpc_call_finish(call, code, "%s", error);
	g->set_call = NULL;
	g->set = NULL;
	arena_fini(&g->set_arena);
	g->before = agent_device_free(g->before);
}

/* The kernel has it already; what is measured follows the device that is in force. */
static void take_back(struct agent_gnmi *g)
{
	struct agent_slices_cfg sc = agent_slices_cfg_of(g->slices);

	if (agent_slices_change(g->slices, &sc, &g->before, NULL, NULL) < 0)
		log_event("", LOG_ERROR, "agent.gnmi.unreverted", "file=%s", g->file);
}

static void on_set_done(void *arg, bool ok, const char *error)
{
	STR_AUTO struct str why = { .limit = RPC_TEXT_MAX };
	struct agent_gnmi *g = arg;
	const struct agent_device *d = agent_slices_device(g->slices);
	int rc;

	if (!ok) {
		set_end(g, false, RPC_FAILED_PRECONDITION, error);
		return;
	}
	agent_measure_set(g->cfg.measure, &d->measure, &g->before->measure,
			  agent_slices_generation(g->slices), &why);
	if (why.len > 0) {
		take_back(g);
		set_end(g, false, RPC_FAILED_PRECONDITION, str_text(&why));
		return;
	}
	rc = g->file[0] ? agent_device_save(d, g->file) : 0;
	if (rc < 0) {
		log_event("", LOG_ERROR, "agent.gnmi.unsaved", "file=%s error=\"%s\"", g->file,
			  err_text(rc));
		take_back(g);
		set_end(g, false, RPC_INTERNAL, "the change cannot be kept on the disk");
		return;
	}
	set_end(g, true, RPC_OK, "");
}

static bool may_write(const struct agent_gnmi *g, const struct rpc_call *call)
{
	const char *name = rpc_call_peer_name(call);

	for (size_t i = 0; i < g->cfg.n_writers; i++) {
		if (name[0] && strcmp(name, g->cfg.writers[i]) == 0)
			return true;
	}
	return false;
}

static int copy_of(struct agent_gnmi *g, struct agent_device **out)
{
	const struct agent_device *d = agent_slices_device(g->slices);
	STR_AUTO struct str errors = { 0 };
	struct lyd_node *tree = NULL;
	int rc;

	if (lyd_dup_single(d->tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &tree) !=
	    LY_SUCCESS)
		return err_raise(-ENOMEM);
	rc = agent_device_new(out, g->models, &tree, &errors);
	lyd_free_all(tree);
	return err_trace(rc);
}

static bool set_begin(struct agent_gnmi *g, const uint8_t *data, size_t len, struct agent_gerror *e)
{
	struct agent_slices_cfg sc = agent_slices_cfg_of(g->slices);
	AUTO(agent_device_free) struct agent_device *fresh = NULL;
	STR_AUTO struct str left = { .limit = 64 << 10 };
	char refused[SR_REASON_MAX];
	const char *why = "";

	g->set = pb_unpack(&gnmipb__set_request__descriptor, data, len, &g->set_arena, &why);
	if (!g->set)
		return agent_gfail(e, RPC_INVALID_ARGUMENT, "%s", why);
	if (g->set->n_union_replace > 0 || g->set->n_extension > 0)
		return agent_gfail(e, RPC_UNIMPLEMENTED, "no extensions, no union_replace");
	if (!agent_gnmi_edit(g->models, agent_slices_device(g->slices), g->set, &fresh, e))
		return false;
	agent_measure_fits(g->cfg.measure, &fresh->measure,
			   &agent_slices_device(g->slices)->measure, &left);
	if (left.len > 0)
		return agent_gfail(e, RPC_FAILED_PRECONDITION, "%s", str_text(&left));
	if (g->cfg.pol && !agent_statics_check(g->cfg.pol, fresh, refused))
		return agent_gfail(e, RPC_FAILED_PRECONDITION, "%s", refused);
	if (copy_of(g, &g->before) < 0)
		return agent_gfail(e, RPC_RESOURCE_EXHAUSTED, "no memory");
	if (agent_slices_change(g->slices, &sc, &fresh, on_set_done, g) < 0)
		return agent_gfail(e, RPC_ABORTED, "another change is under way");
	return true;
}

static void on_set(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct agent_gnmi *g = arg;
	struct agent_gerror e = { 0 };

	g->stats.sets++;
	if (!may_write(g, call)) {
		g->stats.refused++;
		rpc_call_finish(call, RPC_PERMISSION_DENIED, "'%s' may not write",
				rpc_call_peer_name(call));
		return;
	}
	if (g->set) {
		g->stats.refused++;
		rpc_call_finish(call, RPC_ABORTED, "another Set is under way");
		return;
	}
	arena_init(&g->set_arena, GNMI_ARENA_MAX);
	g->set_call = call;
	if (!set_begin(g, data, len, &e))
		set_end(g, false, e.code, e.text);
}

/* The client is gone; its change goes on, as it would have been acknowledged. */
static void on_set_gone(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	struct agent_gnmi *g = arg;

	(void)st;
	if (g->set_call == call)
		g->set_call = NULL;
}

void agent_gset_accept(struct agent_gnmi *g, struct rpc_call *call)
{
	static const struct rpc_call_ops set = { .message = on_set,
						 .end = on_set_gone,
						 .unary = true };

	rpc_call_take(call, &set, g);
}

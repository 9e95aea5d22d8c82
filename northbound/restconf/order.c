/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders of slices and partitions: what they refer to is put beside them for validation
 * (templates, the parent slice, profiles), they go to src/slice as one write, and its refusals
 * come back as errors that name the link and the alternatives.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"
#include "slice/slice.h"

enum { ANCESTORS_MAX = 16 };

static enum slice_kind kind_of(const struct rc_row *row)
{
	static const enum slice_kind kinds[] = { SLICE_SERVICE, SLICE_SERVICE, SLICE_TEMPLATE, SLICE_NRP,
						 SLICE_PHB, SLICE_SERVICE };

	return kinds[row - rc_rows_slice];
}

/* ---- what an order refers to ---- */

static const struct {
	const char *leaf;
	enum slice_kind kind;
} refs[] = {
	{ "slo-sle-template", SLICE_TEMPLATE },
	{ "template-ref", SLICE_TEMPLATE },
	{ "parent-slice", SLICE_SERVICE },
	{ "phb-profile", SLICE_PHB },
};

/* Where entries of a kind are, in the tree of an order. */
static struct lyd_node *home_of(struct lyd_node *root, enum slice_kind kind, const char **list)
{
	struct lyd_node *nrps;

	switch (kind) {
	case SLICE_TEMPLATE:
		*list = "slo-sle-template";
		return rc_inside(root, NULL, "slo-sle-templates");
	case SLICE_PHB:
		*list = "phb-profile-identifier";
		nrps = rc_inside(root, "ietf-nrp", "nrp-policies");
		return nrps ? rc_inside(nrps, NULL, "qos-profiles") : NULL;
	case SLICE_SERVICE:
		*list = "slice-service";
		return root;
	case SLICE_NRP:
	case SLICE_KINDS:
		break;
	}
	return NULL;
}

/* *more: what was put in may refer to others itself. */
static bool refer(struct rc_read *rd, struct lyd_node *root, enum slice_kind kind, const char *id,
		  bool *more)
{
	const char *list = NULL, *doc;
	struct lyd_node *home = home_of(root, kind, &list), *n = NULL;
	uint64_t revision;
	size_t len;

	doc = slice_doc(rd->rc->cfg.slice, kind, id, &len, &revision);
	if (!home || !doc || rc_entry_of(home, list, id))
		return home != NULL;
	if (lyd_new_list(home, NULL, list, 0, &n, id) != LY_SUCCESS)
		return false;
	if (kind == SLICE_SERVICE) { /* one without SDPs would not be valid */
		rc_doc_fill(rd->rc, n, doc, len);
		*more = true;
	}
	return true;
}

static bool slice_context(struct rc_read *rd, struct lyd_node *root)
{
	VEC(struct lyd_node *) found = { 0 };
	bool more = true, ok = true;
	struct lyd_node *n;

	for (int level = 0; ok && more && level < ANCESTORS_MAX; level++) {
		more = false;
		found.n = 0;
		LYD_TREE_DFS_BEGIN(root, n)
		{
			if (n->schema->nodetype == LYS_LEAF &&
			    ((const struct lysc_node_leaf *)n->schema)->type->basetype == LY_TYPE_LEAFREF)
				ok = ok && VEC_ADD(&found, n);
			LYD_TREE_DFS_END(root, n);
		}
		for (size_t i = 0; ok && i < found.n; i++)
			for (size_t k = 0; ok && k < ARRAY_LEN(refs); k++)
				if (strcmp(found.at[i]->schema->name, refs[k].leaf) == 0)
					ok = refer(rd, root, refs[k].kind, lyd_get_value(found.at[i]),
						   &more);
	}
	VEC_FINI(&found);
	return ok;
}

/* ---- writing ---- */

/* The row that an entry was written by; of one that only follows, that of its kind. */
static const struct rc_row *row_of(const struct rc_docs *docs, const struct slice_result *r)
{
	for (size_t i = 0; i < docs->all.n; i++)
		if (kind_of(docs->all.at[i].row) == r->kind && strcmp(docs->all.at[i].id, r->id) == 0)
			return docs->all.at[i].row;
	for (size_t i = 1; i < rc_n_rows_slice; i++)
		if (kind_of(&rc_rows_slice[i]) == r->kind)
			return &rc_rows_slice[i];
	return &rc_rows_slice[0];
}

/* What is said of a slice, where the order has it: its SDPs are nodes, its parent the underlay. */
static void vpn_field(char *buf, size_t cap, const char *field)
{
	static const char sdp[] = "sdps/sdp[id=";
	const char *end = strchr(field, ']');

	buf[0] = '\0';
	if (strncmp(field, sdp, strlen(sdp)) == 0 && end)
		snprintf(buf, cap, "vpn-nodes/vpn-node[vpn-node-id=%.*s]%s", (int)(end - field - (long)strlen(sdp)),
			 field + strlen(sdp), strcmp(end, "]/node-id") == 0 ? "/ne-id" : "");
	else if (strcmp(field, "sextant-slice:realisation/parent-slice") == 0)
		str_copy(buf, cap, "underlay-transport/transport-instance-id");
	else if (strncmp(field, "vpn-", 4) == 0 || strncmp(field, "underlay-", 9) == 0 ||
		 strncmp(field, "status", 6) == 0)
		str_copy(buf, cap, field);
}

static void path_of(struct rc_error *e, const struct rc_docs *docs, const struct slice_result *r)
{
	const struct rc_row *row = row_of(docs, r);
	bool vpn = strncmp(row->path, RC_L3NM, strlen(RC_L3NM)) == 0;
	const char *key = vpn ? "vpn-id" : strcmp(row->path, RC_NRPS "/nrp-policy") == 0 ? "name" : "id";
	char field[SLICE_FIELD_MAX];

	if (vpn)
		vpn_field(field, sizeof(field), r->field);
	else
		str_copy(field, sizeof(field), r->field);
	if (r->id[0])
		snprintf(e->path, sizeof(e->path), "%s[%s='%s']%s%s", row->path, key, r->id,
			 field[0] ? "/" : "", field);
}

static const struct {
	enum rc_tag tag;
	const char *app;
} refusals[] = {
	[SLICE_E_EXISTS] = { RC_RESOURCE_DENIED, "" },
	[SLICE_E_MISSING] = { RC_NOT_FOUND, "" },
	[SLICE_E_REVISION] = { RC_IN_USE, "" },
	[SLICE_E_INVALID] = { RC_INVALID_VALUE, "" },
	[SLICE_E_LIMIT] = { RC_RESOURCE_DENIED, "sextant:limit" },
	[SLICE_E_STORE] = { RC_NO_SPACE, "" },
	[SLICE_E_BUSY] = { RC_IN_USE, "" },
	[SLICE_E_USED] = { RC_RESOURCE_DENIED, "sextant:referred-to" },
	[SLICE_E_SHORT] = { RC_RESOURCE_DENIED, "sextant:admission-path" },
	[SLICE_E_STEP] = { RC_RESOURCE_DENIED, "sextant:not-available" },
	[SLICE_E_BLIND] = { RC_UNAVAILABLE, "sextant:no-topology" },
};

static void shortage(struct rc_error *e, const struct slice_result *r)
{
	struct str STR_AUTO b = { 0 };
	char sep = '[';

	if (r->wanted_bps)
		str_copy(e->app_tag, sizeof(e->app_tag), "sextant:admission-bandwidth");
	str_add(&b, "\"sextant-slice:shortage\":{");
	if (r->link[0]) {
		str_add(&b, "\"limiting-link\":");
		str_json(&b, r->link);
		str_add(&b, ",");
	}
	if (r->wanted_bps)
		str_addf(&b, "\"requested\":\"%" PRIu64 "\",\"residual\":\"%" PRIu64 "\",", r->wanted_bps,
			 r->free_bps);
	str_add(&b, "\"alternative\":");
	for (size_t i = 0; i < ARRAY_LEN(r->alternative) && r->alternative[i][0]; i++) {
		str_addf(&b, "%c", sep);
		str_json(&b, r->alternative[i]);
		sep = ',';
	}
	str_add(&b, sep == '[' ? "[]}" : "]}");
	if (!b.bad && b.len < sizeof(e->info))
		str_copy(e->info, sizeof(e->info), str_text(&b));
}

static void refusal(struct rc_error *e, const struct rc_docs *docs, const struct slice_result *r,
		    bool if_match)
{
	bool known = r->code > 0 && (size_t)r->code < ARRAY_LEN(refusals);
	struct str STR_AUTO text = { 0 };

	str_add(&text, r->text[0] ? r->text : "refused");
	for (size_t i = 0; i < ARRAY_LEN(r->alternative) && r->alternative[i][0]; i++)
		str_addf(&text, "%s%s", i ? ", " : "; alternatives: ", r->alternative[i]);
	rc_fail(e, known ? refusals[r->code].tag : RC_FAILED, "%s", str_text(&text));
	if (r->code == SLICE_E_REVISION && if_match)
		e->tag = RC_PRECONDITION;
	if (known)
		str_copy(e->app_tag, sizeof(e->app_tag), refusals[r->code].app);
	path_of(e, docs, r);
	if (r->code == SLICE_E_SHORT)
		shortage(e, r);
}

/* Looked at only, as the order asked: it was not made, so there is nothing at its place. */
static void only_tested(struct rc_op *op, const char *id)
{
	op->etag[0] = op->location[0] = '\0';
	op->status = 200;
	str_add(&op->body, "{\"ietf-network-slice-service:slice-service\":[{\"id\":");
	str_json(&op->body, id);
	str_add(&op->body, ",\"sextant-slice:compliance-state\":{\"life-cycle\":\"feasible\"}}]}");
}

static void slice_done(void *arg, const struct slice_result *r)
{
	struct rc_op *op = arg;
	const struct rc_docs *docs = op->docs;

	if (r->code) {
		refusal(&op->error, docs, r, op->had_if_match);
	} else if (r->revision && docs->all.n == 1) {
		snprintf(op->etag, sizeof(op->etag), "\"%" PRIu64 "\"", r->revision);
	}
	/* In a JSON text a quote inside a string has a backslash before it: this is the member. */
	for (size_t i = 0; !r->code && !op->dry && i < docs->all.n; i++)
		if (docs->all.at[i].text && strstr(docs->all.at[i].text, "\"test-only\":")) {
			only_tested(op, docs->all.at[i].id);
			break;
		}
	rc_op_done(op);
}

static void slice_start(struct rc_op *op)
{
	const struct rc_docs *docs = op->docs;
	struct slice_edit *edits = calloc(docs->all.n, sizeof(*edits));
	struct slice_write w = { .edits = edits, .n = docs->all.n, .dry_run = op->dry };

	if (!edits) {
		rc_fail(&op->error, RC_UNAVAILABLE, "no memory");
		rc_op_done(op);
		return;
	}
	for (size_t i = 0; i < docs->all.n; i++) {
		const struct rc_doc *d = &docs->all.at[i];

		edits[i].kind = kind_of(d->row);
		if (d->remove)
			edits[i].how = SLICE_DELETE;
		else if (d->how == RC_CREATE)
			edits[i].how = SLICE_CREATE;
		else if (d->how == RC_UPDATE)
			edits[i].how = SLICE_UPDATE;
		else
			edits[i].how = SLICE_PUT;
		edits[i].id = d->id;
		edits[i].doc = d->text;
		edits[i].len = d->len;
		edits[i].if_revision = d->if_revision;
	}
	slice_put(op->rc->cfg.slice, &w, slice_done, op);
	free(edits);
}

/* ---- what follows ---- */

static const char *step_state(const struct slice_view *v, unsigned step)
{
	bool on = v->state == SLICE_REALISING || v->state == SLICE_VERIFYING;

	if (v->state == SLICE_ROLLED_BACK)
		return "undone";
	if (v->done & 1U << step)
		return "done";
	return on && (unsigned)v->step == step ? "running" : "waiting";
}

static bool slice_live(struct rc *rc, const char *id, const char *etag, struct rc_live *out)
{
	struct slice_view v;
	char tag[40];

	if (!rc->cfg.slice || slice_get(rc->cfg.slice, id, &v) != 0)
		return false;
	snprintf(tag, sizeof(tag), "\"%" PRIu64 "\"", v.revision);
	if (strcmp(tag, etag) != 0)
		return false;
	out->since_wall_ns = v.since_wall_ns;
	if (v.state == SLICE_REALISING || v.state == SLICE_VERIFYING ||
	    (v.state == SLICE_IS_RESERVED && v.admin == SLICE_ADMIN_UP))
		out->state = RC_OPERATION_RUNNING;
	else if (v.state == SLICE_ROLLED_BACK)
		out->state = RC_OPERATION_FAILED;
	str_copy(out->text, sizeof(out->text), v.reason);
	if (v.admin != SLICE_ADMIN_UP)
		return true;
	for (unsigned i = 0; i < SLICE_STEPS && i < RC_LIVE_STEPS_MAX; i++) {
		out->steps[out->n].name = slice_step_text((enum slice_step)i);
		out->steps[out->n++].state = step_state(&v, i);
	}
	return true;
}

const struct rc_writer rc_slice_writer = {
	.documents = true,
	.live = slice_live,
	.context = slice_context,
	.put = slice_start,
	.remove = slice_start,
};

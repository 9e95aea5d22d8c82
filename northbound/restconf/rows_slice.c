/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network slices and partitions at their standard paths: documents of src/slice, with what has
 * become of them beside.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"
#include "slice/slice.h"

#define NSS RC_NSS
#define NRPS RC_NRPS

enum { FLOWS_A_TIME = 64 };

static const char *const life_names[] = {
	[SLICE_DRAFT] = "draft",	   [SLICE_FEASIBLE] = "feasible",
	[SLICE_INFEASIBLE] = "infeasible", [SLICE_IS_RESERVED] = "reserved",
	[SLICE_REALISING] = "realising",   [SLICE_VERIFYING] = "verifying",
	[SLICE_ACTIVE] = "active",	   [SLICE_AT_RISK] = "at-risk",
	[SLICE_VIOLATED] = "violated",	   [SLICE_REPAIRING] = "repairing",
	[SLICE_DEGRADED] = "degraded",	   [SLICE_SUSPENDED] = "suspended",
	[SLICE_RETIRING] = "retiring",	   [SLICE_ROLLED_BACK] = "rolled-back",
	[SLICE_SCHEDULED] = "scheduled",
};
static const char *const verdict_names[] = {
	[SLICE_UNKNOWN] = "unknown",
	[SLICE_COMPLIANT] = "compliant",
	[SLICE_RISK] = "at-risk",
	[SLICE_VIOLATION] = "violated",
};

/* ---- reading ---- */

/* An L3VPN is a service too, in a place of its own. */
static bool elsewhere(const struct slice *sl, enum slice_kind kind, const char *id, bool vpns)
{
	return kind == SLICE_SERVICE && slice_is_vpn(sl, id) != vpns;
}

static bool doc_next(struct rc_read *rd, struct rc_cursor *cur, enum slice_kind kind, bool vpns)
{
	const struct slice *sl = rd->rc->cfg.slice;
	const char *id = sl ? slice_next(sl, kind, cur->own) : NULL;
	char *copy;

	while (id && elsewhere(sl, kind, id, vpns))
		id = slice_next(sl, kind, id);
	copy = id ? strdup(id) : NULL;

	free(cur->own);
	cur->own = copy;
	return copy != NULL;
}

static bool doc_find(struct rc_read *rd, struct rc_cursor *cur, enum slice_kind kind, bool vpns,
		     const struct lyd_node *keys)
{
	const char *id = lyd_get_value(lyd_child(keys));
	size_t len;
	uint64_t revision;

	if (!id || !rd->rc->cfg.slice || !slice_doc(rd->rc->cfg.slice, kind, id, &len, &revision) ||
	    elsewhere(rd->rc->cfg.slice, kind, id, vpns))
		return false;
	cur->own = strdup(id);
	return cur->own != NULL;
}

static void doc_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	str_copy(keys[0], RC_KEY_MAX, cur->own);
}

static bool doc_etag(struct rc_read *rd, const struct rc_cursor *cur, enum slice_kind kind, char *buf,
		     size_t cap)
{
	uint64_t revision = 0;
	size_t len;

	if (!slice_doc(rd->rc->cfg.slice, kind, cur->own, &len, &revision))
		return false;
	snprintf(buf, cap, "%" PRIu64, revision);
	return true;
}

static void doc_fill(struct rc_read *rd, const struct rc_cursor *cur, enum slice_kind kind,
		     struct lyd_node *entry)
{
	uint64_t revision;
	size_t len;
	const char *doc = slice_doc(rd->rc->cfg.slice, kind, cur->own, &len, &revision);

	if (doc)
		rc_doc_fill(rd->rc, entry, doc, len);
}

#define DOC_ROW(NAME, KIND, VPNS)                                                                     \
	static bool NAME##_next(struct rc_read *rd, struct rc_cursor *cur)                         \
	{                                                                                          \
		return doc_next(rd, cur, KIND, VPNS);                                              \
	}                                                                                          \
	static bool NAME##_find(struct rc_read *rd, struct rc_cursor *cur,                         \
				const struct lyd_node *keys)                                       \
	{                                                                                          \
		return doc_find(rd, cur, KIND, VPNS, keys);                                        \
	}                                                                                          \
	static bool NAME##_etag(struct rc_read *rd, const struct rc_cursor *cur, char *buf,        \
				size_t cap)                                                        \
	{                                                                                          \
		return doc_etag(rd, cur, KIND, buf, cap);                                          \
	}

DOC_ROW(service, SLICE_SERVICE, false)
DOC_ROW(vpn, SLICE_SERVICE, true)
DOC_ROW(template, SLICE_TEMPLATE, false)
DOC_ROW(nrp, SLICE_NRP, false)
DOC_ROW(phb, SLICE_PHB, false)

static void template_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	doc_fill(rd, cur, SLICE_TEMPLATE, entry);
}

static void nrp_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	doc_fill(rd, cur, SLICE_NRP, entry);
	if (rd->q.content != RC_CONTENT_CONFIG)
		rc_nrp_fill(rd->rc->cfg.nrps, entry);
}

static void phb_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	doc_fill(rd, cur, SLICE_PHB, entry);
}

/* All of them together. */
static bool slices_etag(struct rc_read *rd, const struct rc_cursor *cur, char *buf, size_t cap)
{
	(void)cur;
	if (!rd->rc->cfg.slice)
		return false;
	snprintf(buf, cap, "%" PRIu64, slice_revision(rd->rc->cfg.slice));
	return true;
}

/* ---- what has become of a service ---- */

/* The container of that name, made when it is not there. */
struct lyd_node *rc_inside(struct lyd_node *parent, const char *module, const char *name)
{
	struct lyd_node *n;

	LY_LIST_FOR(lyd_child(parent), n)
	{
		if (strcmp(n->schema->name, name) == 0 &&
		    (!module || strcmp(n->schema->module->name, module) == 0))
			return n;
	}
	return rc_container(parent, module, name);
}

static void add_time(struct lyd_node *parent, const char *name, uint64_t wall_ns)
{
	char buf[64];

	if (rc_time_text(wall_ns, buf, sizeof(buf)))
		rc_add(parent, name, buf);
}

/* RFC 9181 knows up, down and unknown; the life cycle says more. */
static const char *oper_of(const struct slice_view *v)
{
	switch (v->state) {
	case SLICE_ACTIVE:
	case SLICE_AT_RISK:
	case SLICE_VIOLATED:
	case SLICE_REPAIRING:
	case SLICE_DEGRADED:
		return "ietf-vpn-common:op-up";
	case SLICE_REALISING:
	case SLICE_VERIFYING:
	case SLICE_RETIRING:
		return "ietf-vpn-common:op-unknown";
	case SLICE_DRAFT:
	case SLICE_FEASIBLE:
	case SLICE_INFEASIBLE:
	case SLICE_IS_RESERVED:
	case SLICE_SUSPENDED:
	case SLICE_ROLLED_BACK:
	case SLICE_SCHEDULED:
	case SLICE_STATES:
		break;
	}
	return "ietf-vpn-common:op-down";
}

static void device_fill(void *arg, const struct slice_device *d)
{
	struct lyd_node *n = NULL;

	if (arg && lyd_new_list(arg, NULL, "device", 0, &n, d->part, d->device) != LY_SUCCESS)
		return;
	rc_add(n, "state", d->state);
	rc_addf(n, "wanted", "%" PRIu32, d->wanted);
	rc_addf(n, "present", "%" PRIu32, d->there);
	if (d->reason[0])
		rc_add(n, "reason", d->reason);
}

static void status_fill(struct rc_read *rd, const char *id, struct lyd_node *entry, const struct slice_view *v,
			const char *module)
{
	struct lyd_node *s = rc_inside(entry, NULL, "status"), *o, *c;

	add_time(rc_inside(s, NULL, "admin-status"), "last-change", v->changed_wall_ns);
	o = rc_inside(s, NULL, "oper-status");
	rc_add(o, "status", oper_of(v));
	add_time(o, "last-change", v->since_wall_ns);
	c = rc_container(entry, module, "compliance-state");
	rc_add(c, "state", verdict_names[v->verdict]);
	rc_add(c, "life-cycle", life_names[v->state]);
	add_time(c, "since", v->since_wall_ns);
	if (v->reason[0])
		rc_add(c, "cause", v->reason);
	if (v->state == SLICE_REALISING || v->state == SLICE_VERIFYING || v->state == SLICE_RETIRING)
		rc_add(c, "step", slice_step_text(v->step));
	slice_devices(rd->rc->cfg.slice, id, device_fill, c);
}

static void hops_fill(struct lyd_node *r, const struct sr_list *list)
{
	char key[8], ip[IP_TEXT_MAX];

	for (unsigned i = 0; i < list->n; i++) {
		struct lyd_node *h;

		if (list->at[i].sid.family != IP_V6)
			continue;
		snprintf(key, sizeof(key), "%u", i);
		h = rc_entry(r, "hop", key);
		rc_add(h, "sid", ip_text(&list->at[i].sid, ip, sizeof(ip)));
	}
}

static void realised_fill(struct rc_read *rd, struct lyd_node *construct,
			  const struct slice_flow_view *f, struct intent_view *v)
{
	struct lyd_node *r = rc_container(construct, "sextant-slice", "realised");
	char ip[IP_TEXT_MAX];

	rc_add(r, "headend", ip_text(&f->key.headend, ip, sizeof(ip)));
	rc_add(r, "endpoint", ip_text(&f->key.endpoint, ip, sizeof(ip)));
	rc_addf(r, "color", "%" PRIu32, f->key.color);
	rc_addf(r, "reserved-bandwidth", "%" PRIu64, f->bandwidth_bps);
	if (intent_get(rd->rc->cfg.intent, &f->key, v) != 0)
		return;
	rc_add(rc_inside(rc_inside(construct, NULL, "status"), NULL, "oper-status"), "status",
	       v->state == INTENT_UP   ? "ietf-vpn-common:op-up" :
	       v->state == INTENT_DOWN ? "ietf-vpn-common:op-down" :
					 "ietf-vpn-common:op-unknown");
	if (v->binding_sid.family == IP_V6)
		rc_add(r, "binding-sid", ip_text(&v->binding_sid, ip, sizeof(ip)));
	if (v->reason[0])
		rc_add(r, "last-failure", v->reason);
	if (!v->has_computed)
		return;
	if (v->delay_us != UINT32_MAX)
		rc_addf(r, "computed-delay", "%" PRIu32, v->delay_us);
	hops_fill(r, &v->computed);
}

struct lyd_node *rc_entry_of(struct lyd_node *parent, const char *list, const char *id)
{
	struct lyd_node *n;

	if (!parent)
		return NULL;
	LY_LIST_FOR(lyd_child(parent), n)
	{
		if (strcmp(n->schema->name, list) == 0 && strcmp(lyd_get_value(lyd_child(n)), id) == 0)
			return n;
	}
	return NULL;
}

static void standby_fill(struct rc_read *rd, struct lyd_node *realised,
			 const struct slice_flow_view *f, struct intent_view *v)
{
	struct lyd_node *s = rc_container(realised, NULL, "standby");

	if (intent_get(rd->rc->cfg.intent, &f->key, v) != 0)
		return;
	rc_add(s, "up", v->state == INTENT_UP ? "true" : "false");
	if (!v->has_computed)
		return;
	if (v->delay_us != UINT32_MAX)
		rc_addf(s, "computed-delay", "%" PRIu32, v->delay_us);
	hops_fill(s, &v->computed);
}

/* Of a construct of several flows the first is shown; of one that roles made nothing. */
static void flow_fill(struct rc_read *rd, struct lyd_node *construct, const struct slice_flow_view *f,
		      struct intent_view *v)
{
	struct lyd_node *r;

	if (!f->protection) {
		if (!rc_child(construct, "realised"))
			realised_fill(rd, construct, f, v);
		return;
	}
	r = rc_inside(construct, "sextant-slice", "realised");
	if (!rc_child(r, "standby"))
		standby_fill(rd, r, f, v);
}

static void flows_fill(struct rc_read *rd, const char *id, struct lyd_node *entry)
{
	struct lyd_node *groups = rc_inside(entry, NULL, "connection-groups");
	struct slice_flow_view *f = calloc(FLOWS_A_TIME, sizeof(*f));
	struct intent_view *v = calloc(1, sizeof(*v));
	uint32_t at = 0, n;

	while (f && v && (n = slice_flows(rd->rc->cfg.slice, id, at, f, FLOWS_A_TIME)) > 0) {
		for (uint32_t i = 0; i < n; i++) {
			struct lyd_node *c = rc_entry_of(
				rc_entry_of(groups, "connection-group", f[i].group),
				"connectivity-construct", f[i].construct);

			if (c)
				flow_fill(rd, c, &f[i], v);
		}
		at += n;
	}
	free(f);
	free(v);
}

static void service_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct slice_view v;

	doc_fill(rd, cur, SLICE_SERVICE, entry);
	if (rd->q.content == RC_CONTENT_CONFIG || slice_get(rd->rc->cfg.slice, cur->own, &v) != 0)
		return;
	status_fill(rd, cur->own, entry, &v, "sextant-slice");
	flows_fill(rd, cur->own, entry);
	rc_measured_fill(rd, cur->own, entry);
}

static void vpn_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct slice_view v;

	doc_fill(rd, cur, SLICE_SERVICE, entry);
	if (rd->q.content != RC_CONTENT_CONFIG && slice_get(rd->rc->cfg.slice, cur->own, &v) == 0)
		status_fill(rd, cur->own, entry, &v, "sextant-vpn");
}

/* ---- audit ---- */

enum { FINDINGS_MAX = 256 };

struct audit {
	struct lyd_node *output;
	uint32_t n;
};

static void finding(void *arg, const char *line)
{
	struct audit *a = arg;

	if (a->n++ < FINDINGS_MAX)
		rc_add(a->output, "finding", line);
}

void rc_slice_audit(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		    struct rc_op *op, struct rc_error *e)
{
	struct audit a = { .output = output };
	uint32_t n;

	(void)input;
	(void)op;
	if (!rc->cfg.slice) {
		rc_fail(e, RC_NOT_IMPLEMENTED, "there are no slices here");
		return;
	}
	n = slice_audit(rc->cfg.slice, finding, &a);
	rc_add(output, "clean", n ? "false" : "true");
	rc_addf(output, "findings", "%" PRIu32, n);
}

/* ---- who is reached ---- */

enum { REACH_MAX = 16384 };

static const char *const reach_names[] = {
	[SLICE_REACH_PROVEN] = "proven",
	[SLICE_REACH_UNSURE] = "unsure",
	[SLICE_REACH_MISSING] = "missing",
	[SLICE_REACH_LEAK] = "leak",
};

struct reaching {
	struct lyd_node *output, *source;
	uint32_t n, sources;
	enum slice_reach_state worst;
};

static void worse(struct reaching *x, enum slice_reach_state s)
{
	x->worst = s > x->worst ? s : x->worst;
}

static void leak_fill(struct lyd_node *destination, const struct slice_reach *row)
{
	struct lyd_node *c = rc_container(destination, NULL, "leads-to");
	char ip[IP_TEXT_MAX];

	if (row->at_slice[0]) {
		rc_add(c, "slice", row->at_slice);
		rc_add(c, "sdp", row->at_sdp);
	}
	if (row->at_interface[0])
		rc_add(c, "interface", row->at_interface);
	rc_add(c, "device", row->by_device);
	rc_addf(c, "table", "%" PRIu32, row->by_table);
	if (row->by_sid.family == IP_V6)
		rc_add(c, "sid", ip_text(&row->by_sid, ip, sizeof(ip)));
}

static void source_fill(struct reaching *x, const struct slice_reach *row)
{
	x->sources++;
	x->source = rc_entry2(x->output, "source", row->sdp, row->group);
	rc_add(x->source, "device", row->device);
	rc_addf(x->source, "table", "%" PRIu32, row->table);
	if (row->why[0]) {
		rc_add(x->source, "reason", row->why);
		worse(x, SLICE_REACH_UNSURE);
	}
}

static void reach_fill(void *arg, const struct slice_reach *row)
{
	struct reaching *x = arg;
	char prefix[IP_PREFIX_TEXT_MAX];
	struct lyd_node *d;

	if (row->source) {
		source_fill(x, row);
		return;
	}
	worse(x, row->state);
	if (x->n++ >= REACH_MAX)
		return;
	d = rc_list(x->source, "destination");
	rc_add(d, "prefix", ip_prefix_text(&row->prefix, prefix, sizeof(prefix)));
	if (row->to[0])
		rc_add(d, "sdp", row->to);
	rc_add(d, "state", reach_names[row->state]);
	if (row->state == SLICE_REACH_LEAK || row->state == SLICE_REACH_MISSING)
		rc_add(d, "alarm", row->told ? "true" : "false");
	if (row->state == SLICE_REACH_LEAK)
		leak_fill(d, row);
	if (row->text[0])
		rc_add(d, "text", row->text);
}

void rc_slice_reach(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		    struct rc_op *op, struct rc_error *e)
{
	struct reaching x = { .output = output, .worst = SLICE_REACH_PROVEN };
	const char *id = rc_value(input, "slice");
	struct slice_view v;
	uint64_t when;

	(void)op;
	if (!rc->cfg.slice || !id || slice_get(rc->cfg.slice, id, &v) != 0) {
		rc_fail(e, RC_NOT_FOUND, "there is no such slice");
		return;
	}
	when = slice_reach(rc->cfg.slice, id, reach_fill, &x);
	add_time(output, "looked-at", when);
	if (!x.sources)
		worse(&x, SLICE_REACH_UNSURE);
	rc_add(output, "state", reach_names[x.worst]);
	if (x.n > REACH_MAX)
		rc_add(output, "truncated", "true");
}

/* In the order of kind_of() in order.c. */
const struct rc_row rc_rows_slice[] = {
	{ .path = NSS, .etag = slices_etag },
	{ .path = NSS "/slice-service", .next = service_next, .find = service_find, .keys = doc_keys,
	  .fill = service_fill, .etag = service_etag, .writer = &rc_slice_writer, .pages = true },
	{ .path = NSS "/slo-sle-templates/slo-sle-template", .next = template_next,
	  .find = template_find, .keys = doc_keys, .fill = template_fill, .etag = template_etag,
	  .writer = &rc_slice_writer, .pages = true },
	{ .path = NRPS "/nrp-policy", .next = nrp_next, .find = nrp_find, .keys = doc_keys,
	  .fill = nrp_fill, .etag = nrp_etag, .writer = &rc_slice_writer, .pages = true },
	{ .path = NRPS "/qos-profiles/phb-profile-identifier", .next = phb_next, .find = phb_find,
	  .keys = doc_keys, .fill = phb_fill, .etag = phb_etag, .writer = &rc_slice_writer, .pages = true },
	{ .path = RC_L3NM "/vpn-services/vpn-service", .next = vpn_next, .find = vpn_find, .keys = doc_keys,
	  .fill = vpn_fill, .etag = vpn_etag, .writer = &rc_slice_writer, .pages = true },
};
const size_t rc_n_rows_slice = ARRAY_LEN(rc_rows_slice);

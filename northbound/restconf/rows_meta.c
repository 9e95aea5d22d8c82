/* SPDX-License-Identifier: Apache-2.0 */
/* The API about itself: YANG library, capabilities and streams; and the audit log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

/* ---- YANG library (RFC 8525), as libyang tells it ---- */

static void library_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct lyd_node *lib = NULL, *n;

	(void)cur;
	if (ly_ctx_get_yanglib_data(rd->rc->ctx, &lib, "%s-%u", rd->rc->version,
				    ly_ctx_get_change_count(rd->rc->ctx)) != LY_SUCCESS)
		return;
	LY_LIST_FOR(lib, n) {
		if (n->schema == entry->schema && lyd_child(n))
			lyd_dup_siblings(lyd_child(n), (struct lyd_node_inner *)entry,
					 LYD_DUP_RECURSIVE, NULL);
	}
	lyd_free_all(lib);
}

/* ---- RFC 8040 s9 ---- */

static const char *const capabilities[] = {
	"urn:ietf:params:restconf:capability:defaults:1.0?basic-mode=explicit",
	"urn:ietf:params:restconf:capability:depth:1.0",
	"urn:ietf:params:restconf:capability:fields:1.0",
	"urn:ietf:params:restconf:capability:with-defaults:1.0",
	"urn:ietf:params:restconf:capability:replay:1.0",
};

static void state_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct lyd_node *c = rc_container(entry, NULL, "capabilities"), *s;

	(void)cur;
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		rc_add(c, "capability", capabilities[i]);
	if (!rd->rc->cfg.stream)
		return;
	s = rc_entry(rc_container(entry, NULL, "streams"), "stream", "sextant-events");
	rc_add(s, "description", "What happens in the network and in the controller.");
	rc_add(s, "replay-support", "true");
	s = rc_entry(s, "access", "json");
	rc_add(s, "location", "/restconf/streams/sextant-events");
}

/* ---- audit ---- */

static bool audit_next(struct rc_read *rd, struct rc_cursor *cur)
{
	/* By number: the log may lose its oldest while it is being streamed. */
	for (size_t i = 0; i < rd->rc->audit.n; i++)
		if (rd->rc->audit.at[i]->id > cur->at) {
			cur->at = rd->rc->audit.at[i]->id;
			return true;
		}
	return false;
}

static const struct rc_audit *audit_of(struct rc_read *rd, const struct rc_cursor *cur)
{
	for (size_t i = 0; i < rd->rc->audit.n; i++)
		if (rd->rc->audit.at[i]->id == cur->at)
			return rd->rc->audit.at[i];
	return NULL;
}

static bool audit_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	return str_u64(rc_value(keys, "id"), &cur->at) == 0 && audit_of(rd, cur);
}

static void audit_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	snprintf(keys[0], RC_KEY_MAX, "%" PRIu64, cur->at);
}

static void audit_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct rc_audit *a = audit_of(rd, cur);

	if (a)
		rc_audit_fill(a, entry);
}

const struct rc_row rc_rows_meta[] = {
	{ .path = "/ietf-yang-library:yang-library", .fill = library_fill },
	{ .path = "/ietf-yang-library:modules-state", .fill = library_fill },
	{ .path = "/ietf-restconf-monitoring:restconf-state", .fill = state_fill },
	{ .path = "/sextant-audit:audit/entry", .next = audit_next, .find = audit_find,
	  .keys = audit_keys, .fill = audit_fill, .pages = true },
};
const size_t rc_n_rows_meta = ARRAY_LEN(rc_rows_meta);

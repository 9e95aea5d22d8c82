/* SPDX-License-Identifier: Apache-2.0 */
/* The libyang context, and the tree of rows laid over its schema. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "northbound/restconf/rc_int.h"

static const char *vpn_features[] = { "ipv6", "inbound-bw", "outbound-bw", NULL };
static const char *nrp_features[] = { "srv6-selector", NULL };

static const struct {
	const char *name, *revision;
	const char **features; /* NULL: none */
} modules[] = {
	{ "ietf-network", "2018-02-26", NULL },
	{ "ietf-network-topology", "2018-02-26", NULL },
	{ "ietf-restconf", "2017-01-26", NULL },
	{ "ietf-restconf-monitoring", "2017-01-26", NULL },
	{ "ietf-vpn-common", "2022-02-11", vpn_features }, /* before whom defaults its identities */
	{ "ietf-network-slice-service", "2026-05-27", NULL },
	{ "ietf-nrp", "2026-06-01", nrp_features },
	{ "sextant-slice-deviations", NULL, NULL },
	{ "sextant-slice", NULL, NULL },
	{ "sextant-measurements", NULL, NULL },
	{ "sextant-nrp", NULL, NULL },
	{ "ietf-l3vpn-ntw", "2022-02-14", NULL },
	{ "sextant-vpn-deviations", NULL, NULL },
	{ "sextant-vpn", NULL, NULL },
	{ "sextant-topology", NULL, NULL },
	{ "sextant-deviations", NULL, NULL },
	{ "sextant-policy", NULL, NULL },
	{ "sextant-path", NULL, NULL },
	{ "sextant-failure", NULL, NULL },
	{ "sextant-optimise", NULL, NULL },
	{ "sextant-book", NULL, NULL },
	{ "sextant-system", NULL, NULL },
	{ "sextant-audit", NULL, NULL },
	{ "sextant-events", NULL, NULL },
	{ "sextant-operations", NULL, NULL },
	{ "sextant-assurance", NULL, NULL },
};

const struct lysc_node *rc_data_parent(const struct lysc_node *sn)
{
	sn = sn->parent;
	while (sn && (sn->nodetype & (LYS_CHOICE | LYS_CASE)))
		sn = sn->parent;
	return sn;
}

static struct rc_rnode *rnode_find(const struct rc *rc, const struct lysc_node *sn)
{
	for (size_t i = 0; i < rc->all_rnodes.n; i++)
		if (rc->all_rnodes.at[i]->schema == sn)
			return rc->all_rnodes.at[i];
	return NULL;
}

const struct rc_rnode *rc_row_of(const struct rc *rc, const struct lysc_node *schema)
{
	for (; schema; schema = rc_data_parent(schema)) {
		const struct rc_rnode *rn = rnode_find(rc, schema);

		if (rn)
			return rn;
	}
	return NULL;
}

/* The row node of a schema node, made with its ancestors when new. */
static struct rc_rnode *rnode_make(struct rc *rc, const struct lysc_node *sn)
{
	struct rc_rnode *made = NULL, *first = NULL;

	for (; sn; sn = rc_data_parent(sn)) {
		struct rc_rnode *rn = rnode_find(rc, sn);
		bool old = rn != NULL;

		if (!rn) {
			rn = calloc(1, sizeof(*rn));
			if (!rn || !VEC_ADD(&rc->all_rnodes, rn)) {
				free(rn);
				return NULL;
			}
			rn->schema = sn;
		}
		if (!first)
			first = rn;
		if (made) {
			made->parent = rn;
			made->next = rn->child;
			rn->child = made;
		}
		if (old)
			return first;
		made = rn;
	}
	made->next = rc->root.child;
	rc->root.child = made;
	return first;
}

static int rows_add(struct rc *rc, const struct rc_row *rows, size_t n, char *err, size_t cap)
{
	/* Backwards: each goes to the front of its siblings, so the table's order is shown. */
	for (size_t i = n; i-- > 0;) {
		const struct lysc_node *sn = lys_find_path(rc->ctx, NULL, rows[i].path, 0);
		struct rc_rnode *rn = sn ? rnode_make(rc, sn) : NULL;

		if (!rn) {
			snprintf(err, cap, "models: %s: no such node in the schema", rows[i].path);
			return err_raise(-EINVAL);
		}
		rn->row = &rows[i];
	}
	return 0;
}

int rc_schema_load(struct rc *rc, char *err, size_t cap)
{
	const char *official = rc->cfg.yang_dir && *rc->cfg.yang_dir ? rc->cfg.yang_dir : NULL;

	ly_log_options(LY_LOSTORE);
	/* Of two folders libyang looks into the later one first. */
	if (ly_ctx_new(rc->cfg.models_dir, LY_CTX_DISABLE_SEARCHDIR_CWD | LY_CTX_EXPLICIT_COMPILE,
		       &rc->ctx) != LY_SUCCESS ||
	    (official && ly_ctx_set_searchdir(rc->ctx, official) != LY_SUCCESS)) {
		snprintf(err, cap, "%s: no such folder of YANG models",
			 official ? official : rc->cfg.models_dir);
		return err_raise(-ENOENT);
	}
	for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
		if (ly_ctx_load_module(rc->ctx, modules[i].name, modules[i].revision, modules[i].features))
			continue;
		snprintf(err, cap, "%s/%s.yang: cannot be loaded: %s", rc->cfg.models_dir,
			 modules[i].name, ly_errmsg(rc->ctx) ? ly_errmsg(rc->ctx) : "not found");
		return err_raise(-EINVAL);
	}
	/* All at once: what a deviation takes away must not have been compiled without it. */
	if (ly_ctx_compile(rc->ctx) != LY_SUCCESS) {
		snprintf(err, cap, "%s: cannot be compiled: %s", rc->cfg.models_dir, ly_errmsg(rc->ctx));
		return err_raise(-EINVAL);
	}
	if (rows_add(rc, rc_rows_meta, rc_n_rows_meta, err, cap) < 0 ||
	    rows_add(rc, rc_rows_system, rc_n_rows_system, err, cap) < 0 ||
	    rows_add(rc, rc_rows_slice, rc_n_rows_slice, err, cap) < 0 ||
	    rows_add(rc, rc_rows_measure, rc_n_rows_measure, err, cap) < 0 ||
	    rows_add(rc, rc_rows_policy, rc_n_rows_policy, err, cap) < 0 ||
	    rows_add(rc, rc_rows_operation, rc_n_rows_operation, err, cap) < 0 ||
	    rows_add(rc, rc_rows_window, rc_n_rows_window, err, cap) < 0 ||
	    rows_add(rc, rc_rows_incident, rc_n_rows_incident, err, cap) < 0 ||
	    rows_add(rc, rc_rows_optimise, rc_n_rows_optimise, err, cap) < 0 ||
	    rows_add(rc, rc_rows_topo, rc_n_rows_topo, err, cap) < 0)
		return err_trace(-EINVAL);
	return 0;
}

void rc_schema_free(struct rc *rc)
{
	for (size_t i = 0; i < rc->all_rnodes.n; i++)
		free(rc->all_rnodes.at[i]);
	VEC_FINI(&rc->all_rnodes);
	rc->root.child = NULL;
	ly_ctx_destroy(rc->ctx);
	rc->ctx = NULL;
}

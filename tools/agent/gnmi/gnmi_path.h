/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* gNMI's paths and values against libyang's trees. Pure. */
#include <gnmi.pb-c.h>
#include <libyang/libyang.h>

#include "base/arena.h"
#include "rpc/rpc.h"

struct json_object;

enum {
	AGENT_GPATH_MAX = 2048,
	AGENT_GPATH_ELEMS_MAX = 32,
};

/* Why a request is refused. */
struct agent_gerror {
	enum rpc_code code;
	char text[RPC_TEXT_MAX];
};

/* Always false. */
bool agent_gfail(struct agent_gerror *e, enum rpc_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct agent_gpath {
	char xpath[AGENT_GPATH_MAX];	 /* "" for the root */
	const struct lysc_node *schema; /* NULL for the root */
	bool wild;			 /* some key is not given */
	const char *keys[AGENT_GPATH_ELEMS_MAX]; /* canonical values of keys in order of the path */
	const struct lysc_node *elems[AGENT_GPATH_ELEMS_MAX];
	size_t n_elems, n_keys;
};

/* The absolute path of both; either may be NULL. Values live in the arena. */
bool agent_gpath_resolve(const struct ly_ctx *ctx, const Gnmipb__Path *prefix,
			 const Gnmipb__Path *path, struct arena *a, struct agent_gpath *out,
			 struct agent_gerror *e);
/* Of a node; NULL: no memory. */
Gnmipb__Path *agent_gpath_of(const struct lyd_node *n, struct arena *a);

/* JSON of a node's value (RFC 7951): of a leaf, of a leaf-list's all entries, of the members of a
 * container or list entry. NULL: no memory. */
char *agent_gval_text(const struct lyd_node *n, struct arena *a);
/* What a client sent as a value for a node of the schema, as RFC 7951 JSON; NULL and e. */
struct json_object *agent_gval_json(const struct lysc_node *schema, const Gnmipb__TypedValue *v,
				    struct agent_gerror *e);
/* A key or leaf from its text, in the form RFC 7951 wants for its type. */
struct json_object *agent_gval_scalar(const struct lysc_node *leaf, const char *text);

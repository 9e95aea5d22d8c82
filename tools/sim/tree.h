/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What a device holds, as libyang's tree of models/sextant-device*.yang, and gNMI's paths and
 * values against it. Written apart from the agent's own target, which is what the controller meets
 * elsewhere. No I/O but the models' files.
 */
#include <libyang/libyang.h>

#include "rpc/rpc.h"
#include "southbound/gnmi/codec/gnmic.h"

enum {
	SIM_XPATH_MAX = 2048,
	SIM_VALUE_MAX = 1 << 20, /* octets of JSON */
};

/* Why a request is refused. */
struct sim_refusal {
	enum rpc_code code;
	char text[RPC_TEXT_MAX];
};

bool sim_refused(struct sim_refusal *no, enum rpc_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))); /* always false */

/* The context of the device's models; others that augment it are there when their files are.
 * 0, or -EINVAL with a line in err. */
int sim_models_new(struct ly_ctx **outp, struct str *err);

/* Carries out the changes in order, the first so many of them, and checks the sum. False, *tree as it
 * was, and why. */
bool sim_tree_set(struct ly_ctx *ctx, struct lyd_node **tree, const struct gnmic_set *s, size_t most,
		  struct sim_refusal *no);
/* The nodes at a path; the caller frees the set. False: there can be none, and why. */
bool sim_tree_find(struct ly_ctx *ctx, const struct lyd_node *tree, const struct gnmic_path *path,
		   struct ly_set **out, struct sim_refusal *no);
/* A node's value as RFC 7951 JSON; members for containers and entries. malloc'd; NULL: no memory. */
char *sim_tree_value(const struct lyd_node *n);
/* Its path, in the arena. False: no memory. */
bool sim_tree_path(const struct lyd_node *n, struct arena *a, struct gnmic_path *out);

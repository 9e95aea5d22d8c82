/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * SRv6 policies of this router's own device (models/sextant-device.yang, list "policy"): candidate
 * paths of the origin "configuration" (RFC 9256 section 2.3) beside those that controllers gave by
 * PCEP. Each is an LSP of agent_pol that no controller sees, named as in the list.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/sr.h"

struct agent_device;
struct agent_pol;
struct lyd_node;

enum { AGENT_STATIC_ORIGIN = 30 }; /* RFC 9256 s2.3 */

struct agent_static {
	char name[SR_NAME_MAX];
	uint32_t color, preference, discriminator;
	struct ip_addr endpoint, binding_sid; /* none: without */
	struct sr_list list; /* owns its further lists */
};

struct agent_statics {
	struct agent_static *at;
	size_t n;
};

/* All of the tree's, which may be NULL; problems are lines in errors. False: no memory. */
bool agent_statics_fill(const struct lyd_node *root, struct agent_statics *out, struct str *errors);
void agent_statics_fini(struct agent_statics *s);

/* Whether the router can take all of them; else why is the first problem. */
bool agent_statics_check(const struct agent_pol *pol, const struct agent_device *d,
			 char why[SR_REASON_MAX]);
/* These and no others are wanted from now on. False: one could not be had; ask again. */
bool agent_statics_apply(struct agent_pol *pol, const struct agent_device *d);
/* Their states into the tree of a device. False: no memory. */
bool agent_statics_tree(const struct agent_pol *pol, struct lyd_node *root);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Between the codec's link-state structs and core's ls_object. The values are the same; what
 * is decided here is what depends on the protocol (flags of SIDs) or joins NLRI and attribute.
 */
#include "core/ls_object.h"
#include "southbound/bgp/codec/bgpls.h"

/* attr NULL: identity only (a withdraw). Arrays go to the arena. 0 or -ENOMEM. */
int bgp_ls_object(const struct bgpls_nlri *nlri, const struct bgpls_attr *attr,
		  struct arena *arena, struct ls_object *out);

/* The other way, for the router role. */
void bgp_ls_nlri(const struct ls_object *obj, struct bgpls_nlri *out);
int bgp_ls_attr(const struct ls_object *obj, struct arena *arena, struct bgpls_attr *out);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Templates of the kinds' tables: text in which <name> stands for a value of a policy.
 *
 *	<name> <color> <endpoint> <preference> <discriminator> <bsid> <locator> <who>
 *	<?bsid>…</>	only when the value is not empty
 *	<*>…</>		once for each segment, with commas between; in it <index> (from 1) and <sid>
 *	<lists>…</lists>	once for each list, with commas between; in it the other two, of that list
 *	<list> <weight> <list-name>	of that list, or of the one that the object is of: its number (from 1),
 *			weight, and a name: that of the policy for the first, and "sxN-…" for the others of "sx-…"
 *
 * Nothing else nests. Values are escaped for where they go: a JSON string, or a key in a path.
 */
#include "southbound/gnmi/gnmi.h"

enum gnmi_tmpl_for { GNMI_FOR_JSON, GNMI_FOR_PATH };

/* 0, or -EINVAL for a template that is not one (our bug; a test goes over all of them). */
int gnmi_tmpl_expand(const char *tmpl, enum gnmi_tmpl_for use, const struct gnmi_policy *p,
		     const char *who, struct str *out);

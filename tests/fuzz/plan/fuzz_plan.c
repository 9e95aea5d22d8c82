/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of plans: a topology of any format and requests of any format, with a line "%%" between
 * them; without it, requests for a small network. No crash, no leak; refused means one line.
 */
#include <assert.h>
#include <string.h>

#include "tools/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char small[] = "NODES 3\nlabel x y\na 0 0\nb 0 0\nc 0 0\nEDGES 3\nlabel src dest weight bw delay\n"
			    "e0 0 1 1 1000 5\ne1 1 0 1 1000 5\ne2 1 2 1 1000 5\n";

static void asks(const struct plan_net *n, const char *text, size_t len)
{
	STR_AUTO struct str err = { 0 };
	struct plan_asks a;
	int rc;

	plan_asks_init(&a);
	rc = plan_asks_read(&a, n, "f", text, len, &err);
	assert((rc < 0) == (err.len > 0) && !strchr(str_text(&err), '\n'));
	plan_asks_fini(&a);
}

static bool net(struct plan_net *n, const char *text, size_t len)
{
	STR_AUTO struct str err = { 0 };
	int rc;

	plan_net_init(n);
	rc = plan_net_read(n, "f", text, len, &err);
	assert((rc < 0) == (err.len > 0) && !strchr(str_text(&err), '\n'));
	assert(rc < 0 || n->ted);
	return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	const char *cut = memmem(text, size, "\n%%\n", 4);
	size_t len = cut ? (size_t)(cut - text) + 1 : size;
	struct plan_net n;

	if (net(&n, text, len))
		asks(&n, cut ? cut + 4 : "", cut ? size - len - 3 : 0);
	plan_net_fini(&n);
	if (!cut && net(&n, small, sizeof(small) - 1)) {
		asks(&n, text, size);
		plan_net_fini(&n);
	}
	return 0;
}

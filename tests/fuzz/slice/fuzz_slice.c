/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of slices: each input as a template, a partition and a service; a service that is taken is
 * expanded. No crash, no leak; what is refused has a reason.
 */
#include <assert.h>

#include "slice/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 4 << 20 };

/* Every name is a template that refers to the next letter, up to z, so that chains end and do not. */
static const struct slice_template *find(const void *ctx, const char *id)
{
	static char next[2];
	static struct slice_template t;

	(void)ctx;
	next[0] = (char)(id[0] + 1);
	t = (struct slice_template){ .id = id, .parent = id[0] >= 'a' && id[0] < 'z' ? next : NULL };
	return id[0] == '!' ? NULL : &t;
}

static void expand(struct slice_service *s, struct arena *a)
{
	const struct slice_catalogue c = { .find = find };
	struct slice_fault f = { 0 };
	struct slice_flows flows;

	if (slice_roles(s, a, &f) < 0 || slice_expand(s, &c, 10, a, &flows, &f) < 0)
		return;
	assert(flows.n <= SLICE_FLOWS_MAX);
	for (uint32_t i = 0; i < flows.n; i++)
		assert(flows.at[i].sender < s->n_sdps && flows.at[i].receiver < s->n_sdps &&
		       flows.at[i].sender != flows.at[i].receiver);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	struct slice_template t;
	struct slice_service s;
	struct slice_nrp n;
	struct slice_fault f;
	struct arena a;
	int r;

	arena_init(&a, MEMORY_MAX);
	r = slice_template_read(text, size, &a, &t, &f);
	assert(r == 0 || f.text[0]);
	r = slice_nrp_read(text, size, &a, &n, &f);
	assert(r == 0 || f.text[0]);
	r = slice_service_read(text, size, &a, &s, &f);
	assert(r == 0 || f.text[0]);
	if (r == 0)
		expand(&s, &a);
	arena_fini(&a);
	return 0;
}

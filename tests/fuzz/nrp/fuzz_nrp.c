/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices say of partitions: each line of the input is a leaf ("/path text") or one that is gone
 * ("-/path"). No crash, no leak, nothing beyond the limit; what is all gone leaves nothing.
 */
#include <assert.h>
#include <string.h>

#include "nrp/nrp_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void line(struct nrp_leaves *l, char *text)
{
	char *value = strchr(text, ' ');

	if (text[0] == '-') {
		(void)nrp_leaf_gone(l, text + 1);
		return;
	}
	if (value)
		*value++ = '\0';
	(void)nrp_leaf_put(l, text, value ? value : "", NRP_WATCH_LINK, (uint32_t)strlen(text) % 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest = text;
	struct nrp_leaves l = { 0 };
	struct nrp_box box;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *word = strsep(&rest, "\n"); word; word = strsep(&rest, "\n"))
		line(&l, word);
	assert(l.at.n <= NRP_LEAVES_MAX);
	assert(nrp_box_read(&l, &box) == 0);
	for (size_t i = 0; i < box.links.n; i++)
		assert(strlen(box.links.at[i].name) < NRP_IF_MAX);
	nrp_box_fini(&box);
	(void)nrp_leaves_purge(&l, NRP_WATCH_LINK, 3);
	assert(l.at.n == 0);
	nrp_leaves_fini(&l);
	free(text);
	return 0;
}

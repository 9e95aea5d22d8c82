/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a simulated router's gNMI target is asked: SetRequests on a device that has something already.
 * No crash, no leak; refused means why, and nothing is changed; what was taken is valid.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sim/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base_text[] =
	"{\"sextant-device:device\":{\"underlay\":[\"fc00::/16\"],\"link\":[{\"name\":\"core\","
	"\"capacity\":\"10000000\",\"nrp\":[{\"id\":1,\"rate\":\"6000000\",\"sid-block\":"
	"[\"fc00:1::/32\"]}]}],\"table\":[{\"id\":100,\"sid\":[\"fc00:0:1::\"]}]}}";

static struct ly_ctx *ctx; /* made once for all inputs */

static struct lyd_node *base(void)
{
	STR_AUTO struct str err = { 0 };
	struct lyd_node *tree = NULL;

	if (!ctx)
		assert(sim_models_new(&ctx, &err) == 0);
	assert(lyd_parse_data_mem(ctx, base_text, LYD_JSON, LYD_PARSE_STRICT, LYD_VALIDATE_PRESENT, &tree) ==
	       LY_SUCCESS);
	return tree;
}

static char *printed(const struct lyd_node *tree)
{
	char *text = NULL;

	assert(!tree || lyd_print_mem(&text, tree, LYD_JSON, LYD_PRINT_WITHSIBLINGS) == LY_SUCCESS);
	return text;
}

static void looked_at(struct lyd_node *tree, struct arena *a)
{
	struct gnmic_path path;
	struct lyd_node *n;

	LYD_TREE_DFS_BEGIN(tree, n) {
		char *text = sim_tree_value(n);

		assert(text != NULL);
		free(text);
		(void)sim_tree_path(n, a, &path);
		LYD_TREE_DFS_END(tree, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lyd_node *tree = base();
	struct sim_refusal no = { 0 };
	struct gnmic_set s;
	struct arena a;

	arena_init(&a, 64 << 20);
	if (gnmic_set_read(data, size, &a, &s) == NULL) {
		char *before = printed(tree), *after;
		bool ok = sim_tree_set(ctx, &tree, &s, size % 4 ? SIZE_MAX : 1, &no);

		after = printed(tree);
		if (!ok)
			assert(no.code != RPC_OK && no.text[0] && strcmp(before, after) == 0);
		else if (tree)
			looked_at(tree, &a);
		free(before);
		free(after);
	}
	lyd_free_all(tree);
	arena_fini(&a);
	return 0;
}

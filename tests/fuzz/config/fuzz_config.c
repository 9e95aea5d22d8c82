/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration text, both models: no crash, no leak; refused means at least one line, taken
 * means none, and what was taken prints as text that is taken again.
 */
#include <assert.h>
#include <libyang/libyang.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const models[] = { "sextant-config", "sextant-agent", NULL };

static struct ly_ctx *context(void)
{
	static struct ly_ctx *ctx; /* made once for all inputs */
	STR_AUTO struct str errors = { 0 };

	if (!ctx)
		assert(conf_models(&ctx, models, &errors) == 0);
	return ctx;
}

static void one(const char *model, const char *text, size_t len, bool again)
{
	STR_AUTO struct str errors = { 0 };
	STR_AUTO struct str printed = { 0 };
	bool ok = false;
	struct lyd_node *tree = conf_tree_mem(context(), model, "f", text, len, &errors, &ok);

	assert(ok == (errors.len == 0));
	if (ok)
		conf_tree_print(tree, &printed);
	conf_tree_free(tree);
	if (ok && again)
		one(model, str_text(&printed), printed.len, false);
	else
		assert(again || ok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";

	one(models[0], text, size, true);
	one(models[1], text, size, true);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The YANG context: where models are, which are loaded; trees of files read with it. */
#include "conf/conf_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/auto.h"

#ifndef CONF_MODELS_SOURCE
#define CONF_MODELS_SOURCE ""
#endif
#ifndef CONF_MODELS_INSTALLED
#define CONF_MODELS_INSTALLED "/usr/share/sextant/models"
#endif

const char *conf_models_dir(void)
{
	const char *env = getenv("SEXTANT_MODELS");
	struct stat st;

	if (env && *env)
		return env;
	if (stat(CONF_MODELS_SOURCE "/sextant-config.yang", &st) == 0)
		return CONF_MODELS_SOURCE;
	return CONF_MODELS_INSTALLED;
}

static int load(struct ly_ctx *ctx, const char *const *modules, struct str *errors)
{
	for (; *modules; modules++) {
		const struct ly_err_item *e;

		if (ly_ctx_load_module(ctx, *modules, NULL, NULL))
			continue;
		e = ly_err_first(ctx);
		str_addf(errors, "%s/%s.yang: cannot be loaded: %s\n", conf_models_dir(), *modules,
			 e && e->msg ? e->msg : "not found");
		return -EINVAL;
	}
	return 0;
}

int conf_models(struct ly_ctx **out, const char *const *modules, struct str *errors)
{
	const char *dir = conf_models_dir();
	struct ly_ctx *ctx = NULL;
	char ietf[CONF_TEXT_MAX];
	struct stat st;
	int r;

	(void)ly_log_options(LY_LOSTORE); /* errors are ours to print */
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		str_addf(errors,
			 "%s: no such folder of YANG models (SEXTANT_MODELS names another)\n", dir);
		return err_raise(-EINVAL);
	}
	if (ly_ctx_new(dir,
		       LY_CTX_SET_PRIV_PARSED | LY_CTX_NO_YANGLIBRARY |
			       LY_CTX_DISABLE_SEARCHDIR_CWD,
		       &ctx) != LY_SUCCESS) {
		str_addf(errors, "%s: YANG models cannot be used\n", dir);
		return err_raise(-EINVAL);
	}
	(void)snprintf(ietf, sizeof(ietf), "%s/ietf", dir);
	if (stat(ietf, &st) == 0)
		(void)ly_ctx_set_searchdir(ctx, ietf);
	r = load(ctx, modules, errors);
	if (r < 0) {
		ly_ctx_destroy(ctx);
		return err_raise(r);
	}
	*out = ctx;
	return 0;
}

struct lyd_node *conf_tree_mem(struct ly_ctx *ctx, const char *module, const char *name,
			       const char *text, size_t len, struct str *errors, bool *ok)
{
	struct conf_doc d;
	struct lyd_node *tree = NULL;

	conf_doc_init(&d, name, errors);
	if (conf_yaml_read(&d, text, len))
		tree = conf_doc_tree(&d, ctx, module);
	*ok = tree && d.n_errors == 0;
	conf_doc_fini(&d);
	return tree;
}

struct lyd_node *conf_tree_part(struct ly_ctx *ctx, const char *module, const char *path,
				struct str *errors, bool *ok)
{
	struct conf_doc d;
	struct lyd_node *tree = NULL;
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	conf_doc_init(&d, path, errors);
	text = conf_file_text(&d, path, &len);
	if (text && conf_yaml_read(&d, text, len))
		tree = conf_doc_tree(&d, ctx, module);
	*ok = tree && d.n_errors == 0;
	conf_doc_fini(&d);
	return tree;
}

int conf_tree(struct ly_ctx *ctx, const char *module, const char *path, struct lyd_node **outp,
	      struct str *errors)
{
	bool ok;
	struct lyd_node *tree = conf_tree_part(ctx, module, path, errors, &ok);

	if (!ok) {
		conf_tree_free(tree);
		return err_raise(-EINVAL);
	}
	*outp = tree;
	return 0;
}

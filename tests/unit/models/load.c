/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static const char *shared(const char *below, char *buf, size_t cap)
{
	const char *dir = getenv("SEXTANT_SHARED");

	snprintf(buf, cap, "%s/data/%s", dir ? dir : "", below);
	if (dir && access(buf, R_OK) == 0)
		return buf;
	fprintf(stderr, "notice: not compared, SEXTANT_SHARED has no data/%s\n", below);
	return NULL;
}

const char *official_dir(void)
{
	static char buf[500];

	return shared("yang/ietf", buf, sizeof(buf));
}

const char *examples_dir(void)
{
	static char buf[500];

	return shared("slice-examples", buf, sizeof(buf));
}

/* Of two folders libyang looks into the later one first. */
static struct ly_ctx *context(const char *first)
{
	/* With SET_PRIV_PARSED trees are printed with groupings put in. */
	const uint16_t options = LY_CTX_DISABLE_SEARCHDIR_CWD | LY_CTX_EXPLICIT_COMPILE |
				 LY_CTX_SET_PRIV_PARSED;
	struct ly_ctx *ctx;

	ly_log_options(LY_LOSTORE | LY_LOSTORE_LAST);
	ck_assert_int_eq(ly_ctx_new(getenv("SEXTANT_MODELS"), options, &ctx), LY_SUCCESS);
	if (strcmp(first, getenv("SEXTANT_MODELS")) != 0)
		ck_assert_int_eq(ly_ctx_set_searchdir(ctx, first), LY_SUCCESS);
	return ctx;
}

static void compile(struct ly_ctx *ctx, const char *first, const char *module)
{
	const char *file;
	char *real;

	ck_assert_msg(ly_ctx_compile(ctx) == LY_SUCCESS, "%s", ly_errmsg(ctx));
	file = ly_ctx_get_module_implemented(ctx, module)->filepath;
	real = realpath(first, NULL); /* or what is compared is the same file */
	ck_assert_msg(file && real && strstr(file, real) == file, "%s is not of %s", file ? file : "?",
		      first);
	free(real);
}

struct ly_ctx *models_load_vpn(const char *first)
{
	const char *features[] = { "ipv6", "inbound-bw", "outbound-bw", NULL };
	struct ly_ctx *ctx = context(first);

	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "ietf-vpn-common", "2022-02-11", features));
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "ietf-l3vpn-ntw", "2022-02-14", NULL));
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "sextant-vpn-deviations", NULL, NULL));
	compile(ctx, first, "ietf-l3vpn-ntw");
	return ctx;
}

/* Compiled once, when all are there: what deviations take away is never compiled without them. */
struct ly_ctx *models_load(const char *first, bool as_served)
{
	static const struct {
		const char *name, *revision;
		bool served; /* only then */
	} modules[] = {
		{ "ietf-network", "2018-02-26", false },
		{ "ietf-network-topology", "2018-02-26", false },
		{ "ietf-vpn-common", "2022-02-11", false },
		{ "ietf-network-slice-service", "2026-05-27", false },
		{ "ietf-nrp", "2026-06-01", false },
		{ "sextant-deviations", NULL, true },
		{ "sextant-slice-deviations", NULL, true },
		{ "sextant-slice", NULL, false },
		{ "sextant-operations", NULL, false },
		{ "sextant-assurance", NULL, false },
		{ "sextant-nrp", NULL, false },
	};
	const char *every[] = { "*", NULL }, *served[] = { "srv6-selector", NULL };
	struct ly_ctx *ctx = context(first);

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		bool nrp = strcmp(modules[i].name, "ietf-nrp") == 0;

		if (modules[i].served && !as_served)
			continue;
		ck_assert_msg(ly_ctx_load_module(ctx, modules[i].name, modules[i].revision,
						 !nrp ? NULL : as_served ? served : every) != NULL,
			      "%s: %s", modules[i].name, ly_errmsg(ctx));
	}
	compile(ctx, first, "ietf-nrp");
	return ctx;
}

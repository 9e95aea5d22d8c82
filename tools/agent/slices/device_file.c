/* SPDX-License-Identifier: Apache-2.0 */
/* The device as text: JSON of RFC 7951 through libyang, read from a file and written to it. */
#include <errno.h>
#include <libyang/libyang.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "file/file.h"
#include "tools/agent/slices/device.h"

enum { DEPTH_MAX = 16 }; /* the model has 5 */

int agent_device_models(struct ly_ctx **outp, struct str *errors)
{
	static const char *const models[] = { "sextant-device", "sextant-device-measure", "sextant-device-forwarding",
					      NULL };

	return err_trace(conf_models(outp, models, errors));
}

/* libyang recurses on nesting: what is deeper than any valid text is not shown to it. */
static bool shallow(const char *text, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '[') && ++depth > DEPTH_MAX)
			return false;
		else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return true;
}

static void say_all(struct ly_ctx *ctx, struct str *errors)
{
	for (const struct ly_err_item *e = ly_err_first(ctx); e; e = e->next)
		str_addf(errors, "%s%s%s\n", e->path ? e->path : "", e->path ? ": " : "",
			 e->msg ? e->msg : "is wrong");
	ly_err_clean(ctx, NULL);
}

int agent_device_parse(struct ly_ctx *ctx, const char *text, size_t len, struct agent_device **outp,
		       struct str *errors)
{
	AUTO_FREE char *copy = malloc(len + 1);
	struct lyd_node *tree = NULL;
	int r;

	if (!copy)
		return err_raise(-ENOMEM);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (len > AGENT_DEV_BYTES_MAX || !str_utf8(text, len) || !shallow(text, len)) {
		str_add(errors, "is not JSON of a device: too long, too deep or not UTF-8\n");
		return err_raise(-EINVAL);
	}
	if (lyd_parse_data_mem(ctx, copy, LYD_JSON, LYD_PARSE_STRICT | LYD_PARSE_NO_STATE,
			       LYD_VALIDATE_PRESENT | LYD_VALIDATE_NO_STATE, &tree) != LY_SUCCESS) {
		say_all(ctx, errors);
		lyd_free_all(tree);
		return err_raise(-EINVAL);
	}
	r = agent_device_new(outp, ctx, &tree, errors);
	lyd_free_all(tree);
	return err_trace(r);
}

int agent_device_load(struct ly_ctx *ctx, const char *path, struct agent_device **outp,
		      struct str *errors)
{
	STR_AUTO struct str lines = { 0 };
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int r = file_read(path, AGENT_DEV_BYTES_MAX, &text, &len);

	if (r < 0 && r != -ENOENT) {
		str_addf(errors, "%s: %s\n", path, err_text(r));
		return err_raise(r);
	}
	r = agent_device_parse(ctx, text ? text : "{}", text ? len : 2, outp, &lines);
	for (char *at = lines.s, *end; r < 0 && at && *at; at = end + 1) {
		end = strchr(at, '\n');
		if (!end)
			break;
		str_addf(errors, "%s: %.*s\n", path, (int)(end - at), at);
	}
	return err_trace(r);
}

int agent_device_save(const struct agent_device *d, const char *path)
{
	char *text = NULL;
	int r;

	if (lyd_print_mem(&text, d->tree, LYD_JSON, LYD_PRINT_WITHSIBLINGS) != LY_SUCCESS)
		return err_raise(-ENOMEM);
	r = file_replace(path, text ? text : "{}\n", text ? strlen(text) : 3, true);
	free(text);
	return r < 0 ? err_raise(r) : 0;
}

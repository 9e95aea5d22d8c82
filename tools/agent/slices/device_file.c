/* SPDX-License-Identifier: Apache-2.0 */
/* The device as text: JSON of RFC 7951 through libyang, read from a file and written to it. */
#include <errno.h>
#include <fcntl.h>
#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "tools/agent/slices/device.h"

enum { DEPTH_MAX = 16 }; /* the model has 5 */

int agent_device_models(struct ly_ctx **outp, struct str *errors)
{
	static const char *const models[] = { "sextant-device", "sextant-device-measure", NULL };

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
	r = agent_device_new(outp, &tree, errors);
	lyd_free_all(tree);
	return err_trace(r);
}

static char *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	AUTO_FREE char *text = NULL;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= AGENT_DEV_BYTES_MAX) {
		text = malloc((size_t)st.st_size + 1);
		n = text ? read(fd, text, (size_t)st.st_size) : -1;
	} else {
		errno = EFBIG;
	}
	(void)close(fd);
	if (n < 0)
		return NULL;
	*len = (size_t)n;
	return TAKE(text);
}

int agent_device_load(struct ly_ctx *ctx, const char *path, struct agent_device **outp,
		      struct str *errors)
{
	STR_AUTO struct str lines = { 0 };
	size_t len = 2;
	AUTO_FREE char *text = read_file(path, &len);
	int r;

	if (!text && errno != ENOENT) {
		r = -errno;
		str_addf(errors, "%s: %s\n", path, err_text(r));
		return err_raise(r);
	}
	r = agent_device_parse(ctx, text ? text : "{}", len, outp, &lines);
	for (char *at = lines.s, *end; r < 0 && at && *at; at = end + 1) {
		end = strchr(at, '\n');
		if (!end)
			break;
		str_addf(errors, "%s: %.*s\n", path, (int)(end - at), at);
	}
	return err_trace(r);
}

static int write_synced(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), r = 0;

	if (fd < 0)
		return -errno;
	while (len > 0 && r == 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int agent_device_save(const struct agent_device *d, const char *path)
{
	char tmp[CONF_TEXT_MAX + 8];
	char *text = NULL;
	int r;

	if (d->tree &&
	    lyd_print_mem(&text, d->tree, LYD_JSON, LYD_PRINT_WITHSIBLINGS) != LY_SUCCESS)
		return err_raise(-ENOMEM);
	(void)snprintf(tmp, sizeof(tmp), "%s.new", path);
	r = write_synced(tmp, text ? text : "{}\n", text ? strlen(text) : 3);
	free(text);
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	return r < 0 ? err_raise(r) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* JSON look-ups. Answers are hostile input: what is absent or of another type is just absent. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Members may be "module:name" in the data; names in paths never are. */
static json_object *member(json_object *o, const char *name, size_t len)
{
	struct json_object_iterator i, end;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	end = json_object_iter_end(o);
	for (i = json_object_iter_begin(o); !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *key = json_object_iter_peek_name(&i);
		const char *colon = strchr(key, ':');
		const char *bare = colon ? colon + 1 : key;

		if (strlen(bare) == len && strncmp(bare, name, len) == 0)
			return json_object_iter_peek_value(&i);
	}
	return NULL;
}

json_object *cli_at(json_object *o, const char *path)
{
	while (o && *path) {
		size_t n = strcspn(path, "/");

		if (json_object_is_type(o, json_type_array))
			o = json_object_array_length(o) > 0 ? json_object_array_get_idx(o, 0) : NULL;
		o = member(o, path, n);
		path += n + (path[n] == '/');
	}
	return o;
}

const char *cli_text(json_object *o, const char *path, const char *otherwise)
{
	json_object *v = cli_at(o, path);

	return v ? json_object_get_string(v) : otherwise;
}

uint64_t cli_num(json_object *o, const char *path, uint64_t otherwise)
{
	json_object *v = cli_at(o, path);
	uint64_t n = otherwise;

	/* RFC 7951 s6.1 writes 64-bit numbers as strings. */
	if (v && str_u64(json_object_get_string(v), &n) < 0)
		return otherwise;
	return n;
}

bool cli_bool(json_object *o, const char *path)
{
	return json_object_get_boolean(cli_at(o, path));
}

size_t cli_count(json_object *o, const char *path)
{
	json_object *a = cli_at(o, path);

	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

json_object *cli_nth(json_object *o, const char *path, size_t i)
{
	return i < cli_count(o, path) ? json_object_array_get_idx(cli_at(o, path), i) : NULL;
}

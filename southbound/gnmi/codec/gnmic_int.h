/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of the codec only. */
#include <gnmi.pb-c.h>

#include "rpc/proto/pb.h"
#include "southbound/gnmi/codec/gnmic.h"

/* By name; false when one is there twice. */
bool gnmic_keys_sort(struct gnmic_key *keys, size_t n);

/* A conversion under way: the first thing wrong stays. */
struct gnmic_conv {
	struct arena *a;
	const char *why;
};

/* From protobuf-c's structs: strings and octets stay where they are. NULL gives the empty one. */
void gnmic_path_from(struct gnmic_conv *c, const Gnmipb__Path *p, struct gnmic_path *out);
void gnmic_value_from(struct gnmic_conv *c, const Gnmipb__TypedValue *v, struct gnmic_value *out);
void gnmic_notification_from(struct gnmic_conv *c, const Gnmipb__Notification *n,
			     struct gnmic_notification *out);
struct gnmic_path *gnmic_paths_from(struct gnmic_conv *c, Gnmipb__Path **p, size_t n);
struct gnmic_update *gnmic_updates_from(struct gnmic_conv *c, Gnmipb__Update **u, size_t n);
/* A prefix may have an origin or what is below it may, not both. */
void gnmic_origin_once(struct gnmic_conv *c, const struct gnmic_path *prefix,
		       const struct gnmic_path *path);

/* To protobuf-c's structs, in the arena. NULL (and why) without room. */
Gnmipb__Path *gnmic_path_to(struct gnmic_conv *c, const struct gnmic_path *p);
/* As above, but NULL for a path that says nothing: it is left out. */
Gnmipb__Path *gnmic_prefix_to(struct gnmic_conv *c, const struct gnmic_path *p);
Gnmipb__Notification *gnmic_notification_to(struct gnmic_conv *c, const struct gnmic_notification *n);
Gnmipb__Path **gnmic_paths_to(struct gnmic_conv *c, const struct gnmic_path *p, size_t n);
Gnmipb__Update **gnmic_updates_to(struct gnmic_conv *c, const struct gnmic_update *u, size_t n);

/* Zeroed memory; NULL sets why. */
void *gnmic_room(struct gnmic_conv *c, size_t n, size_t size);
#define GNMIC_ROOM(c, n, type) ((type *)gnmic_room((c), (n), sizeof(type)))
char *gnmic_text_of(const char *s); /* "" for NULL; protobuf-c's structs are not const */

/* ---- JSON, of which gnmic_json_check() said that it is some ---- */

struct gnmic_json {
	const char *at, *end;
};

/* The first octet of the next token, 0 at the end; blanks are passed over. */
char gnmic_json_peek(struct gnmic_json *j);
/* Passes over one token of punctuation. */
void gnmic_json_punct(struct gnmic_json *j);
/* Passes over a whole value. */
void gnmic_json_skip(struct gnmic_json *j);
/* A string's text without its escapes, in the arena; NULL without room. */
const char *gnmic_json_string(struct gnmic_json *j, struct arena *a);
/* A string, number, true, false or null. False without room. */
bool gnmic_json_scalar(struct gnmic_json *j, struct arena *a, struct gnmic_value *out);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a gNMI peer sends: the first octet says which message it claims to be, or that it is a
 * path in text. First the guard and protobuf-c alone, then the codec. What was read is written,
 * read again, and written to the same octets; paths come back from their text; JSON in updates
 * is taken apart into leaves.
 */
#include <assert.h>
#include <gnmi.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/proto/pb.h"
#include "southbound/gnmi/codec/gnmic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ARENA_MAX = 4 << 20 };

static const ProtobufCMessageDescriptor *const kinds[] = {
	&gnmipb__capability_request__descriptor, &gnmipb__capability_response__descriptor,
	&gnmipb__get_request__descriptor,	 &gnmipb__get_response__descriptor,
	&gnmipb__set_request__descriptor,	 &gnmipb__set_response__descriptor,
	&gnmipb__subscribe_request__descriptor,	 &gnmipb__subscribe_response__descriptor,
};

static const struct gnmic_list lists[] = { { "interface", { "name" } }, { "a", { "b", "c" } } };

static void wire(const ProtobufCMessageDescriptor *d, const uint8_t *data, size_t len)
{
	const ProtobufCMessage *m;
	uint8_t *once, *twice;
	size_t once_len = 0, twice_len = 0;
	struct arena a;
	const char *why;

	arena_init(&a, ARENA_MAX);
	m = pb_unpack(d, data, len, &a, &why);
	assert((m == NULL) == (why != NULL));
	if (m && (once = pb_pack(m, &a, &once_len))) {
		m = pb_unpack(d, once, once_len, &a, &why);
		if (m && (twice = pb_pack(m, &a, &twice_len))) {
			assert(once_len == twice_len);
			assert(memcmp(once, twice, once_len) == 0);
		}
	}
	assert(a.used <= ARENA_MAX);
	arena_fini(&a);
}

static void path_check(const struct gnmic_path *p)
{
	struct str text STR_AUTO = { .limit = 1 << 20 };
	struct gnmic_path again;
	struct arena a;

	gnmic_path_text(p, &text);
	if (text.bad)
		return;
	arena_init(&a, ARENA_MAX);
	if (!gnmic_path_parse(str_text(&text), &a, &again)) {
		struct str twice STR_AUTO = { 0 };

		assert(gnmic_path_cmp(p, &again) == 0);
		assert(gnmic_path_match(p, &again) || p->n_elems > 0);
		gnmic_path_text(&again, &twice);
		assert(strcmp(str_text(&text), str_text(&twice)) == 0);
	} else {
		assert(a.used > ARENA_MAX / 2); /* nothing but room may be wrong with it */
	}
	arena_fini(&a);
}

static bool leaf(void *arg, const struct gnmic_leaf *l)
{
	struct str text STR_AUTO = { .limit = 1 << 20 };
	uint64_t u;

	assert(l->path.n_elems <= GNMIC_ELEMS_MAX);
	gnmic_value_text(&l->val, &text);
	(void)gnmic_value_u64(&l->val, &u);
	return ++*(unsigned *)arg < 10000;
}

static void notification_check(const struct gnmic_notification *n, struct arena *a)
{
	for (size_t i = 0; i < n->n_updates; i++) {
		unsigned count = 0;

		path_check(&n->updates[i].path);
		(void)gnmic_leaves(&n->prefix, &n->updates[i], lists, 2, a, leaf, &count);
	}
	for (size_t i = 0; i < n->n_deletes; i++)
		path_check(&n->deletes[i]);
}

/* Reads, writes, reads, writes: the two writings are the same. */
#define FIXPOINT(type, read, write)                                                                \
	do {                                                                                       \
		struct type m;                                                                     \
		size_t n1 = 0, n2 = 0;                                                             \
		uint8_t *w1, *w2;                                                                  \
                                                                                                   \
		if (read(data, len, a, &m) != NULL || !(w1 = write(&m, a, &n1)))                   \
			break;                                                                     \
		if (read(w1, n1, a, &m) != NULL || !(w2 = write(&m, a, &n2)))                      \
			break;                                                                     \
		assert(n1 == n2 && memcmp(w1, w2, n1) == 0);                                       \
	} while (0)

static void codec(unsigned kind, const uint8_t *data, size_t len, struct arena *a)
{
	struct gnmic_get_reply reply;
	struct gnmic_event ev;

	switch (kind) {
	case 0:
		(void)gnmic_caps_request_read(data, len, a);
		break;
	case 1:
		FIXPOINT(gnmic_caps, gnmic_caps_read, gnmic_caps_write);
		break;
	case 2:
		FIXPOINT(gnmic_get, gnmic_get_read, gnmic_get_write);
		break;
	case 3:
		FIXPOINT(gnmic_get_reply, gnmic_get_reply_read, gnmic_get_reply_write);
		if (gnmic_get_reply_read(data, len, a, &reply) == NULL)
			for (size_t i = 0; i < reply.n_notifications; i++)
				notification_check(&reply.notifications[i], a);
		break;
	case 4:
		FIXPOINT(gnmic_set, gnmic_set_read, gnmic_set_write);
		break;
	case 5:
		FIXPOINT(gnmic_set_reply, gnmic_set_reply_read, gnmic_set_reply_write);
		break;
	case 6:
		FIXPOINT(gnmic_subscribe, gnmic_subscribe_read, gnmic_subscribe_write);
		break;
	default:
		FIXPOINT(gnmic_event, gnmic_event_read, gnmic_event_write);
		if (gnmic_event_read(data, len, a, &ev) == NULL && !ev.sync)
			notification_check(&ev.update, a);
		break;
	}
}

static void path_in(const uint8_t *data, size_t len, struct arena *a)
{
	char *text = malloc(len + 1);
	struct gnmic_path p;

	memcpy(text, data, len);
	text[len] = '\0';
	if (!gnmic_path_parse(text, a, &p))
		path_check(&p);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena a;

	if (len == 0 || len > 1 << 16)
		return 0;
	arena_init(&a, ARENA_MAX);
	if (data[0] % 9 == 8) {
		path_in(data + 1, len - 1, &a);
	} else {
		wire(kinds[data[0] % 9], data + 1, len - 1);
		codec(data[0] % 9, data + 1, len - 1, &a);
	}
	assert(a.used <= ARENA_MAX);
	arena_fini(&a);
	return 0;
}

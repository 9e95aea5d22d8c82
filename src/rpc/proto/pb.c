/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard walks the wire format with a stack of its own: a frame a nested message, 64 at
 * most. Unknown fields are skipped whole, so they are not looked into. It knows no more of a
 * field than protobuf-c does: a length-delimited value is a message, a string, or octets.
 */
#include "rpc/proto/pb.h"

#include <string.h>

#include "base/rd.h"
#include "base/str.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct frame {
	const ProtobufCMessageDescriptor *d;
	struct rd in;
};

struct walk {
	struct frame stack[PB_DEPTH_MAX];
	unsigned depth;
	const char *why;
};

static uint64_t varint(struct rd *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t b = rd_u8(r);

		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	r->bad = true; /* more than ten octets */
	return 0;
}

static void enter(struct walk *w, const ProtobufCMessageDescriptor *d, struct rd in)
{
	if (w->depth == PB_DEPTH_MAX) {
		w->why = "nested too deep";
		return;
	}
	w->stack[w->depth++] = (struct frame){ .d = d, .in = in };
}

/* A length-delimited value of the frame on top. */
static void value(struct walk *w, uint32_t number)
{
	struct frame *f = &w->stack[w->depth - 1];
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(f->d, number);
	uint64_t len = varint(&f->in);
	struct rd sub;

	if (f->in.bad || len > rd_left(&f->in)) {
		f->in.bad = true;
		return;
	}
	sub = rd_sub(&f->in, (size_t)len);
	if (!field)
		return;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		enter(w, field->descriptor, sub);
	else if (field->type == PROTOBUF_C_TYPE_STRING &&
		 !str_utf8((const char *)sub.pos, rd_left(&sub)))
		w->why = "a string is not UTF-8, or has a NUL";
}

static void field(struct walk *w)
{
	struct rd *in = &w->stack[w->depth - 1].in;
	uint64_t key = varint(in);

	if (in->bad || key >> 3 == 0 || key >> 3 > (1 << 29) - 1) {
		in->bad = true;
		return;
	}
	switch (key & 7) {
	case WIRE_VARINT:
		(void)varint(in);
		break;
	case WIRE_64:
		rd_skip(in, 8);
		break;
	case WIRE_BYTES:
		value(w, (uint32_t)(key >> 3));
		return; /* value() may have pushed a frame: `in` says nothing of it */
	case WIRE_32:
		rd_skip(in, 4);
		break;
	default: /* groups, which nothing we speak uses, and numbers nobody gave a meaning */
		in->bad = true;
		break;
	}
}

const char *pb_guard(const ProtobufCMessageDescriptor *d, const void *data, size_t len)
{
	struct walk w;

	w.depth = 0;
	w.why = NULL;
	enter(&w, d, rd_of(data, len));
	while (w.depth > 0 && !w.why) {
		struct frame *f = &w.stack[w.depth - 1];

		if (rd_left(&f->in) == 0 && !f->in.bad) {
			w.depth--;
			continue;
		}
		field(&w);
		if (f->in.bad)
			return "not a protobuf message";
	}
	return w.why;
}

static void *in_arena(void *arg, size_t size)
{
	return arena_alloc(arg, size ? size : 1);
}

static void not_freed(void *arg, void *p)
{
	(void)arg;
	(void)p;
}

void *pb_unpack(const ProtobufCMessageDescriptor *d, const void *data, size_t len, struct arena *a,
		const char **why)
{
	ProtobufCAllocator alloc = { .alloc = in_arena, .free = not_freed, .allocator_data = a };
	static const uint8_t nothing[1];
	void *m;

	*why = pb_guard(d, data, len);
	if (*why)
		return NULL;
	m = protobuf_c_message_unpack(d, &alloc, len, data ? data : nothing);
	if (!m)
		*why = "too big, or not this message";
	return m;
}

uint8_t *pb_pack(const ProtobufCMessage *m, struct arena *a, size_t *len)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	uint8_t *out = arena_alloc(a, n ? n : 1);

	if (!out)
		return NULL;
	*len = protobuf_c_message_pack(m, out);
	return out;
}

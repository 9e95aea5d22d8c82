/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a gNMI peer sends: the first octet says which message it claims to be. The guard, then
 * protobuf-c into a bounded arena. What was taken is packed and taken again, and packs to the
 * same octets the second time.
 */
#include <assert.h>
#include <gnmi.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/proto/pb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ARENA_MAX = 4 << 20 };

static const ProtobufCMessageDescriptor *const kinds[] = {
	&gnmipb__capability_request__descriptor, &gnmipb__capability_response__descriptor,
	&gnmipb__get_request__descriptor,	 &gnmipb__get_response__descriptor,
	&gnmipb__set_request__descriptor,	 &gnmipb__set_response__descriptor,
	&gnmipb__subscribe_request__descriptor,	 &gnmipb__subscribe_response__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const ProtobufCMessageDescriptor *d;
	const ProtobufCMessage *m;
	uint8_t *once, *twice;
	size_t once_len = 0, twice_len = 0;
	struct arena a;
	const char *why;

	if (len == 0 || len > 1 << 16)
		return 0;
	d = kinds[data[0] % (sizeof(kinds) / sizeof(kinds[0]))];
	arena_init(&a, ARENA_MAX);
	m = pb_unpack(d, data + 1, len - 1, &a, &why);
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
	return 0;
}

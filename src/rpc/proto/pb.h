/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * protobuf-c made safe for what a peer sends. Pure: no I/O, no globals.
 *
 * protobuf_c_message_unpack() recurses without limit and takes any octets for a string, so
 * nothing of a peer's is given to it but through pb_unpack(): first the wire format is walked
 * without recursion (nesting, lengths, groups, strings), then the structs are made in an arena
 * whose limit bounds what a small message can make of itself in memory.
 */
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { PB_DEPTH_MAX = 64 }; /* messages inside of each other, the outermost counted */

/* NULL when data may be unpacked as a d, else why not. */
const char *pb_guard(const ProtobufCMessageDescriptor *d, const void *data, size_t len);

/* Guards, then unpacks into the arena (never free_unpacked). NULL, and why, when it cannot. */
void *pb_unpack(const ProtobufCMessageDescriptor *d, const void *data, size_t len, struct arena *a,
		const char **why);

/* The message's octets in the arena; NULL when it does not fit there. */
uint8_t *pb_pack(const ProtobufCMessage *m, struct arena *a, size_t *len);

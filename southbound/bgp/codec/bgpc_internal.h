/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Shared by the message files of the codec only. */
#include "southbound/bgp/codec/bgpc.h"

/* Writes the header; close with the offset returned. */
size_t bgpc_msg_open(struct wr *w, enum bgpc_type type);
void bgpc_msg_close(struct wr *w, size_t start);
struct bgpc_family bgpc_family_read(struct rd *r);

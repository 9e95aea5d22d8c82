/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Test data that is not part of the repository: found by the environment variable
 * SEXTANT_SHARED; a test without it says so and passes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VECTOR_MAX = 1024 };

/* The path of a shared file, or NULL with a notice when there is none. */
const char *shared_path(const char *rel, char *buf, size_t cap);

/* A hex vector by its id ("B05"): its length, or 0 (with a notice) when absent. */
size_t vector_load(const char *id, uint8_t out[VECTOR_MAX]);

/* Hex text, spaces allowed, to octets; returns how many. Aborts on anything else. */
size_t hex_read(const char *text, uint8_t *out, size_t cap);

/* A BGP-LS TLV whose value is hex text into b; returns its octets, header included. */
size_t tlv_hex(uint8_t *b, size_t cap, uint16_t type, const char *hex);

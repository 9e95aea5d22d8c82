/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Table-driven TLVs
 *
 * One row says what the walker may know of a type without running the row's own code: its
 * bounds, whether it may repeat or must be there, and what a fault in it costs. The rows also
 * drive the dump, the fuzzer's dictionary and the tests: a new type is a row, a function and
 * a fixture.
 */
#include "base/rd.h"

/* What a fault costs, least first; a message's verdict is the worst of its faults. */
enum verdict {
	VERDICT_OK,
	VERDICT_SKIP,	  /* drop this TLV, keep the object */
	VERDICT_WITHDRAW, /* drop the object, keep the session (RFC 7606) */
	VERDICT_RESET,	  /* framing is lost, or the peer may not do this */
};

enum tlv_why {
	TLV_WHY_NONE,
	TLV_WHY_SHORT_HEADER,
	TLV_WHY_PAST_END,
	TLV_WHY_BAD_LENGTH,
	TLV_WHY_REPEATED,
	TLV_WHY_BAD_VALUE,
	TLV_WHY_MISSING,
	TLV_WHY_ORDER,
};

/* The worst fault met, and how many there were. */
struct fault {
	enum verdict verdict;
	enum tlv_why why;
	uint16_t type;
	uint16_t count;
};

enum {
	TLV_MANY = 1 << 0,
	TLV_MUST = 1 << 1,
};

struct tlv_row {
	uint16_t type;
	uint16_t len_min, len_max;
	uint8_t flags;	  /* TLV_MANY | TLV_MUST */
	uint8_t on_fault; /* enum verdict */
	const char *name;
	/* Sets value->bad when it dislikes the content; must consume all of it. */
	void (*read)(struct rd *value, void *out);
};

/* Framing of the list walked. PCEP pads values to 4 octets, BGP-LS does not. */
enum tlv_pad {
	TLV_PAD_NONE = 1,
	TLV_PAD_4 = 4,
};

/* Told of every TLV no row knows; may be NULL. value is a private copy of the reader. */
typedef void (*tlv_unknown_fn)(uint16_t type, struct rd value, void *out);

struct tlv_table {
	const struct tlv_row *rows; /* sorted by type, 64 at most */
	size_t n_rows;
	enum tlv_pad pad;
	/* What lost framing inside the list costs (its outer length was sound). */
	enum verdict on_framing;
	tlv_unknown_fn unknown;
};

/* Walks r, fills out, returns the worst verdict, also added to fault. Bounded by r. */
enum verdict tlv_walk(struct rd *r, const struct tlv_table *table, void *out, struct fault *fault);

/* Adds one fault to fault and returns the worst verdict so far. */
enum verdict fault_note(struct fault *fault, enum verdict v, enum tlv_why why, uint16_t type);

const char *fault_why_text(enum tlv_why why);
const struct tlv_row *tlv_row_find(const struct tlv_row *rows, size_t n, uint16_t type);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "slice/slice.h"

enum { FAKE_DOCS = 64 };

struct fake_doc {
	enum slice_kind kind;
	char id[SLICE_ID_MAX];
	char *doc;
	uint64_t revision;
};

struct fake_slices {
	struct fake_doc at[FAKE_DOCS];
	unsigned n;
	uint64_t revision;
	unsigned puts, dry_runs;
	unsigned residue; /* what an audit finds */
	unsigned reached; /* so many prefixes, which is proven; 0: nobody looks */
	bool leaks;	  /* beside that */
	size_t last_n;
	const char *refuse;    /* there is no room for the one of this id */
	const char *construct; /* that has a flow */
	uint8_t nines; /* that its flows promise */
	bool device; /* something of it is on one */
	const char *reason;
	const char *below; /* the tier below any slice's; NULL: none */
	enum slice_state state;
};

extern struct fake_slices fake_slices;
void fake_slices_fini(void);

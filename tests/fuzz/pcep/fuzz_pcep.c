/* SPDX-License-Identifier: Apache-2.0 */
/* One PCEP message: whatever was read must write, read again without losing its framing and
 * write to the same octets. The length in the header is set right, so that mutations go deep. */
#include <stdlib.h>
#include <string.h>

#include "southbound/pcep/codec/pcepc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t in[PCEPC_MSG_MAX + 1], a[2 * PCEPC_MSG_MAX], b[2 * PCEPC_MSG_MAX];

static void fixpoint(struct arena *arena, const struct pcepc_msg *m)
{
	struct wr wa = wr_of(a, PCEPC_MSG_MAX), wb = wr_of(b, PCEPC_MSG_MAX);
	struct pcepc_fault f;
	struct pcepc_msg *again;

	pcepc_write(&wa, m);
	if (wa.bad)
		return; /* defaults written out can pass the 16-bit length */
	pcepc_read(arena, a, wa.len, &again, &f);
	if (!again)
		abort();
	pcepc_write(&wb, again);
	if (wb.bad || wa.len != wb.len || memcmp(a, b, wa.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;
	struct arena arena;
	size_t n;

	if (len < PCEPC_HEADER || len > PCEPC_MSG_MAX)
		return 0;
	(void)pcepc_frame(data, len, &n);
	len &= ~(size_t)3;
	memcpy(in, data, len);
	in[0] = 0x20;
	in[2] = (uint8_t)(len >> 8);
	in[3] = (uint8_t)len;
	arena_init(&arena, 2 * PCEPC_ARENA_MAX);
	pcepc_read(&arena, in, len, &m, &f);
	if (m)
		fixpoint(&arena, m);
	arena_fini(&arena);
	return 0;
}

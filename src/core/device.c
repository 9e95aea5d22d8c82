/* SPDX-License-Identifier: Apache-2.0 */
/* Words for people. */
#include "core/device.h"

#include "base/auto.h"

const char *device_outcome_text(enum device_outcome o)
{
	static const char *const text[] = { "done", "refused", "false", "undone", "broken", "unknown" };

	return (size_t)o < ARRAY_LEN(text) ? text[o] : "unknown";
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as it is durable: what is read is written and read again, and whatever it says, going on
 * from it asks for nothing that its phase does not.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct repair *fresh(void)
{
	struct repair_cfg cfg;
	struct repair *r = NULL;

	repair_cfg_default(&cfg);
	cfg.incidents_max = 4;
	cfg.able = 1u << REPAIR_SWITCH | 1u << REPAIR_REROUTE | 1u << REPAIR_NOTIFY;
	if (repair_new(&r, &cfg, 1) != 0)
		abort();
	return r;
}

static void same_again(struct repair *r, uint32_t id, const char *deed)
{
	struct repair *other = fresh();
	char *text = repair_record_print(r, id, deed), *again = NULL;
	uint32_t id2;

	if (!text || repair_record_read(other, 0, text, strlen(text), &again, &id2) != 0 || id != id2)
		abort();
	free(text);
	free(again);
	repair_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct repair_now now = { { 5000 * NS_PER_S }, 9000 * NS_PER_S };
	struct repair *r = fresh();
	char *deed = NULL;
	uint32_t id;
	struct repair_do did;

	if (repair_record_read(r, 1, (const char *)data, size, &deed, &id) == 0) {
		same_again(r, id, deed);
		repair_resume(r, &now);
		for (unsigned k = 0; k < 100; k++) {
			while (repair_next(r, &did))
				assert(did.phase != REPAIR_ENDED || did.todo >= REPAIR_DO_NOTIFY);
			now.mono.ns += 60 * NS_PER_S;
			now.wall_ns += 60 * NS_PER_S;
			repair_tick(r, &now);
		}
	}
	free(deed);
	repair_free(r);
	return 0;
}

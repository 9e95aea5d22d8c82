/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as it is durable: what is read is written and read again, and whatever it says, going on
 * from it asks for nothing that its phase does not.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct repair *fresh(void)
{
	struct repair_cfg cfg;
	struct repair *r = NULL;

	repair_cfg_default(&cfg);
	cfg.incidents_max = 4;
	cfg.able = (1u << REPAIR_ACTIONS) - 1;
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

/* What was done, as it is read and written again: the same. */
static void same_deed(const struct desk_way *w, const char *text)
{
	struct desk_course *c = calloc(2, sizeof(*c));
	STR_AUTO struct str one = { 0 }, two = { 0 };
	json_object *o = json_tokener_parse(text);

	if (!c || !o)
		abort();
	w->read(o, &c[0]);
	json_object_put(o);
	str_add(&one, "{\"action\":\"shed-lower-priority\"");
	w->print(&one, &c[0]);
	str_add(&one, "}");
	o = json_tokener_parse(str_text(&one));
	if (!o)
		abort();
	w->read(o, &c[1]);
	json_object_put(o);
	str_add(&two, "{\"action\":\"shed-lower-priority\"");
	w->print(&two, &c[1]);
	str_add(&two, "}");
	if (c[0].n_deeds > SLICE_MOVES_MAX || c[0].resize.n > SLICE_GROW_MAX)
		abort();
	if (strcmp(str_text(&one), str_text(&two)) != 0)
		abort();
	free(c);
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
		if (deed)
			same_deed(&repair_moves_way, deed);
		if (deed)
			same_deed(&repair_resize_way, deed);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents in the store, by the slot each has: as many as there may be, the newest state of each. With
 * an incident goes what is done for it: how its slice ran before, and how it is to run.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/err.h"
#include "base/str.h"
#include "log/log.h"

#define BUCKET "incident"
#define SLOT_PRINT_MAX 16
enum { KEEP_AGAIN_TICKS = 20 };

/* ---- out ---- */

static void labels(struct str *s, const char *name, const char (*label)[TED_LABEL_MAX], uint8_t n)
{
	str_addf(s, "\"%s\":[", name);
	for (uint8_t i = 0; i < n; i++) {
		str_add(s, i ? "," : "");
		str_json(s, label[i]);
	}
	str_add(s, "]");
}

static void deed(struct str *s, const struct desk_course *c)
{
	const struct desk_way *w = repair_act_way(c->acts);

	str_addf(s, "{\"action\":\"%s\",\"crowded\":%d,", repair_action_name(c->acts), c->crowded);
	labels(s, "suspects", c->suspect, c->n_suspects);
	if (w)
		w->print(s, c);
	str_add(s, "}");
}

/* Repairs do not wait for the disk: what it did not take is given to it again. */
static void written(void *arg, int rc)
{
	struct repair_desk *d = arg;

	if (rc < 0 && !d->unkept)
		log_event("", LOG_ERROR, "repair.store.write", "error=\"%s\"", err_text(rc));
	d->unkept = d->unkept || rc < 0;
}

static bool put(struct repair_desk *d, uint32_t id, uint32_t slot)
{
	const struct desk_course *c = repair_act_course(d, id);
	STR_AUTO struct str s = { 0 };
	AUTO_FREE char *text = NULL;
	char key[SLOT_PRINT_MAX];
	struct store_op op = { BUCKET, key, NULL, 0 };

	if (c)
		deed(&s, c);
	text = s.bad ? NULL : repair_record_print(d->r, id, str_text(&s));
	(void)snprintf(key, sizeof(key), "%06u", slot);
	op.value = text;
	op.len = text ? strlen(text) : 0;
	return text && store_write(d->p.store, &op, 1, written, d) == 0;
}

bool repair_keep_all(struct repair_desk *d)
{
	uint32_t id, slot;
	bool good = true;

	while (repair_unsaved(d->r, &id, &slot))
		good = put(d, id, slot) && good;
	d->unkept = d->unkept || !good;
	return good;
}

void repair_keep_tick(struct repair_desk *d)
{
	if (!d->unkept || ++d->keep_wait < KEEP_AGAIN_TICKS)
		return;
	d->keep_wait = 0;
	d->unkept = false;
	repair_unsaved_all(d->r);
	(void)repair_keep_all(d);
}

/* ---- in ---- */

static void labels_read(json_object *o, const char *name, char (*label)[TED_LABEL_MAX], uint8_t *n)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(v) && *n < SLICE_AVOID_MAX; i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(v, i));

		if (text && str_copy(label[*n], TED_LABEL_MAX, text))
			++*n;
	}
}

/* Records of before say no action: it was the slice that was moved. */
static enum repair_action action_of(json_object *o)
{
	json_object *v = NULL;
	const char *is = json_object_object_get_ex(o, "action", &v) ? json_object_get_string(v) : NULL;

	for (unsigned a = 0; is && a < REPAIR_ACTIONS; a++)
		if (strcmp(repair_action_name((enum repair_action)a), is) == 0)
			return (enum repair_action)a;
	return REPAIR_REROUTE;
}

static void deed_read(const char *text, struct desk_course *c)
{
	json_object *o = json_tokener_parse(text), *v = NULL; /* a part of what was read within bounds */
	const struct desk_way *w;

	c->acts = action_of(o);
	c->crowded = json_object_object_get_ex(o, "crowded", &v) && json_object_get_int(v) != 0;
	labels_read(o, "suspects", c->suspect, &c->n_suspects);
	w = repair_act_way(c->acts);
	if (w)
		w->read(o, c);
	json_object_put(o);
}

static int load_one(void *arg, const char *key, const void *value, size_t len)
{
	struct repair_desk *d = arg;
	AUTO_FREE char *text = NULL;
	struct desk_course *c;
	uint64_t slot;
	uint32_t id;
	int r = REPAIR_E_RECORD;

	if (str_u64(key, &slot) == 0 && slot < UINT32_MAX)
		r = repair_record_read(d->r, (uint32_t)slot, value, len, &text, &id);
	if (r < 0)
		return err_trace(r);
	if (r > 0) { /* what was done there stays until an operator takes it away */
		log_event("", LOG_ERROR, "repair.record", "slot=%s error=\"it cannot be read\"", key);
		return 0;
	}
	c = text ? repair_act_course_new(d, id, repair_incident_get(d->r, id)->slice) : NULL;
	if (text && !c)
		return err_raise(-ENOMEM);
	if (c)
		deed_read(text, c);
	return 0;
}

int repair_keep_load(struct repair_desk *d)
{
	const struct repair_now now = repair_desk_now(d);
	const struct repair_incident *i = NULL;
	int r = store_each(d->p.store, BUCKET, load_one, d);

	if (r < 0)
		return err_trace(r);
	repair_resume(d->r, &now);
	for (uint32_t id = 0; (i = repair_incident_next(d->r, id)); id = i->id) {
		struct desk_course *c = repair_act_course(d, i->id);

		if (c && i->outcome == REPAIR_GONE)
			c->doing = DESK_LEAVES;
		if (c)
			c->over = i->phase == REPAIR_ENDED;
		else if (i->phase != REPAIR_ENDED && !repair_act_course_new(d, i->id, i->slice))
			return err_raise(-ENOMEM);
	}
	d->gone = true; /* of slices that are, one may have been open */
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents as they are durable: one document each, with their timeline. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_priv.h"
#include "base/str.h"

enum { DEPTH_MAX = 8 };

/* ---- out ---- */

static void number(struct str *s, const char *name, uint64_t v)
{
	str_addf(s, ",\"%s\":%llu", name, (unsigned long long)v);
}

static void words(struct str *s, const char *name, const char *text)
{
	str_addf(s, ",\"%s\":", name);
	str_json(s, text);
}

static void policy_put(struct str *s, const struct repair_policy *p)
{
	number(s, "max-per-hour", p->max_per_hour);
	number(s, "priority", p->priority);
	number(s, "hold-down", p->hold_down_s);
	number(s, "revertive", p->revertive);
	number(s, "wait-to-restore", p->restore_s);
	str_add(s, ",\"orders\":[");
	for (uint8_t k = 0; k < p->n; k++)
		str_addf(s, "%s[\"%s\",%d]", k ? "," : "", repair_action_name(p->order[k].action),
			 p->order[k].by_operator);
	str_add(s, "]");
}

static void entry_put(struct str *s, const struct repair_entry *e)
{
	str_addf(s, "[%llu,\"%s\",%d,", (unsigned long long)e->wall_ns, repair_what_name(e->what), e->action);
	str_json(s, e->text);
	str_add(s, "]");
}

static void beside_put(struct str *s, const struct incident *i)
{
	str_add(s, ",\"beside\":[");
	for (size_t k = 0; k < i->beside.n; k++) {
		const struct repair_beside *b = &i->beside.at[k];

		str_add(s, k ? ",[" : "[");
		str_json(s, b->slice);
		str_addf(s, ",%d,%u]", b->known, b->good);
	}
	str_add(s, "]");
}

static void view_put(struct str *s, const struct repair_incident *v)
{
	words(s, "slice", v->slice);
	words(s, "phase", repair_phase_name(v->phase));
	words(s, "outcome", repair_outcome_name(v->outcome));
	number(s, "restores", v->restores);
	number(s, "at", v->at);
	number(s, "round", v->round);
	number(s, "acted", v->acted);
	number(s, "good", v->good);
	number(s, "actions", v->actions);
	number(s, "reverts", v->reverts);
	number(s, "opened", v->opened_wall_ns);
	number(s, "ended", v->ended_wall_ns);
	number(s, "applied", v->applied_wall_ns);
	number(s, "cut", v->cut);
	str_add(s, ",\"causes\":[");
	for (uint8_t k = 0; k < v->n_causes; k++) {
		str_add(s, k ? "," : "");
		str_json(s, v->cause[k]);
	}
	str_add(s, "]");
}

char *repair_record_print(const struct repair *r, uint32_t id, const char *deed)
{
	STR_AUTO struct str s = { .limit = REPAIR_RECORD_MAX };
	const struct incident *i = repair_find(r, id);

	if (!i)
		return NULL;
	str_addf(&s, "{\"version\":1,\"id\":%u", i->view.id);
	view_put(&s, &i->view);
	policy_put(&s, &i->view.policy);
	number(&s, "placed", i->placed);
	number(&s, "approved", i->approved);
	number(&s, "chosen", i->chosen);
	number(&s, "more", i->more);
	number(&s, "well", i->well);
	number(&s, "restored", i->restored);
	number(&s, "damped", i->damped);
	beside_put(&s, i);
	str_add(&s, ",\"acts\":[");
	for (uint8_t k = 0; k < i->n_acts; k++)
		str_addf(&s, "%s%llu", k ? "," : "", (unsigned long long)i->act_wall_ns[k]);
	str_add(&s, "],\"timeline\":[");
	for (size_t k = 0; k < i->timeline.n; k++) {
		str_add(&s, k ? "," : "");
		entry_put(&s, &i->timeline.at[k]);
	}
	str_addf(&s, "],\"deed\":%s}", deed && deed[0] ? deed : "null");
	return str_take(&s);
}

/* ---- in ---- */

struct reading {
	json_object *root;
	bool bad;
};

static uint64_t get(struct reading *in, const char *name, uint64_t max)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(in->root, name, &v) || !json_object_is_type(v, json_type_int) ||
	    json_object_get_int64(v) < 0 || json_object_get_uint64(v) > max) {
		in->bad = true;
		return 0;
	}
	return json_object_get_uint64(v);
}

/* Of what records have not always said. */
static uint64_t maybe(struct reading *in, const char *name, uint64_t max)
{
	return json_object_object_get_ex(in->root, name, NULL) ? get(in, name, max) : 0;
}

/* Words for people: what is too long is cut. */
static void text_of(struct reading *in, json_object *v, char *out, size_t cap)
{
	if (json_object_is_type(v, json_type_string))
		(void)str_copy(out, cap, json_object_get_string(v));
	else
		in->bad = true;
}

static void id_of(struct reading *in, json_object *v, char *out, size_t cap)
{
	const char *is = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";

	if (!str_utf8(is, strlen(is)) || !str_copy(out, cap, is))
		in->bad = true;
}

/* Which of n names it is. */
static unsigned name_of(struct reading *in, json_object *v, const char *(*name)(unsigned), unsigned n)
{
	const char *is = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";

	for (unsigned k = 0; k < n; k++)
		if (strcmp(name(k), is) == 0)
			return k;
	in->bad = true;
	return 0;
}

static const char *action_at(unsigned k)
{
	return repair_action_name((enum repair_action)k);
}

static const char *phase_at(unsigned k)
{
	return repair_phase_name((enum repair_phase)k);
}

static const char *outcome_at(unsigned k)
{
	return repair_outcome_name((enum repair_outcome)k);
}

static const char *what_at(unsigned k)
{
	return repair_what_name((enum repair_what)k);
}

/* An array of at most max; how many. */
static size_t array(struct reading *in, const char *name, size_t max, json_object **out)
{
	if (json_object_object_get_ex(in->root, name, out) && json_object_is_type(*out, json_type_array) &&
	    json_object_array_length(*out) <= max)
		return json_object_array_length(*out);
	in->bad = true;
	return 0;
}

static json_object *item(json_object *array, size_t k)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_get_idx(array, k) : NULL;
}

static void policy_get(struct reading *in, struct repair_policy *p)
{
	json_object *v = NULL;

	p->max_per_hour = (uint8_t)get(in, "max-per-hour", UINT8_MAX);
	p->priority = (uint8_t)get(in, "priority", UINT8_MAX);
	p->hold_down_s = (uint16_t)get(in, "hold-down", UINT16_MAX);
	p->revertive = get(in, "revertive", 1);
	p->restore_s = (uint32_t)get(in, "wait-to-restore", UINT32_MAX);
	p->n = (uint8_t)array(in, "orders", REPAIR_ORDERS_MAX, &v);
	for (uint8_t k = 0; k < p->n; k++) {
		json_object *o = item(v, k);

		p->order[k].action = (enum repair_action)name_of(in, item(o, 0), action_at, REPAIR_ACTIONS);
		p->order[k].by_operator = json_object_get_int(item(o, 1)) != 0;
	}
}

static void view_get(struct reading *in, struct repair_incident *out)
{
	json_object *v = NULL;

	id_of(in, json_object_object_get(in->root, "slice"), out->slice, sizeof(out->slice));
	out->phase = (enum repair_phase)name_of(in, json_object_object_get(in->root, "phase"), phase_at,
						REPAIR_PHASES);
	out->outcome = (enum repair_outcome)name_of(in, json_object_object_get(in->root, "outcome"), outcome_at,
						    REPAIR_OUTCOMES);
	out->restores = (uint32_t)get(in, "restores", UINT32_MAX);
	out->at = (uint8_t)get(in, "at", REPAIR_ORDERS_MAX);
	out->round = (uint8_t)maybe(in, "round", REPAIR_ROUNDS);
	out->acted = get(in, "acted", 1);
	out->good = (uint8_t)get(in, "good", REPAIR_VERIFY);
	out->actions = (uint32_t)get(in, "actions", UINT32_MAX);
	out->reverts = (uint32_t)get(in, "reverts", UINT32_MAX);
	out->opened_wall_ns = get(in, "opened", INT64_MAX);
	out->ended_wall_ns = get(in, "ended", INT64_MAX);
	out->applied_wall_ns = get(in, "applied", INT64_MAX);
	out->cut = get(in, "cut", 1);
	out->n_causes = (uint8_t)array(in, "causes", REPAIR_CAUSES_MAX, &v);
	for (uint8_t k = 0; k < out->n_causes; k++)
		text_of(in, item(v, k), out->cause[k], REPAIR_TEXT_MAX);
}

static void timeline_get(struct reading *in, struct incident *i)
{
	json_object *v = NULL;
	size_t n = array(in, "timeline", REPAIR_TIMELINE_MAX, &v);

	for (size_t k = 0; k < n && !in->bad; k++) {
		json_object *o = item(v, k);
		struct repair_entry e = { .wall_ns = json_object_get_uint64(item(o, 0)),
					  .action = json_object_get_int(item(o, 2)) };

		e.what = (enum repair_what)name_of(in, item(o, 1), what_at, REPAIR_WHATS);
		text_of(in, item(o, 3), e.text, sizeof(e.text));
		if (e.action < -1 || e.action >= REPAIR_ACTIONS || !VEC_ADD(&i->timeline, e))
			in->bad = true;
	}
	i->view.timeline = i->timeline.at;
	i->view.n_timeline = (uint32_t)i->timeline.n;
}

/* Records have not always had it. */
static void beside_get(struct reading *in, struct incident *i)
{
	json_object *v = NULL;
	size_t n = json_object_object_get_ex(in->root, "beside", NULL) ? array(in, "beside", REPAIR_BESIDE_MAX, &v) : 0;

	for (size_t k = 0; k < n && !in->bad; k++) {
		json_object *o = item(v, k);
		int good = json_object_get_int(item(o, 2));
		struct repair_beside b = { .known = json_object_get_int(item(o, 1)) != 0,
					   .good = (uint8_t)(good > 0 && good <= REPAIR_VERIFY ? good : 0) };

		id_of(in, item(o, 0), b.slice, sizeof(b.slice));
		if (!b.slice[0] || !VEC_ADD(&i->beside, b))
			in->bad = true;
	}
}

static void rest_get(struct reading *in, struct incident *i)
{
	json_object *v = NULL;

	i->placed = get(in, "placed", 1);
	i->approved = get(in, "approved", 1);
	i->chosen = get(in, "chosen", 1);
	i->more = maybe(in, "more", 1);
	i->well = get(in, "well", 1);
	i->restored = get(in, "restored", 1);
	i->damped = (uint8_t)get(in, "damped", 16);
	i->n_acts = (uint8_t)array(in, "acts", REPAIR_ORDERS_MAX, &v);
	for (uint8_t k = 0; k < i->n_acts; k++)
		i->act_wall_ns[k] = json_object_get_uint64(item(v, k));
}

static bool sound(const struct repair_incident *v)
{
	bool ended = v->phase == REPAIR_ENDED;

	/* what works at an action has one */
	return v->slice[0] && ended == (v->outcome != REPAIR_OPEN) &&
	       (ended || v->phase == REPAIR_LOCATING || v->phase == REPAIR_CHOOSING || v->at < v->policy.n);
}

static bool read_into(struct reading *in, struct incident *i, char **deed)
{
	json_object *v = NULL;

	i->due = (struct mono){ UINT64_MAX };
	view_get(in, &i->view);
	policy_get(in, &i->view.policy);
	timeline_get(in, i);
	beside_get(in, i);
	rest_get(in, i);
	if (json_object_object_get_ex(in->root, "deed", &v) && json_object_is_type(v, json_type_object)) {
		*deed = strdup(json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
		in->bad = in->bad || !*deed;
	}
	return !in->bad && sound(&i->view);
}

/* The slot it was kept in is the one it is kept in. */
static void move_slot(struct repair *r, struct incident *i, uint32_t slot)
{
	r->slots[i->slot] = false;
	i->slot = slot;
	r->slots[slot] = true;
}

static int take(struct repair *r, struct reading *in, uint32_t slot, char **deed, uint32_t *id)
{
	struct incident *i;
	int rc;

	*id = (uint32_t)get(in, "id", UINT32_MAX);
	if (in->bad || *id == 0 || slot >= r->cfg.incidents_max || r->slots[slot] || repair_find(r, *id))
		return REPAIR_E_RECORD;
	rc = repair_incident_new(r, *id, &i);
	if (rc != 0)
		return rc;
	move_slot(r, i, slot);
	if (read_into(in, i, deed))
		return 0;
	repair_incident_free(r, i);
	free(*deed);
	*deed = NULL;
	return REPAIR_E_RECORD;
}

int repair_record_read(struct repair *r, uint32_t slot, const char *text, size_t len, char **deed,
		       uint32_t *id)
{
	bool good = len <= REPAIR_RECORD_MAX && str_utf8(text, len);
	struct json_tokener *tok = good ? json_tokener_new_ex(DEPTH_MAX) : NULL;
	struct reading in = { .root = tok ? json_tokener_parse_ex(tok, text, (int)len) : NULL };
	int rc = REPAIR_E_RECORD;

	*deed = NULL;
	*id = 0;
	if (json_object_is_type(in.root, json_type_object))
		rc = take(r, &in, slot, deed, id);
	json_object_put(in.root);
	if (tok)
		json_tokener_free(tok);
	return rc;
}

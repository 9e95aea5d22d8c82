/* SPDX-License-Identifier: Apache-2.0 */
/* How a service's policies are, as the network says; its parent's among them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slice/room.h"

/* How one policy is, and what is to be said of it. */
static enum slice_ill condition(const struct slice_entry *e, const struct slice_member *m,
				struct intent_view *v, char why[SR_REASON_MAX])
{
	enum slice_ill is = SLICE_WELL;
	const char *what = "";

	if (intent_get(e->s->intent, &m->key, v) != 0) {
		is = SLICE_ILL;
		what = "its policy is not there";
	} else if (v->state == INTENT_DEGRADED && v->meets) { /* traffic flows, within its bounds */
		is = SLICE_RISKY;
		what = v->reason;
	} else if (v->state == INTENT_DOWN || v->state == INTENT_DEGRADED) {
		is = SLICE_ILL;
		what = v->reason;
	} else if (m->inside && v->has_computed && v->worst_delay_us > m->terms.delay_us_max) {
		is = SLICE_ILL;
		what = "the parent slice's way takes longer than is promised";
	} else if (v->state != INTENT_UP) {
		is = SLICE_MENDING;
		what = v->reason;
	} else if (v->guarded == INTENT_GUARD_PARTIAL) {
		is = SLICE_RISKY;
		what = v->guard_why;
	}
	(void)snprintf(why, SR_REASON_MAX, "%.50s to %.50s: %.120s", m->sender, m->receiver, what);
	return is;
}

/* A policy and its standby: while one of them forwards traffic flows, but nothing may happen to it; nor
 * when both do and go where the other goes. */
static enum slice_ill pair_condition(const struct slice_entry *e, const struct slice_member *m,
				     struct intent_view *v, char why[SR_REASON_MAX])
{
	char other[SR_REASON_MAX], first[SR_REASON_MAX];
	enum slice_ill a = condition(e, m, v, first), b = condition(e, m + 1, v, other);
	enum slice_ill worst = a >= b ? a : b, best = a >= b ? b : a;
	bool lost = best < SLICE_MENDING && worst > SLICE_WELL;

	(void)snprintf(why, SR_REASON_MAX, "%s%.220s", lost ? "protection is lost: " : "", a >= b ? first : other);
	return lost ? SLICE_RISKY : worst;
}

/* Where another home of a site carries what the policy is for, nothing is lost by it; when it is back is not waited for. */
static enum slice_ill spared(const struct slice_entry *e, const struct slice_member *m, enum slice_ill is,
			     char why[SR_REASON_MAX])
{
	char text[SR_REASON_MAX];

	if (is < SLICE_MENDING || !slice_spared(e->s, e->id, &m->key))
		return is;
	(void)snprintf(text, sizeof(text), "redundancy is lost: %.200s", why);
	memcpy(why, text, sizeof(text));
	return is == SLICE_ILL ? SLICE_RISKY : SLICE_WELL;
}

/* Of sites with several homes. */
static enum slice_ill homes_condition(const struct slice_entry *e, char why[SR_REASON_MAX])
{
	char text[SR_REASON_MAX] = "";

	switch (slice_steps_homes(e->s, e->id, text)) {
	case SLICE_HOMES_ALL:
		break;
	case SLICE_HOMES_LESS:
		(void)snprintf(why, SR_REASON_MAX, "redundancy is lost: %.230s", text);
		return SLICE_RISKY;
	case SLICE_HOMES_NONE:
		memcpy(why, text, sizeof(text));
		return SLICE_ILL;
	}
	return SLICE_WELL;
}

/* The worst there is, and why. */
enum slice_ill slice_examine(const struct slice_entry *e, char why[SR_REASON_MAX])
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	enum slice_ill worst = homes_condition(e, why);

	for (uint32_t i = 0; v && i < e->plan.n; i++) {
		const struct slice_member *m = &e->plan.at[i];
		bool pair = i + 1 < e->plan.n && m[1].protection;
		char text[SR_REASON_MAX];
		enum slice_ill is = pair ? pair_condition(e, m, v, text) : condition(e, m, v, text);

		i += pair;
		is = spared(e, m, is, text);
		if (is <= worst)
			continue;
		worst = is;
		memcpy(why, text, SR_REASON_MAX);
	}
	return worst;
}

/* Of a policy and its standby, that one flows and none is merely on its way. */
static bool pair_ready(const struct slice_entry *e, const struct slice_member *m, struct intent_view *v)
{
	char why[SR_REASON_MAX];
	enum slice_ill a = condition(e, m, v, why), b = condition(e, m + 1, v, why);

	return (a < SLICE_MENDING || b < SLICE_MENDING) && a != SLICE_MENDING && b != SLICE_MENDING;
}

bool slice_policies_ready(const struct slice_entry *e, char why[SR_REASON_MAX])
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	char key[SR_KEY_TEXT_MAX];

	for (uint32_t i = 0; v && i < e->plan.n; i++) {
		const struct slice_member *m = &e->plan.at[i];
		bool pair = e->established && i + 1 < e->plan.n && m[1].protection, there;

		if (pair && pair_ready(e, m, v)) {
			i++;
			continue;
		}
		there = intent_get(e->s->intent, &m->key, v) == 0;
		if ((there && v->state == INTENT_UP) || (e->established && slice_spared(e->s, e->id, &m->key)))
			continue;
		(void)snprintf(why, SR_REASON_MAX, "policy %s is %s%s%.100s",
			       sr_policy_key_text(&m->key, key, sizeof(key)),
			       there ? intent_state_text(v->state) : "not there", there && v->reason[0] ? ": " : "",
			       there ? v->reason : "");
		return false;
	}
	return v;
}

static enum slice_way way_of(const struct slice *s, const struct sr_policy_key *key, struct intent_view *v)
{
	if (intent_get(s->intent, key, v) != 0)
		return SLICE_WAY_UNKNOWN;
	switch (v->state) {
	case INTENT_UP:
	case INTENT_DEGRADED:
		return SLICE_WAY_IS;
	case INTENT_DOWN:
		return SLICE_WAY_NONE;
	case INTENT_PENDING:
	case INTENT_HELD:
		break;
	}
	return SLICE_WAY_UNKNOWN;
}

enum slice_way slice_way_of(const struct slice *s, const struct sr_policy_key *key)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	enum slice_way first = v ? way_of(s, key, v) : SLICE_WAY_UNKNOWN, other;
	struct sr_policy_key standby = *key;

	standby.leg = 1;
	if (!v || first == SLICE_WAY_IS || key->leg || intent_get(s->intent, &standby, v) != 0)
		return first;
	other = way_of(s, &standby, v);
	return other == SLICE_WAY_IS || first == SLICE_WAY_NONE ? other : first;
}

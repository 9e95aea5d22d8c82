/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins: a dynamic candidate path that the optimiser has placed keeps that list, though another
 * costs less, as long as the list is valid, goes no longer way than then, and meets what the
 * candidate path asks for. A pin is lifted when it does not, when its headend refuses it, when an
 * operator writes the policy or asks for its re-optimisation; what is computed then takes its
 * place. It outlives a restart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/intent_priv.h"

static void save(struct intent_pol *p, const char *text)
{
	char key[SR_KEY_TEXT_MAX];
	const struct store_op op = { "pin", sr_policy_key_text(&p->key, key, sizeof(key)), text,
				     text ? strlen(text) : 0 };

	if (store_write(p->i->store, &op, 1, NULL, NULL) < 0)
		log_event("", LOG_WARN, "intent.store.write", "what=pin policy=%s", key);
}

static int pin_put(struct intent_pol *p, const struct intent_pin *from)
{
	struct intent_pin *pin = malloc(sizeof(*pin));

	if (!pin)
		return err_raise(-ENOMEM);
	*pin = *from;
	free(p->pin);
	p->pin = pin;
	return 0;
}

/* A record: the metric, a blank, the list as in other records. */
int intent_pin(struct intent_pol *p, const struct intent_pin *pin)
{
	AUTO_FREE char *list = intent_list_print(&pin->list, pin->preference);
	STR_AUTO struct str text = { 0 };

	if (!list)
		return err_raise(-ENOMEM);
	str_addf(&text, "%u ", pin->igp);
	str_add(&text, list);
	if (text.bad || pin_put(p, pin) < 0)
		return err_raise(-ENOMEM);
	save(p, str_text(&text));
	return 0;
}

static int pin_parse(const char *value, size_t len, struct intent_pin *out)
{
	const char *blank = memchr(value, ' ', len < 11 ? len : 11);
	char number[12] = "";
	uint64_t igp;

	if (!blank)
		return err_raise(-EINVAL);
	memcpy(number, value, (size_t)(blank - value));
	if (str_u64(number, &igp) < 0 || igp > UINT32_MAX)
		return err_raise(-EINVAL);
	out->igp = (uint32_t)igp;
	if (intent_list_parse(blank + 1, len - (size_t)(blank + 1 - value), &out->list, &out->preference) < 0)
		return err_raise(-EINVAL);
	if (!out->list.more)
		return 0;
	sr_list_drop(&out->list); /* who may have several is not pinned */
	return err_raise(-EINVAL);
}

/* In memory only: its record goes with the policy's. */
void intent_pin_forget(struct intent_pol *p)
{
	free(p->pin);
	p->pin = NULL;
}

void intent_pin_lift(struct intent_pol *p, const char *why)
{
	STR_AUTO struct str s = { 0 };

	if (!p->pin)
		return;
	intent_pin_forget(p);
	save(p, NULL);
	str_add(&s, "\"reason\":");
	str_json(&s, why);
	intent_event(p, BUS_INFO, "policy-unpinned", "%s", str_text(&s));
	intent_optimise_lifted(p, why);
}

int intent_pin_load(void *arg, const char *key, const void *value, size_t len)
{
	struct intent *i = arg;
	struct sr_policy_key k;
	struct intent_pol *p = sr_policy_key_parse(key, &k) == 0 ? intent_pol_find(i, &k) : NULL;
	struct intent_pin pin;

	if (!p || !p->desired)
		return 0; /* left behind by a policy that is gone */
	if (pin_parse(value, len, &pin) != 0 || pin_put(p, &pin) < 0)
		log_event("", LOG_WARN, "intent.store.pin", "policy=%s", key);
	return 0;
}

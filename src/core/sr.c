/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

bool sr_list_eq(const struct sr_list *a, const struct sr_list *b)
{
	if (a->dataplane != b->dataplane || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		if (a->dataplane == SR_MPLS ? a->at[i].label != b->at[i].label :
					      !ip_eq(&a->at[i].sid, &b->at[i].sid))
			return false;
	}
	return true;
}

int sr_policy_key_cmp(const struct sr_policy_key *a, const struct sr_policy_key *b)
{
	int c = ip_cmp(&a->headend, &b->headend);

	if (c != 0)
		return c;
	if (a->color != b->color)
		return a->color < b->color ? -1 : 1;
	c = ip_cmp(&a->endpoint, &b->endpoint);
	return c != 0 ? c : (int)a->leg - (int)b->leg;
}

const char *sr_policy_key_text(const struct sr_policy_key *k, char *buf, size_t cap)
{
	char h[IP_TEXT_MAX], e[IP_TEXT_MAX];

	(void)snprintf(buf, cap, k->leg ? "%s,%u,%s,%u" : "%s,%u,%s", ip_text(&k->headend, h, sizeof(h)),
		       k->color, ip_text(&k->endpoint, e, sizeof(e)), k->leg);
	return buf;
}

int sr_policy_key_parse(const char *text, struct sr_policy_key *out)
{
	char buf[SR_KEY_TEXT_MAX];
	char *c1, *c2, *c3;
	uint64_t color, leg = 0;

	if (!str_copy(buf, sizeof(buf), text))
		return -EINVAL;
	c1 = strchr(buf, ',');
	c2 = c1 ? strchr(c1 + 1, ',') : NULL;
	if (!c2)
		return -EINVAL;
	*c1 = *c2 = '\0';
	c3 = strchr(c2 + 1, ',');
	if (c3) {
		*c3 = '\0';
		if (str_u64(c3 + 1, &leg) < 0 || leg == 0 || leg > SR_LEG_MAX)
			return -EINVAL;
	}
	if (str_u64(c1 + 1, &color) < 0 || color > UINT32_MAX || ip_parse(buf, &out->headend) < 0 ||
	    ip_parse(c2 + 1, &out->endpoint) < 0)
		return -EINVAL;
	out->color = (uint32_t)color;
	out->leg = (uint8_t)leg;
	return 0;
}

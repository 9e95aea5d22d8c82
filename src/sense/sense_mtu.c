/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The longest packet a link carries, as its two ends tell it: the least of both, for what one end sends the
 * other has to take. Where one end tells nothing it is what the other says; where none does it is not known,
 * and forbids nothing. It stands while a device or its link is away: sight is lost, not the setting.
 */
#include <inttypes.h>
#include <stdio.h>

#include "log/log.h"
#include "sense/sense_priv.h"

static uint32_t at_end(const struct sense_device *d, const struct ip_addr *a)
{
	for (size_t i = 0; d && i < d->faces.n; i++)
		for (uint8_t k = 0; k < d->faces.at[i].n; k++)
			if (ip_eq(&d->faces.at[i].at[k], a))
				return d->faces.at[i].mtu;
	return 0;
}

static void say(const struct sense_link *l, uint16_t was, uint32_t here, uint32_t there)
{
	char body[160];

	(void)snprintf(body, sizeof(body), "\"mtu\":%u,\"was\":%u,\"here\":%" PRIu32 ",\"there\":%" PRIu32, l->mtu, was,
		       here, there);
	/* ends that differ lose what is too long for one of them, without a word to the sender */
	sense_publish(l, (here && there && here != there) || (was && l->mtu && l->mtu < was) ? BUS_WARNING : BUS_INFO,
		      "link-mtu", body);
}

static void tell(struct sense_link *l, uint32_t here, uint32_t there)
{
	uint32_t least = here == 0 || (there && there < here) ? there : here;
	uint16_t was = l->mtu, is = least > UINT16_MAX ? UINT16_MAX : (uint16_t)least;

	if (is == was)
		return;
	if (topo_mtu_set(l->s->parts.topo, l->id, &l->local, is) < 0) {
		log_event("", LOG_ERROR, "sense.mtu", "error=\"no memory\"");
		return;
	}
	l->mtu = is;
	say(l, was, here, there);
}

void sense_mtu(struct sense_link *l)
{
	bool on = l->s->cfg.mtu && l->from;

	if (!on)
		tell(l, 0, 0);
	else if (l->seen)
		tell(l, at_end(l->from, &l->local), at_end(l->to, &l->remote));
}

void sense_mtu_forget(struct sense_link *l)
{
	tell(l, 0, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow whose promise is broken is looked at: for as long as it is, and a while after, its headend
 * sends small probes and such as long as its longest packets along its policy. That large ones do
 * not pass where small ones do is what no counter tells. At most LOOKS_MAX flows of a headend.
 */
#include "assure/flows/room_priv.h"

#define LOOK_NS (15 * NS_PER_S) /* after the last window that was out of bounds */
#define FRESH_NS (4 * NS_PER_S)

enum {
	MTU_LEAST = 1280, /* what IPv6 promises, where the order does not */
	PADDING_MAX = 2048,
	/* Of a packet: outer header, and 8 octets of marks. */
	AROUND_PACKET = 40 + 8,
	/* Of a probe: IPv6, UDP, test packet, header of the padding. SRHs are about the same. */
	PROBE = 40 + 8 + 44 + 4,
};

void room_look_window(struct assure_room *r, struct room_flow *f, enum assure_verdict v)
{
	if (v != ASSURE_VIOLATED)
		return;
	f->look_until_ns = assure_room_wall(r) + LOOK_NS;
	if (f->looking)
		return;
	f->looking = true;
	f->has_large = f->small_good = f->steady = false;
	assure_room_plan_soon(r);
}

bool room_look_over(const struct assure_room *r, struct room_flow *f)
{
	if (!f->looking || assure_room_wall(r) < f->look_until_ns)
		return false;
	f->looking = false;
	return true;
}

static uint32_t promised_mtu(const struct assure_room *r, const struct room_flow *f)
{
	struct slice_flow_view v;

	for (uint32_t at = 0; at < SLICE_FLOWS_MAX && slice_flows(r->parts.slice, f->of->id, at, &v, 1) == 1; at++)
		if (sr_policy_key_cmp(&v.key, &f->key) == 0)
			return v.mtu ? v.mtu : MTU_LEAST;
	return MTU_LEAST;
}

uint16_t room_look_padding(const struct assure_room *r, const struct room_flow *f)
{
	uint32_t size = promised_mtu(r, f) + AROUND_PACKET;

	size = size > PROBE ? size - PROBE : 0;
	return (uint16_t)(size < PADDING_MAX ? size : PADDING_MAX);
}

/* Three of four: the rest may be of the beginning or the end of what hurts them. */
static bool is_good(const struct assure_look *l)
{
	return l->received > 0 && l->received * 4 >= l->sent * 3;
}

/*
 * Windows of both sizes are as long, and not of the same time: what is told of large ones is held
 * against the small windows before and after, which cover it. Else whatever begins or ends between
 * the two looks as if it took only the large ones.
 */
void room_look_take(struct room_device *d, const struct room_session *s)
{
	struct room_flow *f = room_flow_of(d->r, s->flow);
	const struct assure_look is = { .sent = s->sent,
					.received = s->known ? s->received : 0,
					.lost_forward = s->known ? s->lost : 0,
					.lost_backward = s->known ? s->lost_backward : 0 };

	if (!f || !f->looking || d->node != f->nodes[0])
		return;
	if (s->kind == ROOM_PROBE_LARGE) {
		f->large = is;
		f->has_large = true;
		return;
	}
	if (f->has_large) {
		f->saw_small = is;
		f->saw_large = f->large;
		f->saw_ns = assure_room_wall(d->r);
		f->steady = f->small_good && is_good(&is);
	}
	f->has_large = false;
	f->small_good = is_good(&is);
}

bool room_look_seen(const struct assure_room *r, const struct room_flow *f)
{
	return f->looking && assure_room_wall(r) - f->saw_ns <= FRESH_NS;
}

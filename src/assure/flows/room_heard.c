/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of probes that nobody answers their sender cannot tell which way they were lost. Who is asked can: it
 * counts what it answers, by sender and session. So where a flow ends whose probes are in silence the
 * reflector is looked at; what it counts still is lost on the way back, and what it does not on the way
 * there. Three windows in a row have to say so, and nothing is said of what nobody tells.
 */
#include "assure/flows/room_priv.h"

enum { HEARD_MAX = 1024, WINDOWS = 3 };

static struct room_heard *heard_of(struct room_device *d, const struct ip_addr *source, uint16_t ssid, bool make)
{
	const struct room_heard h = { .source = *source, .ssid = ssid };

	for (size_t i = 0; i < d->heard.n; i++)
		if (d->heard.at[i].ssid == ssid && ip_eq(&d->heard.at[i].source, source))
			return &d->heard.at[i];
	return make && d->heard.n < HEARD_MAX ? VEC_ADD(&d->heard, h) : NULL;
}

void room_heard_sample(struct room_device *d, const struct device_sample *s)
{
	static const char tail[] = "]/packets";
	char source[IP_TEXT_MAX], ssid[8];
	size_t len = strlen(s->path);
	struct room_heard *h;
	struct ip_addr a;
	uint64_t id;

	if (!strstr(s->path, "/heard[") || len < sizeof(tail) || strcmp(s->path + len - sizeof(tail) + 1, tail) != 0 ||
	    !room_key_of(s->path, "source", source, sizeof(source)) || !room_key_of(s->path, "ssid", ssid, sizeof(ssid)) ||
	    ip_parse(source, &a) != 0 || str_u64(ssid, &id) != 0 || id > UINT16_MAX)
		return;
	h = heard_of(d, &a, (uint16_t)id, !s->gone && s->number);
	if (h && s->gone)
		*h = d->heard.at[--d->heard.n];
	else if (h && s->number)
		h->packets = s->u;
}

void room_heard_forget(struct room_device *d)
{
	d->heard.n = 0;
	d->heard_synced = false;
}

static void silence_over(struct room_flow *f)
{
	f->silent = f->far_based = false;
	f->far_same = f->far_more = 0;
	f->silence = ASSURE_NO_SILENCE;
}

/* A window of probes of f is over: so many were sent, and were answered or not. */
void room_heard_window(struct room_device *d, struct room_flow *f, const struct room_session *s)
{
	struct assure_room *r = d->r;
	struct room_device *far = f->n_nodes > 1 ? room_device_at(r, f->nodes[f->n_nodes - 1]) : NULL;
	const struct room_heard *h;
	uint64_t now;

	if (s->known || s->sent == 0 || !s->has_ssid) {
		silence_over(f);
		return;
	}
	if (!f->silent)
		assure_room_plan_soon(r); /* it is looked at from now on */
	f->silent = true;
	f->silent_sent = s->sent;
	if (!far || !far->up || !far->heard_synced || (f->far_based && f->far_ssid != s->ssid)) {
		f->far_based = false;
		f->far_same = f->far_more = 0;
		f->silence = ASSURE_NO_SILENCE;
		if (!far || !far->up || !far->heard_synced)
			return;
	}
	h = heard_of(far, &f->key.headend, s->ssid, false);
	now = h ? h->packets : 0;
	f->far_same = f->far_based && now == f->far_packets ? f->far_same + 1 : 0;
	f->far_more = f->far_based && now > f->far_packets ? f->far_more + 1 : 0;
	f->far_based = true;
	f->far_ssid = s->ssid;
	f->far_packets = now;
	f->silence = f->far_same >= WINDOWS ? ASSURE_LOST_THERE : f->far_more >= WINDOWS ? ASSURE_LOST_BACK : ASSURE_NO_SILENCE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resize-nrp: the share of a slice's partition is raised on links where its queue is too small for what is
 * sent, or for what is reserved in it, and on those behind it that would drop instead. Slice says how far (the operator's limit, what others have), makes it
 * durable and lets it be reserved once the queue was read back with it; here is what it is to be, and what
 * it was. It is another's when somebody wrote the partition since.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/str.h"

enum { SPARE_PCT = 110, ALL_PCT = 100, PARENTS_MAX = 16, NEWS_S = 10 };

static uint64_t with_spare(uint64_t bps)
{
	return bps / ALL_PCT * SPARE_PCT;
}

/* What a link's growth is now; all zero but link where there is none. */
static struct slice_grow present(const struct repair_desk *d, uint32_t nrp, const char *link)
{
	const struct slice_growth *g = slice_growth_of(d->p.slice, nrp, link);
	struct slice_grow none = { .bps = 0 };

	(void)str_copy(none.link, sizeof(none.link), link);
	return g ? g->is : none;
}

/* ---- what is to be ---- */

/* Of one that is inside of another: that of the outermost. */
static uint32_t nrp_of(const struct repair_desk *d, const char *slice)
{
	const struct slice_service *v = slice_service_of(d->p.slice, slice);

	for (unsigned k = 0; v && v->real.parent && k < PARENTS_MAX; k++)
		v = slice_service_of(d->p.slice, v->real.parent);
	return v ? v->real.nrp : 0;
}

static bool suspected(const struct desk_course *c, const struct ted *t, uint32_t link, const char *label)
{
	for (uint8_t i = 0; i < c->n_suspects; i++)
		if (strcmp(c->suspect[i], label) == 0 ||
		    strcmp(c->suspect[i], ted_node_label(t, t->links[link].from)) == 0)
			return true;
	return c->n_suspects == 0;
}

struct planning {
	const struct repair_desk *d;
	struct desk_course *c;
	const struct ted *ted;
	/* By queues so far on the path, of what they were offered: it comes to those behind them then. Those are
	 * read a little later. */
	uint64_t dropped, offered, since_ns;
	uint64_t lost, of; /* packets of the slice, of the flow that loses most of them */
	char why[REPAIR_TEXT_MAX]; /* what stands against it on a link where it is needed */
	struct str said;
};

static void add(struct planning *p, const char *label, const struct slice_growth_room *room, uint64_t to)
{
	struct desk_resize *r = &p->c->resize;

	r->before[r->n] = present(p->d, r->nrp, label);
	r->want[r->n] = (struct slice_grow){ .bps = to, .incident = p->c->incident };
	(void)str_copy(r->want[r->n].link, TED_LABEL_MAX, label);
	(void)str_copy(r->want[r->n].slice, SLICE_ID_MAX, p->c->slice);
	str_addf(&p->said, "%s%.60s on %.60s: %llu to %llu bit/s", r->n ? ", " : "partition ", room->name, label,
		 (unsigned long long)room->bps, (unsigned long long)to);
	if (to == room->most_bps)
		str_addf(&p->said, ", %s", room->by);
	r->n++;
}

/* What is offered to a queue that drops. Readings may be of a time in which it was less: while it drops it sends
 * what it is assured at least, and what the slice loses by its own packets is the rest. */
static uint64_t offered_to(const struct planning *p, const struct desk_queue *q, uint64_t share)
{
	uint64_t by_loss = p->of > p->lost ? share / (p->of - p->lost) * p->of : share;

	return by_loss > q->dropping_bps ? by_loss : q->dropping_bps;
}

/* What the queue there would have to be assured: it drops, or what one before it drops comes here then, or
 * more is reserved in it. 0: it is large enough. */
static uint64_t need_of(const struct planning *p, const struct desk_queue *q, uint32_t link, bool drops, uint64_t share)
{
	uint64_t reserved = intent_nrp_reserved(p->d->p.intent, link, p->c->resize.nrp);
	uint64_t offered = p->dropped ? q->offered_bps + p->dropped : 0;

	/* It was read before they dropped: what they were offered comes here. */
	if (p->dropped && q->began_ns < p->since_ns && offered < p->offered)
		offered = p->offered;
	if (drops && offered < offered_to(p, q, share) + p->dropped)
		offered = offered_to(p, q, share) + p->dropped;
	return with_spare(offered) > reserved ? with_spare(offered) : reserved;
}

static void dropped(struct planning *p, const struct desk_queue *q, uint64_t share)
{
	p->offered = offered_to(p, q, share) + p->dropped;
	p->dropped += q->dropping_bps / q->of * q->lost;
	p->since_ns = q->since_ns > p->since_ns ? q->since_ns : p->since_ns;
}

static void consider(struct planning *p, uint32_t link, const char *label)
{
	struct desk_resize *r = &p->c->resize;
	struct slice_growth_room room = { .bps = 0 };
	struct slice_result no;
	struct desk_queue q = { 0 };
	bool suspect = suspected(p->c, p->ted, link, label), behind = p->dropped > 0, drops;
	bool may = slice_growth_room(p->d->p.slice, r->nrp, label, &room, &no) == 0;
	uint64_t to;

	drops = repair_devices_queue(p->d, link, r->nrp, &q) && q.lost && (suspect || behind);
	to = suspect || behind ? need_of(p, &q, link, drops, room.bps) : 0;
	if (drops)
		dropped(p, &q, room.bps);
	for (uint8_t i = 0; i < r->n; i++)
		if (strcmp(r->want[i].link, label) == 0)
			return;
	if (to == 0 || p->why[0])
		return;
	if (!may) {
		if (drops || behind)
			(void)str_copy(p->why, sizeof(p->why), no.text);
		return;
	}
	if (drops && to <= room.bps)
		to = with_spare(room.bps); /* in bursts it is more */
	if (to > room.most_bps)
		to = room.most_bps;
	if (to > room.bps && r->n < SLICE_GROW_MAX)
		add(p, label, &room, to);
	else if (drops)
		(void)snprintf(p->why, sizeof(p->why), "partition %.60s has %llu bit/s of %.60s, that is %s", room.name,
			       (unsigned long long)room.bps, label, room.by);
}

static void along(struct planning *p, const char *path)
{
	char label[TED_LABEL_MAX];

	p->dropped = p->offered = p->since_ns = 0;
	while (*path) {
		size_t len = strcspn(path, ",");
		uint32_t link = TED_NONE;

		(void)snprintf(label, sizeof(label), "%.*s", (int)(len < sizeof(label) ? len : 0), path);
		link = ted_link_by_text(p->ted, label);
		if (link != TED_NONE)
			consider(p, link, label);
		path += len + (path[len] == ',');
	}
}

static void losses(struct planning *p)
{
	uint64_t now = loop_wall_ns(p->d->p.loop);

	for (size_t i = 0; i < p->d->n_facts; i++) {
		const struct desk_fact *k = &p->d->facts[i];
		const char *of = k->has_key && k->f.kind == LOCATE_FLOW_LOSS ? slice_of(p->d->p.slice, &k->key) : NULL;

		if (!of || strcmp(of, p->c->slice) != 0 || k->f.at_ns + NEWS_S * NS_PER_S < now ||
		    k->f.lost >= k->f.of || k->f.of > UINT32_MAX ||
		    (p->of && (double)k->f.lost / (double)k->f.of <= (double)p->lost / (double)p->of))
			continue;
		p->lost = k->f.lost;
		p->of = k->f.of;
	}
}

/* NULL, or why it cannot be. */
static const char *plan_up(struct planning *p)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;

	p->c->resize.nrp = nrp_of(p->d, p->c->slice);
	p->ted = intent_ted(p->d->p.intent);
	if (!p->c->resize.nrp)
		return "the slice is in no partition";
	if (!p->ted || !v)
		return "the topology is not in sight";
	losses(p);
	for (uint32_t at = 0; slice_flows(p->d->p.slice, p->c->slice, at, &f, 1) == 1; at++)
		if (intent_get(p->d->p.intent, &f.key, v) == 0)
			along(p, v->path_text);
	if (p->why[0])
		return p->why;
	return p->c->resize.n ? NULL : "no queue of its partition drops on what is suspected";
}

/* ---- taking it away ---- */

enum resize_state {
	RESIZE_STANDS,
	RESIZE_COVERED, /* a later repair raised it further */
	RESIZE_OTHER,	/* somebody wrote the partition since */
};

static bool same(const struct slice_grow *a, const struct slice_grow *b)
{
	return a->bps == b->bps && a->incident == b->incident;
}

static enum resize_state state_of(const struct repair_desk *d, const struct desk_course *c)
{
	for (uint8_t i = 0; i < c->resize.n; i++) {
		const struct slice_grow is = present(d, c->resize.nrp, c->resize.want[i].link);

		if (same(&is, &c->resize.want[i]))
			continue;
		return is.incident > c->incident && is.bps > c->resize.want[i].bps ? RESIZE_COVERED : RESIZE_OTHER;
	}
	return RESIZE_STANDS;
}

/* What it sends now would not go through what it was assured before. */
static bool too_small(const struct repair_desk *d, uint32_t nrp, const struct slice_grow *to, char *why)
{
	const struct ted *t = intent_ted(d->p.intent);
	uint32_t link = t ? ted_link_by_text(t, to->link) : TED_NONE;
	struct slice_growth_room room = { .ordered_bps = 0 };
	struct slice_result no;
	struct desk_queue q;
	uint64_t less;

	if (link == TED_NONE || !repair_devices_queue(d, link, nrp, &q) ||
	    slice_growth_room(d->p.slice, nrp, to->link, &room, &no) != 0)
		return false;
	less = to->bps > room.ordered_bps ? to->bps : room.ordered_bps;
	if (q.offered_bps <= less)
		return false;
	(void)snprintf(why, REPAIR_TEXT_MAX, "the queue on %.80s is offered %llu bit/s, it would be assured %llu",
		       to->link, (unsigned long long)q.offered_bps, (unsigned long long)less);
	return true;
}

static const char *plan_back(struct planning *p, const struct desk_course *was)
{
	struct desk_resize *r = &p->c->resize;

	r->nrp = was->resize.nrp;
	if (state_of(p->d, was) != RESIZE_STANDS)
		return "the partition is no longer as it was repaired";
	for (uint8_t i = 0; i < was->resize.n; i++) {
		if (too_small(p->d, r->nrp, &was->resize.before[i], p->why))
			return p->why;
		str_addf(&p->said, "%s%.80s: %llu bit/s less %s", i ? ", " : "", was->resize.want[i].link,
			 (unsigned long long)was->resize.want[i].bps,
			 was->resize.before[i].bps ? "what was raised last" : "again, as ordered");
	}
	memcpy(r->before, was->resize.want, sizeof(r->before));
	memcpy(r->want, was->resize.before, sizeof(r->want));
	r->n = was->resize.n;
	return NULL;
}

/* ---- deeds ---- */

/* What could not be is taken back until it is: a little later it may be possible. */
static void answered(void *arg, const struct slice_result *r)
{
	struct desk_course *c = arg;
	struct slice_result own = *r;

	own.id[0] = '\0'; /* its text says which partition */
	if (c->doing == DESK_FAILS && (r->code == SLICE_E_BUSY || r->code == SLICE_E_BLIND))
		c->doing = DESK_CONFIRMS;
	else
		repair_act_answered(c, &own);
}

static const char *plan(struct repair_desk *d, struct desk_course *c, const struct repair_do *what)
{
	struct planning p = { .d = d, .c = c };
	const char *why;

	(void)what;
	c->resize = (struct desk_resize){ .n = 0 };
	why = plan_up(&p);
	(void)str_copy(c->said, sizeof(c->said), why ? why : str_text(&p.said));
	str_fini(&p.said);
	return why ? c->said : NULL;
}

static const char *turn(struct repair_desk *d, struct desk_course *c, const struct desk_course *was)
{
	struct planning p = { .d = d, .c = c };
	const char *why;

	c->resize = (struct desk_resize){ .n = 0 };
	why = plan_back(&p, was);
	(void)str_copy(c->said, sizeof(c->said), why ? why : str_text(&p.said));
	str_fini(&p.said);
	return why ? c->said : NULL;
}

static bool wanted_on(const struct repair_desk *d, const struct desk_course *c, uint8_t i)
{
	const struct slice_grow is = present(d, c->resize.nrp, c->resize.want[i].link);

	return same(&is, &c->resize.want[i]);
}

static bool all_wanted(const struct repair_desk *d, const struct desk_course *c)
{
	for (uint8_t i = 0; i < c->resize.n; i++)
		if (!wanted_on(d, c, i))
			return false;
	return true;
}

/* What somebody wrote since stays. */
static bool undo(struct repair_desk *d, struct desk_course *c)
{
	struct slice_grow back[SLICE_GROW_MAX];
	uint32_t n = 0;

	for (uint8_t i = 0; i < c->resize.n; i++)
		if (wanted_on(d, c, i))
			back[n++] = c->resize.before[i];
	if (n)
		slice_growth_put(d->p.slice, c->resize.nrp, back, n, false, answered, c);
	else if (!c->said[0])
		(void)str_copy(c->said, sizeof(c->said), "the partition was written meanwhile: it is as it was written");
	return n > 0;
}

static bool put(struct repair_desk *d, struct desk_course *c, enum desk_put how)
{
	if (how == DESK_UNDO)
		return undo(d, c);
	if (how == DESK_DO && all_wanted(d, c))
		return false;
	slice_growth_put(d->p.slice, c->resize.nrp, c->resize.want, c->resize.n, how == DESK_TRY, answered, c);
	return true;
}

/* Its queues have it, and it may be reserved. */
static enum desk_stands stands(struct repair_desk *d, struct desk_course *c)
{
	char why[SR_REASON_MAX];
	bool in = true;

	if (!all_wanted(d, c)) {
		(void)str_copy(c->said, sizeof(c->said), "the partition was written meanwhile");
		return DESK_FAILED;
	}
	for (uint8_t i = 0; i < c->resize.n; i++) {
		const struct slice_growth *g = slice_growth_of(d->p.slice, c->resize.nrp, c->resize.want[i].link);

		in = in && (!g || g->in_bps == g->is.bps) &&
		     slice_nrp_queue(d->p.slice, c->resize.nrp, c->resize.want[i].link, why);
		if (!g || !g->why[0])
			continue;
		(void)snprintf(c->said, sizeof(c->said), "%.80s: %.150s", g->is.link, g->why);
		return DESK_FAILED;
	}
	if (!in)
		return DESK_NOT_YET;
	(void)str_copy(c->said, sizeof(c->said), "its queues are as they are to be, as their devices say, and so is the book");
	return DESK_STANDS;
}

/* ---- later ---- */

static bool moot(struct repair_desk *d, const struct desk_course *was)
{
	return state_of(d, was) == RESIZE_OTHER;
}

static bool covered(struct repair_desk *d, const struct desk_course *was)
{
	return state_of(d, was) == RESIZE_COVERED;
}

static bool holds(const struct desk_course *c, const char *slice)
{
	(void)c;
	(void)slice;
	return false; /* where slices run stays as it is */
}

/* Growths of the partition that are, or are not, of a slice that is there. */
static uint32_t taken_away(const struct repair_desk *d, uint32_t nrp, const char *slice, struct slice_grow *out)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	uint32_t n = 0;
	size_t k;
	const struct slice_growth *g = slice_growths(d->p.slice, nrp, &k);

	for (size_t i = 0; v && i < k && n < SLICE_GROW_MAX; i++) {
		if (slice ? strcmp(g[i].is.slice, slice) != 0 :
			    slice_get(d->p.slice, g[i].is.slice, v) != SLICE_E_MISSING)
			continue;
		out[n] = g[i].is;
		out[n++].bps = 0;
	}
	return n;
}

bool repair_resize_release(struct repair_desk *d, const char *slice, slice_done_fn fn, void *arg)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	struct slice_grow away[SLICE_GROW_MAX];
	uint32_t nrp = nrp_of(d, slice), n = nrp ? taken_away(d, nrp, slice, away) : 0;
	bool alone = v && slice_get(d->p.slice, slice, v) == 0 && v->detour.n_avoid == 0 &&
		     !v->detour.swapped && !v->shed_for[0];

	if (n == 0)
		return false;
	/* Who asked hears of one of both. */
	slice_growth_put(d->p.slice, nrp, away, n, false, alone ? fn : NULL, alone ? arg : NULL);
	return alone;
}

void repair_resize_sweep(struct repair_desk *d)
{
	struct slice_grow away[SLICE_GROW_MAX];

	for (const char *id = slice_next(d->p.slice, SLICE_NRP, NULL); id; id = slice_next(d->p.slice, SLICE_NRP, id)) {
		uint32_t nrp = slice_nrp_id(d->p.slice, id), n = taken_away(d, nrp, NULL, away);

		if (n)
			slice_growth_put(d->p.slice, nrp, away, n, false, NULL, NULL);
	}
}

/* ---- durable, with the incident ---- */

static void print(struct str *s, const struct desk_course *c)
{
	const struct desk_resize *r = &c->resize;

	if (r->n == 0)
		return;
	str_addf(s, ",\"resize\":{\"nrp\":%u,\"link\":[", r->nrp);
	for (uint8_t i = 0; i < r->n; i++) {
		str_add(s, i ? ",{\"link\":" : "{\"link\":");
		str_json(s, r->want[i].link);
		for (unsigned k = 0; k < 2; k++) {
			const struct slice_grow *g = k ? &r->want[i] : &r->before[i];

			str_addf(s, ",\"%s\":{\"bps\":%llu,\"incident\":%u,\"slice\":", k ? "want" : "before",
				 (unsigned long long)g->bps, g->incident);
			str_json(s, g->slice);
			str_add(s, "}");
		}
		str_add(s, "}");
	}
	str_add(s, "]}");
}

static bool grow_read(json_object *o, const char *name, const char *link, struct slice_grow *out)
{
	json_object *v = NULL, *bps = NULL, *incident = NULL, *slice = NULL;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_object_get_ex(v, "bps", &bps) ||
	    !json_object_object_get_ex(v, "incident", &incident) || !json_object_object_get_ex(v, "slice", &slice))
		return false;
	out->bps = json_object_get_uint64(bps);
	out->incident = (uint32_t)json_object_get_uint64(incident);
	return str_copy(out->link, sizeof(out->link), link) && json_object_is_type(slice, json_type_string) &&
	       str_copy(out->slice, sizeof(out->slice), json_object_get_string(slice));
}

static void read(json_object *deed, struct desk_course *c)
{
	struct desk_resize *out = &c->resize;
	json_object *o = NULL, *nrp = NULL, *links = NULL;

	if (!json_object_object_get_ex(deed, "resize", &o) || !json_object_object_get_ex(o, "nrp", &nrp) ||
	    !json_object_object_get_ex(o, "link", &links) || !json_object_is_type(links, json_type_array))
		return;
	out->nrp = (uint32_t)json_object_get_uint64(nrp);
	for (size_t i = 0; i < json_object_array_length(links) && out->n < SLICE_GROW_MAX; i++) {
		json_object *one = json_object_array_get_idx(links, i), *link = NULL;
		struct slice_grow *b = &out->before[out->n], *w = &out->want[out->n];
		const char *label;

		if (!json_object_object_get_ex(one, "link", &link) || !json_object_is_type(link, json_type_string))
			continue;
		label = json_object_get_string(link);
		if (grow_read(one, "before", label, b) && grow_read(one, "want", label, w))
			out->n++;
	}
}

const struct desk_way repair_resize_way = {
	.plan = plan,
	.turn = turn,
	.put = put,
	.stands = stands,
	.moot = moot,
	.covered = covered,
	.holds = holds,
	.print = print,
	.read = read,
};

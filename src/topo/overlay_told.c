/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of links from elsewhere: their MTU, which no feed tells, and their delay as it was measured. A router's own word goes before, unless who
 * measured is preferred: RFC 8571 hands on what the routers flood and compute with, and two who
 * compute by two numbers make loops where one of them is a router. So attributes for Flex-Algo never
 * change here.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "topo/overlay.h"

static int order(const struct overlay_link *l, const char *id, const struct ip_addr *local_v6)
{
	int c = strcmp(l->id, id);

	return c ? c : ip_cmp(&l->local_v6, local_v6);
}

static size_t at(const struct overlay *o, const char *id, const struct ip_addr *local_v6)
{
	size_t lo = 0, hi = o->links.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (order(&o->links.at[mid], id, local_v6) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct overlay_link *link_of(const struct overlay *o, const char *id, const struct ip_addr *local_v6)
{
	size_t i = at(o, id, local_v6);

	return i < o->links.n && order(&o->links.at[i], id, local_v6) == 0 ? &o->links.at[i] : NULL;
}

static bool delay_eq(const struct topo_delay *a, const struct topo_delay *b)
{
	return a->min_us == b->min_us && a->max_us == b->max_us && a->var_us == b->var_us && a->prefer == b->prefer;
}

static enum overlay_news news_of(const struct topo_delay *was, const struct topo_delay *is)
{
	if (!was || !is)
		return was == is ? OVERLAY_SAME : is ? OVERLAY_MORE : OVERLAY_LESS;
	if (delay_eq(was, is))
		return OVERLAY_SAME;
	return is->min_us > was->min_us ? OVERLAY_LESS : OVERLAY_MORE;
}

static int add(struct overlay *o, const struct overlay_link *l)
{
	size_t i = at(o, l->id, &l->local_v6);

	if (!VEC_ADD(&o->links, *l))
		return err_raise(-ENOMEM);
	memmove(&o->links.at[i + 1], &o->links.at[i], (o->links.n - 1 - i) * sizeof(*l));
	o->links.at[i] = *l;
	return 0;
}

/* What is known of a link, in place of was (NULL: nothing was). */
static int put(struct overlay *o, struct overlay_link *was, const struct overlay_link *is)
{
	size_t i;

	if (was && (is->has_delay || is->mtu)) {
		*was = *is;
		return 0;
	}
	if (!was)
		return add(o, is);
	i = (size_t)(was - o->links.at);
	o->links.n--;
	memmove(was, was + 1, (o->links.n - i) * sizeof(*was));
	return 0;
}

static int link_begin(const struct overlay_link *was, const char *id, const struct ip_addr *local_v6,
		      struct overlay_link *out)
{
	*out = was ? *was : (struct overlay_link){ .local_v6 = *local_v6 };
	return was || str_copy(out->id, sizeof(out->id), id) ? 0 : err_raise(-EINVAL);
}

int overlay_delay_set(struct overlay *o, const char *id, const struct ip_addr *local_v6, const struct topo_delay *d,
		      enum overlay_news *news)
{
	struct overlay_link *was = link_of(o, id, local_v6), is;

	*news = news_of(was && was->has_delay ? &was->delay : NULL, d);
	if (*news == OVERLAY_SAME)
		return 0;
	if (link_begin(was, id, local_v6, &is) < 0)
		return -EINVAL;
	is.has_delay = d != NULL;
	is.delay = d ? *d : (struct topo_delay){ 0 };
	return put(o, was, &is);
}

int overlay_mtu_set(struct overlay *o, const char *id, const struct ip_addr *local_v6, uint16_t mtu,
		    enum overlay_news *news)
{
	struct overlay_link *was = link_of(o, id, local_v6), is;
	uint16_t before = was ? was->mtu : 0;

	*news = mtu == before ? OVERLAY_SAME : before == 0 || (mtu && mtu < before) ? OVERLAY_LESS : OVERLAY_MORE;
	if (*news == OVERLAY_SAME)
		return 0;
	if (link_begin(was, id, local_v6, &is) < 0)
		return -EINVAL;
	is.mtu = mtu;
	return put(o, was, &is);
}

/* What Flex-Algo uses stays what the router said. */
static int flex_keep(struct arena *a, struct ted_link *t)
{
	struct ted_flex_attrs *own;

	if (!t->flex_plain)
		return 0;
	own = ARENA_NEW(a, struct ted_flex_attrs);
	if (!own)
		return err_raise(-ENOMEM);
	*own = (struct ted_flex_attrs){ .has_te = t->has_te, .has_delay = t->has_delay, .te_metric = t->te_metric,
					.delay_us = t->delay_min_us, .srlg = t->srlg, .n_srlg = t->n_srlg };
	memcpy(own->admin_group, t->admin_group, sizeof(own->admin_group));
	t->flex_plain = false;
	t->flex = own;
	return 0;
}

static int delay_fill(struct arena *a, const struct topo_delay *d, struct ted_link *t)
{
	if (t->has_delay && !d->prefer)
		return 0;
	if (flex_keep(a, t) < 0)
		return -ENOMEM;
	t->has_delay = t->has_delay_var = true;
	t->delay_us = t->delay_min_us = d->min_us;
	t->delay_max_us = d->max_us;
	t->delay_var_us = d->var_us;
	return 0;
}

int overlay_told_fill(const struct overlay *o, struct arena *a, const char *id, struct ted_link *t)
{
	const struct overlay_link *l = o->links.n && t->local_v6.family ? link_of(o, id, &t->local_v6) : NULL;

	if (!l)
		return 0;
	if (l->mtu)
		t->mtu = l->mtu;
	return l->has_delay ? delay_fill(a, &l->delay, t) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How partitions are: for people, events and metrics. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"
#include "nrp/nrp_priv.h"

const char *nrp_status_text(enum nrp_status s)
{
	static const char *const text[NRP_STATUSES] = { "waiting", "in", "failed", "leaving" };

	return text[s];
}

/* ---- parts of one ---- */

static const char *why_waiting(const struct nrp_device *d)
{
	return !d->up		     ? "the device cannot be reached" :
	       !d->fits		     ? "the device has no model of partitions" :
	       d->leaves.over	     ? "the device says more than is kept here" :
	       !nrp_device_known(d) ? "what the device has is not known yet" :
				       "the device has not read it back";
}

static enum nrp_status status_of(struct nrp_device *d, uint32_t id, bool right, bool in, const char *said,
				 const char **reason)
{
	const struct nrp_seat *s = nrp_seat_of(d, id, false);

	*reason = "";
	if (right && in)
		return NRP_IN;
	if (right && said[0]) {
		*reason = said;
		return NRP_FAILED;
	}
	if (s && s->failed) {
		*reason = s->why;
		return NRP_FAILED;
	}
	*reason = why_waiting(d);
	return d->up && !d->fits ? NRP_FAILED : NRP_WAITING;
}

enum nrp_status nrp_class_status(struct nrp_device *d, const char *link, const struct nrp_class *want,
				 const char **reason)
{
	struct nrp_link *l = nrp_box_link(&d->have, link, false);
	struct nrp_class *c = l ? nrp_link_class(l, want->id, false) : NULL;

	if (want->lacks) {
		*reason = "more is reserved in it than partitions with a rate leave of the link";
		return NRP_FAILED;
	}
	return status_of(d, want->id, c && nrp_class_eq(c, want), c && c->in, c ? c->reason : "", reason);
}

static enum nrp_status locator_status(struct nrp_device *d, const struct nrp_locator *want, const char **reason)
{
	const struct nrp_locator *h = nrp_box_locator(&d->have, &want->prefix, false);
	const char *said = h ? h->reason : "";
	bool in = h && h->in;

	for (size_t i = 0; h && i < h->adjacencies.n; i++) {
		in = in && h->adjacencies.at[i].in;
		said = said[0] ? said : h->adjacencies.at[i].reason;
	}
	return status_of(d, want->id, h && nrp_locator_eq(h, want), in, said, reason);
}

/* ---- each ---- */

static bool counter(const struct nrp_device *d, const char *link, uint32_t id, const char *name, uint64_t *out)
{
	char path[DEVICE_PATH_MAX];
	const char *text;

	(void)snprintf(path, sizeof(path), "/device/link[name=%s]/nrp[id=%u]/state/%s", link, id, name);
	text = nrp_leaf_text(&d->leaves, path);
	return text && str_u64(text, out) == 0;
}

static void link_view(const struct nrp *n, struct nrp_device *d, const struct nrp_link *l,
		      const struct nrp_class *c, void (*fn)(void *arg, const struct nrp_link_view *v), void *arg)
{
	char label[2 * TED_LABEL_MAX] = "";
	const struct nrp_part *p = nrp_part_of(n, c->id);
	struct nrp_link_view v = { .device = d->name, .interface = l->name, .link = label,
				   .capacity_bps = l->capacity, .rate_bps = c->rate, .ceil_bps = c->ceil,
				   .priority = c->priority };

	if (n->ted && c->link < n->ted->n_links)
		(void)ted_link_label(n->ted, c->link, label, sizeof(label));
	if (p && c->link < p->n_share && p->ordered[c->link] > SLICE_NO_SHARE) {
		v.ordered_bps = p->ordered[c->link];
		v.growth = nrp_grown(n, c->id, c->link);
	}
	v.status = nrp_class_status(d, l->name, c, &v.reason);
	v.counted = counter(d, l->name, c->id, "packets", &v.packets) &&
		    counter(d, l->name, c->id, "octets", &v.octets) &&
		    counter(d, l->name, c->id, "drops", &v.drops) &&
		    counter(d, l->name, c->id, "backlog", &v.backlog);
	fn(arg, &v);
}

void nrp_each_link(const struct nrp *n, uint32_t id, void (*fn)(void *arg, const struct nrp_link_view *v),
		   void *arg)
{
	for (size_t i = 0; i < n->devices.n; i++) {
		struct nrp_device *d = n->devices.at[i];

		for (size_t k = 0; k < d->want.links.n; k++) {
			struct nrp_class *c = nrp_link_class(&d->want.links.at[k], id, false);

			if (c)
				link_view(n, d, &d->want.links.at[k], c, fn, arg);
		}
	}
}

void nrp_each_node(const struct nrp *n, uint32_t id, void (*fn)(void *arg, const struct nrp_node_view *v),
		   void *arg)
{
	for (size_t i = 0; i < n->devices.n; i++) {
		struct nrp_device *d = n->devices.at[i];

		for (size_t k = 0; k < d->want.locators.n; k++) {
			const struct nrp_locator *l = &d->want.locators.at[k];
			struct nrp_node_view v = { .device = d->name, .locator = l->prefix,
						   .n_adjacencies = (uint32_t)l->adjacencies.n };

			if (l->id != id)
				continue;
			v.status = locator_status(d, l, &v.reason);
			fn(arg, &v);
		}
	}
}

int nrp_locator(const struct nrp *n, const char *device, uint32_t id, struct ip_prefix *out)
{
	struct nrp_device *d = nrp_device_of(n, device);
	const struct nrp_part *p = nrp_part_of(n, id);

	for (size_t i = 0; d && i < d->want.locators.n; i++) {
		const struct nrp_locator *l = &d->want.locators.at[i];
		const struct nrp_locator *h = l->id == id ? nrp_box_locator(&d->have, &l->prefix, false) : NULL;

		if (!h || !h->in)
			continue;
		*out = l->prefix;
		return 0;
	}
	if (d && d->node != TED_NONE && p && p->theirs && !p->refused[0]) {
		const struct ted_node *node = &n->ted->nodes[d->node];

		for (uint32_t k = 0; k < node->n_locators; k++) {
			if (node->locators[k].algo != p->algo)
				continue;
			*out = node->locators[k].prefix;
			return 0;
		}
		return -EAGAIN; /* the router does not take part, or has not told */
	}
	/* Before the first look nothing is known. */
	if (n->parts.n == 0 && slice_count(n->env.slice, SLICE_NRP) > 0)
		return -EAGAIN;
	return p && !p->refused[0] ? -EAGAIN : 1;
}

/* ---- of a slice ---- */

static void queues_of(struct nrp_device *d, uint32_t id, slice_device_fn fn, void *arg)
{
	struct slice_device out = { .part = "queues", .device = d->name, .state = "done", .reason = "" };

	for (size_t k = 0; k < d->want.links.n; k++) {
		const struct nrp_class *c = nrp_link_class(&d->want.links.at[k], id, false);
		const char *reason;
		enum nrp_status st;

		if (!c)
			continue;
		st = nrp_class_status(d, d->want.links.at[k].name, c, &reason);
		out.wanted++;
		out.there += st == NRP_IN;
		if (st == NRP_IN || strcmp(out.state, "refused") == 0)
			continue;
		out.state = st == NRP_FAILED ? "refused" : "waiting";
		out.reason = reason;
	}
	if (out.wanted)
		fn(arg, &out);
}

void nrp_queues_each(void *ctx, const char *id, slice_device_fn fn, void *arg)
{
	const struct nrp *n = ctx;
	const struct slice_service *s = slice_service_of(n->env.slice, id);

	for (size_t i = 0; s && s->real.nrp && i < n->devices.n; i++)
		queues_of(n->devices.at[i], s->real.nrp, fn, arg);
}

/* ---- one partition ---- */

static void worse(struct nrp_view *v, enum nrp_status st, const char *device, const char *what,
		  const char *reason)
{
	if (st == NRP_IN || (v->status == NRP_FAILED && st != NRP_FAILED) || (v->status == st && v->reason[0]))
		return;
	v->status = st;
	(void)snprintf(v->reason, sizeof(v->reason), "%.60s, %.60s: %.120s", device, what, reason);
}

static void sum_link(void *arg, const struct nrp_link_view *l)
{
	struct nrp_view *v = arg;

	v->n_links++;
	v->n_links_in += l->status == NRP_IN;
	worse(v, l->status, l->device, l->interface, l->reason);
}

static void sum_node(void *arg, const struct nrp_node_view *l)
{
	struct nrp_view *v = arg;
	char text[IP_PREFIX_TEXT_MAX];

	v->n_nodes++;
	v->n_nodes_in += l->status == NRP_IN;
	worse(v, l->status, l->device, ip_prefix_text(&l->locator, text, sizeof(text)), l->reason);
}

static void view_of(const struct nrp *n, const struct nrp_part *p, struct nrp_view *v)
{
	*v = (struct nrp_view){ .name = p->name, .id = p->id, .algo = p->algo, .alone = p->alone,
				.priority = p->priority, .status = NRP_IN };
	if (p->refused[0]) {
		v->status = NRP_FAILED;
		(void)str_copy(v->reason, sizeof(v->reason), p->refused);
		return;
	}
	nrp_each_link(n, p->id, sum_link, v);
	nrp_each_node(n, p->id, sum_node, v);
	/* One that has not told which interfaces it has is not known to want anything. */
	for (size_t i = 0; i < n->devices.n; i++)
		if (n->devices.at[i]->node != TED_NONE && !nrp_device_known(n->devices.at[i]))
			worse(v, NRP_WAITING, n->devices.at[i]->name, "device", why_waiting(n->devices.at[i]));
	if (v->n_links + v->n_nodes > 0)
		return;
	v->status = NRP_WAITING;
	(void)str_copy(v->reason, sizeof(v->reason), "no router of the topology is a configured device that has told of itself");
}

bool nrp_next(const struct nrp *n, uint32_t after, struct nrp_view *out)
{
	const struct nrp_part *p = NULL;
	const struct nrp_record *r = NULL;

	for (size_t i = 0; i < n->parts.n; i++)
		if (n->parts.at[i].id > after && (!p || n->parts.at[i].id < p->id))
			p = &n->parts.at[i];
	for (size_t i = 0; i < n->records.n; i++) {
		const struct nrp_record *x = n->records.at[i];

		if (x->leaving && x->id > after && (!r || x->id < r->id))
			r = x;
	}
	if (!p && !r)
		return false;
	if (p && (!r || p->id <= r->id)) {
		view_of(n, p, out);
		return true;
	}
	*out = (struct nrp_view){ .name = "", .id = r->id, .status = NRP_LEAVING };
	(void)str_copy(out->reason, sizeof(out->reason), "it is being taken off the devices");
	return true;
}

static bool query_next(void *self, uint32_t after, struct nrp_view *out)
{
	return nrp_next(self, after, out);
}

static void query_links(void *self, uint32_t id, void (*fn)(void *arg, const struct nrp_link_view *v), void *arg)
{
	nrp_each_link(self, id, fn, arg);
}

static void query_nodes(void *self, uint32_t id, void (*fn)(void *arg, const struct nrp_node_view *v), void *arg)
{
	nrp_each_node(self, id, fn, arg);
}

struct nrp_query nrp_queries(struct nrp *n)
{
	return (struct nrp_query){ n, query_next, query_links, query_nodes };
}

/* ---- audit ---- */

static void audit_device(const struct nrp *n, const struct nrp_device *d, const struct nrp_record *r,
			 void (*fn)(void *arg, const char *id, const char *what), void *arg, uint32_t *k)
{
	char id[24], what[SR_REASON_MAX], text[IP_PREFIX_TEXT_MAX];

	(void)snprintf(id, sizeof(id), "nrp %u", r->id);
	for (size_t i = 0; i < d->have.links.n; i++) {
		for (size_t c = 0; c < d->have.links.at[i].classes.n; c++) {
			if (d->have.links.at[i].classes.at[c].id != r->id)
				continue;
			(void)snprintf(what, sizeof(what), "its queue on %.60s, %s", d->name,
				       d->have.links.at[i].name);
			fn(arg, id, what);
			++*k;
		}
	}
	for (size_t i = 0; i < d->have.locators.n; i++) {
		if (!nrp_record_has(r, &d->have.locators.at[i].prefix) ||
		    nrp_part_holds(n, &d->have.locators.at[i].prefix))
			continue;
		(void)snprintf(what, sizeof(what), "locator %s on %.60s",
			       ip_prefix_text(&d->have.locators.at[i].prefix, text, sizeof(text)), d->name);
		fn(arg, id, what);
		++*k;
	}
}

uint32_t nrp_audit(const struct nrp *n, void (*fn)(void *arg, const char *id, const char *what), void *arg)
{
	char id[24], what[SR_REASON_MAX];
	uint32_t k = 0;

	for (size_t i = 0; i < n->records.n; i++) {
		const struct nrp_record *r = n->records.at[i];

		if (!r->leaving)
			continue;
		(void)snprintf(id, sizeof(id), "nrp %u", r->id);
		for (size_t x = 0; x < r->on.n; x++) {
			const struct nrp_device *d = nrp_device_of(n, r->on.at[x].name);

			if (d && nrp_device_known(d)) {
				audit_device(n, d, r, fn, arg, &k);
				continue;
			}
			(void)snprintf(what, sizeof(what), "what %.60s has of it is not known, it", r->on.at[x].name);
			fn(arg, id, what);
			k++;
		}
	}
	return k;
}

/* ---- events and metrics ---- */

static void count_link(void *arg, const struct nrp_link_view *v)
{
	((unsigned *)arg)[v->status]++;
}

void nrp_tell(struct nrp *n)
{
	unsigned links[NRP_STATUSES] = { 0 };
	AUTO_FREE struct nrp_view *v = malloc(sizeof(*v));

	for (size_t i = 0; v && i < n->parts.n; i++) {
		struct nrp_part *p = &n->parts.at[i];
		STR_AUTO struct str body = { .limit = BUS_BODY_MAX };
		char resource[BUS_RESOURCE_MAX];

		nrp_each_link(n, p->id, count_link, links);
		view_of(n, p, v);
		if (p->was_told && p->told == v->status)
			continue;
		p->was_told = true;
		p->told = v->status;
		str_addf(&body, "\"state\":\"%s\",\"reason\":", nrp_status_text(v->status));
		str_json(&body, v->reason);
		(void)snprintf(resource, sizeof(resource), "nrp %s", p->name);
		bus_publish(n->env.bus, loop_wall_ns(n->env.loop),
			    v->status == NRP_FAILED ? BUS_ALARM : BUS_CLEARED, "nrp-failed", resource,
			    str_text(&body));
		bus_publish(n->env.bus, loop_wall_ns(n->env.loop), BUS_INFO, "nrp-state", resource, str_text(&body));
	}
	for (int s = 0; s < NRP_STATUSES; s++)
		metric_set(n->m_links[s], links[s]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Names of nodes and links for people, and the way back; labels of SR-MPLS. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "pce/ted_priv.h"

const char *ted_node_label(const struct ted *t, uint32_t node)
{
	if (node >= t->n_nodes)
		return "?";
	return t->nodes[node].name[0] ? t->nodes[node].name : t->nodes[node].id;
}

/* Another link between the same two nodes, which usable links of `from` are enough to know. */
static bool parallel(const struct ted *t, uint32_t link)
{
	const struct ted_link *l = &t->links[link];

	for (uint32_t i = t->out.start[l->from]; i < t->out.start[l->from + 1]; i++)
		if (t->out.idx[i] != link && t->links[t->out.idx[i]].to == l->to)
			return true;
	return false;
}

/* One after the other, as much as there is room for: names of links are wanted by the thousand. */
static void join(char *buf, size_t cap, const char *const *part, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at < cap; i++) {
		(void)str_copy(buf + at, cap - at, part[i]);
		at += strlen(buf + at);
	}
}

const char *ted_link_label(const struct ted *t, uint32_t link, char *buf, size_t cap)
{
	const struct ted_link *l;
	char addr[IP_TEXT_MAX];
	const char *part[] = { "", ">", "", "@", addr };

	if (cap == 0)
		return "";
	if (link >= t->n_links) {
		(void)snprintf(buf, cap, "?");
		return buf;
	}
	l = &t->links[link];
	part[0] = ted_node_label(t, l->from);
	part[2] = ted_node_label(t, l->to);
	if (!parallel(t, link)) {
		join(buf, cap, part, 3);
		return buf;
	}
	if (l->local_v6.family || l->local_v4.family)
		(void)ip_text(l->local_v6.family ? &l->local_v6 : &l->local_v4, addr, sizeof(addr));
	else
		(void)snprintf(addr, sizeof(addr), "%u", l->local_id);
	join(buf, cap, part, ARRAY_LEN(part));
	return buf;
}

/* What stands after "@": an interface address, or the local link id of an unnumbered link. */
struct link_at {
	bool any;
	struct ip_addr addr;
	uint64_t id;
};

static bool at_parse(const char *text, struct link_at *at)
{
	*at = (struct link_at){ .any = !text };
	if (!text || ip_parse(text, &at->addr) == 0)
		return true;
	at->addr = (struct ip_addr){ 0 };
	return str_u64(text, &at->id) == 0;
}

static bool at_match(const struct link_at *at, const struct ted_link *l)
{
	if (at->any)
		return true;
	if (at->addr.family)
		return ip_eq(&l->local_v6, &at->addr) || ip_eq(&l->local_v4, &at->addr);
	return l->local_id == at->id;
}

static uint32_t link_between(const struct ted *t, uint32_t from, uint32_t to,
			     const struct link_at *at)
{
	for (uint32_t i = t->out.start[from]; i < t->out.start[from + 1]; i++) {
		const struct ted_link *l = &t->links[t->out.idx[i]];

		if (l->to == to && at_match(at, l))
			return t->out.idx[i];
	}
	for (uint32_t i = 0; i < t->n_links; i++) /* half links are in no list */
		if (t->links[i].alive && t->links[i].from == from && t->links[i].to == to &&
		    at_match(at, &t->links[i]))
			return i;
	return TED_NONE;
}

uint32_t ted_link_by_text(const struct ted *t, const char *text)
{
	char buf[TED_LABEL_MAX + IP_TEXT_MAX];
	struct link_at where;
	uint32_t from, to;
	char *gt, *at;

	if (!str_copy(buf, sizeof(buf), text))
		return TED_NONE;
	gt = strchr(buf, '>');
	if (!gt)
		return TED_NONE;
	*gt++ = '\0';
	at = strrchr(gt, '@');
	if (at)
		*at++ = '\0';
	if (!at_parse(at, &where))
		return TED_NONE;
	from = ted_node_by_id(t, buf);
	to = ted_node_by_id(t, gt);
	if (from == TED_NONE || to == TED_NONE)
		return TED_NONE;
	return link_between(t, from, to, &where);
}

enum { LABEL_MIN = 16, LABEL_MAX = 0xfffff };

uint32_t ted_range_label(const struct ted_label_range *r, uint32_t n, uint32_t index)
{
	for (uint32_t i = 0; i < n; i++) {
		if (index < r[i].size) {
			uint64_t label = (uint64_t)r[i].base + index;

			return label >= LABEL_MIN && label <= LABEL_MAX ? (uint32_t)label : 0;
		}
		index -= r[i].size;
	}
	return 0;
}

uint32_t ted_label_of(const struct ted *t, uint32_t at, const struct ted_node_sid *sid)
{
	if (at >= t->n_nodes)
		return 0;
	if (sid->is_label)
		return sid->value >= LABEL_MIN && sid->value <= LABEL_MAX ? sid->value : 0;
	return ted_range_label(t->nodes[at].srgb, t->nodes[at].n_srgb, sid->value);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every answer has: its head, links and segments by name, the load of every link. */
#include <stdio.h>

#include "tools/plan/plan_int.h"

void plan_put(json_object *o, const char *name, json_object *v)
{
	(void)json_object_object_add(o, name, v);
}

void plan_put_u64(json_object *o, const char *name, uint64_t v)
{
	plan_put(o, name, json_object_new_uint64(v));
}

void plan_put_text(json_object *o, const char *name, const char *text)
{
	plan_put(o, name, json_object_new_string(text));
}

void plan_put_real(json_object *o, const char *name, double v)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%.9f", v);
	plan_put(o, name, json_object_new_double_s(v, text));
}

json_object *plan_head(const struct plan_net *n, const char *command)
{
	json_object *o = json_object_new_object(), *t = json_object_new_object();
	uint32_t links = n->n_told;

	plan_put_text(o, "format", "sextant-plan");
	plan_put_u64(o, "version", 1);
	plan_put_text(o, "command", command);
	plan_put_u64(t, "nodes", n->ted->n_nodes);
	plan_put_u64(t, "links", links);
	plan_put_u64(t, "half-links", n->n_half);
	plan_put_u64(t, "loops-left-out", n->n_loops);
	plan_put_u64(t, "parts", n->n_parts);
	plan_put_text(t, "sids", n->made_sids ? "made-up" : "of-the-file");
	plan_put(o, "topology", t);
	return o;
}

static json_object *link_label(const struct plan_net *n, uint32_t link)
{
	char label[TED_LABEL_MAX];

	return json_object_new_string(ted_link_label(n->ted, link, label, sizeof(label)));
}

json_object *plan_links(const struct plan_net *n, const uint32_t *links, uint32_t n_links)
{
	json_object *a = json_object_new_array();

	for (uint32_t i = 0; i < n_links; i++)
		(void)json_object_array_add(a, link_label(n, links[i]));
	return a;
}

json_object *plan_segments(const struct plan_net *n, const struct pce_segment *s, uint32_t n_s)
{
	static const char *const kinds[] = { "node", "adjacency", "container", "binding" };
	json_object *a = json_object_new_array();
	char text[IP_TEXT_MAX];

	for (uint32_t i = 0; i < n_s; i++) {
		json_object *o = json_object_new_object();

		if (s[i].sid.family)
			plan_put_text(o, "sid", ip_text(&s[i].sid, text, sizeof(text)));
		else
			plan_put_u64(o, "label", s[i].label);
		plan_put_text(o, "kind", kinds[s[i].kind]);
		if (s[i].sid.family)
			plan_put_u64(o, "behavior", s[i].behavior);
		plan_put_text(o, "node", ted_node_label(n->ted, s[i].node));
		if (s[i].algo)
			plan_put_u64(o, "algorithm", s[i].algo);
		(void)json_object_array_add(a, o);
	}
	return a;
}

static json_object *load(const struct plan_net *n, uint32_t i, double bps)
{
	uint64_t capacity = n->ted->links[i].capacity_bps;
	json_object *o = json_object_new_object();

	plan_put(o, "link", link_label(n, i));
	plan_put_text(o, "id", n->link_ids.at[i]);
	plan_put_u64(o, "load", (uint64_t)(bps + 0.5));
	plan_put_u64(o, "capacity", capacity);
	/* What carries something and has no capacity has no utilisation. */
	if (capacity)
		plan_put_real(o, "utilisation", bps / (double)capacity);
	return o;
}

void plan_put_loads(json_object *o, const struct plan_net *n, const double *load_bps)
{
	json_object *all = json_object_new_array();
	uint32_t fullest = TED_NONE;
	double most = -1;

	for (uint32_t i = 0; i < n->n_told; i++) {
		uint64_t capacity = n->ted->links[i].capacity_bps;
		double share = capacity ? load_bps[i] / (double)capacity : 0;

		(void)json_object_array_add(all, load(n, i, load_bps[i]));
		if (share > most) {
			most = share;
			fullest = i;
		}
	}
	if (fullest != TED_NONE)
		plan_put(o, "fullest", load(n, fullest, load_bps[fullest]));
	plan_put(o, "utilisation", all);
}

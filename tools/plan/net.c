/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From nodes and links of a file to a TED. Formats without SIDs get a SID plan: node i of the
 * file is a uN of a block of 0xdfff nodes, its links are uAs of the LIB in their order.
 */
#include <errno.h>
#include <string.h>

#include "tools/plan/plan_int.h"

enum {
	BLOCK_NODES = 0xdfff,	   /* the GIB of F3216 */
	LIB_FIRST = 0xe000,
	BEHAVIOR_UN = 43,
	BEHAVIOR_UA = 52,
};

static const uint64_t block_first = UINT64_C(0xfcbbbbbb);

static bool id_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, const struct plan_id, hash)->text, key) == 0;
}

void plan_net_init(struct plan_net *n)
{
	*n = (struct plan_net){ .format = PLAN_GRAPH };
	arena_init(&n->arena, 0);
	hash_init(&n->by_id, 0x5e47a47, id_eq);
	hash_init(&n->by_link_id, 0x11d5, id_eq);
}

void plan_net_fini(struct plan_net *n)
{
	n->ted = ted_unref(n->ted);
	hash_fini(&n->by_id);
	hash_fini(&n->by_link_id);
	VEC_FINI(&n->nodes);
	VEC_FINI(&n->links);
	VEC_FINI(&n->link_ids);
	arena_fini(&n->arena);
}

uint32_t plan_node_find(const struct plan_net *n, const char *id)
{
	const struct hash_node *h = hash_get(&n->by_id, id, strlen(id), id);

	return h ? HASH_OF(h, const struct plan_id, hash)->node : TED_NONE;
}

int64_t plan_node_add(struct plan_net *n, const struct ted_node *node)
{
	struct plan_id *id = ARENA_NEW(&n->arena, struct plan_id);
	char *text = arena_str(&n->arena, node->id);

	if (!id || !text || n->nodes.n >= PLAN_NODES_MAX || plan_node_find(n, text) != TED_NONE ||
	    !VEC_ADD(&n->nodes, *node))
		return -1;
	id->text = text;
	id->node = (uint32_t)(n->nodes.n - 1);
	if (hash_put(&n->by_id, text, strlen(text), &id->hash) < 0)
		return -1;
	return id->node;
}

bool plan_link_id_take(struct plan_net *n, const char *id)
{
	struct plan_id *x;

	if (hash_get(&n->by_link_id, id, strlen(id), id))
		return false;
	x = ARENA_NEW(&n->arena, struct plan_id);
	if (x)
		x->text = arena_str(&n->arena, id);
	return x && x->text && hash_put(&n->by_link_id, id, strlen(id), &x->hash) == 0;
}

bool plan_link_add(struct plan_net *n, const struct ted_link *l, const char *id)
{
	char *text = arena_str(&n->arena, id);

	return text && n->links.n < PLAN_LINKS_MAX && VEC_ADD(&n->links, *l) &&
	       VEC_ADD(&n->link_ids, text);
}

/* ---- the two directions of a link ---- */

/* By ends whichever way round, then by direction, then as they come in the file. */
struct end_key {
	uint32_t low, high, link;
	bool back;
};

static int by_ends(const void *a, const void *b)
{
	const struct end_key *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	if (x->back != y->back)
		return x->back ? 1 : -1;
	return (x->link > y->link) - (x->link < y->link);
}

static bool ghost_add(struct plan_net *n, uint32_t link)
{
	const struct ted_link *l = &n->links.at[link];
	struct ted_link ghost = { .alive = true, .from = l->to, .to = l->from, .reverse = link,
				  .local_id = (uint32_t)n->links.n + 1, .remote_id = l->local_id,
				  .has_igp = true, .igp_metric = TED_METRIC_MAX + 1,
				  .admin_group = { [TED_AFFINITY_WORDS - 1] = PLAN_GHOST_GROUP } };

	if (!plan_link_add(n, &ghost, ""))
		return false;
	n->links.at[link].reverse = (uint32_t)(n->links.n - 1);
	n->links.at[link].remote_id = ghost.local_id;
	return true;
}

static size_t run_end(const struct end_key *k, size_t at, size_t m)
{
	size_t i = at;

	while (i < m && k[i].low == k[at].low && k[i].high == k[at].high && k[i].back == k[at].back)
		i++;
	return i;
}

static void join(struct plan_net *n, uint32_t a, uint32_t b)
{
	struct ted_link *x = &n->links.at[a], *y = &n->links.at[b];

	x->reverse = b;
	y->reverse = a;
	x->remote_id = y->local_id;
	y->remote_id = x->local_id;
}

/* The k-th link one way goes with the k-th the other way; what is left over gets a ghost. */
static int pair(struct plan_net *n)
{
	size_t m = n->links.n, i = 0;
	AUTO_FREE struct end_key *k = calloc(m + 1, sizeof(*k));

	if (!k)
		return err_raise(-ENOMEM);
	for (uint32_t l = 0; l < m; l++) {
		uint32_t from = n->links.at[l].from, to = n->links.at[l].to;

		k[l] = (struct end_key){ .low = from < to ? from : to, .high = from < to ? to : from,
					 .link = l, .back = from > to };
	}
	qsort(k, m, sizeof(*k), by_ends);
	while (i < m) {
		size_t back = run_end(k, i, m), end = back;

		if (!k[i].back && back < m && k[back].low == k[i].low && k[back].high == k[i].high)
			end = run_end(k, back, m);
		for (size_t there = i, here = back; there < back || here < end; there++, here++) {
			if (there < back && here < end)
				join(n, k[there].link, k[here].link);
			else if (!ghost_add(n, k[there < back ? there : here].link))
				return err_raise(-ENOMEM);
		}
		i = end;
	}
	return 0;
}

/* ---- SIDs ---- */

static struct ip_addr sid_of(uint32_t node, uint32_t fun)
{
	static const uint8_t zero[16] = { 0 };
	struct ip_addr a = ip_v6(zero);

	ip_bits_set(&a, 0, 32, block_first + node / BLOCK_NODES);
	ip_bits_set(&a, 32, 16, node % BLOCK_NODES + 1);
	ip_bits_set(&a, 48, 16, fun);
	return a;
}

static struct ted_sid *sid_new(struct plan_net *n, uint32_t node, uint32_t fun)
{
	struct ted_sid *s = ARENA_NEW(&n->arena, struct ted_sid);

	if (s)
		*s = (struct ted_sid){ .sid = sid_of(node, fun),
				       .behavior = fun ? BEHAVIOR_UA : BEHAVIOR_UN,
				       .structure = { .lb = 32, .ln = 16, .fun = 16 } };
	return s;
}

static bool has_sids(const struct plan_net *n)
{
	for (size_t i = 0; i < n->nodes.n; i++)
		if (n->nodes.at[i].n_sids || n->nodes.at[i].n_locators ||
		    n->nodes.at[i].n_node_sids)
			return true;
	for (size_t i = 0; i < n->links.n; i++)
		if (n->links.at[i].n_sids || n->links.at[i].n_adj_sids)
			return true;
	return false;
}

static int node_sids(struct plan_net *n, uint32_t i)
{
	struct ted_node *x = &n->nodes.at[i];
	struct ted_locator *loc = ARENA_NEW(&n->arena, struct ted_locator);
	struct ted_sid *s = sid_new(n, i, 0);

	if (!loc || !s)
		return err_raise(-ENOMEM);
	loc->prefix = ip_prefix_of(&s->sid, 48);
	x->srv6 = true;
	x->locators = loc;
	x->sids = s;
	x->n_locators = x->n_sids = 1;
	return 0;
}

/* Where a LIB is full, further links have no SID of their own. A LAN's pseudonode has none, and a
 * link into it would need one a neighbour: only formats without LANs come here. */
static int make_sids(struct plan_net *n)
{
	AUTO_FREE uint32_t *used = calloc(n->nodes.n + 1, sizeof(*used));

	if (!used)
		return err_raise(-ENOMEM);
	n->made_sids = true;
	for (uint32_t i = 0; i < n->nodes.n; i++)
		if (!n->nodes.at[i].pseudonode && node_sids(n, i) < 0)
			return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < n->n_told; i++) {
		struct ted_link *l = &n->links.at[i];
		uint32_t fun = LIB_FIRST + used[l->from];

		if (fun > UINT16_MAX || n->nodes.at[l->from].pseudonode ||
		    n->nodes.at[l->to].pseudonode)
			continue;
		used[l->from]++;
		l->sids = sid_new(n, l->from, fun);
		if (!l->sids)
			return err_raise(-ENOMEM);
		l->n_sids = 1;
	}
	return 0;
}

/* ---- the TED ---- */

static uint32_t root_of(uint32_t *up, uint32_t i)
{
	while (up[i] != i)
		i = up[i] = up[up[i]];
	return i;
}

static int count_parts(struct plan_net *n)
{
	const struct ted *t = n->ted;
	AUTO_FREE uint32_t *up = calloc(t->n_nodes + 1, sizeof(*up));

	if (!up)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < t->n_nodes; i++)
		up[i] = i;
	n->n_parts = t->n_nodes;
	for (uint32_t i = 0; i < t->n_links; i++) {
		const struct ted_link *l = &t->links[i];
		uint32_t a = root_of(up, l->from), b = root_of(up, l->to);

		n->n_half += l->alive && l->reverse == TED_NONE;
		if (!l->alive || l->reverse == TED_NONE || a == b)
			continue;
		up[a < b ? b : a] = a < b ? a : b;
		n->n_parts--;
	}
	return 0;
}

int plan_net_done(struct plan_net *n, const char *name, struct str *err)
{
	struct ted_input in;
	int rc = 0;

	if (n->nodes.n == 0) {
		str_addf(err, "%s: no node in it", name);
		return -EINVAL;
	}
	n->n_told = (uint32_t)n->links.n;
	if (n->format != PLAN_JSON)
		rc = pair(n);
	if (rc == 0 && !has_sids(n))
		rc = make_sids(n);
	in = (struct ted_input){ .nodes = n->nodes.at, .links = n->links.at,
				 .n_nodes = (uint32_t)n->nodes.n, .n_links = (uint32_t)n->links.n };
	if (rc == 0)
		rc = ted_build(&in, &n->ted);
	if (rc == 0)
		rc = count_parts(n);
	if (rc < 0)
		str_addf(err, "%s: %s", name, err_text(rc));
	return rc < 0 ? -EINVAL : 0;
}

/* ---- which format ---- */

static int read_text(struct plan_net *n, const char *name, const char *text, size_t len,
		     struct str *err)
{
	struct plan_text t;

	plan_text_init(&t, name, text, len, err);
	return n->format == PLAN_GRAPH ? plan_graph_read(n, &t) : plan_csv_read(n, &t);
}

static int read_json(struct plan_net *n, const char *name, const char *text, size_t len,
		     struct str *err)
{
	json_object *doc = NULL;
	struct plan_at root;
	int rc = plan_json_parse(name, text, len, &doc, err);

	if (rc < 0)
		return rc;
	root = (struct plan_at){ .o = doc, .file = name, .err = err };
	rc = plan_topology_read(n, &root);
	json_object_put(doc);
	return rc;
}

int plan_net_read(struct plan_net *n, const char *name, const char *text, size_t len,
		  struct str *err)
{
	size_t at = 0;
	int rc;

	while (at < len && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	if (at < len && text[at] == '{') {
		n->format = PLAN_JSON;
		rc = read_json(n, name, text, len, err);
	} else {
		if (len - at < 5 || memcmp(text + at, "NODES", 5) != 0)
			n->format = PLAN_CSV;
		rc = read_text(n, name, text, len, err);
	}
	return rc < 0 ? rc : plan_net_done(n, name, err);
}

int plan_net_load(struct plan_net *n, const char *file, struct str *err)
{
	STR_AUTO struct str text = { 0 };

	if (plan_file_read(file, &text, err) < 0)
		return -EINVAL;
	return plan_net_read(n, file, str_text(&text), text.len, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `plan fail` against routing everything again: on small random networks of labels every request's
 * list is sent over what is left, path by path, by plain Bellman-Ford, for every link, node and
 * SRLG; who loses what, who can be placed again (all simple paths are tried) and every load are
 * worked out from the files and compared with what is written.
 */
#include "check_main.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "tools/plan/plan.h"

enum { NETS = 200, CHUNKS = 5, NODES = 6, LINKS = 24, ASKS = 5, SEGS = 16, FAR = 1000000, SRLGS = 4 };
enum { SRGB = 16000, ADJ = 24000, CAPACITY = 1000 };

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ck_abort_msg("%s", #cond);                                                 \
	} while (0)

struct edge {
	uint32_t from, to, igp, delay, srlg;
};

struct ask {
	uint32_t src, dst, rate, delay_max;
	uint32_t seg[SEGS], n; /* labels */
	bool placed;
	uint32_t delay; /* of the worst way, nothing failed */
	bool bad_group; /* group 1 is excluded */
};

struct world {
	struct rng rng;
	struct edge link[LINKS];
	bool red[LINKS]; /* in group 1 */
	uint32_t n_nodes, n_links, n_asks;
	struct ask ask[ASKS];
	/* of one failure */
	bool dead[LINKS];
	uint32_t node_dead;
	uint32_t dist[NODES][NODES];
	double load[LINKS], worst[LINKS];
	uint64_t n_lost, n_again, n_bound, n_colour, n_kept;
};

static uint32_t below(struct world *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->rng, n);
}

/* ---- files ---- */

static void world_make(struct world *w, uint64_t seed)
{
	rng_seed(&w->rng, seed);
	w->n_nodes = 4 + below(w, NODES - 3);
	w->n_links = 0;
	for (uint32_t i = 0; i + 1 < w->n_nodes * 2 && w->n_links + 2 <= LINKS; i++) {
		uint32_t a = i < w->n_nodes ? i : below(w, w->n_nodes);
		uint32_t b = i < w->n_nodes ? (i + 1) % w->n_nodes : below(w, w->n_nodes);
		uint32_t srlg = below(w, SRLGS);

		for (unsigned k = 0; a != b && k < 2; k++) {
			w->red[w->n_links] = below(w, 5) == 0;
			w->link[w->n_links++] = (struct edge){ k ? b : a, k ? a : b, 1 + below(w, 3),
							       below(w, 5), srlg };
		}
	}
	w->n_asks = ASKS;
	for (uint32_t i = 0; i < ASKS; i++) {
		struct ask *x = &w->ask[i];

		*x = (struct ask){ .src = below(w, w->n_nodes), .rate = 1 + below(w, 400),
				   .delay_max = below(w, 2) ? 3 + below(w, 10) : 0,
				   .bad_group = below(w, 3) == 0 };
		x->dst = (x->src + 1 + below(w, w->n_nodes - 1)) % w->n_nodes;
	}
}

static void topology_text(const struct world *w, struct str *s)
{
	str_add(s, "{\"format\":\"sextant-topology\",\"version\":1,\"nodes\":[");
	for (uint32_t i = 0; i < w->n_nodes; i++)
		str_addf(s, "%s{\"node-id\":\"n%u\",\"sr-mpls\":{\"srgb\":[{\"base\":%d,\"size\":100}],"
			    "\"node-sid\":[{\"prefix\":\"10.0.0.%u/32\",\"index\":%u}]}}",
			 i ? "," : "", i, SRGB, i + 1, i);
	str_add(s, "],\"links\":[");
	for (uint32_t l = 0; l < w->n_links; l++) {
		const struct edge *e = &w->link[l];

		str_addf(s, "%s{\"source-node\":\"n%u\",\"dest-node\":\"n%u\",\"link-id\":\"%u\","
			    "\"local-address\":[\"2001:db8::%x\"],\"remote-address\":[\"2001:db8::%x\"],\"igp-metric\":%u,\"delay\":%u,"
			    "\"max-bandwidth\":%d,\"srlg\":[%u],\"admin-group\":[%d],"
			    "\"adjacency-sid\":[{\"label\":%u}]}",
			 l ? "," : "", e->from, e->to, l, l + 1, (l ^ 1) + 1, e->igp, e->delay,
			 CAPACITY, e->srlg, w->red[l] ? 1 : 0, ADJ + l);
	}
	str_add(s, "]}");
}

static void requests_text(const struct world *w, struct str *s)
{
	str_add(s, "{\"format\":\"sextant-requests\",\"version\":1,\"requests\":[");
	for (uint32_t i = 0; i < w->n_asks; i++) {
		const struct ask *x = &w->ask[i];

		str_addf(s, "%s{\"name\":\"%u\",\"source\":\"n%u\",\"destination\":\"n%u\","
			    "\"dataplane\":\"mpls\",\"bandwidth\":%u,\"metric\":\"delay\"",
			 i ? "," : "", i, x->src, x->dst, x->rate);
		if (x->delay_max)
			str_addf(s, ",\"bounds\":{\"delay\":%u}", x->delay_max);
		if (x->bad_group)
			str_add(s, ",\"affinity\":{\"exclude-any\":[1]}");
		str_add(s, "}");
	}
	str_add(s, "]}");
}

/* ---- routing, plainly ---- */

static bool up(const struct world *w, uint32_t l)
{
	return !w->dead[l] && w->link[l].from != w->node_dead && w->link[l].to != w->node_dead;
}

static void distances(struct world *w)
{
	for (uint32_t t = 0; t < w->n_nodes; t++) {
		for (uint32_t i = 0; i < w->n_nodes; i++)
			w->dist[i][t] = i == t ? 0 : FAR;
		for (uint32_t round = 0; round < w->n_nodes; round++)
			for (uint32_t l = 0; l < w->n_links; l++) {
				const struct edge *e = &w->link[l];

				if (up(w, l) && w->dist[e->to][t] + e->igp < w->dist[e->from][t])
					w->dist[e->from][t] = w->dist[e->to][t] + e->igp;
			}
	}
}

static bool tight(const struct world *w, uint32_t l, uint32_t u, uint32_t t)
{
	return w->link[l].from == u && up(w, l) &&
	       w->link[l].igp + w->dist[w->link[l].to][t] == w->dist[u][t];
}

/* What a request does on what is left. */
struct fate {
	double load[LINKS];
	uint32_t delay;
	bool lost, red;
};

static uint32_t run(struct world *w, uint32_t u, uint32_t t, double amount, struct fate *f)
{
	uint32_t n = 0, worst = 0;

	for (uint32_t l = 0; u != t && l < w->n_links; l++)
		n += tight(w, l, u, t);
	for (uint32_t l = 0; n > 0 && l < w->n_links; l++) {
		uint32_t d;

		if (!tight(w, l, u, t))
			continue;
		f->load[l] += amount / n;
		f->red = f->red || w->red[l];
		d = w->link[l].delay + run(w, w->link[l].to, t, amount / n, f);
		worst = d > worst ? d : worst;
	}
	return worst;
}

static void send_on(struct world *w, const struct ask *x, struct fate *f)
{
	uint32_t at = x->src;

	*f = (struct fate){ .lost = x->src == w->node_dead || x->dst == w->node_dead };
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t adj = x->seg[i] >= ADJ ? x->seg[i] - ADJ : UINT32_MAX;
		uint32_t to = adj < LINKS ? w->link[adj].to : x->seg[i] - SRGB;

		MUST(adj >= LINKS || w->link[adj].from == at);
		if (adj < LINKS ? !up(w, adj) :
				  w->dist[at][to] >= FAR || at == w->node_dead || to == w->node_dead) {
			f->lost = true;
		} else if (adj < LINKS) {
			f->load[adj] += x->rate;
			f->delay += w->link[adj].delay;
			f->red = f->red || w->red[adj];
		} else {
			f->delay += run(w, at, to, x->rate, f);
		}
		at = to;
	}
}

static bool breaks(const struct ask *x, const struct fate *f)
{
	return f->lost || (x->delay_max && f->delay > x->delay_max) || (x->bad_group && f->red);
}

/* Is there any simple path that keeps what was asked for? */
static bool any_path(const struct world *w, const struct ask *x, uint32_t at, uint32_t seen,
		     uint32_t delay)
{
	if (x->delay_max && delay > x->delay_max)
		return false;
	if (at == x->dst)
		return true;
	for (uint32_t l = 0; l < w->n_links; l++)
		if (w->link[l].from == at && up(w, l) && !(seen & 1U << w->link[l].to) &&
		    !(x->bad_group && w->red[l]) &&
		    any_path(w, x, w->link[l].to, seen | 1U << w->link[l].to,
			     delay + w->link[l].delay))
			return true;
	return false;
}

/* ---- what is written ---- */

static json_object *get(json_object *o, const char *name)
{
	json_object *v = NULL;

	MUST(json_object_object_get_ex(o, name, &v));
	return v;
}

static json_object *named(json_object *list, uint32_t i)
{
	for (size_t k = 0; k < json_object_array_length(list); k++) {
		json_object *o = json_object_array_get_idx(list, k);

		if ((uint32_t)json_object_get_int(get(o, "name")) == i)
			return o;
	}
	return NULL;
}

/* Segments of `plan path`. */
static void lists_read(struct world *w, json_object *out)
{
	for (uint32_t i = 0; i < w->n_asks; i++) {
		json_object *r = json_object_array_get_idx(get(out, "results"), i), *segs;
		struct ask *x = &w->ask[i];
		struct fate f;

		x->placed = strcmp(json_object_get_string(get(r, "status")), "ok") == 0;
		if (!x->placed)
			continue;
		segs = get(r, "segments");
		x->n = (uint32_t)json_object_array_length(segs);
		for (uint32_t k = 0; k < x->n; k++)
			x->seg[k] = (uint32_t)json_object_get_int(
				get(json_object_array_get_idx(segs, k), "label"));
		send_on(w, x, &f);
		MUST(!breaks(x, &f));
		x->delay = f.delay;
	}
}

static void kill(struct world *w, const char *kind, const char *element)
{
	unsigned long v = strtoul(element + (kind[0] != 's'), NULL, 10);

	memset(w->dead, 0, sizeof(w->dead));
	w->node_dead = kind[0] == 'n' ? (uint32_t)v : TED_NONE;
	for (uint32_t l = 0; l < w->n_links; l++)
		if (kind[0] == 's' && w->link[l].srlg == v)
			w->dead[l] = true;
}

static bool uses_dead(const struct world *w, const double *load)
{
	for (uint32_t l = 0; l < w->n_links; l++)
		if (load[l] > 0 && !up(w, l))
			return true;
	return false;
}

static uint32_t link_of(const struct world *w, const struct plan_net *n, const char *label)
{
	uint32_t l = ted_link_by_text(n->ted, label);

	MUST(l < w->n_links);
	return l;
}

/* Where it was placed again is an answer of the engine: it must be a path that is allowed. */
static uint32_t path_check(struct world *w, const struct plan_net *n, const struct ask *x,
			   json_object *path)
{
	uint32_t at = x->src, delay = 0;

	for (size_t k = 0; k < json_object_array_length(path); k++) {
		uint32_t l = link_of(w, n, json_object_get_string(json_object_array_get_idx(path, k)));

		MUST(w->link[l].from == at && up(w, l) && !(x->bad_group && w->red[l]));
		at = w->link[l].to;
		delay += w->link[l].delay;
		w->load[l] += x->rate;
	}
	MUST(at == x->dst && (!x->delay_max || delay <= x->delay_max));
	return delay;
}

static double fullest(const struct world *w, const double *load)
{
	double most = 0;

	for (uint32_t l = 0; l < w->n_links; l++)
		if (up(w, l) && load[l] > most)
			most = load[l];
	return most / CAPACITY;
}

/* Not there when no link is left. */
static double share(json_object *r, const char *name)
{
	json_object *v = NULL;

	return json_object_object_get_ex(r, name, &v) ? json_object_get_double(v) : 0;
}

static bool near(double is, double want)
{
	return is >= want - 1e-6 && is <= want + 3.0 * ASKS / CAPACITY; /* rounded up, by little */
}

static void failure_compare(struct world *w, const struct plan_net *n, json_object *r,
			    const struct fate *now)
{
	double converged[LINKS] = { 0 };
	uint32_t hit = 0, moved = 0, more = 0;

	memset(w->load, 0, sizeof(w->load));
	distances(w);
	for (uint32_t i = 0; i < w->n_asks; i++) {
		const struct ask *x = &w->ask[i];
		json_object *broken = named(get(r, "broken"), i), *lost = named(get(r, "lost"), i);
		json_object *again = named(get(r, "placed-again"), i);
		bool is_hit = uses_dead(w, now[i].load);
		uint32_t delay;
		struct fate f;

		if (!x->placed)
			continue;
		send_on(w, x, &f);
		delay = f.delay;
		hit += is_hit;
		MUST((broken != NULL) == (is_hit && breaks(x, &f)));
		MUST((lost != NULL) == (broken && !any_path(w, x, x->src, 1U << x->src, 0)));
		MUST((again != NULL) == (broken && !lost));
		for (uint32_t l = 0; l < w->n_links; l++) {
			converged[l] += f.load[l];
			w->load[l] += broken ? 0 : f.load[l];
		}
		if (again)
			delay = path_check(w, n, x, get(again, "path"));
		w->n_bound += broken && strcmp(json_object_get_string(get(broken, "loses")), "bound") == 0;
		w->n_colour +=
			broken && strcmp(json_object_get_string(get(broken, "loses")), "constraint") == 0;
		w->n_again += again != NULL;
		w->n_lost += lost != NULL;
		w->n_kept += is_hit && !broken;
		moved += is_hit && !lost;
		if (is_hit && !lost && delay > x->delay && delay - x->delay > more)
			more = delay - x->delay;
	}
	MUST((uint32_t)json_object_get_int(get(r, "hit")) == hit);
	MUST((uint32_t)json_object_get_int(get(r, "moved")) == moved);
	MUST((uint32_t)json_object_get_int(get(r, "delay-more")) == more);
	MUST(near(share(r, "converged-fullest-utilisation"), fullest(w, converged)));
	MUST(near(share(r, "fullest-utilisation"), fullest(w, w->load)));
	for (uint32_t l = 0; l < w->n_links; l++)
		w->worst[l] = w->load[l] > w->worst[l] ? w->load[l] : w->worst[l];
}

static void loads_compare(const struct world *w, json_object *out, const struct fate *now)
{
	for (uint32_t l = 0; l < w->n_links; l++) {
		json_object *o = json_object_array_get_idx(get(out, "utilisation"), l), *v = NULL;
		double sum = 0, worst = 0;

		for (uint32_t i = 0; i < w->n_asks; i++)
			sum += w->ask[i].placed ? now[i].load[l] : 0;
		if (json_object_object_get_ex(o, "worst-load", &v))
			worst = json_object_get_double(v);
		MUST(near(json_object_get_double(get(o, "load")) / CAPACITY, sum / CAPACITY));
		MUST(near(worst / CAPACITY, w->worst[l] / CAPACITY));
	}
}

static void fail_compare(struct world *w, const struct plan_net *n, json_object *out)
{
	json_object *all = get(out, "results");
	struct fate now[ASKS];

	w->node_dead = TED_NONE;
	memset(w->dead, 0, sizeof(w->dead));
	memset(w->worst, 0, sizeof(w->worst));
	distances(w);
	for (uint32_t i = 0; i < w->n_asks; i++)
		if (w->ask[i].placed)
			send_on(w, &w->ask[i], &now[i]);
	for (size_t k = 0; k < json_object_array_length(all); k++) {
		json_object *r = json_object_array_get_idx(all, k);
		const char *kind = json_object_get_string(get(r, "kind"));
		const char *element = json_object_get_string(get(r, "element"));

		if (kind[0] == 'l') {
			uint32_t l = link_of(w, n, element);

			memset(w->dead, 0, sizeof(w->dead));
			w->node_dead = TED_NONE;
			w->dead[l] = w->dead[l ^ 1] = true;
		} else {
			kill(w, kind, element);
		}
		failure_compare(w, n, r, now);
	}
	loads_compare(w, out, now);
}

/* ---- worlds ---- */

static void world_run(struct world *w)
{
	STR_AUTO struct str topology = { 0 }, requests = { 0 }, err = { 0 };
	const struct plan_options o = { .seed = 1 };
	json_object *paths = NULL, *fails = NULL;
	struct plan_asks a;
	struct plan_net n;
	int rc;

	topology_text(w, &topology);
	requests_text(w, &requests);
	plan_net_init(&n);
	plan_asks_init(&a);
	rc = plan_net_read(&n, "t", str_text(&topology), topology.len, &err);
	ck_assert_msg(rc == 0, "%s", str_text(&err));
	rc = plan_asks_read(&a, &n, "r", str_text(&requests), requests.len, &err);
	ck_assert_msg(rc == 0, "%s", str_text(&err));
	MUST(plan_path(&n, &a, &o, &paths, &err) != PLAN_REFUSED);
	MUST(plan_fail(&n, &a, &o, &fails, &err) == PLAN_FINE);
	w->node_dead = TED_NONE;
	memset(w->dead, 0, sizeof(w->dead));
	distances(w);
	lists_read(w, paths);
	fail_compare(w, &n, fails);
	json_object_put(paths);
	json_object_put(fails);
	plan_asks_fini(&a);
	plan_net_fini(&n);
}

START_TEST(every_failure_is_what_routing_everything_again_says)
{
	static struct world w;

	for (uint64_t i = 0; i < NETS; i++) {
		world_make(&w, (uint64_t)_i * NETS + i);
		world_run(&w);
	}
	ck_assert_uint_gt(w.n_kept, NETS);
	ck_assert_uint_gt(w.n_bound, NETS / 2);
	ck_assert_uint_gt(w.n_colour, NETS / 4);
	ck_assert_uint_gt(w.n_again, NETS / 4);
	ck_assert_uint_gt(w.n_lost, NETS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan-fail");
	TCase *c = tcase_create("failures");

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, every_failure_is_what_routing_everything_again_says, 0, CHUNKS);
	suite_add_tcase(s, c);
	return check_main(s);
}

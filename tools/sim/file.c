/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topologies as text: the lab's format (tools/lab/README.md), with `srlg=` and `back-…=` beside
 * its words, and REPETITA's `.graph`. What has no meaning here (`ce`, `pathd`, rates of wires) is
 * passed over; what is unknown is an error with its line.
 */
#include "tools/sim/topo.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

enum { LINE_MAX_ = 1024, WORDS_MAX = 24, FILE_MAX = 64 * 1024 * 1024, AFFINITIES = 32 * SIM_ADMIN_WORDS };

struct reader {
	struct sim_topo *t;
	struct str *err;
	unsigned line;
	char affinity[AFFINITIES][SIM_NAME_MAX];
	char *word[WORDS_MAX];
	unsigned n;
	/* REPETITA: which block we are in */
	enum { LAB, NODES, EDGES } block;
	bool header; /* the line of column names comes */
};

static int complain(const struct reader *r, const char *what, const char *word)
{
	str_addf(r->err, "line %u: %s%s%s%s\n", r->line, what, word ? " '" : "", word ? word : "",
		 word ? "'" : "");
	return -EINVAL;
}

static void split(struct reader *r, char *line)
{
	char *save = NULL;

	line[strcspn(line, "#\r")] = '\0';
	r->n = 0;
	for (char *w = strtok_r(line, " \t", &save); w && r->n < WORDS_MAX;
	     w = strtok_r(NULL, " \t", &save))
		r->word[r->n++] = w;
}

static int number(const struct reader *r, const char *text, uint64_t max, uint64_t *out)
{
	if (str_u64(text, out) < 0 || *out > max)
		return complain(r, "not a number up to the limit:", text);
	return 0;
}

static bool name_good(const char *s)
{
	if (!isalnum((unsigned char)s[0]) || strlen(s) >= SIM_NAME_MAX)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.", *s))
			return false;
	return true;
}

/* ---- the lab's format ---- */

static int read_affinity(struct reader *r)
{
	uint64_t bit;

	if (r->n != 3 || !name_good(r->word[1]))
		return complain(r, "expected: affinity NAME BIT", NULL);
	if (number(r, r->word[2], AFFINITIES - 1, &bit) < 0)
		return -EINVAL;
	(void)str_copy(r->affinity[bit], sizeof(r->affinity[bit]), r->word[1]);
	return 0;
}

static int read_router(struct reader *r)
{
	uint32_t i;

	if (r->n < 2 || !name_good(r->word[1]))
		return complain(r, "expected: router NAME (letters, digits, '_' and '.')", NULL);
	if (sim_router_find(r->t, r->word[1]) != SIM_NONE)
		return complain(r, "there already:", r->word[1]);
	i = sim_topo_router(r->t, r->word[1]);
	if (i == SIM_NONE)
		return complain(r, "too many routers", NULL);
	for (unsigned w = 2; w < r->n; w++) {
		if (strcmp(r->word[w], "sid=classic") == 0)
			r->t->routers.at[i].classic = true;
		else if (strncmp(r->word[w], "bgpls=", 6) == 0)
			r->t->routers.at[i].feed = true;
		else if (strcmp(r->word[w], "sid=usid") != 0)
			return complain(r, "unknown word", r->word[w]);
	}
	return 0;
}

static int ends(struct reader *r, char *text, uint32_t end[2])
{
	char *dash = strchr(text, '-');
	size_t last;

	if (!dash)
		return complain(r, "expected NAME-NAME, not", text);
	*dash = '\0';
	end[0] = sim_router_find(r->t, text);
	end[1] = sim_router_find(r->t, dash + 1);
	last = strlen(dash + 1);
	if (end[1] == SIM_NONE && last > 1 && islower((unsigned char)dash[last])) {
		dash[last] = '\0'; /* a letter of a parallel link */
		end[1] = sim_router_find(r->t, dash + 1);
	}
	if (end[0] == SIM_NONE || end[1] == SIM_NONE || end[0] == end[1])
		return complain(r, "no two routers of these names:", text);
	return 0;
}

static int read_list(struct reader *r, char *list, struct sim_wire *w, bool srlg)
{
	char *save = NULL;

	for (char *s = strtok_r(list, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		uint64_t v;
		unsigned bit = 0;

		if (srlg) {
			if (w->n_srlg == SIM_SRLGS)
				return complain(r, "too many SRLGs at", s);
			if (number(r, s, UINT32_MAX, &v) < 0)
				return -EINVAL;
			w->srlg[w->n_srlg++] = (uint32_t)v;
			continue;
		}
		while (bit < AFFINITIES && strcmp(r->affinity[bit], s) != 0)
			bit++;
		if (bit == AFFINITIES)
			return complain(r, "no such affinity:", s);
		w->admin_group[bit / 32] |= UINT32_C(1) << bit % 32;
	}
	return 0;
}

/* Numbers of a link: one for both directions, back-… for the second alone. */
static int read_number(struct reader *r, struct sim_wire *w, const char *key, const char *value)
{
	static const struct {
		const char *name;
		size_t at;
		uint64_t min, max;
	} rows[] = {
		{ "metric", offsetof(struct sim_half, igp), 1, 0xffffff },
		{ "te", offsetof(struct sim_half, te), 0, UINT32_MAX },
		{ "delay", offsetof(struct sim_half, delay_us), 0, 0xffffff },
	};
	bool back = strncmp(key, "back-", 5) == 0;
	uint64_t v;

	if (strcmp(key, "bw") == 0) {
		if (number(r, value, 100000000, &v) < 0)
			return -EINVAL;
		w->bw_bps = v * 1000000;
		return 0;
	}
	if (!back && (strcmp(key, "jitter") == 0 || strcmp(key, "loss") == 0 ||
		      strcmp(key, "rate") == 0 || strcmp(key, "mtu") == 0))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(back ? key + 5 : key, rows[i].name) != 0)
			continue;
		if (number(r, value, rows[i].max, &v) < 0)
			return -EINVAL;
		if (v < rows[i].min)
			return complain(r, "too small:", value);
		for (unsigned s = back; s < 2; s++)
			*(uint32_t *)(void *)((char *)&w->half[s] + rows[i].at) = (uint32_t)v;
		return 0;
	}
	return complain(r, "unknown word", key);
}

static int read_link(struct reader *r)
{
	uint32_t end[2], i;
	struct sim_wire *w;

	if (r->n < 2)
		return complain(r, "expected: link NAME-NAME …", NULL);
	if (ends(r, r->word[1], end) < 0)
		return -EINVAL;
	i = sim_topo_wire(r->t, end[0], end[1], 10, 1000);
	if (i == SIM_NONE)
		return complain(r, "too many links", NULL);
	w = &r->t->wires.at[i];
	for (unsigned k = 2; k < r->n; k++) {
		char *eq = strchr(r->word[k], '=');
		int rc;

		if (!eq)
			return complain(r, "expected KEY=VALUE, not", r->word[k]);
		*eq = '\0';
		if (strcmp(r->word[k], "affinity") == 0 || strcmp(r->word[k], "srlg") == 0)
			rc = read_list(r, eq + 1, w, r->word[k][0] == 's');
		else
			rc = read_number(r, w, r->word[k], eq + 1);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- REPETITA ---- */

static int graph_node(struct reader *r)
{
	char name[SIM_NAME_MAX];
	size_t n = 0;

	for (const char *s = r->word[0]; *s && n < sizeof(name) - 8; s++)
		name[n++] = isalnum((unsigned char)*s) || *s == '_' ? *s : '_';
	name[n] = '\0';
	if (sim_router_find(r->t, name) != SIM_NONE)
		(void)snprintf(name + n, 8, ".%zu", r->t->routers.n % 1000000);
	return sim_topo_router(r->t, name) == SIM_NONE ? complain(r, "too many routers", NULL) : 0;
}

/* The other direction of an edge read before: an edge that has none yet. */
static struct sim_wire *graph_other(struct reader *r, uint32_t src, uint32_t dst)
{
	for (size_t i = 0; i < r->t->wires.n; i++) {
		struct sim_wire *w = &r->t->wires.at[i];

		if (w->end[0] == dst && w->end[1] == src && !w->half[1].there)
			return w;
	}
	return NULL;
}

static int graph_edge(struct reader *r)
{
	uint64_t v[5]; /* src dest weight bw delay */
	struct sim_wire *w;
	struct sim_half *h;
	uint32_t i;

	if (r->n != 6)
		return complain(r, "expected: LABEL SRC DEST WEIGHT BW DELAY", NULL);
	for (unsigned k = 0; k < 5; k++)
		if (number(r, r->word[k + 1], UINT32_MAX, &v[k]) < 0)
			return -EINVAL;
	if (v[0] >= r->t->routers.n || v[1] >= r->t->routers.n)
		return complain(r, "no such two nodes", NULL);
	if (v[0] == v[1]) /* some graphs have loops, which carry nothing */
		return 0;
	if (v[2] == 0 || v[2] > SIM_METRIC_MAX + 1)
		return complain(r, "no metric:", r->word[3]);
	w = graph_other(r, (uint32_t)v[0], (uint32_t)v[1]);
	if (w) {
		h = &w->half[1];
	} else {
		i = sim_topo_wire(r->t, (uint32_t)v[0], (uint32_t)v[1], 1, 1);
		if (i == SIM_NONE)
			return complain(r, "too many links", NULL);
		w = &r->t->wires.at[i];
		w->half[1].there = false;
		h = &w->half[0];
	}
	w->bw_bps = v[3] * 1000;
	*h = (struct sim_half){ .there = true, .igp = (uint32_t)v[2], .te = (uint32_t)v[2],
				.delay_us = v[4] > 0xffffff ? 0xffffff : (uint32_t)v[4], .version = 1 };
	return 0;
}

static int graph_line(struct reader *r)
{
	if (r->header) {
		r->header = false;
		return 0;
	}
	return r->block == NODES ? graph_node(r) : graph_edge(r);
}

/* ---- all ---- */

static int read_line(struct reader *r)
{
	if (r->n == 0)
		return 0;
	if (r->n == 2 && strcmp(r->word[0], "NODES") == 0) {
		r->block = NODES;
		r->header = true;
	} else if (r->n == 2 && strcmp(r->word[0], "EDGES") == 0) {
		r->block = EDGES;
		r->header = true;
	} else if (r->block != LAB) {
		return graph_line(r);
	} else if (strcmp(r->word[0], "router") == 0) {
		return read_router(r);
	} else if (strcmp(r->word[0], "link") == 0) {
		return read_link(r);
	} else if (strcmp(r->word[0], "affinity") == 0) {
		return read_affinity(r);
	} else if (strcmp(r->word[0], "ce") != 0 && strcmp(r->word[0], "pathd") != 0) {
		return complain(r, "unknown word", r->word[0]);
	}
	return 0;
}

int sim_topo_read(struct sim_topo *t, const char *text, struct str *err)
{
	struct reader r = { .t = t, .err = err };
	int rc;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[LINE_MAX_];

		r.line++;
		if (len >= sizeof(line))
			return complain(&r, "too long", NULL);
		memcpy(line, text, len);
		line[len] = '\0';
		split(&r, line);
		rc = read_line(&r);
		if (rc < 0)
			return rc;
		text += len + (text[len] == '\n');
	}
	if (t->routers.n == 0)
		return complain(&r, "no router", NULL);
	rc = sim_topo_done(t);
	if (rc < 0)
		str_addf(err, "%s\n", rc == -E2BIG ? "too many links at one router" : err_text(rc));
	return rc < 0 ? -EINVAL : 0;
}

int sim_topo_load(struct sim_topo *t, const char *file, struct str *err)
{
	STR_AUTO struct str text = { .limit = FILE_MAX };
	STR_AUTO struct str what = { 0 };
	FILE *f = fopen(file, "re");
	char buf[16384];
	size_t n;
	bool bad;
	int rc;

	if (!f) {
		str_addf(err, "%s: %s\n", file, err_text(errno));
		return -EINVAL;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(&text, buf, n);
	bad = ferror(f) || text.bad;
	(void)fclose(f);
	if (bad) {
		str_addf(err, "%s: cannot be read, or too long\n", file);
		return -EINVAL;
	}
	rc = sim_topo_read(t, str_text(&text), &what);
	if (rc < 0)
		str_addf(err, "%s: %s", file, str_text(&what));
	return rc;
}

static void write_wire(const struct sim_topo *t, uint32_t i, struct str *out)
{
	const struct sim_wire *w = &t->wires.at[i];
	const struct sim_half *f = &w->half[0], *b = &w->half[1];
	char name[SIM_WIRE_TEXT_MAX], sep = '=';

	str_addf(out, "link %s metric=%u te=%u delay=%u bw=%llu", sim_wire_text(t, i, name, sizeof(name)),
		 f->igp, f->te, f->delay_us, (unsigned long long)(w->bw_bps / 1000000));
	if (b->igp != f->igp)
		str_addf(out, " back-metric=%u", b->igp);
	if (b->te != f->te)
		str_addf(out, " back-te=%u", b->te);
	if (b->delay_us != f->delay_us)
		str_addf(out, " back-delay=%u", b->delay_us);
	for (unsigned bit = 0; bit < AFFINITIES; bit++)
		if (w->admin_group[bit / 32] & UINT32_C(1) << bit % 32) {
			str_addf(out, "%s%ca%u", sep == '=' ? " affinity" : "", sep, bit);
			sep = ',';
		}
	for (unsigned k = 0; k < w->n_srlg; k++)
		str_addf(out, "%s%u", k ? "," : " srlg=", w->srlg[k]);
	str_add(out, "\n");
}

void sim_topo_write(const struct sim_topo *t, struct str *out)
{
	uint32_t used[SIM_ADMIN_WORDS] = { 0 };

	for (uint32_t i = 0; i < t->wires.n; i++)
		for (unsigned k = 0; k < SIM_ADMIN_WORDS; k++)
			used[k] |= t->wires.at[i].admin_group[k];
	for (unsigned bit = 0; bit < AFFINITIES; bit++)
		if (used[bit / 32] & UINT32_C(1) << bit % 32)
			str_addf(out, "affinity a%u %u\n", bit, bit);
	for (uint32_t i = 0; i < t->routers.n; i++)
		str_addf(out, "router %s%s%s\n", t->routers.at[i].name,
			 t->routers.at[i].classic ? " sid=classic" : "",
			 t->routers.at[i].feed ? " bgpls=export" : "");
	for (uint32_t i = 0; i < t->wires.n; i++)
		write_wire(t, i, out);
}

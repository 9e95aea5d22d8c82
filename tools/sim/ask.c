/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path requests of routers, by command (RFC 5440): what is asked as words, and what came back.
 *
 *   request R [svec[=link,node,srlg]] [svec-of=mcc] [svec-tell=TYPE,…] [svec-insist]
 *           [svec-missing=ID] DST [WORD…] [+ DST [WORD…]]…
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "southbound/pcep/codec/pcepc.h"
#include "tools/sim/cmd.h"

struct builder {
	struct call *c;
	struct pcc_path_set set;
	struct pcc_path at[SIM_ASK_MAX];
	struct pcc_path *q; /* the one whose words come */
};

struct named {
	const char *name;
	uint32_t value;
};

static const struct named metrics[] = {
	{ "igp", 1 },	    { "te", 2 },     { "hops", 3 },	  { "bandwidth", 4 },
	{ "load", 5 },	    { "sum-igp", 6 }, { "sum-te", 7 },	  { "delay", 12 },
	{ "variation", 13 }, { "loss", 14 },
};
static const struct named functions[] = {
	{ "mcp", 1 }, { "mlp", 2 }, { "mbp", 3 }, { "mbc", 4 }, { "mll", 5 }, { "mcc", 6 },
};
static const struct named diverse[] = {
	{ "link", PCEPC_DISJOINT_LINK },	 { "node", PCEPC_DISJOINT_NODE },
	{ "srlg", PCEPC_DISJOINT_SRLG },	 { "shortest", PCEPC_DISJOINT_SHORTEST },
	{ "strict", PCEPC_DISJOINT_STRICT },
};

static const char *name_of(const struct named *at, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].value == value)
			return at[i].name;
	return NULL;
}

/* A name, or the number itself: tests ask for what nobody knows. */
static bool find(const struct named *at, size_t n, const char *text, uint32_t *out)
{
	uint64_t v;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(at[i].name, text) != 0)
			continue;
		*out = at[i].value;
		return true;
	}
	if (str_u64(text, &v) < 0 || v > UINT16_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* ---- values ---- */

static bool get_u32(const char *text, uint32_t *out)
{
	uint64_t v;

	if (str_u64(text, &v) < 0 || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* "10M": bits per second. */
static bool get_rate(const char *text, uint64_t *out)
{
	static const char units[] = "kMG";
	size_t n = strlen(text);
	const char *unit = n > 0 ? strchr(units, text[n - 1]) : NULL;
	char digits[32];
	uint64_t times = 1;

	if (n == 0 || n >= sizeof(digits))
		return false;
	(void)str_copy(digits, sizeof(digits), text);
	for (const char *u = units; unit && u <= unit; u++)
		times *= 1000;
	if (unit)
		digits[n - 1] = '\0';
	return str_u64(digits, out) == 0 && *out < UINT64_MAX / 1000000000 && (*out *= times, true);
}

static bool get_flags(char *text, uint32_t *out)
{
	char *save = NULL;

	for (char *w = strtok_r(text, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		uint32_t v;

		if (!find(diverse, ARRAY_LEN(diverse), w, &v))
			return false;
		*out |= v;
	}
	return true;
}

static bool get_types(char *text, uint8_t *types, uint8_t *n)
{
	char *save = NULL;

	for (char *w = strtok_r(text, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		uint32_t v;

		if (!find(metrics, ARRAY_LEN(metrics), w, &v) || v > UINT8_MAX || *n == PCC_TELL_MAX)
			return false;
		types[(*n)++] = (uint8_t)v;
	}
	return true;
}

/* A router's name is its loopback. */
static bool get_addr(const struct call *c, const char *text, struct ip_addr *out)
{
	uint32_t r = sim_router_find(&c->s->topo, text);

	if (r == SIM_NONE)
		return ip_parse(text, out) == 0;
	*out = sim_loopback(&c->s->topo, r);
	return true;
}

static bool get_prefix(const struct call *c, const char *text, struct ip_prefix *out)
{
	struct ip_addr a;

	if (!get_addr(c, text, &a))
		return ip_prefix_parse(text, out) == 0;
	*out = ip_prefix_of(&a, ip_bits(&a));
	return true;
}

/* "node:R", "link:ADDR", "srlgs:ADDR", "srlg:N", "as:N", "if:V4:N". */
static bool get_spot(const struct call *c, char *text, bool soft, struct driver_spot *out)
{
	static const struct named kinds[] = {
		{ "node", DRIVER_SPOT_NODE },	      { "link", DRIVER_SPOT_LINK },
		{ "srlgs", DRIVER_SPOT_LINK_SRLGS },  { "srlg", DRIVER_SPOT_SRLG },
		{ "as", DRIVER_SPOT_AS },	      { "if", DRIVER_SPOT_INTERFACE },
	};
	char *value = strchr(text, ':'), *number;
	uint32_t kind;

	if (!value)
		return false;
	*value++ = '\0';
	if (!find(kinds, ARRAY_LEN(kinds), text, &kind) || kind > DRIVER_SPOT_SRLG)
		return false;
	*out = (struct driver_spot){ .kind = kind, .soft = soft };
	if (kind == DRIVER_SPOT_SRLG || kind == DRIVER_SPOT_AS)
		return get_u32(value, &out->value);
	if (kind != DRIVER_SPOT_INTERFACE)
		return get_prefix(c, value, &out->prefix);
	number = strrchr(value, ':');
	if (!number)
		return false;
	*number++ = '\0';
	return get_prefix(c, value, &out->prefix) && get_u32(number, &out->value);
}

/* ---- words of one request ---- */

static bool bound_word(struct driver_path_request *w, const char *name, const char *value, bool *ok)
{
	const struct {
		const char *name;
		bool *has;
		uint32_t *most;
	} rows[] = {
		{ "igp-max", &w->has_igp_bound, &w->igp_max },
		{ "te-max", &w->has_te_bound, &w->te_max },
		{ "hops-max", &w->has_hop_bound, &w->hops_max },
		{ "delay-max", &w->has_delay_bound, &w->delay_us_max },
		{ "variation-max", &w->has_variation_bound, &w->variation_us_max },
		{ "loss-max", &w->has_loss_bound, &w->loss_ppm_max },
		{ "exclude-any", NULL, &w->exclude_any },
		{ "include-any", NULL, &w->include_any },
		{ "include-all", NULL, &w->include_all },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		*ok = get_u32(value, rows[i].most);
		if (rows[i].has)
			*rows[i].has = true;
		return true;
	}
	return false;
}

static bool spot_word(struct builder *b, const char *name, char *value, bool *ok)
{
	struct driver_path_request *w = &b->q->want;
	bool pass = strncmp(name, "pass", 4) == 0;
	bool soft = strcmp(name, "pass") == 0 || strcmp(name, "avoid-soft") == 0;
	uint8_t *n = pass ? &w->n_pass : &w->n_avoid;

	if (!soft && strcmp(name, "pass-next") != 0 && strcmp(name, "avoid") != 0)
		return false;
	*ok = *n < DRIVER_SPOTS_MAX &&
	      get_spot(b->c, value, soft, pass ? &w->pass[*n] : &w->avoid[*n]);
	*n += *ok;
	return true;
}

static bool flag_word(struct pcc_path *q, const char *name)
{
	q->insist = q->insist || strcmp(name, "insist") == 0;
	q->supply_of = q->supply_of || strcmp(name, "supply-of") == 0;
	q->fail = q->fail || strcmp(name, "fail") == 0;
	return strcmp(name, "insist") == 0 || strcmp(name, "supply-of") == 0 ||
	       strcmp(name, "fail") == 0;
}

static bool path_word(struct builder *b, const char *name, char *value)
{
	struct pcc_path *q = b->q;
	struct driver_path_request *w = &q->want;
	uint32_t v = 0;
	bool ok = true;

	if (!value)
		return flag_word(q, name);
	if (bound_word(w, name, value, &ok) || spot_word(b, name, value, &ok))
		return ok;
	if (strcmp(name, "bandwidth") == 0)
		return get_rate(value, &w->bandwidth_bps);
	if (strcmp(name, "tell") == 0)
		return get_types(value, q->tell, &q->n_tell);
	if (strcmp(name, "disjoint") == 0)
		return get_flags(value, &q->disjoint);
	if (strcmp(name, "from") == 0)
		return get_addr(b->c, value, &w->src);
	if (strcmp(name, "metric") == 0)
		ok = find(metrics, ARRAY_LEN(metrics), value, &v);
	else if (strcmp(name, "of") == 0)
		ok = find(functions, ARRAY_LEN(functions), value, &v);
	else
		ok = get_u32(value, &v) && v <= UINT16_MAX;
	if (strcmp(name, "metric") == 0)
		w->metric_wanted = (uint8_t)v;
	else if (strcmp(name, "of") == 0)
		q->of = (uint16_t)v;
	else if (strcmp(name, "group") == 0)
		q->group = (uint16_t)v;
	else if (strcmp(name, "setup") == 0)
		w->setup_prio = (uint8_t)v;
	else if (strcmp(name, "hold") == 0)
		w->hold_prio = (uint8_t)v;
	else if (strcmp(name, "msd") == 0)
		w->msd = (uint8_t)v, w->has_msd = true;
	else
		ok = false;
	return ok;
}

static bool set_word(struct builder *b, const char *name, char *value)
{
	struct pcc_path_set *s = &b->set;
	uint32_t of;

	if (strcmp(name, "svec") == 0) {
		s->svec = true;
		return !value || get_flags(value, &s->svec_flags);
	}
	if (strcmp(name, "svec-insist") == 0 && !value) {
		s->svec_insist = true;
		return true;
	}
	if (!value)
		return false;
	if (strcmp(name, "svec-of") == 0 && find(functions, ARRAY_LEN(functions), value, &of)) {
		s->svec_of = (uint16_t)of;
		return true;
	}
	if (strcmp(name, "svec-missing") == 0)
		return get_u32(value, &s->svec_missing);
	return strcmp(name, "svec-tell") == 0 && get_types(value, s->tell, &s->n_tell);
}

static bool path_begin(struct builder *b, uint32_t router, const char *dst)
{
	if (b->set.n == SIM_ASK_MAX) {
		sim_refuse(b->c, "too many in one request:", dst);
		return false;
	}
	b->q = &b->at[b->set.n++];
	b->q->want.src = sim_loopback(&b->c->s->topo, router);
	b->q->want.setup_prio = b->q->want.hold_prio = 7;
	if (get_addr(b->c, dst, &b->q->want.dst))
		return true;
	sim_refuse(b->c, "neither a router nor an address:", dst);
	return false;
}

static bool words(struct builder *b, uint32_t router)
{
	struct call *c = b->c;
	bool begins = true;

	for (unsigned i = 1; i < c->n; i++) {
		char *word = c->word[i], *value = strchr(word, '=');
		bool of_set = strncmp(word, "svec", 4) == 0;

		if (strcmp(word, "+") == 0) {
			begins = true;
			continue;
		}
		if (begins && !of_set) {
			if (!path_begin(b, router, word))
				return false;
			begins = false;
			continue;
		}
		if (value)
			*value++ = '\0';
		if (of_set ? !set_word(b, word, value) : !path_word(b, word, value)) {
			sim_refuse(c, "not understood:", word);
			return false;
		}
	}
	if (b->set.n == 0)
		sim_refuse(c, "a request needs a destination", NULL);
	return b->set.n > 0;
}

void sim_request(struct call *c)
{
	uint32_t router = sim_get_router(c, c->word[0]), ids[SIM_ASK_MAX];
	struct builder *b = router == SIM_NONE ? NULL : calloc(1, sizeof(*b));
	bool first = true;
	int rc;

	if (!b) {
		if (router != SIM_NONE)
			sim_refuse(c, "no memory", NULL);
		return;
	}
	b->c = c;
	b->set.at = b->at;
	if (words(b, router)) {
		rc = sim_pcc_ask(c->s->pccs, router, &b->set, ids);
		if (rc != 0)
			sim_refuse(c, rc < 0 ? "no memory" : "no session, or too much is unanswered", NULL);
		str_add(c->out, c->json ? ",\"ids\":[" : "");
		for (unsigned i = 0; rc == 0 && i < b->set.n; i++) {
			sim_next(c, &first);
			str_addf(c->out, c->json ? "%u" : "request %u\n", ids[i]);
		}
		str_add(c->out, c->json ? "]" : "");
	}
	free(b);
}

/* ---- what came back ---- */

static const char *what_text(const struct sim_asked_path *a)
{
	static const char *const text[] = { [PCC_PATH_FOUND] = "path", [PCC_PATH_NONE] = "no-path",
					    [PCC_PATH_ERROR] = "error" };

	return a->lost ? "lost" : !a->answered ? "waiting" : text[a->reply.what];
}

static void show_metrics(struct call *c, const char *name, const struct pcc_metric *at, unsigned n)
{
	str_addf(c->out, c->json ? ",\"%s\":{" : " %s:", name);
	for (unsigned i = 0; i < n; i++) {
		const char *type = name_of(metrics, ARRAY_LEN(metrics), at[i].type);
		char number[16];

		(void)snprintf(number, sizeof(number), "%u", at[i].type);
		str_addf(c->out, c->json ? "%s\"%s\":%llu" : "%s%s=%llu", i ? "," : "",
			 type ? type : number, (unsigned long long)at[i].value);
	}
	str_add(c->out, c->json ? "}" : "");
}

static void show_list(struct call *c, const struct sr_list *l)
{
	char text[IP_TEXT_MAX];

	str_add(c->out, c->json ? ",\"sids\":[" : " sids=");
	for (unsigned i = 0; i < l->n; i++)
		str_addf(c->out, c->json ? "%s\"%s\"" : "%s%s", i ? "," : "",
			 ip_text(&l->at[i].sid, text, sizeof(text)));
	str_add(c->out, c->json ? "]" : "");
}

static void show_function(struct call *c, const char *name, uint16_t of)
{
	const char *text = name_of(functions, ARRAY_LEN(functions), of);

	if (of)
		str_addf(c->out, c->json ? ",\"%s\":\"%s\"" : " %s=%s", name, text ? text : "?");
}

static void show_flags(struct call *c, const char *name, uint32_t flags)
{
	bool first = true;

	str_addf(c->out, c->json ? ",\"%s\":[" : " %s=", name);
	for (size_t i = 0; i < ARRAY_LEN(diverse); i++) {
		if (!(flags & diverse[i].value))
			continue;
		str_addf(c->out, c->json ? "%s\"%s\"" : "%s%s", first ? "" : ",", diverse[i].name);
		first = false;
	}
	str_add(c->out, c->json ? "]" : "");
}

static void show_none(struct call *c, const struct pcc_path_reply *r)
{
	str_addf(c->out, c->json ? ",\"vector\":%u,\"unsatisfied\":%s" : " vector=%x unsatisfied=%s",
		 r->vector, r->unsatisfied ? "true" : "false");
	if (r->bandwidth_bps)
		str_addf(c->out, c->json ? ",\"bandwidth\":%llu" : " bandwidth=%llu",
			 (unsigned long long)r->bandwidth_bps);
	str_addf(c->out,
		 c->json ? ",\"lspa\":%s,\"iro\":%s,\"xro\":%s" : " lspa=%s iro=%s xro=%s",
		 r->lspa ? "true" : "false", r->iro ? "true" : "false", r->xro ? "true" : "false");
}

static void show_reply(struct call *c, const struct pcc_path_reply *r)
{
	if (r->what == PCC_PATH_ERROR) {
		str_addf(c->out, c->json ? ",\"error\":\"%u/%u\",\"missing\":%u" :
					   " error=%u/%u missing=%u",
			 r->type, r->value, r->missing);
		return;
	}
	show_metrics(c, "metrics", r->metrics, r->n_metrics);
	show_metrics(c, "set-metrics", r->set_metrics, r->n_set_metrics);
	show_function(c, "of", r->of);
	show_function(c, "set-of", r->set_of);
	if (r->has_status)
		show_flags(c, "status", r->status);
	if (r->what == PCC_PATH_NONE) {
		show_none(c, r);
		return;
	}
	if (r->bandwidth_bps)
		str_addf(c->out, c->json ? ",\"bandwidth\":%llu" : " bandwidth=%llu",
			 (unsigned long long)r->bandwidth_bps);
	show_list(c, &r->list);
}

struct listing {
	struct call *c;
	bool first;
};

static void show_asked(void *arg, const struct sim_asked_path *a)
{
	struct listing *x = arg;
	struct call *c = x->c;
	const char *router = c->s->topo.routers.at[a->router].name;

	sim_next(c, &x->first);
	str_addf(c->out,
		 c->json ? "{\"router\":\"%s\",\"id\":%u,\"is\":\"%s\"" : "%s request %u: %s", router,
		 a->id, what_text(a));
	if (a->answered)
		show_reply(c, &a->reply);
	str_add(c->out, c->json ? "}" : "\n");
}

void sim_show_replies(struct call *c)
{
	struct listing x = { c, true };

	str_add(c->out, c->json ? ",\"replies\":[" : "");
	sim_asked_each(c->s->pccs, show_asked, &x);
	str_add(c->out, c->json ? "]" : "");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wanted rules are lines, each named by its comment. What is there is compared in two ways:
 * the comments in their order against the lines, and each rule's expressions against what they
 * were right after we wrote them, since nft prints a rule differently from how it was given.
 *
 * A change leaves rules alone that stay: one made anew begins with a full bucket, and its set is
 * empty to packets for a moment while the kernel commits, which a source filter takes for a
 * stranger's. Only a chain that is not as we left it is replaced whole; after a restart of the
 * agent, which knows nothing of what it wrote, that is once.
 */
#include "tools/agent/slices/nft.h"

#include <errno.h>
#include <json-c/json.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/vec.h"
#include "log/log.h"
#include "tools/agent/slices/obj.h"

#define TABLE "inet sextant_slices"
#define CHAIN TABLE " in"
#define HOOK "{ type filter hook prerouting priority -150; policy accept; }"

enum { DEPTH_MAX = 64, SCRIPT_MAX = 32 << 20 };

struct line {
	char name[AGENT_NFT_NAME_MAX]; /* of its counter, and its comment */
	char *text;		       /* what it matches and does */
	const char *verdict;
};

struct counter {
	char name[AGENT_NFT_NAME_MAX];
	uint64_t packets, octets;
};

struct lines {
	struct line *at;
	size_t n, cap;
};

struct agent_nft {
	struct nft_ctx *ctx;
	struct lines want;
	struct lines put;	      /* what the chain was made of when it was last written */
	VEC(uint64_t) handles;	      /* of its rules, as read, in their order */
	VEC(struct counter) counters; /* as read, by name */
	struct str seen;	      /* chain and rules as read */
	struct str written;	      /* the same right after the last apply */
	struct str names;	      /* comments as read, a line each */
	bool there, fresh, read, dirty;
	char reason[256];
};

/* ---- what is wanted ---- */

struct script {
	struct lines *out;
	const struct agent_device *d;
	bool ok;
};

static void add_line(struct script *s, const char *kind, const char *name, struct str *match,
		     const char *verdict)
{
	struct line l = { .verdict = verdict };

	(void)snprintf(l.name, sizeof(l.name), "%s.%s", kind, name);
	l.text = str_take(match);
	s->ok = l.text && VEC_ADD(s->out, l) && s->ok;
	if (!s->ok)
		free(l.text);
}

static void add_prefixes(struct str *o, const struct ip_prefix *at, size_t n)
{
	char t[IP_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		str_addf(o, ", %s", ip_prefix_text(&at[i], t, sizeof(t)));
}

static void boundary(struct script *s, const char *interface)
{
	struct str m = { 0 };
	char t[IP_PREFIX_TEXT_MAX];

	str_addf(&m, "iifname \"%s\" ip6 daddr { %s", interface,
		 ip_prefix_text(&s->d->underlay[0], t, sizeof(t)));
	add_prefixes(&m, s->d->underlay + 1, s->d->n_underlay - 1);
	str_add(&m, " }");
	add_line(s, "boundary", interface, &m, "drop");
}

/* Or would: what has two circuits may send by the one and be sent to by the other. */
static bool leads_to(const struct agent_table_route *r, const char *interface)
{
	bool does = strcmp(r->interface, interface) == 0;

	for (unsigned i = 0; !does && i < r->n_backups; i++)
		does = strcmp(r->backups[i].interface, interface) == 0;
	return does;
}

/* What tables route to an interface may come from it. */
static void add_routed(struct str *o, const struct agent_device *d, const char *interface)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		for (size_t j = 0; j < d->tables[i].n_routes; j++) {
			const struct agent_table_route *r = &d->tables[i].routes[j];

			if (r->n == 0 && leads_to(r, interface))
				add_prefixes(o, &r->prefix, 1);
		}
	}
}

static void source_filter(struct script *s, const struct agent_source_filter *f)
{
	struct str m = { 0 };

	str_addf(&m, "iifname \"%s\" ip6 saddr != { fe80::/10, ::/128", f->interface);
	add_prefixes(&m, f->prefixes, f->n_prefixes);
	if (!f->routes)
		add_routed(&m, s->d, f->interface);
	str_add(&m, f->routes ? " } fib saddr . iif oif missing" : " }");
	add_line(s, "source", f->interface, &m, "drop");
}

static void policer(struct script *s, const struct agent_policer *p)
{
	struct str m = { 0 };

	str_addf(&m, "iifname \"%s\" ", p->interface);
	if (p->has_dscp)
		str_addf(&m, "ip6 dscp %u ", p->dscp);
	str_addf(&m, "limit rate over %llu bytes/second burst %u bytes",
		 (unsigned long long)(p->rate_bps / 8), p->burst);
	add_line(s, "policer", p->name, &m, "drop");
}

static void classifier(struct script *s, const struct agent_classifier *c)
{
	struct str m = { 0 };
	char t[IP_PREFIX_TEXT_MAX];

	if (c->interface[0])
		str_addf(&m, "iifname \"%s\" ", c->interface);
	if (c->source.addr.family == IP_V6)
		str_addf(&m, "ip6 saddr %s ", ip_prefix_text(&c->source, t, sizeof(t)));
	if (c->destination.addr.family == IP_V6)
		str_addf(&m, "ip6 daddr %s ", ip_prefix_text(&c->destination, t, sizeof(t)));
	if (c->has_dscp)
		str_addf(&m, "ip6 dscp %u ", c->dscp);
	if (c->has_protocol)
		str_addf(&m, "meta nfproto ipv6 meta l4proto %u ", c->protocol);
	if (c->has_sport)
		str_addf(&m, "th sport %u ", c->sport);
	if (c->has_dport)
		str_addf(&m, "th dport %u ", c->dport);
	str_addf(&m, "meta mark set mark & 0x%08x | 0x%08x", (1u << AGENT_MARK_SHIFT) - 1,
		 (unsigned)c->id << AGENT_MARK_SHIFT);
	add_line(s, "classifier", c->name, &m, "accept");
}

static bool make_lines(struct lines *out, const struct agent_device *d)
{
	struct script s = { .out = out, .d = d, .ok = true };

	for (size_t i = 0; d->n_underlay && i < d->n_tables; i++) {
		for (size_t j = 0; j < d->tables[i].n_interfaces; j++)
			boundary(&s, d->tables[i].interfaces[j]);
	}
	for (size_t i = 0; i < d->n_filters; i++)
		source_filter(&s, &d->filters[i]);
	for (size_t i = 0; i < d->n_policers; i++)
		policer(&s, &d->policers[i]);
	for (size_t i = 0; i < d->n_classifiers; i++)
		classifier(&s, &d->classifiers[i]);
	return s.ok;
}

static void free_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].text);
	VEC_FINI(l);
}

/* Before the rule of that handle; 0: at the end. */
static void add_rule(struct str *o, const struct line *l, uint64_t before)
{
	if (before)
		str_addf(o, "insert rule " CHAIN " handle %llu ", (unsigned long long)before);
	else
		str_add(o, "add rule " CHAIN " ");
	str_addf(o, "%s counter name \"%s\" %s comment \"%s\"\n", l->text, l->name, l->verdict,
		 l->name);
}

/* ---- what is there ---- */

static int counter_cmp(const void *a, const void *b)
{
	return strcmp(((const struct counter *)a)->name, ((const struct counter *)b)->name);
}

static const struct counter *counter_of(const struct agent_nft *n, const char *name)
{
	struct counter key = { 0 };

	(void)str_copy(key.name, sizeof(key.name), name);
	return n->counters.n ? bsearch(&key, n->counters.at, n->counters.n, sizeof(key),
				       counter_cmp)
			     : NULL;
}

static const char *text_of(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : "";
}

static uint64_t num_of(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_uint64(v) : 0;
}

static void get_rule(struct agent_nft *n, struct json_object *o)
{
	str_addf(&n->seen, "%s %s\n", text_of(o, "chain"), text_of(o, "expr"));
	str_addf(&n->names, "%s\n", text_of(o, "comment"));
	(void)VEC_ADD(&n->handles, num_of(o, "handle")); /* without memory they are too few */
}

static void get_one(struct agent_nft *n, struct json_object *o)
{
	struct json_object *v;
	struct counter c = { 0 };

	if (json_object_object_get_ex(o, "rule", &v)) {
		get_rule(n, v);
	} else if (json_object_object_get_ex(o, "chain", &v)) {
		str_addf(&n->seen, "%s %s %s %s %s\n", text_of(v, "name"), text_of(v, "type"),
			 text_of(v, "hook"), text_of(v, "prio"), text_of(v, "policy"));
	} else if (json_object_object_get_ex(o, "counter", &v)) {
		(void)str_copy(c.name, sizeof(c.name), text_of(v, "name"));
		c.packets = num_of(v, "packets");
		c.octets = num_of(v, "bytes");
		(void)VEC_ADD(&n->counters, c);
	}
}

static void forget(struct str *s)
{
	str_fini(s);
	s->limit = SCRIPT_MAX;
}

static int get_all(struct agent_nft *n, const char *json)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *root = tok ? json_tokener_parse_ex(tok, json, -1) : NULL, *list;

	if (tok)
		json_tokener_free(tok);
	if (!json_object_object_get_ex(root, "nftables", &list) ||
	    !json_object_is_type(list, json_type_array)) {
		json_object_put(root);
		(void)str_copy(n->reason, sizeof(n->reason), "nftables: an answer that is no JSON");
		return err_raise(-EIO);
	}
	for (size_t i = 0; i < json_object_array_length(list); i++)
		get_one(n, json_object_array_get_idx(list, i));
	json_object_put(root);
	if (n->counters.n)
		qsort(n->counters.at, n->counters.n, sizeof(*n->counters.at), counter_cmp);
	return 0;
}

int agent_nft_read(struct agent_nft *n)
{
	int r;

	n->counters.n = n->handles.n = 0;
	forget(&n->seen);
	forget(&n->names);
	n->there = false;
	nft_ctx_output_set_flags(n->ctx, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL);
	r = nft_run_cmd_from_buffer(n->ctx, "list table " TABLE);
	if (r != 0) { /* no such table, as good as always */
		n->read = true;
		return 0;
	}
	n->there = true;
	r = get_all(n, nft_ctx_get_output_buffer(n->ctx));
	n->read = r == 0;
	if (n->fresh) {
		forget(&n->written);
		str_add(&n->written, str_text(&n->seen));
		n->fresh = false;
		n->dirty = false;
	}
	return err_trace(r);
}

/* Whether the rules as read are called as these are, in their order. */
static bool called(const struct agent_nft *n, const struct lines *l)
{
	STR_AUTO struct str names = { .limit = SCRIPT_MAX };

	for (size_t i = 0; i < l->n; i++)
		str_addf(&names, "%s\n", l->at[i].name);
	return !names.bad && strcmp(str_text(&names), str_text(&n->names)) == 0;
}

static bool names_same(const struct agent_nft *n)
{
	for (size_t i = 0; i < n->want.n; i++) {
		if (!counter_of(n, n->want.at[i].name))
			return false;
	}
	return called(n, &n->want) && n->counters.n == n->want.n;
}

bool agent_nft_in(const struct agent_nft *n)
{
	if (!n->read)
		return false;
	if (n->want.n == 0)
		return !n->there;
	return n->there && !n->dirty && names_same(n) &&
	       strcmp(str_text(&n->seen), str_text(&n->written)) == 0;
}

/* ---- writing ---- */

static bool wanted(const struct agent_nft *n, const char *name)
{
	for (size_t i = 0; i < n->want.n; i++) {
		if (strcmp(n->want.at[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The first line of the complaint, with the object of the script's line it is about. */
static void complain(struct agent_nft *n, const char *script, const char *error)
{
	const char *at = strchr(error, ':'), *name = NULL, *why = strstr(error, "Error: ");
	long line = at ? strtol(at + 1, NULL, 10) : 0;
	size_t len;

	for (long i = 1; i < line && script; i++) {
		script = strchr(script, '\n');
		script += script != NULL;
	}
	if (script && line > 0 && (name = strstr(script, "comment \"")) != NULL &&
	    memchr(script, '\n', (size_t)(name - script)))
		name = NULL;
	name = name ? name + strlen("comment \"") : "nftables\"";
	why = why ? why + strlen("Error: ") : error;
	len = strcspn(why, "\n");
	(void)snprintf(n->reason, sizeof(n->reason), "%.*s: %.*s", (int)strcspn(name, "\""), name,
		       (int)len, why);
}

static bool line_same(const struct line *a, const struct line *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->text, b->text) == 0;
}

static bool as_left(const struct agent_nft *n)
{
	return n->there && !n->fresh && n->put.n > 0 && n->handles.n == n->put.n &&
	       called(n, &n->put) && strcmp(str_text(&n->seen), str_text(&n->written)) == 0;
}

static void whole_chain(const struct agent_nft *n, struct str *o)
{
	str_add(o, "flush chain " CHAIN "\n");
	for (size_t i = 0; i < n->want.n; i++)
		add_rule(o, &n->want.at[i], 0);
}

/* Both in their order: what comes between two that stay goes, and is made, between them. */
static void changed_rules(const struct agent_nft *n, struct str *o)
{
	size_t at = 0, made = 0; /* the next that was put, the next that is wanted */

	for (size_t i = 0; i <= n->want.n; i++) {
		size_t stays = at;

		while (stays < n->put.n &&
		       (i == n->want.n || !line_same(&n->put.at[stays], &n->want.at[i])))
			stays++;
		if (i < n->want.n && stays == n->put.n)
			continue; /* new: made when it is known before what */
		for (; at < stays; at++)
			str_addf(o, "delete rule " CHAIN " handle %llu\n",
				 (unsigned long long)n->handles.at[at]);
		for (; made < i; made++)
			add_rule(o, &n->want.at[made], i < n->want.n ? n->handles.at[stays] : 0);
		at = stays + 1;
		made = i + 1;
	}
}

static void write_script(const struct agent_nft *n, bool whole, struct str *o)
{
	if (n->want.n == 0) {
		if (n->there)
			str_add(o, "delete table " TABLE "\n");
		return;
	}
	str_add(o, "add table " TABLE "\n");
	for (size_t i = 0; i < n->want.n; i++) {
		if (!counter_of(n, n->want.at[i].name))
			str_addf(o, "add counter " TABLE " %s\n", n->want.at[i].name);
	}
	str_add(o, "add chain " CHAIN " " HOOK "\n");
	if (whole)
		whole_chain(n, o);
	else
		changed_rules(n, o);
	for (size_t i = 0; i < n->counters.n; i++) {
		if (!wanted(n, n->counters.at[i].name))
			str_addf(o, "delete counter " TABLE " %s\n", n->counters.at[i].name);
	}
}

static int apply(struct agent_nft *n, bool whole)
{
	STR_AUTO struct str script = { .limit = SCRIPT_MAX };

	write_script(n, whole, &script);
	if (script.bad)
		return err_raise(-ENOMEM);
	n->reason[0] = '\0';
	if (script.len == 0)
		return 0;
	if (nft_run_cmd_from_buffer(n->ctx, str_text(&script)) != 0) {
		complain(n, str_text(&script), nft_ctx_get_error_buffer(n->ctx));
		return err_raise(-EIO);
	}
	n->fresh = true;
	return 0;
}

/* Without memory the next change knows nothing, and replaces the chain. */
static void remember(struct agent_nft *n)
{
	free_lines(&n->put);
	for (size_t i = 0; i < n->want.n; i++) {
		struct line l = n->want.at[i];

		l.text = strdup(l.text);
		if (l.text && VEC_ADD(&n->put, l))
			continue;
		free(l.text);
		free_lines(&n->put);
		return;
	}
}

int agent_nft_apply(struct agent_nft *n)
{
	bool whole = !as_left(n);
	int r = apply(n, whole);

	if (r < 0 && !whole) /* somebody was at it since it was read, or it is refused as it is */
		r = apply(n, true);
	if (r == 0)
		remember(n);
	return err_trace(r);
}

void agent_nft_script(const struct agent_device *d, struct str *out)
{
	struct agent_nft n = { 0 };

	if (make_lines(&n.want, d))
		write_script(&n, true, out);
	free_lines(&n.want);
}

/* ---- life ---- */

int agent_nft_want(struct agent_nft *n, const struct agent_device *d)
{
	struct lines fresh = { 0 };
	bool same;

	if (!make_lines(&fresh, d)) {
		free_lines(&fresh);
		return err_raise(-ENOMEM);
	}
	same = fresh.n == n->want.n;
	for (size_t i = 0; same && i < fresh.n; i++)
		same = line_same(&fresh.at[i], &n->want.at[i]);
	n->dirty = n->dirty || !same;
	free_lines(&n->want);
	n->want = fresh;
	return 0;
}

int agent_nft_new(struct agent_nft **outp)
{
	AUTO(agent_nft_free) struct agent_nft *n = calloc(1, sizeof(*n));

	if (!n || !(n->ctx = nft_ctx_new(NFT_CTX_DEFAULT)) || nft_ctx_buffer_output(n->ctx) != 0 ||
	    nft_ctx_buffer_error(n->ctx) != 0)
		return err_raise(-ENOMEM);
	n->dirty = true;
	*outp = TAKE(n);
	return 0;
}

struct agent_nft *agent_nft_free(struct agent_nft *n)
{
	if (!n)
		return NULL;
	free_lines(&n->want);
	free_lines(&n->put);
	VEC_FINI(&n->handles);
	VEC_FINI(&n->counters);
	str_fini(&n->seen);
	str_fini(&n->written);
	str_fini(&n->names);
	if (n->ctx)
		nft_ctx_free(n->ctx);
	free(n);
	return NULL;
}

const char *agent_nft_reason(const struct agent_nft *n)
{
	return n->reason;
}

bool agent_nft_count(const struct agent_nft *n, const char *kind, const char *name,
		     uint64_t *packets, uint64_t *octets)
{
	char full[AGENT_NFT_NAME_MAX];
	const struct counter *c;

	(void)snprintf(full, sizeof(full), "%s.%s", kind, name);
	c = counter_of(n, full);
	if (!c)
		return false;
	*packets = c->packets;
	*octets = c->octets;
	return true;
}

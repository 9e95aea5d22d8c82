/* SPDX-License-Identifier: Apache-2.0 */
/* Tree → struct, and what YANG cannot say: sums of rates, overlaps, who is bound to what. */
#include "tools/agent/slices/device.h"

#include <errno.h>
#include <libyang/libyang.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/read.h"

enum {
	QUEUE_MS = 50, /* of a queue whose limit was not told */
	QUEUE_MIN = 15000,
};

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

static size_t count_of(const struct lyd_node *in, const char *name)
{
	const struct lyd_node *c;
	size_t n = 0;

	LY_LIST_FOR(in ? lyd_child(in) : NULL, c)
	n += is(c, name);
	return n;
}

static void say(struct str *errors, const struct lyd_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct str *errors, const struct lyd_node *at, const char *fmt, ...)
{
	AUTO_FREE char *path = lyd_path(at, LYD_PATH_STD, NULL, 0);
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_addf(errors, "%s: %s\n", path ? path : "", text);
}

static uint32_t default_limit(uint64_t rate_bps)
{
	uint64_t limit = rate_bps / 8 * QUEUE_MS / 1000;

	return limit < QUEUE_MIN ? QUEUE_MIN : limit > 1000000000 ? 1000000000 : (uint32_t)limit;
}

static uint32_t limit_of(const struct lyd_node *in, uint64_t rate_bps)
{
	uint64_t limit = conf_read_num(in, "queue-limit");

	return limit ? (uint32_t)limit : default_limit(rate_bps);
}

static void fill_nrp(const struct lyd_node *in, struct agent_nrp *n)
{
	const struct lyd_node *c;

	n->id = (uint32_t)conf_read_num(in, "id");
	n->rate_bps = conf_read_num(in, "rate");
	n->ceil_bps = conf_child(in, "ceil") ? conf_read_num(in, "ceil") : n->rate_bps;
	n->priority = (uint8_t)conf_read_num(in, "priority");
	n->limit = limit_of(in, n->ceil_bps);
	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "sid-block") && n->n_blocks < AGENT_DEV_BLOCKS_MAX &&
		    ip_prefix_parse(lyd_get_value(c), &n->block[n->n_blocks]) == 0)
			n->n_blocks++;
	}
}

static bool overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_prefix_has(a, &b->addr) || ip_prefix_has(b, &a->addr);
}

static bool blocks_meet(const struct agent_nrp *a, const struct agent_nrp *b)
{
	for (unsigned i = 0; i < a->n_blocks; i++) {
		for (unsigned j = 0; j < b->n_blocks; j++) {
			if (overlap(&a->block[i], &b->block[j]))
				return true;
		}
	}
	return false;
}

static void check_link(const struct lyd_node *in, const struct agent_link *l, struct str *errors)
{
	uint64_t sum = l->minimum_bps;

	for (size_t i = 0; i < l->n_nrps; i++) {
		const struct agent_nrp *n = &l->nrps[i];

		sum += n->rate_bps; /* 1025 rates of at most 10^12 */
		if (n->ceil_bps > l->capacity_bps)
			say(errors, in, "nrp %u: 'ceil' is above the capacity of the link", n->id);
		for (size_t j = 0; j < i; j++) {
			if (blocks_meet(n, &l->nrps[j]))
				say(errors, in, "nrp %u and nrp %u: their SID blocks overlap",
				    l->nrps[j].id, n->id);
		}
	}
	if (sum > l->capacity_bps)
		say(errors, in, "%llu bit/s are reserved and kept for best effort, %llu too many",
		    (unsigned long long)sum, (unsigned long long)(sum - l->capacity_bps));
}

static bool fill_link(const struct lyd_node *in, struct agent_link *l, struct str *errors)
{
	const struct lyd_node *c, *be = conf_child(in, "best-effort");

	conf_read_text(in, "name", l->name, sizeof(l->name));
	l->capacity_bps = conf_read_num(in, "capacity");
	l->minimum_bps = conf_read_num(be, "minimum");
	l->limit = limit_of(be, l->capacity_bps);
	l->nrps = calloc(count_of(in, "nrp") + 1, sizeof(*l->nrps));
	if (!l->nrps)
		return false;
	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "nrp"))
			fill_nrp(c, &l->nrps[l->n_nrps++]);
	}
	check_link(in, l, errors);
	return true;
}

static void check_adjacency(const struct lyd_node *in, const struct agent_locator *l,
			    const struct agent_adjacency *a, struct str *errors)
{
	if (a->sid.len <= l->block || !ip_bits_same(&a->sid.addr, &l->prefix.addr, l->block))
		say(errors, in, "its 'sid' is not in the block of the locator");
	if (ip_is_any(&a->next_hop))
		say(errors, in, "'::' is no neighbour");
}

static bool fill_locator(const struct lyd_node *in, struct agent_locator *l, struct str *errors)
{
	const struct lyd_node *c;

	(void)conf_read_prefix(in, "prefix", &l->prefix);
	l->block = (uint8_t)conf_read_num(in, "block-length");
	l->adjs = calloc(count_of(in, "adjacency") + 1, sizeof(*l->adjs));
	if (!l->adjs)
		return false;
	if (l->prefix.len <= l->block)
		say(errors, in, "'block-length' (%u) leaves no bits for the node", l->block);
	LY_LIST_FOR(lyd_child(in), c)
	{
		struct agent_adjacency *a = &l->adjs[l->n_adjs];

		if (!is(c, "adjacency"))
			continue;
		conf_read_text(c, "interface", a->interface, sizeof(a->interface));
		(void)conf_read_prefix(c, "sid", &a->sid);
		a->next_hop = conf_read_ip(c, "next-hop");
		check_adjacency(c, l, a, errors);
		l->n_adjs++;
	}
	return true;
}

static bool fill_backups(const struct lyd_node *in, struct agent_table_route *r)
{
	const struct lyd_node *c;
	size_t n = count_of(in, "backup");

	r->backups = n ? calloc(n, sizeof(*r->backups)) : NULL;
	LY_LIST_FOR(lyd_child(in), c)
	{
		struct agent_backup *b = r->backups && is(c, "backup") ? &r->backups[r->n_backups++] : NULL;

		if (!b)
			continue;
		conf_read_text(c, "interface", b->interface, sizeof(b->interface));
		b->next_hop = conf_read_ip(c, "next-hop");
	}
	return r->n_backups == n;
}

static void fill_route(const struct lyd_node *in, struct agent_table *t, struct str *errors)
{
	struct agent_table_route *r = &t->routes[t->n_routes++];
	const struct lyd_node *c, *policy = conf_child(in, "policy");

	(void)conf_read_prefix(in, "prefix", &r->prefix);
	r->color = (uint32_t)conf_read_num(policy, "color");
	r->endpoint = conf_read_ip(policy, "endpoint");
	r->table = t->id;
	r->next_hop = conf_read_ip(in, "next-hop");
	conf_read_text(in, "interface", r->interface, sizeof(r->interface));
	if (!fill_backups(in, r))
		say(errors, in, "no memory");
	LY_LIST_FOR(lyd_child(in), c)
	{
		if (!is(c, "segment"))
			continue;
		if (r->n == SR_SEGS_MAX) {
			say(errors, in, "more than %d segments", SR_SEGS_MAX);
			return;
		}
		if (ip_parse(lyd_get_value(c), &r->seg[r->n]) == 0)
			r->n++;
	}
	for (unsigned i = 0; i < r->n; i++) {
		if (ip_is_any(&r->seg[i]))
			say(errors, in, "'::' is not a SID");
	}
}

static void fill_sid(const struct lyd_node *in, struct agent_table *t, struct str *errors)
{
	struct ip_addr *sid = &t->sids[t->n_sids];
	struct ip_prefix p;

	if (t->n_sids == AGENT_DEV_SIDS_MAX || ip_parse(lyd_get_value(in), sid) < 0)
		return;
	p = ip_prefix_of(sid, t->sid_len);
	if (ip_is_any(sid) || !ip_eq(&p.addr, sid))
		say(errors, in, "has bits set beyond 'sid-length' (%u)", t->sid_len);
	t->n_sids++;
}

static bool fill_table(const struct lyd_node *in, struct agent_table *t, struct str *errors)
{
	const struct lyd_node *c;

	t->id = (uint32_t)conf_read_num(in, "id");
	conf_read_text(in, "name", t->name, sizeof(t->name));
	t->sid_len = (uint8_t)conf_read_num(in, "sid-length");
	t->interfaces = calloc(count_of(in, "interface") + 1, sizeof(*t->interfaces));
	t->routes = calloc(count_of(in, "route") + 1, sizeof(*t->routes));
	if (!t->interfaces || !t->routes)
		return false;
	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "interface"))
			(void)str_copy(t->interfaces[t->n_interfaces++], AGENT_DEV_IF_MAX,
				       lyd_get_value(c));
		else if (is(c, "route"))
			fill_route(c, t, errors);
		else if (is(c, "sid"))
			fill_sid(c, t, errors);
	}
	return true;
}

static void fill_classifier(const struct lyd_node *in, struct agent_classifier *c)
{
	c->id = (uint16_t)conf_read_num(in, "id");
	conf_read_text(in, "name", c->name, sizeof(c->name));
	conf_read_text(in, "interface", c->interface, sizeof(c->interface));
	c->has_dscp = conf_child(in, "dscp") != NULL;
	c->has_protocol = conf_child(in, "protocol") != NULL;
	c->has_sport = conf_child(in, "source-port") != NULL;
	c->has_dport = conf_child(in, "destination-port") != NULL;
	c->dscp = (uint8_t)conf_read_num(in, "dscp");
	c->protocol = (uint8_t)conf_read_num(in, "protocol");
	c->sport = (uint16_t)conf_read_num(in, "source-port");
	c->dport = (uint16_t)conf_read_num(in, "destination-port");
	(void)conf_read_prefix(in, "source", &c->source);
	(void)conf_read_prefix(in, "destination", &c->destination);
	c->table = (uint32_t)conf_read_num(in, "table");
}

static void fill_policer(const struct lyd_node *in, struct agent_policer *p)
{
	conf_read_text(in, "name", p->name, sizeof(p->name));
	conf_read_text(in, "interface", p->interface, sizeof(p->interface));
	p->has_dscp = conf_child(in, "dscp") != NULL;
	p->dscp = (uint8_t)conf_read_num(in, "dscp");
	p->rate_bps = conf_read_num(in, "rate");
	p->burst = (uint32_t)conf_read_num(in, "burst");
}

static bool fill_filter(const struct lyd_node *in, struct agent_source_filter *f)
{
	const char *mode = conf_text_of(in, "mode");
	const struct lyd_node *c;

	conf_read_text(in, "interface", f->interface, sizeof(f->interface));
	f->routes = mode && strcmp(mode, "routes") == 0;
	f->prefixes = calloc(count_of(in, "prefix") + 1, sizeof(*f->prefixes));
	if (!f->prefixes)
		return false;
	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "prefix") &&
		    ip_prefix_parse(lyd_get_value(c), &f->prefixes[f->n_prefixes]) == 0)
			f->n_prefixes++;
	}
	return true;
}

static bool make_room(const struct lyd_node *root, struct agent_device *d)
{
	size_t n_locators = count_of(root, "locator");

	d->underlay = calloc(count_of(root, "underlay") + n_locators + 1, sizeof(*d->underlay));
	d->locators = calloc(n_locators + 1, sizeof(*d->locators));
	d->links = calloc(count_of(root, "link") + 1, sizeof(*d->links));
	d->tables = calloc(count_of(root, "table") + 1, sizeof(*d->tables));
	d->classifiers = calloc(count_of(root, "classifier") + 1, sizeof(*d->classifiers));
	d->policers = calloc(count_of(root, "policer") + 1, sizeof(*d->policers));
	d->filters = calloc(count_of(root, "source-filter") + 1, sizeof(*d->filters));
	return d->underlay && d->locators && d->links && d->tables && d->classifiers &&
	       d->policers && d->filters;
}

/* What holds another takes its place: the kernel's sets have no overlaps. */
static void add_underlay(struct agent_device *d, struct ip_prefix p)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_underlay; i++) {
		if (d->underlay[i].len <= p.len && ip_prefix_has(&d->underlay[i], &p.addr))
			return;
	}
	for (size_t i = 0; i < d->n_underlay; i++) {
		if (!ip_prefix_has(&p, &d->underlay[i].addr))
			d->underlay[n++] = d->underlay[i];
	}
	d->underlay[n++] = p;
	d->n_underlay = n;
}

static bool fill_one(const struct lyd_node *in, struct agent_device *d, struct str *errors)
{
	struct ip_prefix p;

	if (is(in, "underlay") && ip_prefix_parse(lyd_get_value(in), &p) == 0)
		add_underlay(d, p);
	else if (is(in, "locator"))
		return fill_locator(in, &d->locators[d->n_locators++], errors);
	else if (is(in, "link"))
		return fill_link(in, &d->links[d->n_links++], errors);
	else if (is(in, "table"))
		return fill_table(in, &d->tables[d->n_tables++], errors);
	else if (is(in, "classifier"))
		fill_classifier(in, &d->classifiers[d->n_classifiers++]);
	else if (is(in, "policer"))
		fill_policer(in, &d->policers[d->n_policers++]);
	else if (is(in, "source-filter"))
		return fill_filter(in, &d->filters[d->n_filters++]);
	else if (is(in, "measure"))
		return agent_measure_cfg_fill(in, &d->measure, errors);
	return true;
}

static bool fill(const struct lyd_node *root, struct agent_device *d, struct str *errors)
{
	const struct lyd_node *in;

	LY_LIST_FOR(root ? lyd_child(root) : NULL, in)
	{
		if (!fill_one(in, d, errors))
			return false;
	}
	for (size_t i = 0; i < d->n_locators; i++)
		add_underlay(d, ip_prefix_of(&d->locators[i].prefix.addr, d->locators[i].block));
	return true;
}

static const struct agent_table *bound(const struct agent_device *d, const char *interface)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		for (size_t j = 0; j < d->tables[i].n_interfaces; j++) {
			if (strcmp(d->tables[i].interfaces[j], interface) == 0)
				return &d->tables[i];
		}
	}
	return NULL;
}

static bool in_underlay(const struct agent_device *d, const struct ip_addr *sid)
{
	for (size_t i = 0; i < d->n_underlay; i++) {
		if (ip_prefix_has(&d->underlay[i], sid))
			return true;
	}
	return false;
}

/* Else the encapsulated packet would be looked up in the table it comes from, for ever. Of a
 * route that follows a policy the first SID is known later: follow.c looks at it. */
static void check_segments(const struct agent_device *d, const struct agent_table *t,
			   struct str *errors)
{
	char prefix[IP_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < t->n_routes; i++) {
		const struct agent_table_route *r = &t->routes[i];

		for (unsigned k = 0; !r->color && k < r->n; k++) {
			if (in_underlay(d, &r->seg[k]))
				continue;
			str_addf(errors,
				 "/sextant-device:device: table %u route %s: a segment is in no "
				 "'underlay' block\n",
				 t->id, ip_prefix_text(&r->prefix, prefix, sizeof(prefix)));
			break;
		}
	}
}

/* A SID of this router: a route of table main. */
struct own_sid {
	struct ip_prefix sid;
	uint32_t table; /* it is the service SID of; 0: a locator's */
	size_t at;
};

static int own_sid_cmp(const void *a, const void *b)
{
	const struct own_sid *x = a, *y = b;
	int d = ip_prefix_cmp(&x->sid, &y->sid);

	return d ? d : (x->at > y->at) - (x->at < y->at);
}

static size_t list_sids(const struct agent_device *d, struct own_sid *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_locators; i++) {
		const struct agent_locator *l = &d->locators[i];

		out[n++] = (struct own_sid){ .sid = l->prefix };
		for (size_t k = 0; k < l->n_adjs; k++)
			out[n++] = (struct own_sid){ .sid = l->adjs[k].sid };
	}
	for (size_t i = 0; i < d->n_tables; i++) {
		const struct agent_table *t = &d->tables[i];

		for (unsigned k = 0; k < t->n_sids; k++)
			out[n++] = (struct own_sid){ ip_prefix_of(&t->sids[k], t->sid_len), t->id, i };
	}
	return n;
}

static void say_twice(const struct own_sid *a, const struct own_sid *b, struct str *errors)
{
	char sid[IP_PREFIX_TEXT_MAX], ip[IP_TEXT_MAX];

	if (a->table && b->table)
		str_addf(errors, "/sextant-device:device: tables %u and %u have the same SID %s\n",
			 a->table, b->table, ip_text(&a->sid.addr, ip, sizeof(ip)));
	else
		str_addf(errors, "/sextant-device:device: %s is the SID of two things\n",
			 ip_prefix_text(&a->sid, sid, sizeof(sid)));
}

static bool check_sids(const struct agent_device *d, struct str *errors)
{
	AUTO_FREE struct own_sid *all = NULL;
	size_t n = d->n_locators;

	for (size_t i = 0; i < d->n_locators; i++)
		n += d->locators[i].n_adjs;
	for (size_t i = 0; i < d->n_tables; i++)
		n += d->tables[i].n_sids;
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return false;
	n = list_sids(d, all);
	qsort(all, n, sizeof(*all), own_sid_cmp);
	for (size_t i = 1; i < n; i++) {
		if (ip_prefix_cmp(&all[i - 1].sid, &all[i].sid) == 0)
			say_twice(&all[i - 1], &all[i], errors);
	}
	return true;
}

static void check_all(const struct agent_device *d, struct str *errors)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		check_segments(d, &d->tables[i], errors);
	}
	for (size_t i = 0; i < d->n_tables; i++) {
		for (size_t j = 0; j < d->tables[i].n_interfaces; j++) {
			const struct agent_table *t = bound(d, d->tables[i].interfaces[j]);

			if (t->id != d->tables[i].id)
				str_addf(errors,
					 "/sextant-device:device: interface %s is bound to the "
					 "tables %u and %u\n",
					 d->tables[i].interfaces[j], t->id, d->tables[i].id);
		}
	}
	for (size_t i = 0; i < d->n_filters; i++) {
		const struct agent_source_filter *f = &d->filters[i];

		if (f->routes && bound(d, f->interface))
			str_addf(errors,
				 "/sextant-device:device: source-filter %s: 'routes' does not go "
				 "with an interface that is bound to a table\n",
				 f->interface);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct agent_classifier *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* A device that says nothing is the same however that is written: "{}" has the defaults, too. */
static bool complete(struct ly_ctx *ctx, struct lyd_node **tree)
{
	return *tree ||
	       lyd_new_implicit_module(tree, ly_ctx_get_module_implemented(ctx, "sextant-device"),
				       LYD_IMPLICIT_NO_STATE, NULL) == LY_SUCCESS;
}

int agent_device_new(struct agent_device **outp, struct ly_ctx *ctx, struct lyd_node **tree,
		     struct str *errors)
{
	AUTO(agent_device_free) struct agent_device *d = calloc(1, sizeof(*d));
	size_t before = errors->len;

	if (!d || !complete(ctx, tree) || !make_room(*tree, d) || !fill(*tree, d, errors) || !check_sids(d, errors) ||
	    !agent_statics_fill(*tree, &d->statics, errors))
		return err_raise(-ENOMEM);
	qsort(d->classifiers, d->n_classifiers, sizeof(*d->classifiers), by_id);
	check_all(d, errors);
	if (errors->len != before)
		return err_raise(-EINVAL);
	d->tree = TAKE(*tree);
	*outp = TAKE(d);
	return 0;
}

struct agent_device *agent_device_free(struct agent_device *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->n_links; i++)
		free(d->links[i].nrps);
	for (size_t i = 0; d->locators && i < d->n_locators; i++)
		free(d->locators[i].adjs);
	for (size_t i = 0; i < d->n_tables; i++) {
		free(d->tables[i].interfaces);
		for (size_t k = 0; k < d->tables[i].n_routes; k++)
			free(d->tables[i].routes[k].backups);
		free(d->tables[i].routes);
	}
	for (size_t i = 0; i < d->n_filters; i++)
		free(d->filters[i].prefixes);
	free(d->underlay);
	free(d->locators);
	free(d->links);
	free(d->tables);
	free(d->classifiers);
	free(d->policers);
	free(d->filters);
	agent_measure_cfg_fini(&d->measure);
	agent_statics_fini(&d->statics);
	lyd_free_all(d->tree);
	free(d);
	return NULL;
}

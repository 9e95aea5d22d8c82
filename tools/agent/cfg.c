/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/cfg.h"

#include <libyang/libyang.h>
#include <linux/seg6_local.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/read.h"

static const char *const models[] = { "sextant-agent", NULL };

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

static void fill_controller(struct conf_reader *r, const struct lyd_node *in,
			    struct agent_controller *c)
{
	const struct lyd_node *tls = conf_child(in, "tls");

	c->addr = conf_read_ip(in, "address");
	c->source = conf_read_ip(in, "source-address");
	c->port = (uint16_t)conf_read_num(in, "port");
	c->insecure = conf_read_flag(in, "insecure");
	c->has_tls = tls != NULL;
	if (tls) {
		conf_read_tls(r, tls, "ca", &c->tls);
		conf_read_text(tls, "name", c->tls_name, sizeof(c->tls_name));
	}
	/* else anybody the authority signed, a router say, could be the controller */
	if (!c->tls_name[0])
		(void)ip_text(&c->addr, c->tls_name, sizeof(c->tls_name));
	conf_read_md5(r, in, &c->md5);
	if (c->source.family != IP_NONE && c->source.family != c->addr.family)
		conf_read_say(r, conf_child(in, "source-address"),
			      "is of another address family than the controller");
}

static void fill_pcep(struct conf_reader *r, const struct lyd_node *pcep, struct agent_cfg *c)
{
	const struct lyd_node *in;

	c->msd = (uint8_t)conf_read_num(pcep, "msd");
	c->keepalive_s = (uint8_t)conf_read_num(pcep, "keepalive");
	c->dead_s = (uint8_t)conf_read_num(pcep, "dead-timer");
	LY_LIST_FOR(pcep ? lyd_child(pcep) : NULL, in)
	{
		if (is(in, "controller"))
			fill_controller(r, in, &c->controllers[c->n_controllers++]);
	}
}

static void fill_gnmi(struct conf_reader *r, const struct lyd_node *in, struct agent_cfg *c)
{
	const struct lyd_node *w;

	c->has_gnmi = in != NULL;
	if (!in)
		return;
	c->gnmi.addr = conf_read_ip(in, "address");
	c->gnmi.port = (uint16_t)conf_read_num(in, "port");
	conf_read_tls(r, conf_child(in, "tls"), "ca", &c->gnmi.tls);
	LY_LIST_FOR(lyd_child(in), w)
	{
		if (is(w, "writer") && c->n_gnmi_writers < AGENT_GNMI_WRITERS_MAX)
			(void)str_copy(c->gnmi_writers[c->n_gnmi_writers++], 64, lyd_get_value(w));
	}
}

static void fill_kernel(const struct lyd_node *in, struct agent_cfg *c)
{
	const char *encap = conf_text_of(in, "encap");

	c->reduced = !encap || strcmp(encap, "reduced") == 0;
	c->table = (uint32_t)conf_read_num(in, "table");
	c->metric = (uint32_t)conf_read_num(in, "metric");
	c->counters = conf_read_flag(in, "counters");
	c->source = conf_read_ip(in, "source");
	if (c->source.family == IP_NONE)
		c->source = c->router_id;
	conf_read_text(in, "sid-device", c->sid_device, sizeof(c->sid_device));
}

static void fill_live(const struct lyd_node *in, struct agent_live_cfg *c)
{
	c->on = conf_read_flag(in, "enabled");
	c->interval_ms = (uint32_t)conf_read_num(in, "interval");
	c->missed = (uint32_t)conf_read_num(in, "missed");
	c->revert_ms = (uint32_t)conf_read_num(in, "wait-to-revert") * 1000;
}

static void fill_steering(struct conf_reader *r, const struct lyd_node *in,
			  struct agent_steering *s)
{
	const char *fallback = conf_text_of(in, "fallback");

	if (!conf_read_prefix(in, "prefix", &s->prefix))
		return;
	s->color = (uint32_t)conf_read_num(in, "color");
	s->endpoint = conf_read_ip(in, "endpoint");
	s->service = conf_read_ip(in, "service-sid");
	s->fallback_igp = fallback && strcmp(fallback, "igp") == 0;
	if (ip_is_any(&s->service) && conf_child(in, "service-sid"))
		conf_read_say(r, conf_child(in, "service-sid"), "is not a SID");
	if (ip_prefix_has(&s->prefix, &s->service))
		conf_read_say(r, in, "the prefix holds its own service SID: packets would loop");
}

struct behavior {
	const char *name;
	uint8_t action;
	bool next_csid;
	uint8_t nh; /* enum ip_family of the next hop, IP_NONE: has none */
};

static const struct behavior behaviors[] = {
	{ "End", SEG6_LOCAL_ACTION_END, false, IP_NONE },
	{ "End.X", SEG6_LOCAL_ACTION_END_X, false, IP_V6 },
	{ "End.DT6", SEG6_LOCAL_ACTION_END_DT6, false, IP_NONE },
	{ "End.DX4", SEG6_LOCAL_ACTION_END_DX4, false, IP_V4 },
	{ "End.DX6", SEG6_LOCAL_ACTION_END_DX6, false, IP_V6 },
	{ "uN", SEG6_LOCAL_ACTION_END, true, IP_NONE },
	{ "uA", SEG6_LOCAL_ACTION_END_X, true, IP_V6 },
};

static void check_sid(struct conf_reader *r, const struct lyd_node *in,
		      const struct agent_local_sid *s, const struct behavior *b)
{
	struct ip_prefix p = ip_prefix_of(&s->sid, s->len);

	if (!ip_eq(&p.addr, &s->sid) || ip_is_any(&s->sid))
		conf_read_say(r, conf_child(in, "sid"), "has bits set beyond 'length' (%u)",
			      s->len);
	if (s->nh.family != IP_NONE && b->nh != IP_NONE && s->nh.family != b->nh)
		conf_read_say(r, conf_child(in, "next-hop"), "%s wants an IPv%u address", b->name,
			      b->nh == IP_V4 ? 4 : 6);
	if (s->next_csid && (s->block >= s->len || s->block % 8 != 0 || s->len % 8 != 0))
		conf_read_say(r, in, "'block-length' must be below 'length', both multiples of 8");
}

static void fill_sid(struct conf_reader *r, const struct lyd_node *in, struct agent_local_sid *s)
{
	const char *name = conf_text_of(in, "behavior");
	const struct behavior *b = NULL;

	for (size_t i = 0; name && i < ARRAY_LEN(behaviors); i++) {
		if (strcmp(behaviors[i].name, name) == 0)
			b = &behaviors[i];
	}
	if (!b)
		return;
	s->sid = conf_read_ip(in, "sid");
	s->len = (uint8_t)conf_read_num(in, "length");
	s->block = (uint8_t)conf_read_num(in, "block-length");
	s->action = b->action;
	s->next_csid = b->next_csid;
	s->table = (uint32_t)conf_read_num(in, "table");
	s->nh = conf_read_ip(in, "next-hop");
	conf_read_text(in, "interface", s->interface, sizeof(s->interface));
	check_sid(r, in, s, b);
}

static void fill_lists(struct conf_reader *r, const struct lyd_node *root, struct agent_cfg *c)
{
	const struct lyd_node *in;

	LY_LIST_FOR(lyd_child(root), in)
	{
		if (is(in, "steering"))
			fill_steering(r, in, &c->steering[c->n_steering++]);
		else if (is(in, "local-sid"))
			fill_sid(r, in, &c->sids[c->n_sids++]);
		else if (is(in, "count-sid"))
			c->n_counted +=
				ip_prefix_parse(lyd_get_value(in), &c->counted[c->n_counted]) == 0;
	}
}

static int by_prefix(const void *a, const void *b)
{
	const struct agent_steering *x = a, *y = b;

	return ip_prefix_cmp(&x->prefix, &y->prefix);
}

static bool make_room(const struct lyd_node *root, struct agent_cfg *c)
{
	size_t n = count_of(conf_child(root, "pcep"), "controller");

	c->controllers = calloc(n + 1, sizeof(*c->controllers));
	c->steering = calloc(count_of(root, "steering") + 1, sizeof(*c->steering));
	c->sids = calloc(count_of(root, "local-sid") + 1, sizeof(*c->sids));
	c->counted = calloc(count_of(root, "count-sid") + 1, sizeof(*c->counted));
	return c->controllers && c->steering && c->sids && c->counted;
}

static bool fill(struct conf_reader *r, const struct lyd_node *root, struct agent_cfg *c)
{
	const char *exit = conf_text_of(root, "on-exit");

	(void)str_copy(c->file, sizeof(c->file), r->file);
	conf_read_text(root, "node", c->node, sizeof(c->node));
	c->router_id = conf_read_ip(root, "router-id");
	conf_read_log(root, &c->log);
	(void)conf_read_path(r, root, "state", c->state);
	(void)conf_read_path(r, root, "socket", c->socket);
	(void)conf_read_path(r, root, "slices", c->slices);
	if (strlen(c->socket) > 107) /* sun_path */
		conf_read_say(r, conf_child(root, "socket"), "is longer than 107 octets");
	c->repair_ua = conf_read_flag(root, "repair-ua");
	c->flush_on_exit = exit && strcmp(exit, "flush") == 0;
	fill_pcep(r, conf_child(root, "pcep"), c);
	fill_gnmi(r, conf_child(root, "gnmi"), c);
	fill_kernel(conf_child(root, "kernel"), c);
	fill_lists(r, root, c);
	qsort(c->steering, c->n_steering, sizeof(*c->steering), by_prefix);
	fill_live(conf_child(root, "liveness"), &c->live);
	return agent_stamp_cfg_fill(r, conf_child(root, "stamp"), &c->stamp) &&
	       agent_altmark_cfg_fill(r, conf_child(root, "alternate-marking"), &c->altmark);
}

int agent_cfg_load(const char *path, struct agent_cfg **outp, struct str *errors)
{
	struct conf_reader r = { .file = path, .errors = errors };
	AUTO(agent_cfg_free) struct agent_cfg *c = calloc(1, sizeof(*c));
	struct ly_ctx *ctx = NULL;
	struct lyd_node *tree;
	bool ok = false;

	if (!c)
		return err_raise(-ENOMEM);
	if (conf_models(&ctx, models, errors) < 0)
		return err_raise(-EINVAL);
	tree = conf_tree_part(ctx, models[0], path, errors, &ok);
	ok = tree && make_room(tree, c) && fill(&r, tree, c) && ok;
	conf_tree_free(tree);
	ly_ctx_destroy(ctx);
	if (!ok || r.n_errors > 0)
		return err_raise(-EINVAL);
	*outp = TAKE(c);
	return 0;
}

struct agent_cfg *agent_cfg_free(struct agent_cfg *c)
{
	if (!c)
		return NULL;
	if (c->controllers)
		explicit_bzero(c->controllers, c->n_controllers * sizeof(*c->controllers));
	free(c->controllers);
	free(c->steering);
	free(c->sids);
	free(c->counted);
	agent_stamp_cfg_fini(&c->stamp);
	agent_altmark_cfg_fini(&c->altmark);
	free(c);
	return NULL;
}

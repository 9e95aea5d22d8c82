/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sextant-config → struct conf. Runs on whatever part of the file was right, so that the
 * errors of files and addresses are told together with those of the text.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf_int.h"
#include "conf/read.h"

static const char *const models[] = { "sextant-config", NULL };

static size_t count_of(const struct lyd_node *in, const char *name)
{
	const struct lyd_node *c;
	size_t n = 0;

	LY_LIST_FOR(in ? lyd_child(in) : NULL, c)
	n += strcmp(c->schema->name, name) == 0;
	return n;
}

static void fill_listen(struct conf_reader *r, const struct lyd_node *in, struct conf_listen *out)
{
	const struct lyd_node *tls = conf_child(in, "tls");

	out->addr = conf_read_ip(in, "address");
	out->port = (uint16_t)conf_read_num(in, "port");
	out->has_tls = tls != NULL;
	if (tls)
		conf_read_tls(r, tls, "client-ca", &out->tls);
}

static void fill_restconf(struct conf_reader *r, const struct lyd_node *listen, struct conf *c)
{
	const struct lyd_node *in;

	LY_LIST_FOR(listen ? lyd_child(listen) : NULL, in)
	{
		struct conf_listen *l = &c->restconf[c->n_restconf];

		if (strcmp(in->schema->name, "restconf") != 0)
			continue;
		c->n_restconf++;
		fill_listen(r, in, l);
		if (!l->has_tls && !ip_is_loopback(&l->addr))
			conf_read_say(r, in, "a listener beyond loopback needs 'tls'");
	}
	if (c->n_restconf == 0) { /* the default of the model's description */
		(void)ip_parse("::1", &c->restconf[0].addr);
		c->restconf[0].port = 8080;
		c->n_restconf = 1;
	}
}

static const struct {
	const char *name;
	uint8_t role;
} roles[] = { { "read", 1 }, { "operate", 2 }, { "admin", 3 } };

static void fill_roles(const struct lyd_node *root, struct conf *c)
{
	const struct lyd_node *in;

	LY_LIST_FOR(lyd_child(root), in)
	{
		const char *role = conf_text_of(in, "role");

		if (strcmp(in->schema->name, "access") != 0)
			continue;
		conf_read_text(in, "common-name", c->roles[c->n_roles].name,
			       sizeof(c->roles[c->n_roles].name));
		for (size_t i = 0; role && i < ARRAY_LEN(roles); i++) {
			if (strcmp(roles[i].name, role) == 0)
				c->roles[c->n_roles].role = roles[i].role;
		}
		c->n_roles++;
	}
}

/* True for an address given whose family is not the peer's. */
static bool other_family(const struct ip_addr *a, const struct ip_addr *peer)
{
	return a->family != IP_NONE && a->family != peer->family;
}

static void fill_bgp_peer(struct conf_reader *r, const struct lyd_node *in, struct conf_bgp_peer *p)
{
	p->addr = conf_read_ip(in, "address");
	p->port = (uint16_t)conf_read_num(in, "port");
	p->remote_as = (uint32_t)conf_read_num(in, "remote-as");
	p->passive = conf_read_flag(in, "passive");
	p->insecure = conf_read_flag(in, "insecure");
	p->hold_s = (uint16_t)conf_read_num(in, "hold-time");
	p->local = conf_read_ip(in, "local-address");
	conf_read_md5(r, in, &p->md5);
	if (other_family(&p->local, &p->addr))
		conf_read_say(r, conf_child(in, "local-address"),
			      "is of another address family than the peer");
}

static void fill_bgp(struct conf_reader *r, const struct lyd_node *bgp, struct conf *c)
{
	const struct lyd_node *in;

	if (!bgp)
		return;
	c->has_bgp = true;
	c->bgp_as = (uint32_t)conf_read_num(bgp, "as");
	c->bgp_router_id = conf_read_ip(bgp, "router-id");
	if (c->bgp_router_id.family == IP_V4 && ip_is_any(&c->bgp_router_id))
		conf_read_say(r, conf_child(bgp, "router-id"), "must not be 0.0.0.0");
	c->has_bgp_listen = conf_child(bgp, "listen") != NULL;
	if (c->has_bgp_listen)
		fill_listen(r, conf_child(bgp, "listen"), &c->bgp_listen);
	LY_LIST_FOR(lyd_child(bgp), in)
	{
		if (strcmp(in->schema->name, "peer") == 0)
			fill_bgp_peer(r, in, &c->bgp_peers[c->n_bgp_peers++]);
	}
}

static void fill_pcep_peer(struct conf_reader *r, const struct lyd_node *in,
			   struct conf_pcep_peer *p)
{
	p->addr = conf_read_ip(in, "address");
	p->headend = conf_read_ip(in, "headend");
	p->insecure = conf_read_flag(in, "insecure");
	p->tls = conf_read_flag(in, "tls");
	p->msd = (uint8_t)conf_read_num(in, "msd");
	conf_read_text(in, "profile", p->profile, sizeof(p->profile));
	conf_read_md5(r, in, &p->md5);
}

static void fill_pcep(struct conf_reader *r, const struct lyd_node *pcep, struct conf *c)
{
	const struct lyd_node *in;

	if (!pcep)
		return;
	c->has_pcep = true;
	c->pcep_keepalive_s = (uint8_t)conf_read_num(pcep, "keepalive");
	c->pcep_dead_s = (uint8_t)conf_read_num(pcep, "dead-timer");
	(void)ip_parse("::", &c->pcep_listen.addr);
	c->pcep_listen.port = 4189;
	if (conf_child(pcep, "listen"))
		fill_listen(r, conf_child(pcep, "listen"), &c->pcep_listen);
	LY_LIST_FOR(lyd_child(pcep), in)
	{
		if (strcmp(in->schema->name, "peer") == 0)
			fill_pcep_peer(r, in, &c->pcep_peers[c->n_pcep_peers++]);
	}
}

/* One headend has one southbound. */
static void check_headend(struct conf_reader *r, const struct lyd_node *in, const struct conf *c,
			  const struct conf_device *d)
{
	char text[IP_TEXT_MAX];

	for (size_t i = 0; d->policies && i < c->n_pcep_peers; i++) {
		const struct conf_pcep_peer *p = &c->pcep_peers[i];

		if (ip_eq(p->headend.family ? &p->headend : &p->addr, &d->router))
			conf_read_say(r, conf_child(in, "router"),
				      "'policies: true', but PCEP peer %s is the same headend",
				      ip_text(&p->addr, text, sizeof(text)));
	}
}

static void fill_device(const struct lyd_node *in, struct conf_device *d)
{
	conf_read_text(in, "name", d->name, sizeof(d->name));
	d->addr = conf_read_ip(in, "address");
	d->port = (uint16_t)conf_read_num(in, "port");
	conf_read_text(in, "server-name", d->server_name, sizeof(d->server_name));
	conf_read_text(in, "kind", d->kind, sizeof(d->kind));
	if (strcmp(d->kind, "auto") == 0)
		d->kind[0] = '\0';
	d->policies = conf_read_flag(in, "policies");
	d->router = conf_read_ip(in, "router");
}

static void fill_links(const struct lyd_node *in, struct conf *c)
{
	conf_read_text(in, "delay", c->links_delay, sizeof(c->links_delay));
	conf_read_text(in, "load", c->links_load, sizeof(c->links_load));
	c->links_mtu = conf_read_flag(in, "mtu");
	c->links_probe_ms = (uint32_t)conf_read_num(in, "probe-interval");
	c->links_window_s = (uint32_t)conf_read_num(in, "window");
	c->links_load_s = (uint32_t)conf_read_num(in, "load-interval");
	c->links_threshold_pct = (uint32_t)conf_read_num(in, "threshold");
	c->links_delay_floor_us = (uint32_t)conf_read_num(in, "delay-floor");
	c->links_hold_s = (uint32_t)conf_read_num(in, "hold");
	c->links_interval_s = (uint32_t)conf_read_num(in, "interval");
	c->links_keep_s = (uint32_t)conf_read_num(in, "keep");
}

static void fill_devices(struct conf_reader *r, const struct lyd_node *devices, struct conf *c)
{
	const struct lyd_node *in;

	if (!devices)
		return;
	c->has_devices = true;
	if (conf_child(devices, "tls"))
		conf_read_tls(r, conf_child(devices, "tls"), "ca", &c->devices_tls);
	fill_links(conf_child(devices, "links"), c);
	c->probes_authenticated = conf_read_flag(conf_child(devices, "probes"), "authenticated");
	c->probes_key_s = (uint32_t)conf_read_num(conf_child(devices, "probes"), "key-lifetime");
	LY_LIST_FOR(lyd_child(devices), in)
	{
		if (strcmp(in->schema->name, "device") != 0)
			continue;
		fill_device(in, &c->devices[c->n_devices]);
		check_headend(r, in, c, &c->devices[c->n_devices++]);
	}
}

static void fill_topology(const struct lyd_node *in, struct conf *c)
{
	c->topo_age_out_s = (uint32_t)conf_read_num(in, "age-out");
	c->topo_quiet_ms = (uint32_t)conf_read_num(in, "settle-ms");
	c->topo_quiet_cap_ms = (uint32_t)conf_read_num(in, "settle-cap-ms");
	c->topo_eor_cap_s = (uint32_t)conf_read_num(in, "end-of-rib-cap");
	c->topo_flap_hold_ms = (uint32_t)conf_read_num(in, "flap-hold-ms");
	c->topo_objects_max = (uint32_t)conf_read_num(in, "objects-max");
}

/* Percent with up to six decimals; 0 when absent. */
static uint32_t read_percent(const struct lyd_node *in, const char *name)
{
	const char *text = conf_text_of(in, name);

	return text ? (uint32_t)(strtod(text, NULL) * 1e7 + 0.5) : 0;
}

static void fill_availability(const struct lyd_node *top, struct conf *c)
{
	const struct lyd_node *in;

	c->avail_link_ppb = read_percent(top, "link");
	c->avail_node_ppb = read_percent(top, "node");
	LY_LIST_FOR(lyd_child(top), in)
	{
		if (strcmp(in->schema->name, "part") != 0)
			continue;
		conf_read_text(in, "name", c->avail[c->n_avail].name, sizeof(c->avail[0].name));
		c->avail[c->n_avail++].ppb = read_percent(in, "percent");
	}
}

static void fill_policy(struct conf_reader *r, const struct lyd_node *in, struct conf *c)
{
	c->originator = conf_read_ip(in, "originator");
	c->wait_to_revert_s = (uint32_t)conf_read_num(in, "wait-to-revert");
	c->hysteresis_pct = (uint32_t)conf_read_num(in, "hysteresis");
	c->reopt_interval_s = (uint32_t)conf_read_num(in, "reoptimise-interval");
	c->restart_grace_s = (uint32_t)conf_read_num(in, "restart-grace");
	c->foreign_age_s = (uint32_t)conf_read_num(in, "foreign-age");
	c->confirm_s = (uint32_t)conf_read_num(in, "confirm");
	c->policies_max = (uint32_t)conf_read_num(in, "policies-max");
	c->msd_default = (uint8_t)conf_read_num(in, "msd-default");
	c->has_bsid_block = conf_read_prefix(in, "binding-sid-block", &c->bsid_block);
	if (c->has_bsid_block && c->bsid_block.len > 112)
		conf_read_say(r, conf_child(in, "binding-sid-block"),
			      "holds too few SIDs: the prefix length must be at most 112");
	if (c->originator.family == IP_NONE && c->has_bgp)
		c->originator = c->bgp_router_id;
}

/* Room for every list of the tree. */
static bool make_room(const struct lyd_node *root, struct conf *c)
{
	size_t n = count_of(conf_child(root, "listen"), "restconf");

	c->restconf = calloc(n + 1, sizeof(*c->restconf));
	c->roles = calloc(count_of(root, "access") + 1, sizeof(*c->roles));
	c->bgp_peers = calloc(count_of(conf_child(root, "bgp"), "peer") + 1, sizeof(*c->bgp_peers));
	c->pcep_peers =
		calloc(count_of(conf_child(root, "pcep"), "peer") + 1, sizeof(*c->pcep_peers));
	c->devices = calloc(count_of(conf_child(root, "devices"), "device") + 1, sizeof(*c->devices));
	c->avail = calloc(count_of(conf_child(root, "availability"), "part") + 1, sizeof(*c->avail));
	return c->restconf && c->roles && c->bgp_peers && c->pcep_peers && c->devices && c->avail;
}

static void fill(struct conf_reader *r, const struct lyd_node *root, struct conf *c)
{
	(void)str_copy(c->file, sizeof(c->file), r->file);
	conf_read_text(root, "node", c->node, sizeof(c->node));
	c->workers = (unsigned)conf_read_num(root, "workers");
	conf_read_log(root, &c->log);
	(void)conf_read_path(r, conf_child(root, "store"), "path", c->store);
	(void)conf_read_path(r, root, "yang-dir", c->yang_dir);
	fill_restconf(r, conf_child(root, "listen"), c);
	fill_roles(root, c);
	fill_bgp(r, conf_child(root, "bgp"), c);
	fill_pcep(r, conf_child(root, "pcep"), c);
	fill_devices(r, conf_child(root, "devices"), c);
	fill_topology(conf_child(root, "topology"), c);
	fill_availability(conf_child(root, "availability"), c);
	c->slices_outside = conf_read_flag(conf_child(root, "slices"), "outside-partitions");
	fill_policy(r, conf_child(root, "policy"), c);
}

int conf_load(const char *path, struct conf **outp, struct str *errors)
{
	struct conf_reader r = { .file = path, .errors = errors };
	AUTO(conf_free) struct conf *c = calloc(1, sizeof(*c));
	struct ly_ctx *ctx = NULL;
	struct lyd_node *tree;
	bool ok = false;

	if (!c)
		return err_raise(-ENOMEM);
	if (conf_models(&ctx, models, errors) < 0)
		return -EINVAL;
	tree = conf_tree_part(ctx, models[0], path, errors, &ok);
	if (tree && make_room(tree, c))
		fill(&r, tree, c);
	else
		ok = false;
	conf_tree_free(tree);
	ly_ctx_destroy(ctx);
	if (!ok || r.n_errors > 0)
		return err_raise(-EINVAL);
	*outp = TAKE(c);
	return 0;
}

struct conf *conf_free(struct conf *c)
{
	if (!c)
		return NULL;
	free(c->restconf);
	free(c->roles);
	if (c->bgp_peers)
		explicit_bzero(c->bgp_peers, c->n_bgp_peers * sizeof(*c->bgp_peers));
	free(c->bgp_peers);
	if (c->pcep_peers)
		explicit_bzero(c->pcep_peers, c->n_pcep_peers * sizeof(*c->pcep_peers));
	free(c->pcep_peers);
	free(c->devices);
	free(c->avail);
	free(c);
	return NULL;
}

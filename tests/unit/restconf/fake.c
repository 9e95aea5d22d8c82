/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"
#include "fake_repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <strings.h>

#include "northbound/events/events.h"

struct fake fake;

/* ---- topo ---- */

const struct ted *topo_ted(const struct topo *t)
{
	(void)t;
	return fake.ted;
}

void topo_each_source(const struct topo *t, void (*fn)(void *arg, const struct topo_source_info *s),
		      void *arg)
{
	struct topo_source_info s = { .source = 1, .up = true, .eor = true, .objects = 9 };

	(void)t;
	ip_parse("2001:db8::1", &s.peer);
	fn(arg, &s);
	s = (struct topo_source_info){ .source = 2, .down_since_wall_ns = 1700000000123456789 };
	ip_parse("192.0.2.1", &s.peer);
	fn(arg, &s);
}

/* ---- intent ---- */

struct later {
	struct loop_task task;
	intent_done_fn done;
	void *arg;
	struct intent_result r;
};

static void later_run(void *arg)
{
	struct later *l = arg;

	l->done(l->arg, &l->r);
	free(l);
}

static void finish(intent_done_fn done, void *arg, const struct intent_result *r)
{
	struct later *l = calloc(1, sizeof(*l));

	l->done = done;
	l->arg = arg;
	l->r = *r;
	loop_task_init(&l->task, fake.loop, later_run, l);
	loop_task_run(&l->task);
}

void intent_policy_default(struct intent_policy *p)
{
	memset(p, 0, sizeof(*p));
	p->setup_prio = p->hold_prio = 7;
}

void intent_cpath_default(struct intent_cpath *c)
{
	memset(c, 0, sizeof(*c));
	c->delay_us_max = c->hops_max = c->igp_max = c->te_max = PCE_NO_BOUND;
}

static unsigned place(const struct sr_policy_key *k, bool *there)
{
	unsigned i = 0;

	while (i < fake.n_views && sr_policy_key_cmp(&fake.views[i].desired.key, k) < 0)
		i++;
	*there = i < fake.n_views && sr_policy_key_cmp(&fake.views[i].desired.key, k) == 0;
	return i;
}

static struct intent_view *insert(const struct sr_policy_key *k)
{
	bool there;
	unsigned i = place(k, &there);

	fake.views = realloc(fake.views, (fake.n_views + 1) * sizeof(*fake.views));
	memmove(fake.views + i + 1, fake.views + i, (fake.n_views - i) * sizeof(*fake.views));
	fake.n_views++;
	memset(&fake.views[i], 0, sizeof(fake.views[i]));
	intent_policy_default(&fake.views[i].desired);
	fake.views[i].desired.key = *k;
	fake.views[i].revision = ++fake.revision;
	return &fake.views[i];
}

struct intent_view *fake_policy(const char *headend, uint32_t color, const char *endpoint)
{
	struct sr_policy_key k = { .color = color };

	ip_parse(headend, &k.headend);
	ip_parse(endpoint, &k.endpoint);
	return insert(&k);
}

struct intent_view *fake_standby(const char *headend, uint32_t color, const char *endpoint)
{
	struct sr_policy_key k = { .color = color, .leg = 1 };

	ip_parse(headend, &k.headend);
	ip_parse(endpoint, &k.endpoint);
	return insert(&k);
}

void intent_validate(const struct intent *i, const struct intent_policy *p, struct intent_result *r)
{
	(void)i;
	memset(r, 0, sizeof(*r));
	if (p->bandwidth_bps <= 1000000000000)
		return;
	r->code = INTENT_E_INVALID;
	str_copy(r->field, sizeof(r->field), "bandwidth");
	str_copy(r->text, sizeof(r->text), "more than any link can carry");
}

void intent_put(struct intent *i, enum intent_write how, const struct intent_policy *p,
		uint64_t if_revision, intent_done_fn done, void *arg)
{
	struct intent_result r = { 0 };
	struct intent_view *v;
	bool there;
	unsigned at = place(&p->key, &there);

	(void)i;
	fake.puts++;
	fake.last_how = how;
	fake.last_if_revision = if_revision;
	if (fake.refuse_store)
		r.code = INTENT_E_STORE;
	else if (how == INTENT_CREATE && there)
		r.code = INTENT_E_EXISTS;
	else if (how == INTENT_UPDATE && !there)
		r.code = INTENT_E_MISSING;
	else if (if_revision && there && fake.views[at].revision != if_revision)
		r.code = INTENT_E_REVISION;
	if (r.code) {
		str_copy(r.text, sizeof(r.text), "the fake refuses");
		finish(done, arg, &r);
		return;
	}
	v = there ? &fake.views[at] : insert(&p->key);
	v->desired = *p;
	v->revision = r.revision = ++fake.revision;
	finish(done, arg, &r);
}

void intent_delete(struct intent *i, const struct sr_policy_key *key, uint64_t if_revision,
		   intent_done_fn done, void *arg)
{
	struct intent_result r = { 0 };
	bool there;
	unsigned at = place(key, &there);

	(void)i;
	fake.deletes++;
	if (!there)
		r.code = INTENT_E_MISSING;
	else if (if_revision && fake.views[at].revision != if_revision)
		r.code = INTENT_E_REVISION;
	if (!r.code) {
		memmove(fake.views + at, fake.views + at + 1,
			(fake.n_views - at - 1) * sizeof(*fake.views));
		fake.n_views--;
		fake.revision++;
	}
	finish(done, arg, &r);
}

static void counted(unsigned *n, const struct sr_policy_key *key, intent_done_fn done, void *arg)
{
	struct intent_result r = { 0 };
	bool there = true;

	++*n;
	if (key)
		place(key, &there);
	if (!there) {
		r.code = INTENT_E_MISSING;
		str_copy(r.text, sizeof(r.text), "there is no such policy");
	}
	finish(done, arg, &r);
}

void intent_adopt(struct intent *i, const struct sr_policy_key *key, intent_done_fn done, void *arg)
{
	(void)i;
	counted(&fake.adopts, key, done, arg);
}

void intent_release(struct intent *i, const struct sr_policy_key *key, intent_done_fn done, void *arg)
{
	(void)i;
	counted(&fake.releases, key, done, arg);
}

void intent_hold(struct intent *i, bool hold, intent_done_fn done, void *arg)
{
	(void)i;
	fake.held = hold;
	counted(&fake.holds, NULL, done, arg);
}

bool intent_held(const struct intent *i)
{
	(void)i;
	return fake.held;
}

int intent_reoptimise(struct intent *i, const struct sr_policy_key *key)
{
	bool there;

	(void)i;
	fake.reopts++;
	place(key, &there);
	return there ? 0 : INTENT_E_MISSING;
}

int intent_get(const struct intent *i, const struct sr_policy_key *key, struct intent_view *out)
{
	bool there;
	unsigned at = place(key, &there);

	(void)i;
	if (!there)
		return INTENT_E_MISSING;
	*out = fake.views[at];
	return 0;
}

bool intent_list_path(struct intent *i, const struct sr_policy_key *key, unsigned k, char *text, size_t cap)
{
	bool there;

	(void)i;
	(void)place(key, &there);
	return there && k == 0 && str_copy(text, cap, "a>b, b>d");
}

bool intent_next(const struct intent *i, const struct sr_policy_key *after, struct intent_view *out)
{
	bool there = false;
	unsigned at = after ? place(after, &there) : 0;

	(void)i;
	at += there;
	if (at >= fake.n_views)
		return false;
	*out = fake.views[at];
	return true;
}

uint64_t intent_revision(const struct intent *i)
{
	(void)i;
	return fake.revision;
}

static void whatif_fill(const struct intent_whatif_query *q, struct intent_whatif *out)
{
	static struct intent_whatif_row rows[3];
	uint32_t skip = 0;

	memset(out, 0, sizeof(*out));
	out->ted = fake.ted;
	out->now.link = out->after.link = TED_NONE;
	if (q->kind == PCE_FAIL_SRLG) {
		out->why = strcmp(q->name, "7") == 0 ? "no link is in that SRLG" : "?";
		return;
	}
	rows[0] = (struct intent_whatif_row){ .bandwidth_bps = 5, .loss = PCE_FLOW_LINK };
	rows[0].key.color = 1;
	rows[1] = (struct intent_whatif_row){ .loss = PCE_FLOW_BOUND, .bound = PCE_C_DELAY,
					      .value = 70, .allowed = 50 };
	rows[1].key.color = 2;
	rows[2] = (struct intent_whatif_row){ .breaks = "link r0>r1 is excluded" };
	rows[2].key.color = 3;
	for (unsigned k = 0; k < 3; k++)
		ck_assert_int_eq(ip_parse("2001:db8::1", &rows[k].key.headend), 0);
	rows[2].key.endpoint = rows[0].key.endpoint = rows[1].key.endpoint = rows[0].key.headend;
	if (q->after)
		skip = q->after->color < 3 ? q->after->color : 3;
	out->rows = rows + skip;
	out->n_rows = q->limit < 3 - skip ? q->limit : 3 - skip;
	out->n_worse = 3;
	out->more = q->limit < 3 - skip;
	out->n_moved = 3;
	out->n_dead = 2;
	out->after = (struct pce_fullest){ .link = 0, .load_bps = 9, .ppb = 12345678 };
}

static struct whatif {
	struct loop_task task;
	intent_whatif_fn fn; /* NULL: nobody waits */
	void *arg;
	struct intent_whatif is;
} whatif;

static void whatif_now(void *arg)
{
	intent_whatif_fn fn = whatif.fn;

	(void)arg;
	whatif.fn = NULL;
	fn(whatif.arg, fake.whatif_rc, &whatif.is);
}

/* Of node "busy", and beside another, never; at once where there is no answer, else later. */
int intent_whatif(struct intent *i, const struct intent_whatif_query *q, intent_whatif_fn fn,
		  void *arg)
{
	(void)i;
	if (strcmp(q->name, "busy") == 0 || whatif.fn)
		return INTENT_E_BUSY;
	whatif.fn = fn;
	whatif.arg = arg;
	whatif_fill(q, &whatif.is);
	loop_task_init(&whatif.task, fake.loop, whatif_now, NULL);
	if (whatif.is.why)
		whatif_now(NULL);
	else if (!fake.whatif_never)
		loop_task_run(&whatif.task);
	return 0;
}

void intent_whatif_forget(struct intent *i, const void *arg)
{
	(void)i;
	ck_assert(whatif.fn && arg == whatif.arg);
	whatif.fn = NULL;
	loop_task_cancel(&whatif.task);
	fake.whatifs_forgotten++;
}

int intent_repairs(const struct intent *i, const char *plr, enum pce_failure_kind kind,
		   const char *name, bool mpls, struct arena *a, struct intent_repairs *out)
{
	static struct intent_repair_row rows[2];

	(void)i;
	(void)a;
	(void)kind;
	(void)name;
	memset(out, 0, sizeof(*out));
	out->ted = fake.ted;
	if (strcmp(plr, "r0") != 0) {
		out->why = "there is no such router";
		return 0;
	}
	rows[0] = (struct intent_repair_row){ .dst = 1 };
	rows[0].is = (struct pce_backup){ .status = PCE_BACKUP_LIST, .why = "", .link = 0,
					  .neighbour = 1, .n_segs = 1, .minimal = true, .igp = 30 };
	rows[0].is.segs[0] = (struct pce_backup_seg){ .node = 1, .link = 2, .label = mpls ? 77 : 0 };
	if (!mpls)
		ck_assert_int_eq(ip_parse("fcbb:bb00:1::", &rows[0].is.segs[0].sid), 0);
	rows[1] = (struct intent_repair_row){ .dst = 2 };
	rows[1].is = (struct pce_backup){ .status = PCE_BACKUP_NONE, .why = "no way" };
	out->rows = rows;
	out->n_rows = 2;
	return 0;
}

const struct ted *intent_ted(const struct intent *i)
{
	(void)i;
	return fake.ted;
}

bool intent_book_row(const struct intent *i, uint32_t link, struct intent_book_row *out)
{
	(void)i;
	memset(out, 0, sizeof(*out));
	out->link = link;
	out->capacity_bps = 10000000000;
	for (unsigned p = 0; p < 8; p++) {
		out->foreign_bps[p] = 10 * link + p;
		out->free_bps[p] = p < 4 ? UINT64_MAX - p : 0;
	}
	out->reserved_bps[7] = 5;
	out->measured_bps = 6;
	out->shares_bps = 8;
	out->unused_bps = 9;
	out->backup_bps[7] = 7;
	out->n_lsps = 1;
	return true;
}

void intent_each_headend(const struct intent *i,
			 void (*fn)(void *arg, const struct intent_headend_info *h), void *arg)
{
	struct intent_headend_info h = { .up = true, .caps = { .srv6 = true, .msd_srv6 = 10 } };

	(void)i;
	for (unsigned n = 1; n < 40; n++) {
		char text[40];

		snprintf(text, sizeof(text), "2001:db8::%x", n);
		ip_parse(text, &h.headend);
		fn(arg, &h);
	}
}

void intent_repair(const struct intent *i, struct intent_repair_info *out)
{
	(void)i;
	*out = (struct intent_repair_info){ .repairs = 3, .last_ns = 1000, .max_ns = 2000 };
}

/* ---- sessions ---- */

static void sessions_each(void *self, void (*fn)(void *arg, const struct session_info *s), void *arg)
{
	struct session_info s = { .protocol = self, .port = 179, .state = "established", .up = true,
				  .security = "none", .up_since_wall_ns = 1700000000000000000 };

	ip_parse("2001:db8::1", &s.peer);
	str_copy(s.last_error, sizeof(s.last_error), "odd \x01 bytes \xff here");
	fn(arg, &s);
}

static int sessions_reset(void *self, const struct ip_addr *peer)
{
	(void)self;
	(void)peer;
	fake.clears++;
	return 0;
}

/* ---- the world ---- */

static void node_fill(struct ted_node *n, unsigned i, struct ted_locator *l, struct ted_sid *s)
{
	char text[64];

	memset(n, 0, sizeof(*n));
	n->alive = true;
	n->srv6 = true;
	n->protocol = 2;
	n->msd_h_encaps = 10;
	snprintf(n->id, sizeof(n->id), "0000.0000.%04u", i);
	snprintf(n->name, sizeof(n->name), "r%u", i);
	snprintf(text, sizeof(text), "2001:db8:0:%x::1", i);
	ip_parse(text, &n->router_v6);
	snprintf(text, sizeof(text), "fcbb:bb00:%x::/48", i);
	memset(l, 0, sizeof(*l));
	ip_prefix_parse(text, &l->prefix);
	memset(s, 0, sizeof(*s));
	s->sid = l->prefix.addr;
	s->behavior = 43;
	s->structure = (struct ted_sid_structure){ 32, 16, 0, 0 };
	n->locators = l;
	n->sids = s;
	n->n_locators = n->n_sids = 1;
}

static void link_set(struct ted_link *l, uint32_t from, uint32_t to, uint32_t sub)
{
	static const uint32_t srlg[] = { 7, 8 };
	static const struct ted_adj_sid adj = { .value = 16, .is_label = true };
	char text[64];

	memset(l, 0, sizeof(*l));
	l->alive = true;
	l->from = from;
	l->to = to;
	l->reverse = TED_NONE;
	snprintf(text, sizeof(text), "2001:db8:ff:%x::%x", sub, from < to ? 1 : 2);
	ip_parse(text, &l->local_v6);
	snprintf(text, sizeof(text), "2001:db8:ff:%x::%x", sub, from < to ? 2 : 1);
	ip_parse(text, &l->remote_v6);
	l->has_igp = l->has_te = l->has_delay = true;
	l->igp_metric = 10;
	l->te_metric = 20;
	l->delay_us = 4100;
	l->has_loss = true;
	l->loss_ppm = 5;
	l->max_bw_bps = l->capacity_bps = 10000000000;
	l->unrsv_bw_bps[0] = 1;
	l->admin_group[0] = 5;
	l->admin_group[7] = 0x80000000;
	l->srlg = srlg;
	l->n_srlg = 2;
	l->adj_sids = &adj;
	l->n_adj_sids = 1;
}

/* A definition, attributes of its own for Flex-Algo, an MTU, SIDs over a LAN to node 2. */
static void flex_set(struct ted_node *n, struct ted_link *l)
{
	static const struct ted_fad fads[] = {
		{ .algo = 128, .metric_type = 1, .priority = 9, .exclude_any = { 4 }, .n_exclude_any = 1,
		  .n_include_any = 1, .exclude_srlg = { 77 }, .n_exclude_srlg = 1 },
		{ .algo = 255, .exclusive = true },
	};
	static const uint32_t srlg[] = { 6 };
	static const struct ted_flex_attrs own = { .has_delay = true, .delay_us = 30,
						   .admin_group = { 8 }, .srlg = srlg, .n_srlg = 1 };
	static const struct ted_adj_sid adj = { .value = 17, .is_label = true, .lan_node = 3 };
	static struct ted_sid sid = { .behavior = 57, .lan_node = 3 };

	ip_parse("fcbb:bb00:1:e007::", &sid.sid);
	n->algos[0] = n->algos[2] = 1;
	n->fads = fads;
	n->n_fads = ARRAY_LEN(fads);
	l->mtu = 9000;
	l->flex = &own;
	l->sids = &sid;
	l->n_sids = 1;
	l->adj_sids = &adj;
}

/* A ring, and one half link. */
static const struct ted *ted_make(unsigned n)
{
	struct ted_node *nodes = calloc(n, sizeof(*nodes));
	struct ted_link *links = calloc(2 * n + 1, sizeof(*links));
	struct ted_locator *loc = calloc(n, sizeof(*loc));
	struct ted_sid *sids = calloc(n, sizeof(*sids));
	struct ted_input in = { .nodes = nodes, .links = links, .n_nodes = n, .n_links = 2 * n + 1 };
	const struct ted *ted;

	for (unsigned i = 0; i < n; i++) {
		node_fill(&nodes[i], i, &loc[i], &sids[i]);
		link_set(&links[2 * i], i, (i + 1) % n, i + 1);
		link_set(&links[2 * i + 1], (i + 1) % n, i, i + 1);
	}
	link_set(&links[2 * n], 0, n / 2, 0xffff);
	flex_set(&nodes[0], &links[0]);
	ck_assert_int_eq(ted_build(&in, &ted), 0);
	free(nodes);
	free(links);
	free(loc);
	free(sids);
	return ted;
}

static bool ready(void *arg, char *why, size_t cap)
{
	(void)arg;
	str_copy(why, cap, "no topology source is up");
	return fake.ready;
}

static void config_text(void *arg, struct str *out)
{
	(void)arg;
	str_add(out, "node: \"ctl-a\"\n# two lines\n");
}

static void handler(void *arg, struct http_req *req)
{
	struct http_user *u;

	(void)arg;
	/* The role of a loopback connection is admin; tests lower it where restconf looks. */
	u = (struct http_user *)(uintptr_t)http_user(req);
	u->role = fake.role;
	if (fake.role == HTTP_ROLE_NONE)
		str_copy(u->name, sizeof(u->name), "stranger");
	rc_handle(fake.rc, req);
}

const struct nrp_query *fake_nrps;

static void rc_up(void)
{
	static char nothing; /* never looked into */
	struct slice *slices = (struct slice *)&nothing;
	static char bgp[] = "bgp", pcep[] = "pcep";
	const struct session_query q[] = { { bgp, sessions_each, sessions_reset },
					   { pcep, sessions_each, sessions_reset } };
	struct rc_cfg cfg = {
		.loop = fake.loop,
		.store = fake.store,
		.bus = fake.bus,
		.slice = slices,
		.assure = (struct assure_room *)&nothing,
		.windows = (struct window_book *)&nothing,
		.repair = fake_repair.incidents ? (struct repair_desk *)&nothing : NULL,
		.nrps = fake_nrps,
		.sessions = q,
		.n_sessions = 2,
		.models_dir = getenv("SEXTANT_MODELS"),
		.version = "0.1.0",
		.node = "ctl-a",
		.config_text = config_text,
		.ready = ready,
		.stream = sse_handle,
		.stream_arg = fake.sse,
	};
	char err[500];

	ck_assert_msg(cfg.models_dir != NULL, "SEXTANT_MODELS names the folder of YANG models");
	ck_assert_msg(rc_new(&fake.rc, &cfg, err, sizeof(err)) == 0, "%s", err);
}

static void http_up(void)
{
	struct net_listen_cfg lc = { .port = 8080 };
	struct http_cfg hc;

	http_cfg_default(&hc);
	ck_assert_int_eq(http_new(&fake.http, fake.loop, fake.net, &hc, handler, NULL), 0);
	ip_parse("::1", &lc.addr);
	ck_assert_int_eq(http_listen(fake.http, &lc, NULL), 0);
}

void fake_up(unsigned nodes)
{
	struct sse_cfg sc;

	memset(&fake, 0, sizeof(fake));
	fake.ready = true;
	fake.role = HTTP_ROLE_ADMIN;
	fake.revision = 100;
	ck_assert_int_eq(loop_fake_new(&fake.loop, 3), 0);
	ck_assert_int_eq(net_fake_new(&fake.net, fake.loop, NS_PER_US, 50 * NS_PER_US), 0);
	ck_assert_int_eq(store_disk_new(&fake.disk), 0);
	ck_assert_int_eq(store_fake_new(&fake.store, fake.loop, fake.disk), 0);
	ck_assert_int_eq(bus_new(&fake.bus, 1), 0);
	fake.ted = ted_make(nodes);
	sse_cfg_default(&sc);
	sc.loop = fake.loop;
	sc.bus = fake.bus;
	ck_assert_int_eq(sse_new(&fake.sse, &sc), 0);
	rc_up();
	http_up();
}

void fake_restart_rc(void)
{
	rc_free(fake.rc);
	rc_up();
}

void fake_crash(void)
{
	http_free(fake.http);
	rc_free(fake.rc);
	store_disk_fail(fake.disk, true);
	fake_run(20 * NS_PER_MS);
	store_disk_fail(fake.disk, false);
	rc_up();
	http_up();
}

void fake_down(void)
{
	rc_free(fake.rc);
	sse_free(fake.sse);
	http_free(fake.http);
	bus_free(fake.bus);
	store_close(fake.store);
	store_disk_free(fake.disk);
	net_free(fake.net);
	loop_free(fake.loop);
	ted_unref(fake.ted);
	free(fake.views);
	ask_fini();
	models_fini();
}

void fake_run(uint64_t ns)
{
	struct mono end = mono_add(loop_now(fake.loop), ns);

	while (loop_fake_step(fake.loop, end))
		;
}

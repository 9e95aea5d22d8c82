/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiring. Rooms are built bottom up, told of each other through their ports, and only then
 * does anything listen. What a reload may change is what apply() does; the rest says that it
 * needs a restart.
 */
#include "app/app.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/assure.h"
#include "app/devices.h"
#include "app/drivers.h"
#include "app/keys.h"
#include "app/links.h"
#include "app/map.h"
#include "app/partitions.h"
#include "app/realise.h"
#include "app/repair.h"
#include "base/err.h"
#include "core/bus.h"
#include "intent/intent.h"
#include "slice/slice.h"
#include "log/log.h"
#include "northbound/events/events.h"
#include "northbound/http/http.h"
#include "northbound/restconf/restconf.h"
#include "southbound/bgp/bgp.h"
#include "southbound/pcep/pcep.h"
#include "topo/topo.h"

enum { SOURCES_MAX = 32, STREAMS_MAX = 16384 };

struct app {
	struct app_env env;
	const struct conf *conf;
	struct bus *bus;
	struct bus_reader journal;
	struct topo *topo;
	struct intent *intent;
	struct slice *slice;
	struct bgp *bgp;
	struct pcep *pcep;
	struct app_devices *devices;
	struct app_drivers *drivers;
	struct assure_room *assure; /* only over devices */
	struct keys *keys;	 /* with devices */
	struct realise *realise; /* with devices */
	struct window_book *windows;
	struct repair_desk *repair;
	struct nrp *nrp; /* NULL: there are no devices to put partitions on */
	struct nrp_query nrps;
	struct sense *links; /* with devices */
	struct sense_query measured;
	struct sse *sse;
	struct rc *rc;
	struct http *http;
	struct ip_addr sources[SOURCES_MAX]; /* which feed has which number */
};

/* ---- what the northbound asks of us ---- */

static enum http_role role_of(void *arg, const char *name)
{
	const struct app *app = arg;

	for (size_t i = 0; i < app->conf->n_roles; i++)
		if (strcmp(app->conf->roles[i].name, name) == 0)
			return (enum http_role)app->conf->roles[i].role;
	return HTTP_ROLE_NONE;
}

static bool ready(void *arg, char *why, size_t cap)
{
	const struct app *app = arg;

	if (!app->conf->has_bgp || !topo_ted(app->topo)->stale)
		return true;
	(void)snprintf(why, cap, "the topology is not in sight: waiting for End-of-RIB of the BGP-LS feeds");
	return false;
}

static void config_text(void *arg, struct str *out)
{
	const struct app *app = arg;
	STR_AUTO struct str errors = { 0 };

	if (conf_print(app->conf->file, out, &errors) < 0)
		str_add(out, str_text(&errors));
}

/* ---- the log ---- */

/* Lines are limited by where they come from. Events all come from here: a storm of one type is not to
 * silence another, nor what is informative what is alarming. */
static struct log_site *site_of(const struct bus_event *e)
{
	static struct log_site sites[BUS_CLEARED + 1][64];
	uint32_t h = 0;

	for (const char *t = e->type; *t; t++)
		h = h * 31 + (unsigned char)*t;
	return &sites[e->severity][h % ARRAY_LEN(sites[0])];
}

/* Policies and topology tell the bus, sessions write their own lines. */
static void journal(void *arg, const struct bus_event *e)
{
	static const enum log_level levels[] = { [BUS_INFO] = LOG_INFO, [BUS_WARNING] = LOG_WARN,
						 [BUS_ALARM] = LOG_ERROR, [BUS_CLEARED] = LOG_NOTICE };

	(void)arg;
	if (strncmp(e->resource, "bgp/", 4) != 0 && strncmp(e->resource, "pcep/", 5) != 0 &&
	    strncmp(e->resource, "gnmi/", 5) != 0)
		log_write(site_of(e), "", levels[e->severity], e->type, "on=%s %s{%s}", e->resource,
			  e->severity == BUS_CLEARED ? "cleared " : "", e->body);
}

/* ---- building ---- */

static int fail(struct str *errors, const char *what, int r)
{
	str_addf(errors, "%s: %s\n", what, err_text(r));
	return r < 0 ? r : -EINVAL;
}

static void on_ted(void *arg, const struct ted *ted)
{
	struct app *app = arg;

	intent_on_ted(app->intent, ted);
	if (app->keys)
		keys_on_ted(app->keys, ted);
	if (app->realise)
		realise_on_ted(app->realise, ted);
	slice_on_ted(app->slice, ted);
	if (app->assure)
		assure_on_ted(app->assure, ted);
	if (app->repair)
		repair_desk_on_ted(app->repair, ted);
	if (app->nrp)
		nrp_on_ted(app->nrp, ted);
	if (app->links)
		sense_on_ted(app->links, ted);
}

static int build_core(struct app *app, const struct conf *conf)
{
	struct slice_cfg scfg;
	struct intent_cfg icfg;
	struct topo_cfg tcfg;
	int r;

	map_topo(&tcfg, conf);
	map_intent(&icfg, conf);
	slice_cfg_default(&scfg);
	if ((r = bus_new(&app->bus, loop_random(app->env.loop))) < 0 ||
	    (r = topo_new(&app->topo, app->env.loop, app->bus, &tcfg)) < 0 ||
	    (r = intent_new(&app->intent, app->env.loop, app->env.work, app->env.store, app->bus, &icfg)) < 0 ||
	    (r = intent_load(app->intent)) < 0 ||
	    (r = slice_new(&app->slice, app->env.loop, app->env.store, app->bus, app->intent, &scfg)) < 0 ||
	    (r = slice_load(app->slice)) < 0)
		return err_trace(r);
	topo_on_ted(app->topo, on_ted, app);
	app->journal.fn = journal;
	bus_subscribe(app->bus, &app->journal);
	return 0;
}

/* Who measures links by the reflector needs it all the time. */
static void probed(void *ctx, const char *device)
{
	struct app *app = ctx;

	if (app->assure && !(app->links && sense_needs(app->links, device)))
		assure_room_answered(app->assure, device);
}

static int build_assure(struct app *app)
{
	const struct assure_room_parts parts = { .loop = app->env.loop, .bus = app->bus, .intent = app->intent,
						 .slice = app->slice, .store = app->env.store };
	const struct assure_room_cfg cfg = { .streams_max = STREAMS_MAX,
					     .last_sid = app_realise_last_sid,
					     .ctx = app->realise };

	realise_on_probed(app->realise, probed, app);
	return app_assure_new(&app->assure, app->devices, &parts, &cfg);
}

static int build_repair(struct app *app)
{
	const struct window_book_parts windows = { .loop = app->env.loop, .bus = app->bus, .store = app->env.store,
						   .intent = app->intent, .slice = app->slice };
	struct repair_desk_parts parts = { .loop = app->env.loop, .bus = app->bus, .intent = app->intent,
					   .slice = app->slice, .store = app->env.store };
	int r = app_windows_new(&app->windows, app->assure, &windows);

	if (r < 0)
		return err_trace(r);
	parts.windows = app->windows;
	return app_repair_new(&app->repair, app->devices, app->assure, &parts);
}

static int build_southbound(struct app *app, const struct conf *conf)
{
	const struct nrp_env partitions = { .loop = app->env.loop, .store = app->env.store, .bus = app->bus,
					    .topo = app->topo, .intent = app->intent, .slice = app->slice };
	const struct sense_parts links = { .loop = app->env.loop, .bus = app->bus, .topo = app->topo,
					   .intent = app->intent };
	struct bgp_cfg bcfg;
	struct pcep_cfg pcfg;
	int r;

	if (conf->has_bgp) {
		map_bgp(&bcfg, conf);
		r = bgp_new(&app->bgp, app->env.loop, app->env.net, app->bus, &bcfg);
		if (r < 0)
			return err_trace(r);
		bgp_controller(app->bgp, &topo_sink, app->topo);
	}
	if (conf->has_pcep) {
		map_pcep(&pcfg, conf);
		r = pcep_new(&app->pcep, app->env.loop, app->env.net, app->bus, &pcfg, &intent_sink,
			     app->intent);
		if (r < 0)
			return err_trace(r);
	}
	if (conf->has_devices) {
		r = app_devices_new(&app->devices, app->env.loop, app->env.rpc, app->bus);
		if (r == 0)
			r = app_keys_new(&app->keys, &app->env, app->bus, app->devices);
		if (r == 0)
			r = app_partitions_new(&app->nrp, &partitions, app->devices);
		if (r == 0)
			r = app_realise_new(&app->realise, &app->env, app->bus, app->slice, app->nrp, app->devices);
		if (r == 0)
			r = build_assure(app);
		if (r == 0)
			r = app_links_new(&app->links, app->devices, &links);
		if (r < 0)
			return err_trace(r);
	}
	r = app_drivers_new(&app->drivers, app->env.loop, app->bus, app->intent, app->devices);
	if (r < 0)
		return err_trace(r);
	app_drivers_pcep(app->drivers, app->pcep ? pcep_driver(app->pcep) : NULL);
	intent_driver_set(app->intent, app_drivers_driver(app->drivers));
	return 0;
}

/* Backups lie beside the store. */
static void backup_dir(const struct conf *conf, char dir[CONF_TEXT_MAX])
{
	char *slash;

	(void)str_copy(dir, CONF_TEXT_MAX, conf->store);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir ? 1 : 0] = '\0';
	else
		(void)str_copy(dir, CONF_TEXT_MAX, ".");
}

static int build_northbound(struct app *app, const struct conf *conf, char *err, size_t cap)
{
	char backups[CONF_TEXT_MAX];
	struct session_query sessions[3];
	struct http_cfg hcfg;
	struct sse_cfg scfg;
	struct rc_cfg rcfg = {
		.loop = app->env.loop, .store = app->env.store, .bus = app->bus, .topo = app->topo,
		.intent = app->intent, .slice = app->slice, .assure = app->assure,
		.repair = app->repair, .windows = app->windows, .sessions = sessions, .models_dir = conf_models_dir(),
		.yang_dir = conf->yang_dir, .version = SEXTANT_VERSION, .node = conf->node,
		.config_text = config_text, .ready = ready, .stream = sse_handle, .arg = app,
		.backup_dir = backups,
	};
	int r;

	backup_dir(conf, backups);
	if (app->bgp)
		sessions[rcfg.n_sessions++] = bgp_sessions(app->bgp);
	if (app->pcep)
		sessions[rcfg.n_sessions++] = pcep_sessions(app->pcep);
	if (app->devices)
		sessions[rcfg.n_sessions++] = app_devices_sessions(app->devices);
	if (app->nrp) {
		app->nrps = nrp_queries(app->nrp);
		rcfg.nrps = &app->nrps;
	}
	if (app->links) {
		app->measured = sense_queries(app->links);
		rcfg.links = &app->measured;
	}
	sse_cfg_default(&scfg);
	scfg.loop = app->env.loop;
	scfg.bus = app->bus;
	if ((r = sse_new(&app->sse, &scfg)) < 0)
		return err_trace(r);
	rcfg.stream_arg = app->sse;
	if ((r = rc_new(&app->rc, &rcfg, err, cap)) < 0)
		return r;
	http_cfg_default(&hcfg);
	hcfg.role_of = role_of;
	hcfg.role_arg = app;
	return err_trace(http_new(&app->http, app->env.loop, app->env.net, &hcfg, rc_handle, app->rc));
}

/* ---- listeners ---- */

static int tls_server(struct net_tls **outp, const struct conf_tls *t, bool pceps, const char *where,
		      struct str *errors)
{
	static const char *const alpn[] = { "h2", "http/1.1", NULL };
	struct net_tls_cfg cfg = { .cert_file = t->cert, .key_file = t->key,
				   .ca_file = t->ca[0] ? t->ca : NULL, .tls13_only = pceps,
				   .alpn = pceps ? NULL : alpn };
	char err[512] = "";
	int r = net_tls_new(outp, NET_TLS_SERVER, &cfg, err, sizeof(err));

	if (r < 0)
		str_addf(errors, "%s: %s\n", where, err[0] ? err : err_text(r));
	return r;
}

static void listen_failed(struct str *errors, const struct conf *conf, const char *what,
			  const struct conf_listen *l, int r)
{
	char a[IP_TEXT_MAX];

	str_addf(errors, "%s: %s: cannot listen on [%s]:%u: %s\n", conf->file, what,
		 ip_text(&l->addr, a, sizeof(a)), l->port,
		 r == -EPERM ? "plaintext is served on loopback only; give it a certificate" : err_text(r));
}

/* Certificates are read before the old listeners go, so a bad file leaves them as they are. */
static int listen_http(struct app *app, const struct conf *conf, struct str *errors)
{
	struct net_tls **tls = calloc(conf->n_restconf + 1, sizeof(*tls));
	int r = tls ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < conf->n_restconf; i++)
		if (conf->restconf[i].has_tls)
			r = tls_server(&tls[i], &conf->restconf[i].tls, false, "listen/restconf", errors);
	if (r == 0)
		http_unlisten_all(app->http);
	for (size_t i = 0; r == 0 && i < conf->n_restconf; i++) {
		const struct conf_listen *l = &conf->restconf[i];
		struct net_listen_cfg cfg = { .addr = l->addr, .port = l->port, .v6only = false };

		r = http_listen(app->http, &cfg, tls[i]);
		if (r < 0)
			listen_failed(errors, conf, "listen/restconf", l, r);
	}
	for (size_t i = 0; tls && i < conf->n_restconf; i++)
		net_tls_unref(tls[i]);
	free(tls);
	return r;
}

static int listen_southbound(struct app *app, const struct conf *conf, struct str *errors)
{
	int r;

	if (app->bgp && conf->has_bgp_listen) {
		r = bgp_listen(app->bgp, &conf->bgp_listen.addr, conf->bgp_listen.port);
		if (r < 0) {
			listen_failed(errors, conf, "bgp/listen", &conf->bgp_listen, r);
			return r;
		}
	}
	if (app->pcep) {
		r = pcep_listen(app->pcep, &conf->pcep_listen.addr, conf->pcep_listen.port);
		if (r < 0) {
			listen_failed(errors, conf, "pcep/listen", &conf->pcep_listen, r);
			return r;
		}
	}
	return 0;
}

/* ---- peers ---- */

static int source_of(struct app *app, const struct ip_addr *peer)
{
	int empty = -1;

	for (int i = 0; i < SOURCES_MAX; i++) {
		if (ip_eq(&app->sources[i], peer))
			return i;
		if (empty < 0 && app->sources[i].family == IP_NONE)
			empty = i;
	}
	if (empty >= 0)
		app->sources[empty] = *peer;
	return empty;
}

static void source_free(struct app *app, const struct ip_addr *peer)
{
	for (int i = 0; i < SOURCES_MAX; i++)
		if (ip_eq(&app->sources[i], peer))
			app->sources[i] = (struct ip_addr){ 0 };
}

static int peer_failed(struct str *errors, const struct conf *conf, const char *what,
		       const struct ip_addr *addr, const char *why)
{
	char a[IP_TEXT_MAX];

	str_addf(errors, "%s: %s/peer[%s]: %s\n", conf->file, what, ip_text(addr, a, sizeof(a)), why);
	return -EINVAL;
}

static bool conf_has_peer(const struct conf *conf, bool bgp, const struct ip_addr *addr)
{
	for (size_t i = 0; bgp && i < conf->n_bgp_peers; i++)
		if (ip_eq(&conf->bgp_peers[i].addr, addr))
			return true;
	for (size_t i = 0; !bgp && i < conf->n_pcep_peers; i++)
		if (ip_eq(&conf->pcep_peers[i].addr, addr))
			return true;
	return false;
}

static int bgp_peers(struct app *app, const struct conf *conf, struct str *errors)
{
	for (size_t i = 0; app->conf && i < app->conf->n_bgp_peers; i++) {
		const struct ip_addr *old = &app->conf->bgp_peers[i].addr;

		if (!conf_has_peer(conf, true, old)) {
			(void)bgp_peer_del(app->bgp, old);
			source_free(app, old);
		}
	}
	for (size_t i = 0; i < conf->n_bgp_peers; i++) {
		const struct conf_bgp_peer *p = &conf->bgp_peers[i];
		struct bgp_peer_cfg cfg;
		int source = source_of(app, &p->addr), r;

		if (source < 0)
			return peer_failed(errors, conf, "bgp", &p->addr, "at most 32 BGP-LS feeds are possible");
		map_bgp_peer(&cfg, conf, p, (uint32_t)source);
		r = bgp_peer_set(app->bgp, &cfg);
		if (r != 0)
			return peer_failed(errors, conf, "bgp", &p->addr,
					   r == BGP_E_INSECURE ?
						   "needs md5-key-file, or insecure: true for plaintext" :
					   r == BGP_E_CONFIG ? "address, AS number or hold time make no sense" :
							       err_text(r));
	}
	return 0;
}

static int pcep_peers(struct app *app, const struct conf *conf, struct str *errors)
{
	AUTO(net_tls_unref) struct net_tls *tls = NULL;
	int r;

	if (conf->pcep_listen.has_tls) {
		r = tls_server(&tls, &conf->pcep_listen.tls, true, "pcep/listen/tls", errors);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; app->conf && i < app->conf->n_pcep_peers; i++)
		if (!conf_has_peer(conf, false, &app->conf->pcep_peers[i].addr))
			(void)pcep_peer_del(app->pcep, &app->conf->pcep_peers[i].addr);
	for (size_t i = 0; i < conf->n_pcep_peers; i++) {
		const struct conf_pcep_peer *p = &conf->pcep_peers[i];
		struct pcep_peer_cfg cfg;

		map_pcep_peer(&cfg, p, tls);
		r = pcep_peer_set(app->pcep, &cfg);
		if (r != 0)
			return peer_failed(errors, conf, "pcep", &p->addr,
					   r == PCEP_E_INSECURE ?
						   "needs tls or md5-key-file, or insecure: true for plaintext" :
						   "makes no sense");
	}
	return 0;
}

static int apply_odds(struct app *app, const struct conf *conf)
{
	AUTO_FREE struct slice_odd *of = NULL;
	struct slice_odds odds;
	int r = map_odds(&odds, &of, conf);

	return r < 0 ? err_trace(r) : slice_odds_set(app->slice, &odds);
}

static int apply(struct app *app, const struct conf *conf, struct str *errors)
{
	struct intent_cfg icfg;
	struct topo_cfg tcfg;
	int r = listen_http(app, conf, errors);

	if (r == 0)
		r = apply_odds(app, conf);
	if (r == 0)
		r = listen_southbound(app, conf, errors);
	if (r == 0 && app->bgp)
		r = bgp_peers(app, conf, errors);
	if (r == 0 && app->pcep)
		r = pcep_peers(app, conf, errors);
	if (r == 0 && app->devices)
		r = app_devices_apply(app->devices, app->conf, conf, errors);
	if (r == 0 && app->links)
		app_links_apply(app->links, conf);
	if (r == 0 && app->keys)
		app_keys_apply(app->keys, conf);
	if (r == 0)
		r = app_drivers_apply(app->drivers, app->conf, conf, errors);
	if (r != 0)
		return r < 0 ? r : -EINVAL;
	map_topo(&tcfg, conf);
	map_intent(&icfg, conf);
	slice_inside_only(app->slice, !conf->slices_outside);
	topo_reconfigure(app->topo, &tcfg);
	intent_reconfigure(app->intent, &icfg);
	app->conf = conf;
	return 0;
}

int app_new(struct app **outp, const struct app_env *env, const struct conf *conf, struct str *errors)
{
	AUTO(app_free) struct app *app = calloc(1, sizeof(*app));
	char err[512] = "";
	int r;

	if (!app)
		return fail(errors, "sextantd", -ENOMEM);
	app->env = *env;
	r = build_core(app, conf);
	if (r < 0)
		return fail(errors, "cannot load the durable state", r);
	r = build_southbound(app, conf);
	if (r < 0)
		return fail(errors, "cannot set up BGP, PCEP and gNMI", r);
	r = build_repair(app);
	if (r < 0)
		return fail(errors, "cannot load the repairs that were under way", r);
	r = build_northbound(app, conf, err, sizeof(err));
	if (r < 0) {
		str_addf(errors, "cannot set up the API: %s\n", err[0] ? err : err_text(r));
		return r;
	}
	r = apply(app, conf, errors);
	if (r < 0)
		return r;
	*outp = TAKE(app);
	return 0;
}

/* What is fixed at start. */
static const char *restart_needed(const struct conf *a, const struct conf *b)
{
	if (strcmp(a->node, b->node) != 0)
		return "node";
	if (strcmp(a->store, b->store) != 0)
		return "store/path";
	if (a->has_bgp != b->has_bgp || a->bgp_as != b->bgp_as ||
	    !ip_eq(&a->bgp_router_id, &b->bgp_router_id))
		return "bgp/as and bgp/router-id";
	if (a->has_pcep != b->has_pcep || a->pcep_keepalive_s != b->pcep_keepalive_s ||
	    a->pcep_dead_s != b->pcep_dead_s)
		return "pcep/keepalive and pcep/dead-timer";
	if (a->has_devices != b->has_devices)
		return "devices (that there are any)";
	return NULL;
}

int app_reload(struct app *app, const struct conf *conf, struct str *errors)
{
	const struct conf *old = app->conf;
	const char *fixed = restart_needed(old, conf);
	STR_AUTO struct str again = { 0 };
	int r;

	if (fixed) {
		str_addf(errors, "%s: %s cannot change at reload; restart sextantd for it\n", conf->file, fixed);
		return -EINVAL;
	}
	r = apply(app, conf, errors);
	if (r < 0) { /* undo: the old one was applied once, so it goes on */
		app->conf = conf;
		(void)apply(app, old, &again);
		app->conf = old;
	}
	return r;
}

void app_stop(struct app *app)
{
	http_unlisten_all(app->http);
	if (app->bgp)
		bgp_stop(app->bgp);
	if (app->pcep)
		pcep_stop(app->pcep);
}

struct app *app_free(struct app *app)
{
	if (!app)
		return NULL;
	app->sse = sse_free(app->sse);
	app->http = http_free(app->http);
	app->rc = rc_free(app->rc);
	app->devices = app_devices_free(app->devices);
	app->drivers = app_drivers_free(app->drivers);
	app->assure = assure_room_free(app->assure);
	app->repair = repair_desk_free(app->repair);
	app->windows = window_book_free(app->windows);
	app->pcep = pcep_free(app->pcep);
	app->bgp = bgp_free(app->bgp);
	app->realise = realise_free(app->realise);
	app->nrp = nrp_free(app->nrp);
	app->links = sense_free(app->links);
	app->keys = keys_free(app->keys);
	app->slice = slice_free(app->slice);
	app->intent = intent_free(app->intent);
	app->topo = topo_free(app->topo);
	app->bus = bus_free(app->bus);
	free(app);
	return NULL;
}

struct intent *app_intent(struct app *app)
{
	return app->intent;
}

struct slice *app_slice(struct app *app)
{
	return app->slice;
}

struct topo *app_topo(struct app *app)
{
	return app->topo;
}

struct bus *app_bus(struct app *app)
{
	return app->bus;
}

/* ---- the state for people ---- */

struct dump {
	void (*fn)(void *arg, const char *line);
	void *arg;
	unsigned up, all;
};

static void dump_session(void *arg, const struct session_info *s)
{
	struct dump *d = arg;
	char a[IP_TEXT_MAX], line[512];

	d->all++;
	d->up += s->up;
	if (!d->fn)
		return;
	(void)snprintf(line, sizeof(line),
		       "session protocol=%s peer=%s state=%s security=%s objects=%llu rx=%llu tx=%llu error=\"%s\"",
		       s->protocol, ip_text(&s->peer, a, sizeof(a)), s->state, s->security,
		       (unsigned long long)s->objects, (unsigned long long)s->rx_messages,
		       (unsigned long long)s->tx_messages, s->last_error);
	d->fn(d->arg, line);
}

static void sessions_each(struct app *app, struct dump *bgp, struct dump *pcep)
{
	struct session_query q;

	if (app->bgp) {
		q = bgp_sessions(app->bgp);
		q.each(q.self, dump_session, bgp);
	}
	if (app->pcep) {
		q = pcep_sessions(app->pcep);
		q.each(q.self, dump_session, pcep);
	}
}

static void dump_policies(struct app *app, struct dump *d)
{
	struct intent_view *v = calloc(1, sizeof(*v));
	struct sr_policy_key key;
	bool more = v && intent_next(app->intent, NULL, v);
	char k[SR_KEY_TEXT_MAX], line[768];

	while (more) {
		key = v->desired.key;
		(void)snprintf(line, sizeof(line), "policy key=%s mode=%s state=%s reason=\"%s\" path=\"%.200s\"",
			       sr_policy_key_text(&key, k, sizeof(k)),
			       v->mode == INTENT_MANAGED ? "managed" : "observed", intent_state_text(v->state),
			       v->reason, v->path_text);
		d->fn(d->arg, line);
		more = intent_next(app->intent, &key, v);
	}
	free(v);
}

static void dump_slices(struct app *app, struct dump *d)
{
	const char *id = slice_next(app->slice, SLICE_SERVICE, NULL);
	struct slice_view v;
	char line[768];

	for (; id; id = slice_next(app->slice, SLICE_SERVICE, id)) {
		(void)slice_get(app->slice, id, &v);
		(void)snprintf(line, sizeof(line), "slice id=\"%s\" state=%s flows=%u reason=\"%s\"", id,
			       slice_state_text(v.state), v.n_flows, v.reason);
		d->fn(d->arg, line);
	}
}

void app_dump(struct app *app, void (*fn)(void *arg, const char *line), void *arg)
{
	struct dump d = { .fn = fn, .arg = arg };
	const struct ted *ted = topo_ted(app->topo);
	char line[256];

	sessions_each(app, &d, &d);
	(void)snprintf(line, sizeof(line), "topology generation=%llu stale=%d nodes=%u links=%u hold=%d",
		       (unsigned long long)ted->generation, ted->stale, ted->n_nodes, ted->n_links,
		       intent_held(app->intent));
	fn(arg, line);
	dump_policies(app, &d);
	dump_slices(app, &d);
}

void app_status(struct app *app, char *buf, size_t cap)
{
	struct dump bgp = { 0 }, pcep = { 0 };
	const struct ted *ted = topo_ted(app->topo);

	sessions_each(app, &bgp, &pcep);
	(void)snprintf(buf, cap, "%u of %u BGP-LS feeds, %u of %u PCEP peers, topology %s", bgp.up, bgp.all,
		       pcep.up, pcep.all, ted->stale ? "stale" : "in sight");
}

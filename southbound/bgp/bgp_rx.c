/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer sends: OPEN judged and negotiated, collisions, UPDATE into the Adj-RIB-In and on
 * to the sink, End-of-RIB and the purge after it. */
#include "base/str.h"
#include "southbound/bgp/bgp_int.h"
#include "southbound/bgp/bgp_ls.h"

const struct bgpc_family bgp_ls_family = { BGPC_AFI_LS, BGPC_SAFI_LS };

void bgp_fault_count(struct bgp_peer *p, enum bgp_fault_kind kind)
{
	p->faults[kind]++;
	if (p->m.faults[kind])
		metric_add(p->m.faults[kind], 1);
}

/* ---- OPEN ---- */

static void note_data(struct bgp_conn *c, const void *data, uint8_t len)
{
	memcpy(c->note_data, data, len);
	c->note_len = len;
}

/* 0, or the subcode that refuses; why tells people. */
static uint8_t open_refusal(struct bgp_conn *c, const struct bgpc_open *o, const char **why)
{
	static const uint8_t want[] = { 1, 4, 0x40, 0x04, 0, BGPC_SAFI_LS };
	const struct bgp_peer *p = c->peer;

	if (bgpc_open_as(o) != p->cfg.remote_as) {
		*why = "the peer's AS is not the one configured";
		return BGPC_OPEN_PEER_AS;
	}
	if (o->bgp_id == p->bgp->cfg.router_id && bgp_peer_ibgp(p)) {
		*why = "the peer has our BGP identifier";
		return BGPC_OPEN_BGP_ID;
	}
	if (!bgpc_caps_has(&o->caps, bgp_ls_family)) {
		*why = "the peer does not offer BGP-LS (AFI 16388, SAFI 71)";
		note_data(c, want, sizeof(want));
		return BGPC_OPEN_CAPABILITY;
	}
	return 0;
}

/* RFC 4271 section 6.8: the connection started by the higher identifier stays. */
static bool ours_stays(const struct bgp_peer *p, uint32_t their_id)
{
	uint32_t id = p->bgp->cfg.router_id;

	return id != their_id ? id > their_id : p->bgp->cfg.as > p->cfg.remote_as;
}

static void drop(struct bgp_conn *c, const char *why)
{
	struct bgp_event ev = { .kind = BGP_EV_FAULT, .code = BGPC_ERR_CEASE,
				.sub = BGPC_CEASE_COLLISION };

	log_event(c->peer->scope, LOG_INFO, "bgp.collision", "drops=%s why=\"%s\"",
		  c == &c->peer->in ? "incoming" : "outgoing", why);
	if (c->peer->up == c)
		(void)str_copy(c->peer->last_error, sizeof(c->peer->last_error), why);
	bgp_conn_event(c, &ev);
}

/* True when c, whose OPEN has just come, goes on. */
static bool collision_won(struct bgp_conn *c, const struct bgpc_open *o)
{
	struct bgp_peer *p = c->peer;
	struct bgp_conn *other = bgp_peer_other(c);
	uint64_t age = mono_since(other->fsm.up_since, loop_now(p->bgp->loop));
	bool c_stays = (c == &p->out) == ours_stays(p, o->bgp_id);

	if (other->fsm.state == BGP_ESTABLISHED) {
		/* An old session and a new OPEN: the peer restarted (RFC 4724 section 4.2). */
		if (!other->gr || age < BGP_TAKEOVER_NS) {
			drop(c, "a session is established");
			return false;
		}
		drop(other, "the peer opened a new session");
		return true;
	}
	if (other->fsm.state != BGP_OPEN_CONFIRM)
		return true;
	drop(c_stays ? other : c, "both sides connected");
	return c_stays;
}

void bgp_rx_open(struct bgp_conn *c, struct rd body)
{
	static const uint8_t version[] = { 0, 4 };
	struct bgp_event ev = { .kind = BGP_EV_RX_OPEN,
				.random = loop_random(c->peer->bgp->loop) };
	struct bgpc_fault f = { 0 };
	struct bgpc_open o;
	const char *why = "";
	uint8_t sub;

	if (bgpc_open_read(&body, &o, &f) != BGPC_OK) {
		if (f.sub == BGPC_OPEN_VERSION)
			note_data(c, version, sizeof(version));
		bgp_conn_fault(c, f.code, f.sub, f.why);
		return;
	}
	sub = open_refusal(c, &o, &why);
	if (sub) {
		bgp_conn_fault(c, BGPC_ERR_OPEN, sub, why);
		return;
	}
	if (c->fsm.state == BGP_OPEN_SENT) {
		if (!collision_won(c, &o))
			return;
		c->open = o;
		c->as4 = o.caps.has_as4;
		c->ext = o.caps.ext_message;
		c->gr = o.caps.has_gr;
	}
	ev.hold_s = o.hold_s;
	bgp_conn_event(c, &ev);
}

/* ---- UPDATE ---- */

static void deliver(struct bgp_peer *p, const struct bgpls_nlri *n, const struct bgpls_attr *a,
		    bool withdrawn)
{
	struct bgp *b = p->bgp;
	struct ls_object obj;

	arena_reset(&b->obj_arena);
	if (bgp_ls_object(n, withdrawn ? NULL : a, &b->obj_arena, &obj) < 0 &&
	    bgp_ls_object(n, NULL, &b->obj_arena, &obj) < 0)
		return;
	if (b->sink)
		b->sink->object(b->sink_arg, p->cfg.source, &obj, withdrawn);
}

static struct bgpls_opts ls_opts(const struct bgp_peer *p)
{
	return (struct bgpls_opts){ .order = p->bgp->cfg.strict_order ? BGPLS_ORDER_STRICT :
									BGPLS_ORDER_FRR };
}

/* The NLRI leaves; it was sound when it came, so it reads. */
static void gone(void *arg, struct rd bytes)
{
	struct bgp_peer *p = arg;
	struct bgpls_opts opts = ls_opts(p);
	struct bgpls_raw raw;
	struct bgpls_nlri n;
	struct fault f = { 0 };
	bool lost;

	if (bgpls_next(&bytes, &raw, &lost) && bgpls_nlri_read(&raw, &opts, &n, &f) == VERDICT_OK)
		deliver(p, &n, NULL, true);
}

static void nlris_gauge(struct bgp_peer *p)
{
	if (p->m.nlris)
		metric_set(p->m.nlris, (double)p->rib.hash.count);
}

static void withdraw(struct bgp_peer *p, const struct bgpls_raw *raw)
{
	if (bgp_rib_del(&p->rib, raw->bytes))
		gone(p, raw->bytes);
}

static void refused(struct bgp_peer *p)
{
	bgp_fault_count(p, BGP_FAULT_REFUSED);
	if (p->refused_told)
		return;
	p->refused_told = true;
	log_event(p->scope, LOG_ERROR, "bgp.objects.refused", "held=%zu limit=%u",
		  p->rib.hash.count, p->cfg.objects_max);
	bgp_peer_alarm(p, true, "bgp-objects-max",
		       "the peer tells more objects than allowed: the topology is incomplete");
}

/* attr NULL: no attribute, or it was discarded. */
static void announce(struct bgp_peer *p, const struct bgpls_raw *raw,
		     const struct bgpls_attr *attr)
{
	static const struct bgpls_attr none;
	struct bgpls_opts opts = ls_opts(p);
	struct bgpls_nlri n;
	struct fault f = { 0 };
	enum verdict v = bgpls_nlri_read(raw, &opts, &n, &f);

	if (v >= VERDICT_WITHDRAW) {
		bgp_fault_count(p, BGP_FAULT_NLRI);
		log_event(p->scope, LOG_WARN, "bgp.nlri.discarded", "type=%u why=\"%s\" tlv=%u",
			  raw->type, fault_why_text(f.why), f.type);
		withdraw(p, raw);
		return;
	}
	if (bgp_rib_put(&p->rib, raw->bytes) != BGP_RIB_KEPT) {
		refused(p);
		return;
	}
	if (v == VERDICT_OK)
		deliver(p, &n, attr ? attr : &none, false);
}

/* Our only family cannot be read any more: sight of the source is lost, not its objects. */
static void family_disable(struct bgp_peer *p, const char *why)
{
	struct bgp *b = p->bgp;

	bgp_fault_count(p, BGP_FAULT_AFI);
	if (p->disabled)
		return;
	p->disabled = true;
	loop_timer_stop(&p->eor_wait);
	(void)str_copy(p->last_error, sizeof(p->last_error), why);
	log_event(p->scope, LOG_ERROR, "bgp.family.disabled", "why=\"%s\"", why);
	bgp_peer_alarm(p, true, "bgp-family-disabled", why);
	if (b->sink)
		b->sink->source_down(b->sink_arg, p->cfg.source);
}

static bool nlris_each(struct bgp_peer *p, struct rd list, const struct bgpls_attr *attr,
		       bool withdrawn)
{
	struct bgpls_raw raw;
	bool lost;

	while (bgpls_next(&list, &raw, &lost)) {
		if (withdrawn)
			withdraw(p, &raw);
		else
			announce(p, &raw, attr);
	}
	return !lost;
}

static const struct bgpls_attr *attr_decode(struct bgp_peer *p, const struct bgpc_update *u,
					    struct bgpls_attr *attr)
{
	struct fault f = { 0 };
	struct rd value = u->ls;
	enum verdict v;

	if (!u->has_ls)
		return NULL;
	arena_reset(&p->bgp->arena);
	v = bgpls_attr_read(&value, &p->bgp->arena, attr, &f, NULL);
	if (v == VERDICT_OK)
		return attr;
	bgp_fault_count(p, v >= VERDICT_WITHDRAW ? BGP_FAULT_ATTR : BGP_FAULT_TLV);
	log_event(p->scope, LOG_WARN, "bgp.attribute.fault", "cost=%s why=\"%s\" tlv=%u",
		  v >= VERDICT_WITHDRAW ? "attribute" : "tlv", fault_why_text(f.why), f.type);
	return v >= VERDICT_WITHDRAW ? NULL : attr;
}

static bool is_ls(const struct bgpc_mp *mp)
{
	return mp->present && mp->family.afi == BGPC_AFI_LS && mp->family.safi == BGPC_SAFI_LS;
}

static void update_apply(struct bgp_conn *c, const struct bgpc_update *u, enum bgpc_verdict v)
{
	struct bgp_peer *p = c->peer;
	bool as_loop = !bgp_peer_ibgp(p) && bgpc_as_path_has(u->as_path, c->as4, p->bgp->cfg.as);
	struct bgpls_attr attr;
	bool sound = true;

	if (bgpc_update_is_eor(u, bgp_ls_family)) {
		bgp_rx_end_of_rib(p);
		return;
	}
	if (is_ls(&u->unreach))
		sound &= nlris_each(p, u->unreach.nlri, NULL, true);
	if (is_ls(&u->reach))
		sound &= nlris_each(p, u->reach.nlri, attr_decode(p, u, &attr),
				    v >= BGPC_WITHDRAW || as_loop);
	nlris_gauge(p);
	if (!sound)
		family_disable(p, "NLRI lengths do not fit the message");
}

void bgp_rx_update(struct bgp_conn *c, struct rd body)
{
	static const enum bgp_fault_kind kinds[] = {
		[BGPC_ATTR_DISCARD] = BGP_FAULT_ATTR,
		[BGPC_WITHDRAW] = BGP_FAULT_WITHDRAW,
	};
	struct bgp_peer *p = c->peer;
	struct bgpc_session_opts opts = { .as4 = c->as4 };
	struct bgpc_fault f = { 0 };
	struct bgpc_update u;
	enum bgpc_verdict v = bgpc_update_read(&body, &opts, &u, &f);

	if (v == BGPC_RESET) {
		bgp_conn_fault(c, f.code, f.sub, f.why);
		return;
	}
	if (p->disabled)
		return;
	if (v == BGPC_AFI_DISABLE) {
		family_disable(p, f.why);
		return;
	}
	if (v != BGPC_OK) {
		bgp_fault_count(p, kinds[v]);
		log_event(p->scope, LOG_WARN, "bgp.update.fault", "cost=%s why=\"%s\" attribute=%u",
			  v == BGPC_WITHDRAW ? "withdraw" : "attribute", f.why, f.what);
	}
	update_apply(c, &u, v);
}

/* What the session did not tell again since it came up is not there any more. */
void bgp_rx_end_of_rib(struct bgp_peer *p)
{
	struct bgp *b = p->bgp;

	loop_timer_stop(&p->eor_wait);
	if (p->eor || p->disabled)
		return;
	p->eor = true;
	bgp_rib_purge(&p->rib, gone, p);
	nlris_gauge(p);
	log_event(p->scope, LOG_INFO, "bgp.end-of-rib", "nlris=%zu", p->rib.hash.count);
	if (b->sink)
		b->sink->end_of_rib(b->sink_arg, p->cfg.source);
}

void bgp_rx_refresh(struct bgp_conn *c, struct rd body)
{
	struct bgp_peer *p = c->peer;
	struct bgpc_fault f = { 0 };
	struct bgpc_refresh r;

	if (bgpc_refresh_read(&body, &r, &f) != BGPC_OK) {
		bgp_conn_fault(c, f.code, f.sub, f.why);
		return;
	}
	if (r.family.afi != BGPC_AFI_LS || r.family.safi != BGPC_SAFI_LS || p->disabled)
		return;
	/* RFC 7313: 1 opens a refresh, 2 ends it, and what was not told between is stale. */
	if (r.subtype == 0) {
		bgp_tx_refresh(p);
	} else if (r.subtype == 1) {
		bgp_rib_next_round(&p->rib);
	} else if (r.subtype == 2) {
		bgp_rib_purge(&p->rib, gone, p);
		nlris_gauge(p);
	}
}

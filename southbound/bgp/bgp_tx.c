/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we send: OPEN, and in the router role the link-state objects. Consecutive objects with
 * the same attribute share an UPDATE; order of announcing and withdrawing is kept, because a
 * change of either or of the attribute flushes what is packed.
 */
#include "southbound/bgp/bgp_int.h"
#include "southbound/bgp/bgp_ls.h"

/* Header, lengths, ORIGIN, AS_PATH, LOCAL_PREF, heads of MP_REACH and the BGP-LS attribute. */
enum { UPDATE_OVERHEAD = 128 };

void bgp_tx_open(struct bgp_conn *c)
{
	const struct bgp_peer *p = c->peer;
	const struct bgp_cfg *cfg = &p->bgp->cfg;
	struct bgpc_open o = {
		.version = 4,
		.as2 = (uint16_t)(cfg->as > UINT16_MAX ? BGPC_AS_TRANS : cfg->as),
		.hold_s = p->cfg.hold_s,
		.bgp_id = cfg->router_id,
		.caps = { .mp = { bgp_ls_family },
			  .n_mp = 1,
			  .refresh = true,
			  .enhanced_refresh = true,
			  .ext_message = true,
			  .has_gr = true,
			  .gr_time_s = BGP_GR_TIME_S,
			  .gr = { { bgp_ls_family, 0 } },
			  .n_gr = 1,
			  .has_as4 = true,
			  .as4 = cfg->as },
	};
	uint8_t b[BGPC_HEADER_LEN + 300];
	struct wr w = wr_of(b, sizeof(b));

	bgpc_open_write(&w, &o);
	(void)bgp_conn_send(c, b, w.len);
}

static void pack_clear(struct bgp_pack *k)
{
	k->nlri_len = k->attr_len = 0;
}

static void update_send(struct bgp_peer *p, const struct bgpc_update *u)
{
	struct wr w = wr_of(p->bgp->msg, bgp_conn_len_max(p->up));

	bgpc_update_write(&w, u);
	if (w.bad) {
		p->unsent++;
		log_event(p->scope, LOG_ERROR, "bgp.update.too-long", "octets=%zu", w.len);
		return;
	}
	/* A peer that does not read what it asked for: start over when it does (RFC 4486). */
	if (!bgp_conn_send(p->up, p->bgp->msg, w.len))
		bgp_conn_fault(p->up, BGPC_ERR_CEASE, BGPC_CEASE_RESOURCES, "send queue full");
}

static struct rd as_path(const struct bgp_peer *p, uint8_t room[6])
{
	struct wr w = wr_of(room, 6);
	uint32_t as = p->bgp->cfg.as;

	if (bgp_peer_ibgp(p))
		return (struct rd){ 0 };
	wr_u8(&w, 2); /* AS_SEQUENCE of one */
	wr_u8(&w, 1);
	if (p->up->as4)
		wr_u32(&w, as);
	else
		wr_u16(&w, (uint16_t)(as > UINT16_MAX ? BGPC_AS_TRANS : as));
	return rd_of(room, w.len);
}

void bgp_tx_flush(struct bgp_peer *p)
{
	struct bgp_pack *k = &p->pack;
	struct bgpc_update u = { 0 };
	struct ip_addr local;
	uint8_t path[6];
	struct rd nlri;

	if (!p->up || k->nlri_len == 0)
		return;
	nlri = rd_of(k->nlri, k->nlri_len);
	if (k->withdraw) {
		u.unreach = (struct bgpc_mp){ true, bgp_ls_family, { 0 }, nlri };
	} else {
		local = net_conn_local(p->up->net, NULL);
		u.reach = (struct bgpc_mp){ true, bgp_ls_family, rd_of(local.b, ip_len(&local)),
					    nlri };
		u.has_origin = u.has_as_path = true;
		u.as_path = as_path(p, path);
		u.has_local_pref = bgp_peer_ibgp(p);
		u.local_pref = 100;
		u.has_ls = k->attr_len > 0;
		u.ls = rd_of(k->attr, k->attr_len);
	}
	pack_clear(k);
	update_send(p, &u);
}

/* Encodes into the speaker's scratch; false when it cannot be told. */
static bool encode(struct bgp *b, const struct ls_object *obj, bool with_attr, struct wr *nlri,
		   struct wr *attr)
{
	struct bgpls_nlri n;
	struct bgpls_attr a;

	*nlri = wr_of(b->nlri, sizeof(b->nlri));
	*attr = wr_of(b->attr, sizeof(b->attr));
	bgp_ls_nlri(obj, &n);
	bgpls_nlri_write(nlri, &n, false);
	if (with_attr) {
		arena_reset(&b->obj_arena);
		if (bgp_ls_attr(obj, &b->obj_arena, &a) < 0)
			return false;
		bgpls_attr_write(attr, &a);
	}
	return !nlri->bad && !attr->bad;
}

void bgp_tx_add(struct bgp_peer *p, const struct ls_object *obj, bool withdraw)
{
	struct bgp_pack *k = &p->pack;
	struct wr nlri, attr;
	size_t room;

	if (!p->up)
		return;
	room = bgp_conn_len_max(p->up) - UPDATE_OVERHEAD;
	if (!encode(p->bgp, obj, !withdraw, &nlri, &attr) || nlri.len + attr.len > room) {
		p->unsent++;
		log_event(p->scope, LOG_ERROR, "bgp.object.not-sent", "octets=%zu room=%zu",
			  nlri.len + attr.len, room);
		return;
	}
	if (k->nlri_len > 0 &&
	    (k->withdraw != withdraw || k->attr_len != attr.len ||
	     memcmp(k->attr, p->bgp->attr, attr.len) != 0 ||
	     k->nlri_len + nlri.len + attr.len > room))
		bgp_tx_flush(p);
	if (!p->up)
		return;
	k->withdraw = withdraw;
	memcpy(k->attr, p->bgp->attr, attr.len);
	k->attr_len = attr.len;
	memcpy(k->nlri + k->nlri_len, p->bgp->nlri, nlri.len);
	k->nlri_len += nlri.len;
}

void bgp_tx_eor(struct bgp_peer *p)
{
	struct bgpc_update u = { .unreach = { .present = true, .family = bgp_ls_family } };

	bgp_tx_flush(p);
	if (p->up)
		update_send(p, &u);
}

static void refresh_mark(struct bgp_peer *p, uint8_t subtype)
{
	struct bgpc_refresh r = { .family = bgp_ls_family, .subtype = subtype };
	uint8_t b[BGPC_HEADER_LEN + 4];
	struct wr w = wr_of(b, sizeof(b));

	if (!p->up || !p->up->open.caps.enhanced_refresh)
		return;
	bgpc_refresh_write(&w, &r);
	(void)bgp_conn_send(p->up, b, w.len);
}

static void dump_end(struct bgp_peer *p)
{
	p->dumping = false;
	if (!p->refreshing) {
		bgp_tx_eor(p);
		return;
	}
	p->refreshing = false;
	bgp_tx_flush(p);
	refresh_mark(p, 2);
}

/* One batch; the rest in a later turn, or when the peer has read some of it. */
void bgp_tx_dump(struct bgp_peer *p)
{
	struct bgp *b = p->bgp;

	for (size_t i = 0; i < BGP_DUMP_BATCH && p->up && p->dumping; i++) {
		struct ls_object obj;

		if (net_conn_queued(p->up->net) > BGP_SEND_MAX / 2)
			return; /* writable follows */
		if (!b->router->next(b->router_arg, &p->cursor, &obj)) {
			dump_end(p);
			return;
		}
		bgp_tx_add(p, &obj, false);
	}
	if (p->up && p->dumping)
		loop_task_run(&b->flush);
}

void bgp_tx_refresh(struct bgp_peer *p)
{
	if (!p->bgp->router || p->dumping)
		return;
	bgp_tx_flush(p);
	refresh_mark(p, 1);
	p->dumping = p->refreshing = true;
	p->cursor = 0;
	loop_task_run(&p->bgp->flush);
}

/* A speaker with nothing to tell says so at once: the peer's restart timers wait for it. */
void bgp_tx_up(struct bgp_peer *p)
{
	struct bgp *b = p->bgp;

	if (!b->router) {
		bgp_tx_eor(p);
		return;
	}
	pack_clear(&p->pack);
	p->dumping = true;
	p->refreshing = false;
	p->cursor = 0;
	loop_task_run(&b->flush);
	if (b->router->established)
		b->router->established(b->router_arg, &p->cfg.addr);
}

void bgp_tx_down(struct bgp_peer *p)
{
	struct bgp *b = p->bgp;

	pack_clear(&p->pack);
	p->dumping = p->refreshing = false;
	if (b->router && b->router->closed)
		b->router->closed(b->router_arg, &p->cfg.addr);
}

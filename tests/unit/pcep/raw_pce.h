/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * A PCE for tests that is nothing but the codec on a connection: no session machine, so it can
 * say what no sane PCE says. It answers an Open with its own and a Keepalive, writes what it is
 * told as lines into log, and sends what the test hands it.
 */
#include "base/arena.h"
#include "base/str.h"
#include "loop/loop.h"
#include "net/net.h"
#include "southbound/pcep/pcep_lsp.h"

struct raw_pce {
	struct net_listener *listener;
	struct net_conn *conn;
	struct arena arena;
	struct pcepc_open open;
	struct str log;
	unsigned connections, reports, syncs; /* syncs: end-of-sync markers */
	bool mute; /* does not answer Opens */
	struct lsp_state last;
	void (*on_report)(const struct lsp_state *st); /* NULL, or what sees each at once */
};

/* An Open of a full stateful SRv6 PCE; change r->open before the first connection. */
void raw_pce_init(struct raw_pce *r);
/* port 0: any; returns the port. */
uint16_t raw_pce_listen(struct raw_pce *r, struct net *net, const struct ip_addr *addr,
			uint16_t port);
void raw_pce_fini(struct raw_pce *r);
void raw_pce_drop(struct raw_pce *r); /* closes the connection without a word */
void raw_pce_send(struct raw_pce *r, const struct pcepc_msg *msg);
void raw_pce_item(struct raw_pce *r, uint8_t type, struct pcep_item *item);
void raw_pce_bytes(struct raw_pce *r, const void *data, size_t len);
/* Has a line with this in it; forget: since the last forget. */
bool raw_pce_heard(const struct raw_pce *r, const char *what);
void raw_pce_forget(struct raw_pce *r);

struct sr_list raw_list(unsigned n); /* of fcbb:bbbb:1::, fcbb:bbbb:2::, … */
/* A whole PCInitiate of an SRv6 candidate path with this colour to 2001:db8::9. */
void raw_initiate(struct pcep_item *b, uint32_t srp, const char *name, uint32_t color,
		  const struct sr_list *list);
/* PCUpd with D and A. */
void raw_update(struct pcep_item *b, uint32_t srp, uint32_t plsp_id, const struct sr_list *list);
/* PCInitiate with R. */
void raw_remove(struct pcep_item *b, uint32_t srp, uint32_t plsp_id);

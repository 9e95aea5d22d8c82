/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Insides of the BGP room. Ownership: struct bgp owns its peers and the listener; a peer owns
 * its two connection slots, its Adj-RIB-In and its packer. A peer is never freed inside a
 * callback of its own connections.
 */
#include "base/arena.h"
#include "log/log.h"
#include "log/metric.h"
#include "southbound/bgp/bgp.h"
#include "southbound/bgp/bgp_fsm.h"
#include "southbound/bgp/bgp_rib.h"
#include "southbound/bgp/codec/bgpc.h"
#include "southbound/bgp/codec/bgpls.h"

enum {
	BGP_PORT = 179,
	BGP_HOLD_S = 90,
	BGP_GR_TIME_S = 120,
	BGP_OBJECTS_MAX = 1000000,
	BGP_READ_MAX = 256 * 1024,
	BGP_SEND_MAX = 8 * 1024 * 1024,
	BGP_DECODE_MAX = 8 * 1024 * 1024, /* memory one UPDATE may cost while it is decoded */
	BGP_DUMP_BATCH = 1000,		  /* objects a turn */
};

#define BGP_LINGER_NS NS_PER_S
#define BGP_CONNECT_TIMEOUT_NS (10 * NS_PER_S)
#define BGP_EOR_WAIT_NS (180 * NS_PER_S)   /* then what was not refreshed is purged anyway */
#define BGP_GRACE_NS (30 * NS_PER_S)	   /* of a new peer before its absence is an alarm */
#define BGP_SEND_HOLD_NS (UINT64_C(480) * NS_PER_S) /* RFC 9687: at least 8 minutes */
#define BGP_TAKEOVER_NS (5 * NS_PER_S)	   /* a younger session is a collision, not a restart */

/* What peers get wrong, counted by kind. */
enum bgp_fault_kind {
	BGP_FAULT_TLV,
	BGP_FAULT_ATTR,
	BGP_FAULT_NLRI,
	BGP_FAULT_WITHDRAW,
	BGP_FAULT_AFI,
	BGP_FAULT_RESET,
	BGP_FAULT_REFUSED,
	BGP_FAULTS,
};

struct bgp_peer;

/* One connection slot: the one we start, or the one we accepted. */
struct bgp_conn {
	struct bgp_peer *peer;
	struct bgp_fsm_cfg fsm_cfg;
	struct bgp_fsm fsm;
	struct net_conn *net; /* NULL: none */
	struct loop_timer timer[BGP_TIMERS];
	struct loop_timer send_hold;
	uint64_t queued;	/* octets given to the connection in all */
	uint64_t drained_mark;	/* octets gone when send_hold was armed */
	struct bgpc_open open;	/* what the peer said */
	bool as4, ext, gr, farewell;
	uint8_t note_data[BGPC_NOTIFICATION_DATA_MAX]; /* of the next NOTIFICATION */
	uint8_t note_len;
};

/* UPDATE being filled: NLRIs that share an attribute, or withdraws. */
struct bgp_pack {
	uint8_t *nlri, *attr;
	size_t nlri_len, attr_len;
	bool withdraw;
};

struct bgp_metrics {
	struct metric *up, *rx, *tx, *nlris, *flaps, *faults[BGP_FAULTS];
};

struct bgp_peer {
	struct list link;
	struct bgp *bgp;
	struct bgp_peer_cfg cfg;
	struct bgp_conn out, in;
	struct bgp_conn *up; /* the established one, NULL when none */
	struct bgp_rib rib;
	bool stopping, disabled, eor, refused_told;
	struct loop_timer eor_wait, grace;
	uint64_t up_since_wall_ns, rx, tx, flaps, faults[BGP_FAULTS], unsent;
	char last_error[160];
	char text[IP_TEXT_MAX];	 /* the address */
	char scope[IP_TEXT_MAX + 8];
	char resource[IP_TEXT_MAX + 16];
	struct bgp_metrics m;
	/* router */
	struct bgp_pack pack;
	bool dumping, refreshing;
	uint64_t cursor;
};

struct bgp {
	struct loop *loop;
	struct net *net;
	struct bus *bus;
	struct bgp_cfg cfg;
	struct list peers;
	struct net_listener *listener;
	struct ip_addr listen_addr;
	uint16_t listen_port;
	const struct ls_sink *sink;
	void *sink_arg;
	const struct bgp_router_ops *router;
	void *router_arg;
	struct loop_task flush;
	bool stopped;
	struct arena arena, obj_arena; /* of one UPDATE; of one object in it */
	uint8_t msg[BGPC_MAX_LEN_EXT];
	uint8_t nlri[BGPC_MAX_LEN_EXT], attr[BGPC_MAX_LEN_EXT]; /* of one object being sent */
};

extern const struct bgpc_family bgp_ls_family;

/* bgp_peer.c */
int bgp_peer_new(struct bgp *b, const struct bgp_peer_cfg *cfg, struct bgp_peer **outp);
void bgp_peer_free(struct bgp_peer *p);
void bgp_peer_start(struct bgp_peer *p);
void bgp_peer_stop(struct bgp_peer *p, uint8_t cease_sub);
void bgp_peer_accept(struct bgp_peer *p, struct net_conn *net);
void bgp_peer_insecure(struct bgp_peer *p, bool standing);
struct bgp_conn *bgp_peer_other(struct bgp_conn *c);
void bgp_peer_alarm(struct bgp_peer *p, bool raise, const char *type, const char *why);
struct ip_addr bgp_id_addr(uint32_t id);
void bgp_conn_event(struct bgp_conn *c, const struct bgp_event *ev);
void bgp_conn_fault(struct bgp_conn *c, uint8_t code, uint8_t sub, const char *why);
/* False: no connection, or its queue is full. */
bool bgp_conn_send(struct bgp_conn *c, const void *data, size_t len);
size_t bgp_conn_len_max(const struct bgp_conn *c);
bool bgp_peer_ibgp(const struct bgp_peer *p);

/* bgp_rx.c */
void bgp_rx_open(struct bgp_conn *c, struct rd body);
void bgp_rx_update(struct bgp_conn *c, struct rd body);
void bgp_rx_refresh(struct bgp_conn *c, struct rd body);
void bgp_rx_end_of_rib(struct bgp_peer *p);
void bgp_fault_count(struct bgp_peer *p, enum bgp_fault_kind kind);

/* bgp_tx.c */
void bgp_tx_open(struct bgp_conn *c);
void bgp_tx_up(struct bgp_peer *p);
void bgp_tx_down(struct bgp_peer *p);
void bgp_tx_add(struct bgp_peer *p, const struct ls_object *obj, bool withdraw);
void bgp_tx_flush(struct bgp_peer *p);
void bgp_tx_eor(struct bgp_peer *p);
void bgp_tx_refresh(struct bgp_peer *p);
void bgp_tx_dump(struct bgp_peer *p);

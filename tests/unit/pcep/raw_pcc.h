/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * A PCC for tests that is nothing but the codec on a connection, so it can say what no sane
 * router says; a world around a PCE under test: fake loop and network, a bus, a sink that
 * writes what it is told as lines.
 */
#include "base/arena.h"
#include "base/str.h"
#include "core/bus.h"
#include "southbound/pcep/pcep.h"
#include "southbound/pcep/pcep_lsp.h"

enum { LSPS_MAX = 8 }; /* of one peer, in these tests */

#define DELEGATED (PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN)
#define OURS (DELEGATED | PCEPC_LSP_CREATE)

struct raw_pcc {
	struct net_conn *conn;
	struct net_tls *tls; /* StartTLS first */
	struct net_md5 md5;
	uint16_t port; /* of the PCE */
	struct arena arena;
	struct pcepc_open open;
	struct str log;
	const struct pcepc_msg *last; /* whole, until the next message */
	bool quiet;		      /* answers no Open */
	bool down;
};

/* Sink, network and PCE of one test. */
struct pce_world {
	struct loop *loop;
	struct net *net;
	struct bus *bus;
	struct pcep *pcep;
	const struct driver *driver;
	const struct driver_sink *sink;
	struct str log; /* of the sink */
	uint32_t session;
	struct headend_caps caps;
	struct lsp_state report; /* the last */
	unsigned reports, readies;
	struct driver_failure failure;
	struct driver_path_set set; /* the last that was asked for, and its requests */
	struct driver_path_request request, requests[DRIVER_PATHS_MAX];
	struct driver_path_reply reply; /* to each */
	uint8_t used, met;
	bool later; /* path_request does not answer: answer_paths() will */
	bool deletes;	 /* the peer, in report and path_request */
	unsigned alarms; /* standing now */
	char alarm[48];	 /* type of the last raised */
};

extern struct pce_world w;
extern struct raw_pcc pcc;
extern uint32_t txn; /* of the last apply() */
extern const struct ip_addr PCC_ADDR, PCE_ADDR, HEADEND, ENDPOINT;

void world_setup(void); /* PCE on [PCE_ADDR]:4189, no peers; pcc ready to dial */
void world_teardown(void);
void run_ms(uint64_t ms);
struct ip_addr addr(const char *text);
/* The insecure peer PCC_ADDR with this profile. */
struct pcep_peer_cfg peer_cfg(const char *profile);
void peer_add(const char *profile);
void peer_up(const char *profile);     /* and dialled, session up, sync not ended */
void peer_synced_up(const char *profile);
void answer_paths(void); /* to w.set */
bool told(const char *what); /* the sink has a line with this in it */
void told_forget(void);

void pcc_dial(struct raw_pcc *r, const struct ip_addr *from);
void pcc_drop(struct raw_pcc *r);
void pcc_send(struct raw_pcc *r, const struct pcepc_msg *msg);
void pcc_bytes(struct raw_pcc *r, const void *data, size_t len);
void pcc_item(struct raw_pcc *r, uint8_t type, struct pcep_item *b);
bool pcc_heard(const struct raw_pcc *r, const char *what);
void pcc_forget(struct raw_pcc *r);

struct sr_list list_of(uint8_t dataplane, unsigned n);
/* A report of an SRv6 LSP of 2 segments; flags PCEPC_LSP_*; name "": left out. */
void report_of(struct pcep_item *b, uint32_t srp, uint32_t plsp_id, uint16_t flags,
	       const char *name);
void raw_report(uint32_t srp, uint32_t plsp_id, uint16_t flags, const char *name);
void raw_end_of_sync(void);
/* A wish for a new LSP of HEADEND, colour 100, to ENDPOINT, SRv6 of 3 segments. */
struct driver_lsp wish_of(const char *name);
int apply(const struct driver_lsp *l);
/* A session in sync that told of LSP 7, "east", with these flags; the wish to update it. */
struct driver_lsp known(const char *profile, uint16_t flags);
struct session_info session(void); /* of the only peer */

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Insides of the PCE role. Ownership: struct pcep owns its peers and the listener; a peer owns
 * its session, its LSP-DB and its transactions. A peer is freed only from a task of its own,
 * so a sink may remove peers inside any callback.
 */
#include "base/hash.h"
#include "log/log.h"
#include "log/metric.h"
#include "southbound/pcep/pcep.h"
#include "southbound/pcep/pcep_lsp.h"
#include "southbound/pcep/pcep_sess.h"

enum {
	PCEP_KEEPALIVE_S = 30,
	PCEP_DEAD_S = 120,
	PCEP_LSPS_MAX = 100000,
	PCEP_TXNS_MIN = 64,
	PCEP_TXNS_MAX = 16384, /* answers to older requests are taken as unsolicited */
	PCEP_READ_MAX = 256 * 1024,
	PCEP_SEND_MAX = 4 * 1024 * 1024,
};

#define PCEP_GRACE_NS (30 * NS_PER_S) /* of a new peer before its absence is an alarm */

#define PCEP_SYNC_NS (60 * NS_PER_S)  /* of a session before its synchronisation is late */

/* What a kind of peer needs that its Open does not tell. */
struct pcep_dialect {
	const char *name;
	bool no_assoc;	   /* closes the session at an ASSOCIATION object in a PCInitiate */
	bool vendor_color; /* reads the colour from VENDOR-INFORMATION only */
	bool ipv4_only;	   /* crashes at IPv6 END-POINTS */
	bool lean;	   /* SR-MPLS and the core of RFC 8231 only: nothing it does not read */
	bool lax_sr;	   /* announces path setup type 1 without its sub-TLV */
	uint64_t pace_ns;  /* loses messages that arrive in one read: time between two */
};

const struct pcep_dialect *pcep_dialect_find(const char *name); /* "": "rfc"; NULL: unknown */

/* An LSP as the running session told it: what later reports may leave out. */
struct pcep_db_lsp {
	struct hash_node node, by_name;
	uint32_t plsp_id;
	bool delegated, pce_initiated, has_ids;
	uint8_t dataplane;
	uint16_t lsp_id; /* of the instance last reported, with has_ids */
	bool has_key, has_cpath, has_preference;
	uint32_t color, preference;
	struct ip_addr endpoint;
	struct sr_cpath_id cpath;
	char name[];
};

/* LSPs of one session by PLSP-ID and by name, both unique. */
struct pcep_db {
	struct hash hash, names;
	uint32_t max;
};

void pcep_db_init(struct pcep_db *db, uint64_t seed, uint32_t max);
void pcep_db_clear(struct pcep_db *db, uint64_t seed); /* forgets all */
void pcep_db_fini(struct pcep_db *db);
struct pcep_db_lsp *pcep_db_find(const struct pcep_db *db, uint32_t plsp_id);
struct pcep_db_lsp *pcep_db_named(const struct pcep_db *db, const char *name);
/* NULL: full, or no memory. The caller has seen that neither ID nor name is there. */
struct pcep_db_lsp *pcep_db_add(struct pcep_db *db, uint32_t plsp_id, const char *name);
void pcep_db_del(struct pcep_db *db, struct pcep_db_lsp *l);

/* SRP-IDs given out in one session, oldest first. */
struct pcep_txns {
	struct pcep_txn {
		uint32_t id;
		bool answered;
	} *at;
	size_t n, cap;
};

bool pcep_txns_reserve(struct pcep_txns *t); /* room for one more; false: no memory at all */
void pcep_txns_add(struct pcep_txns *t, uint32_t id);
bool pcep_txns_answer(struct pcep_txns *t, uint32_t id); /* is it one of these? */
void pcep_txns_fini(struct pcep_txns *t);

enum { PCEP_TELL_MAX = 8 };

/* A path request as far as its reply needs it. */
struct pcep_asked {
	bool here; /* of a set: it has come */
	bool has_of, of_must, has_disjoint;
	uint16_t of;
	struct pcepc_rp rp;
	struct pcepc_assoc group; /* disjoint: type, id, source, configuration */
	uint8_t n_tell, tell[PCEP_TELL_MAX]; /* METRIC types */
};

/*
 * What is asked and answered together: one request, or those of an SVEC or of one disjoint
 * group. A set gathers until all its requests are there; then it is with the sink, which may
 * know no topology yet: then it is kept and asked again.
 */
struct pcep_ask {
	struct list link;
	uint32_t id;
	enum { PCEP_ASK_GATHERS, PCEP_ASK_REFUSED, PCEP_ASK_RUNS, PCEP_ASK_KEPT } state;
	struct mono until; /* gathers or is kept so long */
	bool svec, of_must; /* of_must: of.objective */
	uint32_t svec_flags, bad; /* bad: the request a set is refused for */
	uint8_t n, n_here, n_tell, tell[PCEP_TELL_MAX];
	struct driver_path_set set;
	struct driver_path_request *want; /* n */
	struct pcep_asked at[];
};

struct pcep_metrics {
	struct metric *up, *rx, *tx, *lsps, *flaps, *faults, *refusals;
};

struct pcep_peer {
	struct list link;
	struct hash_node by_headend;
	struct pcep *pcep;
	struct pcep_peer_cfg cfg;
	const struct pcep_dialect *dialect;
	char text[IP_TEXT_MAX], scope[IP_TEXT_MAX + 8], resource[IP_TEXT_MAX + 16];
	struct pcep_sess *sess; /* NULL: no connection */
	uint32_t session;	/* 0: not up */
	uint32_t told;		/* the session the sink believes in */
	bool synced, full, limit_told, twice_told, gone_for_good;
	bool stateful;
	struct headend_caps caps;
	struct pcep_db db;
	struct pcep_txns txns;
	struct list asks; /* path requests that are not answered yet */
	unsigned n_asks;  /* requests in them */
	uint32_t last_ask;
	bool retrying;
	struct loop_timer grace, pace, ask_retry;
	struct loop_task gone; /* tells of a session we ended; frees a removed peer */
	struct pcep_sess_stats folded; /* of this connection, already counted */
	struct pcep_sess_stats sum;
	uint64_t up_since_wall_ns, flaps;
	char last_error[160];
	struct pcep_metrics m;
};

struct pcep {
	struct loop *loop;
	struct net *net;
	struct bus *bus;
	struct pcep_cfg cfg;
	const struct driver_sink *sink;
	void *arg;
	struct net_listener *listener;
	struct ip_addr listen_addr;
	uint16_t listen_port;
	struct list peers, leaving;
	struct hash headends;
	struct driver driver;
	uint32_t last_session, last_txn;
	bool stopped;
	struct metric *m_unknown;
};

/* pcep.c */
struct pcep_peer *pcep_peer_of(const struct pcep *p, const struct ip_addr *headend);

/* pcep_peer.c */
int pcep_peer_new(struct pcep *p, const struct pcep_peer_cfg *cfg, struct pcep_peer **outp);
void pcep_peer_free(struct pcep_peer *p);
void pcep_peer_start(struct pcep_peer *p);
void pcep_peer_accept(struct pcep_peer *p, struct net_conn *conn);
/* Close with reason 1; the sink is told a moment later. */
void pcep_peer_stop(struct pcep_peer *p, const char *why);
void pcep_peer_alarm(struct pcep_peer *p, bool raise, const char *type, const char *why);
void pcep_peer_insecure(struct pcep_peer *p, bool standing);
void pcep_peer_synced(struct pcep_peer *p);
void pcep_peer_ready(struct pcep_peer *p);
struct pcep_sess_stats pcep_peer_stats(struct pcep_peer *p);

/* pcep_open.c: what is said and taken in Opens. */
struct pcepc_open pcep_open_of(const struct pcep_cfg *cfg, const struct pcep_dialect *d);
bool pcep_open_check(const struct pcepc_open *open, const struct pcep_dialect *d, uint8_t *type,
		     uint8_t *value);
void pcep_open_caps(const struct pcepc_open *open, const struct pcep_dialect *d, uint8_t msd,
		    struct headend_caps *out);

/* pcep_pce_rx.c */
void pcep_pce_message(struct pcep_peer *p, const struct pcepc_msg *msg);

/* pcep_ask_read.c: requests to values. False: *type and *value are the PCErr. */
struct pcep_pcerr {
	uint8_t type, value; /* type 0: none */
};
struct pcep_pcerr pcep_ask_read(const struct pcepc_item *it, struct pcep_asked *out,
				struct driver_path_request *want);
struct pcep_pcerr pcep_ask_svec(const struct pcepc_svec *s, struct pcep_ask *a);
/* When all are there: what they say of the set. */
struct pcep_pcerr pcep_ask_agree(struct pcep_ask *a);

/* pcep_ask_reply.c */
void pcep_ask_reply(struct pcep_peer *p, const struct pcep_ask *a,
		    const struct driver_path_answer *answer);

/* pcep_pce_ask.c */
void pcep_pce_paths(void *pcep, const struct driver_path_answer *answer);
void pcep_pce_requests(struct pcep_peer *p, const struct pcepc_msg *msg);
void pcep_pce_asks_retry(void *peer);
/* The requests a PCNtf names are answered no more. */
void pcep_pce_asks_cancel(struct pcep_peer *p, const struct pcepc_msg *msg);
void pcep_pce_asks_drop(struct pcep_peer *p);

/* pcep_pce_tx.c */
void pcep_pce_driver(struct pcep *p);

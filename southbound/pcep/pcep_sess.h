/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * One PCEP session on one connection: framing, StartTLS, the machine, timers, limits. Both
 * roles sit on it; what the messages mean is theirs.
 */
#include "loop/loop.h"
#include "net/net.h"
#include "southbound/pcep/codec/pcepc.h"
#include "southbound/pcep/pcep_fsm.h"

struct pcep_sess;

struct pcep_sess_ops {
	/* May the peer's Open be taken? false and its PCErr otherwise. */
	bool (*accept_open)(void *arg, const struct pcepc_open *open, uint8_t *type, uint8_t *value);
	void (*up)(void *arg);
	/* A message in state UP, other than those the session answers itself. */
	void (*message)(void *arg, const struct pcepc_msg *msg);
	void (*writable)(void *arg);
	/* The session is over; s is freed after it returns. */
	void (*down)(void *arg, const char *why);
};

struct pcep_sess_cfg {
	struct pcepc_open open;	 /* what we offer; its timers are the machine's */
	struct net_tls *tls;	 /* NULL: plaintext */
	enum net_tls_use use;
	const char *server_name; /* client with tls: whom to expect, may be NULL */
};

struct pcep_sess_stats {
	uint64_t rx, tx, rx_errors;
};

/* Takes an open connection. Loop thread only. */
int pcep_sess_new(struct pcep_sess **outp, struct loop *loop, struct net_conn *conn,
		  const struct pcep_sess_cfg *cfg, const struct pcep_sess_ops *ops, void *arg);
/* Close with reason 1, then gone; down is not called. NULL is fine. */
struct pcep_sess *pcep_sess_close(struct pcep_sess *s);
struct pcep_sess *pcep_sess_free(struct pcep_sess *s); /* without a word */
/* 0, or NET_E_FULL: nothing was sent. */
int pcep_sess_send(struct pcep_sess *s, const struct pcepc_msg *msg);
void pcep_sess_send_err(struct pcep_sess *s, uint8_t type, uint8_t value, enum pcepc_err_kind about,
			uint32_t id);
enum pcep_state pcep_sess_state(const struct pcep_sess *s);
const struct pcep_sess_stats *pcep_sess_stats(const struct pcep_sess *s);
bool pcep_sess_is_tls(const struct pcep_sess *s);

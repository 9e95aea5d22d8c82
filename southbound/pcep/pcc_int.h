/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of the PCC role: pcc.c the speaker, pcc_pce.c one PCE and its session, pcc_rx.c what
 * it asks. */
#include "base/list.h"
#include "base/vec.h"
#include "log/log.h"
#include "southbound/pcep/pcc.h"
#include "southbound/pcep/pcep_lsp.h"
#include "southbound/pcep/pcep_sess.h"

enum {
	PCC_PLSP_MAX = 0xffffe, /* 0 and 0xfffff are reserved, RFC 8231 s7.3 */
	PCC_DUMP_BATCH = 64,	/* LSPs a turn of the loop */
};

struct pcc {
	struct loop *loop;
	struct net *net;
	struct pcc_cfg cfg;
	struct pcc_ops ops;
	void *arg;
	struct list pces;
	bool stopped;
};

/*
 * conn is set while connecting only, sess while there is a session in any state; up and dumping
 * follow it. told has one bit a PLSP-ID: what this session has been told of.
 */
struct pcc_pce {
	struct list link;
	struct pcc *pcc;
	struct pcc_pce_cfg cfg;
	char scope[IP_TEXT_MAX + 24];
	struct net_conn *conn;
	struct pcep_sess *sess;
	struct loop_timer retry;
	struct loop_task dump, tell;
	unsigned failures; /* of connecting, since the last session */
	bool up, dumping, starved, assoc;
	bool several; /* it takes several lists of an LSP */
	bool told_lost; /* no memory for told: it knows too little */
	unsigned busy; /* callbacks of ours on the stack */
	bool gone;     /* deleted: freed when they return */
	bool tell_down;
	uint64_t cursor;
	uint64_t *told;
	size_t told_words, told_n;
	VEC(uint32_t) asked; /* requests without an answer */
	uint32_t last_request;
	uint64_t up_since_wall_ns, flaps, rx, tx, rx_errors; /* of ended sessions */
	char last_error[160];
};

int pcc_pce_new(struct pcc *pcc, const struct pcc_pce_cfg *cfg, struct pcc_pce **outp);
void pcc_pce_free(struct pcc_pce *p);
void pcc_pce_start(struct pcc_pce *p);
/* Ends the session; the owner learns of it a moment later, unless quiet. */
void pcc_pce_end(struct pcc_pce *p, const char *why, bool quiet);
int pcc_pce_report(struct pcc_pce *p, const struct lsp_state *lsp);
void pcc_pce_info(const struct pcc_pce *p, struct session_info *s);

/* pcc_ask.c */
int pcc_pce_ask(struct pcc_pce *p, const struct pcc_path_set *set, uint32_t *ids);
void pcc_asked_replies(struct pcc_pce *p, const struct pcepc_msg *msg);
void pcc_asked_errors(struct pcc_pce *p, const struct pcepc_msg *msg);

void pcc_rx_message(struct pcc_pce *p, const struct pcepc_msg *msg);

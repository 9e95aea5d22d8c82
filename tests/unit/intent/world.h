/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * A world around intent, on the fake loop: a topology that a test draws and changes, headends
 * that answer when they are told to, a disk that survives the controller. Every helper checks
 * what it does with ck_assert. One world a test: world_up() and world_down().
 *
 *   world_up(NULL);
 *   net_square();                       a-b, b-d, a-c, c-d; a-b-d is the cheaper way
 *   pcc_up("a");
 *   put_ok(policy("a", 1, "d"));
 *   ck_assert_uint_eq(pcc_answer("a"), 1);
 *   ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
 */
#include "check_main.h"

#include "intent/intent.h"

enum { WORLD_NODES = 16, WORLD_LINKS = 64, WORLD_LSPS = 128, WORLD_CALLS = 4096 };

/* What the driver was asked for, in order. */
struct call {
	enum { CALL_APPLY, CALL_REMOVE, CALL_RELEASE } kind;
	struct driver_lsp lsp;
	uint32_t txn;
	bool over; /* answered, or its session is gone */
};

/* An LSP as a headend has it; survives the session. */
struct pcc_lsp {
	bool used;
	struct lsp_state st;
};

struct pcc {
	struct ip_addr addr;
	bool up;
	uint32_t session, next_plsp;
	struct headend_caps caps;
	struct pcc_lsp lsps[WORLD_LSPS];
};

struct world {
	struct loop *loop;
	struct bus *bus;
	struct work *work;
	struct store_disk *disk;
	struct store *store;
	struct intent *intent;
	struct intent_cfg cfg;
	void (*on_ted)(const struct ted *ted); /* whom it is given after intent, in the same turn; NULL: nobody */
	const struct ted *ted; /* as given to intent last; NULL before net_publish() */
	struct pcc pccs[WORLD_NODES];
	struct call calls[WORLD_CALLS];
	uint32_t n_calls;
	uint32_t next_txn;
	unsigned workers;
	int refuse; /* DRIVER_E_*: what the driver says to everything; 0: takes it */
	uint32_t sessions;
	/* the last answer to paths asked for */
	struct driver_path_answer paths;
	struct driver_path_reply replies[DRIVER_PATHS_MAX];
	unsigned n_answers;
};

extern struct world world;

/* cfg NULL: the defaults, with a restart grace of 5 s and wait-to-revert of 10 s. */
void world_up(const struct intent_cfg *cfg);
void world_cfg(struct intent_cfg *cfg); /* those defaults, to be changed and given to world_up() */
/* On the real loop, with so many real workers: time passes by itself. 0: as world_up(). */
void world_up_threads(unsigned workers);
void world_down(void);
/* kill -9 and start again: what was not durable is lost, headends keep what they have, sessions
 * and the topology are gone. */
void world_crash(void);
void run_ms(uint64_t ms);
void audit(void); /* the book recomputes to itself */

/* ---- commands: run the loop until done, return what was said ---- */

/* A dynamic policy by least IGP metric; change it before putting it. One buffer. */
struct intent_policy *policy(const char *headend, uint32_t color, const char *endpoint);
struct intent_cpath *cpath_add(struct intent_policy *p, uint32_t preference); /* dynamic */
struct intent_result put(enum intent_write how, const struct intent_policy *p, uint64_t if_revision);
void put_ok(const struct intent_policy *p); /* INTENT_REPLACE */
struct intent_result del(const char *headend, uint32_t color, const char *endpoint);
struct intent_result adopt(const char *headend, uint32_t color, const char *endpoint);
struct intent_result release(const char *headend, uint32_t color, const char *endpoint);
void hold(bool on);
struct sr_policy_key key(const char *headend, uint32_t color, const char *endpoint);
/* NULL: there is none. One buffer. */
const struct intent_view *view_of(const char *headend, uint32_t color, const char *endpoint);
/* It is there, in that state, and this is in its reason. */
void view_is(const char *from, uint32_t color, const char *to, enum intent_state state, const char *reason);
unsigned alarms_of(const char *type); /* that stand */

/* ---- topology: routers are named by one letter, links by two ---- */

void net_empty(void); /* as a new world begins */
void net_node(const char *name);
/* Both directions. */
void net_link(const char *a, const char *b, uint32_t igp, uint32_t delay_us, uint64_t capacity_bps);
void net_square(void);	      /* links of 1 ms, 10G; the way over c costs 40, over b 20 */
void net_cut(const char *a, const char *b);
void net_heal(const char *a, const char *b);
/* One direction, for the test to change anything in; publish after. */
struct ted_link *net_dir(const char *from, const char *to);
struct ted_node *net_at(const char *name);
void net_renumber(const char *from, const char *to); /* other adjacency SIDs and labels */
void net_publish(void);	      /* a new generation, in sight */
void net_stale(void);	      /* the same, out of sight */
struct ip_addr net_addr(const char *name);
uint32_t net_index(const char *from, const char *to); /* of the link in the TED */
struct sr_segment net_sid(const char *node);	      /* its uN */
struct sr_segment net_adj(const char *from, const char *to); /* the uA */

/* ---- headends ---- */

extern const struct driver world_driver;

/* Asks for paths from the headend and waits for the answer, in world.replies. */
void ask_set(const char *headend, struct driver_path_set *set);
/* One path from the source's headend. */
struct driver_path_reply ask_path(const char *headend, const struct driver_path_request *q);

/* A session comes up, all its LSPs are reported and the synchronisation ends. */
void pcc_up(const char *name);
void pcc_open(const char *name); /* only comes up; pcc_sync() ends it */
void pcc_sync(const char *name);
void pcc_down(const char *name);
struct pcc *pcc_at(const char *name);
/* Does and reports up what it was asked for and has not answered. Returns how many. */
unsigned pcc_answer(const char *name);
unsigned pcc_answer_as(const char *name, enum lsp_oper oper, uint16_t error);
unsigned pcc_refuse(const char *name, uint8_t type, uint8_t value); /* PCErr */
struct lsp_state *pcc_lsp(const char *name, const char *lsp);	    /* NULL: it has none */
void pcc_report(const char *name, const char *lsp); /* as it is now, unsolicited */
void pcc_forget(const char *name, const char *lsp); /* removes it and says so */
/* An LSP of its own, not reported yet. */
struct lsp_state *pcc_plant(const char *name, const char *lsp, const struct sr_list *list);
/* Calls not answered yet, of all headends; and the last call, whatever became of it. */
void pccs_fini(void); /* world_down() does */
unsigned calls_open(void);
const struct call *call_last(void);

struct sr_list list_of(unsigned n, const struct sr_segment *segs);

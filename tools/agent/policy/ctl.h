/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The controllers: what they ask becomes LSPs of agent_pol, what becomes of those is reported to
 * each of them; and who may change which LSP.
 *
 * Delegation, RFC 8231 s5.7 and RFC 8281 s6 kept simple: an LSP belongs to the controller that
 * initiated it (or took it over) and is delegated to it while there is a session. When the
 * session ends the LSP stays as it is, for ever (State Timeout infinite), as an orphan: its own
 * controller gets it back when it returns, any other may take it at once (no Redelegation
 * Timeout), and then it belongs to that one. What a controller gives back (D 0) belongs to none.
 */
#include "base/auto.h"
#include "core/session.h"
#include "net/net.h"
#include "tools/agent/policy/pol.h"

struct agent_ctl;

/* synced: a controller knows all our LSPs; may be NULL. */
int agent_ctl_new(struct agent_ctl **outp, struct loop *loop, struct net *net,
		  struct agent_pol *pol, void (*synced)(void *arg), void *arg);
struct agent_ctl *agent_ctl_free(struct agent_ctl *c);
AUTO_DEFINE(struct agent_ctl, agent_ctl_free)

/* Connects to the controllers of cfg; again: unchanged ones are not disturbed, but those with TLS
 * connect anew with what the files hold now. 0, or < 0 with the reason as a line in errors. */
int agent_ctl_configure(struct agent_ctl *c, const struct agent_cfg *cfg, struct str *errors);
/* What agent_pol tells. */
void agent_ctl_changed(struct agent_ctl *c, struct agent_lsp *lsp);
void agent_ctl_stop(struct agent_ctl *c); /* farewell to all */

void agent_ctl_each(const struct agent_ctl *c,
		    void (*fn)(void *arg, const struct session_info *s), void *arg);
/* Address of the controller an LSP is delegated to; none for an orphan. */
struct ip_addr agent_ctl_addr(const struct agent_ctl *c, uint32_t number);

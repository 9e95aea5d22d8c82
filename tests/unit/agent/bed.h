/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* fib, pol and sids on a kernel of their own, and what they said last: shared by two programs. */
#include "base/auto.h"
#include "check_main.h"
#include "lab.h"
#include "tools/agent/kernel/fib.h"
#include "tools/agent/kernel/sids.h"
#include "tools/agent/policy/pol.h"

extern struct loop *loop;
extern struct agent_fib *fib;
extern struct agent_pol *pol;
extern struct agent_sids *sids;
extern unsigned dev;
extern unsigned n_changed;
extern struct lsp_state last;
extern char last_reason[SR_REASON_MAX];
extern struct agent_route kernel[64];
struct ip_addr addr(const char *text);
struct ip_prefix prefix(const char *text);
void setup(void);
void teardown(void);
bool idle(void *arg);
void settle(void);
unsigned in_kernel(void);
void on_lsp(void *arg, struct agent_lsp *l);
void on_sids(void *arg);

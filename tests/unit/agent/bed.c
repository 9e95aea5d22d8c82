/* SPDX-License-Identifier: Apache-2.0 */
/* The bed the kernel tests lie in: made before each test, taken away after it. */
#include "bed.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

struct loop *loop;
struct agent_fib *fib;
struct agent_pol *pol;
struct agent_sids *sids;
unsigned dev;
unsigned n_changed;
struct lsp_state last;
char last_reason[SR_REASON_MAX];

struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

static void on_changed(void *arg)
{
	(void)arg;
	if (pol)
		agent_pol_fib_changed(pol);
}

static void on_foreign(void *arg, const struct agent_route *r, bool gone)
{
	(void)arg;
	if (sids)
		agent_sids_foreign(sids, r, gone);
}

static void on_all(void *arg)
{
	(void)arg;
	if (sids)
		agent_sids_all(sids);
}

static void on_links(void *arg)
{
	(void)arg;
	if (pol)
		agent_pol_links_changed(pol);
}

void on_lsp(void *arg, struct agent_lsp *l)
{
	(void)arg;
	n_changed++;
	last = l->st;
	(void)snprintf(last_reason, sizeof(last_reason), "%s", l->reason);
}

void on_sids(void *arg)
{
	(void)arg;
}

void setup(void)
{
	static const struct agent_fib_ops ops = { .changed = on_changed,
						  .foreign = on_foreign,
						  .links = on_links,
						  .foreign_all = on_all };

	lab_enter();
	dev = lab_link("sr0", "ifb");
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(agent_fib_new(&fib, loop, &ops, NULL), 0);
	pol = NULL;
	sids = NULL;
	n_changed = 0;
}

void teardown(void)
{
	sids = agent_sids_free(sids);
	pol = agent_pol_free(pol);
	fib = agent_fib_free(fib);
	loop = loop_free(loop);
}

bool idle(void *arg)
{
	(void)arg;
	return agent_fib_idle(fib);
}

void settle(void)
{
	ck_assert(lab_run(loop, idle, NULL));
}

struct agent_route kernel[64];

unsigned in_kernel(void)
{
	return lab_routes(RT_TABLE_MAIN, AGENT_PROTO, kernel, 64);
}

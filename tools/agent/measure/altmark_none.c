/* SPDX-License-Identifier: Apache-2.0 */
/* Where there was no clang or libbpf to build altmark_kern.c with: said, and nothing is marked. */
#include <errno.h>

#include "base/err.h"
#include "base/str.h"
#include "tools/agent/measure/altmark_kern.h"

int agent_amk_new(struct agent_amk **outp, char *why, size_t cap)
{
	(void)str_copy(why, cap, "this agent was built without alternate marking");
	*outp = NULL;
	return err_raise(-EOPNOTSUPP);
}

struct agent_amk *agent_amk_free(struct agent_amk *k)
{
	(void)k;
	return NULL;
}

unsigned agent_amk_remove_all(void)
{
	return 0;
}

int agent_amk_time(struct agent_amk *k, const struct altmark_time *t)
{
	(void)k, (void)t;
	return -EOPNOTSUPP;
}

int agent_amk_flows(struct agent_amk *k, const struct agent_altmark_flow *flows, size_t n)
{
	(void)k, (void)flows, (void)n;
	return -EOPNOTSUPP;
}

int agent_amk_ends(struct agent_amk *k, const struct ip_prefix *ends, size_t n)
{
	(void)k, (void)ends, (void)n;
	return -EOPNOTSUPP;
}

int agent_amk_ports(struct agent_amk *k, const struct agent_altmark_port *ports, size_t n,
		    unsigned *missing)
{
	(void)k, (void)ports;
	*missing = (unsigned)n;
	return -EOPNOTSUPP;
}

int agent_amk_self(const struct agent_amk *k, struct altmark_self *out)
{
	(void)k, (void)out;
	return -EOPNOTSUPP;
}

int agent_amk_counts(struct agent_amk *k,
		     bool (*fn)(void *arg, const struct altmark_count_key *key,
				const struct altmark_count *c),
		     void *arg)
{
	(void)k, (void)fn, (void)arg;
	return -EOPNOTSUPP;
}

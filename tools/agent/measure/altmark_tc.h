/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Our filters of tc, and how they are told from others'. For altmark_kern.c. */
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

/* libbpf wants what lies behind the last member to be zero, too. */
struct bpf_tc_hook *agent_amk_hook_at(struct bpf_tc_hook *h, unsigned ifindex,
				      enum bpf_tc_attach_point at);
struct bpf_tc_opts *agent_amk_filter_at(struct bpf_tc_opts *o, enum bpf_tc_attach_point at);
/* The program of our filter there: a descriptor, or < 0 when there is none. */
int agent_amk_ours_at(unsigned ifindex, enum bpf_tc_attach_point at, struct bpf_prog_info *info);
bool agent_amk_is_ours(unsigned ifindex, enum bpf_tc_attach_point at);
/* Whether any filter hangs there; when in doubt, yes. */
bool agent_amk_has_filters(unsigned ifindex, uint32_t parent);

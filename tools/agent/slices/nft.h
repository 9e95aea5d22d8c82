/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Packet rules of slices, in the nftables table "sextant_slices" (inet), which is ours alone:
 * classifiers, policers, source filters, the boundary of the SRv6 domain. A change is one
 * transaction and leaves the rules that stay as they are, unless somebody else was at the chain;
 * named counters outlive their rules with their counts.
 *
 * libnftables talks to the kernel inside the call. The kernel answers at once and waits for
 * nobody, so this is the one library that is called on the loop without being asynchronous.
 */
#include "base/auto.h"
#include "tools/agent/slices/device.h"

enum { AGENT_NFT_NAME_MAX = 80 };

struct agent_nft;

/* 0, or -ENOMEM. Speaks to the network namespace it was made in. */
int agent_nft_new(struct agent_nft **outp);
struct agent_nft *agent_nft_free(struct agent_nft *n); /* leaves the kernel as it is */
AUTO_DEFINE(struct agent_nft, agent_nft_free)

/* What is wanted from now on. 0 or -ENOMEM. */
int agent_nft_want(struct agent_nft *n, const struct agent_device *d);
/* Reads the table. 0, or -EIO with why in agent_nft_reason(). */
int agent_nft_read(struct agent_nft *n);
/* Whether the kernel, as last read, is as wanted. */
bool agent_nft_in(const struct agent_nft *n);
/* Writes what is wanted; read again to know what came of it. 0, or -EIO and the reason. */
int agent_nft_apply(struct agent_nft *n);
const char *agent_nft_reason(const struct agent_nft *n); /* "object: the kernel's words" */

/* The names of the counters: of a classifier "classifier.NAME", "policer.NAME",
 * "source.INTERFACE", "boundary.INTERFACE". False when it was not there. */
bool agent_nft_count(const struct agent_nft *n, const char *kind, const char *name,
		     uint64_t *packets, uint64_t *octets);

/* The script as it would be applied over nothing, for tests and people. */
void agent_nft_script(const struct agent_device *d, struct str *out);

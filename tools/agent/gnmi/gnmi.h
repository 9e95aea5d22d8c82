/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The gNMI target: the device of this router (models/sextant-device.yang), read, changed and
 * watched over mutual TLS. Everybody whose certificate the authority signed may read; only the
 * names that are configured may write.
 *
 * Get and Subscribe answer from a reading of the kernel that began after they asked; what it does with
 * customers' packets (models/sextant-device-forwarding.yang) is as fwd has it. A Set is one
 * change of agent_slices: taken whole or refused with the kernel's reason; it is acknowledged when
 * it was read back and its file is on the disk.
 */
#include "rpc/rpc.h"
#include "tools/agent/cfg.h"
#include "tools/agent/measure/measure.h"
#include "tools/agent/policy/pol.h"
#include "tools/agent/slices/fwd.h"
#include "tools/agent/slices/slices.h"

struct agent_gnmi;

struct agent_gnmi_cfg {
	struct ip_addr addr;
	uint16_t port;
	const char *ca, *cert, *key; /* files */
	const char *file;	     /* where the device is kept; "": nowhere */
	struct agent_pol *pol;	     /* what its policies become; NULL: they are kept only */
	char writers[AGENT_GNMI_WRITERS_MAX][64];
	size_t n_writers;
	struct agent_measure *measure;
	const struct agent_fwd *fwd;
};

/* slices and models must outlive it, but slices may be freed first when nothing runs any more. 0,
 * or -errno with a line in errors. */
int agent_gnmi_new(struct agent_gnmi **outp, struct loop *loop, struct agent_slices *slices,
		   struct ly_ctx *models, const struct agent_gnmi_cfg *cfg, struct str *errors);
struct agent_gnmi *agent_gnmi_free(struct agent_gnmi *g);
AUTO_DEFINE(struct agent_gnmi, agent_gnmi_free)
uint16_t agent_gnmi_port(const struct agent_gnmi *g);
/* States of the slices changed: subscriptions are told. */
void agent_gnmi_changed(struct agent_gnmi *g);
/* And these parts of what is measured. */
void agent_gnmi_measured(struct agent_gnmi *g, unsigned parts);
/* And fwd. */
void agent_gnmi_forwarded(struct agent_gnmi *g);

struct agent_gnmi_stats {
	unsigned calls, subscriptions;
	uint64_t gets, sets, refused, updates;
};

void agent_gnmi_stats(const struct agent_gnmi *g, struct agent_gnmi_stats *out);

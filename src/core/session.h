/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What a southbound room tells about its sessions, for queries. */
#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

struct session_info {
	const char *protocol; /* "bgp", "pcep" */
	struct ip_addr peer;
	uint16_t port;
	const char *state;    /* the RFC's name of the state, lower case */
	bool up;
	bool secured;	      /* TLS or TCP-MD5 */
	const char *security; /* "tls", "md5", "none" */
	uint64_t up_since_wall_ns; /* 0 when down */
	uint64_t rx_messages, tx_messages, rx_errors;
	uint64_t objects;     /* NLRIs or LSPs held */
	uint64_t flaps;
	char last_error[160]; /* "" when none */
	char detail[160];     /* capabilities in a few words */
};

struct session_query {
	void *self;
	void (*each)(void *self, void (*fn)(void *arg, const struct session_info *s), void *arg);
	/* Resets one session (CLI session clear). 0, or 1 when there is no such peer. */
	int (*reset)(void *self, const struct ip_addr *peer);
};

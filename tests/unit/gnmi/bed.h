/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A client and a target that behaves as told, on the fake runtime or over mutual TLS; and what its sink heard. */
#include "check_main.h"

#include "certs.h"
#include "southbound/gnmi/gnmi.h"
#include "target.h"

extern struct loop *loop;
extern struct rpc *rpc;
extern struct gnmi *g;
extern struct device_port port;
extern struct target target;
extern struct certs certs;
extern struct rpc_tls *server_tls, *client_tls;
extern struct ip_addr lo;
extern bool real;

struct seen {
	unsigned ups, downs, gones, results, samples, syncs, gaps, drifts;
	struct {
		uint32_t txn;
		enum device_outcome outcome;
		int code;
		char text[128];
	} result[16];
	char kind[32], down[160], gap[160], drift_path[256], drift_found[256];
	bool policies;
	struct str told;
	int64_t time_ns;
};

extern struct seen seen;

bool run(const unsigned *n, unsigned want, unsigned s);
void run_for(unsigned s);
int add_device(const char *kind);
void listen_again(void);
void world(bool on_tls);
void world_up(void);
void world_down(void);
uint32_t set1(enum device_op op, const char *path, const char *json);
uint32_t set2(const char *path1, const char *path2, const char *json);

#define RESULT(i, t, o)                                                                            \
	do {                                                                                       \
		ck_assert_uint_eq(seen.result[i].txn, t);                                          \
		ck_assert_msg(seen.result[i].outcome == (o), "%s: %s",                             \
			      device_outcome_text(seen.result[i].outcome), seen.result[i].text);   \
	} while (0)

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests' gNMI target as a program, for scripts:
 *	gnmi-target ADDRESS PORT CA CERT KEY MODEL…
 * Until SIGTERM.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

static void stop(void *arg, int signo)
{
	(void)signo;
	loop_stop(arg);
}

int main(int argc, char **argv)
{
	struct target t = { .models = { NULL } };
	struct rpc_server_cfg cfg = { .port = 0 };
	struct rpc_tls_cfg files;
	struct rpc_tls *tls = NULL;
	struct loop_signal *term = NULL;
	struct loop *loop;
	struct rpc *rpc;
	char err[256] = "";

	if (argc < 6 || argc > 6 + 7 || ip_parse(argv[1], &cfg.addr) < 0)
		return EXIT_FAILURE;
	cfg.port = (uint16_t)strtoul(argv[2], NULL, 10);
	files = (struct rpc_tls_cfg){ argv[3], argv[4], argv[5] };
	for (int i = 6; i < argc; i++)
		t.models[i - 6] = argv[i];
	assert(loop_new(&loop) == 0);
	assert(loop_signal_new(&term, loop, SIGTERM, stop, loop) == 0);
	assert(rpc_new(&rpc, loop) == 0);
	if (rpc_tls_new(&tls, rpc, &files, err, sizeof(err)) < 0) {
		(void)fprintf(stderr, "%s\n", err);
		return EXIT_FAILURE;
	}
	cfg.tls = tls;
	target_up(&t, rpc, &cfg);
	loop_run(loop);
	target_down(&t);
	rpc_tls_free(tls);
	rpc_free(rpc);
	loop_signal_free(term);
	loop_free(loop);
	return EXIT_SUCCESS;
}

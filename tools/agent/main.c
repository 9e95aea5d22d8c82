/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sextant-agent: arguments, signals, systemd manners; `show` asks a running agent.
 *
 * HUP reloads the configuration, USR1 toggles debug logging, TERM and INT end it; forwarding is
 * not touched (unless `on-exit: flush`). Exit codes: 0 fine, 1 could not start or failed, 2 usage.
 */
#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "log/service.h"
#include "tools/agent/agent.h"
#include "tools/agent/show.h"

#define STATUS_EVERY (5 * NS_PER_S)

struct daemon {
	const char *config;
	struct loop *loop;
	struct net *net;
	struct agent *agent;
	struct log_cfg log;
	struct loop_signal *signals[4];
	struct loop_timer status;
	bool stopping, debug;
};

static const char usage[] =
	"usage: sextant-agent [--config FILE] [--check-config]\n"
	"       sextant-agent show [--config FILE | --socket PATH] [--json]\n"
	"\n"
	"Turns a Linux router into an SRv6 headend of Sextant controllers.\n"
	"\n"
	"  -c, --config FILE   configuration (default /etc/sextant/agent.yaml)\n"
	"      --check-config  read it, say what is wrong, change nothing\n"
	"      --socket PATH   unix socket of the agent to ask (default: the configuration's)\n"
	"      --json          everything as one JSON object instead of tables\n"
	"  -V, --version       print the version\n"
	"  -h, --help          this text\n"
	"\n"
	"show prints sessions, policies, LSPs, steering, SIDs and slices with their counters.\n"
	"Signals: HUP reload, USR1 debug log on/off, TERM end without touching forwarding.\n"
	"Exit codes: 0 fine, 1 failed, 2 usage.\n";

static void on_status(void *arg)
{
	struct daemon *d = arg;
	char line[256], text[300];

	agent_status(d->agent, line, sizeof(line));
	(void)snprintf(text, sizeof(text), "WATCHDOG=1\nSTATUS=%s", line);
	log_service(text);
	loop_timer_after(&d->status, STATUS_EVERY);
}

static void reload(struct daemon *d)
{
	STR_AUTO struct str errors = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *cfg = NULL;
	struct log_cfg log;

	log_service("RELOADING=1");
	if (agent_cfg_load(d->config, &cfg, &errors) == 0) {
		log = cfg->log;
		if (agent_reload(d->agent, &cfg, &errors) == 0) {
			d->log = log;
			log_setup(&log);
			log_event("", LOG_NOTICE, "daemon.reloaded", "file=%s", d->config);
			log_service("READY=1");
			return;
		}
	}
	log_lines(str_text(&errors));
	log_event("", LOG_ERROR, "daemon.reload.failed",
		  "file=%s msg=\"the old configuration stays in force\"", d->config);
	log_service("READY=1");
}

static void on_stopped(void *arg)
{
	loop_stop(((struct daemon *)arg)->loop);
}

static void stop(struct daemon *d)
{
	if (d->stopping) { /* asked twice: at once */
		loop_stop(d->loop);
		return;
	}
	d->stopping = true;
	log_service("STOPPING=1");
	log_event("", LOG_NOTICE, "daemon.stop", "msg=\"ending\"");
	agent_stop(d->agent, on_stopped, d);
}

static void on_signal(void *arg, int signo)
{
	struct daemon *d = arg;

	if (signo == SIGHUP && !d->stopping) {
		reload(d);
	} else if (signo == SIGUSR1) {
		struct log_cfg cfg = d->log;

		d->debug = !d->debug;
		if (d->debug)
			cfg.level = LOG_DEBUG;
		log_setup(&cfg);
	} else if (signo != SIGHUP) {
		stop(d);
	}
}

static int signals_new(struct daemon *d)
{
	static const int numbers[] = { SIGHUP, SIGUSR1, SIGTERM, SIGINT };

	_Static_assert(ARRAY_LEN(numbers) == ARRAY_LEN(d->signals), "one watcher a signal");
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		int r = loop_signal_new(&d->signals[i], d->loop, numbers[i], on_signal, d);

		if (r < 0)
			return err_trace(r);
	}
	return 0;
}

static int build(struct daemon *d, struct agent_cfg **cfg, struct str *errors)
{
	int r;

	if ((r = loop_new(&d->loop)) < 0 || (r = net_new(&d->net, d->loop)) < 0 ||
	    (r = signals_new(d)) < 0) {
		str_addf(errors, "sextant-agent: cannot set up: %s\n", err_text(r));
		return err_trace(r);
	}
	loop_timer_init(&d->status, d->loop, on_status, d);
	return agent_new(&d->agent, d->loop, d->net, cfg, errors);
}

static void teardown(struct daemon *d)
{
	agent_free(d->agent);
	net_free(d->net);
	for (size_t i = 0; i < ARRAY_LEN(d->signals); i++)
		loop_signal_free(d->signals[i]);
	if (d->loop)
		loop_timer_fini(&d->status);
	loop_free(d->loop);
}

static int run(const char *config)
{
	struct daemon d = { .config = config };
	STR_AUTO struct str errors = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *cfg = NULL;
	int rc = EXIT_FAILURE;

	if (agent_cfg_load(config, &cfg, &errors) == 0) {
		char node[sizeof(cfg->node)];

		memcpy(node, cfg->node, sizeof(node));
		d.log = cfg->log;
		log_setup(&d.log);
		if (build(&d, &cfg, &errors) == 0) {
			log_event("", LOG_NOTICE, "daemon.ready", "node=%s config=%s", node,
				  config);
			log_service("READY=1");
			on_status(&d);
			loop_run(d.loop);
			rc = EXIT_SUCCESS;
		}
	}
	log_lines(str_text(&errors));
	teardown(&d);
	return rc;
}

static int check(const char *config)
{
	STR_AUTO struct str errors = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *cfg = NULL;
	int r = agent_cfg_load(config, &cfg, &errors);

	if (r == 0)
		r = agent_check(cfg, &errors);
	log_lines(str_text(&errors));
	if (r < 0)
		return EXIT_FAILURE;
	(void)printf("%s: fine\n", config);
	return EXIT_SUCCESS;
}

static int show(const char *config, const char *path, bool json)
{
	STR_AUTO struct str errors = { 0 };
	STR_AUTO struct str text = { .limit = 256 << 20 };
	AUTO(agent_cfg_free) struct agent_cfg *cfg = NULL;
	int r;

	if (!path) {
		if (agent_cfg_load(config, &cfg, &errors) < 0) {
			log_lines(str_text(&errors));
			return EXIT_FAILURE;
		}
		path = cfg->socket;
	}
	r = agent_show_ask(path, &text);
	if (r == 0 && json)
		(void)fputs(str_text(&text), stdout);
	else if (r == 0)
		r = agent_show_print(str_text(&text));
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r == 0)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "sextant-agent: %s: %s\n", path, err_text(r));
	return EXIT_FAILURE;
}

enum { SOCKET = 256, JSON, CHECK };

struct words {
	const char *config, *socket;
	bool json, check;
	int exit; /* < 0: go on */
};

static void option(struct words *w, int o)
{
	switch (o) {
	case 'c':
		w->config = optarg;
		break;
	case SOCKET:
		w->socket = optarg;
		break;
	case JSON:
		w->json = true;
		break;
	case CHECK:
		w->check = true;
		break;
	case 'V':
		(void)printf("sextant-agent %s\n", SEXTANT_VERSION);
		w->exit = EXIT_SUCCESS;
		break;
	case 'h':
		(void)fputs(usage, stdout);
		w->exit = EXIT_SUCCESS;
		break;
	default:
		(void)fputs("sextant-agent: see --help\n", stderr);
		w->exit = 2;
		break;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, SOCKET },
		{ "json", no_argument, NULL, JSON },
		{ "check-config", no_argument, NULL, CHECK },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct words w = { .config = "/etc/sextant/agent.yaml", .exit = -1 };
	bool asks;
	int o;

	while (w.exit < 0 && (o = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1)
		option(&w, o);
	if (w.exit >= 0)
		return w.exit;
	asks = optind < argc && strcmp(argv[optind], "show") == 0;
	if (optind + asks < argc) {
		(void)fprintf(stderr, "sextant-agent: unexpected argument '%s' (see --help)\n",
			      argv[optind + asks]);
		return 2;
	}
	if (asks ? w.check : (w.socket || w.json)) {
		(void)fputs("sextant-agent: options do not go together (see --help)\n", stderr);
		return 2;
	}
	if (asks)
		return show(w.config, w.socket, w.json);
	return w.check ? check(w.config) : run(w.config);
}

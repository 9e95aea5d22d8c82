/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sextantd: arguments, signals, systemd manners. Everything else is app's.
 *
 * HUP reloads the configuration, USR1 toggles debug logging, USR2 dumps the state to the log,
 * TERM and INT stop cleanly within 5 s. Exit codes: 0 fine, 1 could not start or failed, 2 usage.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/err.h"
#include "log/log.h"
#include "log/metric.h"
#include "log/service.h"

#define STOP_GRACE (1 * NS_PER_S)
#define STATUS_EVERY (5 * NS_PER_S)

struct daemon {
	const char *config;
	struct loop *loop;
	struct net *net;
	struct work *work;
	struct store *store;
	struct conf *conf;
	struct app *app;
	struct loop_signal *signals[5];
	struct loop_timer grace, status;
	bool stopping, debug;
};

static const char usage[] =
	"usage: sextantd [--config FILE] [--check-config | --print-config | --config-reference]\n"
	"\n"
	"The Sextant SDN controller and path computation element.\n"
	"\n"
	"  -c, --config FILE      configuration (default /etc/sextant/sextant.yaml)\n"
	"      --check-config     read it, say what is wrong, change nothing\n"
	"      --print-config     print it as it takes effect, defaults included\n"
	"      --config-reference print every key with type, default and meaning\n"
	"  -V, --version          print the version\n"
	"  -h, --help             this text\n"
	"\n"
	"Signals: HUP reload, USR1 debug log on/off, USR2 dump state to the log, TERM stop.\n";

static void status_cb(void *arg)
{
	struct daemon *d = arg;
	char line[256], text[300];

	app_status(d->app, line, sizeof(line));
	(void)snprintf(text, sizeof(text), "WATCHDOG=1\nSTATUS=%s", line);
	log_service(text);
	loop_timer_after(&d->status, STATUS_EVERY);
}

static void grace_over(void *arg)
{
	struct daemon *d = arg;

	loop_stop(d->loop);
}

static void stop(struct daemon *d)
{
	if (d->stopping) {
		loop_stop(d->loop);
		return;
	}
	d->stopping = true;
	log_service("STOPPING=1");
	log_event("", LOG_NOTICE, "daemon.stop", "msg=\"stopping; forwarding is not touched\"");
	app_stop(d->app);
	loop_timer_after(&d->grace, STOP_GRACE);
}

static void reload(struct daemon *d)
{
	STR_AUTO struct str errors = { 0 };
	AUTO(conf_free) struct conf *conf = NULL;

	log_service("RELOADING=1");
	if (conf_load(d->config, &conf, &errors) < 0 || app_reload(d->app, conf, &errors) < 0) {
		log_lines(str_text(&errors));
		log_event("", LOG_ERROR, "daemon.reload.failed",
			  "file=%s msg=\"the old configuration stays in force\"", d->config);
	} else {
		struct conf *old = d->conf;

		d->conf = TAKE(conf);
		conf_free(old);
		log_setup(&d->conf->log);
		log_event("", LOG_NOTICE, "daemon.reloaded", "file=%s", d->config);
	}
	log_service("READY=1");
}

static void dump_line(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "state: %s\n", line);
}

static void on_signal(void *arg, int signo)
{
	struct daemon *d = arg;

	if (signo == SIGHUP) {
		reload(d);
	} else if (signo == SIGUSR1) {
		struct log_cfg cfg = d->conf->log;

		d->debug = !d->debug;
		if (d->debug)
			cfg.level = LOG_DEBUG;
		log_setup(&cfg);
	} else if (signo == SIGUSR2) {
		app_dump(d->app, dump_line, NULL);
		log_recent(50, dump_line, NULL);
	} else {
		stop(d);
	}
}

static int signals_new(struct daemon *d)
{
	static const int numbers[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT };

	_Static_assert(ARRAY_LEN(numbers) == ARRAY_LEN(d->signals), "one watcher a signal");
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		int r = loop_signal_new(&d->signals[i], d->loop, numbers[i], on_signal, d);

		if (r < 0)
			return err_trace(r);
	}
	return 0;
}

static int build(struct daemon *d, struct str *errors)
{
	struct app_env env;
	char err[512];
	int r;

	if ((r = loop_new(&d->loop)) < 0 || (r = net_new(&d->net, d->loop)) < 0 ||
	    (r = work_new(&d->work, d->loop, d->conf->workers)) < 0 || (r = signals_new(d)) < 0) {
		str_addf(errors, "sextantd: cannot set up: %s\n", err_text(r));
		return r;
	}
	metric_set(metric_gauge("sextant_worker_threads", "Threads that compute paths beside the main one", ""),
		   work_threads(d->work));
	r = store_open(&d->store, d->loop, d->conf->store, err, sizeof(err));
	if (r < 0) {
		str_addf(errors, "%s: store: %s\n", d->config, err);
		return r;
	}
	loop_timer_init(&d->grace, d->loop, grace_over, d);
	loop_timer_init(&d->status, d->loop, status_cb, d);
	env = (struct app_env){ .loop = d->loop, .net = d->net, .work = d->work, .store = d->store };
	return app_new(&d->app, &env, d->conf, errors);
}

static void teardown(struct daemon *d)
{
	app_free(d->app);
	work_free(d->work);
	store_close(d->store);
	net_free(d->net);
	for (size_t i = 0; i < ARRAY_LEN(d->signals); i++)
		loop_signal_free(d->signals[i]);
	if (d->loop) {
		loop_timer_fini(&d->grace);
		loop_timer_fini(&d->status);
	}
	loop_free(d->loop);
	conf_free(d->conf);
}

static int run(const char *config)
{
	struct daemon d = { .config = config };
	STR_AUTO struct str errors = { 0 };
	int rc = EXIT_FAILURE;

	if (conf_load(config, &d.conf, &errors) == 0) {
		log_setup(&d.conf->log);
		if (build(&d, &errors) == 0) {
			log_event("", LOG_NOTICE, "daemon.ready", "node=%s config=%s", d.conf->node, config);
			log_service("READY=1");
			status_cb(&d);
			loop_run(d.loop);
			rc = EXIT_SUCCESS;
		}
	}
	log_lines(str_text(&errors));
	teardown(&d);
	return rc;
}

static int check(const char *config, bool print)
{
	STR_AUTO struct str errors = { 0 };
	STR_AUTO struct str out = { 0 };
	AUTO(conf_free) struct conf *conf = NULL;
	int r = conf_load(config, &conf, &errors);

	if (r == 0 && print)
		r = conf_print(config, &out, &errors);
	log_lines(str_text(&errors));
	if (r < 0)
		return EXIT_FAILURE;
	if (print)
		(void)fputs(str_text(&out), stdout);
	else
		(void)printf("%s: fine\n", config);
	return EXIT_SUCCESS;
}

static int reference(void)
{
	STR_AUTO struct str out = { 0 };

	if (conf_reference("sextant-config", &out) < 0)
		return EXIT_FAILURE;
	(void)fputs(str_text(&out), stdout);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum { RUN, CHECK, PRINT, REFERENCE };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, CHECK },
		{ "print-config", no_argument, NULL, PRINT },
		{ "config-reference", no_argument, NULL, REFERENCE },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *config = "/etc/sextant/sextant.yaml";
	int o, what = RUN;

	while ((o = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			config = optarg;
			break;
		case CHECK:
		case PRINT:
		case REFERENCE:
			what = o;
			break;
		case 'V':
			(void)printf("sextantd %s\n", SEXTANT_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			(void)fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			(void)fputs("sextantd: see --help\n", stderr);
			return 2;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "sextantd: unexpected argument '%s' (see --help)\n", argv[optind]);
		return 2;
	}
	switch (what) {
	case CHECK:
	case PRINT:
		return check(config, what == PRINT);
	case REFERENCE:
		return reference();
	case RUN:
		break;
	}
	log_large_pages(argv);
	return run(config);
}

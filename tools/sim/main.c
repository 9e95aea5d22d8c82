/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sextant-sim: arguments, files, signals. Exit codes: 0 fine, 1 failed, 2 usage or a bad
 * topology, 3 this machine cannot (addresses, ports, the socket).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/sim/anyip.h"
#include "tools/sim/run.h"

enum { FAILED = 1, USAGE = 2, CANNOT = 3 };

static const char usage[] =
	"usage: sextant-sim [OPTIONS]                    simulate a network\n"
	"       sextant-sim --ask SOCKET [--json] COMMAND…  command a running simulator\n"
	"\n"
	"Many routers in one process, speaking real BGP-LS, PCEP and gNMI to a daemon on this machine.\n"
	"Commands come line by line from standard input and from the socket; `help` lists them.\n"
	"\n"
	"The network:\n"
	"  -g, --generate N[,LINKS]  a backbone of N routers, filled up to LINKS links (default 50)\n"
	"  -s, --seed SEED           of the generator (default 1)\n"
	"      --variant WORD,…      dense (bigger core, PoPs of degree 6), ecmp (3 metrics), parallel\n"
	"                            (5 % more links beside others), conduits (shared SRLGs),\n"
	"                            flex (Flex-Algos 128 and 129)\n"
	"      --classic PERCENT     routers with classic End SIDs instead of uSIDs (default 10)\n"
	"  -t, --topology FILE       read it: the lab's format, or REPETITA's .graph\n"
	"      --dual                routers and links have IPv4 addresses too\n"
	"Sessions:\n"
	"  -d, --daemon ADDRESS      (default ::1, with --ipv4 127.0.0.1)\n"
	"      --bgp-port PORT       (default 1790)\n"
	"      --pcep-port PORT      (default 4189)\n"
	"  -f, --feeds K             routers that export the topology (default 2)\n"
	"  -p, --pccs M              routers with PCEP sessions, the first M (default all)\n"
	"      --prefix PREFIX/48    where loopbacks, and so sessions, are (default fd5e:5e::/48):\n"
	"                            it is made local to this machine, which takes root\n"
	"      --gnmi N              gNMI targets of the first N routers (default none), mutual TLS only\n"
	"      --gnmi-port PORT      (default 9339)\n"
	"      --gnmi-tls CERT,KEY,CA files of all targets; CERT is for the name sextant-sim\n"
	"      --gnmi-fault R=KIND,… Sets of router R go wrong: stall, lie, half, full, close\n"
	"      --gnmi-log FILE       tell what was set and what that changed, a line each\n"
	"      --ipv4                sessions from 127.64.x.y instead: takes no rights\n"
	"Files and output:\n"
	"  -c, --write-config FILE   write a configuration for sextantd that fits\n"
	"      --store FILE          database named in it (default /tmp/sextant-sim.db)\n"
	"      --restconf-port PORT  named in it (default 8080)\n"
	"      --write-topology FILE write the network in the lab's format\n"
	"      --write-export FILE   write the network for `sextant plan`\n"
	"      --demands FILE        write gravity demands for it, from the seed\n"
	"      --trace FILE          write a trace of what may happen to it, from the seed\n"
	"      --trace-events N      so many flaps, metric changes and SRLG cuts (default 100)\n"
	"      --play FILE           carry out a trace\n"
	"      --no-run              end after writing files\n"
	"  -S, --socket PATH         take commands on a unix socket\n"
	"  -j, --json                answers are JSON objects, one a line\n"
	"  -V, --version, -h, --help\n"
	"\n"
	"Exit codes: 0 fine, 1 failed, 2 usage or a bad topology, 3 this machine cannot.\n";

/* ---- arguments ---- */

static int complain(const char *value)
{
	(void)fprintf(stderr, "sextant-sim: an option cannot take '%s' (see --help)\n", value);
	return USAGE;
}

static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	return str_u64(text, out) == 0 && *out >= min && *out <= max;
}

static bool port(const char *text, uint16_t *out)
{
	uint64_t v;

	if (!number(text, 1, UINT16_MAX, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

static bool count(const char *text, uint64_t max, uint32_t *out)
{
	uint64_t v;

	if (!number(text, 0, max, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool generate(const char *text, struct sim_gen *g)
{
	char buf[64], *comma;

	if (!str_copy(buf, sizeof(buf), text))
		return false;
	comma = strchr(buf, ',');
	if (comma)
		*comma = '\0';
	return count(buf, SIM_ROUTERS_MAX, &g->routers) && g->routers > 0 &&
	       (!comma || count(comma + 1, SIM_WIRES_MAX, &g->wires));
}

static bool variant(const char *text, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} words[] = { { "dense", SIM_DENSE }, { "ecmp", SIM_ECMP }, { "parallel", SIM_PARALLEL },
		      { "conduits", SIM_CONDUITS }, { "flex", SIM_FLEX } };

	while (*text) {
		size_t len = strcspn(text, ","), i = 0;

		while (i < ARRAY_LEN(words) && (strlen(words[i].name) != len ||
						strncmp(words[i].name, text, len) != 0))
			i++;
		if (i == ARRAY_LEN(words))
			return false;
		*out |= words[i].bit;
		text += len + (text[len] == ',');
	}
	return true;
}

static bool prefix(const char *text, struct ip_prefix *out)
{
	return ip_prefix_parse(text, out) == 0 && out->addr.family == IP_V6 && out->len == 48;
}

/* Three files with commas between them. */
static bool three_files(const char *text, char out[3][256])
{
	for (unsigned i = 0; i < 3; i++) {
		size_t len = strcspn(text, ",");

		if (len == 0 || len >= 256 || (text[len] == ',') != (i < 2))
			return false;
		memcpy(out[i], text, len);
		out[i][len] = '\0';
		text += len + (i < 2);
	}
	return true;
}

enum option_long {
	OPT_CLASSIC = 256,
	OPT_VARIANT,
	OPT_DUAL,
	OPT_BGP_PORT,
	OPT_PCEP_PORT,
	OPT_PREFIX,
	OPT_IPV4,
	OPT_GNMI,
	OPT_GNMI_PORT,
	OPT_GNMI_TLS,
	OPT_GNMI_FAULT,
	OPT_GNMI_LOG,
	OPT_STORE,
	OPT_RESTCONF_PORT,
	OPT_WRITE_TOPOLOGY,
	OPT_WRITE_EXPORT,
	OPT_DEMANDS,
	OPT_TRACE,
	OPT_TRACE_EVENTS,
	OPT_PLAY,
	OPT_NO_RUN,
	OPT_ASK,
};

static const struct option options[] = {
	{ "generate", required_argument, NULL, 'g' },
	{ "seed", required_argument, NULL, 's' },
	{ "variant", required_argument, NULL, OPT_VARIANT },
	{ "classic", required_argument, NULL, OPT_CLASSIC },
	{ "topology", required_argument, NULL, 't' },
	{ "dual", no_argument, NULL, OPT_DUAL },
	{ "daemon", required_argument, NULL, 'd' },
	{ "bgp-port", required_argument, NULL, OPT_BGP_PORT },
	{ "pcep-port", required_argument, NULL, OPT_PCEP_PORT },
	{ "feeds", required_argument, NULL, 'f' },
	{ "pccs", required_argument, NULL, 'p' },
	{ "prefix", required_argument, NULL, OPT_PREFIX },
	{ "ipv4", no_argument, NULL, OPT_IPV4 },
	{ "gnmi", required_argument, NULL, OPT_GNMI },
	{ "gnmi-port", required_argument, NULL, OPT_GNMI_PORT },
	{ "gnmi-tls", required_argument, NULL, OPT_GNMI_TLS },
	{ "gnmi-fault", required_argument, NULL, OPT_GNMI_FAULT },
	{ "gnmi-log", required_argument, NULL, OPT_GNMI_LOG },
	{ "write-config", required_argument, NULL, 'c' },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "restconf-port", required_argument, NULL, OPT_RESTCONF_PORT },
	{ "write-topology", required_argument, NULL, OPT_WRITE_TOPOLOGY },
	{ "write-export", required_argument, NULL, OPT_WRITE_EXPORT },
	{ "demands", required_argument, NULL, OPT_DEMANDS },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "trace-events", required_argument, NULL, OPT_TRACE_EVENTS },
	{ "play", required_argument, NULL, OPT_PLAY },
	{ "no-run", no_argument, NULL, OPT_NO_RUN },
	{ "socket", required_argument, NULL, 'S' },
	{ "json", no_argument, NULL, 'j' },
	{ "ask", required_argument, NULL, OPT_ASK },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

struct args {
	const char *ask;
	bool version, help;
};

static bool gnmi_value(struct sim_options *opt, int o, const char *v)
{
	switch (o) {
	case OPT_GNMI:
		return count(v, SIM_TARGETS_MAX, &opt->targets);
	case OPT_GNMI_PORT:
		return port(v, &opt->gnmi_port);
	case OPT_GNMI_TLS:
		return three_files(v, opt->gnmi_tls);
	case OPT_GNMI_FAULT:
		opt->gnmi_faults = v;
		break;
	case OPT_GNMI_LOG:
		opt->gnmi_log = v;
		break;
	default:
		break;
	}
	return true;
}

/* Options that take a value: false, it is not a good one. */
static bool option_value(struct sim *s, struct args *a, int o, const char *v)
{
	struct sim_options *opt = &s->opt;

	switch (o) {
	case 'g':
		return generate(v, &opt->gen);
	case 's':
		return str_u64(v, &opt->gen.seed) == 0;
	case OPT_VARIANT:
		return variant(v, &opt->gen.variant);
	case OPT_CLASSIC:
		return count(v, 100, &opt->gen.classic_pct);
	case 'd':
		return ip_parse(v, &opt->daemon) == 0;
	case OPT_BGP_PORT:
		return port(v, &opt->bgp_port);
	case OPT_PCEP_PORT:
		return port(v, &opt->pcep_port);
	case OPT_RESTCONF_PORT:
		return port(v, &opt->restconf_port);
	case 'f':
		opt->has_feeds = true;
		return count(v, 32, &opt->feeds);
	case 'p':
		return count(v, SIM_ROUTERS_MAX, &opt->pccs);
	case OPT_PREFIX:
		return prefix(v, &s->topo.loopbacks);
	case OPT_TRACE_EVENTS:
		return count(v, 1000000, &opt->trace_events);
	case 't':
		opt->topology = v;
		break;
	case OPT_WRITE_EXPORT:
		opt->write_export = v;
		break;
	case OPT_DEMANDS:
		opt->write_demands = v;
		break;
	case OPT_TRACE:
		opt->write_trace = v;
		break;
	case OPT_PLAY:
		opt->play = v;
		break;
	case 'c':
		opt->write_config = v;
		break;
	case OPT_STORE:
		opt->store = v;
		break;
	case OPT_WRITE_TOPOLOGY:
		opt->write_topology = v;
		break;
	case 'S':
		opt->socket = v;
		break;
	case OPT_ASK:
		a->ask = v;
		break;
	default:
		return gnmi_value(opt, o, v);
	}
	return true;
}

static int arguments(struct sim *s, struct args *a, int argc, char **argv)
{
	int o;

	while ((o = getopt_long(argc, argv, "+g:s:t:d:f:p:c:S:jVh", options, NULL)) != -1) {
		switch (o) {
		case OPT_DUAL:
			s->topo.dual = true;
			break;
		case OPT_IPV4:
			s->opt.ipv4 = true;
			break;
		case OPT_NO_RUN:
			s->opt.no_run = true;
			break;
		case 'j':
			s->opt.json = true;
			break;
		case 'V':
			a->version = true;
			break;
		case 'h':
			a->help = true;
			break;
		case '?':
			(void)fputs("sextant-sim: see --help\n", stderr);
			return USAGE;
		default:
			if (!option_value(s, a, o, optarg))
				return complain(optarg);
		}
	}
	if (a->ask ? optind == argc : optind < argc) {
		(void)fprintf(stderr, "sextant-sim: %s%s (see --help)\n",
			      a->ask ? "--ask needs a command" : "unexpected argument ",
			      a->ask ? "" : argv[optind]);
		return USAGE;
	}
	if (s->opt.targets && !s->opt.gnmi_tls[0][0]) {
		(void)fputs("sextant-sim: --gnmi needs --gnmi-tls\n", stderr);
		return USAGE;
	}
	if (s->opt.daemon.family == IP_NONE)
		(void)ip_parse(s->opt.ipv4 ? "127.0.0.1" : "::1", &s->opt.daemon);
	if ((s->opt.daemon.family == IP_V4) != s->opt.ipv4) {
		(void)fputs("sextant-sim: --daemon and --ipv4 speak of different families\n", stderr);
		return USAGE;
	}
	return 0;
}

/* ---- files ---- */

static int write_file(const char *file, const struct str *text)
{
	FILE *f = text->bad ? NULL : fopen(file, "we");
	bool good = f && fwrite(text->s, 1, text->len, f) == text->len;

	if (f && fclose(f) != 0)
		good = false;
	if (good)
		return 0;
	(void)fprintf(stderr, "sextant-sim: %s: %s\n", file, err_text(text->bad ? ENOMEM : errno));
	return CANNOT;
}

static int write_demands(const struct sim *s)
{
	struct sim_demands d = { 0 };
	STR_AUTO struct str text = { 0 };

	if (sim_gen_demands(&s->topo, s->opt.gen.seed, &d) < 0)
		text.bad = true;
	else
		sim_demands_write(&s->topo, &d, &text);
	VEC_FINI(&d);
	return write_file(s->opt.write_demands, &text);
}

static int write_trace(const struct sim *s)
{
	STR_AUTO struct str text = { 0 };

	if (sim_gen_trace(&s->topo, s->opt.gen.seed, s->opt.trace_events, &text) < 0)
		text.bad = true;
	return write_file(s->opt.write_trace, &text);
}

static int write_config(const struct sim *s)
{
	STR_AUTO struct str text = { 0 };

	sim_config(s, &text);
	return write_file(s->opt.write_config, &text);
}

static int write_network(const struct sim *s, const char *file,
			 void (*fn)(const struct sim_topo *t, struct str *out))
{
	STR_AUTO struct str text = { 0 };

	fn(&s->topo, &text);
	return write_file(file, &text);
}

static int write_files(const struct sim *s)
{
	const struct sim_options *o = &s->opt;
	int rc = o->write_config ? write_config(s) : 0;

	if (rc == 0 && o->write_topology)
		rc = write_network(s, o->write_topology, sim_topo_write);
	if (rc == 0 && o->write_export)
		rc = write_network(s, o->write_export, sim_topo_export);
	if (rc == 0 && o->write_demands)
		rc = write_demands(s);
	if (rc == 0 && o->write_trace)
		rc = write_trace(s);
	return rc;
}

/* ---- running ---- */

static void on_signal(void *arg, int signo)
{
	(void)signo;
	sim_stop(arg);
}

static int cannot(const struct sim *s, int rc)
{
	char p[IP_PREFIX_TEXT_MAX];

	(void)ip_prefix_text(&s->topo.loopbacks, p, sizeof(p));
	(void)fprintf(stderr,
		      "sextant-sim: cannot make %s local to this machine: %s\n"
		      "Either run as root:  ip -6 route add local %s dev lo\n"
		      "or use --ipv4, or a network namespace of your own:  unshare -rn\n",
		      p, err_text(rc), p);
	return CANNOT;
}

/* The route for all, and addresses for routers that listen themselves. */
static int addresses(const struct sim *s, bool *added)
{
	int rc = s->opt.ipv4 ? 0 : sim_anyip_add(&s->topo.loopbacks, added);

	for (uint32_t r = 0; rc == 0 && !s->opt.ipv4 && r < s->opt.targets; r++) {
		struct ip_addr a = sim_source(s, r);

		rc = sim_host_set(&a, true);
	}
	return rc < 0 ? cannot(s, rc) : 0;
}

static void addresses_back(const struct sim *s, bool added)
{
	for (uint32_t r = 0; !s->opt.ipv4 && r < s->opt.targets; r++) {
		struct ip_addr a = sim_source(s, r);

		(void)sim_host_set(&a, false);
	}
	if (added)
		sim_anyip_del(&s->topo.loopbacks);
}

/* A socket a router. */
static void files_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static void hello(const struct sim *s)
{
	if (s->opt.json)
		(void)printf("{\"ready\":true,\"routers\":%zu,\"wires\":%zu,\"feeds\":%u}\n",
			     s->topo.routers.n, s->topo.wires.n, sim_feeds_count(s->feeds));
	else
		(void)printf("ready: %zu routers, %zu wires, %u feeds\n", s->topo.routers.n,
			     s->topo.wires.n, sim_feeds_count(s->feeds));
	(void)fflush(stdout);
}

static int serve(struct sim *s, struct loop *loop)
{
	AUTO(sim_serve_free) struct sim_serve *v = NULL;
	AUTO(sim_play_free) struct sim_play *p = NULL;
	struct loop_signal *term = NULL, *interrupt = NULL;
	int rc = sim_serve_new(&v, s, s->opt.socket);

	if (rc < 0) {
		(void)fprintf(stderr, "sextant-sim: %s: %s\n",
			      s->opt.socket ? s->opt.socket : "standard input", err_text(rc));
		return CANNOT;
	}
	if (s->opt.play && sim_play_new(&p, s, s->opt.play) < 0)
		return USAGE;
	(void)signal(SIGPIPE, SIG_IGN);
	rc = FAILED;
	if (loop_signal_new(&term, loop, SIGTERM, on_signal, s) == 0 &&
	    loop_signal_new(&interrupt, loop, SIGINT, on_signal, s) == 0) {
		hello(s);
		loop_run(loop);
		rc = 0;
	}
	loop_signal_free(term);
	loop_signal_free(interrupt);
	return rc;
}

static int simulate(struct sim *s)
{
	AUTO(loop_free) struct loop *loop = NULL;
	AUTO(net_free) struct net *net = NULL;
	STR_AUTO struct str err = { 0 };
	bool added = false;
	int rc = addresses(s, &added);

	if (rc) {
		addresses_back(s, added);
		return rc;
	}
	files_raise();
	rc = loop_new(&loop);
	if (rc == 0)
		rc = net_new(&net, loop);
	if (rc == 0) {
		net_nonlocal(net);
		rc = sim_start(s, loop, net, &err);
	}
	if (rc < 0)
		(void)fprintf(stderr, "sextant-sim: cannot start: %s%s", err.len ? str_text(&err) : err_text(rc),
			      err.len ? "" : "\n");
	rc = rc < 0 ? FAILED : serve(s, loop);
	sim_fini(s);
	addresses_back(s, added);
	return rc;
}

static int run(struct sim *s)
{
	STR_AUTO struct str err = { 0 };
	int rc = sim_network(s, &err);

	if (rc < 0) {
		(void)fprintf(stderr, "sextant-sim: %s", str_text(&err));
		return USAGE;
	}
	if (s->opt.targets > s->topo.routers.n)
		s->opt.targets = (uint32_t)s->topo.routers.n;
	if (s->opt.pccs > s->topo.routers.n)
		s->opt.pccs = (uint32_t)s->topo.routers.n;
	rc = write_files(s);
	return rc || s->opt.no_run ? rc : simulate(s);
}

int main(int argc, char **argv)
{
	const struct log_cfg log = { .level = LOG_WARN };
	struct args a = { 0 };
	struct sim s = {
		.opt = { .gen = { .seed = 1, .routers = 50, .classic_pct = 10 },
			 .feeds = 2, .pccs = SIM_ROUTERS_MAX, .bgp_port = 1790,
			 .pcep_port = 4189, .gnmi_port = 9339, .restconf_port = 8080, .trace_events = 100,
			 .store = "/tmp/sextant-sim.db" },
	};
	int rc;

	sim_topo_init(&s.topo);
	rc = arguments(&s, &a, argc, argv);
	if (rc)
		return rc;
	if (a.help || a.version) {
		(void)printf("%s", a.help ? usage : "sextant-sim " SEXTANT_VERSION "\n");
		return 0;
	}
	if (a.ask)
		return sim_ask(a.ask, argv + optind, argc - optind, s.opt.json);
	log_setup(&log);
	rc = run(&s);
	sim_topo_fini(&s.topo);
	return rc;
}

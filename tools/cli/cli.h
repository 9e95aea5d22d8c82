/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The pieces of `sextant`: options, the API client, tables, and one function per command.
 * Every command returns an exit code of enum cli_exit.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/ip.h"
#include "base/str.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2,
	CLI_INFEASIBLE = 3,
	CLI_CONFLICT = 4,
	CLI_UNREACHABLE = 5,
	CLI_AUTH = 6,
	CLI_TIMEOUT = 7,
};

static inline void cli_json_put(json_object *o)
{
	json_object_put(o);
}
AUTO_DEFINE(json_object, cli_json_put)

/* ---- the command line ---- */

enum { CLI_WORDS_MAX = 64 };

struct cli_option {
	const char *name;  /* "bandwidth" for --bandwidth */
	const char *value; /* name of the value for help, NULL: a flag; "X.." takes several words */
	const char *help;
};

struct cli_command {
	const char *words;    /* "policy create" */
	const char *operands; /* "HEADEND COLOR ENDPOINT" */
	const char *help;     /* one line */
	const char *more;     /* for --help alone: what to know, examples; may be NULL */
	int operands_min, operands_max;
	const struct cli_option *options; /* ended by {0}, besides the global ones; may be NULL */
	int (*run)(const struct cli_command *cmd);
};

/* What the command line said; one per process. */
struct cli {
	const char *server, *cert, *key, *ca;
	long timeout_ms;
	bool json, quiet, verbose;
	bool silent; /* completion: no word about what went wrong */
	int n_operands;
	const char *operands[CLI_WORDS_MAX];
	int n_given;
	struct {
		const char *name, *value;
	} given[CLI_WORDS_MAX];
};

extern struct cli cli_said;
extern const struct cli_command cli_commands[]; /* ended by .words NULL */
extern const struct cli_option cli_globals[];

/* Everything main() does. */
int cli_main(int argc, char **argv);
/* Where the API is and how to get in: options, then environment, then defaults. */
int cli_settings(void);
/* Options and operands of a command, as words, into cli_said. */
int cli_line(const struct cli_command *c, int argc, char **argv);
/* The value of --name, or NULL. k: the k-th time it was given. */
const char *cli_opt(const char *name, int k);
/* "sextant: …" on stderr, control characters made visible; returns code. */
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The option of that name here, or NULL. */
const struct cli_option *cli_option_find(const struct cli_option *o, const char *name, size_t len);

/* ---- the API ---- */

struct cli_reply {
	long status; /* HTTP, 0 when there was no answer */
	struct str body;
	json_object *json; /* parsed body, or NULL */
	char etag[64];
};

void cli_reply_fini(struct cli_reply *r);
#define CLI_REPLY __attribute__((__cleanup__(cli_reply_fini)))

/* path starts with '/'. body NULL: none. --if-match and --idempotency-key go along with writes. Prints what went
 * wrong; CLI_OK when 2xx. */
int cli_call(const char *method, const char *path, const char *body, struct cli_reply *out);
/* As cli_call, but an answer that is not a JSON object is a failure too. */
int cli_get(const char *path, struct cli_reply *out);
/* An operation; input: members of its input object without the braces. */
int cli_operate(const char *module, const char *name, const char *input, struct cli_reply *out);

typedef bool (*cli_stream_fn)(void *arg, uint64_t id, const char *data);
/* Events as they come, one JSON text each, to fn until it returns false, the server ends, or,
 * quiet_ms not 0, nothing has come for so long. */
int cli_stream(const char *path, uint64_t after, int quiet_ms, cli_stream_fn fn, void *arg);
void cli_url_escape(struct str *out, const char *text);

/* ---- JSON and tables ---- */

/* "a/b/c" below o, NULL when absent. Member names may carry their module prefix in the data. */
json_object *cli_at(json_object *o, const char *path);
const char *cli_text(json_object *o, const char *path, const char *otherwise);
uint64_t cli_num(json_object *o, const char *path, uint64_t otherwise);
bool cli_bool(json_object *o, const char *path);
/* Length of the array at path, 0 when there is none; its i-th element. */
size_t cli_count(json_object *o, const char *path);
json_object *cli_nth(json_object *o, const char *path, size_t i);

struct cli_column {
	const char *title;
	const char *path; /* "": the row itself */
	/* Writes the cell; NULL: the text as it is. */
	void (*format)(struct str *out, json_object *value);
	bool right;
};

/* A table for people of the rows of an array; "(none)" when empty. */
void cli_table(json_object *rows, const struct cli_column *cols, size_t n);
/* "name  value" lines of one object; what is absent is left out. */
void cli_record(json_object *o, const struct cli_column *fields, size_t n);
/* The body for machines, as the server sent it. */
void cli_print_json(const struct cli_reply *r);
/* Control characters of text, which a terminal would obey, as '?'. */
void cli_clean(char *text);

void cli_fmt_delay(struct str *out, json_object *v);	/* microseconds */
void cli_fmt_ns(struct str *out, json_object *v);	/* nanoseconds */
void cli_fmt_rate(struct str *out, json_object *v);	/* bit/s */
void cli_fmt_time(struct str *out, json_object *v);	/* RFC 3339 text, as an age */
void cli_fmt_list(struct str *out, json_object *v);	/* array of scalars */
void cli_fmt_path(struct str *out, json_object *v);	/* array of A>B, as A > B > C */
void cli_fmt_segments(struct str *out, json_object *v); /* array of segments */
void cli_fmt_yes(struct str *out, json_object *v);	/* boolean */

/* Units of people to units of the API: 0, or -EINVAL. */
int cli_parse_rate(const char *text, uint64_t *bps); /* 10M, 2.5G, 64k, 1000 */
int cli_parse_delay(const char *text, uint64_t *us); /* 20ms, 500us, 1s; a bare number is us */
int cli_parse_loss(const char *text, uint64_t *ppm); /* 20ppm, 0.1%; a bare number is ppm */
/* A number of option --name within bounds; CLI_OK (absent: *out untouched) or CLI_USAGE, said. */
int cli_opt_number(const char *name, uint64_t low, uint64_t high, uint64_t *out);

/* A whole file as text, "-" standard input; name: of the operand or option, for what is wrong. */
int cli_read_file(const char *name, const char *path, struct str *out);

/* ---- the network ---- */

/* GET of the networks: *network is borrowed from out; says when what is shown is frozen. */
int cli_network(struct cli_reply *out, json_object **network);
/* Router address by a node's name, id or an address. Prints and returns a code on error. family:
 * the one preferred. */
int cli_resolve(const char *text, enum ip_family family, char *out, size_t cap);

/* HEADEND,COLOR,ENDPOINT as people write it, names allowed. */
struct cli_key {
	char headend[IP_TEXT_MAX], endpoint[IP_TEXT_MAX];
	uint32_t color;
};
int cli_key_parse(const char *text, struct cli_key *out);
int cli_color_parse(const char *text, uint32_t *out);
void cli_key_path(struct str *out, const struct cli_key *k); /* its resource */

/* Members of the "constraints" grouping from the options, comma first when out is not empty. */
int cli_constraints(struct str *out);
/* bandwidth, priorities, data plane and the like: what a policy and a path query share. */
int cli_demand(struct str *out);
/* ,"leg":[…] from --leg, each with the terms of all paths that it does not say otherwise. */
int cli_legs(struct str *out);
/* "segment":[…] from --segment. */
int cli_segments(struct str *out);
#define CLI_OPTIONS_CONSTRAINTS                                                                    \
	{ "metric", "igp|te|delay|hops|variation|loss|mix", "what to minimise (default igp)" },      \
		{ "mix", "METRIC=N..", "weights of the metrics, for --metric mix" },               \
		{ "objective", "mcp|mlp|mbp",                                                      \
		  "least cost, emptiest fullest link, widest (default mcp)" },                     \
		{ "algo", "N", "flexible algorithm, 128 to 255, and its metric" },                 \
		{ "protection", "protected|protected-only|unprotected|unprotected-only",           \
		  "adjacency SIDs to take (default unprotected, where there are any)" },           \
		{ "payload", "OCTETS", "largest packet: what the list adds must fit the links' MTU" }, \
		{ "delay-max", "TIME", "bound on the delay: 20ms, 500us" },                        \
		{ "delay-min", "TIME", "and from below" },                                         \
		{ "variation-max", "TIME", "bound on the delay variation" },                       \
		{ "loss-max", "LOSS", "bound on what is lost: 20ppm, 0.1%" },                      \
		{ "hops-max", "N", "bound on the number of links" },                               \
		{ "igp-max", "N", "bound on the sum of IGP metrics" },                             \
		{ "te-max", "N", "bound on the sum of TE metrics" },                               \
		{ "include", "REF..", "pass nodes, links, domains (asn:N) and SRLGs (srlg:N) in this order; =REF: nothing between" }, \
		{ "exclude", "REF..", "stay away from nodes (NODE) and links (NODE>NODE)" },       \
		{ "exclude-srlg", "N..", "and from shared risk link groups" },                     \
		{ "exclude-asn", "N..", "and from domains (AS numbers)" },                         \
		{ "binding-sid", "SID..", "of other policies, to be used where they make the list shorter" }, \
		{ "affinity-exclude", "N..", "no link of these administrative groups" },           \
		{ "affinity-include-any", "N..", "only links of at least one of these" },          \
		{ "affinity-include-all", "N..", "only links of all of these" },                   \
		{ "strict", NULL, "exactly the computed path; no other way of equal cost" }
#define CLI_OPTION_KEY                                                                             \
	{                                                                                          \
		"idempotency-key", "KEY", "so that saying it again does it once (24 hours)"        \
	}
#define CLI_OPTIONS_DEMAND                                                                         \
	{ "bandwidth", "RATE", "to reserve: 10M, 2.5G, 64k" },                                     \
		{ "setup-priority", "N", "0 (best) to 7 (default)" },                              \
		{ "dataplane", "srv6|mpls", "of the policy (default srv6)" },                            \
		{ "no-usid", NULL, "do not pack compressed SIDs into containers" },                \
		{ "msd", "N", "most SIDs the headend can impose (default: what it told)" },        \
		{ "reserved", "N", "SIDs of them kept for a service SID" },                        \
		{ "nrp", "N", "network resource partition" }

/* ---- commands ---- */

int cli_status(const struct cli_command *cmd);
int cli_topology_summary(const struct cli_command *cmd);
int cli_topology_nodes(const struct cli_command *cmd);
int cli_topology_links(const struct cli_command *cmd);
int cli_topology_export(const struct cli_command *cmd);
int cli_policy_list(const struct cli_command *cmd);
int cli_policy_show(const struct cli_command *cmd);
int cli_policy_create(const struct cli_command *cmd);
int cli_policy_delete(const struct cli_command *cmd);
int cli_policy_action(const struct cli_command *cmd);
int cli_policy_hold(const struct cli_command *cmd);
int cli_path_compute(const struct cli_command *cmd);
int cli_path_backup(const struct cli_command *cmd);
int cli_fail_what(const struct cli_command *cmd);
int cli_paths(const struct cli_command *cmd); /* paths.c */
int cli_path_reach(const struct cli_command *cmd); /* reach.c */
int cli_path_query(struct str *input);	      /* operands and constraints as members */
void cli_show_slack(json_object *path); /* what it leaves of each constraint, if any was asked for */
/* Without a path: what would help, and what constraints take out, as far as the answer tells. */
void cli_show_reasons(json_object *answer);
int cli_show_no_path(json_object *answer); /* with why; exit code */
void cli_fmt_hops(struct str *out, json_object *hops);
int cli_optimise(const struct cli_command *cmd);
int cli_plan(const struct cli_command *cmd);
int cli_session_list(const struct cli_command *cmd);
int cli_session_clear(const struct cli_command *cmd);
int cli_device_list(const struct cli_command *cmd);
int cli_headend_list(const struct cli_command *cmd);
int cli_book(const struct cli_command *cmd);
int cli_event(const struct cli_command *cmd);
int cli_alarm(const struct cli_command *cmd);
int cli_audit(const struct cli_command *cmd);
int cli_nrp_list(const struct cli_command *cmd);
int cli_nrp_show(const struct cli_command *cmd);
int cli_slice_list(const struct cli_command *cmd);
int cli_slice_show(const struct cli_command *cmd);
int cli_slice_order(const struct cli_command *cmd);
int cli_slice_audit(const struct cli_command *cmd);
int cli_slice_reach(const struct cli_command *cmd);
int cli_slice_measure(const struct cli_command *cmd);
int cli_slice_history(const struct cli_command *cmd);
int cli_slice_delete(const struct cli_command *cmd);
#define CLI_VPNS "/restconf/data/ietf-l3vpn-ntw:l3vpn-ntw/vpn-services"
int cli_vpn_list(const struct cli_command *cmd);
int cli_vpn_show(const struct cli_command *cmd);
int cli_vpn_delete(const struct cli_command *cmd);
int cli_incident_list(const struct cli_command *cmd);
int cli_incident_show(const struct cli_command *cmd);
int cli_incident_say(const struct cli_command *cmd);
int cli_incident_release(const struct cli_command *cmd);
int cli_diagnose(const struct cli_command *cmd);
int cli_window_list(const struct cli_command *cmd);
int cli_window_show(const struct cli_command *cmd);
int cli_window_apply(const struct cli_command *cmd);
int cli_window_delete(const struct cli_command *cmd);
int cli_window_report(const struct cli_command *cmd);
int cli_window_check(const struct cli_command *cmd);
int cli_operation_list(const struct cli_command *cmd);
int cli_operation_show(const struct cli_command *cmd);
int cli_operation_cancel(const struct cli_command *cmd);
int cli_backup(const struct cli_command *cmd);
int cli_api(const struct cli_command *cmd);
int cli_version(const struct cli_command *cmd);
int cli_completion(const struct cli_command *cmd);
int cli_complete(int argc, char **argv);

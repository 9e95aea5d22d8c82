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

/* ---- options ---- */

enum { CLI_WORDS_MAX = 64, CLI_VALUES_MAX = 32 };

struct cli_option {
	const char *name;  /* "bandwidth" for --bandwidth */
	const char *value; /* name of the value for help, NULL: a flag */
	const char *help;
};

struct cli_command {
	const char *words;   /* "policy create" */
	const char *operands; /* "HEADEND COLOR ENDPOINT" */
	const char *help;
	int operands_min, operands_max;
	const struct cli_option *options; /* NULL-terminated, besides the global ones */
	int (*run)(const struct cli_command *cmd);
};

/* What the command line said; one per process. */
struct cli {
	const char *server, *cert, *key, *ca;
	long timeout_s;
	bool json, quiet, verbose;
	int n_operands;
	const char *operands[CLI_WORDS_MAX];
	int n_given;
	struct {
		const char *name, *value;
	} given[CLI_WORDS_MAX];
};

extern struct cli cli;
extern const struct cli_command cli_commands[];

/* The value of --name, or NULL. k: the k-th time it was given. */
const char *cli_opt(const char *name, int k);
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- the API ---- */

struct cli_reply {
	long status;	   /* HTTP, 0 when there was no answer */
	struct str body;
	json_object *json; /* parsed body, or NULL */
	char etag[64];
};

void cli_reply_fini(struct cli_reply *r);
#define CLI_REPLY __attribute__((__cleanup__(cli_reply_fini)))

/* path starts with '/'. body NULL: none. Prints what went wrong; CLI_OK when 2xx. */
int cli_call(const char *method, const char *path, const char *body, struct cli_reply *out);
/* Events as they come, a line of JSON each, to fn until it returns false or the server ends. */
int cli_stream(const char *path, uint64_t after, bool (*fn)(void *arg, uint64_t id, const char *data),
	       void *arg);
void cli_url_escape(struct str *out, const char *text);

/* ---- JSON and tables ---- */

/* "a/b/c" below o, NULL when absent. Member names may carry their module prefix in the data. */
json_object *cli_at(json_object *o, const char *path);
const char *cli_text(json_object *o, const char *path, const char *otherwise);
uint64_t cli_num(json_object *o, const char *path, uint64_t otherwise);
bool cli_bool(json_object *o, const char *path);

struct cli_column {
	const char *title;
	const char *path;
	/* Writes the cell; NULL: the text as it is. */
	void (*format)(struct str *out, json_object *value);
	bool right;
};

/* A table for people of the rows of an array; "(none)" when empty. */
void cli_table(json_object *rows, const struct cli_column *cols, size_t n);
/* "name  value" lines of one object. */
void cli_record(json_object *o, const struct cli_column *fields, size_t n);
/* The body for machines, as the server sent it. */
void cli_print_json(const struct cli_reply *r);

void cli_fmt_delay(struct str *out, json_object *v);	 /* microseconds */
void cli_fmt_rate(struct str *out, json_object *v);	 /* bit/s */
void cli_fmt_time(struct str *out, json_object *v);	 /* RFC 3339 text, as an age */
void cli_fmt_list(struct str *out, json_object *v);	 /* array of scalars */
void cli_fmt_segments(struct str *out, json_object *v); /* array of segments */

/* Units of people to units of the API: 0, or -EINVAL. */
int cli_parse_rate(const char *text, uint64_t *bps);	/* 10M, 2.5G, 64k, 1000 */
int cli_parse_delay(const char *text, uint64_t *us);	/* 20ms, 500us, 1s; a bare number is us */

/* ---- commands ---- */

int cli_topology_summary(const struct cli_command *cmd);
int cli_topology_nodes(const struct cli_command *cmd);
int cli_topology_links(const struct cli_command *cmd);
int cli_policy_list(const struct cli_command *cmd);
int cli_policy_show(const struct cli_command *cmd);
int cli_policy_create(const struct cli_command *cmd);
int cli_policy_delete(const struct cli_command *cmd);
int cli_policy_action(const struct cli_command *cmd);
int cli_policy_hold(const struct cli_command *cmd);
int cli_path_compute(const struct cli_command *cmd);
int cli_session_list(const struct cli_command *cmd);
int cli_session_clear(const struct cli_command *cmd);
int cli_headend_list(const struct cli_command *cmd);
int cli_book(const struct cli_command *cmd);
int cli_event(const struct cli_command *cmd);
int cli_alarm(const struct cli_command *cmd);
int cli_audit(const struct cli_command *cmd);
int cli_backup(const struct cli_command *cmd);
int cli_api(const struct cli_command *cmd);
int cli_version(const struct cli_command *cmd);
int cli_completion(const struct cli_command *cmd);
int cli_complete(int argc, char **argv);

/* A node's router address by name, id or address; NULL-safe on error: prints and returns code. */
int cli_resolve(const char *text, char *out, size_t cap);

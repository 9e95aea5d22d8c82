/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sextant: the command line. One table of commands (commands.c) drives parsing, help and
 * completion; scripts must spell words, people may too.
 */
#include <curl/curl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct cli cli = { .server = "http://[::1]:8080", .timeout_s = 30 };

static const struct cli_option globals[] = {
	{ "server", "URL", "the controller's API (default http://[::1]:8080, or SEXTANT_SERVER)" },
	{ "cert", "FILE", "client certificate for mutual TLS (SEXTANT_CERT)" },
	{ "key", "FILE", "its private key (SEXTANT_KEY)" },
	{ "ca", "FILE", "whom to trust (SEXTANT_CA)" },
	{ "timeout", "SECONDS", "give up after so long (default 30)" },
	{ "json", NULL, "print the API's JSON, byte for byte" },
	{ "quiet", NULL, "no headings" },
	{ "verbose", NULL, "show the HTTP exchange" },
	{ "help", NULL, "what a command takes" },
	{ 0 },
};

int cli_fail(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("sextant: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	return code;
}

const char *cli_opt(const char *name, int k)
{
	for (int i = 0; i < cli.n_given; i++)
		if (strcmp(cli.given[i].name, name) == 0 && k-- == 0)
			return cli.given[i].value ? cli.given[i].value : "";
	return NULL;
}

static const struct cli_option *option_find(const struct cli_option *o, const char *name, size_t len)
{
	for (; o && o->name; o++)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static void options_help(const struct cli_option *o)
{
	for (; o && o->name; o++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "",
			       o->value ? o->value : "");
		(void)printf("  %-26s %s\n", left, o->help);
	}
}

static int help_all(void)
{
	(void)puts("usage: sextant COMMAND [OPERANDS] [--options]\n\nCommands:");
	for (const struct cli_command *c = cli_commands; c->words; c++) {
		char left[96];

		(void)snprintf(left, sizeof(left), "%s %s", c->words, c->operands);
		(void)printf("  %-44s %s\n", left, c->help);
	}
	(void)puts("\nOptions of every command:");
	options_help(globals);
	(void)puts("\nExit codes: 0 fine, 1 refused, 2 usage, 3 no path, 4 conflict, 5 unreachable, "
		   "6 not allowed, 7 timeout");
	return CLI_OK;
}

static int help_one(const struct cli_command *c)
{
	(void)printf("usage: sextant %s %s%s\n\n%s\n", c->words, c->operands, c->options ? " [--options]" : "",
		     c->help);
	if (c->options)
		(void)puts("\nOptions:");
	options_help(c->options);
	(void)puts("\nOptions of every command:");
	options_help(globals);
	return CLI_OK;
}

/* How many of the words given spell this command; 0: they do not. */
static int words_match(const struct cli_command *c, int n, char **words)
{
	const char *w = c->words;
	int used = 0;

	while (*w) {
		size_t len = strcspn(w, " ");

		if (used >= n || strlen(words[used]) != len || strncmp(words[used], w, len) != 0)
			return 0;
		used++;
		w += len + (w[len] == ' ');
	}
	return used;
}

static const struct cli_command *command_find(int n, char **words, int *used)
{
	const struct cli_command *best = NULL;

	*used = 0;
	for (const struct cli_command *c = cli_commands; c->words; c++) {
		int k = words_match(c, n, words);

		if (k > *used) {
			*used = k;
			best = c;
		}
	}
	return best;
}

/* Splits the line: what starts with -- is an option and may take the next word. */
static int option_take(const struct cli_command *c, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const struct cli_option *o = option_find(c ? c->options : NULL, name, len);
	const char *value = name[len] == '=' ? name + len + 1 : NULL;

	if (!o)
		o = option_find(globals, name, len);
	if (!o)
		return cli_fail(CLI_USAGE, "unknown option '%s' (see 'sextant %s --help')", argv[*i],
				c ? c->words : "");
	if (o->value && !value) {
		if (*i + 1 >= argc)
			return cli_fail(CLI_USAGE, "--%s wants a %s", o->name, o->value);
		value = argv[++*i];
	} else if (!o->value && value) {
		return cli_fail(CLI_USAGE, "--%s takes no value", o->name);
	}
	if (cli.n_given == CLI_WORDS_MAX)
		return cli_fail(CLI_USAGE, "too many options");
	cli.given[cli.n_given].name = o->name;
	cli.given[cli.n_given++].value = value;
	return CLI_OK;
}

static const char *setting(const char *option, const char *env, const char *otherwise)
{
	const char *v = cli_opt(option, 0);

	if (!v)
		v = getenv(env);
	return v && *v ? v : otherwise;
}

static int settings(void)
{
	const char *t = cli_opt("timeout", 0);
	uint64_t seconds = 30;

	cli.server = setting("server", "SEXTANT_SERVER", cli.server);
	cli.cert = setting("cert", "SEXTANT_CERT", NULL);
	cli.key = setting("key", "SEXTANT_KEY", NULL);
	cli.ca = setting("ca", "SEXTANT_CA", NULL);
	cli.json = cli_opt("json", 0) != NULL;
	cli.quiet = cli_opt("quiet", 0) != NULL;
	cli.verbose = cli_opt("verbose", 0) != NULL;
	if (t && (str_u64(t, &seconds) < 0 || seconds == 0 || seconds > 86400))
		return cli_fail(CLI_USAGE, "--timeout '%s' is not a number of seconds", t);
	cli.timeout_s = (long)seconds;
	return CLI_OK;
}

static int run(const struct cli_command *c, int argc, char **argv)
{
	int rc;

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
			rc = option_take(c, argc, argv, &i);
			if (rc != CLI_OK)
				return rc;
		} else if (cli.n_operands < CLI_WORDS_MAX) {
			cli.operands[cli.n_operands++] = argv[i];
		}
	}
	if (cli_opt("help", 0))
		return help_one(c);
	if (cli.n_operands < c->operands_min || cli.n_operands > c->operands_max)
		return cli_fail(CLI_USAGE, "usage: sextant %s %s (see --help)", c->words, c->operands);
	rc = settings();
	if (rc != CLI_OK)
		return rc;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	rc = c->run(c);
	curl_global_cleanup();
	return rc;
}

int main(int argc, char **argv)
{
	const struct cli_command *c;
	int used;

	if (argc >= 2 && strcmp(argv[1], "__complete") == 0)
		return cli_complete(argc - 2, argv + 2);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return argc < 2 ? (help_all(), CLI_USAGE) : help_all();
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = (char[]){ "version" };
	c = command_find(argc - 1, argv + 1, &used);
	if (!c)
		return cli_fail(CLI_USAGE, "unknown command '%s%s%s' (see 'sextant --help')", argv[1],
				argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
	return run(c, argc - 1 - used, argv + 1 + used);
}

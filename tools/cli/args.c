/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the command line. One table of commands (commands.c) drives parsing, help and
 * completion; words are spelt in full.
 */
#include <curl/curl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct cli cli_said;

const struct cli_option cli_globals[] = {
	{ "server", "URL", "the controller's API (default http://[::1]:8080, or SEXTANT_SERVER)" },
	{ "cert", "FILE", "client certificate for mutual TLS (SEXTANT_CERT)" },
	{ "key", "FILE", "its private key (SEXTANT_KEY)" },
	{ "ca", "FILE", "authorities that may sign the controller (SEXTANT_CA)" },
	{ "timeout", "SECONDS", "give up after so long (default 30)" },
	{ "json", NULL, "print the API's JSON, byte for byte" },
	{ "output", "json|table", "the same as a choice; -o for short" },
	{ "quiet", NULL, "no headings, no remarks" },
	{ "verbose", NULL, "show the HTTP exchange" },
	{ "help", NULL, "what a command takes" },
	{ 0 },
};

static const char exits[] =
	"\nExit codes:\n"
	"  0 fine          1 refused by the controller   2 usage\n"
	"  3 no path       4 conflict                    5 controller unreachable\n"
	"  6 not allowed   7 timeout\n";

int cli_fail(int code, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	if (cli_said.silent)
		return code;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli_clean(text);
	(void)fprintf(stderr, "sextant: %s\n", text);
	return code;
}

const char *cli_opt(const char *name, int k)
{
	for (int i = 0; i < cli_said.n_given; i++)
		if (strcmp(cli_said.given[i].name, name) == 0 && k-- == 0)
			return cli_said.given[i].value ? cli_said.given[i].value : "";
	return NULL;
}

const struct cli_option *cli_option_find(const struct cli_option *o, const char *name, size_t len)
{
	for (; o && o->name; o++)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

/* ---- help ---- */

/* Two columns; what is too long for the first has a line of its own. */
static void two_columns(FILE *out, int width, int used, const char *help)
{
	if (used > width)
		(void)fprintf(out, "\n  %*s", width, "");
	else
		(void)fprintf(out, "%*s", width - used, "");
	(void)fprintf(out, " %s\n", help);
}

static void options_help(const struct cli_option *o)
{
	for (; o && o->name; o++)
		two_columns(stdout, 29, printf("  --%s%s%s", o->name, o->value ? " " : "",
				       o->value ? o->value : "") - 2, o->help);
}

static void command_line(const struct cli_command *c, FILE *out)
{
	two_columns(out, 38, fprintf(out, "  %s %s", c->words, c->operands) - 2, c->help);
}

static int help_all(void)
{
	(void)puts("sextant: the command line of the Sextant controller\n\n"
		   "usage: sextant COMMAND [OPERANDS] [--options]\n\nCommands:");
	for (const struct cli_command *c = cli_commands; c->words; c++)
		command_line(c, stdout);
	(void)puts("\n'sextant COMMAND --help' says what a command takes.\n\nOptions of every command:");
	options_help(cli_globals);
	(void)fputs(exits, stdout);
	return CLI_OK;
}

static int help_one(const struct cli_command *c)
{
	(void)printf("sextant %s: %s\n\nusage: sextant %s%s%s%s\n", c->words, c->help, c->words,
		     *c->operands ? " " : "", c->operands, c->options ? " [--options]" : "");
	if (c->more)
		(void)printf("\n%s\n", c->more);
	if (c->options)
		(void)puts("\nOptions:");
	options_help(c->options);
	(void)puts("\nOptions of every command:");
	options_help(cli_globals);
	(void)fputs(exits, stdout);
	return CLI_OK;
}

/* ---- finding the command ---- */

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

static bool in_group(const struct cli_command *c, const char *word)
{
	size_t len = strlen(word);

	return strncmp(c->words, word, len) == 0 && c->words[len] == ' ';
}

static bool group_known(const char *word)
{
	for (const struct cli_command *c = cli_commands; c->words; c++)
		if (in_group(c, word))
			return true;
	return false;
}

/* The commands that begin with this word, to out; false when there are none. */
static bool group_help(const char *word, FILE *out)
{
	for (const struct cli_command *c = cli_commands; c->words; c++)
		if (in_group(c, word))
			command_line(c, out);
	return group_known(word);
}

static int command_unknown(int n, char **words)
{
	bool help = n > 1 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0);

	if (help && group_help(words[0], stdout))
		return CLI_OK;
	if (!group_known(words[0]))
		(void)cli_fail(0, "unknown command '%s' (see 'sextant --help')", words[0]);
	else if (n > 1 && !help)
		(void)cli_fail(0, "unknown command '%s %s' (see 'sextant --help')", words[0], words[1]);
	else
		(void)cli_fail(0, "'%s' is not a whole command (see 'sextant --help')", words[0]);
	(void)group_help(words[0], stderr);
	return CLI_USAGE;
}

/* ---- options ---- */

static bool takes_many(const struct cli_option *o)
{
	size_t n = o->value ? strlen(o->value) : 0;

	return n > 2 && strcmp(o->value + n - 2, "..") == 0;
}

static int given_add(const char *name, const char *value)
{
	if (cli_said.n_given == CLI_WORDS_MAX)
		return cli_fail(CLI_USAGE, "too many options");
	cli_said.given[cli_said.n_given].name = name;
	cli_said.given[cli_said.n_given++].value = value;
	return CLI_OK;
}

/* What starts with -- is an option and may take the next word. *many: one that takes more. */
static int option_take(const struct cli_command *c, int argc, char **argv, int *i,
		       const struct cli_option **many)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const struct cli_option *o = cli_option_find(c ? c->options : NULL, name, len);
	const char *value = name[len] == '=' ? name + len + 1 : NULL;

	if (!o)
		o = cli_option_find(cli_globals, name, len);
	if (!o)
		return cli_fail(CLI_USAGE, "unknown option '%s' (see 'sextant %s%s--help')", argv[*i],
				c ? c->words : "", c ? " " : "");
	if (o->value && !value) {
		if (*i + 1 >= argc)
			return cli_fail(CLI_USAGE, "--%s wants a value: %s", o->name, o->value);
		value = argv[++*i];
	} else if (!o->value && value) {
		return cli_fail(CLI_USAGE, "--%s takes no value", o->name);
	}
	*many = takes_many(o) ? o : NULL;
	if (!*many && o->value && cli_opt(o->name, 0))
		return cli_fail(CLI_USAGE, "--%s is given twice", o->name);
	return given_add(o->name, value);
}

/* -o WORD is --output WORD. */
static int output_take(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc)
		return cli_fail(CLI_USAGE, "-o wants a value: json or table");
	if (cli_opt("output", 0))
		return cli_fail(CLI_USAGE, "--output is given twice");
	return given_add("output", argv[++*i]);
}

/* A word is an operand; when there are enough of them, one more of the list right before it. */
static int word_take(const struct cli_command *c, const char *word, const struct cli_option **many)
{
	if (cli_said.n_operands < c->operands_max && cli_said.n_operands < CLI_WORDS_MAX) {
		cli_said.operands[cli_said.n_operands++] = word;
		*many = NULL;
		return CLI_OK;
	}
	if (*many)
		return given_add((*many)->name, word);
	return cli_fail(CLI_USAGE, "'%s' is one word too many; usage: sextant %s %s", word, c->words,
			c->operands);
}

int cli_line(const struct cli_command *c, int argc, char **argv)
{
	const struct cli_option *many = NULL;
	bool words_only = false;

	for (int i = 0; i < argc; i++) {
		int rc;

		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
			continue;
		}
		if (!words_only && strcmp(argv[i], "-h") == 0)
			rc = given_add("help", NULL);
		else if (!words_only && strcmp(argv[i], "-o") == 0)
			rc = output_take(argc, argv, &i);
		else if (!words_only && strncmp(argv[i], "--", 2) == 0)
			rc = option_take(c, argc, argv, &i, &many);
		else
			rc = word_take(c, argv[i], &many);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

static const char *setting(const char *option, const char *env, const char *otherwise)
{
	const char *v = cli_opt(option, 0);

	if (!v)
		v = getenv(env);
	return v && *v ? v : otherwise;
}

int cli_settings(void)
{
	const char *t = cli_opt("timeout", 0), *output = cli_opt("output", 0);
	uint64_t seconds = 30;

	cli_said.server = setting("server", "SEXTANT_SERVER", "http://[::1]:8080");
	cli_said.cert = setting("cert", "SEXTANT_CERT", NULL);
	cli_said.key = setting("key", "SEXTANT_KEY", NULL);
	cli_said.ca = setting("ca", "SEXTANT_CA", NULL);
	cli_said.json = cli_opt("json", 0) != NULL;
	if (output && strcmp(output, "json") != 0 && strcmp(output, "table") != 0)
		return cli_fail(CLI_USAGE, "--output '%s' is neither json nor table", output);
	if (output)
		cli_said.json = strcmp(output, "json") == 0;
	cli_said.quiet = cli_opt("quiet", 0) != NULL;
	cli_said.verbose = cli_opt("verbose", 0) != NULL;
	if (t && (str_u64(t, &seconds) < 0 || seconds == 0 || seconds > 86400))
		return cli_fail(CLI_USAGE, "--timeout '%s' is not a number of seconds from 1 to 86400", t);
	cli_said.timeout_ms = (long)seconds * 1000;
	return CLI_OK;
}

static int run(const struct cli_command *c, int argc, char **argv)
{
	int rc = cli_line(c, argc, argv);

	if (cli_opt("help", 0))
		return help_one(c);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.n_operands < c->operands_min)
		return cli_fail(CLI_USAGE, "something is missing; usage: sextant %s %s (see --help)", c->words,
				c->operands);
	rc = cli_settings();
	if (rc != CLI_OK)
		return rc;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	rc = c->run(c);
	curl_global_cleanup();
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_fail(rc == CLI_OK ? CLI_REFUSED : rc, "the output could not be written");
	return rc;
}

static int help(int n, char **words)
{
	const struct cli_command *c;
	int used;

	if (n == 0)
		return help_all();
	c = command_find(n, words, &used);
	if (c)
		return help_one(c);
	return group_help(words[0], stdout) ? CLI_OK : command_unknown(n, words);
}

int cli_main(int argc, char **argv)
{
	const struct cli_option *many;
	const struct cli_command *c;
	int i = 1, used, rc;

	cli_said = (struct cli){ 0 };
	if (argc >= 2 && strcmp(argv[1], "__complete") == 0)
		return cli_complete(argc - 2, argv + 2);
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		(void)puts("sextant " SEXTANT_VERSION);
		return CLI_OK;
	}
	/* Options of every command may also stand before it. */
	for (; i < argc && strncmp(argv[i], "--", 2) == 0 && !cli_opt("help", 0); i++)
		if ((rc = option_take(NULL, argc, argv, &i, &many)) != CLI_OK)
			return rc;
	if (cli_opt("help", 0))
		return help(argc - i, argv + i);
	if (i >= argc) {
		(void)cli_fail(0, "a command is missing; 'sextant --help' lists them");
		return CLI_USAGE;
	}
	if (strcmp(argv[i], "help") == 0 || strcmp(argv[i], "-h") == 0)
		return help(argc - i - 1, argv + i + 1);
	c = command_find(argc - i, argv + i, &used);
	if (!c)
		return command_unknown(argc - i, argv + i);
	return run(c, argc - i - used, argv + i + used);
}

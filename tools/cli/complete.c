/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell completion: a script per shell that asks `sextant __complete WORDS…` for the next word.
 * Words and options come from the table of commands; keys and nodes from the controller, when
 * it answers at once.
 */
#include <curl/curl.h>
#include <string.h>

#include "cli.h"

enum { BUDGET_MS = 200 };

static const char bash_script[] =
	"_sextant() {\n"
	"  local IFS=$'\\n'\n"
	"  COMPREPLY=($(sextant __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
	"}\n"
	"complete -o default -F _sextant sextant\n";
static const char zsh_script[] =
	"#compdef sextant\n"
	"_sextant() { compadd -- ${(f)\"$(sextant __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"} }\n"
	"compdef _sextant sextant\n";
static const char fish_script[] =
	"complete -c sextant -f -a '(sextant __complete (commandline -opc)[2..-1] (commandline -ct))'\n";

int cli_completion(const struct cli_command *cmd)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };

	(void)cmd;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (strcmp(cli_said.operands[0], scripts[i].shell) == 0) {
			(void)fputs(scripts[i].script, stdout);
			return CLI_OK;
		}
	return cli_fail(CLI_USAGE, "completion for '%s' is not there; bash, zsh and fish are",
			cli_said.operands[0]);
}

static void offer(const char *text, const char *start)
{
	if (strncmp(text, start, strlen(start)) == 0 && !strpbrk(text, "\r\n\033"))
		(void)puts(text);
}

/* The k-th word of a phrase; false when it has fewer. */
static bool word_at(const char *phrase, int k, char *out, size_t cap)
{
	for (int i = 0; *phrase; i++) {
		size_t len = strcspn(phrase, " ");

		if (i == k) {
			(void)snprintf(out, cap, "%.*s", (int)len, phrase);
			return true;
		}
		phrase += len + (phrase[len] == ' ');
	}
	return false;
}

/* How many words of the command the n given ones spell, from the first. */
static int spelt(const char *phrase, int n, char **given)
{
	char word[64];
	int k = 0;

	while (k < n && word_at(phrase, k, word, sizeof(word)) && strcmp(word, given[k]) == 0)
		k++;
	return k;
}

static int words_in(const char *phrase)
{
	char word[64];
	int n = 0;

	while (word_at(phrase, n, word, sizeof(word)))
		n++;
	return n;
}

/* ---- values from the controller ---- */

static void offer_nodes(const char *start)
{
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *net;

	if (cli_get("/restconf/data/ietf-network:networks?fields=network"
		    "(node(node-id;sextant-topology:node-attributes(name)))", &r) != CLI_OK)
		return;
	net = cli_nth(r.json, "networks/network", 0);
	for (size_t i = 0; i < cli_count(net, "node"); i++) {
		json_object *n = cli_nth(net, "node", i);

		offer(cli_text(n, "node-attributes/name", cli_text(n, "node-id", "")), start);
	}
}

static void offer_keys(const char *start)
{
	CLI_REPLY struct cli_reply r = { 0 };

	if (cli_get("/restconf/data/sextant-policy:policies?fields=policy(headend;color;endpoint)", &r) != CLI_OK)
		return;
	for (size_t i = 0; i < cli_count(r.json, "policies/policy"); i++) {
		json_object *p = cli_nth(r.json, "policies/policy", i);
		STR_AUTO struct str key = { 0 };

		str_addf(&key, "%s,%s,%s", cli_text(p, "headend", ""), cli_text(p, "color", ""),
			 cli_text(p, "endpoint", ""));
		offer(str_text(&key), start);
	}
}

static void offer_slices(const char *start)
{
	CLI_REPLY struct cli_reply r = { 0 };

	if (cli_get("/restconf/data/ietf-network-slice-service:network-slice-services?fields="
		    "slice-service(id)", &r) != CLI_OK)
		return;
	for (size_t i = 0; i < cli_count(r.json, "network-slice-services/slice-service"); i++)
		offer(cli_text(cli_nth(r.json, "network-slice-services/slice-service", i), "id", ""), start);
}

static void offer_vpns(const char *start)
{
	CLI_REPLY struct cli_reply r = { 0 };

	if (cli_get(CLI_VPNS "?fields=vpn-service(vpn-id)", &r) != CLI_OK)
		return;
	for (size_t i = 0; i < cli_count(r.json, "vpn-services/vpn-service"); i++)
		offer(cli_text(cli_nth(r.json, "vpn-services/vpn-service", i), "vpn-id", ""), start);
}

static void offer_peers(const char *start)
{
	CLI_REPLY struct cli_reply r = { 0 };

	if (cli_get("/restconf/data/sextant-system:system/sessions", &r) != CLI_OK)
		return;
	for (size_t i = 0; i < cli_count(r.json, "sessions/session"); i++)
		offer(cli_text(cli_nth(r.json, "sessions/session", i), "peer", ""), start);
}

/* on|off|status */
static void offer_choice(const char *operand, const char *start)
{
	while (*operand) {
		size_t n = strcspn(operand, "|");
		char word[64];

		(void)snprintf(word, sizeof(word), "%.*s", (int)n, operand);
		offer(word, start);
		operand += n + (operand[n] == '|');
	}
}

static void offer_operand(const char *operand, const char *start)
{
	static const struct {
		const char *operand;
		void (*offer)(const char *start);
	} live[] = { { "KEY", offer_keys },  { "HEADEND", offer_nodes }, { "ENDPOINT", offer_nodes },
		     { "SRC", offer_nodes }, { "DST", offer_nodes },	 { "PEER", offer_peers },
		     { "SLICE", offer_slices }, { "VPN", offer_vpns } };

	if (strchr(operand, '|')) {
		offer_choice(operand, start);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(live); i++)
		if (strcmp(live[i].operand, operand) == 0) {
			(void)cli_settings();
			cli_said.timeout_ms = BUDGET_MS;
			cli_said.silent = true;
			live[i].offer(start);
		}
}

/* ---- the word at the cursor ---- */

static void offer_options(const struct cli_option *o, const char *start)
{
	for (; o && o->name; o++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "--%s", o->name);
		offer(text, start);
	}
}

/* The option whose value the next word is, or NULL. */
static const struct cli_option *wants_value(const struct cli_command *c, const char *word)
{
	const struct cli_option *o = NULL;

	if (strncmp(word, "--", 2) == 0)
		o = cli_option_find(c->options, word + 2, strlen(word + 2));
	return o && o->value ? o : NULL;
}

/* Behind the whole command: an operand, when the words before are none of options. */
static void inside(const struct cli_command *c, int n, char **given, const char *start)
{
	const struct cli_option *o = n > 0 ? wants_value(c, given[n - 1]) : NULL;
	char operand[64];
	int k = n - words_in(c->words);

	if (o) {
		if (strchr(o->value, '|'))
			offer_choice(o->value, start);
		return;
	}

	if (strncmp(start, "-", 1) == 0) {
		offer_options(c->options, start);
		offer_options(cli_globals, start);
		return;
	}
	for (int i = n - k; i < n; i++)
		if (strncmp(given[i], "-", 1) == 0)
			return;
	if (word_at(c->operands, k, operand, sizeof(operand)))
		offer_operand(operand, start);
}

int cli_complete(int argc, char **argv)
{
	const char *start = argc > 0 ? argv[argc - 1] : "";
	int n = argc > 0 ? argc - 1 : 0;
	char word[64], last[64] = "";

	for (const struct cli_command *c = cli_commands; c->words; c++) {
		int k = spelt(c->words, n, argv);

		if (k == words_in(c->words)) {
			inside(c, n, argv, start);
			return CLI_OK;
		}
		/* Commands of a group stand together: its name is offered once. */
		if (k == n && word_at(c->words, k, word, sizeof(word)) && strcmp(word, last) != 0) {
			offer(word, start);
			(void)str_copy(last, sizeof(last), word);
		}
	}
	return CLI_OK;
}

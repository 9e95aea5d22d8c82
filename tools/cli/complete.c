/* SPDX-License-Identifier: Apache-2.0 */
/* Shell completion: a stub per shell that asks `sextant __complete WORDS…` for the next word. */
#include <string.h>

#include "cli.h"

static const char bash_stub[] =
	"_sextant() {\n"
	"  local IFS=$'\\n'\n"
	"  COMPREPLY=($(sextant __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
	"}\n"
	"complete -o default -F _sextant sextant\n";
static const char zsh_stub[] =
	"#compdef sextant\n"
	"_sextant() { compadd -- ${(f)\"$(sextant __complete ${words[2,CURRENT]} 2>/dev/null)\"} }\n"
	"compdef _sextant sextant\n";
static const char fish_stub[] =
	"complete -c sextant -f -a '(sextant __complete (commandline -opc)[2..-1] (commandline -ct))'\n";

int cli_completion(const struct cli_command *cmd)
{
	static const struct {
		const char *shell, *stub;
	} stubs[] = { { "bash", bash_stub }, { "zsh", zsh_stub }, { "fish", fish_stub } };

	(void)cmd;
	for (size_t i = 0; i < ARRAY_LEN(stubs); i++)
		if (strcmp(cli.operands[0], stubs[i].shell) == 0) {
			(void)fputs(stubs[i].stub, stdout);
			return CLI_OK;
		}
	return cli_fail(CLI_USAGE, "completion for '%s' is not there; bash, zsh and fish are",
			cli.operands[0]);
}

/* The word of the command at position k, when the words before are those given. */
static bool word_at(const char *words, int k, char **given, char *out, size_t cap)
{
	for (int i = 0; *words; i++) {
		size_t len = strcspn(words, " ");

		if (i == k) {
			(void)snprintf(out, cap, "%.*s", (int)len, words);
			return true;
		}
		if (strlen(given[i]) != len || strncmp(given[i], words, len) != 0)
			return false;
		words += len + (words[len] == ' ');
	}
	return false;
}

static void complete_options(const struct cli_command *c, const char *start)
{
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (strncmp(o->name, start + 2, strlen(start + 2)) == 0)
			(void)printf("--%s\n", o->name);
}

int cli_complete(int argc, char **argv)
{
	const char *start = argc > 0 ? argv[argc - 1] : "";
	int k = argc > 0 ? argc - 1 : 0;
	char word[64], last[64] = "";

	for (const struct cli_command *c = cli_commands; c->words; c++) {
		if (strncmp(start, "--", 2) == 0) {
			int i = 0;

			while (word_at(c->words, i, argv, word, sizeof(word)) && i < k &&
			       strcmp(word, argv[i]) == 0)
				i++;
			if (i > 0 && !word_at(c->words, i, argv, word, sizeof(word)))
				complete_options(c, start);
		} else if (word_at(c->words, k, argv, word, sizeof(word)) && strcmp(word, last) != 0 &&
			   strncmp(word, start, strlen(start)) == 0) {
			(void)puts(word);
			(void)snprintf(last, sizeof(last), "%s", word);
		}
	}
	return CLI_OK;
}

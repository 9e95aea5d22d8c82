/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --leg: what one path of a disjoint set has of its own, said as for a path: "2 --to pe4 --delay-max
 * 10ms". What it does not say is as for the set: the API has all terms of a leg in one piece, so those
 * of the set that the leg says nothing of are told again.
 */
#include <string.h>

#include "cli.h"

enum { TEXT_MAX = 2048, LEGS_MAX = 8 };

static const struct cli_option o_terms[] = { CLI_OPTIONS_CONSTRAINTS, { 0 } };

static const struct cli_option o_leg[] = {
	{ "from", "NODE", "where it begins" },
	{ "to", "NODE", "where it ends" },
	{ "bandwidth", "RATE", "of this path" },
	{ "msd", "N", "SIDs its headend can push" },
	{ "reserved", "N", "SIDs kept free for services" },
	CLI_OPTIONS_CONSTRAINTS,
	{ 0 },
};

static bool is_term(const char *name)
{
	return cli_option_find(o_terms, name, strlen(name)) != NULL;
}

/* Words at blanks; text is cut up. */
static int split(char *text, char *words[CLI_WORDS_MAX])
{
	int n = 0;

	for (char *p = text + strspn(text, " \t"); *p && n < CLI_WORDS_MAX; p += strspn(p, " \t")) {
		words[n++] = p;
		p += strcspn(p, " \t");
		if (*p)
			*p++ = '\0';
	}
	return n;
}

static void say_node(const char *option, const char *member, struct str *out)
{
	const char *v = cli_opt(option, 0);

	if (!v)
		return;
	str_addf(out, ",\"%s\":", member);
	str_json(out, v);
}

/* Terms of the set that the leg does not say are its own. */
static int inherit(const struct cli *set)
{
	int own = cli_said.n_given;

	for (int i = 0; i < set->n_given; i++) {
		bool said = !is_term(set->given[i].name);

		for (int k = 0; k < own; k++)
			said = said || strcmp(cli_said.given[k].name, set->given[i].name) == 0;
		if (said)
			continue;
		if (cli_said.n_given == CLI_WORDS_MAX)
			return cli_fail(CLI_USAGE, "too many options");
		cli_said.given[cli_said.n_given++] = set->given[i];
	}
	return CLI_OK;
}

static int members(const struct cli *set, struct str *out)
{
	STR_AUTO struct str demand = { 0 }, terms = { 0 };
	bool own = false;
	int rc = cli_demand(&demand);

	say_node("from", "source", out);
	say_node("to", "destination", out);
	if (rc == CLI_OK && demand.len > 0)
		str_addf(out, ",%s", str_text(&demand));
	for (int i = 0; i < cli_said.n_given; i++)
		own = own || is_term(cli_said.given[i].name);
	if (rc != CLI_OK || !own)
		return rc;
	rc = inherit(set);
	if (rc == CLI_OK)
		rc = cli_constraints(&terms);
	if (rc == CLI_OK)
		str_addf(out, ",\"constraints\":{%s}", str_text(&terms));
	return rc;
}

/* The command line is the leg's for as long as it is read. */
static int leg(const char *said, unsigned *seen, struct str *out)
{
	static const struct cli_command line = { .words = "path disjoint --leg", .operands = "\"N --option..\"",
						 .operands_max = 1, .options = o_leg };
	const struct cli set = cli_said;
	char text[TEXT_MAX], *words[CLI_WORDS_MAX];
	uint64_t index = 0;
	int rc;

	if (strlen(said) >= sizeof(text))
		return cli_fail(CLI_USAGE, "--leg: that is too long");
	memcpy(text, said, strlen(said) + 1);
	cli_said.n_given = cli_said.n_operands = 0;
	rc = cli_line(&line, split(text, words), words);
	for (int i = 0; rc == CLI_OK && i < cli_said.n_given; i++)
		if (!cli_option_find(o_leg, cli_said.given[i].name, strlen(cli_said.given[i].name)))
			rc = cli_fail(CLI_USAGE, "--%s is not of one path", cli_said.given[i].name);
	if (rc == CLI_OK && (cli_said.n_operands != 1 || str_u64(cli_said.operands[0], &index) < 0 ||
			     index == 0 || index > LEGS_MAX || (*seen >> index & 1)))
		rc = cli_fail(CLI_USAGE, "--leg '%s' does not begin with a number from 1 to 8 of its own, as in "
					 "\"2 --delay-max 10ms\"", said);
	if (rc == CLI_OK) {
		*seen |= 1U << index;
		str_addf(out, "%s{\"index\":%u", *seen == 1U << index ? "" : ",", (unsigned)index);
		rc = members(&set, out);
		str_add(out, "}");
	}
	cli_said = set;
	return rc;
}

int cli_legs(struct str *out)
{
	unsigned seen = 0;
	const char *v;

	if (!cli_opt("leg", 0))
		return CLI_OK;
	str_add(out, ",\"leg\":[");
	for (int k = 0; (v = cli_opt("leg", k)); k++)
		if (leg(v, &seen, out) != CLI_OK)
			return CLI_USAGE;
	str_add(out, "]");
	return CLI_OK;
}

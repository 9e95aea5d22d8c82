/* SPDX-License-Identifier: Apache-2.0 */
/* The command line without a controller: units, tables, options as JSON, usage, completion. */
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "cli.h"

static char said[65536], complained[65536];

static FILE *divert(int fd, int *kept)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	*kept = dup(fd);
	ck_assert_int_ge(*kept, 0);
	ck_assert_int_ge(dup2(fileno(f), fd), 0);
	return f;
}

static void restore(FILE *f, int fd, int kept, char *text, size_t cap)
{
	ck_assert_int_ge(dup2(kept, fd), 0);
	close(kept);
	rewind(f);
	text[fread(text, 1, cap - 1, f)] = '\0';
	fclose(f);
}

static FILE *out, *err;
static int kept_out, kept_err;

static void capture(void)
{
	fflush(stdout);
	fflush(stderr);
	out = divert(1, &kept_out);
	err = divert(2, &kept_err);
}

static void captured(void)
{
	fflush(stdout);
	fflush(stderr);
	restore(out, 1, kept_out, said, sizeof(said));
	restore(err, 2, kept_err, complained, sizeof(complained));
}

/* A whole line, words separated by one space; nothing listens at its server. */
static int sextant(const char *text)
{
	char line[512], *argv[CLI_WORDS_MAX], *p = line;
	int argc = 0, rc;

	snprintf(line, sizeof(line), "sextant%s%s", *text ? " " : "", text);
	setenv("SEXTANT_SERVER", "http://[::1]:1", 1);
	while (p && argc < CLI_WORDS_MAX - 1)
		argv[argc++] = strsep(&p, " ");
	argv[argc] = NULL;
	capture();
	rc = cli_main(argc, argv);
	captured();
	return rc;
}

/* ---- units ---- */

static const struct {
	const char *text;
	int rc;
	uint64_t value;
} rates[] = {
	{ "0", 0, 0 },
	{ "1000", 0, 1000 },
	{ "64k", 0, 64000 },
	{ "64K", 0, 64000 },
	{ "10M", 0, 10000000 },
	{ "2.5G", 0, 2500000000 },
	{ "1.000001M", 0, 1000001 },
	{ "400Gbps", 0, 400000000000 },
	{ "1T", 0, 1000000000000 },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -1, 0 },
	{ "18446745T", -1, 0 },
	{ "1.0000001M", -1, 0 },
	{ "1.5", -1, 0 },
	{ "", -1, 0 },
	{ "M", -1, 0 },
	{ ".", -1, 0 },
	{ "-5", -1, 0 },
	{ "+5", -1, 0 },
	{ " 5", -1, 0 },
	{ "5 M", -1, 0 },
	{ "1.2.3M", -1, 0 },
	{ "10Mb", -1, 0 },
	{ "0x10", -1, 0 },
	{ "1e6", -1, 0 },
	{ "nan", -1, 0 },
	{ "10ms", -1, 0 },
};

START_TEST(rates_are_exact_or_refused)
{
	uint64_t v = 0;
	int rc = cli_parse_rate(rates[_i].text, &v);

	ck_assert_msg((rc == 0) == (rates[_i].rc == 0), "%s", rates[_i].text);
	if (rc == 0)
		ck_assert_uint_eq(v, rates[_i].value);
}
END_TEST

static const struct {
	const char *text;
	int rc;
	uint64_t value;
} delays[] = {
	{ "20ms", 0, 20000 }, { "500us", 0, 500 }, { "1s", 0, 1000000 }, { "7", 0, 7 },
	{ "1.5ms", 0, 1500 }, { "0.5us", -1, 0 },  { "20M", -1, 0 },	 { "ms", -1, 0 },
	{ "-1ms", -1, 0 },    { "20 ms", -1, 0 },
};

START_TEST(delays_are_exact_or_refused)
{
	uint64_t v = 0;
	int rc = cli_parse_delay(delays[_i].text, &v);

	ck_assert_msg((rc == 0) == (delays[_i].rc == 0), "%s", delays[_i].text);
	if (rc == 0)
		ck_assert_uint_eq(v, delays[_i].value);
}
END_TEST

static const struct {
	void (*format)(struct str *out, json_object *v);
	const char *json, *text;
} formats[] = {
	{ cli_fmt_delay, "999", "999us" },
	{ cli_fmt_delay, "1000", "1ms" },
	{ cli_fmt_delay, "4100", "4.1ms" },
	{ cli_fmt_delay, "20001", "20.001ms" },
	{ cli_fmt_rate, "\"0\"", "0" },
	{ cli_fmt_rate, "\"999\"", "999" },
	{ cli_fmt_rate, "\"10000000\"", "10M" },
	{ cli_fmt_rate, "\"2500000000\"", "2.5G" },
	{ cli_fmt_rate, "\"18446744073709551615\"", "18446744.073T" },
	{ cli_fmt_rate, "[]", "0" },
	{ cli_fmt_ns, "\"12345\"", "12.345us" },
	{ cli_fmt_ns, "\"12345678\"", "12.345ms" },
	{ cli_fmt_yes, "true", "yes" },
	{ cli_fmt_yes, "false", "no" },
	{ cli_fmt_list, "[\"a\",1,null]", "a 1 -" },
	{ cli_fmt_list, "{}", "" },
	{ cli_fmt_path, "[\"a>b\",\"b>c@::1\"]", "a > b > c@::1" },
	{ cli_fmt_path, "[\"odd\"]", "odd" },
	{ cli_fmt_segments, "[{\"sid\":\"::1\"},{\"label\":16001},{}]", "::1 16001 ?" },
	{ cli_fmt_time, "\"yesterday\"", "yesterday" },
	{ cli_fmt_time, "\"2100-01-01T00:00:00Z\"", "0s" },
};

START_TEST(values_are_shown_in_units_of_people)
{
	AUTO(cli_json_put) json_object *v = json_tokener_parse(formats[_i].json);
	STR_AUTO struct str s = { 0 };

	formats[_i].format(&s, v);
	ck_assert_str_eq(str_text(&s), formats[_i].text);
}
END_TEST

/* ---- JSON ---- */

START_TEST(members_are_found_with_and_without_their_module)
{
	AUTO(cli_json_put) json_object *o = json_tokener_parse(
		"{\"m:a\":{\"b\":[{\"n:c\":\"7\"},{\"c\":8}]},\"t\":true,\"null\":null}");

	ck_assert_uint_eq(cli_num(o, "a/b/c", 0), 7);
	ck_assert_uint_eq(cli_num(cli_nth(o, "a/b", 1), "c", 0), 8);
	ck_assert_uint_eq(cli_count(o, "a/b"), 2);
	ck_assert(cli_bool(o, "t"));
	ck_assert_ptr_null(cli_at(o, "a/x"));
	ck_assert_ptr_null(cli_at(o, "t/x"));
	ck_assert_ptr_null(cli_at(o, "null"));
	ck_assert_ptr_null(cli_nth(o, "a/b", 2));
	ck_assert_uint_eq(cli_num(o, "a", 5), 5);
	ck_assert_uint_eq(cli_num(o, "t", 5), 5);
	ck_assert_str_eq(cli_text(o, "null", "-"), "-");
	ck_assert(!cli_bool(NULL, "a"));
	ck_assert_uint_eq(cli_count(NULL, ""), 0);
}
END_TEST

START_TEST(text_in_a_url_is_escaped)
{
	STR_AUTO struct str s = { 0 };

	cli_url_escape(&s, "2001:db8::1,a/b c\xc3\xa9-._~");
	ck_assert_str_eq(str_text(&s), "2001%3Adb8%3A%3A1%2Ca%2Fb%20c%C3%A9-._~");
}
END_TEST

/* ---- tables ---- */

static const struct cli_column cols[] = {
	{ "NAME", "name", NULL, false },
	{ "RATE", "rate", cli_fmt_rate, true },
	{ "WHY", "why", NULL, false },
};

static void table(const char *json, bool quiet)
{
	AUTO(cli_json_put) json_object *rows = json_tokener_parse(json);

	cli_said = (struct cli){ .quiet = quiet };
	capture();
	cli_table(rows, cols, ARRAY_LEN(cols));
	captured();
}

START_TEST(a_table_is_aligned_and_counts_characters_not_bytes)
{
	table("[{\"name\":\"z\xc3\xbcrich\",\"rate\":\"10000000\",\"why\":\"ok\"},{\"name\":\"a\"}]", false);
	ck_assert_str_eq(said, "NAME    RATE  WHY\n"
			       "z\xc3\xbcrich   10M  ok\n"
			       "a          -  -\n");
}
END_TEST

START_TEST(a_quiet_table_has_no_heading)
{
	table("[{\"name\":\"a\",\"rate\":1,\"why\":\"\"}]", true);
	ck_assert_str_eq(said, "a  1  -\n");
}
END_TEST

START_TEST(an_empty_table_says_so)
{
	table("[]", false);
	ck_assert_str_eq(said, "(none)\n");
	table("{}", false);
	ck_assert_str_eq(said, "(none)\n");
	table("[]", true);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(a_terminal_never_gets_control_characters_from_the_network)
{
	char c1[] = "a\xc2\x9b" "b\x7f", text[] = "\xc3\xa9";

	table("[{\"name\":\"a\\u001b[2Jb\\nc\"}]", true);
	ck_assert_str_eq(said, "a?[2Jb?c  -  -\n");
	cli_clean(c1);
	ck_assert_str_eq(c1, "a??b?");
	cli_clean(text);
	ck_assert_str_eq(text, "\xc3\xa9");
}
END_TEST

START_TEST(a_record_leaves_out_what_is_absent)
{
	AUTO(cli_json_put) json_object *o = json_tokener_parse("{\"name\":\"a\",\"rate\":\"1000\"}");

	cli_said = (struct cli){ 0 };
	capture();
	cli_record(o, cols, ARRAY_LEN(cols));
	captured();
	ck_assert_str_eq(said, "NAME  a\nRATE  1k\n");
}
END_TEST

/* ---- options as JSON ---- */

static void give(const char *name, const char *value)
{
	cli_said.given[cli_said.n_given].name = name;
	cli_said.given[cli_said.n_given++].value = value;
}

START_TEST(constraints_become_members_of_the_model)
{
	STR_AUTO struct str s = { 0 };

	cli_said = (struct cli){ 0 };
	give("metric", "delay");
	give("delay-max", "20ms");
	give("hops-max", "5");
	give("affinity-exclude", "1,2");
	give("affinity-exclude", "255");
	give("affinity-include-all", "0");
	give("exclude", "p1>p2");
	give("exclude", "p\"3");
	give("strict", NULL);
	ck_assert_int_eq(cli_constraints(&s), CLI_OK);
	ck_assert_str_eq(str_text(&s),
			 "\"metric\":\"delay\",\"bounds\":{\"delay\":20000,\"hops\":5},"
			 "\"affinity\":{\"exclude-any\":[1,2,255],\"include-all\":[0]},"
			 "\"exclude\":[\"p1>p2\",\"p\\\"3\"],\"strict\":true");
}
END_TEST

START_TEST(every_constraint_becomes_a_member)
{
	STR_AUTO struct str s = { 0 };

	cli_said = (struct cli){ 0 };
	give("metric", "mix");
	give("mix", "igp=3,loss=65535");
	give("mix", "delay=0");
	give("objective", "mbp");
	give("algo", "129");
	give("delay-max", "20ms");
	give("delay-min", "1ms");
	give("variation-max", "0");
	give("loss-max", "0.01%");
	give("include", "p1,=p2>p3");
	give("include", "p\"4");
	give("exclude-srlg", "7,4294967295");
	give("exclude-asn", "65001");
	give("binding-sid", "fcbb:ffff::1,fcbb:ffff::2");
	ck_assert_int_eq(cli_constraints(&s), CLI_OK);
	ck_assert_str_eq(str_text(&s),
			 "\"metric\":\"mix\",\"mix\":{\"igp\":3,\"loss\":65535,\"delay\":0},"
			 "\"objective\":\"mbp\",\"algorithm\":129,\"bounds\":{\"delay\":20000,"
			 "\"delay-min\":1000,\"variation\":0,\"loss\":100},"
			 "\"include\":[{\"index\":1,\"ref\":\"p1\"},{\"index\":2,\"ref\":\"p2>p3\",\"strict\":true},"
			 "{\"index\":3,\"ref\":\"p\\\"4\"}],\"exclude-srlg\":[7,4294967295],"
			 "\"exclude-asn\":[65001],\"binding-sid\":[\"fcbb:ffff::1\",\"fcbb:ffff::2\"]");
}
END_TEST

START_TEST(demands_become_members_of_the_model)
{
	STR_AUTO struct str s = { 0 };

	cli_said = (struct cli){ 0 };
	ck_assert_int_eq(cli_demand(&s), CLI_OK);
	ck_assert_str_eq(str_text(&s), "");
	give("bandwidth", "10M");
	give("setup-priority", "0");
	give("dataplane", "mpls");
	give("msd", "10");
	give("reserved", "1");
	give("nrp", "4294967295");
	give("no-usid", NULL);
	ck_assert_int_eq(cli_demand(&s), CLI_OK);
	ck_assert_str_eq(str_text(&s),
			 "\"bandwidth\":\"10000000\",\"setup-priority\":0,\"dataplane\":\"sr-mpls\","
			 "\"msd\":10,\"reserved-sids\":1,\"nrp\":4294967295,\"usid\":false");
}
END_TEST

START_TEST(segments_keep_their_order)
{
	STR_AUTO struct str s = { 0 };

	cli_said = (struct cli){ 0 };
	give("segment", "FCBB:BB00:4::,16001");
	give("segment", "::9");
	ck_assert_int_eq(cli_segments(&s), CLI_OK);
	ck_assert_str_eq(str_text(&s), "\"segment\":[{\"index\":1,\"sid\":\"fcbb:bb00:4::\"},"
				       "{\"index\":2,\"label\":16001},{\"index\":3,\"sid\":\"::9\"}]");
}
END_TEST

START_TEST(a_key_of_addresses_needs_no_controller)
{
	struct cli_key k;
	STR_AUTO struct str s = { 0 };

	cli_said = (struct cli){ 0 };
	ck_assert_int_eq(cli_key_parse("2001:DB8:0::1,100,10.0.0.9", &k), CLI_OK);
	cli_key_path(&s, &k);
	ck_assert_str_eq(str_text(&s), "/restconf/data/sextant-policy:policies/policy="
				       "2001%3Adb8%3A%3A1,100,10.0.0.9");
}
END_TEST

/* ---- the line ---- */

static const struct {
	const char *line;
	int rc;
	const char *says; /* on stderr, or on stdout for CLI_OK */
} lines[] = {
	{ "--help", CLI_OK, "policy create HEADEND COLOR ENDPOINT" },
	{ "help", CLI_OK, "Exit codes" },
	{ "help policy create", CLI_OK, "--affinity-include-any" },
	{ "help policy", CLI_OK, "policy adopt KEY" },
	{ "policy create --help", CLI_OK, "--segment SID.." },
	{ "policy create -h", CLI_OK, "--segment SID.." },
	{ "policy --help", CLI_OK, "policy adopt KEY                       manage one that was only observed" },
	{ "--version", CLI_OK, "sextant " },
	{ "completion bash", CLI_OK, "complete -o default -F _sextant sextant" },
	{ "completion zsh", CLI_OK, "#compdef sextant" },
	{ "completion fish", CLI_OK, "complete -c sextant" },
	{ "optimise --midpoints 4", CLI_USAGE, "--midpoints" },
	{ "optimise --seconds 0", CLI_USAGE, "--seconds" },
	{ "optimise --charge 1000001", CLI_USAGE, "--charge" },
	{ "optimise --apply --dry-run", CLI_USAGE, "exclude each other" },
	{ "optimise now", CLI_USAGE, "" },
	{ "optimise", CLI_UNREACHABLE, "no answer" },
	{ "completion tcsh", CLI_USAGE, "bash, zsh and fish" },
	{ "", CLI_USAGE, "a command is missing" },
	{ "policies", CLI_USAGE, "unknown command 'policies'" },
	{ "help policies", CLI_USAGE, "unknown command 'policies'" },
	{ "policy make x", CLI_USAGE, "unknown command 'policy make'" },
	{ "policy", CLI_USAGE, "  policy list                            every SR Policy and its state" },
	{ "policy list extra", CLI_USAGE, "'extra' is one word too many" },
	{ "policy show", CLI_USAGE, "usage: sextant policy show KEY" },
	{ "policy show ::1,2", CLI_USAGE, "not a policy key" },
	{ "policy show ::1,2,::3,4", CLI_USAGE, "not a policy key" },
	{ "policy show ,2,::3", CLI_USAGE, "not a policy key" },
	{ "policy show ::1,2,", CLI_USAGE, "not a policy key" },
	{ "policy show ::1,red,::2", CLI_USAGE, "colour 'red'" },
	{ "policy show ::1,4294967296,::2", CLI_USAGE, "colour '4294967296'" },
	{ "policy list --colour", CLI_USAGE, "unknown option '--colour'" },
	{ "--colour policy list", CLI_USAGE, "unknown option '--colour'" },
	{ "policy list --json=yes", CLI_USAGE, "--json takes no value" },
	{ "policy list --timeout", CLI_USAGE, "--timeout wants a value: SECONDS" },
	{ "policy list --timeout 0", CLI_USAGE, "--timeout '0'" },
	{ "policy list --timeout 1 --timeout 2", CLI_USAGE, "--timeout is given twice" },
	{ "policy list --server ftp://x", CLI_USAGE, "http:// or https://" },
	{ "policy list", CLI_UNREACHABLE, "is sextantd running?" },
	{ "--json policy list", CLI_UNREACHABLE, "no answer from http://[::1]:1" },
	{ "policy show -- ::1,1,::2", CLI_UNREACHABLE, "no answer" },
	{ "policy hold maybe", CLI_USAGE, "on, off or status, not 'maybe'" },
	{ "policy create ::1 x ::2", CLI_USAGE, "colour 'x'" },
	{ "policy create ::1 1 ::2 --bandwidth -5", CLI_USAGE, "--bandwidth '-5' is not a rate" },
	{ "policy create ::1 1 ::2 --bandwidth 10ms", CLI_USAGE, "--bandwidth '10ms' is not a rate" },
	{ "policy create ::1 1 ::2 --delay-max 20M", CLI_USAGE, "--delay-max '20M' is not a time" },
	{ "policy create ::1 1 ::2 --delay-max 4295s", CLI_USAGE, "--delay-max '4295s' is not a time" },
	{ "policy create ::1 1 ::2 --metric fast", CLI_USAGE, "there are igp, te, delay, hops, variation, loss, mix" },
	{ "policy create ::1 1 ::2 --group 0", CLI_USAGE, "from 1 to 65534" },
	{ "policy create ::1 1 ::2 --group 65535", CLI_USAGE, "from 1 to 65534" },
	{ "policy create ::1 1 ::2 --group 7 --disjoint wire", CLI_USAGE, "there are link, node, srlg" },
	{ "policy create ::1 1 ::2 --disjoint node", CLI_USAGE, "what holds in a --group" },
	{ "policy create ::1 1 ::2 --best-available", CLI_USAGE, "what holds in a --group" },
	{ "policy create ::1 1 ::2 --mix igp", CLI_USAGE, "--mix 'igp' is not METRIC=WEIGHT" },
	{ "policy create ::1 1 ::2 --mix speed=1", CLI_USAGE, "is not METRIC=WEIGHT" },
	{ "policy create ::1 1 ::2 --mix igp=65536", CLI_USAGE, "is not METRIC=WEIGHT" },
	{ "policy create ::1 1 ::2 --objective mbc", CLI_USAGE, "there are mcp, mlp, mbp" },
	{ "policy create ::1 1 ::2 --algo 127", CLI_USAGE, "number from 128 to 255" },
	{ "policy create ::1 1 ::2 --loss-max 0.00001%", CLI_USAGE, "--loss-max '0.00001%' is not a share" },
	{ "policy create ::1 1 ::2 --loss-max 101%", CLI_USAGE, "100% at most" },
	{ "policy create ::1 1 ::2 --delay-min soon", CLI_USAGE, "--delay-min 'soon' is not a time" },
	{ "policy create ::1 1 ::2 --variation-max x", CLI_USAGE, "--variation-max 'x' is not a time" },
	{ "policy create ::1 1 ::2 --include a,,b", CLI_USAGE, "empty or too long" },
	{ "policy create ::1 1 ::2 --include 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", CLI_USAGE,
	  "16 things to pass at most" },
	{ "policy create ::1 1 ::2 --exclude-srlg x", CLI_USAGE, "--exclude-srlg 'x' is not a number" },
	{ "policy create ::1 1 ::2 --exclude-asn 4294967296", CLI_USAGE, "is not a number" },
	{ "policy create ::1 1 ::2 --binding-sid 10.0.0.1", CLI_USAGE, "is not an IPv6 address" },
	{ "policy create ::1 1 ::2 --setup-priority 8", CLI_USAGE, "number from 0 to 7" },
	{ "policy create ::1 1 ::2 --hold-priority 8", CLI_USAGE, "number from 0 to 7" },
	{ "policy create ::1 1 ::2 --protect-bandwidth all", CLI_USAGE, "there are none, link, node" },
	{ "policy create ::1 1 ::2 --affinity-exclude 256", CLI_USAGE, "administrative group" },
	{ "policy create ::1 1 ::2 --exclude a,,b", CLI_USAGE, "empty or too long" },
	{ "policy create ::1 1 ::2 --segment x", CLI_USAGE, "neither an SRv6 SID" },
	{ "policy create ::1 1 ::2 --segment 10.0.0.1", CLI_USAGE, "neither an SRv6 SID" },
	{ "policy create ::1 1 ::2 --segment 1048576", CLI_USAGE, "neither an SRv6 SID" },
	{ "policy create ::1 1 ::2 --segment 1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8", CLI_USAGE, "16 segments" },
	{ "policy create ::1 1 ::2 --segment ::1 --metric te", CLI_USAGE, "gives the path itself" },
	{ "policy create ::1 1 ::2 --if-match 3", CLI_USAGE, "--if-match goes with --replace" },
	{ "policy create ::1 1 ::2 --segment ::1 ::2 --metric", CLI_USAGE, "--metric wants a value" },
	{ "policy create --exclude a ::1 1 ::2 b c", CLI_USAGE, "'b' is one word too many" },
	{ "policy create ::1 1 ::2 --exclude a b c", CLI_UNREACHABLE, "no answer" },
	{ "session clear pe1", CLI_USAGE, "'pe1' is not an address" },
	{ "audit --last none", CLI_USAGE, "--last 'none'" },
	{ "backup ../x", CLI_USAGE, "name of a file alone" },
	{ "event --since x", CLI_USAGE, "--since 'x'" },
	{ "event", CLI_UNREACHABLE, "no answer" },
	{ "event --follow", CLI_UNREACHABLE, "no answer" },
	{ "api get restconf", CLI_USAGE, "begins with a slash" },
	{ "api put /x", CLI_USAGE, "needs --data" },
	{ "api put /x --data @/does/not/exist", CLI_USAGE, "No such file" },
};

START_TEST(a_line_ends_with_its_code_and_says_what_is_wrong)
{
	int rc = sextant(lines[_i].line);
	const char *where = lines[_i].rc == CLI_OK ? said : complained;

	ck_assert_msg(rc == lines[_i].rc, "'%s': %d, not %d", lines[_i].line, rc, lines[_i].rc);
	ck_assert_msg(strstr(where, lines[_i].says), "'%s' said: %s", lines[_i].line, where);
	if (rc != CLI_OK)
		ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(every_command_has_help_that_names_its_options)
{
	for (const struct cli_command *c = cli_commands; c->words; c++) {
		char line[128];

		snprintf(line, sizeof(line), "%s --help", c->words);
		ck_assert_int_eq(sextant(line), CLI_OK);
		ck_assert_msg(strstr(said, c->help) && strstr(said, "--server URL"), "%s", c->words);
		for (const struct cli_option *o = c->options; o && o->name; o++) {
			ck_assert_msg(strstr(said, o->help), "%s: --%s", c->words, o->name);
			ck_assert_ptr_null(cli_option_find(cli_globals, o->name, strlen(o->name)));
		}
		ck_assert_int_le(c->operands_min, c->operands_max);
		ck_assert(c->run != NULL);
	}
}
END_TEST

/* ---- completion ---- */

static const struct {
	const char *line; /* "_" is the empty word at the cursor */
	const char *offers;
} completions[] = {
	{ "pol", "policy\n" },
	{ "x", "" },
	{ "_", "status\ntopology\npolicy\npath\nfail\noptimise\nplan\nslice\nvpn\nincident\ndiagnose\nwindow\nnrp\nsession\ndevice\nheadend\nbook\nevent\nalarm\naudit\noperation\nbackup\napi\nversion\n"
	       "completion\n" },
	{ "policy re", "release\nreoptimise\n" },
	{ "polic re", "" },
	{ "path _", "compute\nexplain\ndisjoint\nlist\nmultipath\nreach\nbackup\n" },
	{ "policy hold o", "on\noff\n" },
	{ "policy hold on _", "" },
	{ "completion _", "bash\nzsh\nfish\n" },
	{ "policy create a 1 b --affinity-i", "--affinity-include-any\n--affinity-include-all\n" },
	{ "policy delete --if", "--if-match\n" },
	{ "optimise --s", "--seconds\n--seed\n--server\n" },
	{ "policy list --js", "--json\n" },
	{ "policy list --if", "" },
	{ "policy show _", "" },
	{ "version _", "" },
};

START_TEST(completion_offers_what_may_follow)
{
	char line[256];
	size_t n;

	snprintf(line, sizeof(line), "__complete %s", completions[_i].line);
	n = strlen(line);
	if (line[n - 1] == '_')
		line[n - 1] = '\0';
	ck_assert_int_eq(sextant(line), CLI_OK);
	ck_assert_msg(strcmp(said, completions[_i].offers) == 0, "'%s' offers: %s", completions[_i].line, said);
	ck_assert_str_eq(complained, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli");
	TCase *t = tcase_create("cli");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, rates_are_exact_or_refused, 0, (int)ARRAY_LEN(rates));
	tcase_add_loop_test(t, delays_are_exact_or_refused, 0, (int)ARRAY_LEN(delays));
	tcase_add_loop_test(t, values_are_shown_in_units_of_people, 0, (int)ARRAY_LEN(formats));
	tcase_add_test(t, members_are_found_with_and_without_their_module);
	tcase_add_test(t, text_in_a_url_is_escaped);
	tcase_add_test(t, a_table_is_aligned_and_counts_characters_not_bytes);
	tcase_add_test(t, a_quiet_table_has_no_heading);
	tcase_add_test(t, an_empty_table_says_so);
	tcase_add_test(t, a_terminal_never_gets_control_characters_from_the_network);
	tcase_add_test(t, a_record_leaves_out_what_is_absent);
	tcase_add_test(t, constraints_become_members_of_the_model);
	tcase_add_test(t, every_constraint_becomes_a_member);
	tcase_add_test(t, demands_become_members_of_the_model);
	tcase_add_test(t, segments_keep_their_order);
	tcase_add_test(t, a_key_of_addresses_needs_no_controller);
	tcase_add_loop_test(t, a_line_ends_with_its_code_and_says_what_is_wrong, 0, (int)ARRAY_LEN(lines));
	tcase_add_test(t, every_command_has_help_that_names_its_options);
	tcase_add_loop_test(t, completion_offers_what_may_follow, 0, (int)ARRAY_LEN(completions));
	return check_main(s);
}

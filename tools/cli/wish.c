/* SPDX-License-Identifier: Apache-2.0 */
/* Options that say what a path has to be, as members of the API's JSON. */
#include <string.h>

#include "cli.h"

#define BOUND_MAX (UINT32_MAX - 1ull)

static void comma(struct str *out)
{
	if (out->len > 0 && out->s[out->len - 1] != '{' && out->s[out->len - 1] != '[')
		str_add(out, ",");
}

static int word_of(const char *option, const char *const (*words)[2], size_t n, const char *member,
		   struct str *out)
{
	STR_AUTO struct str known = { 0 };
	const char *v = cli_opt(option, 0);

	if (!v)
		return CLI_OK;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v, words[i][0]) == 0) {
			comma(out);
			str_addf(out, "\"%s\":\"%s\"", member, words[i][1]);
			return CLI_OK;
		}
		str_addf(&known, "%s%s", i ? ", " : "", words[i][0]);
	}
	return cli_fail(CLI_USAGE, "--%s '%s' is not known; there are %s", option, v, str_text(&known));
}

static int number_of(const char *option, const char *member, uint64_t low, uint64_t high, struct str *out)
{
	uint64_t v = 0;

	if (cli_opt_number(option, low, high, &v) != CLI_OK)
		return CLI_USAGE;
	if (cli_opt(option, 0)) {
		comma(out);
		str_addf(out, "\"%s\":%llu", member, (unsigned long long)v);
	}
	return CLI_OK;
}

/* "member":MICROSECONDS from an option that is a time. */
static int time_of(const char *option, const char *member, struct str *out)
{
	const char *v = cli_opt(option, 0);
	uint64_t us;

	if (!v)
		return CLI_OK;
	if (cli_parse_delay(v, &us) < 0 || us > BOUND_MAX)
		return cli_fail(CLI_USAGE, "--%s '%s' is not a time such as 20ms, 500us or 1.5s, "
				"4294s at most", option, v);
	comma(out);
	str_addf(out, "\"%s\":%llu", member, (unsigned long long)us);
	return CLI_OK;
}

static int loss(struct str *out)
{
	const char *v = cli_opt("loss-max", 0);
	uint64_t ppm;

	if (!v)
		return CLI_OK;
	if (cli_parse_loss(v, &ppm) < 0 || ppm > 1000000)
		return cli_fail(CLI_USAGE, "--loss-max '%s' is not a share such as 20ppm or 0.1%%, "
				"100%% at most", v);
	comma(out);
	str_addf(out, "\"loss\":%llu", (unsigned long long)ppm);
	return CLI_OK;
}

static int bounds(struct str *out)
{
	STR_AUTO struct str in = { 0 };

	str_add(&in, "{");
	if (time_of("delay-max", "delay", &in) != CLI_OK ||
	    time_of("delay-min", "delay-min", &in) != CLI_OK ||
	    time_of("variation-max", "variation", &in) != CLI_OK || loss(&in) != CLI_OK ||
	    number_of("hops-max", "hops", 0, BOUND_MAX, &in) != CLI_OK ||
	    number_of("igp-max", "igp", 0, BOUND_MAX, &in) != CLI_OK ||
	    number_of("te-max", "te", 0, BOUND_MAX, &in) != CLI_OK)
		return CLI_USAGE;
	if (in.len > 1) {
		comma(out);
		str_addf(out, "\"bounds\":%s}", str_text(&in));
	}
	return CLI_OK;
}

/* Every element of a list option (repeated, or separated by commas) to one(); CLI_OK or what it
 * returned first. */
static int each(const char *option, int (*one)(const char *option, const char *text, struct str *out),
		struct str *out)
{
	const char *v;

	for (int k = 0; (v = cli_opt(option, k)); k++)
		for (;;) {
			size_t n = strcspn(v, ",");
			char text[256];

			if (n == 0 || n >= sizeof(text))
				return cli_fail(CLI_USAGE, "--%s '%s' has an empty or too long element",
						option, cli_opt(option, k));
			(void)snprintf(text, sizeof(text), "%.*s", (int)n, v);
			comma(out);
			if (one(option, text, out) != CLI_OK)
				return CLI_USAGE;
			if (!v[n])
				break;
			v += n + 1;
		}
	return CLI_OK;
}

static int group_one(const char *option, const char *text, struct str *out)
{
	uint64_t v;

	if (str_u64(text, &v) < 0 || v > 255)
		return cli_fail(CLI_USAGE, "--%s '%s' is not an administrative group from 0 to 255", option,
				text);
	str_addf(out, "%llu", (unsigned long long)v);
	return CLI_OK;
}

static int ref_one(const char *option, const char *text, struct str *out)
{
	(void)option;
	str_json(out, text);
	return CLI_OK;
}

static int sid_one(const char *option, const char *text, struct str *out)
{
	struct ip_addr sid;

	if (ip_parse(text, &sid) < 0 || sid.family != IP_V6)
		return cli_fail(CLI_USAGE, "--%s '%s' is not an IPv6 address", option, text);
	return ref_one(option, text, out);
}

/* "member":[elements], when the option is given. */
static int list_of(const char *option, const char *member,
		   int (*one)(const char *option, const char *text, struct str *out), struct str *out)
{
	if (!cli_opt(option, 0))
		return CLI_OK;
	comma(out);
	str_addf(out, "\"%s\":[", member);
	if (each(option, one, out) != CLI_OK)
		return CLI_USAGE;
	str_add(out, "]");
	return CLI_OK;
}

static int affinity(struct str *out)
{
	STR_AUTO struct str in = { 0 };

	str_add(&in, "{");
	if (list_of("affinity-exclude", "exclude-any", group_one, &in) != CLI_OK ||
	    list_of("affinity-include-any", "include-any", group_one, &in) != CLI_OK ||
	    list_of("affinity-include-all", "include-all", group_one, &in) != CLI_OK)
		return CLI_USAGE;
	if (in.len > 1) {
		comma(out);
		str_addf(out, "\"affinity\":%s}", str_text(&in));
	}
	return CLI_OK;
}

static int number_one(const char *option, const char *text, struct str *out)
{
	uint64_t v;

	if (str_u64(text, &v) < 0 || v > UINT32_MAX)
		return cli_fail(CLI_USAGE, "--%s '%s' is not a number from 0 to 4294967295", option, text);
	str_addf(out, "%llu", (unsigned long long)v);
	return CLI_OK;
}

/* The elements before this one are counted by their names: there is no other state. */
static unsigned next_index(const struct str *out)
{
	unsigned index = 1;

	for (const char *p = out->s; p && (p = strstr(p, "\"index\":")); p++)
		index++;
	return index;
}

static int include_one(const char *option, const char *text, struct str *out)
{
	unsigned index = next_index(out);
	bool strict = text[0] == '=';

	if (index > 16)
		return cli_fail(CLI_USAGE, "--%s: 16 things to pass at most", option);
	str_addf(out, "{\"index\":%u,\"ref\":", index);
	str_json(out, text + strict);
	str_addf(out, "%s}", strict ? ",\"strict\":true" : "");
	return CLI_OK;
}

static int weight_one(const char *option, const char *text, struct str *out)
{
	static const char *const known[] = { "igp", "te", "delay", "hops", "variation", "loss" };
	size_t n = strcspn(text, "=");
	uint64_t v;

	for (size_t i = 0; text[n] && i < ARRAY_LEN(known); i++) {
		if (strlen(known[i]) != n || strncmp(text, known[i], n) != 0)
			continue;
		if (str_u64(text + n + 1, &v) < 0 || v > UINT16_MAX)
			break;
		str_addf(out, "\"%s\":%llu", known[i], (unsigned long long)v);
		return CLI_OK;
	}
	return cli_fail(CLI_USAGE, "--%s '%s' is not METRIC=WEIGHT: igp, te, delay, hops, variation or "
			"loss, and 0 to 65535", option, text);
}

static int mix(struct str *out)
{
	if (!cli_opt("mix", 0))
		return CLI_OK;
	comma(out);
	str_add(out, "\"mix\":{");
	if (each("mix", weight_one, out) != CLI_OK)
		return CLI_USAGE;
	str_add(out, "}");
	return CLI_OK;
}

int cli_constraints(struct str *out)
{
	static const char *const metrics[][2] = {
		{ "igp", "igp" }, { "te", "te" }, { "delay", "delay" }, { "hops", "hops" },
		{ "variation", "variation" }, { "loss", "loss" }, { "mix", "mix" },
	};
	static const char *const protections[][2] = {
		{ "unprotected", "unprotected-preferred" },
		{ "unprotected-only", "unprotected-only" },
		{ "protected", "protected-preferred" },
		{ "protected-only", "protected-only" },
	};
	static const char *const objectives[][2] = { { "mcp", "mcp" }, { "mlp", "mlp" }, { "mbp", "mbp" } };

	if (word_of("metric", metrics, ARRAY_LEN(metrics), "metric", out) != CLI_OK ||
	    mix(out) != CLI_OK ||
	    word_of("objective", objectives, ARRAY_LEN(objectives), "objective", out) != CLI_OK ||
	    number_of("algo", "algorithm", 128, 255, out) != CLI_OK ||
	    word_of("protection", protections, ARRAY_LEN(protections), "protection", out) != CLI_OK ||
	    number_of("payload", "payload", 1, UINT16_MAX, out) != CLI_OK ||
	    bounds(out) != CLI_OK || affinity(out) != CLI_OK ||
	    list_of("include", "include", include_one, out) != CLI_OK ||
	    list_of("exclude", "exclude", ref_one, out) != CLI_OK ||
	    list_of("exclude-srlg", "exclude-srlg", number_one, out) != CLI_OK ||
	    list_of("exclude-asn", "exclude-asn", number_one, out) != CLI_OK ||
	    list_of("binding-sid", "binding-sid", sid_one, out) != CLI_OK)
		return CLI_USAGE;
	if (cli_opt("strict", 0)) {
		comma(out);
		str_add(out, "\"strict\":true");
	}
	return CLI_OK;
}

static int bandwidth(struct str *out)
{
	const char *v = cli_opt("bandwidth", 0);
	uint64_t bps;

	if (!v)
		return CLI_OK;
	if (cli_parse_rate(v, &bps) < 0)
		return cli_fail(CLI_USAGE, "--bandwidth '%s' is not a rate such as 10M, 2.5G or 64k (bit/s)", v);
	comma(out);
	/* RFC 7951 s6.1: 64-bit numbers are strings */
	str_addf(out, "\"bandwidth\":\"%llu\"", (unsigned long long)bps);
	return CLI_OK;
}

int cli_demand(struct str *out)
{
	static const char *const planes[][2] = { { "srv6", "srv6" }, { "mpls", "sr-mpls" },
						 { "sr-mpls", "sr-mpls" } };

	if (bandwidth(out) != CLI_OK || number_of("setup-priority", "setup-priority", 0, 7, out) != CLI_OK ||
	    word_of("dataplane", planes, ARRAY_LEN(planes), "dataplane", out) != CLI_OK ||
	    number_of("msd", "msd", 1, 255, out) != CLI_OK ||
	    number_of("reserved", "reserved-sids", 0, 15, out) != CLI_OK ||
	    number_of("nrp", "nrp", 0, UINT32_MAX, out) != CLI_OK)
		return CLI_USAGE;
	if (cli_opt("no-usid", 0)) {
		comma(out);
		str_add(out, "\"usid\":false");
	}
	return CLI_OK;
}

static int segment_one(const char *option, const char *text, struct str *out)
{
	struct ip_addr a;
	uint64_t label;
	char addr[IP_TEXT_MAX];
	unsigned index = next_index(out);

	if (ip_parse(text, &a) == 0 && a.family == IP_V6)
		str_addf(out, "{\"index\":%u,\"sid\":\"%s\"}", index, ip_text(&a, addr, sizeof(addr)));
	else if (str_u64(text, &label) == 0 && label <= 1048575)
		str_addf(out, "{\"index\":%u,\"label\":%llu}", index, (unsigned long long)label);
	else
		return cli_fail(CLI_USAGE, "--%s '%s' is neither an SRv6 SID (an IPv6 address) nor a label", option,
				text);
	if (index > 16)
		return cli_fail(CLI_USAGE, "--%s: 16 segments at most", option);
	return CLI_OK;
}

int cli_segments(struct str *out)
{
	return list_of("segment", "segment", segment_one, out);
}

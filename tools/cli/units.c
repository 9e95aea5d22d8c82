/* SPDX-License-Identifier: Apache-2.0 */
/* Units of people and units of the API: bit/s, microseconds, RFC 3339. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli.h"

/* v / scale with up to three decimals, no zeros at the end. */
static void decimal(struct str *out, uint64_t v, uint64_t scale, const char *unit)
{
	char frac[8];
	uint64_t part = v % scale * 1000 / scale;
	size_t n;

	(void)snprintf(frac, sizeof(frac), ".%03u", (unsigned)part);
	n = strlen(frac);
	while (n > 0 && (frac[n - 1] == '0' || frac[n - 1] == '.'))
		frac[--n] = '\0';
	str_addf(out, "%llu%s%s", (unsigned long long)(v / scale), frac, unit);
}

void cli_fmt_delay(struct str *out, json_object *v)
{
	uint64_t us = cli_num(v, "", 0);

	if (us < 1000)
		str_addf(out, "%lluus", (unsigned long long)us);
	else
		decimal(out, us, 1000, "ms");
}

void cli_fmt_ns(struct str *out, json_object *v)
{
	uint64_t ns = cli_num(v, "", 0);

	if (ns < 1000000)
		decimal(out, ns, 1000, "us");
	else
		decimal(out, ns, 1000000, "ms");
}

void cli_fmt_rate(struct str *out, json_object *v)
{
	static const struct {
		uint64_t scale;
		const char *unit;
	} units[] = { { 1000000000000, "T" }, { 1000000000, "G" }, { 1000000, "M" }, { 1000, "k" } };
	uint64_t bps = cli_num(v, "", 0);

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (bps >= units[i].scale) {
			decimal(out, bps, units[i].scale, units[i].unit);
			return;
		}
	str_addf(out, "%llu", (unsigned long long)bps);
}

void cli_fmt_time(struct str *out, json_object *v)
{
	struct tm tm = { 0 };
	const char *text = json_object_get_string(v);
	long age;

	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm)) {
		str_add(out, text ? text : "-");
		return;
	}
	age = (long)(time(NULL) - timegm(&tm));
	if (age < 0)
		age = 0;
	if (age < 120)
		str_addf(out, "%lds", age);
	else if (age < 7200)
		str_addf(out, "%ldm", age / 60);
	else if (age < 172800)
		str_addf(out, "%ldh", age / 3600);
	else
		str_addf(out, "%ldd", age / 86400);
}

void cli_fmt_yes(struct str *out, json_object *v)
{
	str_add(out, json_object_get_boolean(v) ? "yes" : "no");
}

/* Exact: the digits as an integer, times the unit, over the power of ten of the decimals. What
 * is finer than the API's unit is refused, not rounded. */
static int scale_exactly(const char *text, size_t len, uint64_t scale, uint64_t *out)
{
	uint64_t mantissa = 0, divisor = 1, v;
	bool point = false, digit = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (point)
				return -EINVAL;
			point = true;
			continue;
		}
		digit = true;
		if (__builtin_mul_overflow(mantissa, 10u, &mantissa) ||
		    __builtin_add_overflow(mantissa, (unsigned)(text[i] - '0'), &mantissa) ||
		    (point && __builtin_mul_overflow(divisor, 10u, &divisor)))
			return -EINVAL;
	}
	if (!digit || __builtin_mul_overflow(mantissa, scale, &v) || v % divisor != 0)
		return -EINVAL;
	*out = v / divisor;
	return 0;
}

struct unit {
	const char *name;
	uint64_t scale;
};

static int parse_scaled(const char *text, const struct unit *units, size_t n, uint64_t *out)
{
	size_t len = strspn(text, "0123456789.");

	for (size_t i = 0; i < n; i++)
		if (strcmp(text + len, units[i].name) == 0)
			return scale_exactly(text, len, units[i].scale, out);
	return -EINVAL;
}

int cli_parse_rate(const char *text, uint64_t *bps)
{
	static const struct unit units[] = {
		{ "", 1 },	    { "k", 1000 },	    { "K", 1000 },	     { "M", 1000000 },
		{ "G", 1000000000 }, { "T", 1000000000000 }, { "bps", 1 },	     { "kbps", 1000 },
		{ "Mbps", 1000000 }, { "Gbps", 1000000000 }, { "Tbps", 1000000000000 },
	};

	return parse_scaled(text, units, ARRAY_LEN(units), bps);
}

int cli_parse_delay(const char *text, uint64_t *us)
{
	static const struct unit units[] = { { "", 1 }, { "us", 1 }, { "ms", 1000 }, { "s", 1000000 } };

	return parse_scaled(text, units, ARRAY_LEN(units), us);
}

int cli_parse_loss(const char *text, uint64_t *ppm)
{
	static const struct unit units[] = { { "", 1 }, { "ppm", 1 }, { "%", 10000 } };

	return parse_scaled(text, units, ARRAY_LEN(units), ppm);
}

int cli_opt_number(const char *name, uint64_t low, uint64_t high, uint64_t *out)
{
	const char *text = cli_opt(name, 0);
	uint64_t v;

	if (!text)
		return CLI_OK;
	if (str_u64(text, &v) < 0 || v < low || v > high)
		return cli_fail(CLI_USAGE, "--%s '%s' is not a number from %llu to %llu", name, text,
				(unsigned long long)low, (unsigned long long)high);
	*out = v;
	return CLI_OK;
}

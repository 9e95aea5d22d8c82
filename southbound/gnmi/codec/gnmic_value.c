/* SPDX-License-Identifier: Apache-2.0 */
/* Values as numbers, as JSON and as people read them. */
#include <errno.h>
#include <string.h>

#include "base/rd.h"
#include "southbound/gnmi/codec/gnmic_int.h"

/* A JSON kind's scalar; anything else as it is. False: JSON that is no scalar. */
static bool scalar(const struct gnmic_value *v, struct arena *a, struct gnmic_value *out)
{
	struct gnmic_json j;

	*out = *v;
	if (v->kind != GNMIC_JSON && v->kind != GNMIC_JSON_IETF)
		return true;
	if (v->bytes.len > 4096 || gnmic_json_check(v->bytes.data, v->bytes.len))
		return false;
	j.at = v->bytes.data;
	j.end = j.at + v->bytes.len;
	if (gnmic_json_peek(&j) == '{' || gnmic_json_peek(&j) == '[')
		return false;
	return gnmic_json_scalar(&j, a, out);
}

static bool plain_u64(const struct gnmic_value *v, uint64_t *out)
{
	switch (v->kind) {
	case GNMIC_UINT:
		*out = v->u;
		return true;
	case GNMIC_INT:
		*out = (uint64_t)v->i;
		return v->i >= 0;
	case GNMIC_STRING:
	case GNMIC_ASCII:
		return str_u64(v->text, out) == 0;
	case GNMIC_FLOAT: /* 2^53: above it a double does not hold every integer */
		if (!(v->d >= 0 && v->d <= 9007199254740992.0))
			return false;
		*out = (uint64_t)v->d;
		return (double)*out == v->d;
	case GNMIC_DECIMAL:
		*out = (uint64_t)v->dec.digits;
		return v->dec.precision == 0 && v->dec.digits >= 0;
	case GNMIC_NONE:
	case GNMIC_BOOL:
	case GNMIC_BYTES:
	case GNMIC_LIST:
	case GNMIC_JSON:
	case GNMIC_JSON_IETF:
	case GNMIC_PROTO:
		return false;
	}
	return false;
}

bool gnmic_value_u64(const struct gnmic_value *v, uint64_t *out)
{
	struct gnmic_value s;
	struct arena a;
	bool ok;

	*out = 0;
	arena_init(&a, 64 << 10);
	ok = scalar(v, &a, &s) && plain_u64(&s, out);
	arena_fini(&a);
	return ok;
}

bool gnmic_value_bool(const struct gnmic_value *v, bool *out)
{
	struct gnmic_value s;
	struct arena a;
	bool ok;

	*out = false;
	arena_init(&a, 64 << 10);
	ok = scalar(v, &a, &s);
	if (ok && s.kind == GNMIC_BOOL)
		*out = s.b;
	else if (ok && s.kind == GNMIC_STRING && (!strcmp(s.text, "true") || !strcmp(s.text, "false")))
		*out = s.text[0] == 't';
	else
		ok = false;
	arena_fini(&a);
	return ok;
}

static void decimal(const struct gnmic_value *v, struct str *out)
{
	uint64_t n = v->dec.digits < 0 ? 0 - (uint64_t)v->dec.digits : (uint64_t)v->dec.digits;
	uint32_t places = v->dec.precision > 18 ? 18 : v->dec.precision;
	uint64_t unit = 1;

	for (uint32_t i = 0; i < places; i++)
		unit *= 10;
	str_addf(out, "%s%llu", v->dec.digits < 0 ? "-" : "", (unsigned long long)(n / unit));
	if (places)
		str_addf(out, ".%0*llu", (int)places, (unsigned long long)(n % unit));
}

static void base64(const struct gnmic_value *v, struct str *out)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct rd in = rd_of(v->bytes.data, v->bytes.len);

	while (rd_left(&in) > 0) {
		size_t n = rd_left(&in) < 3 ? rd_left(&in) : 3;
		uint32_t u = (uint32_t)rd_u8(&in) << 16;
		char four[4];

		u |= n > 1 ? (uint32_t)rd_u8(&in) << 8 : 0;
		u |= n > 2 ? rd_u8(&in) : 0;
		four[0] = set[u >> 18];
		four[1] = set[u >> 12 & 63];
		four[2] = n > 1 ? set[u >> 6 & 63] : '=';
		four[3] = n > 2 ? set[u & 63] : '=';
		str_addn(out, four, 4);
	}
}

static void print(const struct gnmic_value *v, struct str *out, bool quoted);

static void print_list(const struct gnmic_value *v, struct str *out, bool quoted)
{
	str_add(out, "[");
	for (size_t i = 0; i < v->list.n; i++) {
		if (i > 0)
			str_add(out, ",");
		if (v->list.at[i].kind == GNMIC_LIST)
			str_add(out, "null"); /* no leaf-list holds one */
		else
			print(&v->list.at[i], out, quoted);
	}
	str_add(out, "]");
}

static void print_float(double d, struct str *out)
{
	if (!__builtin_isfinite(d))
		str_add(out, "null"); /* JSON has no word for it */
	else
		str_addf(out, "%.17g", d);
}

static void print_text(const char *text, struct str *out, bool quoted)
{
	if (quoted)
		str_json(out, text);
	else
		str_add(out, text);
}

static void print(const struct gnmic_value *v, struct str *out, bool quoted)
{
	const char *quote = quoted ? "\"" : "";

	switch (v->kind) {
	case GNMIC_NONE:
		str_add(out, "null");
		break;
	case GNMIC_STRING:
	case GNMIC_ASCII:
		print_text(v->text, out, quoted);
		break;
	case GNMIC_INT:
		str_addf(out, "%lld", (long long)v->i);
		break;
	case GNMIC_UINT:
		str_addf(out, "%llu", (unsigned long long)v->u);
		break;
	case GNMIC_BOOL:
		str_add(out, v->b ? "true" : "false");
		break;
	case GNMIC_FLOAT:
		print_float(v->d, out);
		break;
	case GNMIC_DECIMAL:
		str_add(out, quote);
		decimal(v, out);
		str_add(out, quote);
		break;
	case GNMIC_LIST:
		print_list(v, out, quoted);
		break;
	case GNMIC_JSON:
	case GNMIC_JSON_IETF:
		str_addn(out, v->bytes.data, v->bytes.len);
		break;
	case GNMIC_BYTES:
	case GNMIC_PROTO:
		str_add(out, quote);
		base64(v, out);
		str_add(out, quote);
		break;
	}
}

void gnmic_value_json(const struct gnmic_value *v, struct str *out)
{
	print(v, out, true);
}

void gnmic_value_text(const struct gnmic_value *v, struct str *out)
{
	struct gnmic_value s;
	struct arena a;

	arena_init(&a, 64 << 10);
	if (scalar(v, &a, &s))
		print(&s, out, false);
	else
		print(v, out, false);
	arena_fini(&a);
}

struct gnmic_value gnmic_json_ietf(const struct str *text)
{
	return (struct gnmic_value){ .kind = GNMIC_JSON_IETF, .bytes = { str_text(text), text->len } };
}

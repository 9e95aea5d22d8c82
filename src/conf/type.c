/* SPDX-License-Identifier: Apache-2.0 */
/* What a leaf wants, in words; and which key was meant. */
#include "conf/conf_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct named {
	const char *type, *wants, *name;
};

/* Types whose patterns nobody wants to read, or that are no whole numbers. */
static const struct named named[] = {
	{ "availability", "percent, more than 0 and at most 100, such as 99.95", "0.000001..100" },
	{ "as-number", "an AS number 1..4294967294", "AS number" },
	{ "ip-address-no-zone", "an IPv6 or IPv4 address", "IP address" },
	{ "ip-prefix", "a prefix such as 2001:db8:1::/64 or 192.0.2.0/24", "IP prefix" },
	{ "ipv4-address-no-zone", "an IPv4 address", "IPv4 address" },
	{ "ipv6-address-no-zone", "an IPv6 address", "IPv6 address" },
	{ "ipv6-prefix", "an IPv6 prefix such as fcbb:bbbb::/32", "IPv6 prefix" },
	{ "port-number", "a port number 1..65535", "port 1..65535" },
	{ "file-name", "the name of a file, at most 255 octets", "file name" },
};

static const struct lysc_type *type_of(const struct lysc_node *leaf)
{
	if (leaf->nodetype == LYS_LEAF)
		return ((const struct lysc_node_leaf *)leaf)->type;
	return ((const struct lysc_node_leaflist *)leaf)->type;
}

/* The name of the typedef in the source, without prefix; "" when unknown. */
static const char *typedef_of(const struct lysc_node *leaf)
{
	const struct lysp_type *t;
	const char *colon;

	if (!leaf->priv)
		return "";
	t = leaf->nodetype == LYS_LEAF ? &((const struct lysp_node_leaf *)leaf->priv)->type
				       : &((const struct lysp_node_leaflist *)leaf->priv)->type;
	colon = strchr(t->name, ':');
	return colon ? colon + 1 : t->name;
}

static const struct named *named_of(const struct lysc_node *leaf)
{
	const char *name = typedef_of(leaf);

	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if (strcmp(named[i].type, name) == 0)
			return &named[i];
	}
	return NULL;
}

struct bounds {
	LY_DATA_TYPE type;
	uint64_t max;
};

static const struct bounds bounds[] = {
	{ LY_TYPE_UINT8, UINT8_MAX },
	{ LY_TYPE_UINT16, UINT16_MAX },
	{ LY_TYPE_UINT32, UINT32_MAX },
	{ LY_TYPE_UINT64, UINT64_MAX },
};

/* Our models have unsigned numbers only. */
static void number_range(const struct lysc_type *t, uint64_t *min, uint64_t *max)
{
	const struct lysc_range *r = ((const struct lysc_type_num *)t)->range;

	*min = 0;
	*max = UINT64_MAX;
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		if (bounds[i].type == t->basetype)
			*max = bounds[i].max;
	}
	if (!r)
		return;
	*min = r->parts[0].min_u64;
	*max = r->parts[LY_ARRAY_COUNT(r->parts) - 1].max_u64;
}

static const char *enums(const struct lysc_type *t, const char *sep, char *buf, size_t cap)
{
	const struct lysc_type_enum *e = (const struct lysc_type_enum *)t;
	LY_ARRAY_COUNT_TYPE i;
	size_t len = 0;

	buf[0] = '\0';
	LY_ARRAY_FOR(e->enums, i)
	{
		int r = snprintf(buf + len, cap - len, "%s%s", i ? sep : "", e->enums[i].name);

		if (r < 0 || (size_t)r >= cap - len)
			break;
		len += (size_t)r;
	}
	return buf;
}

static const char *text_wants(const struct lysc_type *t, char *buf, size_t cap)
{
	const struct lysc_type_str *s = (const struct lysc_type_str *)t;
	LY_ARRAY_COUNT_TYPE i;
	const char *what = "text";
	uint64_t max = s->length ? s->length->parts[0].max_u64 : 0;

	LY_ARRAY_FOR(s->patterns, i)
	{
		if (s->patterns[i]->emsg)
			what = s->patterns[i]->emsg;
	}
	if (max)
		(void)snprintf(buf, cap, "%s, at most %" PRIu64 " long", what, max);
	else
		(void)snprintf(buf, cap, "%s", what);
	return buf;
}

const char *conf_type_wants(const struct lysc_node *leaf, char *buf, size_t cap)
{
	const struct named *known = named_of(leaf);
	const struct lysc_type *t = type_of(leaf);
	char list[512];
	uint64_t min, max;

	if (known) {
		(void)snprintf(buf, cap, "%s", known->wants);
		return buf;
	}
	if (t->basetype == LY_TYPE_BOOL) {
		(void)snprintf(buf, cap, "true or false");
	} else if (t->basetype == LY_TYPE_ENUM) {
		(void)snprintf(buf, cap, "one of: %s", enums(t, ", ", list, sizeof(list)));
	} else if (t->basetype == LY_TYPE_STRING) {
		text_wants(t, buf, cap);
	} else {
		number_range(t, &min, &max);
		(void)snprintf(buf, cap, "a whole number %" PRIu64 "..%" PRIu64, min, max);
	}
	return buf;
}

const char *conf_type_name(const struct lysc_node *leaf, char *buf, size_t cap)
{
	const struct named *known = named_of(leaf);
	const struct lysc_type *t = type_of(leaf);
	uint64_t min, max;

	if (known) {
		(void)snprintf(buf, cap, "%s", known->name);
	} else if (t->basetype == LY_TYPE_BOOL) {
		(void)snprintf(buf, cap, "true, false");
	} else if (t->basetype == LY_TYPE_ENUM) {
		enums(t, ", ", buf, cap);
	} else if (t->basetype == LY_TYPE_STRING) {
		(void)snprintf(buf, cap, "text");
	} else {
		number_range(t, &min, &max);
		(void)snprintf(buf, cap, "%" PRIu64 "..%" PRIu64, min, max);
	}
	return buf;
}

enum { WORD_MAX = 32 };

/* Edits that turn a into b (one row at a time); long words are never close. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return UINT32_MAX;
	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned diag = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned best = diag + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diag = row[j];
			row[j] = best;
		}
	}
	return row[nb];
}

const char *conf_closest(const struct lysc_node *parent, const char *key)
{
	const struct lysc_node *c = NULL;
	const char *best = NULL;
	unsigned least = (unsigned)(strlen(key) / 3 + 2); /* a third of it may be wrong */

	while ((c = lys_getnext(c, parent, NULL, 0))) {
		unsigned n = distance(key, c->name);

		if (n < least) {
			least = n;
			best = c->name;
		}
	}
	return best;
}

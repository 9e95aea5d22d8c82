/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of a device against the table of its kind: texts only. */
#include <string.h>

#include "southbound/gnmi/driver_int.h"

/* ---- paths ---- */

/* A key's value at *at, up to the ']' that ends it, without escapes. False: too long, or no end. */
static bool value(const char **at, char *out, size_t cap)
{
	size_t n = 0;

	for (const char *p = *at; *p; p++) {
		if (*p == ']') {
			out[n] = '\0';
			*at = p;
			return true;
		}
		if (*p == '\\' && p[1])
			p++;
		if (n + 1 >= cap)
			return false;
		out[n++] = *p;
	}
	return false;
}

static bool number(const char *text, uint32_t *out)
{
	uint64_t n;

	if (str_u64(text, &n) != 0 || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool is(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

/* What a tag stands for; "<>" is anything. */
static bool take(const char *tag, size_t len, const char *text, struct driver_catch *c)
{
	if (len == 0)
		return true;
	if (is(tag, len, "name"))
		return (c->has_name = text[0] != '\0' && str_copy(c->name, sizeof(c->name), text));
	if (is(tag, len, "index"))
		return (c->has_index = number(text, &c->index));
	if (is(tag, len, "color"))
		return (c->has_color = number(text, &c->color));
	if (is(tag, len, "preference"))
		return (c->has_preference = number(text, &c->preference));
	return is(tag, len, "endpoint") && (c->has_endpoint = ip_parse(text, &c->endpoint) == 0);
}

enum driver_match gnmi_driver_match(const char *pattern, const char *path, struct driver_catch *out)
{
	char text[DRIVER_ID_MAX];

	*out = (struct driver_catch){ 0 };
	if (strcmp(path, "/") == 0)
		return DRIVER_MATCH_ABOVE;
	while (*pattern && *path) {
		const char *end = *pattern == '<' ? strchr(pattern, '>') : NULL;

		if (end) {
			if (!value(&path, text, sizeof(text)) ||
			    !take(pattern + 1, (size_t)(end - pattern) - 1, text, out))
				return DRIVER_MATCH_NO;
			pattern = end + 1;
		} else if (*pattern++ != *path++) {
			return DRIVER_MATCH_NO;
		}
	}
	if (*path)
		return DRIVER_MATCH_NO;
	if (*pattern == '\0')
		return DRIVER_MATCH_WHOLE;
	/* A list without keys is all of its entries. */
	return *pattern == '/' || *pattern == '[' ? DRIVER_MATCH_ABOVE : DRIVER_MATCH_NO;
}

/* ---- values ---- */

/* "[a,b]" or "a", with or without quotes: each address. False: one is none. */
static bool addresses(const char *text, struct ip_addr out[SR_SEGS_MAX], unsigned *n, bool *too_long)
{
	static const char between[] = "[]\", ";
	char one[IP_TEXT_MAX];

	*n = 0;
	*too_long = false;
	for (const char *p = text + strspn(text, between); *p; p += strspn(p, between)) {
		size_t len = strcspn(p, between);

		if (len >= sizeof(one))
			return false;
		memcpy(one, p, len);
		one[len] = '\0';
		p += len;
		if (*n == SR_SEGS_MAX) {
			*too_long = true;
			return true;
		}
		if (ip_parse(one, &out[*n]) != 0 || out[*n].family != IP_V6)
			return false;
		++*n;
	}
	return *n > 0;
}

static bool segments(struct driver_told *t, const char *text)
{
	unsigned n;

	t->segs = 0;
	if (!addresses(text, t->seg, &n, &t->too_long))
		return false;
	t->segs = (uint32_t)((UINT64_C(1) << n) - 1);
	return true;
}

static bool segment(struct driver_told *t, uint32_t index, const char *text)
{
	uint32_t bit;

	if (index == 0 || index > SR_SEGS_MAX) {
		t->too_long = index > SR_SEGS_MAX;
		return t->segs != 0;
	}
	bit = UINT32_C(1) << (index - 1);
	t->segs &= ~bit;
	if (text && ip_parse(text, &t->seg[index - 1]) == 0 && t->seg[index - 1].family == IP_V6)
		t->segs |= bit;
	return t->segs != 0;
}

static bool status(struct driver_told *t, const char *text)
{
	t->status = strcmp(text, "in") == 0	 ? DRIVER_STATUS_IN :
		    strcmp(text, "pending") == 0 ? DRIVER_STATUS_PENDING :
						   DRIVER_STATUS_FAILED;
	return true;
}

static bool in_list(struct driver_told *t, const char *text)
{
	bool too_long;
	unsigned n;

	t->n_in = 0;
	if (!addresses(text, t->in, &n, &too_long))
		return false;
	t->n_in = (uint8_t)n;
	return true;
}

static bool read_leaf(struct driver_told *t, enum gnmi_says what, const struct driver_catch *c, const char *text)
{
	switch (what) {
	case GNMI_SAYS_NAME:
		return str_copy(t->name, sizeof(t->name), text);
	case GNMI_SAYS_COLOR:
		return number(text, &t->color);
	case GNMI_SAYS_ENDPOINT:
		return ip_parse(text, &t->endpoint) == 0;
	case GNMI_SAYS_PREFERENCE:
		return number(text, &t->preference);
	case GNMI_SAYS_DISCRIMINATOR:
		return number(text, &t->discriminator);
	case GNMI_SAYS_BSID:
		return ip_parse(text, &t->bsid) == 0;
	case GNMI_SAYS_SEGMENT:
		return segment(t, c->has_index ? c->index : 0, text);
	case GNMI_SAYS_SEGMENTS:
		return segments(t, text);
	case GNMI_SAYS_STATUS:
		return status(t, text);
	case GNMI_SAYS_REASON:
		return str_copy(t->reason, sizeof(t->reason), text) || true; /* cut */
	case GNMI_SAYS_ACTIVE:
		t->active = strcmp(text, "true") == 0;
		return true;
	case GNMI_SAYS_IN_LIST:
		return in_list(t, text);
	case GNMI_SAYS_KEYS:
	case GNMI_SAYS_MSD:
		break;
	}
	return true;
}

/* What the keys on the way say; a leaf of its own may say it too. */
static void read_keys(struct driver_told *t, const struct driver_catch *c)
{
	if (c->has_color) {
		t->color = c->color;
		t->has |= 1U << GNMI_SAYS_COLOR;
	}
	if (c->has_endpoint) {
		t->endpoint = c->endpoint;
		t->has |= 1U << GNMI_SAYS_ENDPOINT;
	}
	if (c->has_preference) {
		t->preference = c->preference;
		t->has |= 1U << GNMI_SAYS_PREFERENCE;
	}
}

static void clear_leaf(struct driver_told *t, enum gnmi_says what, const struct driver_catch *c)
{
	if (what == GNMI_SAYS_SEGMENT && c->has_index && segment(t, c->index, NULL))
		return;
	t->has &= ~(1U << what);
	if (what == GNMI_SAYS_SEGMENT || what == GNMI_SAYS_SEGMENTS) {
		t->segs = 0;
		t->too_long = false;
	} else if (what == GNMI_SAYS_BSID) {
		t->bsid = (struct ip_addr){ 0 };
	} else if (what == GNMI_SAYS_STATUS) {
		t->status = DRIVER_STATUS_NONE;
	} else if (what == GNMI_SAYS_REASON) {
		t->reason[0] = '\0';
	} else if (what == GNMI_SAYS_ACTIVE) {
		t->active = false;
	} else if (what == GNMI_SAYS_IN_LIST) {
		t->n_in = 0;
	} else if (what == GNMI_SAYS_KEYS) {
		t->has &= ~(1U << GNMI_SAYS_PREFERENCE);
	}
}

void gnmi_driver_told(struct driver_told *t, enum gnmi_says what, const struct driver_catch *c,
		      const char *text)
{
	if (text)
		read_keys(t, c);
	if (text && read_leaf(t, what, c, text))
		t->has |= 1U << what;
	else
		clear_leaf(t, what, c);
}

bool gnmi_driver_whole(const struct driver_told *t)
{
	const uint32_t needs = 1U << GNMI_SAYS_COLOR | 1U << GNMI_SAYS_ENDPOINT;

	/* from the first on without a hole */
	return (t->has & needs) == needs && t->segs != 0 && (t->segs & (t->segs + 1)) == 0;
}

void gnmi_driver_list(const struct driver_told *t, struct sr_list *out)
{
	*out = (struct sr_list){ .dataplane = SR_SRV6 };
	while (out->n < SR_SEGS_MAX && (t->segs >> out->n & 1)) {
		out->at[out->n] = (struct sr_segment){ .kind = SR_SEG_OTHER, .behavior = SR_BEHAVIOR_OPAQUE,
						       .sid = t->seg[out->n] };
		out->n++;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of a device against the table of its kind: texts only. */
#include <stdio.h>
#include <stdlib.h>
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

static bool list_number(const char *text, struct driver_catch *c)
{
	uint32_t n;

	if (!number(text, &n) || n == 0)
		return false;
	c->list = n <= SR_LISTS_MAX ? n : SR_LISTS_MAX + 1;
	return (c->has_list = true);
}

/* "sx2-p" is the second of "sx-p"; another name is the policy's, or of somebody else's. */
static bool list_name(const char *text, bool names, struct driver_catch *c)
{
	const char *rest = text + sizeof("sx2-") - 1;
	bool further = strncmp(text, "sx", 2) == 0 && text[2] >= '2' && text[2] <= '0' + SR_LISTS_MAX && text[3] == '-';

	c->has_list = true;
	c->list = further ? (unsigned)(text[2] - '0') : 1;
	if (!names)
		return true;
	c->has_name = text[0] != '\0';
	if (!further)
		return c->has_name && str_copy(c->name, sizeof(c->name), text);
	return (size_t)snprintf(c->name, sizeof(c->name), GNMI_DRIVER_PREFIX "%s", rest) < sizeof(c->name);
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
	if (is(tag, len, "list"))
		return list_number(text, c);
	if (is(tag, len, "list-name") || is(tag, len, "list-of"))
		return list_name(text, is(tag, len, "list-name"), c);
	return is(tag, len, "endpoint") && (c->has_endpoint = ip_parse(text, &c->endpoint) == 0);
}

enum driver_match gnmi_driver_match(const char *pattern, const char *path, struct driver_catch *out)
{
	char text[DRIVER_ID_MAX];

	*out = (struct driver_catch){ .of_list = strstr(pattern, "<list") != NULL };
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

/* The one that is spoken of; NULL: one too many, or no memory. */
static struct driver_told_list *list_of(struct driver_told *t, const struct driver_catch *c)
{
	unsigned k = c->has_list ? c->list : 0;

	if (k >= DRIVER_LISTS) {
		t->too_many = true;
		return NULL;
	}
	if (!t->list[k])
		t->list[k] = calloc(1, sizeof(*t->list[k]));
	return t->list[k];
}

static bool segments(struct driver_told_list *l, const char *text)
{
	unsigned n;

	l->segs = 0;
	if (!addresses(text, l->seg, &n, &l->too_long))
		return false;
	l->segs = (uint32_t)((UINT64_C(1) << n) - 1);
	return true;
}

static bool segment(struct driver_told_list *l, uint32_t index, const char *text)
{
	uint32_t bit;

	if (index == 0 || index > SR_SEGS_MAX) {
		l->too_long = index > SR_SEGS_MAX;
		return l->segs != 0;
	}
	bit = UINT32_C(1) << (index - 1);
	l->segs &= ~bit;
	if (text && ip_parse(text, &l->seg[index - 1]) == 0 && l->seg[index - 1].family == IP_V6)
		l->segs |= bit;
	return l->segs != 0;
}

static bool status(struct driver_told *t, const char *text)
{
	t->status = strcmp(text, "in") == 0	 ? DRIVER_STATUS_IN :
		    strcmp(text, "pending") == 0 ? DRIVER_STATUS_PENDING :
						   DRIVER_STATUS_FAILED;
	return true;
}

static bool in_list(struct driver_told_list *l, const char *text)
{
	bool too_long;
	unsigned n;

	l->n_in = 0;
	if (!addresses(text, l->in, &n, &too_long))
		return false;
	l->n_in = (uint8_t)n;
	return true;
}

static bool read_list(struct driver_told *t, enum gnmi_says what, const struct driver_catch *c, const char *text)
{
	struct driver_told_list *l = list_of(t, c);

	if (!l)
		return false;
	if (what == GNMI_SAYS_SEGMENTS)
		return segments(l, text);
	if (what == GNMI_SAYS_SEGMENT)
		return segment(l, c->has_index ? c->index : 0, text);
	if (what == GNMI_SAYS_IN_LIST)
		return in_list(l, text);
	return number(text, what == GNMI_SAYS_WEIGHT ? &l->weight : &l->in_weight);
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
	case GNMI_SAYS_SEGMENTS:
	case GNMI_SAYS_WEIGHT:
	case GNMI_SAYS_IN_LIST:
	case GNMI_SAYS_IN_WEIGHT:
		return read_list(t, what, c, text);
	case GNMI_SAYS_STATUS:
		return status(t, text);
	case GNMI_SAYS_REASON:
		return str_copy(t->reason, sizeof(t->reason), text) || true; /* cut */
	case GNMI_SAYS_ACTIVE:
		t->active = strcmp(text, "true") == 0;
		return true;
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

static void clear_list(struct driver_told_list *l, enum gnmi_says what, const struct driver_catch *c)
{
	if (what == GNMI_SAYS_SEGMENT && c->has_index) {
		(void)segment(l, c->index, NULL);
	} else if (what == GNMI_SAYS_SEGMENT || what == GNMI_SAYS_SEGMENTS) {
		l->segs = 0;
		l->too_long = false;
	} else if (what == GNMI_SAYS_IN_LIST) {
		l->n_in = 0;
	} else if (what == GNMI_SAYS_WEIGHT) {
		l->weight = 0;
	} else {
		l->in_weight = 0;
	}
}

static bool says(const struct driver_told_list *l, enum gnmi_says what)
{
	if (what == GNMI_SAYS_SEGMENT || what == GNMI_SAYS_SEGMENTS)
		return l->segs != 0;
	if (what == GNMI_SAYS_IN_LIST)
		return l->n_in > 0;
	return what == GNMI_SAYS_WEIGHT ? l->weight > 0 : l->in_weight > 0;
}

/* Of one list, of all that have a number, or of the one that has none. */
static void clear_lists(struct driver_told *t, enum gnmi_says what, const struct driver_catch *c)
{
	bool left = false;

	if (c->of_list && (!c->has_list || c->list > SR_LISTS_MAX))
		t->too_many = false;
	for (unsigned k = 0; k < DRIVER_LISTS; k++) {
		bool meant = !c->of_list ? k == 0 : c->has_list ? k == c->list : k > 0;

		if (!t->list[k])
			continue;
		if (meant)
			clear_list(t->list[k], what, c);
		left = left || says(t->list[k], what);
	}
	if (left)
		t->has |= 1U << what;
	else
		t->has &= ~(1U << what);
}

static bool is_of_lists(enum gnmi_says what)
{
	return what == GNMI_SAYS_SEGMENT || what == GNMI_SAYS_SEGMENTS || what == GNMI_SAYS_WEIGHT ||
	       what == GNMI_SAYS_IN_LIST || what == GNMI_SAYS_IN_WEIGHT;
}

static void clear_leaf(struct driver_told *t, enum gnmi_says what, const struct driver_catch *c)
{
	if (is_of_lists(what)) {
		clear_lists(t, what, c);
		return;
	}
	t->has &= ~(1U << what);
	if (what == GNMI_SAYS_BSID)
		t->bsid = (struct ip_addr){ 0 };
	else if (what == GNMI_SAYS_STATUS)
		t->status = DRIVER_STATUS_NONE;
	else if (what == GNMI_SAYS_REASON)
		t->reason[0] = '\0';
	else if (what == GNMI_SAYS_ACTIVE)
		t->active = false;
	else if (what == GNMI_SAYS_KEYS && !(c->has_list && c->list > 1))
		t->has &= ~(1U << GNMI_SAYS_PREFERENCE);
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

void gnmi_driver_untold(struct driver_told *t)
{
	for (unsigned k = 0; k < DRIVER_LISTS; k++)
		free(t->list[k]);
	*t = (struct driver_told){ 0 };
}

bool gnmi_driver_whole(const struct driver_told *t)
{
	const uint32_t needs = 1U << GNMI_SAYS_COLOR | 1U << GNMI_SAYS_ENDPOINT;
	unsigned n = 0;

	for (unsigned k = 0; k < DRIVER_LISTS; k++) {
		uint32_t segs = t->list[k] ? t->list[k]->segs : 0;

		if ((segs & (segs + 1)) != 0) /* from the first on without a hole */
			return false;
		n += segs != 0;
	}
	return (t->has & needs) == needs && n > 0;
}

bool gnmi_driver_truncated(const struct driver_told *t)
{
	bool too_long = t->too_many;

	for (unsigned k = 0; k < DRIVER_LISTS; k++)
		too_long = too_long || (t->list[k] && t->list[k]->too_long);
	return too_long;
}

static void fill(const struct ip_addr *sids, unsigned n, struct sr_list *out)
{
	*out = (struct sr_list){ .dataplane = SR_SRV6 };
	for (; out->n < n; out->n++)
		out->at[out->n] = (struct sr_segment){ .kind = SR_SEG_OTHER, .behavior = SR_BEHAVIOR_OPAQUE,
						       .sid = sids[out->n] };
}

/* The k-th, from 0; false: nine of them, of which two disagree for a moment about how many there are. */
static bool put(const struct ip_addr *sids, unsigned n, uint32_t weight, struct sr_list *out, struct sr_more *more)
{
	struct sr_weighted *w = &more->at[more->n];

	if (out->n == 0) {
		fill(sids, n, out);
		more->weight = weight;
		return true;
	}
	if (more->n == SR_LISTS_MAX - 1)
		return false;
	fill(sids, n, &w->list);
	w->weight = weight;
	more->n++;
	return true;
}

static void close_lists(struct sr_list *out, struct sr_more *more)
{
	sr_weights_fit(more);
	out->more = more->n > 0 ? more : NULL;
}

static unsigned told_segments(const struct driver_told_list *l)
{
	unsigned n = 0;

	while (n < SR_SEGS_MAX && (l->segs >> n & 1))
		n++;
	return n;
}

void gnmi_driver_list(const struct driver_told *t, struct sr_list *out, struct sr_more *more)
{
	*out = (struct sr_list){ .dataplane = SR_SRV6 };
	*more = (struct sr_more){ .n = 0 };
	for (unsigned k = 0; k < DRIVER_LISTS; k++) {
		const struct driver_told_list *l = t->list[k];

		if (l && told_segments(l) > 0 && !put(l->seg, told_segments(l), l->weight, out, more))
			break;
	}
	close_lists(out, more);
}

bool gnmi_driver_in(const struct driver_told *t, const struct sr_list *list)
{
	struct sr_list in = { .dataplane = SR_SRV6 };
	struct sr_more more = { .n = 0 };
	bool fit = true;

	for (unsigned k = 0; fit && k < DRIVER_LISTS; k++) {
		const struct driver_told_list *l = t->list[k];

		if (l && l->n_in > 0)
			fit = put(l->in, l->n_in, l->in_weight, &in, &more);
	}
	close_lists(&in, &more);
	return fit && sr_list_eq(&in, list);
}

bool gnmi_driver_tell_list(struct driver_told *t, const struct sr_list *list, bool one_apart)
{
	unsigned n = sr_list_count(list), first = n == 1 && one_apart ? 0 : 1;

	t->too_many = false;
	for (unsigned k = 0; k < DRIVER_LISTS; k++) {
		const struct driver_catch c = { .has_list = true, .list = k };
		const struct sr_list *from = k >= first && k - first < n ? sr_list_nth(list, k - first) : NULL;
		struct driver_told_list *l = from ? list_of(t, &c) : t->list[k];

		if (from && !l)
			return false;
		if (!l)
			continue;
		l->too_long = false;
		l->weight = from ? sr_list_weight(list, k - first) : 0;
		l->segs = from ? (uint32_t)((UINT64_C(1) << from->n) - 1) : 0;
		for (unsigned i = 0; from && i < from->n; i++)
			l->seg[i] = from->at[i].sid;
	}
	return true;
}

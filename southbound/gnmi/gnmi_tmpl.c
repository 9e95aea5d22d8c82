/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: a walk over the text, with at most one group open, in a list or not. */
#include "southbound/gnmi/gnmi_tmpl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

enum { VALUE_MAX = 256 };

struct expand {
	enum gnmi_tmpl_for use;
	const struct gnmi_policy *p;
	const char *who;
	unsigned list;
	unsigned seg; /* in a loop: which, from 1; 0: not in one */
	struct str *out;
};

static void text_of(const char *s, char out[VALUE_MAX])
{
	(void)snprintf(out, VALUE_MAX, "%s", s ? s : "");
}

static void addr_of(const struct ip_addr *a, char out[VALUE_MAX])
{
	out[0] = '\0';
	if (a->family != IP_NONE)
		(void)ip_text(a, out, VALUE_MAX);
}

static bool policy_value(const struct expand *e, const char *name, char out[VALUE_MAX])
{
	const struct gnmi_policy *p = e->p;
	const struct {
		const char *name;
		uint32_t v;
	} numbers[] = { { "color", p->color }, { "preference", p->preference },
			{ "discriminator", p->discriminator } };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(name, numbers[i].name) == 0) {
			(void)snprintf(out, VALUE_MAX, "%u", numbers[i].v);
			return true;
		}
	if (strcmp(name, "name") == 0)
		text_of(p->name, out);
	else if (strcmp(name, "locator") == 0)
		text_of(p->locator, out);
	else if (strcmp(name, "endpoint") == 0)
		addr_of(&p->endpoint, out);
	else if (strcmp(name, "bsid") == 0)
		addr_of(&p->binding_sid, out);
	else
		return false;
	return true;
}

#define OURS "sx-"

/* Such as no policy of ours can have: others' lists are not overwritten, and ours are found again. */
static void list_name(const struct expand *e, char out[VALUE_MAX])
{
	const char *name = e->p->name;

	if (strncmp(name, OURS, sizeof(OURS) - 1) == 0)
		name += sizeof(OURS) - 1;
	(void)snprintf(out, VALUE_MAX, "sx%u-%s", e->list + 1, name);
}

/* One that is to be deleted has a number and a name, and is in no policy any more. */
static bool is_there(const struct expand *e)
{
	return e->p && e->p->list && e->list < sr_list_count(e->p->list);
}

static bool list_value(const struct expand *e, const char *name, char out[VALUE_MAX])
{
	if (strcmp(name, "list") == 0)
		(void)snprintf(out, VALUE_MAX, "%u", e->list + 1);
	else if (strcmp(name, "weight") == 0 && is_there(e))
		(void)snprintf(out, VALUE_MAX, "%u", sr_list_weight(e->p->list, e->list));
	else if (strcmp(name, "list-name") == 0 && e->list > 0)
		list_name(e, out);
	else if (strcmp(name, "list-name") == 0)
		text_of(e->p->name, out);
	else
		return false;
	return true;
}

static bool value(const struct expand *e, const char *name, char out[VALUE_MAX])
{
	if (strcmp(name, "who") == 0) {
		text_of(e->who, out);
		return true;
	}
	if (e->seg && strcmp(name, "index") == 0) {
		(void)snprintf(out, VALUE_MAX, "%u", e->seg);
		return true;
	}
	if (e->seg && strcmp(name, "sid") == 0) {
		addr_of(&sr_list_nth(e->p->list, e->list)->at[e->seg - 1].sid, out);
		return true;
	}
	return e->p && (policy_value(e, name, out) || list_value(e, name, out));
}

static void put(struct expand *e, const char *v)
{
	struct str quoted STR_AUTO = { 0 };

	if (e->use == GNMI_FOR_PATH) {
		for (; *v; v++) {
			if (*v == ']' || *v == '\\')
				str_add(e->out, "\\");
			str_addn(e->out, v, 1);
		}
		return;
	}
	str_json(&quoted, v);
	if (quoted.len >= 2) /* without its quotes: the template has them */
		str_addn(e->out, str_text(&quoted) + 1, quoted.len - 2);
}

/* "<name>" at *at into name, *at behind it. */
static bool tag(const char **at, char *name, size_t cap)
{
	const char *end = strchr(*at, '>');
	size_t n = end ? (size_t)(end - *at) - 1 : 0;

	if (!end || n >= cap)
		return false;
	memcpy(name, *at + 1, n);
	name[n] = '\0';
	*at = end + 1;
	return true;
}

/* Text without groups, up to end. */
static int plain(struct expand *e, const char *at, const char *end)
{
	char name[32], v[VALUE_MAX];

	while (at < end) {
		const char *open = memchr(at, '<', (size_t)(end - at));

		str_addn(e->out, at, (size_t)((open ? open : end) - at));
		if (!open)
			return 0;
		at = open;
		if (!tag(&at, name, sizeof(name)) || !value(e, name, v))
			return err_raise(-EINVAL);
		put(e, v);
	}
	return 0;
}

static int loop(struct expand *e, const char *at, const char *end)
{
	int r = 0;

	if (!is_there(e))
		return err_raise(-EINVAL);
	for (e->seg = 1; r == 0 && e->seg <= sr_list_nth(e->p->list, e->list)->n; e->seg++) {
		if (e->seg > 1)
			str_add(e->out, ",");
		r = plain(e, at, end);
	}
	e->seg = 0;
	return r;
}

static int group(struct expand *e, const char **at, const char *limit)
{
	char name[32], v[VALUE_MAX];
	const char *end;
	int r = 0;

	if (!tag(at, name, sizeof(name)))
		return err_raise(-EINVAL);
	end = strstr(*at, "</>");
	if (!end || end >= limit)
		return err_raise(-EINVAL);
	if (name[0] == '*')
		r = loop(e, *at, end);
	else if (!value(e, name + 1, v))
		r = err_raise(-EINVAL);
	else if (v[0])
		r = plain(e, *at, end);
	*at = end + 3;
	return r;
}

static const char *next_group(const char *at, const char *end)
{
	const char *a = strstr(at, "<?"), *b = strstr(at, "<*>");
	const char *first = !a ? b : !b ? a : a < b ? a : b;

	return first && first < end ? first : NULL;
}

/* Text with groups. */
static int grouped(struct expand *e, const char *at, const char *end)
{
	const char *open;
	int r = 0;

	while (r == 0 && (open = next_group(at, end))) {
		r = plain(e, at, open);
		at = open;
		if (r == 0)
			r = group(e, &at, end);
	}
	return r == 0 ? plain(e, at, end) : r;
}

static int each_list(struct expand *e, const char *at, const char *end)
{
	unsigned was = e->list;
	int r = 0;

	if (!e->p || !e->p->list)
		return err_raise(-EINVAL);
	for (e->list = 0; r == 0 && e->list < sr_list_count(e->p->list); e->list++) {
		if (e->list > 0)
			str_add(e->out, ",");
		r = grouped(e, at, end);
	}
	e->list = was;
	return r;
}

int gnmi_tmpl_expand(const char *tmpl, enum gnmi_tmpl_for use, const struct gnmi_policy *p,
		     const char *who, struct str *out)
{
	static const char begin[] = "<lists>", end[] = "</lists>";
	struct expand e = { .use = use, .p = p, .who = who, .out = out, .list = p ? p->at : 0 };
	const char *open;
	int r = 0;

	while (r == 0 && (open = strstr(tmpl, begin))) {
		const char *in = open + sizeof(begin) - 1, *close = strstr(in, end);

		if (!close)
			return err_raise(-EINVAL);
		r = grouped(&e, tmpl, open);
		if (r == 0)
			r = each_list(&e, in, close);
		tmpl = close + sizeof(end) - 1;
	}
	return r == 0 ? grouped(&e, tmpl, tmpl + strlen(tmpl)) : r;
}

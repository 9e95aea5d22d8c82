/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: a walk over the text, with at most one group open. */
#include "southbound/gnmi/gnmi_tmpl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

enum { VALUE_MAX = 256 };

struct expand {
	enum gnmi_tmpl_for use;
	const struct gnmi_policy *p;
	const char *who;
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
		addr_of(&e->p->list->at[e->seg - 1].sid, out);
		return true;
	}
	return e->p && policy_value(e, name, out);
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

	if (!e->p || !e->p->list)
		return err_raise(-EINVAL);
	for (e->seg = 1; r == 0 && e->seg <= e->p->list->n; e->seg++) {
		if (e->seg > 1)
			str_add(e->out, ",");
		r = plain(e, at, end);
	}
	e->seg = 0;
	return r;
}

static int group(struct expand *e, const char **at)
{
	char name[32], v[VALUE_MAX];
	const char *end;
	int r = 0;

	if (!tag(at, name, sizeof(name)))
		return err_raise(-EINVAL);
	end = strstr(*at, "</>");
	if (!end)
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

static const char *next_group(const char *at)
{
	const char *a = strstr(at, "<?"), *b = strstr(at, "<*>");

	return !a ? b : !b ? a : a < b ? a : b;
}

int gnmi_tmpl_expand(const char *tmpl, enum gnmi_tmpl_for use, const struct gnmi_policy *p,
		     const char *who, struct str *out)
{
	struct expand e = { .use = use, .p = p, .who = who, .out = out };
	const char *open;
	int r = 0;

	while (r == 0 && (open = next_group(tmpl))) {
		r = plain(&e, tmpl, open);
		tmpl = open;
		if (r == 0)
			r = group(&e, &tmpl);
	}
	return r == 0 ? plain(&e, tmpl, tmpl + strlen(tmpl)) : r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices say: addresses of interfaces and their MTU, windows of probes, counters. All of it is theirs: names
 * are bounded, and what is not a number is none. A device tells all leafs of a window with one time,
 * `window` the last; what is not whole by then is not known.
 */
#include <string.h>

#include "base/str.h"
#include "sense/sense_priv.h"

/* The value of a path's only key; where its entry ends, NULL: it is no leaf of one. */
static const char *key_of(const char *path, char *out, size_t cap)
{
	const char *p = strchr(path, '=');
	size_t n = 0;

	for (p = p ? p + 1 : NULL; p && *p && *p != ']' && n + 1 < cap; p++) {
		if (*p == '\\' && p[1])
			p++;
		out[n++] = *p;
	}
	out[n] = '\0';
	return p && *p == ']' && n > 0 && p[1] == '/' ? p + 2 : NULL;
}

/* ---- interfaces ---- */

static bool face_has(const struct sense_face *f, const struct ip_addr *a)
{
	for (uint8_t i = 0; i < f->n; i++)
		if (ip_eq(&f->at[i], a))
			return true;
	return false;
}

void sense_face_find(struct sense_link *l)
{
	for (size_t i = 0; l->from && i < l->from->faces.n; i++)
		if (face_has(&l->from->faces.at[i], &l->local))
			(void)str_copy(l->face, sizeof(l->face), l->from->faces.at[i].name);
}

static struct sense_face *face_of(struct sense_device *d, const char *name, bool make)
{
	struct sense_face f = { 0 };

	for (size_t i = 0; i < d->faces.n; i++)
		if (strcmp(d->faces.at[i].name, name) == 0)
			return &d->faces.at[i];
	if (!make || d->faces.n >= SENSE_FACES_MAX || !str_copy(f.name, sizeof(f.name), name))
		return NULL;
	return VEC_ADD(&d->faces, f);
}

/* "[a,b]", or one alone. */
static void addresses(struct sense_face *f, const char *text)
{
	char one[IP_TEXT_MAX];

	f->n = 0;
	for (text += strspn(text, "[ "); *text && f->n < SENSE_FACE_ADDRS_MAX; text += strspn(text, ",] ")) {
		size_t len = strcspn(text, ",] ");

		if (len > 0 && len < sizeof(one)) {
			memcpy(one, text, len);
			one[len] = '\0';
			if (ip_parse(one, &f->at[f->n]) == 0)
				f->n++;
		}
		text += len;
	}
}

static void on_face(struct sense_device *d, const struct device_sample *e)
{
	char name[SENSE_NAME_MAX];
	const char *leaf = key_of(e->path, name, sizeof(name));
	struct sense_face *f = leaf && strcmp(leaf, "address") == 0 ? face_of(d, name, !e->gone) : NULL;

	if (!f)
		return;
	addresses(f, e->gone ? "" : e->text);
	if (d->s->cfg.mtu)
		sense_look_soon(d->s);
	for (size_t i = 0; i < d->links.n; i++) {
		struct sense_link *l = d->links.at[i];

		if (strcmp(l->face, name) == 0 && !face_has(f, &l->local))
			l->face[0] = '\0';
		if (face_has(f, &l->local))
			(void)str_copy(l->face, sizeof(l->face), name);
	}
}

static void on_mtu(struct sense_device *d, const struct device_sample *e)
{
	char name[SENSE_NAME_MAX];
	const char *leaf = key_of(e->path, name, sizeof(name));
	struct sense_face *f = leaf && strcmp(leaf, "mtu") == 0 ? face_of(d, name, !e->gone) : NULL;

	if (!f || (!e->gone && (!e->number || e->u > UINT32_MAX)))
		return;
	f->mtu = e->gone ? 0 : (uint32_t)e->u;
	sense_look_soon(d->s);
}

/* ---- windows of probes ---- */

static void window_begin(struct sense_window *w, uint64_t time)
{
	const struct sense_span none = { 0, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };

	*w = (struct sense_window){ .time = time, .forward = none, .round = none };
}

static void figure(struct sense_span *to, const char *leaf, uint64_t u)
{
	const struct {
		const char *leaf;
		uint64_t *to;
	} rows[] = { { "samples", &to->samples }, { "minimum", &to->min_us }, { "median", &to->median_us },
		     { "maximum", &to->max_us },  { "error", &to->error_us } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].leaf, leaf) == 0)
			*rows[i].to = u;
}

static void window_leaf(struct sense_link *l, const char *leaf, const struct device_sample *e)
{
	struct sense_window *w = &l->window;

	if ((uint64_t)e->time_ns != w->time)
		window_begin(w, (uint64_t)e->time_ns);
	if (strcmp(leaf, "known") == 0)
		w->known = strcmp(e->text, "true") == 0;
	else if (!e->number || e->u > UINT32_MAX)
		return;
	else if (strncmp(leaf, "forward/", 8) == 0)
		figure(&w->forward, leaf + 8, e->u);
	else if (strncmp(leaf, "round-trip/", 11) == 0)
		figure(&w->round, leaf + 11, e->u);
	else if (strcmp(leaf, "window") == 0 && e->u > 0)
		sense_window_over(l);
}

static void on_session(struct sense_device *d, const struct device_sample *e)
{
	char name[SENSE_SESSION_MAX];
	const char *leaf = key_of(e->path, name, sizeof(name));
	struct sense_session *x;

	if (!leaf && !e->gone)
		return;
	x = sense_session_of(d, name, !e->gone);
	if (!x)
		return;
	if (e->gone) {
		/* a leaf may go while its session stays */
		x->there = leaf && x->there;
		return;
	}
	x->there = true;
	if (!x->link)
		sense_look_soon(d->s);
	else if (strncmp(leaf, "state/", 6) == 0)
		window_leaf(x->link, leaf + 6, e);
}

/* ---- counters ---- */

static void on_octets(struct sense_device *d, const struct device_sample *e)
{
	char name[SENSE_NAME_MAX];
	const char *leaf = key_of(e->path, name, sizeof(name));

	if (e->gone || !e->number || !leaf || strcmp(leaf, "statistics/out-octets") != 0)
		return;
	for (size_t i = 0; i < d->links.n; i++) {
		struct sense_link *l = d->links.at[i];

		if (strcmp(l->face, name) == 0 && sense_load_count(&l->load, e->u, e->time_ns))
			sense_counted(l);
	}
}

void sense_sample(struct sense_device *d, const struct device_sample *e)
{
	if (e->watch == d->watch_faces)
		on_face(d, e);
	else if (e->watch == d->watch_mtus)
		on_mtu(d, e);
	else if (e->watch == d->watch_sessions)
		on_session(d, e);
	else if (e->watch == d->watch_load)
		on_octets(d, e);
}

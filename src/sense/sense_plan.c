/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices are to do: a session on every link between two of them, from the address of one end to
 * that of the other, which is on the link for both; a reflector that answers the neighbours. Ours are
 * known by name, "link-" and the link's own address, so that the same ones are found after a restart
 * and nothing is left of a life before.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "sense/sense_priv.h"

#define STAMP "/device/measure/stamp"
#define SESSION STAMP "/session"
#define REFLECTOR STAMP "/reflector"
#define NAME "link-"

enum { PATH = 128 };

struct sense_session *sense_session_of(struct sense_device *d, const char *name, bool make)
{
	struct sense_session e = { 0 };

	if (strncmp(name, NAME, strlen(NAME)) != 0)
		return NULL;
	if (d->last < d->sessions.n && strcmp(d->sessions.at[d->last].name, name) == 0)
		return &d->sessions.at[d->last];
	for (d->last = 0; d->last < d->sessions.n; d->last++)
		if (strcmp(d->sessions.at[d->last].name, name) == 0)
			return &d->sessions.at[d->last];
	if (!make || d->sessions.n >= SENSE_SESSIONS_MAX || !str_copy(e.name, sizeof(e.name), name))
		return NULL;
	return VEC_ADD(&d->sessions, e);
}

static void name_of(const struct sense_link *l, char out[SENSE_SESSION_MAX])
{
	size_t n = strlen(NAME);

	memcpy(out, NAME, n);
	for (size_t i = 0; i < 16; i++, n += 2)
		(void)snprintf(out + n, SENSE_SESSION_MAX - n, "%02x", l->local.b[i]);
}

static void path_of(const char *name, char path[PATH])
{
	(void)snprintf(path, PATH, SESSION "[name=%s]", name);
}

void sense_device_forget(struct sense_device *d)
{
	for (size_t i = 0; i < d->sessions.n; i++) {
		d->sessions.at[i].told = false;
		d->sessions.at[i].retry_at = (struct mono){ 0 };
	}
	d->answers = false;
	d->answers_at = (struct mono){ 0 };
	d->txn = 0;
}

struct sense_link *sense_link_drop(struct sense_link *l)
{
	for (size_t i = 0; l->from && i < l->from->sessions.n; i++)
		if (l->from->sessions.at[i].link == l)
			l->from->sessions.at[i].link = NULL;
	for (size_t i = 0; l->from && i < l->from->links.n; i++)
		if (l->from->links.at[i] == l)
			l->from->links.at[i--] = l->from->links.at[--l->from->links.n];
	if (l->m_delay)
		metric_set(l->m_delay, (double)NAN);
	if (l->m_load)
		metric_set(l->m_load, (double)NAN);
	free(l);
	return NULL;
}

/* ---- the plan ---- */

static void sender_add(struct sense_device *d, const struct ip_addr *a)
{
	for (size_t i = 0; i < d->senders.n; i++)
		if (ip_eq(&d->senders.at[i], a))
			return;
	if (d->senders.n < SENSE_SENDERS_MAX && VEC_ADD(&d->senders, *a))
		d->answers = false;
}

static void link_plan(struct sense_link *l)
{
	char name[SENSE_SESSION_MAX];
	struct sense_session *e;

	if (!l->from || !l->seen)
		return;
	(void)VEC_ADD(&l->from->links, l);
	if (!l->face[0])
		sense_face_find(l);
	if (!l->wanted || l->s->cfg.delay == SENSE_OFF)
		return;
	name_of(l, name);
	e = sense_session_of(l->from, name, true);
	if (e)
		e->link = l;
	/* who once was a sender stays one until the reflector is told anew: its answers harm nobody */
	sender_add(l->to, &l->local);
}

static uint32_t watch(struct sense_device *d, const char *path, bool on_change, uint64_t interval_ns)
{
	const struct device_watch w = { .path = path, .on_change = on_change, .interval_ns = interval_ns };
	struct sense *s = d->s;
	uint32_t id = 0;

	return s->port.watch(s->port.self, d->name, &w, &id) == 0 ? id : 0;
}

static void unwatch(struct sense_device *d, uint32_t *id)
{
	if (*id)
		d->s->port.unwatch(d->s->port.self, d->name, *id);
	*id = 0;
}

static void device_watch(struct sense_device *d)
{
	const struct sense_cfg *cfg = &d->s->cfg;
	bool any = d->agent && d->links.n > 0;

	/* also to find what a life before has left */
	if (cfg->delay == SENSE_OFF && d->clean && d->sessions.n == 0)
		unwatch(d, &d->watch_sessions);
	else if (d->agent && !d->watch_sessions)
		d->watch_sessions = watch(d, SESSION, true, NS_PER_S);
	if (any && !d->watch_faces)
		d->watch_faces = watch(d, "/device/interface/address", true, NS_PER_S);
	if (any && cfg->mtu && !d->watch_mtus)
		d->watch_mtus = watch(d, "/device/interface/mtu", true, NS_PER_S);
	if (!any || !cfg->mtu)
		unwatch(d, &d->watch_mtus);
	if (any && cfg->load != SENSE_OFF && !d->watch_load)
		d->watch_load = watch(d, "/device/interface[name=*]/statistics/out-octets", false,
				      cfg->load_s * NS_PER_S);
	if (cfg->load == SENSE_OFF || !any)
		unwatch(d, &d->watch_load);
	if (!any && d->watch_faces) {
		unwatch(d, &d->watch_faces);
		d->faces.n = 0;
	}
}

static void sessions_trim(struct sense_device *d)
{
	for (size_t i = d->sessions.n; i-- > 0;) {
		const struct sense_session *e = &d->sessions.at[i];

		if (!e->link && !e->told && !e->there && (!d->txn || strcmp(d->txn_name, e->name) != 0))
			d->sessions.at[i] = d->sessions.at[--d->sessions.n];
	}
}

void sense_plan(struct sense *s)
{
	HASH_EACH (n, &s->devices) {
		struct sense_device *d = HASH_OF(n, struct sense_device, by_name);

		d->links.n = 0;
		for (size_t i = 0; i < d->sessions.n; i++)
			d->sessions.at[i].link = NULL;
	}
	for (size_t i = 0; i < s->links.n; i++)
		if (s->links.at[i])
			link_plan(s->links.at[i]);
	HASH_EACH (n, &s->devices) {
		struct sense_device *d = HASH_OF(n, struct sense_device, by_name);

		device_watch(d);
		sessions_trim(d);
		sense_tell(d);
	}
}

/* ---- telling ---- */

static bool due(const struct sense_device *d, struct mono at)
{
	return !mono_before(loop_now(d->s->parts.loop), at);
}

static bool set(struct sense_device *d, const struct device_change *c, const char *name)
{
	struct sense *s = d->s;

	if (s->port.set(s->port.self, d->name, c, 1, &d->txn) != 0) {
		d->txn = 0;
		return false;
	}
	(void)str_copy(d->txn_name, sizeof(d->txn_name), name);
	(void)str_copy(d->txn_doc, sizeof(d->txn_doc), c->json ? c->json : "");
	return true;
}

static void document(const struct sense_link *l, char *out, size_t cap)
{
	const struct sense_cfg *cfg = &l->s->cfg;
	char to[IP_TEXT_MAX], from[IP_TEXT_MAX];

	(void)snprintf(out, cap,
		       "{\"reflector\":\"%s\",\"source\":\"%s\",\"interval\":%" PRIu32 ",\"window\":%" PRIu32 "}",
		       ip_text(&l->remote, to, sizeof(to)), ip_text(&l->local, from, sizeof(from)), cfg->probe_ms,
		       cfg->window_s);
}

/* True: a change is under way. */
static bool session_tell(struct sense_device *d, struct sense_session *e)
{
	struct device_change c = { DEVICE_DELETE, NULL, NULL };
	char path[PATH], doc[sizeof(e->doc)];

	path_of(e->name, path);
	c.path = path;
	if (!due(d, e->retry_at))
		return false;
	if (!e->link)
		return (e->told || e->there) && set(d, &c, e->name);
	document(e->link, doc, sizeof(doc));
	if (e->told && strcmp(doc, e->doc) == 0)
		return false;
	c.op = DEVICE_REPLACE;
	c.json = doc;
	return set(d, &c, e->name);
}

/* Others keep what they have set there, and nobody of us takes it away. */
static bool reflector_tell(struct sense_device *d)
{
	struct str doc STR_AUTO = { 0 };
	struct device_change c = { DEVICE_UPDATE, REFLECTOR, NULL };
	char a[IP_TEXT_MAX];

	if (d->answers || d->senders.n == 0 || !due(d, d->answers_at))
		return false;
	for (size_t i = 0; i < d->senders.n; i++)
		str_addf(&doc, "%s\"%s/128\"", i ? "," : "{\"allow\":[", ip_text(&d->senders.at[i], a, sizeof(a)));
	str_add(&doc, "]}");
	c.json = str_text(&doc);
	return !doc.bad && set(d, &c, "");
}

void sense_tell(struct sense_device *d)
{
	if (!d->up || !d->agent || d->txn || reflector_tell(d))
		return;
	for (size_t i = 0; i < d->sessions.n && !session_tell(d, &d->sessions.at[i]); i++)
		;
}

static void session_told(struct sense_device *d, struct sense_session *e, const struct device_result *r)
{
	struct sense *s = d->s;
	char path[PATH];

	if (r->outcome != DEVICE_DONE) {
		e->told = false;
		e->retry_at = mono_add(loop_now(s->parts.loop), SENSE_RETRY_NS);
		(void)str_copy(e->fault, sizeof(e->fault),
			       r->text && r->text[0] ? r->text : device_outcome_text(r->outcome));
		log_event("", LOG_WARN, "sense.session", "device=%s session=%s outcome=\"%s\"", d->name, e->name,
			  e->fault);
		return;
	}
	(void)str_copy(e->doc, sizeof(e->doc), d->txn_doc);
	e->fault[0] = '\0';
	e->told = e->doc[0] != '\0';
	e->there = e->there && e->told;
	if (e->told)
		return;
	path_of(e->name, path);
	s->port.forget(s->port.self, d->name, path);
}

void sense_told(struct sense_device *d, const struct device_result *r)
{
	struct sense_session *e;

	if (d->txn == 0 || d->txn != r->txn)
		return;
	d->txn = 0;
	if (!d->txn_name[0]) {
		d->answers = r->outcome == DEVICE_DONE;
		d->answers_at = mono_add(loop_now(d->s->parts.loop), SENSE_RETRY_NS);
		if (!d->answers)
			log_event("", LOG_WARN, "sense.reflector", "device=%s outcome=\"%.200s\"", d->name,
				  r->text && r->text[0] ? r->text : device_outcome_text(r->outcome));
	} else {
		e = sense_session_of(d, d->txn_name, false);
		if (e)
			session_told(d, e, r);
		sessions_trim(d);
	}
	sense_tell(d);
}

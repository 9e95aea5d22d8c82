/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STAMP: a session of the headend for each flow that is ordered so, in the flow's own policy, and a
 * reflector at the far end; two more for each that is looked at (room_look.c). Devices are told one
 * change at a time; what is ours there is known by its name, "slice-", "small-" or "large-" and the
 * flow's number, so that nothing is left of a life before. A window of
 * probes without an answer, or of clocks that nobody vouches for, tells nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"

#define SESSION "/device/measure/stamp/session"
#define REFLECTOR "/device/measure/stamp/reflector"

enum { SESSIONS_MAX = 256, SENDERS_MAX = 64, PATH = 128, LOOKS_MAX = 8, LOOK_MS = 50 };
enum { HAVE_SENT = 1, HAVE_LOST = 2, HAVE_MIN = 4, HAVE_MEDIAN = 8, HAVE_MAX = 16, HAVE_ERROR = 32, HAVE_SAMPLES = 64,
       HAVE_DELAYS = 124 };

static const char *const names[ROOM_PROBINGS] = { "slice-", "small-", "large-" };

static struct room_session *session_of(struct room_device *d, uint32_t flow, enum room_probing kind, bool make)
{
	for (size_t i = 0; i < d->sessions.n; i++)
		if (d->sessions.at[i].flow == flow && d->sessions.at[i].kind == kind)
			return &d->sessions.at[i];
	if (!make || d->sessions.n >= SESSIONS_MAX)
		return NULL;
	return VEC_ADD(&d->sessions, ((struct room_session){ .flow = flow, .kind = kind }));
}

static void path_of(const struct room_session *s, char path[PATH])
{
	(void)snprintf(path, PATH, SESSION "[name=%s%" PRIu32 "]", names[s->kind], s->flow);
}

/* False: it is nobody's of ours. */
static bool name_read(const char *name, uint32_t *flow, enum room_probing *kind)
{
	for (unsigned k = 0; k < ROOM_PROBINGS; k++) {
		size_t len = strlen(names[k]);
		uint64_t u;

		if (strncmp(name, names[k], len) != 0 || str_u64(name + len, &u) < 0 || u == 0 || u >> ROOM_FLOW_ID_BITS)
			continue;
		*flow = (uint32_t)u;
		*kind = (enum room_probing)k;
		return true;
	}
	return false;
}

void room_probes_forget(struct room_device *d)
{
	for (size_t i = 0; i < d->sessions.n; i++) {
		d->sessions.at[i].told = false;
		d->sessions.at[i].retry_at = (struct mono){ 0 };
	}
	d->answers_known = false;
	d->answers_retry_at = (struct mono){ 0 };
	d->probe_txn = 0;
}

/* ---- telling ---- */

static uint32_t window_s(const struct room_flow *f)
{
	/* a stream without marks has two windows of probes in each of its own */
	uint32_t ms = f->marked ? f->terms.period_ms : f->terms.period_ms / 2;

	return ms < 2000 ? 1 : ms / 1000;
}

/* A look is short, and of as many probes as tell "all of them" from some. */
static void timing(const struct assure_room *r, const struct room_flow *f, enum room_probing kind, char *out, size_t cap)
{
	if (kind == ROOM_PROBE_OWN)
		(void)snprintf(out, cap, "%" PRIu32, window_s(f));
	else
		(void)snprintf(out, cap, "1,\"interval\":%d,\"padding\":%u", LOOK_MS,
			       kind == ROOM_PROBE_LARGE ? room_look_padding(r, f) : 0u);
}

static void document(const struct assure_room *r, const struct room_flow *f, enum room_probing kind, char *out, size_t cap)
{
	char to[IP_TEXT_MAX], end[IP_TEXT_MAX], from[IP_TEXT_MAX], when[64];

	timing(r, f, kind, when, sizeof(when));
	(void)ip_text(&f->key.endpoint, to, sizeof(to));
	(void)ip_text(&f->key.endpoint, end, sizeof(end));
	(void)snprintf(out, cap,
		       "{\"reflector\":\"%s\",\"source\":\"%s\",\"window\":%s"
		       ",\"policy\":{\"color\":%" PRIu32 ",\"endpoint\":\"%s\"}}",
		       to, ip_text(&f->key.headend, from, sizeof(from)), when, f->key.color, end);
}

static bool set(struct room_device *d, const struct device_change *c, uint32_t flow, enum room_probing kind)
{
	struct assure_room *r = d->r;

	if (r->port.set(r->port.self, d->name, c, 1, &d->probe_txn) != 0) {
		d->probe_txn = 0;
		return false;
	}
	d->probe_flow = flow;
	d->probe_kind = kind;
	return true;
}

static bool due(const struct room_device *d, struct mono retry_at)
{
	return !mono_before(loop_now(d->r->parts.loop), retry_at);
}

static void drop(struct room_device *d, size_t i)
{
	d->sessions.at[i] = d->sessions.at[--d->sessions.n];
}

/* True: a change is under way. */
static bool session_tell(struct room_device *d, struct room_session *s)
{
	const struct room_flow *f = room_flow_of(d->r, s->flow);
	struct device_change c = { DEVICE_DELETE, NULL, NULL };
	char path[PATH], doc[sizeof(s->doc)] = "";

	path_of(s, path);
	c.path = path;
	if (!due(d, s->retry_at))
		return false;
	if (!s->wanted || !f) {
		d->probe_doc[0] = '\0';
		return (s->told || s->there) && set(d, &c, s->flow, s->kind);
	}
	document(d->r, f, s->kind, doc, sizeof(doc));
	if (s->told && strcmp(doc, s->doc) == 0)
		return false;
	c.op = DEVICE_REPLACE;
	c.json = doc;
	(void)str_copy(d->probe_doc, sizeof(d->probe_doc), doc);
	return set(d, &c, s->flow, s->kind);
}

static bool reflector_tell(struct room_device *d)
{
	struct str doc STR_AUTO = { 0 };
	struct device_change c = { DEVICE_DELETE, REFLECTOR, NULL };
	char a[IP_TEXT_MAX];

	if (!due(d, d->answers_retry_at))
		return false;
	for (size_t i = 0; i < d->wants.senders.n; i++)
		str_addf(&doc, "%s\"%s/128\"", i ? "," : "{\"allow\":[",
			 ip_text(&d->wants.senders.at[i], a, sizeof(a)));
	if (doc.len)
		str_add(&doc, "]}");
	/* nothing is taken away that was not given: a reflector may be somebody else's */
	if (doc.bad || (d->answers_known && strcmp(str_text(&doc), str_text(&d->answers)) == 0) ||
	    (doc.len == 0 && !d->answers_known && d->answers.len == 0))
		return false;
	if (doc.len) {
		c.op = DEVICE_UPDATE;
		c.json = str_text(&doc);
	}
	if (!set(d, &c, 0, ROOM_PROBE_OWN))
		return false;
	str_fini(&d->answers);
	d->answers = doc;
	doc = (struct str){ 0 };
	return true;
}

void assure_room_answered(struct assure_room *r, const char *device)
{
	struct room_device *d = room_device_of(r, device);

	if (!d)
		return;
	/* as if it had been given by us, nobody knows what */
	if (d->answers.len == 0)
		str_add(&d->answers, "?");
	d->answers_known = false;
	assure_room_plan_soon(r);
}

static void sender_add(struct room_device *d, const struct ip_addr *a)
{
	for (size_t i = 0; i < d->wants.senders.n; i++)
		if (ip_eq(&d->wants.senders.at[i], a))
			return;
	if (d->wants.senders.n < SENDERS_MAX)
		(void)VEC_ADD(&d->wants.senders, *a);
}

void room_probe_want(struct assure_room *r, struct room_flow *f)
{
	struct room_device *d = room_device_at(r, f->nodes[0]);

	if ((!f->probed && !f->looking) || f->n_nodes < 2)
		return;
	if (d)
		(void)VEC_ADD(&d->wants.probes, f);
	d = room_device_at(r, f->nodes[f->n_nodes - 1]);
	if (d)
		sender_add(d, &f->key.headend);
}

static void session_want(struct room_device *d, const struct room_flow *f, enum room_probing kind)
{
	struct room_session *s = session_of(d, f->id, kind, true);

	if (s)
		s->wanted = true;
}

static void sessions_want(struct room_device *d)
{
	unsigned looks = 0;

	for (size_t i = 0; i < d->sessions.n; i++)
		d->sessions.at[i].wanted = false;
	for (size_t i = 0; i < d->wants.probes.n; i++)
		if (d->wants.probes.at[i]->probed)
			session_want(d, d->wants.probes.at[i], ROOM_PROBE_OWN);
	for (size_t i = 0; i < d->wants.probes.n && looks < LOOKS_MAX; i++) {
		if (!d->wants.probes.at[i]->looking)
			continue;
		looks++;
		session_want(d, d->wants.probes.at[i], ROOM_PROBE_SMALL);
		session_want(d, d->wants.probes.at[i], ROOM_PROBE_LARGE);
	}
}

void room_probes_tell(struct room_device *d)
{
	sessions_want(d);
	for (size_t i = d->sessions.n; i-- > 0;)
		if (!d->sessions.at[i].wanted && !d->sessions.at[i].told && !d->sessions.at[i].there &&
		    d->probe_flow != d->sessions.at[i].flow)
			drop(d, i);
	if (!d->up || !d->agent || d->probe_txn || reflector_tell(d))
		return;
	for (size_t i = 0; i < d->sessions.n && !session_tell(d, &d->sessions.at[i]); i++)
		;
}

/* ---- what became of it ---- */

static void refused(struct room_device *d, struct room_session *s, const char *why)
{
	struct room_flow *f = room_flow_of(d->r, s->flow);

	s->told = false;
	s->retry_at = mono_add(loop_now(d->r->parts.loop), ROOM_RETRY_NS);
	if (f && s->kind == ROOM_PROBE_OWN)
		(void)snprintf(f->probe_fault, sizeof(f->probe_fault), "%s refused the probes: %.150s", d->name, why);
}

static void session_done(struct room_device *d, struct room_session *s)
{
	struct assure_room *r = d->r;
	struct room_flow *f = room_flow_of(r, s->flow);
	char path[PATH];

	(void)str_copy(s->doc, sizeof(s->doc), d->probe_doc);
	s->told = s->doc[0] != '\0';
	s->there = s->there && s->told;
	if (f && s->kind == ROOM_PROBE_OWN)
		f->probe_fault[0] = '\0';
	if (s->told)
		return;
	path_of(s, path);
	r->port.forget(r->port.self, d->name, path);
}

bool room_probe_result(struct room_device *d, const struct device_result *res)
{
	struct room_session *s = session_of(d, d->probe_flow, d->probe_kind, false);
	bool done = res->outcome == DEVICE_DONE;

	if (d->probe_txn == 0 || d->probe_txn != res->txn)
		return false;
	d->probe_txn = 0;
	if (d->probe_flow == 0) {
		d->answers_known = done;
		d->answers_retry_at = mono_add(loop_now(d->r->parts.loop), done ? 0 : ROOM_RETRY_NS);
		if (done && d->answers.len == 0)
			d->r->port.forget(d->r->port.self, d->name, REFLECTOR);
	} else if (s && done) {
		session_done(d, s);
	} else if (s) {
		refused(d, s, res->text && res->text[0] ? res->text : device_outcome_text(res->outcome));
	}
	d->probe_flow = 0;
	assure_room_plan_soon(d->r);
	return true;
}

/* ---- windows of probes ---- */

static void window_take(struct room_device *d, struct room_session *s)
{
	struct assure_room *r = d->r;
	struct room_flow *f = room_flow_of(r, s->flow);

	if (!f || !f->measured || !f->probed || d->node != f->nodes[0])
		return;
	room_heard_window(d, f, s);
	f->has_probe = s->known && (s->have & HAVE_SENT);
	f->probe_delay_us = UINT32_MAX;
	if (!f->has_probe)
		return;
	f->probe_sent = s->sent;
	f->probe_lost = s->have & HAVE_LOST ? s->lost : 0;
	if (s->have & HAVE_LOST && s->lost <= s->sent) {
		f->heard_sent += s->sent;
		f->heard_lost += s->lost;
	}
	if ((s->have & HAVE_DELAYS) != HAVE_DELAYS || s->forward.samples == 0)
		return;
	f->probe_delay_us = (uint32_t)(s->forward.maximum_ns / NS_PER_US);
	(void)assure_delays_told(r->assure, f->id, &s->forward);
}

static void figure(struct room_session *s, const char *leaf, uint64_t u)
{
	static const struct {
		const char *leaf;
		unsigned have;
	} rows[] = { { "window-sent", HAVE_SENT },	  { "window-lost-forward", HAVE_LOST },
		     { "window-received", 0 },		  { "window-lost-backward", 0 },
		     { "forward/samples", HAVE_SAMPLES }, { "forward/minimum", HAVE_MIN },
		     { "forward/median", HAVE_MEDIAN },	  { "forward/percentile-99", 0 },
		     { "forward/maximum", HAVE_MAX },	  { "forward/error", HAVE_ERROR } };
	struct assure_spread *f = &s->forward;
	uint64_t *const at[] = { &s->sent, &s->lost, &s->received, &s->lost_backward, NULL, &f->minimum_ns, &f->median_ns, &f->p99_ns, &f->maximum_ns,
				 &f->error_ns };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(leaf, rows[i].leaf) != 0 || u > UINT32_MAX)
			continue;
		s->have |= rows[i].have;
		if (!at[i])
			f->samples = (uint32_t)u;
		else
			*at[i] = i < 4 ? u : u * NS_PER_US;
	}
}

void room_probe_sample(struct room_device *d, const struct device_sample *s)
{
	const char *end = strrchr(s->path, ']'), *leaf = end ? end + 1 : "";
	char name[64];
	struct room_session *e;
	enum room_probing kind;
	uint32_t flow;

	if (!room_key_of(s->path, "name", name, sizeof(name)) || !name_read(name, &flow, &kind))
		return;
	e = session_of(d, flow, kind, !s->gone);
	if (!e)
		return;
	e->there = !s->gone;
	if (!e->wanted)
		assure_room_plan_soon(d->r);
	if (s->gone || strncmp(leaf, "/state/", 7) != 0)
		return;
	leaf += 7;
	if ((uint64_t)s->time_ns != e->time) {
		e->time = (uint64_t)s->time_ns;
		e->have = 0;
		e->received = e->lost_backward = e->sent = 0;
		e->known = e->has_ssid = false;
		e->forward = (struct assure_spread){ 0 };
	}
	if (strcmp(leaf, "known") == 0)
		e->known = strcmp(s->text, "true") == 0;
	else if (strcmp(leaf, "ssid") == 0 && s->number) {
		e->has_ssid = s->u <= UINT16_MAX;
		e->ssid = (uint16_t)s->u;
	} else if (strcmp(leaf, "window") != 0 && s->number)
		figure(e, leaf, s->u);
	else if (s->number && s->u > 0 && kind == ROOM_PROBE_OWN)
		window_take(d, e);
	else if (s->number && s->u > 0 && e->have & HAVE_SENT)
		room_look_take(d, e);
}

void room_probes_close(struct assure_room *r, uint64_t due_ns)
{
	for (size_t i = 0; i < r->order.n; i++) {
		struct room_flow *f = r->order.at[i];
		uint64_t period_ns = f->terms.period_ms * NS_PER_MS, guard_ns = f->terms.guard_ms * NS_PER_MS;
		struct assure_report rep = { .began = true, .packets = f->heard_sent };

		if (!f->measured || f->marked || (due_ns - guard_ns) % period_ns != 0)
			continue;
		rep.period = (due_ns - guard_ns) / period_ns - 1;
		rep.point = (struct assure_point){ f->nodes[0], true };
		if (f->heard_sent > 0)
			(void)assure_report(r->assure, f->id, &rep, due_ns);
		rep.point = (struct assure_point){ f->nodes[f->n_nodes - 1], false };
		rep.packets -= f->heard_lost;
		if (f->heard_sent > 0)
			(void)assure_report(r->assure, f->id, &rep, due_ns);
		f->heard_sent = f->heard_lost = 0;
	}
}

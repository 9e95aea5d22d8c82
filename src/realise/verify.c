/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before traffic is let on, STAMP sessions go the way it will go. A window is good when it is known,
 * no more of it was lost than is promised (nothing, where nothing is said) and its delay is within what is
 * promised; unknown is not good. Where clocks do
 * not agree the way there takes no longer than there and back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "realise/room.h"

enum { WINDOWS_GOOD = 3, UNKNOWN_AGAIN = 5, PPM = 1000000 };

static const char sessions[] = "/device/measure/stamp/session";

void realise_verify_forget(struct realise_probe *p)
{
	p->known = false;
	p->sent = p->lost = p->there_us = p->error_us = p->round_us = UINT64_MAX;
	p->there_mid_us = p->round_mid_us = UINT64_MAX;
}

static void find_ends(const struct realise_in *in, const struct slice_flow_view *f, struct realise_probe *p)
{
	for (uint32_t k = 0; k < in->service->n_sdps; k++) {
		const char *id = in->service->sdps[k].id, *device = in->places[k].device;

		if (device && strcmp(id, f->sender) == 0)
			(void)str_copy(p->device, sizeof(p->device), device);
		if (device && strcmp(id, f->receiver) == 0)
			(void)str_copy(p->far, sizeof(p->far), device);
	}
}

/* What was heard is kept while the same session goes on. */
static void go_on(const struct realise_probe *was, size_t n, struct realise_probe *p)
{
	for (size_t i = 0; i < n; i++) {
		char name[REALISE_NAME_MAX], device[DEVICE_NAME_MAX], far[DEVICE_NAME_MAX];

		if (was[i].flow != p->flow)
			continue;
		memcpy(name, p->name, sizeof(name));
		memcpy(device, p->device, sizeof(device));
		memcpy(far, p->far, sizeof(far));
		*p = was[i];
		if (strcmp(p->name, name) != 0 || strcmp(p->device, device) != 0)
			p->good = 0, p->window = 0;
		p->asked = p->asked && strcmp(p->far, far) == 0;
		memcpy(p->name, name, sizeof(name));
		memcpy(p->device, device, sizeof(device));
		memcpy(p->far, far, sizeof(far));
		return;
	}
}

static bool plan_probes(struct realise_slice *s, struct realise_in *in, const struct realise_probe *was, size_t n)
{
	bool *running = ARENA_ARRAY(&s->arena, in->n_flows + 1, bool), blind;
	char tag[REALISE_TAG_MAX];

	if (!running)
		return false;
	in->running = running;
	realise_tag(s->id, tag);
	for (uint32_t i = 0; in->parts & REALISE_VERIFY && i < in->n_flows; i++) {
		const struct slice_flow_view *f = &in->flows[i];
		struct realise_probe p = { .flow = realise_flow_id(f), .headend = f->key.headend };

		if (!realise_is_probed(in, f) || !realise_promises(in->service, f) || realise_is_on(s, p.flow, &blind))
			continue;
		realise_session_name(tag, i, p.name);
		find_ends(in, f, &p);
		realise_verify_forget(&p);
		(void)str_copy(p.why, sizeof(p.why), "no window has been told");
		go_on(was, n, &p);
		p.delay_us_max = f->delay_us_max;
		p.loss_ppm_max = f->loss_ppm_max;
		p.strict = in->service->assure.said && in->service->assure.stamp;
		running[i] = p.turn == REALISE_PROBED;
		if (!VEC_ADD(&s->probes, p))
			return false;
	}
	s->r->turns_due = true;
	return true;
}

bool realise_verify_plan(struct realise_slice *s, struct realise_in *in)
{
	struct realise_probe *was = s->probes.at;
	size_t n = s->probes.n;
	bool ok;

	s->probes.at = NULL;
	s->probes.n = s->probes.cap = 0;
	ok = plan_probes(s, in, was, n);
	free(was);
	return ok;
}

/* ---- devices ---- */

static bool is_watched(const struct realise *r, const char *device)
{
	for (size_t i = 0; i < r->watches.n; i++) {
		if (strcmp(r->watches.at[i].device, device) == 0)
			return true;
	}
	return false;
}

/* Who answers is asked to: others keep what they have set there, and nobody of us takes it away, for a
 * slice that is probed now is measured later, and who does that ends with it. */
static void reflect(struct realise *r, const struct realise_probe *p)
{
	char addr[IP_TEXT_MAX], json[IP_TEXT_MAX + 32];
	const struct device_change c = { DEVICE_UPDATE, "/device/measure/stamp/reflector", json };
	uint32_t txn;

	(void)snprintf(json, sizeof(json), "{\"allow\":[\"%s/128\"]}", ip_text(&p->headend, addr, sizeof(addr)));
	if (!p->far[0] || !r->port.has(r->port.self, p->far) || r->port.set(r->port.self, p->far, &c, 1, &txn) != 0)
		log_event("", LOG_WARN, "realise.verify.reflector", "device=%s session=%s", p->far, p->name);
}

static bool watch(struct realise *r, const struct realise_probe *p)
{
	const struct device_watch w = { .path = sessions, .on_change = true };
	struct realise_watch x;

	(void)str_copy(x.device, sizeof(x.device), p->device);
	if (is_watched(r, p->device))
		return true;
	if (r->port.watch(r->port.self, p->device, &w, &x.id) != 0)
		return false;
	if (VEC_ADD(&r->watches, x))
		return true;
	r->port.unwatch(r->port.self, x.device, x.id);
	return false;
}

static bool needs(const struct realise_slice *s, const char *device)
{
	for (size_t i = 0; i < s->probes.n; i++) {
		if (strcmp(s->probes.at[i].device, device) == 0)
			return true;
	}
	return false;
}

void realise_verify_trim(struct realise *r)
{
	for (size_t i = r->watches.n; i-- > 0;) {
		const struct realise_watch w = r->watches.at[i];
		bool used = false;

		LIST_EACH(n, &r->verifying)
			used = used || needs(LIST_OF(n, struct realise_slice, verify), w.device);
		if (used)
			continue;
		r->watches.at[i] = r->watches.at[--r->watches.n];
		r->port.unwatch(r->port.self, w.device, w.id);
	}
}

/* Its watch went with it. */
void realise_verify_gone(struct realise *r, const char *device)
{
	for (size_t i = r->watches.n; i-- > 0;) {
		if (strcmp(r->watches.at[i].device, device) == 0)
			r->watches.at[i] = r->watches.at[--r->watches.n];
	}
}

bool realise_verify_look(struct realise_slice *s)
{
	bool all = true, freed = false;

	for (size_t i = 0; i < s->probes.n; i++) {
		struct realise_probe *p = &s->probes.at[i];

		all = all && p->turn != REALISE_QUEUED;
		if (p->turn != REALISE_PROBED)
			continue;
		if (!is_watched(s->r, p->device) && !watch(s->r, p))
			(void)str_copy(p->why, sizeof(p->why), "it cannot be watched");
		if (!p->asked)
			reflect(s->r, p);
		p->asked = true;
		if (p->good >= WINDOWS_GOOD) {
			p->turn = REALISE_PASSED;
			freed = true;
		} else {
			all = false;
		}
	}
	if (freed && !all) { /* its session makes room for another */
		s->planned = false;
		s->r->turns_due = true;
		realise_look(s);
	}
	return all;
}

void realise_verify_why(const struct realise_slice *s, char out[SR_REASON_MAX])
{
	for (size_t i = 0; i < s->probes.n; i++) {
		const struct realise_probe *p = &s->probes.at[i];

		if (p->turn != REALISE_PROBED)
			continue;
		(void)snprintf(out, SR_REASON_MAX, "%.50s to %.50s: %.140s", p->device, p->far, p->why);
		return;
	}
}

/* ---- windows ---- */

/*
 * Where probes were not ordered it is the way that is verified: how its packets fare is measured afterwards, by
 * themselves. Half of the probes are to keep the bound; where clocks do not agree the way there takes half of there
 * and back.
 */
static const char *judge_way(const struct realise_probe *p, bool *unknown, char text[SR_REASON_MAX])
{
	uint64_t half = p->round_mid_us == UINT64_MAX ? UINT64_MAX : p->round_mid_us / 2;
	uint64_t there = p->there_mid_us != UINT64_MAX && p->error_us != UINT64_MAX ? p->there_mid_us + p->error_us :
										       half;

	if (there <= p->delay_us_max || half <= p->delay_us_max)
		return NULL;
	*unknown = there == UINT64_MAX;
	if (*unknown)
		return "no delay is known";
	(void)snprintf(text, SR_REASON_MAX, "the way there takes %llu us, %u are promised", (unsigned long long)there,
		       p->delay_us_max);
	return text;
}

/* NULL: it is good. *unknown: nobody knows. */
static const char *judge(const struct realise_probe *p, bool *unknown, char text[SR_REASON_MAX])
{
	uint64_t there = p->there_us != UINT64_MAX && p->error_us != UINT64_MAX ? p->there_us + p->error_us :
										   UINT64_MAX;

	*unknown = !p->known || p->lost == UINT64_MAX || p->sent == UINT64_MAX || p->sent == 0;
	if (*unknown)
		return "probes are not answered";
	if (p->lost > 0 && (p->loss_ppm_max == PCE_NO_BOUND || p->lost * PPM > p->sent * p->loss_ppm_max)) {
		(void)snprintf(text, SR_REASON_MAX, "%llu of %llu probes were lost", (unsigned long long)p->lost,
			       (unsigned long long)p->sent);
		return text;
	}
	if (p->delay_us_max != PCE_NO_BOUND && !p->strict)
		return judge_way(p, unknown, text);
	if (p->delay_us_max == PCE_NO_BOUND || there <= p->delay_us_max || p->round_us <= p->delay_us_max)
		return NULL;
	*unknown = there == UINT64_MAX;
	if (*unknown && p->round_us == UINT64_MAX)
		return "no delay is known";
	(void)snprintf(text, SR_REASON_MAX, "%s takes %llu us, %u are promised%s",
		       *unknown ? "there and back" : "the way there",
		       (unsigned long long)(*unknown ? p->round_us : there), p->delay_us_max,
		       *unknown ? ", and the clocks do not agree" : "");
	return text;
}

static void window_over(struct realise_slice *s, struct realise_probe *p, uint64_t number)
{
	char text[SR_REASON_MAX];
	bool unknown;
	const char *why = judge(p, &unknown, text);

	if (number && number != p->window) {
		p->good = why ? 0 : p->good + 1;
		p->unknown = unknown ? p->unknown + 1 : 0;
		(void)str_copy(p->why, sizeof(p->why), why ? why : "too few good windows yet");
		if (p->unknown && p->unknown % UNKNOWN_AGAIN == 0)
			reflect(s->r, p); /* somebody may have taken it away */
		realise_look(s);
	}
	p->window = number;
	realise_verify_forget(p);
}

static struct realise_probe *probe_of(struct realise *r, const char *device, const char *name, size_t len,
				      struct realise_slice **of)
{
	LIST_EACH(n, &r->verifying) {
		struct realise_slice *s = LIST_OF(n, struct realise_slice, verify);

		for (size_t k = 0; k < s->probes.n; k++) {
			struct realise_probe *p = &s->probes.at[k];

			if (strcmp(p->device, device) != 0 || strlen(p->name) != len || strncmp(p->name, name, len) != 0)
				continue;
			*of = s;
			return p;
		}
	}
	return NULL;
}

static void leaf(struct realise_slice *s, struct realise_probe *p, const char *name, const struct device_sample *d)
{
	const struct {
		const char *name;
		uint64_t *to;
	} numbers[] = {
		{ "window-sent", &p->sent },
		{ "window-lost", &p->lost },
		{ "round-trip/maximum", &p->round_us },
		{ "forward/maximum", &p->there_us },
		{ "round-trip/median", &p->round_mid_us },
		{ "forward/median", &p->there_mid_us },
		{ "forward/error", &p->error_us },
	};
	uint64_t u = d->u;

	if (strcmp(name, "known") == 0)
		p->known = d->text && strcmp(d->text, "true") == 0;
	if (!d->number && (!d->text || str_u64(d->text, &u) != 0))
		return;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (strcmp(numbers[i].name, name) == 0)
			*numbers[i].to = u;
	}
	if (strcmp(name, "window") == 0)
		window_over(s, p, u); /* the last leaf of a window */
}

void realise_verify_sample(struct realise *r, const struct device_sample *d)
{
	static const char key[] = "/session[name=", state[] = "]/state/";
	const char *name = strstr(d->path, key), *end = name ? strstr(name, state) : NULL;
	struct realise_slice *s = NULL;
	struct realise_probe *p;

	if (!end || d->gone)
		return;
	name += strlen(key);
	p = probe_of(r, d->device, name, (size_t)(end - name), &s);
	if (p)
		leaf(s, p, end + strlen(state), d);
}

/* What happened meanwhile nobody knows: it begins anew. */
void realise_verify_gap(struct realise *r, const char *device, uint32_t watch_id)
{
	for (size_t i = 0; i < r->watches.n; i++) {
		if (r->watches.at[i].id != watch_id || strcmp(r->watches.at[i].device, device) != 0)
			continue;
		LIST_EACH(n, &r->verifying) {
			struct realise_slice *s = LIST_OF(n, struct realise_slice, verify);

			for (size_t j = 0; j < s->probes.n; j++) {
				if (strcmp(s->probes.at[j].device, device) == 0)
					s->probes.at[j].good = 0;
			}
		}
	}
}

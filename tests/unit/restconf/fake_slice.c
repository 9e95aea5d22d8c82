/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the room of slices: a sorted table of documents, all or nothing, done later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fake_slice.h"

struct fake_slices fake_slices;

static struct fake_doc *place(enum slice_kind kind, const char *id, bool exact)
{
	struct fake_doc *best = NULL;

	for (unsigned i = 0; i < fake_slices.n; i++) {
		struct fake_doc *d = &fake_slices.at[i];
		int c = d->kind == kind ? id ? strcmp(d->id, id) : 1 : -1;

		if (exact && c == 0)
			return d;
		if (!exact && d->kind == kind && c > 0 && (!best || strcmp(d->id, best->id) < 0))
			best = d;
	}
	return exact ? NULL : best;
}

void fake_slices_fini(void)
{
	for (unsigned i = 0; i < fake_slices.n; i++)
		free(fake_slices.at[i].doc);
	memset(&fake_slices, 0, sizeof(fake_slices));
}

const char *slice_doc(const struct slice *s, enum slice_kind kind, const char *id, size_t *len,
		      uint64_t *revision)
{
	const struct fake_doc *d = place(kind, id, true);

	(void)s;
	if (!d)
		return NULL;
	*len = strlen(d->doc);
	*revision = d->revision;
	return d->doc;
}

const char *slice_next(const struct slice *s, enum slice_kind kind, const char *after)
{
	const struct fake_doc *d = place(kind, after, false);

	(void)s;
	return d ? d->id : NULL;
}

bool slice_is_vpn(const struct slice *s, const char *id)
{
	const struct fake_doc *d = place(SLICE_SERVICE, id, true);

	(void)s;
	return d && strstr(d->doc, "\"vpn-id\":");
}

uint64_t slice_revision(const struct slice *s)
{
	(void)s;
	return fake_slices.revision + 1;
}

const char *slice_step_text(enum slice_step s)
{
	static const char *const names[SLICE_STEPS] = { "queue", "vpn", "policies", "verify", "classify" };

	return names[s];
}

int slice_get(const struct slice *s, const char *id, struct slice_view *out)
{
	const struct fake_doc *d = place(SLICE_SERVICE, id, true);

	(void)s;
	if (!d)
		return SLICE_E_MISSING;
	memset(out, 0, sizeof(*out));
	out->state = fake_slices.state;
	out->revision = d->revision;
	out->step = SLICE_STEP_POLICIES;
	out->done = 1U << SLICE_STEP_QUEUE | 1U << SLICE_STEP_VPN;
	out->verdict = SLICE_UNKNOWN;
	out->since_wall_ns = out->changed_wall_ns = UINT64_C(1764000000) * NS_PER_S;
	str_copy(out->reason, sizeof(out->reason), fake_slices.reason ? fake_slices.reason : "");
	return 0;
}

bool slice_tier_below(const struct slice *s, const char *id, char *out, size_t cap)
{
	(void)s;
	(void)id;
	return fake_slices.below && str_copy(out, cap, fake_slices.below);
}

void slice_devices(const struct slice *s, const char *id, slice_device_fn fn, void *arg)
{
	const struct slice_device d = { .part = "tables", .device = "r1", .state = "refused", .wanted = 3,
					.there = 1, .reason = "there is no interface eth1" };

	(void)s;
	(void)id;
	if (fake_slices.device)
		fn(arg, &d);
}

uint32_t slice_flows(const struct slice *s, const char *id, uint32_t at, struct slice_flow_view *out,
		     uint32_t cap)
{
	(void)s;
	(void)id;
	if (at > 1 || !cap || !fake_slices.construct)
		return 0;
	*out = (struct slice_flow_view){ .group = "cg-1", .construct = fake_slices.construct,
					 .sender = "a", .receiver = "b", .bandwidth_bps = 50000000,
					 .delay_us_max = PCE_NO_BOUND,
					 .nines = fake_slices.nines };
	out->key.color = 100;
	ip_parse("2001:db8::1", &out->key.headend);
	ip_parse("2001:db8::9", &out->key.endpoint);
	out->protection = at == 1;
	out->key.leg = (uint8_t)at;
	return 1;
}

uint64_t slice_reach(const struct slice *s, const char *id, slice_reach_fn fn, void *arg)
{
	struct slice_reach row = { .source = true, .sdp = "a", .group = "g", .device = "r1", .table = 100007, .why = "",
				   .to = "", .at_slice = "", .at_sdp = "", .at_interface = "", .by_device = "",
				   .text = "" };

	(void)s;
	(void)id;
	if (!fake_slices.reached)
		return 0;
	fn(arg, &row);
	row.source = false;
	row.to = "b";
	ip_prefix_parse("2001:db8:2::/64", &row.prefix);
	for (unsigned i = 0; i < fake_slices.reached; i++)
		fn(arg, &row);
	if (fake_slices.leaks) {
		row.state = SLICE_REACH_LEAK;
		row.told = true;
		row.to = "";
		row.at_slice = "s2";
		row.at_sdp = "c";
		row.at_interface = "eth2";
		row.by_device = "r2";
		row.by_table = 100009;
		row.text = "it goes elsewhere";
		ip_parse("fd5e:64:2:d002::", &row.by_sid);
		fn(arg, &row);
	}
	row.source = true;
	row.sdp = "b";
	row.why = fake_slices.leaks ? "r2 does not tell" : "";
	fn(arg, &row);
	return UINT64_C(1764000000) * NS_PER_S;
}

uint32_t slice_audit(const struct slice *s, void (*fn)(void *arg, const char *line), void *arg)
{
	char line[80];

	(void)s;
	for (unsigned i = 0; i < fake_slices.residue; i++) {
		snprintf(line, sizeof(line), "policy %u is nobody's", i);
		fn(arg, line);
	}
	return fake_slices.residue;
}

/* ---- writes ---- */

struct pending {
	struct loop_task task;
	struct slice_result r;
	slice_done_fn done;
	void *arg;
};

static void tell(void *arg)
{
	struct pending *p = arg;

	p->done(p->arg, &p->r);
	free(p);
}

static int refuses(const struct slice_edit *e)
{
	const struct fake_doc *d = place(e->kind, e->id, true);

	if (e->how == SLICE_CREATE && d)
		return SLICE_E_EXISTS;
	if ((e->how == SLICE_UPDATE || e->how == SLICE_DELETE) && !d)
		return SLICE_E_MISSING;
	if (e->if_revision && (!d || d->revision != e->if_revision))
		return SLICE_E_REVISION;
	return fake_slices.refuse && strcmp(fake_slices.refuse, e->id) == 0 ? SLICE_E_SHORT : 0;
}

static void short_of(struct slice_result *r)
{
	str_copy(r->field, sizeof(r->field),
		 "connection-groups/connection-group[id='cg-1']/connectivity-construct[id='1']");
	str_copy(r->text, sizeof(r->text), "link \"a\"-b NRP 1 requested 80 Mb/s, residual 41 Mb/s");
	str_copy(r->link, sizeof(r->link), "link \"a\"-b");
	r->wanted_bps = 80000000;
	r->free_bps = 41000000;
	str_copy(r->alternative[0], sizeof(r->alternative[0]), "NRP 3 (+1.2 ms)");
	str_copy(r->alternative[1], sizeof(r->alternative[1]), "41 Mb/s");
}

static void apply(const struct slice_edit *e)
{
	struct fake_doc *d = place(e->kind, e->id, true);

	if (e->how == SLICE_DELETE) {
		free(d->doc);
		*d = fake_slices.at[--fake_slices.n];
		return;
	}
	if (!d) {
		ck_assert(fake_slices.n < FAKE_DOCS);
		d = &fake_slices.at[fake_slices.n++];
		*d = (struct fake_doc){ .kind = e->kind };
		str_copy(d->id, sizeof(d->id), e->id);
	}
	ck_assert(strlen(e->doc) == e->len);
	free(d->doc);
	d->doc = strdup(e->doc);
	d->revision = fake_slices.revision;
}

void slice_put(struct slice *s, const struct slice_write *w, slice_done_fn done, void *arg)
{
	struct pending *p = calloc(1, sizeof(*p));
	bool test = w->dry_run;

	(void)s;
	p->done = done;
	p->arg = arg;
	fake_slices.puts += !w->dry_run;
	fake_slices.dry_runs += w->dry_run;
	fake_slices.last_n = w->n;
	if (fake_slices.n + w->n > FAKE_DOCS)
		p->r.code = SLICE_E_LIMIT;
	for (size_t i = 0; i < w->n && !p->r.code; i++) {
		p->r.code = refuses(&w->edits[i]);
		p->r.kind = w->edits[i].kind;
		str_copy(p->r.id, sizeof(p->r.id), w->edits[i].id);
		if (p->r.code == SLICE_E_SHORT)
			short_of(&p->r);
		test = test || (w->edits[i].doc && strstr(w->edits[i].doc, "\"test-only\":[null]"));
	}
	if (!p->r.code && !test) {
		p->r.revision = ++fake_slices.revision;
		for (size_t i = 0; i < w->n; i++)
			apply(&w->edits[i]);
	}
	loop_task_init(&p->task, fake.loop, tell, p);
	loop_task_run(&p->task);
}

const char *slice_of(const struct slice *s, const struct sr_policy_key *key)
{
	(void)s;
	return key->color == 100 ? "gold" : NULL;
}

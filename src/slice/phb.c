/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How urgent the queues of a partition are, 0 before 6, best effort behind them all: as its PHB profile
 * says (sextant-nrp:queue-priority), or is named after a standard PHB ("EF-queue-1"); without a profile
 * whether one of its slices is promised a delay. A group of its links may have another profile.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "slice/doc.h"
#include "slice/room.h"

enum { PRIO_LAST = 6, PRIO_UNSAID = PRIO_LAST + 1, PRIO_DELAY = 1, PRIO_PLAIN = 4 };

/* Standard names (RFC 2474, 2597, 3246, 5865, 8622): what bears one is as urgent as it. */
static const struct {
	const char *name;
	uint8_t priority;
} phbs[] = {
	{ "ef", 0 },   { "va", 0 },   { "cs7", 1 },  { "cs6", 1 },  { "cs5", 1 },  { "cs4", 2 },  { "af41", 2 },
	{ "af42", 2 }, { "af43", 2 }, { "cs3", 3 },  { "af31", 3 }, { "af32", 3 }, { "af33", 3 }, { "cs2", 4 },
	{ "af21", 4 }, { "af22", 4 }, { "af23", 4 }, { "cs1", 5 },  { "af11", 5 }, { "af12", 5 }, { "af13", 5 },
	{ "df", 6 },   { "be", 6 },   { "cs0", 6 },  { "le", 6 },
};

/* Its first word. */
static uint8_t by_name(const char *id)
{
	size_t len = 0;

	while (isalnum((unsigned char)id[len]))
		len++;
	for (size_t i = 0; i < sizeof(phbs) / sizeof(phbs[0]); i++)
		if (strlen(phbs[i].name) == len && strncasecmp(phbs[i].name, id, len) == 0)
			return phbs[i].priority;
	return PRIO_UNSAID;
}

int slice_phb_read(const char *text, size_t len, struct arena *a, struct slice_phb *out, struct slice_fault *f)
{
	struct doc d;

	out->priority = PRIO_UNSAID;
	if (doc_init(&d, text, len, a, f) == 0) {
		(void)doc_id(&d, d.root, "id");
		out->priority = (uint8_t)doc_u64(&d, d.root, "queue-priority", PRIO_UNSAID, PRIO_LAST);
	}
	doc_fini(&d);
	return d.rc;
}

static bool promises_delay(const struct slice *s, uint32_t nrp_id)
{
	for (size_t i = 0; i < s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		for (uint32_t k = 0; e->service.real.nrp == nrp_id && k < e->plan.n; k++)
			if (e->plan.at[k].terms.promised_us != PCE_NO_BOUND)
				return true;
	}
	return false;
}

static uint8_t by_profile(const struct slice *s, uint32_t nrp_id, const char *name)
{
	const struct slice_entry *phb = name[0] ? slice_find(s, SLICE_PHB, name) : NULL;
	uint8_t is = phb ? phb->phb.priority : PRIO_UNSAID;

	if (is == PRIO_UNSAID)
		is = by_name(name);
	if (is != PRIO_UNSAID)
		return is;
	return promises_delay(s, nrp_id) ? PRIO_DELAY : PRIO_PLAIN;
}

uint8_t slice_nrp_priority(const struct slice *s, uint32_t nrp_id)
{
	const struct slice_entry *e = slice_nrp_of(s, nrp_id);

	return by_profile(s, nrp_id, e ? e->nrp.phb : "");
}

void slice_nrp_priorities(const struct slice *s, uint32_t nrp_id, uint8_t *out, uint32_t n_links)
{
	const struct slice_entry *e = slice_nrp_of(s, nrp_id);
	uint8_t all = slice_nrp_priority(s, nrp_id);

	memset(out, all, n_links);
	for (uint32_t g = e && s->ted ? e->nrp.n_groups : 0; g > 0; g--) { /* of two that name a link the first holds */
		const struct slice_nrp_group *at = &e->nrp.groups[g - 1];
		uint8_t its = at->phb[0] ? by_profile(s, nrp_id, at->phb) : all;

		for (uint32_t i = 0; i < at->n_links; i++) {
			uint32_t l = slice_link_named(s->ted, at->links[i]);

			if (l < n_links)
				out[l] = its;
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path requests as values of core/ (RFC 5440, 5521, 5541, 7896, 8233, 8800). What we cannot do is
 * an error when the request insists on it by the P flag, and is left out otherwise. Pure.
 */
#include "southbound/pcep/pcep_int.h"

enum {
	METRIC_IGP = 1,
	METRIC_TE = 2,
	METRIC_HOPS = 3,
	METRIC_SET_FIRST = 4, /* of sets: bandwidth taken, fullest link, IGP and TE summed */
	METRIC_SET_LAST = 7,
	METRIC_SET_TE = 7,
	METRIC_SET_IGP = 6,
	METRIC_MSD = 11,
	METRIC_DELAY = 12,
	METRIC_VARIATION = 13,
	METRIC_LOSS = 14,
	PRIO_LOWEST = 7,
};

static const struct pcep_pcerr fine = { 0, 0 };
static const struct pcep_pcerr unsupported = { 4, 4 };   /* a parameter we have not */
static const struct pcep_pcerr no_pst = { 21, 1 };
static const struct pcep_pcerr no_rro = { 6, 2 };	 /* of a path that has failed */
static const struct pcep_pcerr bad_id = { 10, 11 };
static const struct pcep_pcerr no_assoc = { 26, 1 };	 /* association type not supported */
static const struct pcep_pcerr differ = { 26, 6 };	 /* members of a group do not agree */

/* ---- metrics ---- */

static bool is_cost(uint8_t type)
{
	return (type >= METRIC_IGP && type <= METRIC_HOPS) ||
	       (type >= METRIC_DELAY && type <= METRIC_LOSS);
}

/* Of several bounds on the same the hardest holds. */
static void bound_take(bool *has, uint32_t *most, uint64_t v)
{
	uint32_t n = v > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)v;

	if (!*has || n < *most)
		*most = n;
	*has = true;
}

static void bound(const struct pcepc_metric *m, struct driver_path_request *r)
{
	switch (m->type) {
	case METRIC_IGP:
		bound_take(&r->has_igp_bound, &r->igp_max, m->value);
		break;
	case METRIC_TE:
		bound_take(&r->has_te_bound, &r->te_max, m->value);
		break;
	case METRIC_HOPS:
		bound_take(&r->has_hop_bound, &r->hops_max, m->value);
		break;
	case METRIC_MSD:
		r->has_msd = true;
		r->msd = m->value > UINT8_MAX ? UINT8_MAX : (uint8_t)m->value;
		break;
	case METRIC_DELAY:
		bound_take(&r->has_delay_bound, &r->delay_us_max, m->value);
		break;
	case METRIC_VARIATION:
		bound_take(&r->has_variation_bound, &r->variation_us_max, m->value);
		break;
	case METRIC_LOSS:
		bound_take(&r->has_loss_bound, &r->loss_ppm_max, m->value);
		break;
	}
}

static void tell(uint8_t *n, uint8_t *types, uint8_t type)
{
	for (uint8_t i = 0; i < *n; i++)
		if (types[i] == type)
			return;
	if (*n < PCEP_TELL_MAX)
		types[(*n)++] = type;
}

static struct pcep_pcerr metrics(const struct pcepc_item *it, struct pcep_asked *out,
				 struct driver_path_request *r)
{
	for (const struct pcepc_metric *m = it->metrics; m; m = m->next) {
		if (!is_cost(m->type) && !(m->type == METRIC_MSD && m->bound)) {
			if (m->must)
				return unsupported;
			continue;
		}
		if (m->bound)
			bound(m, r);
		else if (!r->metric_wanted)
			r->metric_wanted = m->type;
		if (is_cost(m->type) && (!m->bound || m->computed))
			tell(&out->n_tell, out->tell, m->type);
	}
	return fine;
}

/* ---- things to pass and to avoid ---- */

static const struct {
	uint8_t type, attribute, kind;
} kinds[] = {
	{ PCEPC_SPOT_V4, PCEPC_ATTR_INTERFACE, DRIVER_SPOT_LINK },
	{ PCEPC_SPOT_V4, PCEPC_ATTR_NODE, DRIVER_SPOT_NODE },
	{ PCEPC_SPOT_V4, PCEPC_ATTR_SRLG, DRIVER_SPOT_LINK_SRLGS },
	{ PCEPC_SPOT_V6, PCEPC_ATTR_INTERFACE, DRIVER_SPOT_LINK },
	{ PCEPC_SPOT_V6, PCEPC_ATTR_NODE, DRIVER_SPOT_NODE },
	{ PCEPC_SPOT_V6, PCEPC_ATTR_SRLG, DRIVER_SPOT_LINK_SRLGS },
	{ PCEPC_SPOT_UNNUMBERED, PCEPC_ATTR_INTERFACE, DRIVER_SPOT_INTERFACE },
	{ PCEPC_SPOT_UNNUMBERED, PCEPC_ATTR_NODE, DRIVER_SPOT_NODE },
	{ PCEPC_SPOT_UNNUMBERED, PCEPC_ATTR_SRLG, DRIVER_SPOT_INTERFACE_SRLGS },
	{ PCEPC_SPOT_AS, 0, DRIVER_SPOT_AS },
	{ PCEPC_SPOT_AS4, 0, DRIVER_SPOT_AS },
	{ PCEPC_SPOT_SRLG, PCEPC_ATTR_SRLG, DRIVER_SPOT_SRLG },
	{ PCEPC_SPOT_SRLG, 0, DRIVER_SPOT_SRLG }, /* many leave it 0: there is but one meaning */
};

static bool spot_of(const struct pcepc_spot *s, bool pass, struct driver_spot *out)
{
	uint8_t bits = s->type == PCEPC_SPOT_V4 || s->type == PCEPC_SPOT_V6 ? s->len :
									      ip_bits(&s->addr);
	/* an address to pass is a node's, whatever it is on (RFC 3209 s4.3.3) */
	bool node = pass && (s->type == PCEPC_SPOT_V4 || s->type == PCEPC_SPOT_V6);
	uint8_t attribute = node ? PCEPC_ATTR_NODE : s->attribute;

	*out = (struct driver_spot){ .soft = s->soft, .value = s->value,
				     .prefix = ip_prefix_of(&s->addr, bits) };
	if (pass && s->type == PCEPC_SPOT_SRLG)
		return false; /* RFC 5521: to be avoided only */
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].type != s->type || kinds[i].attribute != attribute)
			continue;
		out->kind = kinds[i].kind;
		return true;
	}
	return false;
}

/* All of them or none: half of what is to be avoided is not what was meant. */
static bool spots_of(const struct pcepc_spots *l, bool pass, struct driver_spot *out, uint8_t *n)
{
	bool all = l->skipped == 0 && l->n <= DRIVER_SPOTS_MAX;

	for (uint32_t i = 0; all && i < l->n; i++)
		all = spot_of(&l->at[i], pass, &out[i]);
	*n = all ? (uint8_t)l->n : 0;
	return all;
}

static struct pcep_pcerr spots(const struct pcepc_item *it, struct driver_path_request *r)
{
	if (it->iro && !spots_of(it->iro, true, r->pass, &r->n_pass) &&
	    (it->musts & PCEPC_MUST(PCEPC_OBJ_IRO)))
		return unsupported;
	if (it->xro && !spots_of(it->xro, false, r->avoid, &r->n_avoid) &&
	    (it->musts & PCEPC_MUST(PCEPC_OBJ_XRO)))
		return unsupported;
	return it->xro && it->xro->fail && !it->rro ? no_rro : fine;
}

/* ---- groups ---- */

static struct pcep_pcerr groups(const struct pcepc_item *it, struct pcep_asked *out,
				struct driver_path_request *r)
{
	for (const struct pcepc_assoc *a = it->assoc; a; a = a->next) {
		if (a->type == PCEPC_ASSOC_SR_POLICY || a->remove)
			continue;
		if (a->type != PCEPC_ASSOC_DISJOINT) {
			if (it->musts & PCEPC_MUST(PCEPC_OBJ_ASSOCIATION))
				return no_assoc;
			continue;
		}
		if (out->has_disjoint) /* of two groups at once it cannot be */
			return unsupported;
		out->has_disjoint = true;
		out->group = (struct pcepc_assoc){ .type = a->type, .id = a->id,
						   .source = a->source, .has_disjoint = true,
						   .disjoint = a->disjoint };
		r->shortest = a->disjoint & PCEPC_DISJOINT_SHORTEST;
	}
	return fine;
}

/* ---- a request ---- */

static void attributes(const struct pcepc_item *it, struct driver_path_request *r)
{
	r->setup_prio = r->hold_prio = PRIO_LOWEST;
	if (it->has_bandwidth)
		r->bandwidth_bps = it->bandwidth_bps;
	if (!it->lspa)
		return;
	r->exclude_any = it->lspa->exclude_any;
	r->include_any = it->lspa->include_any;
	r->include_all = it->lspa->include_all;
	r->setup_prio = it->lspa->setup_prio;
	r->hold_prio = it->lspa->hold_prio;
}

struct pcep_pcerr pcep_ask_read(const struct pcepc_item *it, struct pcep_asked *out,
				struct driver_path_request *r)
{
	struct pcep_pcerr no;

	if (it->faulty)
		return it->err_type ? (struct pcep_pcerr){ it->err_type, it->err_value } :
				      unsupported;
	if (it->rp->id == 0)
		return bad_id;
	out->rp = (struct pcepc_rp){ .flags = it->rp->flags, .id = it->rp->id,
				     .has_pst = it->rp->has_pst, .pst = it->rp->pst };
	*r = (struct driver_path_request){ .request_id = it->rp->id, .src = it->endpoints->src,
					   .dst = it->endpoints->dst };
	attributes(it, r);
	out->has_of = it->has_of;
	out->of = it->of;
	out->of_must = it->musts & PCEPC_MUST(PCEPC_OBJ_OF);
	if (it->has_of && (it->of == 0 || it->of > DRIVER_OF_MCC) && out->of_must)
		return unsupported; /* RFC 5541 s3.1.1 */
	if (it->has_of && it->of <= DRIVER_OF_MBP)
		r->objective = (uint8_t)it->of;
	no = metrics(it, out, r);
	if (!no.type)
		no = spots(it, r);
	if (!no.type)
		no = groups(it, out, r);
	if (!no.type && !pcep_dataplane_of(it, &r->dataplane))
		no = no_pst;
	return no;
}

/* ---- sets ---- */

static uint8_t diverse_of(uint32_t flags)
{
	/* SVEC and the TLVs of RFC 8800 have the same three bits */
	return (uint8_t)((flags & PCEPC_SVEC_LINK ? DRIVER_DIVERSE_LINK : 0) |
			 (flags & PCEPC_SVEC_NODE ? DRIVER_DIVERSE_NODE : 0) |
			 (flags & PCEPC_SVEC_SRLG ? DRIVER_DIVERSE_SRLG : 0));
}

struct pcep_pcerr pcep_ask_svec(const struct pcepc_svec *s, struct pcep_ask *a)
{
	const uint32_t known = PCEPC_SVEC_LINK | PCEPC_SVEC_NODE | PCEPC_SVEC_SRLG;

	a->svec = true;
	a->svec_flags = s->flags;
	a->set.diverse = diverse_of(s->flags);
	if ((s->flags & ~known) && s->must)
		return unsupported;
	if (s->has_of && s->of >= DRIVER_OF_MBC && s->of <= DRIVER_OF_MCC) {
		a->set.objective = (uint8_t)s->of;
		a->of_must = s->of_must;
	} else if (s->has_of && s->of_must) {
		return unsupported;
	}
	for (const struct pcepc_metric *m = s->metrics; m; m = m->next) {
		if (m->bound || m->type < METRIC_SET_FIRST || m->type > METRIC_SET_LAST) {
			if (m->must)
				return unsupported;
			continue;
		}
		tell(&a->n_tell, a->tell, m->type);
		if (!a->set.metric && (m->type == METRIC_SET_IGP || m->type == METRIC_SET_TE))
			a->set.metric = m->type == METRIC_SET_TE ? METRIC_TE : METRIC_IGP;
	}
	return fine;
}

static bool same_group(const struct pcepc_assoc *a, const struct pcepc_assoc *b)
{
	return a->id == b->id && ip_eq(&a->source, &b->source);
}

/* All of a set are of one group or none is; the P flag alone is each one's own (RFC 8800 s4.2). */
static struct pcep_pcerr group_agree(struct pcep_ask *a)
{
	const struct pcep_asked *first = &a->at[0];

	for (unsigned i = 1; i < a->n; i++) {
		const struct pcep_asked *q = &a->at[i];

		if (q->has_disjoint != first->has_disjoint)
			return unsupported;
		if (q->has_disjoint &&
		    (!same_group(&q->group, &first->group) ||
		     ((q->group.disjoint ^ first->group.disjoint) & ~(uint32_t)PCEPC_DISJOINT_SHORTEST)))
			return differ;
	}
	if (!first->has_disjoint)
		return fine;
	/* an SVEC's flags are no wish */
	a->set.best_available = !(first->group.disjoint & PCEPC_DISJOINT_STRICT) && !a->set.diverse;
	a->set.diverse |= diverse_of(first->group.disjoint);
	return fine;
}

struct pcep_pcerr pcep_ask_agree(struct pcep_ask *a)
{
	struct pcep_pcerr no = group_agree(a);

	for (unsigned i = 0; !no.type && i < a->n; i++) {
		const struct pcep_asked *q = &a->at[i];

		if (!q->has_of || q->of < DRIVER_OF_MBC || q->of > DRIVER_OF_MCC)
			continue;
		/* a function of sets in a request: of its set, if that has no other */
		if (a->n > 1 && !a->set.objective)
			a->set.objective = (uint8_t)q->of;
		if (q->of_must && (a->n == 1 || a->set.objective != q->of))
			no = unsupported;
		a->of_must = a->of_must || (q->of_must && a->n > 1);
	}
	return no;
}

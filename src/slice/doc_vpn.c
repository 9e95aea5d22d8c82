/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order of an L3VPN (RFC 9182, one vpn-service) is a slice service in another dress: each VPN
 * node an SDP, each network access an attachment circuit, its topology one group, the network
 * slice it is grafted onto (underlay-transport) the parent.
 */
#include <string.h>

#include "base/str.h"
#include "slice/doc_service.h"

enum { PROFILES_MAX = 64, ACCESSES_MAX = 16, LANS_MAX = 256, PROTOCOLS_MAX = 16, ADDRESSES_MAX = 16 };

/* ---- an access ---- */

static struct ip_addr address_of(struct doc *d, const char *text, const char *leaf)
{
	struct ip_addr a = { 0 };

	if (text && (ip_parse(text, &a) < 0 || a.family != IP_V6))
		doc_fault(d, leaf, "it has to be an IPv6 address");
	return a;
}

/* The customer's router: the primary address, or the only one. */
static struct ip_addr customer_of(struct doc *d, json_object *v6)
{
	const char *primary = doc_text(d, v6, "primary-address"), *text = NULL;
	uint32_t n;
	json_object *v = doc_array(d, v6, "address", ADDRESSES_MAX, &n);

	for (uint32_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(v, i);
		const char *id = doc_text(d, o, "address-id");

		if (primary ? id && strcmp(id, primary) == 0 : n == 1)
			text = doc_text(d, o, "customer-address");
	}
	if (n > 1 && !primary)
		doc_fault(d, "primary-address", "of several addresses say which is the customer's router");
	return address_of(d, text, "address/customer-address");
}

static void connection(struct doc *d, json_object *o, struct slice_ac *out)
{
	static const char *const ways[] = { "static-address", "slaac", NULL };
	json_object *v6 = doc_object(d, doc_object(d, o, "ip-connection"), "ipv6");
	size_t was = doc_in(d, "ip-connection/ipv6");
	uint64_t length = doc_u64(d, v6, "prefix-length", 128, 128);
	struct ip_addr local = address_of(d, doc_text(d, v6, "local-address"), "local-address");

	(void)doc_word(d, v6, "address-allocation-type", ways, 0);
	if (local.family == IP_V6)
		out->v6 = (struct ip_prefix){ .addr = local, .len = (uint8_t)length };
	out->next_hop = customer_of(d, v6);
	doc_out(d, was);
}

/* Other ways to a prefix than by the customer's router would be other accesses. */
static void lan(struct doc *d, json_object *o, const struct slice_ac *ac, struct ip_prefix *out)
{
	const char *hop = doc_text(d, o, "next-hop");
	json_object *prefix = doc_member(o, "lan");
	struct ip_addr a;

	if (!prefix)
		doc_fault(d, "lan", "say which prefix");
	else
		*out = doc_prefix(d, prefix, "lan");
	if (out->addr.family == IP_V4)
		doc_fault(d, "lan", "it has to be an IPv6 prefix");
	if (!hop || ip_parse(hop, &a) < 0 || !ip_eq(&a, &ac->next_hop))
		doc_fault(d, "next-hop", "it has to be the customer's address of the access");
}

static void lans(struct doc *d, json_object *o, struct slice_ac *out)
{
	uint32_t n;
	json_object *v = doc_array(d, doc_object(d, doc_object(d, o, "static"), "cascaded-lan-prefixes"),
				   "ipv6-lan-prefixes", LANS_MAX, &n);
	struct ip_prefix *at = doc_alloc(d, n, sizeof(*at));

	if (at && out->n_behind)
		doc_fault(d, "static", "give the prefixes of an access in one protocol");
	for (uint32_t i = 0; at && i < n; i++) {
		size_t was = doc_in(d, "static/cascaded-lan-prefixes/ipv6-lan-prefixes");

		lan(d, json_object_array_get_idx(v, i), out, &at[i]);
		doc_out(d, was);
	}
	if (at) {
		out->behind = at;
		out->n_behind = n;
	}
}

static void routing(struct doc *d, json_object *o, struct slice_ac *out)
{
	static const char *const kinds[] = { "static-routing", "direct-routing", NULL };
	uint32_t n;
	json_object *v = doc_array(d, doc_object(d, o, "routing-protocols"), "routing-protocol",
				   PROTOCOLS_MAX, &n);

	for (uint32_t i = 0; i < n; i++) {
		json_object *p = json_object_array_get_idx(v, i);
		size_t was = doc_in(d, "routing-protocols/routing-protocol[id='%s']", doc_id(d, p, "id"));

		if (doc_word(d, p, "type", kinds, 1) == 0)
			lans(d, p, out);
		doc_out(d, was);
	}
}

/* What leaves is what pairs of any-to-any reserve in the slice it is grafted onto: nothing else holds it. */
static void leaves(struct doc *d, const struct slice_service *s)
{
	static const char leaf[] = "service/pe-to-ce-bandwidth";

	if (!s->real.parent)
		doc_unkept(d, leaf, "nothing holds what leaves to a rate: graft the VPN onto a slice (underlay-transport), "
				    "or leave it out; ce-to-pe-bandwidth is policed");
	else if (s->groups[0].connectivity != SLICE_ANY_TO_ANY)
		doc_unkept(d, leaf, "it bounds what is reserved in any-to-any only: leave it out, and say ce-to-pe-bandwidth "
				    "of those who send");
}

static void access_of(struct doc *d, json_object *o, struct slice_sdp *sdp, struct slice_ac *out)
{
	static const char *const kinds[] = { "point-to-point", NULL };
	json_object *service = doc_object(d, o, "service");
	const char *port = doc_text(d, o, "interface-id");
	uint64_t out_bps = doc_u64(d, service, "pe-to-ce-bandwidth", 0, UINT64_MAX);

	(void)doc_word(d, o, "vpn-network-access-type", kinds, 0);
	out->node = sdp->node;
	out->port = port ? port : "";
	out->down = doc_admin(d, o) != SLICE_ADMIN_UP;
	out->in.cir = doc_u64(d, service, "ce-to-pe-bandwidth", 0, UINT64_MAX);
	out->mtu = (uint32_t)doc_u64(d, service, "mtu", 0, UINT32_MAX);
	connection(d, o, out);
	routing(d, o, out);
	if (out->in.cir > UINT64_MAX - sdp->in.cir || out_bps > UINT64_MAX - sdp->out.cir)
		doc_fault(d, "service", "too much together");
	else if (!out->down) {
		sdp->in.cir += out->in.cir;
		sdp->out.cir += out_bps;
	}
}

static void accesses(struct doc *d, json_object *node, const struct slice_service *s, struct slice_sdp *out)
{
	json_object *v = doc_array(d, doc_object(d, node, "vpn-network-accesses"), "vpn-network-access",
				   ACCESSES_MAX, &out->n_acs);
	struct slice_ac *at = doc_alloc(d, out->n_acs, sizeof(*at));

	out->n_acs = at ? out->n_acs : 0;
	out->acs = at;
	for (uint32_t i = 0; i < out->n_acs; i++) {
		json_object *o = json_object_array_get_idx(v, i);
		size_t was;

		at[i].id = doc_id(d, o, "id");
		was = doc_in(d, "vpn-network-accesses/vpn-network-access[id='%s']", at[i].id);
		for (uint32_t k = 0; k < i && d->rc == 0; k++)
			if (strcmp(at[k].id, at[i].id) == 0)
				doc_fault(d, "id", "it is there twice");
		access_of(d, o, out, &at[i]);
		if (doc_u64(d, doc_object(d, o, "service"), "pe-to-ce-bandwidth", 0, UINT64_MAX))
			leaves(d, s);
		doc_out(d, was);
	}
}

/* ---- a node ---- */

/* What the profiles of the service say of one of that name. */
static int role_of(struct doc *d, json_object *profiles, uint32_t n, const char *name)
{
	static const char *const roles[] = { "any-to-any-role", "hub-role", "spoke-role", NULL };

	for (uint32_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(profiles, i);
		const char *id = doc_text(d, o, "profile-id");

		if (id && strcmp(id, name) == 0)
			return doc_word(d, o, "role", roles, 0);
	}
	return -1;
}

/* A node has the role of its profiles; without one it is like any other. */
static void role(struct doc *d, json_object *node, struct slice_sdp *out)
{
	static const enum slice_role roles[] = { SLICE_ROLE_ANY, SLICE_ROLE_HUB, SLICE_ROLE_SPOKE };
	json_object *profiles, *v;
	struct slice_criterion *c = doc_alloc(d, 1, sizeof(*c));
	uint32_t n, n_profiles;
	int is = 0;

	profiles = doc_array(d, doc_object(d, d->root, "vpn-instance-profiles"), "vpn-instance-profile",
			     PROFILES_MAX, &n_profiles);
	v = doc_array(d, doc_object(d, node, "active-vpn-instance-profiles"), "vpn-instance-profile",
		      PROFILES_MAX, &n);
	for (uint32_t i = 0; i < n; i++) {
		const char *name = doc_id(d, json_object_array_get_idx(v, i), "profile-id");
		int r = role_of(d, profiles, n_profiles, name);

		if (r < 0)
			doc_fault(d, "active-vpn-instance-profiles", "there is no profile %.64s", name);
		else if (i > 0 && r != is)
			doc_fault(d, "active-vpn-instance-profiles", "a node has one role");
		is = r < 0 ? 0 : r;
	}
	if (!c)
		return;
	*c = (struct slice_criterion){ .index = 1, .role = roles[is] };
	out->criteria = c;
	out->n_criteria = 1;
}

static void node_of(struct doc *d, json_object *o, const struct slice_service *s, struct slice_sdp *out)
{
	out->node = doc_id(d, o, "ne-id");
	out->down = doc_admin(d, o) != SLICE_ADMIN_UP;
	role(d, o, out);
	accesses(d, o, s, out);
}

static void nodes(struct doc *d, struct slice_service *s)
{
	json_object *v = doc_array(d, doc_object(d, d->root, "vpn-nodes"), "vpn-node", SLICE_SDPS_MAX,
				   &s->n_sdps);

	s->sdps = doc_alloc(d, s->n_sdps, sizeof(*s->sdps));
	s->n_sdps = s->sdps ? s->n_sdps : 0;
	for (uint32_t i = 0; i < s->n_sdps; i++) {
		json_object *o = json_object_array_get_idx(v, i);
		size_t was;

		s->sdps[i].id = doc_id(d, o, "vpn-node-id");
		was = doc_in(d, "vpn-nodes/vpn-node[vpn-node-id='%s']", s->sdps[i].id);
		for (uint32_t k = 0; k < i && d->rc == 0; k++)
			if (strcmp(s->sdps[k].id, s->sdps[i].id) == 0)
				doc_fault(d, "vpn-node-id", "it is there twice");
		node_of(d, o, s, &s->sdps[i]);
		doc_out(d, was);
	}
}

/* ---- the service ---- */

static const char *underlay(struct doc *d)
{
	static const char *const kinds[] = { "ietf-network-slice", NULL };
	json_object *o = doc_object(d, d->root, "underlay-transport");
	size_t was = doc_in(d, "underlay-transport");
	const char *id = doc_member(o, "transport-instance-id") ? doc_id(d, o, "transport-instance-id") : NULL;

	(void)doc_word(d, o, "instance-type", kinds, 0);
	if (doc_member(o, "instance-type") && !id)
		doc_fault(d, "transport-instance-id", "say which slice");
	doc_out(d, was);
	return id;
}

void doc_vpn(struct doc *d, struct slice_service *out)
{
	static const char *const types[] = { "l3vpn", NULL };
	static const char *const topologies[] = { "any-to-any", "hub-spoke", NULL };

	out->id = doc_id(d, d->root, "vpn-id");
	out->vpn = true;
	out->admin = doc_admin(d, d->root);
	(void)doc_word(d, d->root, "vpn-type", types, 0);
	doc_provider(d, out);
	out->real.parent = underlay(d);
	out->groups = doc_alloc(d, 1, sizeof(*out->groups));
	if (!out->groups)
		return;
	out->n_groups = 1;
	out->groups[0].id = "vpn";
	out->groups[0].connectivity = doc_word(d, d->root, "vpn-service-topology", topologies, 0) ?
					      SLICE_HUB_SPOKE :
					      SLICE_ANY_TO_ANY;
	nodes(d, out);
	/* nobody promises bandwidth outside of a slice; accesses are policed all the same */
	for (uint32_t i = 0; !out->real.parent && i < out->n_sdps; i++)
		out->sdps[i].in.cir = out->sdps[i].out.cir = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* From what people write to what the API wants: node names to addresses, policy keys, lists. */
#include <string.h>

#include "cli.h"

#define NETWORKS "/restconf/data/ietf-network:networks"

int cli_network(struct cli_reply *out, json_object **network)
{
	int rc = cli_get(NETWORKS, out);

	if (rc != CLI_OK)
		return rc;
	*network = cli_nth(out->json, "networks/network", 0);
	if (!*network)
		return cli_fail(CLI_REFUSED, "the controller knows no network yet; 'sextant session list' "
				"shows its BGP-LS feeds");
	if (cli_bool(*network, "network-attributes/stale") && !cli_said.quiet && !cli_said.json)
		(void)cli_fail(0, "note: the topology is stale (sight of the network is lost or not "
				  "complete yet)");
	return CLI_OK;
}

/* The first router id, else the first host prefix, of that family. */
static bool node_address(json_object *node, enum ip_family family, char *out, size_t cap)
{
	static const char *const where[] = { "node-attributes/router-id", "node-attributes/prefix" };

	for (size_t w = 0; w < ARRAY_LEN(where); w++)
		for (size_t i = 0; i < cli_count(node, where[w]); i++) {
			struct ip_prefix p;

			if (ip_prefix_parse(cli_text(cli_nth(node, where[w], i), "", ""), &p) == 0 &&
			    p.addr.family == family && p.len == ip_bits(&p.addr)) {
				(void)ip_text(&p.addr, out, cap);
				return true;
			}
		}
	return false;
}

static bool node_is(json_object *node, const char *text)
{
	return strcmp(cli_text(node, "node-attributes/name", ""), text) == 0 ||
	       strcmp(cli_text(node, "node-id", ""), text) == 0;
}

int cli_resolve(const char *text, enum ip_family family, char *out, size_t cap)
{
	struct ip_addr a;
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *node = NULL, *net;
	size_t found = 0;
	int rc;

	if (ip_parse(text, &a) == 0) {
		(void)ip_text(&a, out, cap);
		return CLI_OK;
	}
	rc = cli_get(NETWORKS "?fields=network(node(node-id;sextant-topology:node-attributes"
			      "(name;router-id;prefix)))", &r);
	if (rc != CLI_OK)
		return rc;
	net = cli_nth(r.json, "networks/network", 0);
	for (size_t i = 0; i < cli_count(net, "node"); i++)
		if (node_is(cli_nth(net, "node", i), text)) {
			node = cli_nth(net, "node", i);
			found++;
		}
	if (found == 0)
		return cli_fail(CLI_REFUSED, "'%s' is neither an address nor a node of the topology; "
				"'sextant topology nodes' lists them", text);
	if (found > 1)
		return cli_fail(CLI_REFUSED, "%zu nodes are named '%s'; give the router's address", found, text);
	if (node_address(node, family, out, cap) ||
	    node_address(node, family == IP_V6 ? IP_V4 : IP_V6, out, cap))
		return CLI_OK;
	return cli_fail(CLI_REFUSED, "node '%s' has told no router address; give the address itself", text);
}

int cli_color_parse(const char *text, uint32_t *out)
{
	uint64_t v;

	if (str_u64(text, &v) < 0 || v > UINT32_MAX)
		return cli_fail(CLI_USAGE, "colour '%s' is not a number from 0 to 4294967295", text);
	*out = (uint32_t)v;
	return CLI_OK;
}

/* The addresses of a key whose nodes are named: those of the policy that is there, if there is
 * one, because a node may have several addresses. */
static int key_resolve(const char *headend, const char *endpoint, struct cli_key *out)
{
	int rc = cli_resolve(headend, IP_V6, out->headend, sizeof(out->headend));
	CLI_REPLY struct cli_reply r = { 0 };
	char h4[IP_TEXT_MAX], e4[IP_TEXT_MAX];

	if (rc == CLI_OK)
		rc = cli_resolve(endpoint, IP_V6, out->endpoint, sizeof(out->endpoint));
	if (rc == CLI_OK)
		rc = cli_resolve(headend, IP_V4, h4, sizeof(h4));
	if (rc == CLI_OK)
		rc = cli_resolve(endpoint, IP_V4, e4, sizeof(e4));
	if (rc == CLI_OK)
		rc = cli_get("/restconf/data/sextant-policy:policies?fields=policy(headend;color;endpoint)", &r);
	if (rc != CLI_OK)
		return rc;
	for (size_t i = 0; i < cli_count(r.json, "policies/policy"); i++) {
		json_object *p = cli_nth(r.json, "policies/policy", i);
		const char *h = cli_text(p, "headend", ""), *e = cli_text(p, "endpoint", "");

		if (cli_num(p, "color", UINT64_MAX) != out->color ||
		    (strcmp(h, out->headend) != 0 && strcmp(h, h4) != 0) ||
		    (strcmp(e, out->endpoint) != 0 && strcmp(e, e4) != 0))
			continue;
		(void)str_copy(out->headend, sizeof(out->headend), h);
		(void)str_copy(out->endpoint, sizeof(out->endpoint), e);
		break;
	}
	return CLI_OK;
}

int cli_key_parse(const char *text, struct cli_key *out)
{
	char headend[256], color[16], endpoint[256];
	struct ip_addr h, e;
	size_t a = strcspn(text, ","), b;

	*out = (struct cli_key){ 0 };
	b = text[a] ? a + 1 + strcspn(text + a + 1, ",") : a;
	if (!text[a] || !text[b] || strchr(text + b + 1, ',') || a >= sizeof(headend) ||
	    b - a - 1 >= sizeof(color) || a == 0 || !text[b + 1] ||
	    !str_copy(endpoint, sizeof(endpoint), text + b + 1))
		return cli_fail(CLI_USAGE, "'%s' is not a policy key; it is HEADEND,COLOR,ENDPOINT, as "
				"'sextant policy list' shows", text);
	(void)snprintf(headend, sizeof(headend), "%.*s", (int)a, text);
	(void)snprintf(color, sizeof(color), "%.*s", (int)(b - a - 1), text + a + 1);
	if (cli_color_parse(color, &out->color) != CLI_OK)
		return CLI_USAGE;
	if (ip_parse(headend, &h) == 0 && ip_parse(endpoint, &e) == 0) {
		(void)ip_text(&h, out->headend, sizeof(out->headend));
		(void)ip_text(&e, out->endpoint, sizeof(out->endpoint));
		return CLI_OK;
	}
	return key_resolve(headend, endpoint, out);
}

void cli_key_path(struct str *out, const struct cli_key *k)
{
	str_add(out, "/restconf/data/sextant-policy:policies/policy=");
	cli_url_escape(out, k->headend);
	str_addf(out, ",%u,", k->color);
	cli_url_escape(out, k->endpoint);
}

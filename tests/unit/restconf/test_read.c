/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery, GET and its parameters, errors of reading; every body is judged by libyang. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "fake.h"

#define D "/restconf/data/"
#define NET D "ietf-network:networks/network=sextant%3Adefault"
#define NET_PATH "/ietf-network:networks/network[network-id='sextant:default']"

static void some_policies(void)
{
	struct intent_view *v = fake_policy("2001:db8::1", 100, "2001:db8::9");

	str_copy(v->desired.name, sizeof(v->desired.name), "gold");
	v->desired.bandwidth_bps = 10000000;
	v->desired.n_cpaths = 2;
	intent_cpath_default(&v->desired.cpaths[0]);
	v->desired.cpaths[0].preference = 100;
	v->desired.cpaths[0].minimise = PCE_DELAY;
	v->desired.cpaths[0].delay_us_max = 20000;
	v->desired.cpaths[0].affinity.exclude_any[0] = 6;
	v->desired.cpaths[0].n_exclude = 1;
	str_copy(v->desired.cpaths[0].exclude[0], TED_LABEL_MAX, "r1>r2");
	intent_cpath_default(&v->desired.cpaths[1]);
	v->desired.cpaths[1].preference = 50;
	v->desired.cpaths[1].kind = INTENT_EXPLICIT;
	v->desired.cpaths[1].list.n = 1;
	ip_parse("fcbb:bb00:1::", &v->desired.cpaths[1].list.at[0].sid);
	v->state = INTENT_UP;
	v->has_computed = true;
	v->computed = v->desired.cpaths[1].list;
	str_copy(v->path_text, sizeof(v->path_text), "r1>r2,r2>r3");
	v->has_reported = true;
	v->reported.oper = LSP_UP;
	v->reported.list = v->computed;
	v->since_wall_ns = 1700000000123456000;
	str_copy(v->reason, sizeof(v->reason), "fine");
	str_copy(v->relax, sizeof(v->relax), "delay bound >= 5.000 ms or no exclude constraint");
	v->desired.protect = INTENT_PROTECT_NODE;
	v->guarded = INTENT_GUARD_PARTIAL;
	v->guard_failures = 3;
	v->guard_open = 1;
	str_copy(v->guard_why, sizeof(v->guard_why), "if r2 fails: no path");
	fake_policy("192.0.2.1", 7, "192.0.2.2")->mode = INTENT_OBSERVED;
}

START_TEST(discovery_says_where_the_api_is)
{
	fake_up(4);
	ck_has(str_text(&get("/.well-known/host-meta")->body), "rel='restconf' href='/restconf'");
	ck_has(str_text(&get("/.well-known/host-meta.json")->body), "\"href\":\"/restconf\"");
	ck_has(str_text(&get("/restconf")->body), "\"yang-library-version\":\"2019-01-04\"");
	ck_has(str_text(&get("/restconf/operations")->body), "\"sextant-path:compute\":[null]");
	ck_has(str_text(&get("/restconf/yang-library-version")->body), "2019-01-04");
	ck_has(str_text(&get(D "ietf-yang-library:yang-library")->body), "\"sextant-policy\"");
	ck_has(str_text(&get(D "ietf-yang-library:modules-state")->body), "\"sextant-policy\"");
	body_ok(str_text(&get(D "ietf-restconf-monitoring:restconf-state")->body), NULL);
	ck_has(str_text(&get(D "ietf-restconf-monitoring:restconf-state")->body), "sextant-events");
	ck_status(get("/healthz"), 200);
	ck_status(get("/readyz"), 200);
	fake.ready = false;
	ck_status(get("/readyz"), 503);
	ck_has(str_text(&get("/readyz")->body), "no topology source");
	ck_has(str_text(&get("/metrics")->body), "sextant_http_requests_total");
	fake_down();
}
END_TEST

static const struct {
	const char *path, *parent, *has, *lacks;
} reads[] = {
	{ "/restconf/data", NULL, "ietf-network:networks", NULL },
	{ D "ietf-network:networks", NULL, "0000.0000.0003", NULL },
	{ NET, "/ietf-network:networks", "sextant-topology:network-attributes", NULL },
	{ NET "/node", NET_PATH, "0000.0000.0002", NULL },
	{ NET "/node=0000.0000.0001", NET_PATH, "fcbb:bb00:1::/48", "0000.0000.0002" },
	{ NET "/ietf-network:node=0000.0000.0001/sextant-topology:node-attributes",
	  NET_PATH "/node[node-id='0000.0000.0001']", "\"r1\"", NULL },
	{ NET "/node=0000.0000.0001/sextant-topology:node-attributes/name",
	  NET_PATH "/node[node-id='0000.0000.0001']/sextant-topology:node-attributes",
	  "{\"sextant-topology:name\":\"r1\"}", NULL },
	{ NET "/node=0000.0000.0001/sextant-topology:node-attributes/srv6/sid",
	  NET_PATH "/node[node-id='0000.0000.0001']/sextant-topology:node-attributes/srv6",
	  "\"behavior\":43", NULL },
	{ NET "/ietf-network-topology:link", NET_PATH, "\"half\":true", NULL },
	{ NET "/ietf-network-topology:link=0000.0000.0000%3E0000.0000.0001%402001%3Adb8%3Aff%3A1%3A%3A1",
	  NET_PATH, "\"dest-tp\":\"2001:db8:ff:1::2\"", "0000.0000.0003" },
	{ NET "/node=0000.0000.0000/ietf-network-topology:termination-point",
	  NET_PATH "/node[node-id='0000.0000.0000']", "2001:db8:ff:ffff::1", NULL },
	{ D "sextant-policy:policies", NULL, "\"gold\"", NULL },
	{ D "sextant-policy:policies/policy=2001:DB8::1,100,2001:db8:0::9", "/sextant-policy:policies",
	  "\"candidate-path\"", "192.0.2.1" },
	{ D "sextant-policy:policies/policy=2001%3adb8%3a%3a1,100,2001%3adb8%3a%3a9/state/computed/link",
	  "/sextant-policy:policies/policy[headend='2001:db8::1'][color='100'][endpoint='2001:db8::9']"
	  "/state/computed", "r2>r3", NULL },
	{ D "sextant-policy:policies/policy=2001:db8::1,100,2001:db8::9/candidate-path=100",
	  "/sextant-policy:policies/policy[headend='2001:db8::1'][color='100'][endpoint='2001:db8::9']",
	  "\"exclude-any\":[1,2]", "\"preference\":50" },
	{ D "sextant-policy:policies/policy=2001:db8::1,100,2001:db8::9/candidate-path=100/dynamic/exclude"
	  "=r1%3Er2",
	  "/sextant-policy:policies/policy[headend='2001:db8::1'][color='100'][endpoint='2001:db8::9']"
	  "/candidate-path[preference='100']/dynamic", "[\"r1>r2\"]", NULL },
	{ D "sextant-policy:policies/policy=2001:db8::1,100,2001:db8::9/state/bandwidth-protection",
	  "/sextant-policy:policies/policy[headend='2001:db8::1'][color='100'][endpoint='2001:db8::9']/state",
	  "{\"coverage\":\"partial\",\"reason\":\"if r2 fails: no path\",\"failures\":3,\"unprotected\":1}",
	  NULL },
	{ D "sextant-policy:policies/policy=2001:db8::1,100,2001:db8::9/state/nearest-relaxation",
	  "/sextant-policy:policies/policy[headend='2001:db8::1'][color='100'][endpoint='2001:db8::9']/state",
	  "\"delay bound >= 5.000 ms or no exclude constraint\"", NULL },
	{ D "sextant-policy:policies/policy=192.0.2.1,7,192.0.2.2/state",
	  "/sextant-policy:policies/policy[headend='192.0.2.1'][color='7'][endpoint='192.0.2.2']",
	  "\"observed\"", "relaxation" },
	{ D "sextant-policy:policies/hold", "/sextant-policy:policies", "false", NULL },
	{ D "sextant-system:system", NULL, "2001:db8::27", NULL },
	{ D "sextant-system:system/sessions/session=bgp,2001:db8::1", "/sextant-system:system/sessions",
	  "odd ? bytes ? here", "pcep" },
	{ D "sextant-system:system/headends", "/sextant-system:system", "\"msd-srv6\":10", NULL },
	{ D "sextant-system:system/configuration", "/sextant-system:system", "# two lines", NULL },
	{ D "sextant-system:system/alarms/alarm=link-flap,r1%3Er2", "/sextant-system:system/alarms",
	  "\"times\":3", NULL },
	{ D "sextant-book:book", NULL, "\"free\":\"0\"", NULL },
	{ D "sextant-book:book", NULL, "\"measured\":\"6\"", NULL },
	{ D "sextant-book:book", NULL, "\"backup\":\"7\"", NULL },
	{ D "sextant-audit:audit/entry", "/sextant-audit:audit", "\"sextant-audit:entry\":[]", NULL },
};

START_TEST(what_is_read_is_valid_by_its_schema)
{
	const struct answer *a;

	fake_up(4);
	some_policies();
	bus_publish(fake.bus, loop_wall_ns(fake.loop), BUS_ALARM, "link-flap", "r1>r2", "\"times\":3");
	a = get(reads[_i].path);
	ck_status(a, 200);
	ck_has(a->head, "content-type: application/yang-data+json");
	ck_has(a->head, "cache-control: no-cache");
	ck_has(str_text(&a->body), reads[_i].has);
	if (reads[_i].lacks)
		ck_lacks(str_text(&a->body), reads[_i].lacks);
	body_ok(str_text(&a->body), reads[_i].parent);
	a = ask("HEAD", reads[_i].path, "", NULL);
	ck_status(a, 200);
	ck_assert_uint_eq(a->body.len, 0);
	fake_down();
}
END_TEST

static const struct {
	const char *path;
	int status;
	const char *has;
} bad[] = {
	{ "/", 404, "\"error-tag\":\"invalid-value\"" },
	{ "/restconfx", 404, "ietf-restconf:errors" },
	{ "/restconf/datax", 404, "ietf-restconf:errors" },
	{ D "networks", 400, "needs its module" },
	{ D "no-such-module:x", 404, "no module no-such-module" },
	{ D "ietf-network:nothing", 404, "no nothing at the top" },
	{ D "ietf-network:networks/nothing", 404, "\"error-path\":\"/ietf-network:networks\"" },
	{ D "ietf-network:networks/network=other", 404, "no such entry" },
	{ D "ietf-network:networks/network=other/node", 404, "no such entry" },
	{ NET "/node=nobody", 404, "\"error-path\":\"/ietf-network:networks/network" },
	{ D "sextant-policy:policies/policy=2001:db8::1,5,2001:db8::2", 404, "no such entry" },
	{ NET "/node=r1", 404, "no such entry" }, /* names are not ids here */
	{ NET "/node/sextant-topology:node-attributes", 400, "needs its keys" },
	{ NET "/node=a,b", 400, "has 1 keys, 2 given" },
	{ NET "/link=x", 404, "has no link" }, /* another module's: needs its prefix */
	{ D "sextant-policy:policies/policy=2001:db8::1,100", 400, "has 3 keys, 2 given" },
	{ D "sextant-policy:policies/policy=2001:db8::1,100,1,1", 400, "too many keys" },
	{ D "sextant-policy:policies/policy=2001:db8::1,-1,2001:db8::9", 400, "-1" },
	{ D "sextant-policy:policies/policy=nonsense,1,2001:db8::9", 400, "nonsense" },
	{ D "sextant-policy:policies/policy='%20or%201=1,1,::", 400, "invalid-value" },
	{ D "sextant-policy:policies/policy=%zz,1,::", 400, "percent-encoded" },
	{ D "sextant-policy:policies/policy=2001:db8::1,100,2001:db8::9/msd", 404, "msd has no value" },
	{ D "sextant-policy:policies=1", 400, "takes no keys" },
	{ D "sextant-policy:policies/hold/x", 400, "has nothing in it" },
	{ D "sextant-policy:adopt", 404, "no adopt" },
	{ D "sextant-policy:policies?depth=0", 400, "depth takes" },
	{ D "sextant-policy:policies?depth=x", 400, "depth takes" },
	{ D "sextant-policy:policies?depth=1&depth=2", 400, "given twice" },
	{ D "sextant-policy:policies?content=some", 400, "content takes" },
	{ D "sextant-policy:policies?frob=1", 400, "no query parameter frob" },
	{ D "sextant-policy:policies?sextant.dry-run=true", 400, "not for this method" },
	{ D "sextant-policy:policies?fields=policy(nam)", 400, "fields:" },
	{ D "sextant-policy:policies?fields=policy(name", 400, "not closed" },
	{ D "sextant-policy:policies?fields=policy)", 400, "fields:" },
	{ D "sextant-policy:policies?with-defaults=report-all-tagged", 400, "with-defaults takes" },
	{ D "ietf-network:networks//network=x", 400, "empty" },
	{ "/restconf/operations/sextant-path:nothing", 404, "no operation" },
	{ "/restconf/streams/other", 404, "no such stream" },
};

START_TEST(what_is_not_there_is_said_clearly)
{
	const struct answer *a;

	fake_up(4);
	some_policies();
	a = get(bad[_i].path);
	ck_assert_msg(a->status == bad[_i].status, "%s: %d %s", bad[_i].path, a->status,
		      str_text(&a->body));
	ck_has(str_text(&a->body), "ietf-restconf:errors");
	ck_has(str_text(&a->body), "error-message");
	ck_has(str_text(&a->body), bad[_i].has);
	fake_down();
}
END_TEST

START_TEST(content_depth_and_fields_select)
{
	const char *b;

	fake_up(4);
	some_policies();
	b = str_text(&get(D "sextant-policy:policies?content=config")->body);
	ck_lacks(b, "\"state\"");
	ck_lacks(b, "\"hold\"");
	ck_has(b, "\"bandwidth\":\"10000000\"");
	body_ok(b, NULL);
	b = str_text(&get(D "sextant-policy:policies?content=nonconfig")->body);
	ck_has(b, "\"status\":\"up\"");
	ck_has(b, "\"hold\":false");
	ck_has(b, "\"color\":100");
	ck_lacks(b, "\"bandwidth\"");
	b = str_text(&get(D "ietf-network:networks?content=config")->body);
	ck_lacks(b, "node-id");
	b = str_text(&get(D "sextant-policy:policies?depth=1")->body);
	ck_assert_str_eq(b, "{\"sextant-policy:policies\":{}}");
	b = str_text(&get(D "sextant-policy:policies?depth=3")->body);
	ck_has(b, "\"name\":\"gold\"");
	ck_lacks(b, "\"status\"");
	b = str_text(&get(NET "?depth=2")->body);
	ck_has(b, "\"network-id\"");
	b = str_text(&get(D "sextant-policy:policies?fields=policy(name;state/status)")->body);
	ck_has(b, "\"name\":\"gold\"");
	ck_has(b, "\"status\":\"up\"");
	ck_has(b, "\"headend\":\"2001:db8::1\"");
	ck_lacks(b, "bandwidth");
	ck_lacks(b, "reason");
	ck_lacks(b, "hold");
	body_ok(b, NULL);
	b = str_text(&get(D "ietf-network:networks?fields=network/node(node-id;sextant-topology:"
			    "node-attributes(name;msd))")->body);
	ck_has(b, "\"srh-max-h-encaps\":10");
	ck_lacks(b, "locator");
	ck_lacks(b, "link-id");
	body_ok(b, NULL);
	fake_down();
}
END_TEST

START_TEST(defaults_are_told_as_asked)
{
	static const char p[] = D "sextant-policy:policies/policy=192.0.2.1,7,192.0.2.2?with-defaults=";
	char path[200];

	fake_up(4);
	some_policies();
	snprintf(path, sizeof(path), "%strim", p);
	ck_lacks(str_text(&get(path)->body), "setup-priority");
	ck_lacks(str_text(&get(path)->body), "protect"); /* it has not asked */
	snprintf(path, sizeof(path), "%sreport-all", p);
	ck_has(str_text(&get(path)->body), "\"setup-priority\":7");
	ck_has(str_text(&get(path)->body), "\"protect-bandwidth\":\"none\"");
	fake_down();
}
END_TEST

START_TEST(types_that_nobody_sends_are_406)
{
	static const char p[] = D "sextant-policy:policies";

	fake_up(4);
	ck_status(ask("GET", p, "Accept: text/html\r\n", NULL), 406);
	ck_status(ask("GET", p, "Accept: application/yang-data+xml\r\n", NULL), 406);
	ck_status(ask("GET", p, "Accept: application/json;q=0, text/plain\r\n", NULL), 406);
	ck_status(ask("GET", p, "Accept: text/html, application/*;q=0.5\r\n", NULL), 200);
	ck_status(ask("GET", p, "Accept: application/yang-data+json\r\n", NULL), 200);
	ck_status(ask("GET", p, "Accept: */*\r\n", NULL), 200);
	fake_down();
}
END_TEST

START_TEST(tags_tell_of_configuration)
{
	static const char p[] = D "sextant-policy:policies/policy=2001:db8::1,100,2001:db8::9";
	char etag[40], first[40], inm[80], path[200];

	fake_up(4);
	some_policies();
	header_of(get("/restconf/data"), "last-modified", etag, sizeof(etag));
	header_of(get("/restconf/data"), "etag", etag, sizeof(etag));
	header_of(get(p), "etag", first, sizeof(first));
	snprintf(inm, sizeof(inm), "If-None-Match: %s\r\n", first);
	snprintf(path, sizeof(path), "%s?content=config", p);
	ck_status(ask("GET", path, inm, NULL), 304);
	ck_status(ask("GET", p, inm, NULL), 200); /* state may have moved under the same tag */
	fake.views[1].state = INTENT_DOWN;
	ck_assert_str_eq(header_of(get(p), "etag", etag, sizeof(etag)), first);
	ck_status(ask("GET", path, "If-None-Match: \"1\"\r\n", NULL), 200);
	fake_down();
}
END_TEST

START_TEST(a_thousand_nodes_are_streamed_whole_and_valid)
{
	const struct answer *a;
	unsigned nodes = 0;

	fake_up(1000);
	a = get(D "ietf-network:networks");
	ck_status(a, 200);
	ck_has(a->head, "transfer-encoding: chunked");
	for (const char *p = str_text(&a->body); (p = strstr(p, "\"node-id\"")); p++)
		nodes++;
	ck_assert_uint_eq(nodes, 1000);
	body_ok(str_text(&a->body), NULL);
	a = ask("HEAD", D "ietf-network:networks", "", NULL);
	ck_status(a, 200);
	ck_assert_uint_eq(a->body.len, 0);
	fake_down();
}
END_TEST

/* A depth that leaves nothing out takes the long way, by trees. */
START_TEST(what_is_written_as_text_is_what_the_tree_prints)
{
	STR_AUTO struct str trees = { 0 };
	const struct answer *a;

	fake_up(300);
	a = get(D "sextant-book:book?depth=9");
	ck_status(a, 200);
	str_addn(&trees, str_text(&a->body), a->body.len);
	a = get(D "sextant-book:book");
	ck_status(a, 200);
	ck_assert_uint_gt(a->body.len, 1000);
	ck_assert_msg(strcmp(str_text(&a->body), str_text(&trees)) == 0, "text and tree differ");
	a = get(D "sextant-book:book/link");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "{\"sextant-book:link\":[{\"link-id\":\"");
	/* What is selected is no more than that. */
	a = get(D "sextant-book:book?fields=link(label)");
	ck_has(str_text(&a->body), "\"label\":\"");
	ck_assert_ptr_null(strstr(str_text(&a->body), "capacity"));
	a = get(D "sextant-book:book?content=config");
	ck_assert_ptr_null(strstr(str_text(&a->body), "capacity"));
	fake_down();
}
END_TEST

/* Colours of the policies in a body, one behind the other. */
static unsigned colors_of(const char *body, struct str *into)
{
	unsigned n = 0;

	while ((body = strstr(body, "\"color\":"))) {
		body += strlen("\"color\":");
		str_addn(into, body, strcspn(body, ",}"));
		str_add(into, " ");
		n++;
	}
	return n;
}

START_TEST(pages_put_together_are_the_list)
{
	STR_AUTO struct str all = { 0 };
	const char *list = D "sextant-policy:policies/policy";

	fake_up(4);
	for (uint32_t c = 1; c <= 30; c++)
		fake_policy("2001:db8::1", c, "2001:db8::9");
	ck_assert_uint_eq(colors_of(str_text(&get(list)->body), &all), 30);
	for (unsigned limit = 1; limit <= 31; limit += 3) {
		STR_AUTO struct str pages = { 0 };
		unsigned n = limit, seen = 0;
		char path[200];

		(void)snprintf(path, sizeof(path), "%s?limit=%u", list, limit);
		while (n == limit) {
			const struct answer *a = get(path);

			ck_status(a, 200);
			n = colors_of(str_text(&a->body), &pages);
			ck_assert_uint_le(n, limit);
			seen += n;
			(void)snprintf(path, sizeof(path), "%s?limit=%u&cursor=2001:db8::1,%u,2001:db8::9", list, limit, seen);
		}
		ck_assert_str_eq(str_text(&pages), str_text(&all));
	}
	/* Links of the book, by text, from the second on. */
	ck_assert_ptr_null(strstr(str_text(&get(D "sextant-book:book/link?limit=1")->body), "},{\"link-id\""));
	ck_status(get(D "sextant-policy:policies/policy?cursor=2001:db8::1,29,2001:db8::9"), 200);
	fake_down();
}
END_TEST

START_TEST(pages_that_cannot_be_are_refused)
{
	static const char *const unfit[] = {
		D "sextant-policy:policies/policy?limit=0",
		D "sextant-policy:policies/policy?limit=x",
		D "sextant-policy:policies/policy?limit=1&limit=1",
		D "sextant-policy:policies/policy?limit=1&cursor=",
		D "sextant-policy:policies/policy?limit=1&cursor=2001:db8::1,7,2001:db8::9",
		D "sextant-policy:policies/policy?limit=1&cursor=a/b",
		D "sextant-policy:policies/policy?limit=1&cursor=nonsense",
		D "sextant-policy:policies?limit=1",
		D "sextant-policy:policies/policy=2001:db8::1,1,2001:db8::9?limit=1",
		D "sextant-policy:policies/policy=2001:db8::1,1,2001:db8::9/candidate-path?limit=1",
		D "sextant-system:system/alarms/alarm?limit=1",
		"/restconf/data?limit=1",
	};

	fake_up(4);
	fake_policy("2001:db8::1", 1, "2001:db8::9");
	for (size_t i = 0; i < ARRAY_LEN(unfit); i++) {
		const struct answer *a = get(unfit[i]);

		ck_assert_msg(strstr(a->head, " 400 ") != NULL, "%s: %.60s", unfit[i], a->head);
	}
	fake_down();
}
END_TEST

START_TEST(the_answer_is_of_one_generation)
{
	const struct ted *old;

	/* The reader keeps its TED; a new one meanwhile changes nothing and leaks nothing. */
	fake_up(300);
	get(D "ietf-network:networks");
	old = fake.ted;
	fake.ted = ted_ref(old);
	ted_unref(old);
	get(NET "/node=0000.0000.0001");
	fake_down();
}
END_TEST

static const struct {
	enum http_role role;
	const char *method, *path, *body;
	int status;
} rights[] = {
	{ HTTP_ROLE_NONE, "GET", D "sextant-policy:policies", NULL, 403 },
	{ HTTP_ROLE_NONE, "GET", "/metrics", NULL, 403 },
	{ HTTP_ROLE_NONE, "GET", "/healthz", NULL, 200 },
	{ HTTP_ROLE_READ, "GET", D "sextant-policy:policies", NULL, 200 },
	{ HTTP_ROLE_READ, "OPTIONS", D "sextant-policy:policies", NULL, 200 },
	{ HTTP_ROLE_READ, "DELETE", D "sextant-policy:policies/policy=192.0.2.1,7,192.0.2.2", NULL, 403 },
	{ HTTP_ROLE_READ, "POST", D "sextant-policy:policies", "{}", 403 },
	{ HTTP_ROLE_READ, "POST", "/restconf/operations/sextant-policy:hold",
	  "{\"sextant-policy:input\":{\"set\":true}}", 403 },
	{ HTTP_ROLE_READ, "POST", "/restconf/operations/sextant-path:compute",
	  "{\"sextant-path:input\":{\"source\":\"a\",\"destination\":\"b\"}}", 200 },
	{ HTTP_ROLE_OPERATE, "POST", "/restconf/operations/sextant-policy:hold",
	  "{\"sextant-policy:input\":{\"set\":true}}", 204 },
	{ HTTP_ROLE_OPERATE, "DELETE", D "sextant-policy:policies/policy=192.0.2.1,7,192.0.2.2", NULL, 204 },
	{ HTTP_ROLE_OPERATE, "POST", "/restconf/operations/sextant-system:backup",
	  "{\"sextant-system:input\":{\"name\":\"b\"}}", 403 },
	{ HTTP_ROLE_ADMIN, "POST", "/restconf/operations/sextant-system:backup",
	  "{\"sextant-system:input\":{\"name\":\"b\"}}", 409 }, /* no directory configured */
};

START_TEST(roles_admit_and_refuse)
{
	const struct answer *a;

	fake_up(4);
	some_policies();
	fake.role = rights[_i].role;
	a = ask(rights[_i].method, rights[_i].path, "Content-Type: application/yang-data+json\r\n",
		rights[_i].body);
	ck_status(a, rights[_i].status);
	if (a->status == 403)
		ck_has(str_text(&a->body), "access-denied");
	fake_down();
}
END_TEST

/* ---- our expressions of standard modules against the official files ---- */

static void compare_children(const struct lysc_node *a, const struct lysc_node *b)
{
	unsigned na = 0, nb = 0;

	for (const struct lysc_node *n = lysc_node_child(a); n; n = n->next)
		na += strncmp(n->module->name, "sextant", 7) != 0;
	for (const struct lysc_node *n = lysc_node_child(b); n; n = n->next)
		nb += strncmp(n->module->name, "sextant", 7) != 0;
	ck_assert_msg(na == nb, "%s: %u and %u children", a->name, na, nb);
}

static void compare_module(struct ly_ctx *mine, struct ly_ctx *theirs, const char *name,
			   const char *rev)
{
	const struct lys_module *a = ly_ctx_get_module(mine, name, rev);
	const struct lys_module *b = ly_ctx_get_module(theirs, name, rev);
	const struct lysc_node *top, *n;

	ck_assert(a && b);
	ck_assert_str_eq(a->ns, b->ns);
	ck_assert_str_eq(a->prefix, b->prefix);
	LY_LIST_FOR(b->compiled->data, top) {
		LYSC_TREE_DFS_BEGIN(top, n) {
			char *path = lysc_path(n, LYSC_PATH_LOG, NULL, 0);
			const struct lysc_node *m = lys_find_path(mine, NULL, path, 0);

			ck_assert_msg(m != NULL, "%s is not in ours", path);
			ck_assert_msg(m->nodetype == n->nodetype, "%s: kind", path);
			ck_assert_msg((m->flags & (LYS_CONFIG_MASK | LYS_MAND_MASK | LYS_PRESENCE | LYS_KEY)) ==
				      (n->flags & (LYS_CONFIG_MASK | LYS_MAND_MASK | LYS_PRESENCE | LYS_KEY)),
				      "%s: flags %x %x", path, m->flags, n->flags);
			if (n->nodetype == LYS_LEAF) {
				const struct lysc_type *t = ((const struct lysc_node_leaf *)m)->type;
				const struct lysc_type *u = ((const struct lysc_node_leaf *)n)->type;

				ck_assert_msg(t->basetype == u->basetype, "%s: type", path);
			}
			compare_children(m, n);
			free(path);
			LYSC_TREE_DFS_END(top, n);
		}
	}
}

START_TEST(our_expressions_of_standard_modules_are_the_published_ones)
{
	static const char *const names[][2] = { { "ietf-network", "2018-02-26" },
						{ "ietf-network-topology", "2018-02-26" },
						{ "ietf-restconf-monitoring", "2017-01-26" } };
	struct ly_ctx *a, *b;
	char dir[500];

	snprintf(dir, sizeof(dir), "%s/data/yang/ietf", getenv("SEXTANT_SHARED") ? getenv("SEXTANT_SHARED") : "");
	if (!getenv("SEXTANT_SHARED") || access(dir, R_OK) != 0) {
		fprintf(stderr, "notice: not compared, SEXTANT_SHARED names no official YANG files\n");
		return;
	}
	ck_assert_int_eq(ly_ctx_new(getenv("SEXTANT_MODELS"), LY_CTX_DISABLE_SEARCHDIR_CWD, &a), 0);
	ck_assert_int_eq(ly_ctx_new(dir, LY_CTX_DISABLE_SEARCHDIR_CWD, &b), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_ptr_nonnull(ly_ctx_load_module(a, names[i][0], names[i][1], NULL));
		ck_assert_ptr_nonnull(ly_ctx_load_module(b, names[i][0], names[i][1], NULL));
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		compare_module(a, b, names[i][0], names[i][1]);
	ly_ctx_destroy(a);
	ly_ctx_destroy(b);
}
END_TEST

/* What planning without the network needs, too. */
START_TEST(flex_algo_mtu_and_lan_neighbours_are_shown)
{
	const struct answer *a;

	fake_up(4);
	a = get(NET "/node=0000.0000.0000/sextant-topology:node-attributes");
	ck_has(str_text(&a->body), "\"algorithm\":[0,128]");
	ck_has(str_text(&a->body), "\"flex-algo-definition\":[{\"algorithm\":128,\"metric-type\":1,"
				   "\"calculation-type\":0,\"priority\":9,\"exclude-any\":[2],"
				   "\"include-any-none\":true,\"exclude-srlg\":[77]},{\"algorithm\":255,"
				   "\"metric-type\":0,\"calculation-type\":0,\"priority\":0,\"exclusive\":true}]");
	a = get(NET "?fields=ietf-network-topology:link(link-id;sextant-topology:link-attributes)");
	ck_has(str_text(&a->body), "\"mtu\":9000");
	ck_has(str_text(&a->body), "\"label\":17,\"backup\":false,\"neighbor\":\"0000.0000.0002\"");
	ck_has(str_text(&a->body), "\"backup\":false,\"neighbor\":\"0000.0000.0002\"");
	ck_has(str_text(&a->body), "\"flex-algo-attributes\":{\"delay\":30,\"admin-group\":[3],"
				   "\"srlg\":[6]}");
	ck_has(str_text(&a->body), "\"flex-algo-attributes\":{}"); /* the other links have none */
	fake_down();
}
END_TEST

Suite *suite_read(void)
{
	Suite *s = suite_create("restconf-read");
	TCase *t = tcase_create("read");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, discovery_says_where_the_api_is);
	tcase_add_test(t, flex_algo_mtu_and_lan_neighbours_are_shown);
	tcase_add_loop_test(t, what_is_read_is_valid_by_its_schema, 0, ARRAY_LEN(reads));
	tcase_add_loop_test(t, what_is_not_there_is_said_clearly, 0, ARRAY_LEN(bad));
	tcase_add_test(t, content_depth_and_fields_select);
	tcase_add_test(t, defaults_are_told_as_asked);
	tcase_add_test(t, types_that_nobody_sends_are_406);
	tcase_add_test(t, tags_tell_of_configuration);
	tcase_add_test(t, a_thousand_nodes_are_streamed_whole_and_valid);
	tcase_add_test(t, what_is_written_as_text_is_what_the_tree_prints);
	tcase_add_test(t, pages_put_together_are_the_list);
	tcase_add_test(t, pages_that_cannot_be_are_refused);
	tcase_add_test(t, the_answer_is_of_one_generation);
	tcase_add_loop_test(t, roles_admit_and_refuse, 0, ARRAY_LEN(rights));
	tcase_add_test(t, our_expressions_of_standard_modules_are_the_published_ones);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite_read());
	int failed;

	srunner_add_suite(sr, suite_write());
	srunner_add_suite(sr, suite_path());
	srunner_add_suite(sr, suite_optimise());
	srunner_add_suite(sr, suite_nrp());
	srunner_add_suite(sr, suite_group());
	srunner_add_suite(sr, suite_again());
	srunner_add_suite(sr, suite_slice());
	srunner_add_suite(sr, suite_measure());
	srunner_add_suite(sr, suite_incident());
	srunner_add_suite(sr, suite_window());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed && !getenv("CK_TAP_LOG_FILE_NAME") ? EXIT_FAILURE : EXIT_SUCCESS;
}

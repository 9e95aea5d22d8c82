/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One hostile request to RESTCONF: the first line is "METHOD path-below-/restconf", what follows
 * is the body. The server, its schema and the store are made once; policies are made anew for
 * each input.
 *
 * Whatever comes: one answer; a refusal has RESTCONF's shape and changed nothing; what was taken
 * reads back, and written back reads the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fake_slice.h"
#include "log/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define POLICIES "/restconf/data/sextant-policy:policies"

enum { LINE_MAX_ = 1000, ANSWER_MAX = 4 << 20 };

struct client {
	struct net_conn *nc;
	struct str rx;
	const char *body;
	int status;
};

static void c_up(void *arg)
{
	(void)arg;
}

static size_t c_data(void *arg, const uint8_t *data, size_t len)
{
	str_addn(&((struct client *)arg)->rx, (const char *)data, len);
	return len;
}

static void c_down(void *arg, int err, const char *why)
{
	(void)err;
	(void)why;
	((struct client *)arg)->nc = NULL;
}

static const struct net_ops ops = { .up = c_up, .data = c_data, .down = c_down };

static void client_fini(struct client *c)
{
	str_fini(&c->rx);
}

static void request(struct client *c, const char *line, const void *body, size_t len)
{
	struct net_connect_cfg cc = { .port = 8080 };
	struct str STR_AUTO head = { 0 };

	*c = (struct client){ .rx.limit = ANSWER_MAX };
	assert(ip_parse("::1", &cc.remote) == 0);
	cc.local = cc.remote;
	assert(net_connect(fake.net, &cc, &ops, c, &c->nc) == 0);
	fake_run(NS_PER_MS);
	str_addf(&head, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n"
			"Content-Type: application/yang-data+json\r\n\r\n",
		 line, len);
	assert(net_conn_send(c->nc, head.s, head.len) == 0);
	assert(!len || net_conn_send(c->nc, body, len) == 0);
	for (unsigned i = 0; i < 20000 && c->nc; i++)
		fake_run(10 * NS_PER_MS);
	assert(!c->nc && !c->rx.bad);
	assert(sscanf(str_text(&c->rx), "HTTP/1.1 %d", &c->status) == 1);
	c->body = strstr(c->rx.s, "\r\n\r\n");
	assert(c->body);
	c->body += 4;
}

static void policies_reset(void)
{
	struct intent_view *v;

	free(fake.views);
	fake.views = NULL;
	fake.n_views = 0;
	v = fake_policy("2001:db8::1", 100, "2001:db8::9");
	v->desired.n_cpaths = 1;
	intent_cpath_default(&v->desired.cpaths[0]);
	v->desired.cpaths[0].preference = 100;
}

/* A policy as its URI names it. */
static void policy_line(const char *method, const struct sr_policy_key *k, char line[static 200])
{
	char h[IP_TEXT_MAX], e[IP_TEXT_MAX];

	snprintf(line, 200, "%s " POLICIES "/policy=%s,%u,%s?content=config", method,
		 ip_text(&k->headend, h, sizeof(h)), k->color, ip_text(&k->endpoint, e, sizeof(e)));
}

static void reads_back_and_writes_the_same(void)
{
	for (unsigned i = 0; i < fake.n_views; i++) {
		const struct sr_policy_key key = fake.views[i].desired.key;
		struct client first, put, again;
		char line[200];

		policy_line("GET", &key, line);
		request(&first, line, NULL, 0);
		assert(first.status == 200);
		policy_line("PUT", &key, line);
		*strchr(line, '?') = '\0';
		request(&put, line, first.body, strlen(first.body));
		assert(put.status == 204);
		policy_line("GET", &key, line);
		request(&again, line, NULL, 0);
		assert(again.status == 200 && strcmp(again.body, first.body) == 0);
		client_fini(&first);
		client_fini(&put);
		client_fini(&again);
	}
}

/* ---- slices ---- */

#define NSS "ietf-network-slice-service:network-slice-services"
#define NRPS "ietf-network:networks/ietf-nrp:nrp-policies"

static const char *const lists[] = {
	[SLICE_TEMPLATE] = NSS "/slo-sle-templates/slo-sle-template=",
	[SLICE_SERVICE] = NSS "/slice-service=",
	[SLICE_NRP] = NRPS "/nrp-policy=",
	[SLICE_PHB] = NRPS "/qos-profiles/phb-profile-identifier=",
};

static void doc_line(const char *method, const struct fake_doc *d, struct str *line)
{
	str_addf(line, "%s /restconf/data/%s", method, lists[d->kind]);
	for (const char *p = d->id; *p; p++)
		str_addf(line, "%%%02X", (unsigned char)*p);
}

static void documents_read_back_and_write_the_same(void)
{
	for (unsigned i = 0; i < fake_slices.n; i++) {
		struct str STR_AUTO get = { 0 }, write = { 0 };
		struct client first, put, again;

		doc_line("GET", &fake_slices.at[i], &get);
		doc_line("PUT", &fake_slices.at[i], &write);
		str_add(&get, "?content=config");
		request(&first, str_text(&get), NULL, 0);
		assert(first.status == 200);
		request(&put, str_text(&write), first.body, strlen(first.body));
		assert(put.status == 204 || put.status == 200); /* 200: one that is only to be tested */
		request(&again, str_text(&get), NULL, 0);
		assert(again.status == 200 && strcmp(again.body, first.body) == 0);
		client_fini(&first);
		client_fini(&put);
		client_fini(&again);
	}
}

static void documents_reset(void)
{
	static const struct {
		enum slice_kind kind;
		const char *id, *doc;
	} seeds[] = {
		{ SLICE_TEMPLATE, "gold", "{\"id\":\"gold\"}" },
		{ SLICE_PHB, "EF", "{\"id\":\"EF\"}" },
		{ SLICE_SERVICE, "s",
		  "{\"id\":\"s\",\"sdps\":{\"sdp\":[{\"id\":\"a\"},{\"id\":\"b\"}]}}" },
	};

	fake_slices_fini();
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct fake_doc *d = &fake_slices.at[fake_slices.n++];

		*d = (struct fake_doc){ .kind = seeds[i].kind, .doc = strdup(seeds[i].doc) };
		str_copy(d->id, sizeof(d->id), seeds[i].id);
	}
}

static void world_once(void)
{
	const struct log_cfg quiet = { .level = LOG_ERROR };

	if (fake.loop)
		return;
	log_setup(&quiet);
	fake_up(4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *eol = len ? memchr(data, '\n', len) : NULL;
	size_t n = eol ? (size_t)(eol - data) : len;
	const char *text = (const char *)data, *space = n ? memchr(text, ' ', n) : NULL;
	char line[LINE_MAX_ + 40];
	struct client c;
	uint64_t before;

	/* One line of printable octets is for us; the rest is for the target of http. */
	if (!space || n > LINE_MAX_)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (data[i] < ' ' || data[i] > '~')
			return 0;
	snprintf(line, sizeof(line), "%.*s /restconf/%.*s", (int)(space - text), text,
		 (int)(text + n - space - 1), space + 1);
	if (strstr(line, "/streams")) /* has no end */
		return 0;
	world_once();
	policies_reset();
	documents_reset();
	before = fake.revision;
	fake_slices.revision = 7;
	request(&c, line, eol ? eol + 1 : NULL, eol ? len - n - 1 : 0);
	assert(c.status < 500 || c.status == 501 || c.status == 505);
	assert(c.status < 400 || (fake.revision == before && fake_slices.revision == 7));
	if (c.status >= 400 && strncmp(line, "HEAD", 4) != 0)
		assert(strstr(c.body, "{\"ietf-restconf:errors\":{\"error\":["));
	if (fake.revision != before)
		reads_back_and_writes_the_same();
	if (fake_slices.revision != 7)
		documents_read_back_and_write_the_same();
	client_fini(&c);
	return 0;
}

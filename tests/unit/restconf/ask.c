/* SPDX-License-Identifier: Apache-2.0 */
/* A client that asks one thing a connection, and libyang as the judge of what it is told. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the client ---- */

static struct answer last;

struct conn {
	struct net_conn *nc;
	struct str rx;
	bool up, down;
};

static void c_up(void *arg)
{
	((struct conn *)arg)->up = true;
}

static size_t c_data(void *arg, const uint8_t *data, size_t len)
{
	str_addn(&((struct conn *)arg)->rx, (const char *)data, len);
	return len;
}

static void c_down(void *arg, int err, const char *why)
{
	(void)err;
	(void)why;
	((struct conn *)arg)->down = true;
	((struct conn *)arg)->nc = NULL;
}

static size_t c_drop(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	return len;
}

static const struct net_ops quiet_ops = { .up = c_up, .data = c_drop, .down = c_down };
static const struct net_ops conn_ops = { .up = c_up, .data = c_data, .down = c_down };

static void dechunk(const char *p, const char *end, struct str *out)
{
	while (p < end) {
		char *rest;
		size_t n = strtoul(p, &rest, 16);

		ck_assert(rest[0] == '\r' && rest[1] == '\n');
		p = rest + 2;
		str_addn(out, p, n);
		p += n + 2;
		if (!n)
			return;
	}
	ck_abort_msg("the chunked body does not end: ...%.300s", out->len > 300 ? out->s + out->len - 300 : str_text(out));
}

const struct answer *ask(const char *method, const char *path, const char *headers, const char *body)
{
	struct net_connect_cfg cc = { .port = 8080 };
	struct conn c = { .nc = NULL };
	struct str req = { 0 };
	const char *p;

	str_fini(&last.body);
	ip_parse("::1", &cc.remote);
	ip_parse("::1", &cc.local);
	ck_assert_int_eq(net_connect(fake.net, &cc, &conn_ops, &c, &c.nc), 0);
	fake_run(NS_PER_MS);
	str_addf(&req, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", method, path,
		 headers);
	if (body)
		str_addf(&req, "Content-Length: %zu\r\n", strlen(body));
	str_addf(&req, "\r\n%s", body ? body : "");
	ck_assert_int_eq(net_conn_send(c.nc, req.s, req.len), 0);
	str_fini(&req);
	for (int i = 0; i < 2000 && !c.down; i++)
		fake_run(10 * NS_PER_MS);
	ck_assert_msg(c.down, "no end of the answer to %s %s: %.300s", method, path, str_text(&c.rx));
	ck_assert_int_eq(sscanf(str_text(&c.rx), "HTTP/1.1 %d", &last.status), 1);
	p = strstr(c.rx.s, "\r\n\r\n");
	ck_assert_ptr_nonnull(p);
	snprintf(last.head, sizeof(last.head), "%.*s", (int)(p + 2 - c.rx.s), c.rx.s);
	if (strcmp(method, "HEAD") == 0)
		ck_assert_str_eq(p + 4, "");
	else if (strstr(last.head, "transfer-encoding: chunked"))
		dechunk(p + 4, c.rx.s + c.rx.len, &last.body);
	else
		str_add(&last.body, p + 4);
	str_fini(&c.rx);
	return &last;
}

void ask_and_leave(const char *path, const char *headers, const char *body, bool hang_up)
{
	static struct conn c;
	struct net_connect_cfg cc = { .port = 8080 };
	struct str req = { 0 };

	c = (struct conn){ .nc = NULL };
	ip_parse("::1", &cc.remote);
	ip_parse("::1", &cc.local);
	ck_assert_int_eq(net_connect(fake.net, &cc, &conn_ops, &c, &c.nc), 0);
	fake_run(NS_PER_MS);
	str_addf(&req, "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s", path,
		 headers, strlen(body), body);
	ck_assert_int_eq(net_conn_send(c.nc, req.s, req.len), 0);
	str_fini(&req);
	fake_run(10 * NS_PER_MS);
	if (hang_up)
		net_conn_close(c.nc);
	fake_run(10 * NS_PER_MS);
	ck_assert(c.rx.len == 0);
}

void ask_begin(const char *method, const char *path, const char *headers, const char *body)
{
	static struct conn c;
	struct net_connect_cfg cc = { .port = 8080 };
	struct str req = { 0 };

	c = (struct conn){ .nc = NULL };
	ip_parse("::1", &cc.remote);
	ip_parse("::1", &cc.local);
	ck_assert_int_eq(net_connect(fake.net, &cc, &quiet_ops, &c, &c.nc), 0);
	fake_run(NS_PER_MS);
	str_addf(&req, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s", method,
		 path, headers, body ? strlen(body) : 0, body ? body : "");
	ck_assert_int_eq(net_conn_send(c.nc, req.s, req.len), 0);
	str_fini(&req);
}

const struct answer *get(const char *path)
{
	return ask("GET", path, "", NULL);
}

const char *header_of(const struct answer *a, const char *name, char *buf, size_t cap)
{
	char want[80];
	const char *p;

	snprintf(want, sizeof(want), "\r\n%s: ", name);
	p = strstr(a->head, want);
	ck_assert_msg(p != NULL, "no header %s in %s", name, a->head);
	p += strlen(want);
	snprintf(buf, cap, "%.*s", (int)strcspn(p, "\r"), p);
	return buf;
}

void ask_fini(void)
{
	str_fini(&last.body);
}

/* ---- judgement ---- */

static struct ly_ctx *ours, *official;

static struct ly_ctx *load(const char *first)
{
	static const char *const names[] = { "sextant-topology", "sextant-policy", "sextant-system",
					     "sextant-book", "sextant-audit", "sextant-path",
					     "sextant-failure", "sextant-optimise",
					     "sextant-operations", "sextant-slice", "sextant-vpn",
					     "sextant-vpn-deviations", "sextant-nrp",
					     "sextant-measurements", "sextant-events",
					     "sextant-assurance",
					     "ietf-restconf-monitoring" };
	struct ly_ctx *ctx;

	const char *srv6[] = { "srv6-selector", NULL };
	const char *v6[] = { "ipv6", "inbound-bw", "outbound-bw", NULL };

	/* Of two folders libyang looks into the later one first. */
	ck_assert_int_eq(ly_ctx_new(getenv("SEXTANT_MODELS"),
				    LY_CTX_DISABLE_SEARCHDIR_CWD | LY_CTX_EXPLICIT_COMPILE, &ctx),
			 LY_SUCCESS);
	if (strcmp(first, getenv("SEXTANT_MODELS")) != 0)
		ck_assert_int_eq(ly_ctx_set_searchdir(ctx, first), LY_SUCCESS);
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "ietf-network", "2018-02-26", NULL));
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "ietf-network-topology", "2018-02-26", NULL));
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "ietf-vpn-common", "2022-02-11", v6));
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "ietf-nrp", "2026-06-01", srv6));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(ly_ctx_load_module(ctx, names[i], NULL, NULL) != NULL, "%s: %s", names[i],
			      ly_errmsg(ctx));
	ck_assert_msg(ly_ctx_compile(ctx) == LY_SUCCESS, "%s", ly_errmsg(ctx));
	return ctx;
}

static void models_up(void)
{
	char dir[500];

	if (ours)
		return;
	ours = load(getenv("SEXTANT_MODELS"));
	snprintf(dir, sizeof(dir), "%s/data/yang/ietf", getenv("SEXTANT_SHARED") ? getenv("SEXTANT_SHARED") : "");
	if (getenv("SEXTANT_SHARED") && access(dir, R_OK) == 0)
		official = load(dir);
	else
		fprintf(stderr, "notice: SEXTANT_SHARED names no official YANG files; bodies are "
				"judged by our expressions of them only\n");
}

void models_fini(void)
{
	ly_ctx_destroy(ours);
	ly_ctx_destroy(official);
	ours = official = NULL;
}

static void judge(struct ly_ctx *ctx, const char *body, const char *parent_path)
{
	struct lyd_node *root = NULL, *parent = NULL, *tree = NULL;
	const char *data = "{\"ietf-restconf:data\":";
	char *inner = NULL;
	struct ly_in *in;
	LY_ERR r;

	if (strncmp(body, data, strlen(data)) == 0)
		body = inner = strndup(body + strlen(data), strlen(body) - strlen(data) - 1);
	if (parent_path)
		ck_assert_int_eq(lyd_new_path2(NULL, ctx, parent_path, NULL, 0, 0, 0, &root, &parent), 0);
	ly_in_new_memory(body, &in);
	r = lyd_parse_data(ctx, parent, in, LYD_JSON,
			   LYD_PARSE_STRICT | (parent ? LYD_PARSE_ONLY : 0),
			   parent ? 0 : LYD_VALIDATE_PRESENT, &tree);
	ck_assert_msg(r == LY_SUCCESS, "%s (%s):\n%.3000s", ly_errmsg(ctx),
		      ly_errpath(ctx) ? ly_errpath(ctx) : "", body);
	ly_in_free(in, 0);
	lyd_free_all(root ? root : tree);
	free(inner);
}

void body_ok(const char *body, const char *parent_path)
{
	models_up();
	judge(ours, body, parent_path);
	if (official)
		judge(official, body, parent_path);
}

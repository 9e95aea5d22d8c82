/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Stands in for intent and topo: a sorted table of policies whose commands complete later on
 * the loop, a TED made by hand. And a client that asks one thing a connection.
 */
#include <check.h>
#include <libyang/libyang.h>

#include "intent/optimise.h"
#include "northbound/restconf/restconf.h"

struct fake {
	struct loop *loop;
	struct net *net;
	struct http *http;
	struct store *store;
	struct store_disk *disk;
	struct bus *bus;
	struct rc *rc;
	const struct ted *ted;
	struct intent_view *views;
	unsigned n_views;
	bool held, ready;
	uint64_t revision;
	unsigned puts, deletes, adopts, releases, holds, reopts, clears;
	enum intent_write last_how;
	uint64_t last_if_revision;
	struct intent_path_query last_query;
	struct intent_set_query last_set;
	enum pce_status path_status;
	struct intent_optimise_options optimise; /* as it was last started */
	unsigned cancels, applies;
	bool busy;
	bool refuse_store;
	enum http_role role; /* of the next client; ADMIN by default */
	struct sse *sse;
	bool whatif_never; /* what-if does not end */
	int whatif_rc;
	unsigned whatifs_forgotten;
	bool paths_never; /* questions for paths do not end */
	unsigned paths_forgotten;
};

struct answer {
	int status;
	char head[4000];
	struct str body;
};

extern struct fake fake;

void fake_up(unsigned nodes);
void fake_down(void);
void fake_restart_rc(void);
/* The end of it in the middle: what is not on the disk yet never will be; then the next start. */
void fake_crash(void);
void fake_run(uint64_t ns);
struct intent_view *fake_policy(const char *headend, uint32_t color, const char *endpoint);
struct intent_view *fake_standby(const char *headend, uint32_t color, const char *endpoint);
/* headers: "Name: value\r\n…" or "". The answer's body is freed by the next ask. */
const struct answer *ask(const char *method, const char *path, const char *headers, const char *body);
const struct answer *get(const char *path);
/* A client that asks and hangs up at once, or never reads on until fake_down(). */
void ask_and_leave(const char *path, const char *headers, const char *body, bool hang_up);
/* Asks and does not wait: nothing has happened yet. */
void ask_begin(const char *method, const char *path, const char *headers, const char *body);
void ask_fini(void);
const char *header_of(const struct answer *a, const char *name, char *buf, size_t cap);

/* libyang's judgement of a body: as our models say, and as the official files when at hand. */
void body_ok(const char *body, const char *parent_path);
void models_fini(void);
#define ck_has(text, needle)                                                                       \
	ck_assert_msg(strstr((text), (needle)) != NULL, "no %s in:\n%.3000s", (needle), (text))
#define ck_lacks(text, needle)                                                                     \
	ck_assert_msg(strstr((text), (needle)) == NULL, "%s in:\n%.3000s", (needle), (text))
#define ck_status(a, want)                                                                         \
	ck_assert_msg((a)->status == (want), "status %d, not %d:\n%.1500s", (a)->status, (want),     \
		      str_text(&(a)->body))

Suite *suite_read(void);
Suite *suite_write(void);
Suite *suite_path(void);
Suite *suite_group(void);
Suite *suite_again(void);
Suite *suite_slice(void);
Suite *suite_measure(void);
Suite *suite_incident(void);
Suite *suite_window(void);
Suite *suite_optimise(void);
Suite *suite_nrp(void);
extern const struct nrp_query *fake_nrps; /* as of fake_up(); NULL: no devices */

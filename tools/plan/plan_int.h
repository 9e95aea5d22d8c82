/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of tools/plan share. */
#include "base/err.h"
#include "tools/plan/plan.h"

/* ---- net.c ---- */

struct plan_id {
	struct hash_node hash;
	const char *text;
	uint32_t node;
};

/* The index of the new node; -1: its id is taken, or there is no room (n full, no memory). */
int64_t plan_node_add(struct plan_net *n, const struct ted_node *node);
uint32_t plan_node_find(const struct plan_net *n, const char *id); /* or TED_NONE */
/* False: another link has this id, or there is no memory. */
bool plan_link_id_take(struct plan_net *n, const char *id);
/* id is copied. False: no memory or too many. */
bool plan_link_add(struct plan_net *n, const struct ted_link *l, const char *id);
/* Pairs directions (text formats), makes SIDs where there are none, builds the TED. */
int plan_net_done(struct plan_net *n, const char *name, struct str *err);

/* ---- text.c ---- */

enum { PLAN_WORDS_MAX = 64 };

/* Lines of a text, and what went wrong in one. */
struct plan_text {
	const char *name;
	const char *at, *end;
	unsigned line;
	struct str *err;
	char buf[4096]; /* the line, cut into words */
	char *word[PLAN_WORDS_MAX];
	unsigned n;
};

void plan_text_init(struct plan_text *t, const char *name, const char *text, size_t len,
		    struct str *err);
/* 1: a line that is not empty, its words split at any of the separators (empty words kept when
 * the separator is a comma); 0: the end; -EINVAL. */
int plan_text_next(struct plan_text *t, char separator);
/* -EINVAL, with "NAME:LINE: …" in err. */
int plan_text_bad(const struct plan_text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A whole number from low to high, else -EINVAL: "WHAT 'word' …". */
int plan_text_number(const struct plan_text *t, const char *what, const char *word, uint64_t low,
		     uint64_t high, uint64_t *out);
/* Decimal with at most `digits` of fraction that are not zero, as a whole number of the smallest
 * unit. "12.5" with 3 digits is 12500. More digits are cut towards `up`. */
int plan_text_decimal(const struct plan_text *t, const char *what, const char *word, int digits,
		      bool up, uint64_t high, uint64_t *out);

/* What a file says goes into errors, one line each: control characters become '?'. */
void plan_text_clean(char *text);
/* Reads a whole file, bounded; -EINVAL with err. */
int plan_file_read(const char *file, struct str *out, struct str *err);

/* ---- json.c ---- */

/* Where we are in a document, for the pointer in errors; lives on the stack. */
struct plan_at {
	const struct plan_at *up;
	const char *member; /* NULL: an element of an array */
	size_t index;
	json_object *o;
	const char *file;
	struct str *err;
};

enum plan_kind {
	PLAN_U8,
	PLAN_U16,
	PLAN_U32,
	PLAN_U64,
	PLAN_BOOL,
	PLAN_TEXT, /* char array; max: its size */
	PLAN_CALL, /* read() */
	PLAN_SKIP, /* known, of no use here */
};

struct plan_row {
	const char *name;
	enum plan_kind kind;
	size_t at; /* offset in what is filled */
	uint64_t low, high;
	bool must;
	int (*read)(const struct plan_at *at, void *into);
};

int plan_json_parse(const char *name, const char *text, size_t len, json_object **out,
		    struct str *err);
int plan_json_bad(const struct plan_at *at, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct plan_at plan_json_in(const struct plan_at *up, const char *member, size_t index,
			    json_object *o);
/* Every member by its row; unknown ones, missing ones and wrong types are refused. */
int plan_json_members(const struct plan_at *at, const struct plan_row *rows, size_t n,
		      void *into);
/* Calls fn for each element of an array of at most max. */
int plan_json_each(const struct plan_at *at, size_t max,
		   int (*fn)(const struct plan_at *at, void *into), void *into);
int plan_json_number(const struct plan_at *at, uint64_t low, uint64_t high, uint64_t *out);
int plan_json_text(const struct plan_at *at, const char **out);
/* "format" and "version" of the document's root. */
int plan_json_format(const struct plan_at *root, const char *format);

/* ---- the readers ---- */

int plan_graph_read(struct plan_net *n, struct plan_text *t);
int plan_csv_read(struct plan_net *n, struct plan_text *t);
int plan_topology_read(struct plan_net *n, const struct plan_at *root);

int plan_demands_read(struct plan_asks *a, const struct plan_net *n, struct plan_text *t);
int plan_tunnels_read(struct plan_asks *a, const struct plan_net *n, struct plan_text *t);
int plan_wishes_read(struct plan_asks *a, const struct plan_net *n, const struct plan_at *root);

/* An ask with every bound open. */
struct plan_ask plan_ask_none(void);
/* False: another request (demand) has this name, or there is no memory. */
bool plan_name_take(struct plan_asks *a, struct hash *names, const char *name);
bool plan_ask_add(struct plan_asks *a, const struct plan_ask *x);
bool plan_demand_add(struct plan_asks *a, const struct plan_demand *x);

/* ---- path.c ---- */

/* Admin group 255: that of links that were made up. No text format has groups of its own. */
#define PLAN_GHOST_GROUP UINT32_C(0x80000000)

void plan_no_ghosts(const struct plan_net *n, struct pce_request *r);
/* Name, ends and rate of a request, and what the engine answered. */
json_object *plan_result(const struct plan_net *n, const struct plan_ask *x);
/* Why there is none: what conflicts, and what would help. */
void plan_put_reasons(json_object *o, const enum pce_constraint *conflict, uint32_t n_conflict,
		      const struct pce_relax *relax, uint32_t n_relax);
void plan_put_answer(json_object *o, const struct plan_net *n, const struct pce_answer *a);

/* ---- out.c ---- */

void plan_put(json_object *o, const char *name, json_object *v);
void plan_put_u64(json_object *o, const char *name, uint64_t v);
void plan_put_text(json_object *o, const char *name, const char *text);
/* Nine digits after the point: the same text everywhere. */
void plan_put_real(json_object *o, const char *name, double v);
/* The object every command begins with. */
json_object *plan_head(const struct plan_net *n, const char *command);
json_object *plan_links(const struct plan_net *n, const uint32_t *links, uint32_t n_links);
json_object *plan_segments(const struct plan_net *n, const struct pce_segment *s, uint32_t n_s);
/* "utilisation": every link of the file with its load; the fullest in "fullest". */
void plan_put_loads(json_object *o, const struct plan_net *n, const double *load_bps);

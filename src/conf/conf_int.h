/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of conf: a YAML document as flat nodes in the order of the file, parents first. */
#include <libyang/libyang.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "conf/conf.h"

enum {
	CONF_BYTES_MAX = 4 << 20,
	CONF_DEPTH_MAX = 16,
	CONF_KEYS_MAX = 128, /* of one mapping */
	CONF_NODES_MAX = 1 << 20,
	CONF_ERRORS_MAX = 64, /* lines shown, then a count */
	CONF_PATH_MAX = 512,
};

#define CONF_NO_NODE UINT32_MAX

enum conf_kind {
	CONF_MAP,
	CONF_SEQ,
	CONF_SCALAR,
};

/* Where a libyang node came from; hangs at its priv, freed by conf_tree_free(). */
struct conf_pos {
	uint32_t line;
	bool bad;     /* something below it was refused: its constraints say nothing new */
	char where[]; /* "file:line" */
};

struct conf_node {
	uint8_t kind;  /* enum conf_kind */
	bool plain;    /* scalar without quotes */
	bool skip;     /* refused, with all below it */
	uint32_t line; /* of the key, else of the value */
	uint32_t parent, first, last, next;
	uint32_t n;	 /* children */
	uint32_t index;	 /* in its sequence, from 1 */
	const char *key; /* NULL in a sequence */
	const char *value;
	const struct lysc_node *schema;
	struct lyd_node *data;
};

struct conf_doc {
	struct arena mem;
	VEC(struct conf_node) nodes;
	const char *file;
	struct str *errors;
	unsigned n_errors;
};

void conf_doc_init(struct conf_doc *d, const char *file, struct str *errors);
void conf_doc_fini(struct conf_doc *d);

/* One error line "file:line: path: text". line 0: "file: text". */
void conf_say(struct conf_doc *d, uint32_t line, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* "bgp/peer[2]/port" */
const char *conf_node_path(const struct conf_doc *d, uint32_t node, char *buf, size_t cap);

/* Text → nodes. False when it is not even YAML, or nothing is left to look at. */
bool conf_yaml_read(struct conf_doc *d, const char *text, size_t len);
/* Nodes → a tree with defaults, of what was right; errors counted in d. */
struct lyd_node *conf_doc_tree(struct conf_doc *d, struct ly_ctx *ctx, const char *module);

/* The whole file; NULL with a line said. */
char *conf_file_text(struct conf_doc *d, const char *path, size_t *len);

/* "a whole number 1..65535", "one of: rfc, frr", … what a leaf wants, for people. */
const char *conf_type_wants(const struct lysc_node *leaf, char *buf, size_t cap);
/* Short form for tables: "uint16 3..65535", "read | operate". */
const char *conf_type_name(const struct lysc_node *leaf, char *buf, size_t cap);
/* The closest of the keys below parent, NULL when none is close. */
const char *conf_closest(const struct lysc_node *parent, const char *key);

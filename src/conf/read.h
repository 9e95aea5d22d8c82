/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Values out of a tree, for who turns one into a struct (conf_load here, the agent for its own
 * model). A leaf that is absent reads as 0, "", none. Readers that look at files say what is
 * wrong with them and count it.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/str.h"
#include "conf/conf.h"

struct conf_reader {
	const char *file; /* relative names start at its folder */
	struct str *errors;
	unsigned n_errors;
};

/* "file:line: path: text" at a node of the tree. */
void conf_read_say(struct conf_reader *r, const struct lyd_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

const struct lyd_node *conf_child(const struct lyd_node *in, const char *name);
const char *conf_text_of(const struct lyd_node *in, const char *name); /* NULL when absent */
uint64_t conf_read_num(const struct lyd_node *in, const char *name);
bool conf_read_flag(const struct lyd_node *in, const char *name);
struct ip_addr conf_read_ip(const struct lyd_node *in, const char *name);
bool conf_read_prefix(const struct lyd_node *in, const char *name, struct ip_prefix *out);
void conf_read_text(const struct lyd_node *in, const char *name, char *dst, size_t cap);
void conf_read_log(const struct lyd_node *root, struct log_cfg *out);
/* A file name made absolute or relative to the working folder, into CONF_TEXT_MAX octets. */
bool conf_read_path(struct conf_reader *r, const struct lyd_node *in, const char *name, char *dst);
void conf_read_md5(struct conf_reader *r, const struct lyd_node *in, struct conf_md5 *out);
/* The same of a leaf with another name: a file that holds a key. */
void conf_read_key(struct conf_reader *r, const struct lyd_node *in, const char *name,
		   struct conf_md5 *out);
/* certificate, key and the authorities (leaf ca_name): present, PEM, belonging together. */
void conf_read_tls(struct conf_reader *r, const struct lyd_node *tls, const char *ca_name,
		   struct conf_tls *out);

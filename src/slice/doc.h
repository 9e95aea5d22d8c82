/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Reading documents: JSON objects walked with a path for faults. The first fault sticks and the
 * walk goes on with zeros, so that the caller asks once, at the end.
 */
#include <json-c/json.h>

#include "slice/model.h"

struct doc {
	struct arena *a;
	struct slice_fault *f;
	json_object *root;
	int rc; /* 0, -EINVAL or -ENOMEM */
	struct slice_fault *unkept; /* in the arena; NULL: none */
	char path[SLICE_FIELD_MAX - 64]; /* a leaf comes behind it */
	size_t path_len;
};

/* 0, or < 0 with the fault said. doc_fini() in every case. */
int doc_init(struct doc *d, const char *text, size_t len, struct arena *a, struct slice_fault *f);
void doc_fini(struct doc *d);

void doc_fault(struct doc *d, const char *leaf, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* It can be read, and nothing here does it: the first is kept, the walk goes on. */
void doc_unkept(struct doc *d, const char *leaf, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void *doc_alloc(struct doc *d, size_t n, size_t size); /* NULL only with rc set, or n == 0 */

/* The path while inside; returns what doc_out() takes to leave. */
size_t doc_in(struct doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doc_out(struct doc *d, size_t was);

/* Members: by local name, with a module's prefix or without. NULL: none, or not an object. */
json_object *doc_member(json_object *o, const char *name);
json_object *doc_object(struct doc *d, json_object *o, const char *name); /* NULL: none */
/* An array of at most max; *n its length, 0: none. */
json_object *doc_array(struct doc *d, json_object *o, const char *name, uint32_t max, uint32_t *n);

uint64_t doc_u64(struct doc *d, json_object *o, const char *name, uint64_t otherwise, uint64_t max);
uint64_t doc_number(struct doc *d, json_object *v, const char *name, uint64_t max);
bool doc_bool(struct doc *d, json_object *o, const char *name, bool otherwise);
/* NULL: none. doc_id: must be there, 1 to SLICE_ID_MAX - 1 octets. */
const char *doc_text(struct doc *d, json_object *o, const char *name);
const char *doc_id(struct doc *d, json_object *o, const char *name);
const char *doc_string(struct doc *d, json_object *v, const char *name);
/* The number of a name in a list that ends with NULL, any prefix cut off. */
int doc_word(struct doc *d, json_object *o, const char *name, const char *const *words, int otherwise);
int doc_word_of(struct doc *d, json_object *v, const char *name, const char *const *words);
/* yang:date-and-time, to the second; 0: none. */
uint64_t doc_time(struct doc *d, json_object *o, const char *name);
struct ip_prefix doc_prefix(struct doc *d, json_object *v, const char *name);

/* slo-policy and sle-policy of o. */
void doc_slo(struct doc *d, json_object *o, struct slice_slo *out);
/* The choice slo-sle-policy of o, and its override. */
void doc_policy(struct doc *d, json_object *o, struct slice_policy *out);

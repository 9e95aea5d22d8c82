/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Operator writes. A command is checked, goes to disk, and takes effect when the disk has it: what
 * was not acknowledged never happened, what was is there after a crash. One write of a policy is
 * on its way at a time. The operation belongs to the list until its owner has been told.
 */
#include "intent/intent_priv.h"

struct intent_op {
	struct list link;
	struct intent *i;
	struct loop_task tell; /* of a refusal, after the command has returned */
	bool writing, written; /* from when it is given to the disk; when the disk has it */
	void (*apply)(struct intent_op *op);
	struct sr_policy_key key;
	struct intent_record rec; /* as it is on disk afterwards; desired NULL: none */
	uint64_t revision;
	bool creates, hold;
	const char *owner; /* who writes it; NULL: an operator */
	struct intent_result result;
	intent_done_fn done;
	void *arg;
};

#define INTENT_REFUSE(op, code, field, ...)                                                        \
	(intent_result_set(&(op)->result, (code), (field), __VA_ARGS__), false)

struct intent_op *intent_op_new(struct intent *i, const struct sr_policy_key *key,
				intent_done_fn done, void *arg);
void intent_op_end(struct intent_op *op);
/* Checked, and its record made; else op->result says why not. command.c */
bool intent_op_put(struct intent_op *op, enum intent_write how, const struct intent_policy *p,
		   uint64_t if_revision);
bool intent_op_delete(struct intent_op *op);
/* It takes effect: the record is durable. */
void intent_op_put_apply(struct intent_op *op);
void intent_op_delete_apply(struct intent_op *op);
/* No other write of the policy is on its way. */
bool intent_op_free(struct intent_op *op);
/* first: what this command writes besides the collection's revision. */
void intent_op_write(struct intent_op *op, const struct store_op *first, size_t n);
void intent_op_write_record(struct intent_op *op);
void intent_record_of(const struct intent_pol *p, struct intent_record *out);
/* The policy of a record that is durable now, managed. NULL without memory: the record is there
 * and takes effect at the next start. */
struct intent_pol *intent_op_managed(struct intent_op *op);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several paths read with a Get each, a few at a time: a device that lacks one of the paths of
 * a Get refuses the whole Get, and what is absent is just what is asked here.
 */
#include <errno.h>
#include <string.h>

#include "southbound/gnmi/gnmi_int.h"

static void next(struct gnmi_reader *r);

static void clear(struct gnmi_reader *r)
{
	for (size_t i = 0; i < r->n; i++) {
		r->slots[i].call = rpc_call_cancel(r->slots[i].call);
		free(r->slots[i].data);
		r->slots[i].data = NULL;
	}
	r->n = r->next = r->flying = 0;
	r->fn = NULL;
	loop_task_cancel(&r->fail);
}

void gnmi_read_stop(struct gnmi_reader *r)
{
	clear(r);
}

static void over(struct gnmi_reader *r, bool ok)
{
	void (*fn)(struct gnmi_reader *, bool) = r->fn;

	r->fn = NULL;
	if (!ok)
		for (size_t i = 0; i < r->n; i++)
			r->slots[i].call = rpc_call_cancel(r->slots[i].call);
	fn(r, ok);
}

static bool keep(struct gnmi_slot *s, const uint8_t *data, size_t len)
{
	if (len > GNMI_KEEP_MAX)
		return false;
	s->data = malloc(len ? len : 1);
	if (!s->data)
		return false;
	if (len)
		memcpy(s->data, data, len);
	s->len = len;
	return true;
}

static void answered(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct gnmi_slot *s = arg;
	struct gnmi_reader *r = s->r;

	s->call = NULL;
	r->flying--;
	r->dev->rx++;
	if (!r->fn)
		return;
	s->absent = st->code == RPC_NOT_FOUND;
	if (st->code != RPC_OK && !s->absent) {
		r->st = *st;
		over(r, false);
	} else if (st->code == RPC_OK && !keep(s, data, len)) {
		r->st = (struct rpc_status){ .code = RPC_RESOURCE_EXHAUSTED, .text = "the answer is too big" };
		over(r, false);
	} else if (r->next < r->n) {
		next(r);
	} else if (r->flying == 0) {
		over(r, true);
	}
}

static void failed(void *arg)
{
	struct gnmi_reader *r = arg;

	r->st = (struct rpc_status){ .code = RPC_RESOURCE_EXHAUSTED, .text = "no memory" };
	if (r->fn)
		over(r, false);
}

static int ask(struct gnmi_slot *s, const struct gnmic_path *path)
{
	struct gnmi_dev *d = s->r->dev;
	struct gnmic_path one = *path;
	struct gnmic_get get = { .paths = &one, .n_paths = 1, .type = GNMIC_GET_CONFIG,
				 .encoding = GNMIC_ENC_JSON_IETF };
	struct arena a;
	size_t len;
	uint8_t *msg;
	int r = -ENOMEM;

	arena_init(&a, GNMI_ARENA_MAX);
	msg = gnmic_get_write(&get, &a, &len);
	if (msg)
		r = gnmi_ask(d, "/gnmi.gNMI/Get", msg, len, answered, s, &s->call);
	arena_fini(&a);
	return r;
}

static void next(struct gnmi_reader *r)
{
	while (r->next < r->n && r->flying < GNMI_FLYING) {
		struct gnmi_slot *s = &r->slots[r->next];

		if (ask(s, r->paths[r->next]) < 0) {
			/* No memory: when something that flies is back, another try; else the end. */
			if (r->flying == 0)
				loop_task_run(&r->fail);
			return;
		}
		r->next++;
		r->flying++;
	}
}

void gnmi_read_start(struct gnmi_reader *r, struct gnmi_dev *dev, const struct gnmic_path *const *paths,
		     size_t n, void (*fn)(struct gnmi_reader *r, bool ok))
{
	clear(r);
	r->dev = dev;
	r->paths = paths;
	r->n = n;
	r->fn = fn;
	loop_task_init(&r->fail, dev->g->loop, failed, r);
	for (size_t i = 0; i < n; i++)
		r->slots[i] = (struct gnmi_slot){ .r = r };
	next(r);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices as tenants order them: 1 000 documents of 4 constructs on 1 000 routers, each read, checked,
 * expanded, placed beside all others, reserved and durable in a real store file, from the first order
 * to the last answer. Wall time, for it waits for a disk. Then the audit of the room.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/str.h"
#include "slice/slice.h"
#include "tools/bench/network.h"
#include "tools/bench/proc.h"

enum { ROUTERS = 1000, ORDERS = 1000, EACH = 4, ENDS = 200 };

struct office {
	struct bench *b;
	struct bench_net *n;
	struct loop *loop;
	struct intent *intent;
	struct slice *slice;
	struct loop_task start;
	uint64_t began_ns, ended_ns;
	unsigned n_done, admitted;
};

static void answered(void *arg, const struct slice_result *r)
{
	struct office *o = arg;

	o->admitted += r->code == 0;
	if (++o->n_done < ORDERS)
		return;
	o->ended_ns = bench_ns();
	loop_stop(o->loop);
}

/* EACH + 1 ends, and a construct from the first to each other. */
static void document(const struct office *o, struct rng *rng, unsigned number, struct str *s)
{
	uint32_t first = (uint32_t)rng_below(rng, ENDS);

	str_addf(s, "{\"id\":\"slice %u\",\"service-slo-sle-policy\":{\"slo-policy\":{\"metric-bound\":[{"
		    "\"metric-type\":\"ietf-network-slice-service:one-way-bandwidth\",\"metric-unit\":\"Mbps\","
		    "\"bound\":\"%u\"},{\"metric-type\":\"ietf-network-slice-service:one-way-delay-maximum\","
		    "\"metric-unit\":\"milliseconds\",\"bound\":\"500\"}]}},\"sdps\":{\"sdp\":[",
		 number, 1 + (unsigned)rng_below(rng, 10));
	for (unsigned k = 0; k <= EACH; k++) {
		uint32_t at = (first + k * (1 + (uint32_t)rng_below(rng, ENDS / (EACH + 1) - 1))) % ENDS;

		str_addf(s, "%s{\"id\":\"%u\",\"node-id\":\"%s\"}", k ? "," : "", k,
			 o->n->sim.routers.at[at * (ROUTERS / ENDS)].name);
	}
	str_add(s, "]},\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":[");
	for (unsigned k = 1; k <= EACH; k++)
		str_addf(s, "%s{\"id\":\"%u\",\"p2p-sender-sdp\":\"0\",\"p2p-receiver-sdp\":\"%u\"}",
			 k > 1 ? "," : "", k, k);
	str_add(s, "]}]}}");
}

static void order_all(void *arg)
{
	struct office *o = arg;
	struct rng rng;

	rng_seed(&rng, o->b->seed);
	o->began_ns = bench_ns();
	for (unsigned k = 0; k < ORDERS; k++) {
		STR_AUTO struct str doc = { 0 };
		struct slice_edit e = { .kind = SLICE_SERVICE, .how = SLICE_CREATE };
		char id[24];

		snprintf(id, sizeof(id), "slice %u", k);
		document(o, &rng, k, &doc);
		e.id = id;
		e.doc = str_text(&doc);
		e.len = doc.len;
		slice_put(o->slice, &(struct slice_write){ &e, 1, false }, answered, o);
	}
}

static void audit(struct office *o)
{
	char why[256] = "";

	if (slice_audit(o->slice, NULL, NULL) > 0 || slice_count(o->slice, SLICE_SERVICE) != o->admitted)
		bench_fail(o->b, "slices", "the audit of slices finds something");
	if (!intent_book_audit(o->intent, why, sizeof(why)))
		bench_fail(o->b, "slices", why);
}

static void run(struct office *o, const char *file)
{
	AUTO(work_free) struct work *work = NULL;
	AUTO(store_close) struct store *store = NULL;
	struct slice_cfg scfg;
	struct intent_cfg cfg;
	char why[256] = "";

	intent_cfg_default(&cfg);
	slice_cfg_default(&scfg);
	if (work_new(&work, o->loop, 0) < 0 || store_open(&store, o->loop, file, why, sizeof(why)) < 0 ||
	    intent_new(&o->intent, o->loop, work, store, o->n->bus, &cfg) < 0 || intent_load(o->intent) < 0 ||
	    slice_new(&o->slice, o->loop, store, o->n->bus, o->intent, &scfg) < 0 || slice_load(o->slice) < 0) {
		bench_fail(o->b, "slices", why);
	} else {
		intent_on_ted(o->intent, topo_ted(o->n->topo));
		slice_on_ted(o->slice, topo_ted(o->n->topo));
		loop_task_init(&o->start, o->loop, order_all, o);
		loop_task_run(&o->start);
		loop_run(o->loop);
		bench_row(o->b, "slices_1k_ms", (double)(o->ended_ns - o->began_ns) / 1e6, "ms");
		bench_row(o->b, "slices_1k_admitted", o->admitted, "slices");
		audit(o);
	}
	o->slice = slice_free(o->slice);
	o->intent = intent_free(o->intent);
}

void bench_slices(struct bench *b)
{
	char dir[512], file[sizeof(dir) + 8];
	struct bench_net n;
	struct office o = { .b = b, .n = &n };

	if (!bench_wants(b, "slices_"))
		return;
	if (!bench_folder(dir, sizeof(dir)) || bench_net_init(&n, b->seed, ROUTERS, 0) < 0) {
		bench_fail(b, "slices", "no such network, or no temporary folder");
		bench_folder_gone(dir);
		return;
	}
	(void)snprintf(file, sizeof(file), "%s/store", dir);
	if (loop_new(&o.loop) == 0)
		run(&o, file);
	loop_free(o.loop);
	bench_net_fini(&n);
	bench_folder_gone(dir);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The desk of repairs over slices in the square, and evidence by hand. */
#include <stdio.h>
#include <stdlib.h>

#include "desk_bed.h"

struct repair_desk *desk;
struct window_book *desk_windows;
unsigned raised, lowered;

static bool hops(void *ctx, const char *slice, bool raise)
{
	(void)ctx;
	(void)slice;
	raised += raise;
	lowered += !raise;
	return true;
}

void desk_up(void)
{
	const struct repair_desk_parts parts = { .loop = world.loop, .bus = world.bus, .intent = world.intent,
						 .slice = bed.slice, .store = world.store, .hops = hops, .windows = desk_windows };

	ck_assert_int_eq(repair_desk_new(&desk, &parts, NULL), 0);
	ck_assert_int_eq(repair_desk_load(desk), 0);
	repair_desk_on_ted(desk, world.ted);
}

void desk_setup(void)
{
	raised = lowered = 0;
	bed_up(bed_square);
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed_crash();
	desk_up();
}

void desk_teardown(void)
{
	world.on_ted = NULL;
	desk = repair_desk_free(desk);
	desk_windows = window_book_free(desk_windows);
	bed_down();
}

void stands(const char *id, const char *more)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, id, order(id, 4ull * G, more)).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen(id)->state), "active");
}

uint32_t node(const char *name)
{
	return ted_node_by_id(world.ted, name);
}

/* A window of the slice's first flow, over the routers of path; lost on the way into the at-th. */
void window(const char *id, const char *path, uint64_t lost, unsigned at, enum assure_verdict v)
{
	struct assure_segment s[16] = { 0 };
	struct slice_flow_view f;
	struct assure_evidence e = { .slice = id, .key = &f.key, .verdict = v, .sent = 1000, .lost = lost,
				     .loss_known = v != ASSURE_UNKNOWN, .delay_us = UINT32_MAX, .segments = s, .why = "w" };

	bed_settle();
	run_ms(1000);
	ck_assert_uint_eq(slice_flows(bed.slice, id, 0, &f, 1), 1);
	e.end_ns = loop_wall_ns(world.loop) / NS_PER_S * NS_PER_S;
	e.begin_ns = e.end_ns - NS_PER_S;
	e.state = v == ASSURE_UNKNOWN ? ASSURE_VIOLATED : v;
	for (unsigned i = 0; path[0] && path[i + 1]; i++) {
		char from[2] = { path[i], 0 }, to[2] = { path[i + 1], 0 };

		s[e.n_segments] = (struct assure_segment){ .from = { node(from), true }, .to = { node(to), false },
							   .known = true, .lost = i + 1 == at ? lost : 0 };
		e.n_segments++;
		if (!path[i + 2])
			break;
		s[e.n_segments] = (struct assure_segment){ .from = { node(to), false }, .to = { node(to), true },
							   .known = true };
		e.n_segments++;
	}
	repair_desk_evidence(desk, &e);
}

void bad(const char *id)
{
	for (unsigned i = 0; i < 3; i++)
		window(id, "ab", 20, 1, ASSURE_VIOLATED);
}

void good(const char *id, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		window(id, "acdb", 0, 0, ASSURE_COMPLIANT);
}

/* Nothing was sent in another flow of the slice, in the window that window() told of last. */
void quiet(const char *id, enum assure_verdict state)
{
	struct slice_flow_view f;
	struct assure_evidence e = { .slice = id, .key = &f.key, .verdict = ASSURE_UNKNOWN, .state = state,
				     .idle = true, .delay_us = UINT32_MAX, .why = "no packets were sent" };

	ck_assert_uint_eq(slice_flows(bed.slice, id, 0, &f, 1), 1);
	f.key.color++;
	e.end_ns = loop_wall_ns(world.loop) / NS_PER_S * NS_PER_S;
	e.begin_ns = e.end_ns - NS_PER_S;
	repair_desk_evidence(desk, &e);
}

const struct repair_incident *incident(uint32_t id)
{
	return repair_incident_get(repair_desk_incidents(desk), id);
}

bool told(const struct repair_incident *i, enum repair_what what, const char *text)
{
	for (uint32_t k = 0; k < i->n_timeline; k++)
		if (i->timeline[k].what == what && strstr(i->timeline[k].text, text))
			return true;
	return false;
}

void say(const struct repair_incident *i)
{
	for (uint32_t k = 0; i && k < i->n_timeline; k++)
		printf("%s %d: %s\n", repair_what_name(i->timeline[k].what), i->timeline[k].action, i->timeline[k].text);
}

const char *pair(void)
{
	return "{\"id\":\"one\"," ACTIONS(ACTION(1, "switch-to-protect", ""))
	       "\"sextant-slice:realisation\":{\"sharing\":\"dedicated\"},"
	       "\"service-slo-sle-policy\":{" SLO(BOUND("one-way-bandwidth", "Gbps", "1"))
	       ",\"sle-policy\":{\"path-constraints\":{\"diversity\":{\"diversity-type\":\"link\"}}}},"
	       "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"b\"}]},"
	       "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
	       "{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}";
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices in the simulated world, one seed after the other: orders, changes and ends of them at random,
 * headends that refuse, wires cut, kill -9 at any moment. Judges that share nothing with the controller:
 * what its writers were told, and packets with the lists that headends received, walked over the routers'
 * own SID tables.
 *
 * What must hold after rest: an acknowledged slice is active, or was rolled back with its cause; its headend
 * has an LSP whose packets arrive; the rates of all fit every wire; the audits are clean. In every other
 * seed wires are cut: what is ordered meanwhile may take the room of what is down, which then is violated and
 * says so. After the last is deleted no headend has an LSP, no bucket a record.
 *
 * With --devices the routers are gNMI devices too, and slices are tables on them, some in a partition: devices
 * are lost, refuse, lie, do half, answer late or never, and are spoilt by somebody else (devices.c); slices_devices.c
 * judges what they hold.
 */
#include "slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define STRAY "sx-stray" /* of nobody, under a name of ours */

enum { EVENTS = 40, DOC_MAX = 2048, CIRCUIT_MAX = 256 };

static struct tenant tenants[SLICES];
static unsigned n_acks, n_refused, n_rolled_back, n_violated, n_lives, n_spoilt;

/* ---- what the shared files want ---- */

void ops_killed(void)
{
	for (unsigned k = 0; k < SLICES; k++) {
		tenants[k].unknown = tenants[k].unknown || tenants[k].pending;
		tenants[k].pending = false;
	}
}

void beliefs_free(void)
{
}

void disturb(void)
{
}

const char *bug = "", *program = "simulate-slices";

const char *key_text(const struct sr_policy_key *key)
{
	static char buf[SR_KEY_TEXT_MAX];

	return sr_policy_key_text(key, buf, sizeof(buf));
}

/* ---- tenants ---- */

/* Where a customer of its own comes in: "" where routers are no devices. */
static const char *circuit(const struct tenant *t, char side, char buf[CIRCUIT_MAX])
{
	buf[0] = '\0';
	if (sim.targets)
		(void)snprintf(buf, CIRCUIT_MAX,
			       ",\"attachment-circuits\":{\"attachment-circuit\":[{\"id\":\"ac\",\"ac-tp-id\":\"%s%c\","
			       "\"ac-ipv6-address\":\"2001:db8:%x:%c::1\",\"ac-ipv6-prefix-length\":64}]}",
			       t->id, side, (unsigned)(t - tenants), side);
	return buf;
}

static const char *document(const struct tenant *t, uint64_t bps)
{
	static char doc[DOC_MAX];
	char at[2][CIRCUIT_MAX];

	(void)snprintf(doc, sizeof(doc),
		       "{\"id\":\"%s\",\"service-slo-sle-policy\":{\"slo-policy\":{\"metric-bound\":[{\"metric-type\":"
		       "\"ietf-network-slice-service:two-way-bandwidth\",\"metric-unit\":\"bps\",\"bound\":\"%llu\"}]}},"
		       "\"sdps\":{\"sdp\":[{\"id\":\"x\",\"node-id\":\"%s\"%s},{\"id\":\"y\",\"node-id\":\"%s\"%s}]},%s"
		       "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
		       "{\"id\":\"1\",\"p2p-sender-sdp\":\"x\",\"p2p-receiver-sdp\":\"y\"}]}]}}",
		       t->id, (unsigned long long)bps, sim.topo.routers.at[t->from].name, circuit(t, 'a', at[0]),
		       sim.topo.routers.at[t->to].name, circuit(t, 'b', at[1]),
		       t->gold ? "\"sextant-slice:realisation\":{\"nrp-id\":7,\"sharing\":\"reserved\"}," : "");
	return doc;
}

static void put_done(void *arg, const struct slice_result *r)
{
	struct tenant *t = arg;

	say("%s: %d %s %s %s", t->id, r->code, r->field, r->text, r->link);
	if (!t->pending)
		fail("%s is answered twice", t->id);
	t->pending = false;
	if (r->code == 0) {
		t->there = !t->deleting;
		t->bps = t->asked_bps;
		n_acks++;
	} else {
		n_refused++;
		if (!r->text[0])
			fail("%s is refused without a reason", t->id);
	}
}

static void order(struct tenant *t)
{
	struct slice_edit e = { .kind = SLICE_SERVICE, .id = t->id };
	uint32_t n = (uint32_t)sim.topo.routers.n;

	if (t->pending || t->unknown)
		return;
	if (!t->there) {
		t->from = pick(n);
		t->to = (t->from + 1 + pick(n - 1)) % n;
		t->gold = sim.targets && chance(40);
	}
	t->deleting = t->there && chance(40);
	t->asked_bps = (1 + pick(30)) * UINT64_C(200000000);
	t->pending = true;
	if (t->deleting) {
		e.how = SLICE_DELETE;
	} else {
		e.doc = document(t, t->asked_bps);
		e.len = strlen(e.doc);
	}
	say("%s: %s %llu", t->id, t->deleting ? "delete" : "put", (unsigned long long)t->asked_bps);
	slice_put(app_slice(sim.app), &(struct slice_write){ &e, 1, false }, put_done, t);
}

static void partition_done(void *arg, const struct slice_result *r)
{
	const char *what = arg;

	if (r->code != 0)
		fail("the partition is not %s: %s %s", what, r->field, r->text);
}

/* One that some of the slices are in: with SIDs and queues of its own. */
static void partition(bool gone)
{
	static const char doc[] = "{\"name\":\"gold\",\"nrp-id\":7,"
				  "\"resource-reservation\":{\"maximum-bandwidth\":\"3000000000\"},"
				  "\"selector-id\":{\"ipv6\":{\"srv6-sid\":[\"" GOLD_BLOCK "\"]}}}";
	static char taken[] = "taken", let_go[] = "let go";
	const struct slice_edit e = { .kind = SLICE_NRP, .how = gone ? SLICE_DELETE : SLICE_PUT, .id = "gold",
				      .doc = gone ? NULL : doc, .len = gone ? 0 : sizeof(doc) - 1 };

	slice_put(app_slice(sim.app), &(struct slice_write){ &e, 1, false }, partition_done, gone ? let_go : taken);
	run_ns(10 * NS_PER_S);
}

/* ---- what happens ---- */

static void wires(bool all_up)
{
	uint32_t w = pick((uint32_t)sim.topo.wires.n);

	if (all_up) {
		for (w = 0; w < sim.topo.wires.n; w++)
			(void)sim_wire_set(&sim.topo, w, true);
	} else {
		(void)sim_wire_set(&sim.topo, w, !sim.topo.wires.at[w].up);
	}
	sim_feeds_sync(sim.feeds);
	routers_notice();
}

/* It comes back with what was configured, and without LSPs. */
static void router_set(uint32_t n, bool up)
{
	if (sim.topo.routers.at[n].up == up)
		return;
	say("-- router %s %s", sim.topo.routers.at[n].name, up ? "starts" : "dies");
	if (!up)
		router_stop(&sim.routers[n]);
	(void)sim_router_set(&sim.topo, n, up);
	if (up)
		router_start(&sim.routers[n]);
	sim_feeds_sync(sim.feeds);
	routers_notice();
	sim_targets_sync(sim.targets);
}

static void kill_it(void)
{
	say("-- the controller is killed");
	app_kill();
	app_start();
	n_lives++;
}

static bool cuts(void)
{
	return sim.seed % 2;
}

static void event(void)
{
	struct router *r = &sim.routers[pick((uint32_t)sim.topo.routers.n)];

	if (sim.targets && chance(20))
		device_random(r->n);
	if (sim.targets && cuts() && chance(5))
		router_set(r->n, !sim.topo.routers.at[r->n].up);
	switch (pick(10)) {
	case 0:
		if (cuts())
			wires(false);
		break;
	case 1:
		kill_it();
		break;
	case 2:
		r->mood = chance(50) ? REFUSES : SLOW;
		break;
	case 3:
		r->mood = GOOD;
		break;
	default:
		order(&tenants[pick(SLICES)]);
	}
	run_ns(pick(3) == 0 ? pick(20) * NS_PER_S : pick(2000) * NS_PER_US);
}

/* ---- what must hold ---- */

static void audit_line(void *arg, const char *line)
{
	(void)arg;
	fail("audit: %s", line);
}

const struct lsp *lsp_of(const struct sr_policy_key *k)
{
	const struct router *r = router_of(&k->headend);

	for (unsigned i = 0; r && i < LSPS_MAX; i++) {
		if (r->lsps[i].used && r->lsps[i].st.color == k->color &&
		    ip_eq(&r->lsps[i].st.endpoint, &k->endpoint))
			return &r->lsps[i];
	}
	return NULL;
}

/* The wires its packets take get its rate; both halves of a wire by themselves. */
static void walk(const struct slice_flow_view *f, uint64_t *load)
{
	const struct lsp *l = lsp_of(&f->key);
	uint64_t used[USED_WORDS * 2] = { 0 };
	struct ip_addr sids[SR_SEGS_MAX];
	struct sim_walk w;

	if (!l || l->st.oper != LSP_UP)
		fail("%s is said to be up, its headend has no such LSP", f->construct);
	for (unsigned i = 0; i < l->st.list.n; i++)
		sids[i] = l->st.list.at[i].sid;
	sim_walk(sim.paths, router_of(&f->key.headend)->n, sids, l->st.list.n, &w, used);
	if (!w.ok || w.end != sim_router_by_addr(&sim.topo, &f->key.endpoint))
		fail("packets of %s do not arrive: %s", f->construct, w.why);
	for (uint32_t h = 0; h < 2 * sim.topo.wires.n; h++) {
		if (used[h / 64] >> h % 64 & 1)
			load[h] += f->bandwidth_bps;
	}
}

static void dump_line(void *arg, const char *line)
{
	(void)arg;
	say("%s", line);
}

static void check_slice(struct tenant *t, uint64_t *load)
{
	struct slice_flow_view f[4];
	struct slice_view v;
	uint32_t n;

	if (slice_get(app_slice(sim.app), t->id, &v) != 0)
		fail("%s was acknowledged and is not there", t->id);
	t->stands = v.state != SLICE_ROLLED_BACK;
	if (v.state == SLICE_ROLLED_BACK) {
		if (!v.reason[0] || v.n_flows)
			fail("%s was rolled back without a cause, or not all of it", t->id);
		n_rolled_back++;
		return;
	}
	if (v.state == SLICE_VIOLATED && cuts() && strstr(v.reason, "bandwidth")) {
		n_violated++;
		return;
	}
	if (v.state != SLICE_ACTIVE)
		app_dump(sim.app, dump_line, NULL);
	if (v.state != SLICE_ACTIVE)
		fail("%s is %s after rest: %s", t->id, slice_state_text(v.state), v.reason);
	t->flows = true;
	n = slice_flows(app_slice(sim.app), t->id, 0, f, 4);
	if (n != 2)
		fail("%s has %u flows", t->id, n);
	for (uint32_t i = 0; i < n; i++) {
		if (f[i].bandwidth_bps != t->bps)
			fail("%s has %llu bit/s, %llu were acknowledged", t->id,
			     (unsigned long long)f[i].bandwidth_bps, (unsigned long long)t->bps);
		walk(&f[i], load);
	}
}

/* What was not answered is complete or absent; from now on its tenant knows. */
static void learn(struct tenant *t)
{
	struct slice_flow_view f;
	struct slice_view v;
	bool there = slice_get(app_slice(sim.app), t->id, &v) == 0;

	if (!t->unknown)
		return;
	t->unknown = false;
	if (there && slice_flows(app_slice(sim.app), t->id, 0, &f, 1) == 1) {
		if (f.bandwidth_bps != t->asked_bps && f.bandwidth_bps != t->bps)
			fail("%s has a rate nobody asked for", t->id);
		t->bps = f.bandwidth_bps;
	}
	if (!there && t->there && !t->deleting)
		fail("%s is gone, and nobody deleted it", t->id);
	t->there = there;
}

/* Who has not let go of what? */
static void fail_of_end(const struct tenant *t)
{
	struct slice_flow_view f[4];
	uint32_t n = slice_flows(app_slice(sim.app), t->id, 0, f, 4);

	for (uint32_t i = 0; i < n; i++)
		say("%s: intent %s, headend %s", key_text(&f[i].key),
		    intent_lingers(app_intent(sim.app), &f[i].key) ? "keeps it" : "has let go",
		    lsp_of(&f[i].key) ? "has it" : "does not have it");
	fail("%s is still there", t->id);
}

static void check_slices(void)
{
	uint64_t load[2 * WIRES_MAX] = { 0 };
	char why[200] = "";

	for (unsigned k = 0; k < SLICES; k++) {
		learn(&tenants[k]);
		tenants[k].stands = tenants[k].flows = false;
		if (tenants[k].pending)
			fail("%s was never answered", tenants[k].id);
		if (tenants[k].there)
			check_slice(&tenants[k], load);
		else if (slice_get(app_slice(sim.app), tenants[k].id, &(struct slice_view){ 0 }) == 0)
			fail_of_end(&tenants[k]);
	}
	for (uint32_t h = 0; h < 2 * sim.topo.wires.n; h++) {
		if (load[h] > sim.topo.wires.at[h / 2].bw_bps)
			fail("%llu bit/s are promised on a wire of %llu", (unsigned long long)load[h],
			     (unsigned long long)sim.topo.wires.at[h / 2].bw_bps);
	}
	if (!intent_book_audit(app_intent(sim.app), why, sizeof(why)))
		fail("the book: %s", why);
	(void)slice_audit(app_slice(sim.app), audit_line, NULL);
	if (sim.targets)
		check_devices(tenants, true);
}

static void calm_down(void)
{
	wires(true);
	for (uint32_t i = 0; i < sim.topo.routers.n; i++) {
		sim.routers[i].mood = GOOD;
		router_set(i, true);
	}
	devices_heal();
	run_ns((sim.targets ? 200 : 300) * NS_PER_S); /* devices tell something every second */
}

static void audit_count(void *arg, const char *line)
{
	unsigned *n = arg;

	*n += strstr(line, STRAY) != NULL;
}

/* In a calm network: what somebody takes from a device is there again, what he leaves under a name of ours is told. */
static void spoil_all(void)
{
	const uint32_t r = pick((uint32_t)sim.topo.routers.n);
	unsigned told = 0;

	for (uint32_t i = 0; i < sim.topo.routers.n; i++)
		n_spoilt += device_drift(i);
	if (!sim_target_stray(sim.targets, r, STRAY, true))
		fail("nothing can be put on %s", sim.topo.routers.at[r].name);
	run_ns(150 * NS_PER_S); /* all is read again every 60 s, and a device that tells nothing is asked */
	(void)slice_audit(app_slice(sim.app), audit_count, &told);
	if (told != 1)
		fail("%u of one strange table on %s are told", told, sim.topo.routers.at[r].name);
	if (!sim_target_stray(sim.targets, r, STRAY, false))
		fail("it cannot be taken from %s", sim.topo.routers.at[r].name);
	run_ns(10 * NS_PER_S);
}

static int one_record(void *arg, const char *key, const void *value, size_t len)
{
	(void)value;
	(void)len;
	fail("the record of %s is left in %s", key, (const char *)arg);
}

static void nothing_left(void)
{
	char slices[] = "slice", policies[] = "policy";

	for (unsigned k = 0; k < SLICES; k++) {
		struct slice_edit e = { .kind = SLICE_SERVICE, .how = SLICE_DELETE, .id = tenants[k].id };

		if (!tenants[k].there)
			continue;
		tenants[k].deleting = tenants[k].pending = true;
		slice_put(app_slice(sim.app), &(struct slice_write){ &e, 1, false }, put_done, &tenants[k]);
	}
	run_ns(60 * NS_PER_S);
	for (unsigned k = 0; k < SLICES; k++)
		tenants[k].stands = false;
	if (sim.targets) {
		check_devices(tenants, true);
		partition(true);
		check_devices(tenants, false);
	}
	for (uint32_t i = 0; i < sim.topo.routers.n; i++) {
		for (unsigned k = 0; k < LSPS_MAX; k++) {
			if (sim.routers[i].lsps[k].used)
				fail("%s has %s left", sim.topo.routers.at[i].name, sim.routers[i].lsps[k].st.name);
		}
	}
	(void)store_each(sim.store, "slice", one_record, slices);
	(void)store_each(sim.store, "policy", one_record, policies);
	(void)slice_audit(app_slice(sim.app), audit_line, NULL);
}

static void one_seed(uint64_t seed, bool verbose, bool devices)
{
	world_up(seed, verbose, devices);
	memset(tenants, 0, sizeof(tenants));
	for (unsigned k = 0; k < SLICES; k++)
		(void)snprintf(tenants[k].id, sizeof(tenants[k].id), "t%u", k);
	run_ns(20 * NS_PER_S);
	if (sim.targets)
		partition(false);
	for (unsigned k = 0; k < EVENTS; k++)
		event();
	calm_down();
	check_slices();
	if (sim.targets) {
		spoil_all();
		check_slices();
	}
	kill_it();
	run_ns((sim.targets ? 60 : 120) * NS_PER_S);
	check_slices();
	nothing_left();
	world_down();
}

int main(int argc, char **argv)
{
	uint64_t first = 1, n = 100;
	bool verbose = false, devices = false;

	for (int k = 1; k < argc; k++) {
		if (strcmp(argv[k], "-v") == 0)
			verbose = true;
		else if (strcmp(argv[k], "--devices") == 0)
			devices = true, program = "simulate-slices --devices";
		else if (strcmp(argv[k], "--seeds") == 0 && k + 1 < argc && str_u64(argv[k + 1], &n) == 0)
			k++;
		else if (strcmp(argv[k], "--seed") == 0 && k + 1 < argc && str_u64(argv[k + 1], &first) == 0)
			k++, n = 1;
		else {
			(void)fprintf(stderr, "usage: simulate-slices [--devices] [--seeds N | --seed SEED] [-v]\n");
			return 2;
		}
	}
	for (uint64_t s = first; s < first + n; s++)
		one_seed(s, verbose, devices);
	printf("%llu seeds; %u writes acknowledged, %u refused, %u rolled back, %u violated, %u kills, %u spoilt\n",
	       (unsigned long long)n, n_acks, n_refused, n_rolled_back, n_violated, n_lives, n_spoilt);
	return n_acks == 0 || n_refused == 0 || n_rolled_back == 0 || (devices && n_spoilt == 0);
}

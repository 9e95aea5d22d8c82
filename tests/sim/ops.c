/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators. What a command acknowledged is what they believe from then on; what was refused
 * changed nothing; what was on its way when the controller died may be either.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* A command on its way. */
struct cmd {
	struct list link;
	unsigned epoch;
	struct belief *belief; /* NULL: hold */
	bool hold;
	const char *what;
};

const char *key_text(const struct sr_policy_key *key)
{
	static char buf[SR_KEY_TEXT_MAX];

	return sr_policy_key_text(key, buf, sizeof(buf));
}

struct belief *belief_of(const struct sr_policy_key *key)
{
	for (unsigned k = 0; k < POLS; k++) {
		if (sr_policy_key_cmp(&sim.beliefs[k].key, key) == 0)
			return &sim.beliefs[k];
	}
	return NULL;
}

/* ---- answers ---- */

static void settle(struct belief *b, bool acknowledged)
{
	if (!b->pending)
		return;
	b->pending = false;
	if (acknowledged) {
		free(b->want);
		b->want = b->then_want;
		b->there = b->then_there;
		sim.acks++;
	} else {
		free(b->then_want);
	}
	b->then_want = NULL;
}

static void done(void *arg, const struct intent_result *r)
{
	struct cmd *c = arg;

	if (c->epoch != sim.epoch)
		fail("a command of life %u is answered in life %u", c->epoch, sim.epoch);
	say("%s %s: %d %s %s", c->what, c->belief ? key_text(&c->belief->key) : "", r->code, r->field,
	    r->text);
	if (r->code == INTENT_E_STORE && !sim.disk_full &&
	    mono_since(sim.disk_changed, loop_now(sim.loop)) > 10 * NS_PER_MS)
		fail("%s: the disk is said to refuse, but it takes everything", c->what);
	if (c->belief)
		settle(c->belief, r->code == 0);
	else if (r->code == 0)
		sim.held = c->hold;
	if (!c->belief)
		sim.hold_pending = false;
	list_del(&c->link);
	free(c);
}

static struct cmd *cmd_new(const char *what, struct belief *b)
{
	struct cmd *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->epoch = sim.epoch;
	c->belief = b;
	c->what = what;
	list_add(&sim.cmds, &c->link);
	if (b)
		b->pending = true;
	say("%s %s", what, b ? key_text(&b->key) : "");
	return c;
}

bool ops_pending(void)
{
	return !list_empty(&sim.cmds);
}

void ops_killed(void)
{
	struct list *n;

	while ((n = list_pop(&sim.cmds))) {
		struct cmd *c = LIST_OF(n, struct cmd, link);

		if (c->belief && c->belief->pending)
			c->belief->unknown = true;
		if (!c->belief) {
			sim.hold_unknown = true;
			sim.hold_pending = false;
		}
		free(c);
	}
}

void beliefs_free(void)
{
	struct list *n;

	while ((n = list_pop(&sim.cmds)))
		free(LIST_OF(n, struct cmd, link));
	for (unsigned k = 0; k < POLS; k++) {
		free(sim.beliefs[k].want);
		free(sim.beliefs[k].then_want);
	}
}

/* ---- random policies ---- */

static void exclude(struct intent_cpath *c, const struct sr_policy_key *key)
{
	uint32_t n = (uint32_t)sim.topo.routers.n, r = pick(n), w = pick((uint32_t)sim.topo.wires.n);
	const struct sim_wire *x = &sim.topo.wires.at[w];
	char *text = c->exclude[c->n_exclude];
	struct ip_addr a = sim_loopback(&sim.topo, r);

	if (chance(50) && !ip_eq(&a, &key->headend) && !ip_eq(&a, &key->endpoint))
		(void)str_copy(text, TED_LABEL_MAX, sim.topo.routers.at[r].name);
	else
		(void)snprintf(text, TED_LABEL_MAX, "%s>%s", sim.topo.routers.at[x->end[0]].name,
			       sim.topo.routers.at[x->end[1]].name);
	c->n_exclude++;
}

static void dynamic(struct intent_cpath *c, const struct sr_policy_key *key)
{
	c->minimise = (enum pce_metric)pick(4);
	c->strict = chance(25);
	if (chance(50))
		c->delay_us_max = 2000 + pick(12000);
	if (chance(20))
		c->hops_max = 1 + pick(6);
	if (chance(15))
		c->affinity.exclude_any[0] = 1U << pick(4);
	if (chance(10))
		c->affinity.include_any[0] = 1U + pick(15);
	if (c->affinity.include_any[0] && !(c->affinity.include_any[0] & ~c->affinity.exclude_any[0]))
		c->affinity.exclude_any[0] = 0;
	if (chance(20))
		exclude(c, key);
}

static void explicit_list(struct intent_cpath *c, const struct sr_policy_key *key)
{
	uint32_t n = (uint32_t)sim.topo.routers.n, via = pick(n);
	uint32_t to = sim_router_by_addr(&sim.topo, &key->endpoint);
	uint32_t hop[2] = { via, to };

	c->kind = INTENT_EXPLICIT;
	for (unsigned k = via == to ? 1 : 0; k < 2; k++) {
		bool classic = sim.topo.routers.at[hop[k]].classic;

		c->list.at[c->list.n++] = (struct sr_segment){
			.kind = SR_SEG_NODE,
			.behavior = classic ? SR_BEHAVIOR_END : SR_BEHAVIOR_UN,
			.sid = sim_node_sid(&sim.topo, hop[k]),
			.structure = { 32, 16, classic ? 16 : 0, 0 },
		};
	}
}

/* Two in five policies, of few groups, by colour and seed alone: a group is of one kind. */
static void group_of(struct intent_policy *p)
{
	static const uint8_t kinds[] = { PCE_DIVERSE_LINK, PCE_DIVERSE_NODE, PCE_DIVERSE_SRLG,
					 PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG };
	uint32_t n = (uint32_t)(sim.seed % 5) + p->key.color, id = 1 + n / 5 % 6;

	if (n % 5 > 1)
		return;
	p->group = (struct intent_membership){ .id = id,
					       .diverse = kinds[(sim.seed + id) % ARRAY_LEN(kinds)],
					       .best_available = (sim.seed + id) % 3 == 0 };
}

static struct intent_policy *random_policy(const struct sr_policy_key *key)
{
	struct intent_policy *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	intent_policy_default(p);
	p->key = *key;
	p->n_cpaths = 0;
	if (sim.profile > 0 && chance(70))
		p->bandwidth_bps = (1 + pick(4)) * UINT64_C(1000000000);
	if (sim.profile == 2) {
		p->setup_prio = (uint8_t)pick(8);
		p->hold_prio = (uint8_t)pick(p->setup_prio + 1U);
	}
	if (sim.profile > 0 && chance(40))
		p->protect = (uint8_t)(INTENT_PROTECT_LINK + pick(INTENT_PROTECT_SRLG_NODE));
	p->no_usid = chance(25);
	p->admin_down = chance(8);
	p->msd = chance(15) ? (uint8_t)(2 + pick(4)) : 0;
	group_of(p);
	for (unsigned k = 0, n = 1 + pick(2); k < n; k++) {
		struct intent_cpath *c = &p->cpaths[p->n_cpaths++];

		intent_cpath_default(c);
		c->preference = 100 - 10 * k;
		if (chance(12))
			explicit_list(c, key);
		else
			dynamic(c, key);
	}
	return p;
}

/* ---- commands ---- */

/* The keys of a seed: chosen when first used. */
static void key_choose(struct belief *b)
{
	uint32_t n = (uint32_t)sim.topo.routers.n, from = pick(n), to = (from + 1 + pick(n - 1)) % n;

	b->key = (struct sr_policy_key){ .headend = sim_loopback(&sim.topo, from),
					 .color = 1 + (uint32_t)(b - sim.beliefs),
					 .endpoint = sim_loopback(&sim.topo, to) };
}

static struct intent_policy *copy(const struct intent_policy *p)
{
	struct intent_policy *c = malloc(sizeof(*c));

	if (!c)
		abort();
	*c = *p;
	return c;
}

static void op_put(struct belief *b)
{
	b->then_want = random_policy(&b->key);
	b->then_there = true;
	intent_put(app_intent(sim.app), INTENT_REPLACE, b->then_want, 0, done,
		   cmd_new(b->there ? "change" : "create", b));
}

/* The same but for its bandwidth, or its state. */
static void op_touch(struct belief *b)
{
	b->then_want = copy(b->want);
	b->then_there = true;
	if (sim.profile > 0 && chance(60))
		b->then_want->bandwidth_bps = pick(5) * UINT64_C(1000000000);
	else
		b->then_want->admin_down = !b->want->admin_down;
	intent_put(app_intent(sim.app), INTENT_UPDATE, b->then_want, 0, done, cmd_new("touch", b));
}

static void op_delete(struct belief *b)
{
	b->then_want = NULL;
	b->then_there = false;
	intent_delete(app_intent(sim.app), &b->key, 0, done, cmd_new("delete", b));
}

static void op_release(struct belief *b)
{
	b->then_want = NULL;
	b->then_there = false;
	sim.released[sim.n_released++ % RELEASED_MAX] = b->key;
	intent_release(app_intent(sim.app), &b->key, done, cmd_new("release", b));
}

/* Something observed that may be taken, under a key of ours that is free. */
static void op_adopt(struct belief *b)
{
	struct intent_view *v = calloc(1, sizeof(*v));
	struct sr_policy_key k;
	bool more = v && intent_next(app_intent(sim.app), NULL, v);

	while (more && (v->mode != INTENT_OBSERVED || belief_of(&v->desired.key) || chance(50))) {
		k = v->desired.key;
		more = intent_next(app_intent(sim.app), &k, v);
	}
	if (more && v->reported.delegated && v->desired.n_cpaths == 1) {
		b->key = v->desired.key;
		b->then_want = copy(&v->desired);
		b->then_there = true;
		intent_adopt(app_intent(sim.app), &b->key, done, cmd_new("adopt", b));
	}
	free(v);
}

void ops_hold(bool on)
{
	struct cmd *c = cmd_new(on ? "hold" : "lift hold", NULL);

	c->hold = on;
	sim.hold_pending = true;
	intent_hold(app_intent(sim.app), on, done, c);
}

/* ---- the same over RESTCONF ---- */

/* An address as a key of a URL: a colon is %3A there. */
static void key_addr(struct str *s, const struct ip_addr *a)
{
	char text[IP_TEXT_MAX];

	for (const char *p = ip_text(a, text, sizeof(text)); *p; p++) {
		if (*p == ':')
			str_add(s, "%3A");
		else
			str_addn(s, p, 1);
	}
}

static void rest_url(const struct sr_policy_key *k, struct str *s)
{
	str_add(s, "/restconf/data/sextant-policy:policies/policy=");
	key_addr(s, &k->headend);
	str_addf(s, ",%u,", k->color);
	key_addr(s, &k->endpoint);
}

/* Nobody makes a policy for a headend that is not in the topology. */
static bool headend_gone(const struct sr_policy_key *k)
{
	const struct ted *t = intent_ted(app_intent(sim.app));

	return t && ted_node_by_addr(t, &k->headend) == TED_NONE;
}

static void rest_put(struct belief *b)
{
	static const char *const protect[] = { "none", "link", "node", "srlg", "srlg-node" };
	STR_AUTO struct str url = { 0 };
	char body[640], h[IP_TEXT_MAX], e[IP_TEXT_MAX];
	struct intent_policy *p = random_policy(&b->key);
	unsigned status;

	p->admin_down = p->no_usid = false;
	p->msd = 0;
	p->group = (struct intent_membership){ 0 };
	p->n_cpaths = 1;
	intent_cpath_default(&p->cpaths[0]);
	p->cpaths[0].preference = 100;
	p->cpaths[0].minimise = PCE_DELAY;
	rest_url(&b->key, &url);
	(void)snprintf(body, sizeof(body),
		       "{\"sextant-policy:policy\":[{\"headend\":\"%s\",\"color\":%u,\"endpoint\":\"%s\","
		       "\"bandwidth\":\"%llu\",\"setup-priority\":%u,\"hold-priority\":%u,"
		       "\"protect-bandwidth\":\"%s\","
		       "\"candidate-path\":[{\"preference\":100,\"dynamic\":{\"metric\":\"delay\"}}]}]}",
		       ip_text(&b->key.headend, h, sizeof(h)), b->key.color,
		       ip_text(&b->key.endpoint, e, sizeof(e)), (unsigned long long)p->bandwidth_bps,
		       p->setup_prio, p->hold_prio, protect[p->protect]);
	b->pending = true;
	b->then_there = true;
	b->then_want = p;
	status = rest("PUT", str_text(&url), body);
	say("PUT %s: %u", str_text(&url), status);
	if (status != 201 && status != 204 && !(status >= 400 && sim.disk_full) &&
	    !(status == 400 && headend_gone(&b->key)))
		fail("PUT %s is answered with %u", str_text(&url), status);
	settle(b, status < 300);
	sim.restful++;
}

static void rest_delete(struct belief *b)
{
	STR_AUTO struct str url = { 0 };
	unsigned status;

	rest_url(&b->key, &url);
	b->pending = true;
	b->then_there = false;
	b->then_want = NULL;
	status = rest("DELETE", str_text(&url), NULL);
	say("DELETE %s: %u", str_text(&url), status);
	if (status != 204 && !(status >= 400 && sim.disk_full))
		fail("DELETE %s is answered with %u", str_text(&url), status);
	settle(b, status < 300);
	sim.restful++;
}

/* ---- one at random ---- */

static void op_of_managed(struct belief *b)
{
	uint32_t n = pick(100);

	if (n < 35)
		op_put(b);
	else if (n < 60)
		op_touch(b);
	else if (n < 75)
		op_delete(b);
	else if (n < 80)
		op_release(b);
	else if (n < 88)
		rest_put(b);
	else if (n < 92)
		rest_delete(b);
	else
		(void)intent_reoptimise(app_intent(sim.app), &b->key);
}

void ops_random(void)
{
	struct belief *b = &sim.beliefs[pick(sim.n_pols)];
	struct intent_view *v;
	bool taken;

	if (b->pending || b->unknown)
		return;
	if (b->there) {
		op_of_managed(b);
		return;
	}
	if (chance(15)) {
		op_adopt(b);
		return;
	}
	key_choose(b);
	/* What was released is observed: it takes no write before it is adopted. */
	v = calloc(1, sizeof(*v));
	taken = !v || intent_get(app_intent(sim.app), &b->key, v) == 0;
	free(v);
	if (taken)
		return;
	if (chance(15))
		rest_put(b);
	else
		op_put(b);
}

/* ---- the optimiser: most of its plans are carried out, some are stopped in the midst of it ---- */

bool ops_optimising(void)
{
	struct intent_optimise_view v;

	return intent_optimise_get(app_intent(sim.app), &v) &&
	       (v.state == INTENT_OPTIMISE_COMPUTING || v.state == INTENT_OPTIMISE_APPLYING);
}

/* All is well: a plan is carried out to its end. */
void ops_optimise_well(void)
{
	const struct intent_optimise_options o = { .work = 500000, .seed = sim.seed, .midpoints = 3,
						   .apply = true };
	struct intent_optimise_view v;
	const char *why = "";
	uint64_t id;

	if (sim.profile == 0)
		return;
	if (intent_optimise_start(app_intent(sim.app), &o, &id, &why) != 0)
		fail("an optimisation is refused: %s", why);
	run_ns(200 * NS_PER_S);
	if (!intent_optimise_get(app_intent(sim.app), &v) || v.state == INTENT_OPTIMISE_STOPPED)
		fail("an optimisation stopped though all was well: %s", v.why);
	sim.steps += v.n_done;
}

void ops_optimise(void)
{
	struct intent *i = app_intent(sim.app);
	const struct intent_optimise_options o = { .work = 20000 + pick(200000),
						   .seed = pick(1000),
						   .midpoints = (uint8_t)pick(4),
						   .charge_ppm = chance(20) ? 1000 * pick(50) : 0,
						   .apply = chance(80) };
	struct intent_optimise_view v;
	const char *why = "";
	uint64_t id = 0;
	int r;

	if (intent_optimise_get(i, &v) && chance(30)) {
		r = chance(50) ? intent_optimise_cancel(i, v.id, &why) :
				 intent_optimise_apply(i, v.id, &why);
		say("cancel or apply the optimisation: %d %s", r, r ? why : "");
		return;
	}
	r = intent_optimise_start(i, &o, &id, &why);
	sim.steps += r == 0 ? v.n_done : 0; /* of the one before, forgotten now */
	say("optimise: %d %s", r, r ? why : "");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order of a start: what was saved is put back, the kernel is read, and only then do controllers
 * hear of us, so that the first they hear is true. What the kernel holds of ours and no LSP
 * wants stays until a controller knows all our LSPs and had a while to initiate what it misses.
 */
#include "tools/agent/agent.h"

#include <errno.h>
#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tools/agent/gnmi/gnmi.h"
#include "tools/agent/json.h"
#include "tools/agent/measure/measure.h"
#include "tools/agent/measure/stamp.h"
#include "tools/agent/policy/state.h"
#include "tools/agent/show.h"

#define SAVE_NS (100 * NS_PER_MS) /* one file for a burst of changes */
#define SWEEP_NS (60 * NS_PER_S)
#define FAREWELL_NS (200 * NS_PER_MS)
#define FLUSH_NS (3 * NS_PER_S)
#define POLL_NS (20 * NS_PER_MS)

struct agent {
	struct loop *loop;
	struct agent_cfg *cfg;
	struct agent_fib *fib;
	struct agent_pol *pol;
	struct agent_sids *sids;
	struct agent_count *count; /* NULL: nftables is not to be used, or not to be had */
	struct agent_tunsrc *tunsrc;
	struct agent_ctl *ctl;
	struct agent_stamp *stamp;
	struct agent_altmark *altmark;
	struct agent_measure *measure;
	struct agent_slices *slices; /* NULL: not our business */
	struct agent_fwd *fwd;	     /* with them */
	struct ly_ctx *models;	     /* of its device */
	struct agent_gnmi *gnmi;     /* NULL: no target */
	struct agent_show *show;
	struct loop_timer save, sweep, stop;
	bool dirty, told, stopping;
	struct loop_task tell;	  /* watchers of policies */
	bool statics_in;	  /* policies of this generation of the device are with pol */
	uint64_t statics_of;
	bool counting;	  /* a reading of the counts is under way */
	bool slicing;	  /* and of the slices */
	uint64_t audits;  /* number of audits a waiting show needs; 0: none waits */
	struct mono over; /* when stopping ends at the latest */
	void (*done)(void *arg);
	void *done_arg;
};

/* ---- the state file ---- */

static void save_now(struct agent *a)
{
	loop_timer_stop(&a->save);
	if (a->dirty && agent_state_save(a->cfg->state, a->pol) == 0)
		a->dirty = false;
}

static void on_save(void *arg)
{
	save_now(arg);
}

static void on_lsp(void *arg, struct agent_lsp *l)
{
	struct agent *a = arg;

	a->dirty = true;
	if (!loop_timer_armed(&a->save) && !a->stopping)
		loop_timer_after(&a->save, SAVE_NS);
	if (a->ctl)
		agent_ctl_changed(a->ctl, l);
	if (a->gnmi && l->configured)
		loop_task_run(&a->tell);
}

/* Once for a burst. */
static void on_tell(void *arg)
{
	struct agent *a = arg;

	if (a->gnmi)
		agent_gnmi_changed(a->gnmi);
}

/* ---- controllers ---- */

static void on_sweep(void *arg)
{
	struct agent *a = arg;

	log_event("", LOG_INFO, "agent.sweep", "msg=\"routes no policy wants are removed\"");
	agent_fib_sweep(a->fib);
}

static void on_synced(void *arg)
{
	struct agent *a = arg;

	if (!loop_timer_armed(&a->sweep))
		loop_timer_after(&a->sweep, SWEEP_NS);
}

/* The first time the kernel was read. */
static void begin(struct agent *a)
{
	STR_AUTO struct str errors = { 0 };

	a->told = true;
	if (agent_ctl_configure(a->ctl, a->cfg, &errors) < 0)
		log_event("", LOG_ERROR, "agent.controllers.failed", "error=\"%s\"",
			  str_text(&errors));
	if (a->cfg->n_controllers == 0) /* nobody else has anything to initiate */
		loop_timer_after(&a->sweep, SWEEP_NS);
}

/* ---- show ---- */

static void show_if_ready(struct agent *a)
{
	struct agent_fib_stats s;

	agent_fib_stats(a->fib, &s);
	if (a->audits == 0 || a->counting || a->slicing || s.audits < a->audits)
		return;
	a->audits = 0;
	agent_show_ready(a->show);
}

static void on_counted(void *arg)
{
	struct agent *a = arg;

	a->counting = false;
	show_if_ready(a);
}

static void on_sliced(void *arg)
{
	struct agent *a = arg;

	a->slicing = false;
	show_if_ready(a);
}

static void on_refresh(void *arg)
{
	struct agent *a = arg;

	a->audits = agent_fib_audit(a->fib);
	if (a->slices && !a->slicing)
		a->slicing = agent_slices_refresh(a->slices, on_sliced, a) == 0;
	if (!a->count || a->counting)
		return;
	a->counting = true;
	agent_count_refresh(a->count, on_counted, a);
}

static void on_render(void *arg, struct str *out)
{
	struct agent *a = arg;
	struct agent_view v = { a->cfg,	   a->fib, a->pol,   a->sids,	 a->count,
				a->tunsrc, a->ctl, a->stamp, a->altmark, a->slices,
				a->gnmi, a->fwd };

	agent_json(&v, out);
}

/* ---- the kernel ---- */

static void on_fib(void *arg)
{
	struct agent *a = arg;

	agent_pol_fib_changed(a->pol);
	if (!a->told && agent_fib_ready(a->fib))
		begin(a);
	if (a->show)
		show_if_ready(a);
}

static void on_foreign(void *arg, const struct agent_route *r, bool gone)
{
	agent_sids_foreign(((struct agent *)arg)->sids, r, gone);
}

static void on_foreign_all(void *arg)
{
	agent_sids_all(((struct agent *)arg)->sids);
}

static void on_links(void *arg)
{
	agent_pol_links_changed(((struct agent *)arg)->pol);
}

/* A repaired SID is counted by the kernel, on what stands before it. */
static void count_sid(void *arg, const struct agent_route *r, bool repaired)
{
	if (!repaired)
		agent_count_add(arg, &r->dst);
}

static void on_sids(void *arg)
{
	struct agent *a = arg;

	if (a->slices)
		agent_slices_recheck(a->slices);
	if (!a->count)
		return;
	agent_count_begin(a->count);
	agent_sids_each(a->sids, count_sid, a->count);
	for (size_t i = 0; i < a->cfg->n_counted; i++)
		agent_count_add(a->count, &a->cfg->counted[i]);
	agent_count_end(a->count);
}

/* ---- slices ---- */

static int device_read(struct agent *a, const char *path, struct agent_device **out,
		       struct str *errors)
{
	int rc = 0;

	if (!a->models)
		rc = agent_device_models(&a->models, errors);
	if (rc == 0)
		rc = path[0] ? agent_device_load(a->models, path, out, errors)
			     : agent_device_parse(a->models, "{}", 2, out, errors);
	return err_trace(rc);
}

static struct agent_slices_cfg slices_cfg(const struct agent_cfg *c)
{
	struct agent_slices_cfg out = { .metric = c->metric,
					.reduced = c->reduced,
					.counters = c->counters };

	(void)str_copy(out.sid_device, sizeof(out.sid_device), c->sid_device);
	return out;
}

/* The policies of the device that is in force. */
static void statics_set(struct agent *a)
{
	uint64_t generation = a->slices ? agent_slices_generation(a->slices) : 0;

	if (!a->slices || !a->cfg || (a->statics_in && generation == a->statics_of))
		return;
	a->statics_of = generation;
	a->statics_in = agent_statics_apply(a->pol, agent_slices_device(a->slices));
}

/* The tables of the device that is in force are looked after. */
static void tables_set(struct agent *a)
{
	const struct agent_device *d = agent_slices_device(a->slices);
	uint32_t ids[AGENT_FWD_TABLES_MAX], n = 0;

	for (; n < d->n_tables && n < AGENT_FWD_TABLES_MAX; n++)
		ids[n] = d->tables[n].id;
	if (agent_fwd_want(a->fwd, ids, n) < 0)
		log_event("", LOG_ERROR, "agent.fwd.memory", "msg=\"tables\"");
}

static void on_fwd(void *arg)
{
	struct agent *a = arg;

	if (a->gnmi)
		agent_gnmi_forwarded(a->gnmi);
}

static void on_slices(void *arg)
{
	struct agent *a = arg;

	tables_set(a);
	agent_measure_follow(a->measure, &agent_slices_device(a->slices)->measure,
			     agent_slices_generation(a->slices));
	statics_set(a);

	if (a->gnmi)
		agent_gnmi_changed(a->gnmi);
}

static bool is_own(void *arg, const struct ip_addr *sid)
{
	const struct agent *a = arg;
	const struct agent_device *d = a->slices ? agent_slices_device(a->slices) : NULL;

	for (size_t i = 0; d && i < d->n_locators; i++) {
		if (ip_prefix_has(&d->locators[i].prefix, sid))
			return true;
	}
	return a->sids && agent_sids_holds(a->sids, sid);
}

static void on_followed(void *arg)
{
	struct agent *a = arg;

	if (!a->slices)
		return;
	agent_slices_followed(a->slices);
	on_slices(a);
}

static int gnmi_set(struct agent *a, const struct agent_cfg *c, struct str *errors)
{
	struct agent_gnmi_cfg g = { .addr = c->gnmi.addr,
				    .port = c->gnmi.port,
				    .ca = c->gnmi.tls.ca,
				    .cert = c->gnmi.tls.cert,
				    .key = c->gnmi.tls.key,
				    .file = c->slices,
				    .measure = a->measure,
				    .fwd = a->fwd,
				    .pol = a->pol,
				    .n_writers = c->n_gnmi_writers };

	if (!c->has_gnmi || a->gnmi)
		return 0;
	memcpy(g.writers, c->gnmi_writers, sizeof(g.writers));
	return err_trace(agent_gnmi_new(&a->gnmi, a->loop, a->slices, a->models, &g, errors));
}

static bool on_taken(void *arg, const struct ip_prefix *sid)
{
	return agent_sids_has(((struct agent *)arg)->sids, sid);
}

/* For the file of c: in force when it can be had, else what is in force stays (a line of the log
 * says which). At the first time it is wanted, whatever the kernel says. */
static int slices_set(struct agent *a, const struct agent_cfg *c, struct str *errors)
{
	AUTO(agent_device_free) struct agent_device *d = NULL;
	struct agent_slices_cfg sc = slices_cfg(c);
	char why[SR_REASON_MAX];
	int rc = 0;

	if (!a->slices && !c->slices[0])
		return 0;
	rc = device_read(a, c->slices, &d, errors);
	if (rc < 0)
		return err_trace(rc);
	if (a->slices && !agent_statics_check(a->pol, d, why)) {
		str_addf(errors, "%s: %s\n", c->slices, why);
		return err_raise(-EINVAL);
	}
	if (a->slices) {
		rc = agent_slices_change(a->slices, &sc, &d, NULL, NULL);
		if (rc == -EBUSY)
			str_addf(errors, "%s: a change of the slices is under way\n", c->slices);
		return err_trace(rc);
	}
	rc = agent_fwd_new(&a->fwd, a->loop, on_fwd, a);
	if (rc == 0)
		rc = agent_slices_new(&a->slices, a->loop, on_slices, a);
	if (rc == 0) {
		agent_slices_others(a->slices, on_taken, a);
		agent_slices_policies(a->slices, a->pol);
		rc = agent_slices_start(a->slices, &sc, &d);
	}
	if (rc < 0) {
		a->slices = agent_slices_free(a->slices);
		a->fwd = agent_fwd_free(a->fwd);
		str_addf(errors, "%s: %s\n", c->slices, err_text(rc));
	}
	return err_trace(rc);
}

int agent_check(const struct agent_cfg *c, struct str *errors)
{
	struct agent a = { 0 };
	struct agent_device *d = NULL;
	int rc = c->slices[0] ? device_read(&a, c->slices, &d, errors) : 0;

	agent_device_free(d);
	ly_ctx_destroy(a.models);
	return err_trace(rc);
}

static void slices_flush(struct agent *a)
{
	STR_AUTO struct str errors = { 0 };
	AUTO(agent_device_free) struct agent_device *d = NULL;
	struct agent_slices_cfg sc = slices_cfg(a->cfg);

	if (!a->slices || device_read(a, "", &d, &errors) < 0)
		return;
	if (agent_slices_change(a->slices, &sc, &d, NULL, NULL) < 0)
		log_event("", LOG_WARN, "agent.slices.kept", "msg=\"a change is under way\"");
}

/* ---- configuration ---- */

static int count_set(struct agent *a)
{
	if (!a->cfg->counters) {
		a->count = agent_count_free(a->count);
		a->counting = false;
		return 0;
	}
	return a->count ? 0 : agent_count_new(&a->count, a->loop);
}

static void on_measured(void *arg, unsigned parts)
{
	struct agent *a = arg;

	if (a->gnmi)
		agent_gnmi_measured(a->gnmi, parts);
}

static int measure_set(struct agent *a)
{
	struct agent_measure_file f = { &a->cfg->stamp, &a->cfg->altmark, a->cfg->source };

	if (!a->slices)
		return err_trace(agent_measure_configure(a->measure, &f, NULL, 0));
	return err_trace(agent_measure_configure(a->measure, &f,
						 &agent_slices_device(a->slices)->measure,
						 agent_slices_generation(a->slices)));
}

static int apply(struct agent *a)
{
	int rc = agent_pol_configure(a->pol, a->cfg);

	agent_sids_repair(a->sids, a->cfg->repair_ua);
	agent_tunsrc_set(a->tunsrc, &a->cfg->source);
	if (count_set(a) < 0) /* forwarding does not need it */
		log_event("", LOG_WARN, "agent.count.absent",
			  "msg=\"packets of the router's SIDs are not counted\"");
	on_sids(a);
	if (rc == 0)
		rc = measure_set(a);
	return err_trace(rc);
}

static int show_set(struct agent *a, const char *path, struct str *errors)
{
	static const struct agent_show_ops ops = { .refresh = on_refresh, .render = on_render };
	struct agent_show *fresh = NULL;
	int rc;

	if (a->show && strcmp(agent_show_path(a->show), path) == 0)
		return 0;
	rc = agent_show_new(&fresh, a->loop, path, &ops, a);
	if (rc < 0) {
		str_addf(errors, "%s: socket %s: %s\n", a->cfg ? a->cfg->file : "", path,
			 rc == -EADDRINUSE ? "another agent answers there" : err_text(rc));
		return err_trace(rc);
	}
	agent_show_free(a->show);
	a->show = fresh;
	a->audits = 0;
	return 0;
}

int agent_reload(struct agent *a, struct agent_cfg **cfg, struct str *errors)
{
	struct agent_cfg *old = a->cfg;
	int rc = slices_set(a, *cfg, errors);

	if (rc == 0)
		rc = show_set(a, (*cfg)->socket, errors);
	if (rc == 0 && a->told)
		rc = agent_ctl_configure(a->ctl, *cfg, errors);
	if (rc < 0)
		return err_trace(rc);
	a->cfg = TAKE(*cfg);
	a->dirty = true; /* the file may have moved */
	loop_timer_after(&a->save, SAVE_NS);
	rc = apply(a);
	agent_cfg_free(old);
	if (rc < 0)
		str_addf(errors, "%s: %s\n", a->cfg->file, err_text(rc));
	return err_trace(rc);
}

/* ---- life ---- */

static int parts_new(struct agent *a, struct net *net)
{
	static const struct agent_fib_ops fib_ops = { .changed = on_fib,
						      .foreign = on_foreign,
						      .links = on_links,
						      .foreign_all = on_foreign_all };
	static const struct agent_pol_ops pol_ops = { .changed = on_lsp,
						      .followed = on_followed,
						      .own = is_own };
	int rc;

	if ((rc = agent_fib_new(&a->fib, a->loop, &fib_ops, a)) < 0 ||
	    (rc = agent_pol_new(&a->pol, a->loop, a->fib, &pol_ops, a)) < 0 ||
	    (rc = agent_sids_new(&a->sids, a->loop, a->fib, on_sids, a)) < 0 ||
	    (rc = agent_tunsrc_new(&a->tunsrc, a->loop)) < 0 ||
	    (rc = agent_stamp_new(&a->stamp, a->loop)) < 0 ||
	    (rc = agent_altmark_new(&a->altmark, a->loop)) < 0)
		return err_trace(rc);
	rc = agent_measure_new(&a->measure, &(struct agent_measure_deps){ .loop = a->loop,
									  .stamp = a->stamp,
									  .altmark = a->altmark,
									  .pol = a->pol,
									  .told = on_measured,
									  .arg = a });
	if (rc < 0)
		return err_trace(rc);
	return agent_ctl_new(&a->ctl, a->loop, net, a->pol, on_synced, a);
}

static void on_stop(void *arg);

int agent_new(struct agent **outp, struct loop *loop, struct net *net, struct agent_cfg **cfg,
	      struct str *errors)
{
	AUTO(agent_free) struct agent *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return err_raise(-ENOMEM);
	a->loop = loop;
	loop_timer_init(&a->save, loop, on_save, a);
	loop_timer_init(&a->sweep, loop, on_sweep, a);
	loop_timer_init(&a->stop, loop, on_stop, a);
	loop_task_init(&a->tell, loop, on_tell, a);
	rc = show_set(a, (*cfg)->socket, errors);
	if (rc < 0)
		return err_trace(rc);
	rc = parts_new(a, net);
	if (rc < 0) {
		str_addf(errors, "sextant-agent: cannot set up: %s\n", err_text(rc));
		return err_trace(rc);
	}
	rc = slices_set(a, *cfg, errors);
	if (rc == 0)
		rc = gnmi_set(a, *cfg, errors);
	if (rc < 0)
		return err_trace(rc);
	a->cfg = TAKE(*cfg);
	rc = apply(a);
	if (rc < 0) {
		str_addf(errors, "sextant-agent: cannot set up: %s\n", err_text(rc));
		return err_trace(rc);
	}
	statics_set(a);
	(void)agent_state_load(a->cfg->state, a->pol); /* logged; the controllers know the rest */
	a->dirty = false;
	agent_fib_start(a->fib);
	*outp = TAKE(a);
	return 0;
}

struct agent *agent_free(struct agent *a)
{
	if (!a)
		return NULL;
	loop_task_cancel(&a->tell);
	agent_show_free(a->show);
	agent_measure_free(a->measure);
	agent_stamp_free(a->stamp);
	agent_altmark_free(a->altmark);
	agent_slices_free(a->slices);
	agent_gnmi_free(a->gnmi);
	agent_fwd_free(a->fwd);
	ly_ctx_destroy(a->models);
	agent_ctl_free(a->ctl);
	a->ctl = NULL;
	agent_count_free(a->count);
	agent_tunsrc_free(a->tunsrc);
	agent_sids_free(a->sids);
	agent_pol_free(a->pol);
	agent_fib_free(a->fib);
	loop_timer_fini(&a->save);
	loop_timer_fini(&a->sweep);
	loop_timer_fini(&a->stop);
	agent_cfg_free(a->cfg);
	free(a);
	return NULL;
}

static void on_stop(void *arg)
{
	struct agent *a = arg;
	bool busy = a->cfg->flush_on_exit && (!agent_fib_idle(a->fib) ||
					      (a->slices && !agent_slices_idle(a->slices)));

	if (busy && mono_before(loop_now(a->loop), a->over)) {
		loop_timer_after(&a->stop, POLL_NS);
		return;
	}
	a->done(a->done_arg);
}

void agent_stop(struct agent *a, void (*done)(void *arg), void *arg)
{
	a->stopping = true;
	a->done = done;
	a->done_arg = arg;
	a->over = mono_add(loop_now(a->loop), FLUSH_NS);
	save_now(a);
	agent_ctl_stop(a->ctl);
	loop_timer_stop(&a->sweep);
	if (a->cfg->flush_on_exit) {
		agent_fib_flush(a->fib);
		agent_altmark_flush(a->altmark);
		slices_flush(a);
	}
	loop_timer_after(&a->stop, FAREWELL_NS);
}

struct tally {
	unsigned controllers, up;
};

static void tally(void *arg, const struct session_info *s)
{
	struct tally *t = arg;

	t->controllers++;
	t->up += s->up;
}

void agent_status(const struct agent *a, char *buf, size_t cap)
{
	struct agent_fib_stats s;
	struct tally t = { 0 };

	agent_fib_stats(a->fib, &s);
	agent_ctl_each(a->ctl, tally, &t);
	(void)snprintf(buf, cap, "%u of %u controllers, %u of %u routes in, %u failed", t.up,
		       t.controllers, s.in, s.wanted, s.failed);
}

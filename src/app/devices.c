/* SPDX-License-Identifier: Apache-2.0 */
#include "app/devices.h"

#include <string.h>

#include "base/err.h"
#include "core/device_hub.h"
#include "southbound/gnmi/gnmi.h"

struct app_devices {
	struct loop *loop;
	struct rpc *rpc;
	bool rpc_ours;
	struct gnmi *gnmi;
	struct device_hub *hub;
	struct keys *keys; /* NULL: not yet */
	struct rpc_tls *tls;
	struct conf_tls files; /* that tls is of */
};

int app_devices_new(struct app_devices **outp, struct loop *loop, struct rpc *rpc, struct bus *bus)
{
	const struct gnmi_cfg cfg = { 0 };
	struct device_port below;
	struct app_devices *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return err_raise(-ENOMEM);
	d->loop = loop;
	d->rpc = rpc;
	d->rpc_ours = !rpc;
	if (rpc)
		r = 0;
	else if (loop_is_fake(loop))
		r = rpc_fake_new(&d->rpc, loop, 100 * NS_PER_US, 2 * NS_PER_MS);
	else
		r = rpc_new(&d->rpc, loop);
	if (r == 0)
		r = gnmi_new(&d->gnmi, loop, d->rpc, bus, &cfg);
	if (r == 0) {
		below = gnmi_port(d->gnmi);
		r = device_hub_new(&d->hub, &below, loop_random(loop));
	}
	if (r < 0) {
		app_devices_free(d);
		return err_trace(r);
	}
	gnmi_sink(d->gnmi, &device_hub_sink, d->hub);
	*outp = d;
	return 0;
}

struct app_devices *app_devices_free(struct app_devices *d)
{
	if (!d)
		return NULL;
	gnmi_free(d->gnmi);
	device_hub_free(d->hub);
	rpc_tls_free(d->tls);
	if (d->rpc_ours)
		rpc_free(d->rpc);
	free(d);
	return NULL;
}

static bool same_files(const struct conf_tls *a, const struct conf_tls *b)
{
	return strcmp(a->cert, b->cert) == 0 && strcmp(a->key, b->key) == 0 && strcmp(a->ca, b->ca) == 0;
}

/* The certificates of now in *outp: the same object, read again, when the files' names are. */
static int certificates(struct app_devices *d, const struct conf_tls *t, struct rpc_tls **outp,
			struct str *errors)
{
	const struct rpc_tls_cfg cfg = { .ca_file = t->ca, .cert_file = t->cert, .key_file = t->key };
	char err[512] = "";
	int r;

	*outp = d->tls;
	if (loop_is_fake(d->loop) && !t->cert[0])
		return 0; /* nobody is there to be kept out */
	if (d->tls && same_files(&d->files, t))
		r = rpc_tls_reload(d->tls, err, sizeof(err));
	else
		r = rpc_tls_new(outp, d->rpc, &cfg, err, sizeof(err));
	if (r < 0)
		str_addf(errors, "devices/tls: %s\n", err[0] ? err : err_text(r));
	return r;
}

static bool has(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_devices; i++)
		if (strcmp(conf->devices[i].name, name) == 0)
			return true;
	return false;
}

static int set(struct app_devices *d, const struct conf_device *c, struct rpc_tls *tls)
{
	const struct gnmi_device_cfg cfg = {
		.name = c->name,
		.addr = c->addr,
		.port = c->port,
		.tls = tls,
		.server_name = c->server_name[0] ? c->server_name : NULL,
		.kind = c->kind,
	};

	return gnmi_device_set(d->gnmi, &cfg);
}

int app_devices_apply(struct app_devices *d, const struct conf *old, const struct conf *conf,
		      struct str *errors)
{
	struct rpc_tls *tls;
	int r = certificates(d, &conf->devices_tls, &tls, errors);

	for (size_t i = 0; r == 0 && old && i < old->n_devices; i++)
		if (!has(conf, old->devices[i].name))
			(void)gnmi_device_del(d->gnmi, old->devices[i].name);
	for (size_t i = 0; r == 0 && i < conf->n_devices; i++) {
		r = set(d, &conf->devices[i], tls);
		if (r != 0)
			str_addf(errors, "%s: devices/device[%s]: makes no sense\n", conf->file,
				 conf->devices[i].name);
	}
	if (tls != d->tls) {
		/* Devices set above hold what they need of the new one; one that still has the old
		 * one (after a failure) is set again by whoever takes it back. */
		struct rpc_tls *gone = r == 0 ? d->tls : tls;

		if (r == 0) {
			d->tls = tls;
			d->files = conf->devices_tls;
		}
		rpc_tls_free(gone);
	}
	return r < 0 ? r : r > 0 ? -EINVAL : 0;
}

int app_devices_join(struct app_devices *d, const struct device_sink *sink, void *arg,
		     struct device_port *port)
{
	int r = device_hub_join(d->hub, sink, arg, port);

	return r == 0 && d->keys ? keys_wrap(d->keys, port) : r;
}

void app_devices_keys(struct app_devices *d, struct keys *keys)
{
	d->keys = keys;
}

struct session_query app_devices_sessions(struct app_devices *d)
{
	return gnmi_sessions(d->gnmi);
}

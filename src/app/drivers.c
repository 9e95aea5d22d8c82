/* SPDX-License-Identifier: Apache-2.0 */
#include "app/drivers.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "southbound/gnmi/gnmi_driver.h"

struct app_drivers {
	struct driver driver;
	const struct driver *pcep; /* NULL: none */
	struct gnmi_driver *gnmi;  /* NULL: no devices */
};

/* NULL: nobody serves it. */
static const struct driver *of(const struct app_drivers *d, const struct ip_addr *headend)
{
	return d->gnmi && gnmi_driver_serves(d->gnmi, headend) ? gnmi_driver_driver(d->gnmi) : d->pcep;
}

static int apply(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	const struct driver *to = of(self, &lsp->key.headend);

	return to ? to->apply(to->self, lsp, txn) : DRIVER_E_NO_SESSION;
}

static int drop(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	const struct driver *to = of(self, &lsp->key.headend);

	return to ? to->remove(to->self, lsp, txn) : DRIVER_E_NO_SESSION;
}

static int release(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	const struct driver *to = of(self, &lsp->key.headend);

	return to ? to->release(to->self, lsp, txn) : DRIVER_E_NO_SESSION;
}

/* Only PCEP asks for paths. */
static void paths(void *self, const struct driver_path_answer *answer)
{
	const struct app_drivers *d = self;

	if (d->pcep && d->pcep->paths)
		d->pcep->paths(d->pcep->self, answer);
}

int app_drivers_new(struct app_drivers **outp, struct loop *loop, struct bus *bus, struct intent *intent,
		    struct app_devices *devices)
{
	struct app_drivers *d = calloc(1, sizeof(*d));
	struct device_port port;
	int r = 0;

	if (!d)
		return err_raise(-ENOMEM);
	d->driver = (struct driver){ .name = "both", .self = d, .apply = apply, .remove = drop,
				     .release = release, .paths = paths };
	if (devices)
		r = gnmi_driver_new(&d->gnmi, loop, bus, &intent_sink, intent);
	if (devices && r == 0)
		r = app_devices_join(devices, &gnmi_driver_devices, d->gnmi, &port);
	if (r < 0) {
		app_drivers_free(d);
		return err_trace(r);
	}
	if (devices)
		gnmi_driver_port(d->gnmi, &port);
	*outp = d;
	return 0;
}

struct app_drivers *app_drivers_free(struct app_drivers *d)
{
	if (!d)
		return NULL;
	gnmi_driver_free(d->gnmi);
	free(d);
	return NULL;
}

void app_drivers_pcep(struct app_drivers *d, const struct driver *pcep)
{
	d->pcep = pcep;
}

const struct driver *app_drivers_driver(struct app_drivers *d)
{
	return &d->driver;
}

static bool still(const struct conf *conf, const struct conf_device *was)
{
	for (size_t i = 0; i < conf->n_devices; i++) {
		const struct conf_device *c = &conf->devices[i];

		if (strcmp(c->name, was->name) == 0)
			return c->policies && ip_eq(&c->router, &was->router);
	}
	return false;
}

int app_drivers_apply(struct app_drivers *d, const struct conf *old, const struct conf *conf,
		      struct str *errors)
{
	int r = 0;

	if (!d->gnmi)
		return 0;
	/* First who goes: an address may move from one device to another. */
	for (size_t i = 0; old && i < old->n_devices; i++)
		if (old->devices[i].policies && !still(conf, &old->devices[i]))
			(void)gnmi_driver_headend_del(d->gnmi, old->devices[i].name);
	for (size_t i = 0; r == 0 && i < conf->n_devices; i++) {
		const struct conf_device *c = &conf->devices[i];

		if (!c->policies)
			continue;
		r = gnmi_driver_headend_set(d->gnmi, c->name, &c->router);
		if (r != 0)
			str_addf(errors, "%s: devices/device[%s]/router: %s\n", conf->file, c->name,
				 r < 0 ? err_text(r) : "another device serves that router");
	}
	return r < 0 ? r : r > 0 ? -EINVAL : 0;
}

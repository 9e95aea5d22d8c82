/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keys.h"

#include "base/err.h"

int app_keys_new(struct keys **outp, const struct app_env *env, struct bus *bus, struct app_devices *devices)
{
	const struct keys_parts parts = { .loop = env->loop, .bus = bus, .store = env->store };
	struct device_port port;
	int r = keys_new(outp, &parts);

	if (r == 0)
		r = keys_load(*outp);
	if (r == 0)
		r = app_devices_join(devices, &keys_device_sink, *outp, &port);
	if (r < 0)
		return err_trace(r);
	keys_port(*outp, &port);
	app_devices_keys(devices, *outp);
	return 0;
}

void app_keys_apply(struct keys *k, const struct conf *conf)
{
	const struct keys_cfg cfg = { .on = conf->probes_authenticated, .lifetime_ns = conf->probes_key_s * NS_PER_S };

	keys_configure(k, &cfg);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/partitions.h"

#include "base/err.h"

int app_partitions_new(struct nrp **outp, const struct nrp_env *env, struct app_devices *devices)
{
	struct device_port port;
	int r = nrp_new(outp, env);

	if (r == 0)
		r = app_devices_join(devices, &nrp_device_sink, *outp, &port);
	if (r < 0)
		return err_trace(r);
	nrp_port_set(*outp, &port);
	nrp_on_ted(*outp, topo_ted(env->topo));
	return err_trace(nrp_load(*outp));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/realise.h"

#include "base/err.h"

/* Service SIDs of slices in a partition are of its block: else their last hop were in no queue of it. */
static int locator(void *ctx, const char *device, uint32_t id, struct ip_prefix *out)
{
	return nrp_locator(ctx, device, id, out);
}

int app_realise_new(struct realise **outp, const struct app_env *env, struct bus *bus, struct slice *slice,
		    struct nrp *nrp, struct app_devices *devices)
{
	const struct realise_cfg cfg = { .loop = env->loop, .store = env->store, .bus = bus, .slice = slice,
					 .locator = locator, .locator_ctx = nrp };
	struct slice_steps steps;
	struct device_port port;
	int r = realise_new(outp, &cfg);

	if (r == 0)
		r = app_devices_join(devices, &realise_device_sink, *outp, &port);
	if (r < 0)
		return err_trace(r); /* the owner frees what there is */
	realise_port(*outp, &port);
	steps = realise_steps(*outp);
	slice_steps_add(slice, &steps);
	return err_trace(realise_load(*outp));
}

bool app_realise_last_sid(void *ctx, const char *slice, const struct slice_flow_view *flow, struct ip_addr *out)
{
	return realise_service_sid(ctx, slice, flow->group, flow->receiver, out);
}

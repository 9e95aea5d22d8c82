/* SPDX-License-Identifier: Apache-2.0 */
#include "app/links.h"

#include <string.h>

#include "base/err.h"

int app_links_new(struct sense **outp, struct app_devices *devices, const struct sense_parts *parts)
{
	AUTO(sense_free) struct sense *s = NULL;
	struct device_port port;
	int r = sense_new(&s, parts);

	if (r == 0)
		r = app_devices_join(devices, &sense_device_sink, s, &port);
	if (r < 0)
		return err_trace(r);
	sense_port(s, &port);
	*outp = TAKE(s);
	return 0;
}

static enum sense_use use_of(const char *name)
{
	static const struct {
		const char *name;
		enum sense_use use;
	} rows[] = { { "fill", SENSE_FILL }, { "prefer", SENSE_PREFER }, { "show", SENSE_SHOW }, { "book", SENSE_BOOK } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].use;
	return SENSE_OFF;
}

void app_links_apply(struct sense *s, const struct conf *conf)
{
	struct sense_cfg cfg;

	sense_cfg_default(&cfg);
	cfg.delay = use_of(conf->links_delay);
	cfg.load = use_of(conf->links_load);
	cfg.mtu = conf->has_devices && conf->links_mtu;
	cfg.probe_ms = conf->links_probe_ms;
	cfg.window_s = conf->links_window_s;
	cfg.load_s = conf->links_load_s;
	cfg.threshold_pct = conf->links_threshold_pct;
	cfg.delay_floor_us = conf->links_delay_floor_us;
	cfg.hold_ns = conf->links_hold_s * NS_PER_S;
	cfg.interval_ns = conf->links_interval_s * NS_PER_S;
	cfg.keep_ns = conf->links_keep_s * NS_PER_S;
	sense_configure(s, &cfg);
}

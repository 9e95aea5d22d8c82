/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The agent's configuration: models/sextant-agent.yang as a struct. Immutable once loaded. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ip.h"
#include "base/str.h"
#include "conf/conf.h"
#include "log/log.h"
#include "tools/agent/measure/altmark_cfg.h"
#include "tools/agent/measure/stamp_cfg.h"
#include "tools/agent/policy/live_judge.h"

enum { AGENT_IF_MAX = 16, AGENT_GNMI_WRITERS_MAX = 16 };

struct agent_controller {
	struct ip_addr addr, source; /* source none: any */
	uint16_t port;
	bool insecure, has_tls;
	struct conf_tls tls;
	char tls_name[128]; /* whom its certificate must name */
	struct conf_md5 md5;
};

struct agent_steering {
	struct ip_prefix prefix;
	uint32_t color;
	struct ip_addr endpoint, service;
	bool fallback_igp;
};

struct agent_local_sid {
	struct ip_addr sid;
	uint8_t len, action, block;
	bool next_csid;
	uint32_t table;
	struct ip_addr nh;
	char interface[AGENT_IF_MAX]; /* "" none */
};

struct agent_cfg {
	char file[CONF_TEXT_MAX];
	char node[64];
	struct ip_addr router_id, source;
	struct log_cfg log;
	char state[CONF_TEXT_MAX], socket[CONF_TEXT_MAX];
	char slices[CONF_TEXT_MAX]; /* "": none */
	bool has_gnmi;
	struct conf_listen gnmi;
	char gnmi_writers[AGENT_GNMI_WRITERS_MAX][64];
	size_t n_gnmi_writers;
	struct agent_controller *controllers;
	size_t n_controllers;
	uint8_t msd, keepalive_s, dead_s;
	bool reduced, counters, repair_ua, flush_on_exit;
	uint32_t table, metric;
	char sid_device[AGENT_IF_MAX];
	struct agent_steering *steering; /* sorted by prefix */
	size_t n_steering;
	struct agent_local_sid *sids;
	size_t n_sids;
	struct ip_prefix *counted;
	size_t n_counted;
	struct agent_stamp_cfg stamp;
	struct agent_live_cfg live;
	struct agent_altmark_cfg altmark;
};

/* 0, or -EINVAL with every problem found as lines in errors. */
int agent_cfg_load(const char *path, struct agent_cfg **outp, struct str *errors);
struct agent_cfg *agent_cfg_free(struct agent_cfg *c);
AUTO_DEFINE(struct agent_cfg, agent_cfg_free)

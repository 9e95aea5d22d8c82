/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Configuration: YAML for people → libyang tree of models/sextant-config.yang → a plain
 * struct. Errors are one line each, "file:line: path: what is wrong (what to do)". A running
 * configuration is immutable; a reload makes a new one and the app applies the difference.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ip.h"
#include "base/str.h"
#include "log/log.h"

enum { CONF_TEXT_MAX = 256, CONF_PEERS_MAX = 4096 };

struct conf_tls {
	char cert[CONF_TEXT_MAX], key[CONF_TEXT_MAX], ca[CONF_TEXT_MAX]; /* "" when absent */
};

struct conf_listen {
	struct ip_addr addr;
	uint16_t port;
	bool has_tls;
	struct conf_tls tls;
};

struct conf_md5 {
	uint8_t len;
	uint8_t key[80]; /* read from md5-key-file, trailing newline dropped */
};

struct conf_bgp_peer {
	struct ip_addr addr;
	uint16_t port;
	uint32_t remote_as;
	bool passive;  /* never connects */
	bool insecure; /* plaintext allowed; an alarm stands while it is in use */
	struct conf_md5 md5;
	uint16_t hold_s;
	struct ip_addr local; /* none: any */
};

struct conf_pcep_peer {
	struct ip_addr addr;
	struct ip_addr headend; /* its router address in policies; none: addr itself */
	bool insecure;
	bool tls; /* PCEPS demanded */
	struct conf_md5 md5;
	uint8_t msd;	  /* 0: what the peer tells */
	char profile[16]; /* "rfc", "frr", "nokia": dialect; default rfc */
};

struct conf_device {
	char name[64];
	struct ip_addr addr;
	uint16_t port;
	char server_name[128]; /* "": the certificate is for addr */
	char kind[16];	       /* "": by its models */
	bool policies;	       /* it is the headend router, served by gNMI */
	struct ip_addr router;
};

struct conf_role {
	char name[128]; /* certificate common name */
	uint8_t role;	/* 1 read, 2 operate, 3 admin: as enum http_role */
};

struct conf {
	char file[CONF_TEXT_MAX];
	char node[64];
	struct log_cfg log;
	char store[CONF_TEXT_MAX];
	char yang_dir[CONF_TEXT_MAX]; /* "" : the installed models */
	unsigned workers; /* 0: as many as suit the machine */
	/* restconf */
	struct conf_listen *restconf;
	size_t n_restconf;
	struct conf_role *roles;
	size_t n_roles;
	/* bgp */
	bool has_bgp;
	uint32_t bgp_as;
	struct ip_addr bgp_router_id; /* IPv4 form */
	struct conf_listen bgp_listen;
	bool has_bgp_listen;
	struct conf_bgp_peer *bgp_peers;
	size_t n_bgp_peers;
	/* pcep */
	bool has_pcep;
	struct conf_listen pcep_listen; /* tls: of PCEPS peers */
	uint8_t pcep_keepalive_s, pcep_dead_s;
	struct conf_pcep_peer *pcep_peers;
	size_t n_pcep_peers;
	/* devices */
	bool has_devices;
	struct conf_tls devices_tls;
	struct conf_device *devices;
	size_t n_devices;
	char links_delay[8], links_load[8]; /* "off", … as in the model */
	bool links_mtu;
	uint32_t links_probe_ms, links_window_s, links_load_s, links_threshold_pct, links_delay_floor_us,
		links_hold_s, links_interval_s, links_keep_s;
	bool probes_authenticated;
	uint32_t probes_key_s; /* 0: keys are never replaced */
	/* availability, parts of 1e9; 0 not known */
	uint32_t avail_link_ppb, avail_node_ppb;
	struct conf_part {
		char name[128];
		uint32_t ppb;
	} *avail;
	size_t n_avail;
	bool slices_outside; /* may be in no partition */
	/* topology */
	uint32_t topo_age_out_s, topo_quiet_ms, topo_quiet_cap_ms, topo_eor_cap_s,
		topo_flap_hold_ms;
	uint32_t topo_objects_max;
	/* policy */
	struct ip_addr originator; /* none: the first restconf/pcep address is not guessed; bgp
				      router-id */
	uint32_t wait_to_revert_s, hysteresis_pct, reopt_interval_s, restart_grace_s, foreign_age_s,
		confirm_s, policies_max;
	uint8_t msd_default;
	bool has_bsid_block;
	struct ip_prefix bsid_block;
};

/* 0, or -EINVAL with every problem found as lines in errors. */
int conf_load(const char *path, struct conf **outp, struct str *errors);
struct conf *conf_free(struct conf *c);
AUTO_DEFINE(struct conf, conf_free)
/* The validated configuration as it took effect, defaults included, as YAML; secrets are paths. */
int conf_print(const char *path, struct str *out, struct str *errors);
/* The reference of README and man page, from the YANG model, as Markdown. */
int conf_reference(const char *module, struct str *out);

/*
 * The shared machinery, also for the agent's own model: YAML file → JSON tree validated
 * against module. Positions of every node are kept for error lines.
 */
struct lyd_node;
struct ly_ctx;
int conf_models(struct ly_ctx **ctx, const char *const *modules,
		struct str *errors); /* from the models dir */
/* Where the YANG files are: $SEXTANT_MODELS, else beside the sources (build tree), else installed.
 */
const char *conf_models_dir(void);
int conf_tree(struct ly_ctx *ctx, const char *module, const char *path, struct lyd_node **outp,
	      struct str *errors);
/* Frees a tree of the functions here, with its positions. Returns NULL, accepts NULL. */
struct lyd_node *conf_tree_free(struct lyd_node *tree);
/* As conf_tree, but gives also what remains of a file with errors (ok false), for further
 * checks; NULL when nothing does. */
struct lyd_node *conf_tree_part(struct ly_ctx *ctx, const char *module, const char *path,
				struct str *errors, bool *ok);
/* The same for text in memory, called name in error lines. */
struct lyd_node *conf_tree_mem(struct ly_ctx *ctx, const char *module, const char *name,
			       const char *text, size_t len, struct str *errors, bool *ok);
/* A tree, defaults included, as YAML. */
void conf_tree_print(struct lyd_node *root, struct str *out);
/* "file:line" of a data node read by conf_tree, for later checks (a key file that is absent). */
const char *conf_where(const struct lyd_node *node);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The port between a southbound that configures and watches devices by model (gNMI) and who
 * owns what is configured (slices) or measured (assurance). Values only, both ways; a device is
 * named as in the configuration. Paths are texts, "/a/b[k=v]/c" or "origin:/a"; those that come
 * back are absolute, without modules, keys in order of name. Loop thread only; no callback comes
 * from inside a call downwards.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DEVICE_NAME_MAX = 64,
	DEVICE_PATH_MAX = 1024,
	DEVICE_TEXT_MAX = 256,
	DEVICE_CHANGES_MAX = 64,  /* of one set */
	DEVICE_WATCHES_MAX = 64,  /* of one device */
};

enum device_op {
	DEVICE_DELETE,
	DEVICE_REPLACE, /* what is there now goes, siblings not named too */
	DEVICE_UPDATE,	/* what is named is changed, the rest stays */
};

struct device_change {
	enum device_op op;
	const char *path; /* without wildcards */
	const char *json; /* RFC 7951; not read for DEVICE_DELETE */
};

enum device_outcome {
	DEVICE_DONE,	/* and read back as it was asked for */
	DEVICE_REFUSED, /* by the device, with its code and words; nothing of it is there */
	DEVICE_FALSE,	/* the device says it is done, and reading back says nothing is, each time */
	DEVICE_UNDONE,	/* done in part only, and what was there before is there again */
	DEVICE_BROKEN,	/* done in part only, and it could not be taken back */
	DEVICE_UNKNOWN, /* the device fell silent or away: nobody knows what is there */
};

const char *device_outcome_text(enum device_outcome o); /* "done" */

struct device_result {
	const char *device;
	uint32_t txn;
	enum device_outcome outcome;
	int code;	     /* gRPC's, of the last answer */
	const char *text;    /* the device's or ours */
};

struct device_watch {
	const char *path;     /* may have wildcards */
	bool on_change;	      /* else sampled. A device that refuses it is sampled all the same */
	uint64_t interval_ns; /* of samples (0: 10 s) */
};

struct device_sample {
	const char *device;
	uint32_t watch;
	int64_t time_ns; /* since 1970, at the device, when it was so: rates are made of these */
	const char *path;
	bool gone;     /* no longer there; the rest says nothing */
	bool number;   /* u is good */
	uint64_t u;
	const char *text; /* as people read it */
};

struct device_drift {
	const char *device;
	const char *path;  /* of a change that was done */
	const char *found; /* what is there now, shortly */
};

struct device_info {
	const char *device;
	const char *kind; /* "agent", "sros", … */
	const char *version; /* of gNMI, as told */
	unsigned models;  /* how many it says it has */
	bool policies;	  /* it has those that SRv6 policies need */
	bool probes;	  /* it has those that STAMP needs, to ask and to answer */
	uint8_t lists;	  /* that a policy set there may have; 0, 1: one */
};

struct device_sink {
	/* Capabilities are known; what is set from now on is sent. */
	void (*up)(void *arg, const struct device_info *info);
	void (*down)(void *arg, const char *device, const char *why);
	/* It is no longer configured: its transactions have ended, its watches are no more. */
	void (*gone)(void *arg, const char *device);
	/* Once for each transaction. */
	void (*result)(void *arg, const struct device_result *r);
	void (*sample)(void *arg, const struct device_sample *s);
	/* Everything there is was told. */
	void (*synced)(void *arg, const char *device, uint32_t watch);
	/* From here to the next synced nobody knows: never take it for "nothing changed". */
	void (*gap)(void *arg, const char *device, uint32_t watch, const char *why);
	/* Told once until it is set again or found right. */
	void (*drift)(void *arg, const struct device_drift *d);
};

enum {
	DEVICE_E_NONE = 1,    /* no such device */
	DEVICE_E_FULL = 2,    /* too much waits, or too many watches */
	DEVICE_E_INVALID = 3, /* a path or JSON is not one, a wildcard in a change, none or too many */
};

struct device_port {
	void *self;
	/* All or nothing: 0 and *txn (never 0), or DEVICE_E_*. Waits for a session, for a while. */
	int (*set)(void *self, const char *device, const struct device_change *changes, size_t n,
		   uint32_t *txn);
	/* 0 and *watch (never 0), or DEVICE_E_*. It lasts over sessions until unwatch. */
	int (*watch)(void *self, const char *device, const struct device_watch *w, uint32_t *watch);
	void (*unwatch)(void *self, const char *device, uint32_t watch);
	/* No longer looks after what was set at or below path; nothing is sent. */
	void (*forget)(void *self, const char *device, const char *path);
	/* Is it configured, up or not? */
	bool (*has)(void *self, const char *device);
};

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The room on a fake loop: routers r1 to r4 with locators fd5e:64:N::/48, devices that answer when a
 * test lets them, a disk that survives, and in the place of src/slice what the test ordered.
 */
#include "check_main.h"

#include <string.h>

#include "realise/room.h"

enum { DEVICES = 4, OBJECTS = 256, FLOWS = 128, WAITING = 32, ORDERS = 16 };

struct thing {
	char *path, *json;
};

struct waiting { /* a transaction nobody has answered */
	uint32_t txn;
	size_t n;
	struct thing change[DEVICE_CHANGES_MAX]; /* json NULL: a delete */
};

struct device {
	char name[8];
	bool missing; /* from the configuration */
	unsigned watches, reflects; /* watched so often; its reflector was asked to answer */
	enum slice_way way; /* of policies that end at it */
	unsigned probed; /* its reflector may be needed no more */
	struct thing at[OBJECTS]; /* what is really there */
	size_t n;
	struct waiting waiting[WAITING];
	size_t n_waiting;
};

struct ordered {
	bool there;
	char id[SLICE_ID_MAX];
	struct arena arena;
	struct slice_service service;
	struct slice_flow_view flows[FLOWS];
	uint32_t n_flows;
	uint64_t written; /* which of all writes */
};

struct told { /* the last slice_step_done() */
	bool done, ok, undo;
	enum slice_step step;
	char id[SLICE_ID_MAX], why[SR_REASON_MAX];
	unsigned n, waits;
};

struct bed {
	struct loop *loop;
	struct bus *bus;
	struct store_disk *disk;
	struct store *store;
	struct realise *room;
	const struct ted *ted;
	struct device device[DEVICES];
	struct ordered order[ORDERS];
	struct told told;
	void (*heard)(const struct told *t); /* may be NULL */
	uint32_t next_txn;
	uint64_t writes; /* of orders */
	unsigned home_news; /* how often homes of slice "x" were said to be others */
	bool broken; /* devices hold what no router could: a test fails */
};

extern struct bed bed;

void bed_up(void);
void bed_down(void);
void bed_crash(void); /* kill -9 and start again; devices stay as they are */
void bed_topology(unsigned routers); /* so many of them are in sight, locators as always */
void bed_run(uint64_t ms);

/* A document is ordered (or changed); NULL: it is no longer there. */
struct ordered *bed_ordered(const char *id); /* its flows may be made others */
void bed_order(const char *id, const char *doc);
void bed_start(const char *id, enum slice_step step, bool undo);
/* Until it was told, devices answering with DONE. */
void bed_do(const char *id, enum slice_step step, bool undo);
void bed_build(const char *id); /* VPN and CLASSIFY, both good */
void bed_take_back(const char *id);
bool bed_possible(const char *doc, struct slice_fault *f);

struct device *device_at(const char *name);
/* Answers the oldest; what it says happens there too. False: nothing waits. */
bool bed_answer(struct device *d, enum device_outcome o, int code, const char *text, bool applied);
bool bed_answer_all(void); /* DONE, once through all devices */
const char *there(const char *device, const char *path); /* JSON, NULL nothing */
unsigned objects(const char *device);
/* A window of session number v of slice x, as its device tells it; < 0: it does not say. */
struct window {
	const char *known; /* "true", "false" */
	int sent, lost, there, error, round;
};
void bed_window(const char *device, unsigned v, uint64_t number, const struct window *w);
void bed_lose(struct device *d, const char *path); /* the device forgets it, unasked */
void bed_way(const char *device, enum slice_way way); /* of policies to it, and that is told */
/* What the device tells of an interface; NULL: there is none any more. */
void bed_circuit(const char *device, const char *interface, const char *status);
unsigned bed_events(const char *type);
unsigned bed_records(void);

/* ---- documents ---- */

#define NSS "ietf-network-slice-service:"
#define AC(id, port, addr, len, more)                                                              \
	"{\"id\":\"" id "\",\"ac-tp-id\":\"" port "\",\"ac-ipv6-address\":\"" addr                 \
	"\",\"ac-ipv6-prefix-length\":" len more "}"
#define END(id, node, more, acs)                                                                   \
	"{\"id\":\"" id "\",\"node-id\":\"" node "\"" more                                         \
	",\"attachment-circuits\":{\"attachment-circuit\":[" acs "]}}"
#define CRITERIA(list) ",\"service-match-criteria\":{\"match-criterion\":[" list "]}"
#define CRITERION(index, group, terms)                                                             \
	"{\"index\":" index ",\"match-type\":[" terms "],\"target-connection-group-id\":\"" group "\"}"
#define TERM(type, value) "{\"type\":\"" NSS type "\"" value "}"
#define PAIR(id, from, to)                                                                         \
	"{\"id\":\"" id "\",\"p2p-sender-sdp\":\"" from "\",\"p2p-receiver-sdp\":\"" to "\"}"
#define GROUP(id, constructs)                                                                      \
	"{\"id\":\"" id "\",\"connectivity-type\":\"" NSS "point-to-point\","                      \
	"\"connectivity-construct\":[" constructs "]}"
#define ORDER(id, more, sdps, groups)                                                              \
	"{\"id\":\"" id "\",\"sdps\":{\"sdp\":[" sdps "]},\"connection-groups\":"                  \
	"{\"connection-group\":[" groups "]}" more "}"
#define BOTH GROUP("g", PAIR("there", "a", "b") "," PAIR("back", "b", "a"))
#define LINE(id, port, net)                                                                        \
	ORDER(id, "", END("a", "r1", "", AC("c1", port, net ":1::1", "64", "")) ","                \
	      END("b", "r2", "", AC("c1", port, net ":2::1", "64", "")), BOTH)

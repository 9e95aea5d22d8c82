/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Measured links with a real topology and intent on a fake loop, and devices that are fake: what they
 * are told is kept, and what they measure is said by the test.
 *
 * Routers a, b, c, each with the others; a link from a to b has the address 2001:db8:AB::A, its
 * interface is "to-b"; each has 10 Mb/s. The metric of a-c is 10, that of the others too.
 */
#include "check_main.h"

#include <string.h>

#include "sense/sense.h"

enum { ROUTERS = 3, SESSIONS = 16, WATCHES = 4 };

struct device {
	char name[8];
	bool configured, up;
	enum { OBEYS, REFUSES } mood;
	struct {
		char path[160], doc[256];
	} has[SESSIONS];
	unsigned n, sets;
	struct {
		char path[96];
		uint32_t id;
		uint64_t interval_ns;
	} watch[WATCHES];
	uint32_t txn;
	uint32_t mtu[ROUTERS]; /* of interfaces to them */
};

struct bed {
	struct loop *loop;
	struct bus *bus;
	struct store_disk *disk;
	struct store *store;
	struct work *work;
	struct topo *topo;
	struct intent *intent;
	struct sense *sense;
	struct sense_cfg cfg;
	struct device dev[ROUTERS];
	uint32_t next;
	uint64_t window; /* number of the next one */
};

extern struct bed bed;

void bed_up(void);
void bed_down(void);
void run_ms(uint64_t ms);
struct device *dev(const char *name);
void dev_up(const char *name, bool up);
const char *dev_has(const char *name, const char *part); /* a document whose path has it, NULL none */
void half_said(const char *a, const char *b, uint32_t delay_us, bool gone); /* 0: it says none */
uint32_t link_of(const char *text);
const struct ted_link *row(const char *text);

/* A leaf of the session of a link; a whole window of it: delays of there and back, forward_us 0: clocks
 * do not agree; known false: no answer. */
void leaf(const char *link, const char *name, uint64_t value);
struct window {
	uint32_t round_us, forward_us, error_us;
	bool unknown;
};
void window(const char *link, struct window w);
/* For so many seconds a window a second, there and back takes so long. */
void windows(const char *link, uint32_t round_us, unsigned s);
/* Of the interface "to-…" at the beginning of a link, now and to who asks from now on; 0: it tells none. */
void mtu_told(const char *link, uint32_t mtu);
void counted(const char *link, uint64_t octets); /* now */
unsigned events(const char *type);
/* The way of least delay from a to c, as links: "a>c"; for packets of so many octets. */
const char *least(void);
const char *least_for(uint16_t payload);

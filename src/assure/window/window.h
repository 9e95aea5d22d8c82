/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Assurance windows: times in which the services that are named are what counts. Purely what one is
 * and when it is; window_book.h keeps them.
 */
#include <stdbool.h>
#include <stdint.h>

enum {
	WINDOW_NAME_MAX = 64,
	WINDOW_SERVICES_MAX = 32,
	WINDOW_SERVICE_MAX = 112, /* an id of a slice */
	WINDOW_DURATION_S_MAX = 31 * 24 * 3600,
	WINDOW_TEXT_MAX = 256,
};

enum window_every { WINDOW_ONCE, WINDOW_HOURLY, WINDOW_DAILY, WINDOW_WEEKLY };

struct window {
	char name[WINDOW_NAME_MAX];
	char description[WINDOW_TEXT_MAX];
	uint64_t start_wall_ns; /* of the first occurrence */
	uint32_t duration_s;
	uint8_t every;	   /* enum window_every */
	uint16_t interval; /* so many hours, days or weeks from one to the next; 1.. */
	uint32_t count;	   /* occurrences; 0: for ever */
	bool freeze;	   /* nothing else is changed meanwhile */
	bool high;	   /* every hop of its services is measured */
	uint8_t allowed;   /* a bit a repair action: approved beforehand */
	uint32_t check_s;  /* before each it is looked at what single failures would do; 0: not */
	uint8_t n_services;
	char service[WINDOW_SERVICES_MAX][WINDOW_SERVICE_MAX];
};

/* NULL, or what is wrong with it; *leaf says where. */
const char *window_fault(const struct window *w, const char **leaf);
/* It is within an occurrence: [begin, end). */
bool window_at(const struct window *w, uint64_t wall_ns, uint64_t *begin_ns, uint64_t *end_ns);
/* The first occurrence that begins at that time or later; false: there is none. */
bool window_next(const struct window *w, uint64_t wall_ns, uint64_t *begin_ns);
bool window_names(const struct window *w, const char *service);

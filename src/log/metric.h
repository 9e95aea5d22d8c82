/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Metrics registry (Prometheus text 0.0.4). Names start with sextant_, base units, counters
 * end in _total. Registration returns a handle that lives for ever; the same name and labels
 * give the same handle. Loop thread only.
 */
#include <stdint.h>

#include "base/str.h"

struct metric;

/* labels: `peer="2001:db8::1",family="bgp-ls"` or "". */
struct metric *metric_counter(const char *name, const char *help, const char *labels);
struct metric *metric_gauge(const char *name, const char *help, const char *labels);
/* Fixed buckets from 100 us to 10 s, in seconds. */
struct metric *metric_histogram(const char *name, const char *help, const char *labels);

void metric_add(struct metric *m, uint64_t n);
void metric_set(struct metric *m, double v);
void metric_observe_ns(struct metric *m, uint64_t ns);
double metric_value(const struct metric *m);

/* A function asked at each scrape, to set gauges whose value lives elsewhere. */
void metric_on_scrape(void (*fn)(void *arg), void *arg);
void metric_print(struct str *out);

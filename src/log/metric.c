/* SPDX-License-Identifier: Apache-2.0 */
/* A list of metrics grouped by name, and the text exposition format. */
#include "log/metric.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mono.h"

enum kind {
	COUNTER,
	GAUGE,
	HISTOGRAM,
};

static const double bounds[] = { 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2,
				 0.1,  0.25,   0.5,  1,    2.5,	   5,	 10 };

enum { BUCKETS = ARRAY_LEN(bounds), SCRAPERS_MAX = 32 };

struct metric {
	struct list link;
	struct metric *next; /* same name, other labels */
	enum kind kind;
	char *name, *help, *labels;
	double value;
	uint64_t count, bucket[BUCKETS];
};

static struct {
	struct list all; /* one per name, in order of registration */
	struct {
		void (*fn)(void *arg);
		void *arg;
	} scrapers[SCRAPERS_MAX];
	unsigned n_scrapers;
} registry;

static char *copy(const char *s)
{
	char *p = strdup(s);

	if (!p)
		abort(); /* start-up allocation */
	return p;
}

static struct metric *family(const char *name)
{
	if (!registry.all.next)
		list_init(&registry.all);
	LIST_EACH(l, &registry.all) {
		struct metric *m = LIST_OF(l, struct metric, link);

		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

static struct metric *get(enum kind kind, const char *name, const char *help, const char *labels)
{
	struct metric *first = family(name), *m;

	for (m = first; m; m = m->next)
		if (strcmp(m->labels, labels) == 0)
			return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		abort();
	m->kind = kind;
	m->name = copy(name);
	m->help = copy(help);
	m->labels = copy(labels);
	if (first) {
		m->next = first->next;
		first->next = m;
	} else {
		list_add(&registry.all, &m->link);
	}
	return m;
}

struct metric *metric_counter(const char *name, const char *help, const char *labels)
{
	return get(COUNTER, name, help, labels);
}

struct metric *metric_gauge(const char *name, const char *help, const char *labels)
{
	return get(GAUGE, name, help, labels);
}

struct metric *metric_histogram(const char *name, const char *help, const char *labels)
{
	return get(HISTOGRAM, name, help, labels);
}

void metric_add(struct metric *m, uint64_t n)
{
	m->value += (double)n;
}

void metric_set(struct metric *m, double v)
{
	m->value = v;
}

void metric_observe_ns(struct metric *m, uint64_t ns)
{
	double s = (double)ns / (double)NS_PER_S;

	m->value += s;
	m->count++;
	for (unsigned i = 0; i < BUCKETS; i++)
		if (s <= bounds[i]) {
			m->bucket[i]++;
			break;
		}
}

double metric_value(const struct metric *m)
{
	return m->kind == HISTOGRAM ? (double)m->count : m->value;
}

void metric_on_scrape(void (*fn)(void *arg), void *arg)
{
	if (registry.n_scrapers == SCRAPERS_MAX)
		return;
	registry.scrapers[registry.n_scrapers].fn = fn;
	registry.scrapers[registry.n_scrapers++].arg = arg;
}

static void print_histogram(struct str *out, const struct metric *m)
{
	const char *sep = *m->labels ? "," : "";
	uint64_t sum = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		sum += m->bucket[i];
		str_addf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", m->name, m->labels, sep, bounds[i],
			 (unsigned long long)sum);
	}
	str_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", m->name, m->labels, sep,
		 (unsigned long long)m->count);
	str_addf(out, *m->labels ? "%s_sum{%s} %.9g\n" : "%s_sum%s %.9g\n", m->name, m->labels, m->value);
	str_addf(out, *m->labels ? "%s_count{%s} %llu\n" : "%s_count%s %llu\n", m->name, m->labels,
		 (unsigned long long)m->count);
}

void metric_print(struct str *out)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	for (unsigned i = 0; i < registry.n_scrapers; i++)
		registry.scrapers[i].fn(registry.scrapers[i].arg);
	if (!registry.all.next)
		return;
	LIST_EACH(l, &registry.all) {
		const struct metric *first = LIST_OF(l, struct metric, link);

		str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", first->name, first->help, first->name,
			 kinds[first->kind]);
		for (const struct metric *m = first; m; m = m->next) {
			if (m->kind == HISTOGRAM)
				print_histogram(out, m);
			else
				str_addf(out, *m->labels ? "%s{%s} %.17g\n" : "%s%s %.17g\n", m->name,
					 m->labels, m->value);
		}
	}
}

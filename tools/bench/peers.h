/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What other libraries take for the same work. bench-peers (peers.cc) runs them when it was
 * built and has the library; otherwise the figure is the one recorded when the bars were set,
 * on another network of the same make and size, and the row says so.
 */
#include "pce/ted.h"
#include "tools/bench/bench.h"

enum bench_peer_kind {
	BENCH_SPF_BGL,
	BENCH_SPF_IGRAPH,
	BENCH_DISJOINT_LEMON,
	BENCH_KSP16_IGRAPH,
};

struct bench_pair {
	uint32_t src, dst; /* node indices */
};

struct bench_peer {
	double ms;	   /* median of a query; 0: not even recorded */
	bool recorded;	   /* not run here: no checksum, no found */
	uint64_t checksum; /* all costs added up: distances, pairs of paths, lists of paths */
	uint32_t found;	   /* queries with an answer */
};

/* The usable links of t with their IGP metric; n queries. */
struct bench_peer bench_peer_run(const struct bench *b, enum bench_peer_kind kind,
				 const struct ted *t, const struct bench_pair *q, uint32_t n);

/* "name  peer/own  x", or "x-recorded"; nothing when there is no figure. */
void bench_peer_row(const struct bench *b, const char *name, double own_ms,
		    const struct bench_peer *p);

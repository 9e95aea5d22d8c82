/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Published cases of constrained paths: a network each, with delays and SRLGs; in SEXTANT_SHARED. */
#include "check_main.h"

#include <stdio.h>

#include "pce/ted.h"

enum { CASES_NODES = 1100, CASES_LINKS = 8000, CASES_SRLGS = 8 };

struct cases_topo {
	struct ted_node node[CASES_NODES];
	struct ted_link link[CASES_LINKS];
	uint32_t srlg[CASES_LINKS][CASES_SRLGS];
	uint32_t n, m; /* nodes, links */
};

/* A file of a set; NULL, and said so, where it is not there. */
FILE *cases_open(const char *set, const char *name);
/* The caller unrefs what it gets; p stays as long. */
const struct ted *cases_read(struct cases_topo *p, FILE *f);

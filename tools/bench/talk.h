/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Talking to the two programs; blocking. */
#include "base/str.h"

/* One command to sextant-sim's socket, the JSON answer whole. 0 or -errno. */
int bench_ask(const char *socket, const char *command, struct str *reply);
/* body NULL: none. The HTTP status, 0 when there was no answer. */
long bench_http(const char *base, const char *method, const char *path, const char *body,
		struct str *reply);
/* Percent-encodes text as a key of a resource. */
void bench_url(struct str *out, const char *text);

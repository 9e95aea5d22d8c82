/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What a new TED generation looks like from outside: events, alarms, metrics. */
#include "core/bus.h"
#include "loop/loop.h"
#include "pce/ted.h"

/* prev: the generation before, never NULL. */
void publish_events(struct bus *bus, const struct loop *loop, const struct ted *prev,
		    const struct ted *ted);

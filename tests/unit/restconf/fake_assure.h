/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "assure/flows/room.h"

struct fake_assure {
	const char *slice; /* that is measured; NULL: none */
	struct assure_slice_view view;
	struct assure_stream_view stream; /* its only one */
	struct assure_hour hour;	  /* and hour */
};

extern struct fake_assure fake_assure;

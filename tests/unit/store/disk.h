/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A disk that can be full or fail to sync, and counts its syncs: between SQLite and the system. */
#include <stdbool.h>

void disk_setup(void); /* before the first database is opened */
void disk_full(bool full);
void disk_sync_fails(bool fails);
unsigned disk_syncs(void); /* since the last call */

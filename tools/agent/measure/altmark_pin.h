/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Programs and maps by their number. The kernel gives those of a number to CAP_SYS_ADMIN alone; an
 * agent without it keeps its own in a folder of the BPF file system, one a network namespace, as
 * files named by their numbers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor, or -errno. */
int agent_pin_prog(uint32_t id);
int agent_pin_map(uint32_t id);

struct agent_pins {
	const int *progs, *maps;
	size_t n_progs, n_maps;
};

/* These are to be found again; only: and no others. 0, also when the kernel gives them without; or
 * -errno, with what is missing in why. */
int agent_pin_keep(const struct agent_pins *p, bool only, char *why, size_t cap);
/* Nothing is to be found again. */
void agent_pin_forget(void);

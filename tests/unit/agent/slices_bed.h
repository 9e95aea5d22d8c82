/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A device on a kernel of the test's own, and the tools of the kernel as oracles. */
#include <libyang/libyang.h>

#include "check_main.h"
#include "lab.h"
#include "tools/agent/slices/slices.h"

extern struct ly_ctx *models;
extern char last_error[512]; /* of the last change */

/* One device of JSON; single quotes stand for double ones. The test fails when it is wrong. */
struct agent_device *device_of(const char *text);
/* Whether it is refused; the problems into last_error. */
bool device_wrong(const char *text);
/* An engine with that device, read back and judged. */
struct agent_slices *engine(struct loop *loop, const char *text);
/* A change, waited for; whether it was taken. */
bool change(struct loop *loop, struct agent_slices *s, const char *text);
void settle_slices(struct loop *loop, struct agent_slices *s);
/* Reads the kernel again. */
void refresh(struct loop *loop, struct agent_slices *s);
/* What a command of the shell prints; it must succeed. Freed by the caller. */
char *output(const char *command);
void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Whether the output of a command has a text. */
bool says(const char *command, const char *text);
/* Everything that slices touch, as the tools print it, without counters. */
char *kernel_state(void);

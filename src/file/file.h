/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Small files whole: configuration, keys, state. All of it blocks: for a start, or for a disk of one's own. */
#include <stdbool.h>
#include <stddef.h>

/*
 * Reads a regular file of at most max octets; what is none (a FIFO, a device) is not waited for.
 * *outp is malloc'd, with a NUL behind its *len octets. 0; -EISDIR: it is no regular file; -EFBIG; or
 * -errno.
 */
int file_read(const char *path, size_t max, char **outp, size_t *len);

/*
 * Puts another content under a name, readable for its owner alone: written beside it as PATH.new, then
 * renamed, so that nobody ever sees half of it. durable: content and name are on the disk before this
 * returns. 0, or -errno: then what was there is there.
 */
int file_replace(const char *path, const char *text, size_t len, bool durable);

/* The folder a path lies in to the disk, so that a name put into it survives a crash. 0 or -errno. */
int file_sync_dir(const char *path);

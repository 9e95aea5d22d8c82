/* SPDX-License-Identifier: Apache-2.0 */
#include "file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

/* ---- reading ---- */

static int read_all(int fd, char *to, size_t most, size_t *len)
{
	ssize_t n = 1;

	for (*len = 0; *len < most && n != 0; *len += n > 0 ? (size_t)n : 0) {
		n = read(fd, to + *len, most - *len);
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	return 0;
}

static int read_fd(int fd, size_t max, char **outp, size_t *len)
{
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t most;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EISDIR;
	/* Some, as those of the kernel, do not say how long they are. */
	most = st.st_size > 0 ? (size_t)st.st_size : max + 1;
	if (st.st_size > 0 && most > max)
		return -EFBIG;
	text = malloc(most + 1);
	if (!text)
		return -ENOMEM;
	r = read_all(fd, text, most, len);
	if (r < 0)
		return r;
	if (*len > max)
		return -EFBIG;
	text[*len] = '\0';
	*outp = TAKE(text);
	return 0;
}

int file_read(const char *path, size_t max, char **outp, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;

	if (fd < 0)
		return -errno;
	r = read_fd(fd, max, outp, len);
	(void)close(fd);
	return r;
}

/* ---- writing ---- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_file(const char *path, const char *text, size_t len, bool durable)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, text, len);
	if (r == 0 && durable && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int file_sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash ? strndup(path, slash > path ? (size_t)(slash - path) : 1) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY) : -1, r;

	if (fd < 0)
		return dir ? -errno : -ENOMEM;
	r = fsync(fd) < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

int file_replace(const char *path, const char *text, size_t len, bool durable)
{
	char fresh[PATH_MAX];
	int n = snprintf(fresh, sizeof(fresh), "%s.new", path), r;

	if (n < 0 || (size_t)n >= sizeof(fresh))
		return -ENAMETOOLONG;
	r = write_file(fresh, text, len, durable);
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r == 0 && durable)
		r = file_sync_dir(path);
	return r;
}

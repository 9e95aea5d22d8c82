/* SPDX-License-Identifier: Apache-2.0 */
#include "log/service.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void log_service(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(sa.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(sa.sun_path, path, n);
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&sa,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)close(fd);
}

void log_lines(const char *text)
{
	(void)fputs(text, stderr);
	if (text[0] && text[strlen(text) - 1] != '\n')
		(void)fputc('\n', stderr);
}

/* Blocks of a generation of a large network come and go with each event: their pages stay. */
static const char tunables[] = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:"
			       "glibc.malloc.trim_threshold=67108864";

void log_large_pages(char *const *argv)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0 || getenv("GLIBC_TUNABLES") || setenv("GLIBC_TUNABLES", tunables, 1) < 0)
		return;
	self[n] = '\0';
	(void)execv(self, argv); /* by its own path, so that it keeps its name */
}

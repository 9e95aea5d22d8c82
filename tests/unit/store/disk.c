/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_bool full, sync_fails;
static atomic_uint syncs;

static ssize_t my_write(int fd, const void *data, size_t len)
{
	if (full) {
		errno = ENOSPC;
		return -1;
	}
	return write(fd, data, len);
}

static ssize_t my_pwrite(int fd, const void *data, size_t len, off_t at)
{
	if (full) {
		errno = ENOSPC;
		return -1;
	}
	return pwrite(fd, data, len, at);
}

static int synced(long nr, int fd)
{
	syncs++;
	if (sync_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(nr, fd);
}

/* The program's own stand before the C library's for every shared library in the process. */
int fdatasync(int fd)
{
	return synced(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return synced(SYS_fsync, fd);
}

void disk_setup(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	(void)vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)my_write);
	(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)my_pwrite);
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)my_pwrite);
}

void disk_full(bool on)
{
	full = on;
}

void disk_sync_fails(bool on)
{
	sync_fails = on;
}

unsigned disk_syncs(void)
{
	return atomic_exchange(&syncs, 0);
}

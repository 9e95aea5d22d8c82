/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder is of the network namespace, by its inode: agents of several may share one machine. A
 * namespace may get the inode of one that is gone: what its agent left is of numbers nobody asks
 * for, and goes when the new one clears up.
 */
#include "tools/agent/measure/altmark_pin.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/err.h"

#define ROOT "/sys/fs/bpf"

enum { PATH_CAP = 96, KEPT_MAX = 16 };

static const char *const kinds[] = { "prog", "map" };

static bool folder(char *buf, size_t cap)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st) < 0)
		return false;
	(void)snprintf(buf, cap, ROOT "/sextant-%llu", (unsigned long long)st.st_ino);
	return true;
}

static uint32_t id_of(int fd, bool map)
{
	struct bpf_prog_info p = { 0 };
	struct bpf_map_info m = { 0 };
	uint32_t len = map ? sizeof(m) : sizeof(p);

	if (bpf_obj_get_info_by_fd(fd, map ? (void *)&m : (void *)&p, &len) < 0)
		return 0;
	return map ? m.id : p.id;
}

static int kept(uint32_t id, bool map)
{
	char dir[PATH_CAP / 2], path[PATH_CAP];
	int fd;

	if (!folder(dir, sizeof(dir)))
		return -EPERM;
	(void)snprintf(path, sizeof(path), "%s/%s-%u", dir, kinds[map], id);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	if (id_of(fd, map) == id)
		return fd;
	(void)close(fd);
	return -ESTALE;
}

int agent_pin_prog(uint32_t id)
{
	int fd = bpf_prog_get_fd_by_id(id), r = -errno;

	return fd >= 0 ? fd : r == -EPERM ? kept(id, false) : r;
}

int agent_pin_map(uint32_t id)
{
	int fd = bpf_map_get_fd_by_id(id), r = -errno;

	return fd >= 0 ? fd : r == -EPERM ? kept(id, true) : r;
}

struct names {
	char at[KEPT_MAX][24];
	size_t n;
};

/* Removes the files that are not named. */
static void clear(const char *dir, const struct names *but)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	char path[PATH_CAP + 24];

	while (d && (e = readdir(d))) {
		bool stays = e->d_name[0] == '.' || strlen(e->d_name) > 20;

		for (size_t i = 0; i < but->n && !stays; i++)
			stays = strcmp(but->at[i], e->d_name) == 0;
		(void)snprintf(path, sizeof(path), "%s/%.24s", dir, e->d_name);
		if (!stays)
			(void)unlink(path);
	}
	if (d)
		(void)closedir(d);
}

static int pin(const char *dir, int fd, bool map, struct names *out)
{
	char path[PATH_CAP];
	uint32_t id = id_of(fd, map);

	if (id == 0 || out->n == KEPT_MAX)
		return -EINVAL;
	(void)snprintf(out->at[out->n], sizeof(out->at[0]), "%s-%u", kinds[map], id);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, out->at[out->n++]);
	if (bpf_obj_pin(fd, path) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* Whether the kernel gives us a map by its number. */
static bool needless(int map)
{
	int fd = bpf_map_get_fd_by_id(id_of(map, true));
	bool no = fd < 0 && errno == EPERM;

	if (fd >= 0)
		(void)close(fd);
	return !no;
}

static int pin_all(const struct agent_pins *p, const char *dir, struct names *out)
{
	struct statfs fs;
	int r = 0;

	if (statfs(ROOT, &fs) < 0 || fs.f_type != BPF_FS_MAGIC)
		return -ENODEV;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	for (size_t i = 0; r == 0 && i < p->n_progs; i++)
		r = pin(dir, p->progs[i], false, out);
	for (size_t i = 0; r == 0 && i < p->n_maps; i++)
		r = pin(dir, p->maps[i], true, out);
	return r;
}

int agent_pin_keep(const struct agent_pins *p, bool only, char *why, size_t cap)
{
	char dir[PATH_CAP / 2];
	struct names now = { .n = 0 };
	int r;

	if (p->n_maps == 0 || needless(p->maps[0]))
		return 0;
	r = folder(dir, sizeof(dir)) ? pin_all(p, dir, &now) : -ENODEV;
	if (r < 0) {
		(void)snprintf(why, cap, "without CAP_SYS_ADMIN a BPF file system is needed at " ROOT
					 ": %s", err_text(r));
		return err_raise(r);
	}
	if (only)
		clear(dir, &now);
	return 0;
}

void agent_pin_forget(void)
{
	char dir[PATH_CAP / 2];
	const struct names none = { .n = 0 };

	if (!folder(dir, sizeof(dir)))
		return;
	clear(dir, &none);
	(void)rmdir(dir);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/measure/altmark_kern.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "log/log.h"
#include "tools/agent/measure/altmark_obj.h"
#include "tools/agent/measure/altmark_pin.h"
#include "tools/agent/measure/altmark_tc.h"

enum { MAPS = 6, PROG_MAPS = 16 };

enum map { FLOWS, COUNTS, ENDS, SELF, PORTS, TIME };

static const char *const map_names[MAPS] = {
	[FLOWS] = "am_flows", [COUNTS] = "am_counts", [ENDS] = "am_ends",
	[SELF] = "am_self",   [PORTS] = "am_ports",   [TIME] = "am_time",
};

struct agent_amk {
	struct bpf_object *obj;
	int fd[MAPS]; /* of obj */
	int core_in, core_out, edge;
};

/* ---- filters ---- */

static bool made_here(const struct bpf_prog_info *info, unsigned ifindex);

/* Takes our filter away; the qdisc too when it is ours and empty then. */
static unsigned detach(unsigned ifindex)
{
	static const enum bpf_tc_attach_point points[] = { BPF_TC_INGRESS, BPF_TC_EGRESS };
	struct bpf_tc_hook hook;
	const enum bpf_tc_attach_point both =
		(enum bpf_tc_attach_point)(BPF_TC_INGRESS | BPF_TC_EGRESS);
	unsigned n = 0;
	bool made = false;

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		struct bpf_tc_opts opts;
		uint32_t ids[PROG_MAPS] = { 0 };
		struct bpf_prog_info info = { .nr_map_ids = ARRAY_LEN(ids),
					      .map_ids = (uint64_t)(uintptr_t)ids };
		int fd = agent_amk_ours_at(ifindex, points[i], &info);

		if (fd < 0)
			continue;
		made |= made_here(&info, ifindex);
		n += bpf_tc_detach(agent_amk_hook_at(&hook, ifindex, points[i]),
				   agent_amk_filter_at(&opts, points[i])) == 0;
		(void)close(fd);
	}
	if (made && !agent_amk_has_filters(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) &&
	    !agent_amk_has_filters(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)))
		(void)bpf_tc_hook_destroy(agent_amk_hook_at(&hook, ifindex, both));
	return n;
}

/* ---- maps ---- */

static int map_index(const char *name)
{
	for (int i = 0; i < MAPS; i++)
		if (strcmp(name, map_names[i]) == 0)
			return i;
	return -1;
}

/* Descriptors of the maps of a program of ours, -1 where there is none. */
static void maps_of(const struct bpf_prog_info *info, int fd[MAPS])
{
	const uint32_t *ids = (const uint32_t *)(uintptr_t)info->map_ids;

	for (uint32_t i = 0; i < info->nr_map_ids && i < PROG_MAPS; i++) {
		struct bpf_map_info m = { 0 };
		uint32_t len = sizeof(m);
		int f = agent_pin_map(ids[i]), at = -1;

		if (f < 0)
			continue;
		if (bpf_obj_get_info_by_fd(f, &m, &len) == 0)
			at = map_index(m.name);
		if (at >= 0 && fd[at] < 0)
			fd[at] = f;
		else
			(void)close(f);
	}
}

static void maps_close(int fd[MAPS])
{
	for (int i = 0; i < MAPS; i++) {
		if (fd[i] >= 0)
			(void)close(fd[i]);
		fd[i] = -1;
	}
}

static bool made_here(const struct bpf_prog_info *info, unsigned ifindex)
{
	int fd[MAPS] = { -1, -1, -1, -1, -1, -1 };
	struct altmark_port v = { 0 };
	uint32_t key = ifindex;
	bool made;

	maps_of(info, fd);
	made = fd[PORTS] >= 0 && bpf_map_lookup_elem(fd[PORTS], &key, &v) == 0 && v.made;
	if (made)
		(void)bpf_map_delete_elem(fd[PORTS], &key);
	maps_close(fd);
	return made;
}

/* The maps an agent before us left, found by any of its filters. */
static void find_maps(int fd[MAPS])
{
	struct if_nameindex *ifs = if_nameindex();

	for (size_t i = 0; ifs && ifs[i].if_index; i++) {
		for (int side = 0; side < 2 && fd[SELF] < 0; side++) {
			uint32_t ids[PROG_MAPS] = { 0 };
			struct bpf_prog_info info = { .nr_map_ids = ARRAY_LEN(ids),
						      .map_ids = (uint64_t)(uintptr_t)ids };
			int prog = agent_amk_ours_at(ifs[i].if_index, side ? BPF_TC_EGRESS : BPF_TC_INGRESS,
					   &info);

			if (prog < 0)
				continue;
			maps_of(&info, fd);
			(void)close(prog);
		}
	}
	if (ifs)
		if_freenameindex(ifs);
}

static bool same_abi(const int fd[MAPS])
{
	struct altmark_self self;
	uint32_t zero = 0;
	struct bpf_map_info m = { 0 };
	uint32_t len = sizeof(m);

	if (fd[SELF] < 0 || bpf_obj_get_info_by_fd(fd[SELF], &m, &len) < 0 ||
	    m.value_size != sizeof(self))
		return false;
	return bpf_map_lookup_elem(fd[SELF], &zero, &self) == 0 && self.abi == ALTMARK_ABI;
}

/* ---- loading ---- */

__attribute__((format(printf, 2, 0))) static int
on_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[512];

	if (level == LIBBPF_DEBUG)
		return 0;
	(void)vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	log_event("", LOG_DEBUG, "agent.altmark.libbpf", "msg=\"%s\"", line);
	return 0;
}

static int load(struct agent_amk *k, const int reuse[MAPS])
{
	int rc;

	k->obj = bpf_object__open_mem(agent_altmark_obj, agent_altmark_obj_len, NULL);
	if (!k->obj)
		return -errno;
	for (int i = 0; i < MAPS; i++) {
		struct bpf_map *m = bpf_object__find_map_by_name(k->obj, map_names[i]);

		rc = !m ? -ENOENT : reuse[i] >= 0 ? bpf_map__reuse_fd(m, reuse[i]) : 0;
		if (rc < 0)
			return rc;
	}
	rc = bpf_object__load(k->obj);
	if (rc < 0)
		return rc;
	for (int i = 0; i < MAPS; i++)
		k->fd[i] = bpf_object__find_map_fd_by_name(k->obj, map_names[i]);
	k->core_in = bpf_program__fd(bpf_object__find_program_by_name(k->obj, "am_core_in"));
	k->core_out = bpf_program__fd(bpf_object__find_program_by_name(k->obj, "am_core_out"));
	k->edge = bpf_program__fd(bpf_object__find_program_by_name(k->obj, "am_edge"));
	/* each program holds all maps, so that any filter of ours leads to them */
	for (int i = 0; i < MAPS && rc >= 0; i++) {
		rc = bpf_prog_bind_map(k->core_in, k->fd[i], NULL);
		rc = rc < 0 ? rc : bpf_prog_bind_map(k->core_out, k->fd[i], NULL);
		rc = rc < 0 ? rc : bpf_prog_bind_map(k->edge, k->fd[i], NULL);
	}
	return rc < 0 ? rc : 0;
}

/* For the agent after us; only: the ones before us are attached nowhere any more. */
static int keep(const struct agent_amk *k, bool only, char *why, size_t cap)
{
	const int progs[] = { k->core_in, k->core_out, k->edge };
	const struct agent_pins p = { progs, k->fd, ARRAY_LEN(progs), MAPS };

	return agent_pin_keep(&p, only, why, cap);
}

static int begin_anew(struct agent_amk *k)
{
	struct altmark_self self = { .abi = ALTMARK_ABI };
	uint32_t zero = 0;

	if (getrandom(&self.boot, sizeof(self.boot), 0) != (ssize_t)sizeof(self.boot))
		return -EIO;
	self.boot >>= 16; /* a JSON number, and room to count on */
	return bpf_map_update_elem(k->fd[SELF], &zero, &self, BPF_ANY);
}

int agent_amk_new(struct agent_amk **outp, char *why, size_t cap)
{
	int found[MAPS] = { -1, -1, -1, -1, -1, -1 };
	struct agent_amk *k = calloc(1, sizeof(*k));
	int rc;

	if (!k)
		return err_raise(-ENOMEM);
	(void)libbpf_set_print(on_print);
	find_maps(found);
	if (!same_abi(found))
		maps_close(found);
	rc = load(k, found);
	if (rc == 0 && found[SELF] < 0)
		rc = begin_anew(k);
	maps_close(found);
	if (rc < 0)
		(void)snprintf(why, cap, "the kernel does not take our programs: %s",
			       err_text(rc));
	else
		rc = keep(k, false, why, cap);
	if (rc < 0) {
		agent_amk_free(k);
		return err_raise(rc);
	}
	*outp = k;
	return 0;
}

struct agent_amk *agent_amk_free(struct agent_amk *k)
{
	if (!k)
		return NULL;
	if (k->obj)
		bpf_object__close(k->obj);
	free(k);
	return NULL;
}

unsigned agent_amk_remove_all(void)
{
	struct if_nameindex *ifs = if_nameindex();
	unsigned n = 0;

	(void)libbpf_set_print(on_print);
	for (size_t i = 0; ifs && ifs[i].if_index; i++)
		n += detach(ifs[i].if_index);
	if (ifs)
		if_freenameindex(ifs);
	agent_pin_forget();
	return n;
}

/* ---- ports ---- */

/* The qdisc that filters hang on; whether it is ours is kept. */
static int qdisc_make(struct agent_amk *k, struct bpf_tc_hook *hook)
{
	struct altmark_port port = { 0 };
	uint32_t key = (uint32_t)hook->ifindex;
	int rc = bpf_tc_hook_create(hook);

	if (rc != 0)
		return rc == -EEXIST ? 0 : rc;
	(void)bpf_map_lookup_elem(k->fd[PORTS], &key, &port);
	port.made = 1;
	return bpf_map_update_elem(k->fd[PORTS], &key, &port, BPF_ANY);
}

static int attach(struct agent_amk *k, unsigned ifindex, enum bpf_tc_attach_point at, int prog)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;
	int rc = qdisc_make(k, agent_amk_hook_at(&hook, ifindex, at));

	if (rc < 0)
		return rc;
	/* somebody else's filter with our number is not replaced */
	if (bpf_tc_query(&hook, agent_amk_filter_at(&opts, at)) == 0 && !agent_amk_is_ours(ifindex, at))
		return -EEXIST;
	(void)agent_amk_filter_at(&opts, at);
	opts.prog_fd = prog;
	opts.flags = BPF_TC_F_REPLACE;
	return bpf_tc_attach(&hook, &opts);
}

/* Attached already, with the program we have loaded? */
static bool stands(unsigned ifindex, enum bpf_tc_attach_point at, int prog)
{
	struct bpf_prog_info have = { 0 }, want = { 0 };
	uint32_t len = sizeof(want);
	int fd = agent_amk_ours_at(ifindex, at, &have);

	if (fd < 0)
		return false;
	(void)close(fd);
	return bpf_obj_get_info_by_fd(prog, &want, &len) == 0 && have.id == want.id;
}

/* The programs cannot ask for it. */
static int mtu_set(struct agent_amk *k, unsigned ifindex, const char *name)
{
	struct altmark_port port = { 0 };
	struct ifreq r = { 0 };
	uint32_t key = ifindex;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	(void)str_copy(r.ifr_name, sizeof(r.ifr_name), name);
	rc = ioctl(fd, SIOCGIFMTU, &r) < 0 ? -errno : 0;
	(void)close(fd);
	if (rc < 0)
		return rc;
	(void)bpf_map_lookup_elem(k->fd[PORTS], &key, &port);
	if (port.mtu == (uint32_t)r.ifr_mtu)
		return 0;
	port.mtu = (uint32_t)r.ifr_mtu;
	return bpf_map_update_elem(k->fd[PORTS], &key, &port, BPF_ANY);
}

static int port_set(struct agent_amk *k, unsigned ifindex, const char *name, bool edge)
{
	int in = edge ? k->edge : k->core_in, out = edge ? k->edge : k->core_out;
	int rc = mtu_set(k, ifindex, name);

	if (rc < 0)
		return rc;

	if (!stands(ifindex, BPF_TC_INGRESS, in))
		rc = attach(k, ifindex, BPF_TC_INGRESS, in);
	if (rc == 0 && !stands(ifindex, BPF_TC_EGRESS, out))
		rc = attach(k, ifindex, BPF_TC_EGRESS, out);
	return rc;
}

int agent_amk_ports(struct agent_amk *k, const struct agent_altmark_port *ports, size_t n,
		    unsigned *missing)
{
	struct if_nameindex *ifs = if_nameindex();
	int rc = ifs ? 0 : -errno;
	char why[128];
	size_t found = 0;

	for (size_t i = 0; ifs && ifs[i].if_index; i++) {
		const struct agent_altmark_port *p = NULL;
		int one = 0;

		for (size_t j = 0; j < n && !p; j++)
			p = strcmp(ports[j].name, ifs[i].if_name) == 0 ? &ports[j] : NULL;
		found += p != NULL;
		if (p)
			one = port_set(k, ifs[i].if_index, p->name, p->edge);
		else
			(void)detach(ifs[i].if_index);
		rc = one < 0 ? one : rc;
	}
	if (ifs)
		if_freenameindex(ifs);
	*missing = (unsigned)(n - found);
	if (rc == 0)
		rc = keep(k, true, why, sizeof(why));
	return rc;
}

/* ---- what the programs go by ---- */

int agent_amk_self(const struct agent_amk *k, struct altmark_self *out)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(k->fd[SELF], &zero, out) < 0 ? -errno : 0;
}

int agent_amk_time(struct agent_amk *k, const struct altmark_time *t)
{
	uint32_t zero = 0;

	return bpf_map_update_elem(k->fd[TIME], &zero, t, BPF_EXIST) < 0 ? -errno : 0;
}

static struct altmark_flow_key flow_key(const struct agent_altmark_flow *f)
{
	struct altmark_flow_key key = { .dscp = f->has_dscp ? f->dscp : ALTMARK_ANY_DSCP };

	if (f->first.family != IP_NONE)
		memcpy(key.first, f->first.b, 16);
	memcpy(key.last, f->last.b, 16);
	return key;
}

static struct altmark_end_key end_key(const struct ip_prefix *p)
{
	struct altmark_end_key key = { .len = p->len };

	memcpy(key.addr, p->addr.b, 16);
	return key;
}

/* Deletes the keys of a map that wanted() does not know. */
static void sweep(int fd, size_t size, bool (*wanted)(const void *key, const void *arg),
		  const void *arg)
{
	uint8_t key[64], next[64];
	bool more = bpf_map_get_next_key(fd, NULL, next) == 0;

	while (more) {
		memcpy(key, next, size);
		more = bpf_map_get_next_key(fd, key, next) == 0;
		if (!wanted(key, arg))
			(void)bpf_map_delete_elem(fd, key);
	}
}

struct wanted {
	const void *at;
	size_t n;
};

static bool flow_wanted(const void *key, const void *arg)
{
	const struct wanted *w = arg;
	const struct agent_altmark_flow *flows = w->at;

	for (size_t i = 0; i < w->n; i++) {
		struct altmark_flow_key k = flow_key(&flows[i]);

		if (memcmp(&k, key, sizeof(k)) == 0)
			return true;
	}
	return false;
}

int agent_amk_flows(struct agent_amk *k, const struct agent_altmark_flow *flows, size_t n)
{
	struct wanted w = { flows, n };

	sweep(k->fd[FLOWS], sizeof(struct altmark_flow_key), flow_wanted, &w);
	for (size_t i = 0; i < n; i++) {
		struct altmark_flow_key key = flow_key(&flows[i]);
		struct altmark_flow v = { 0 };

		if (bpf_map_lookup_elem(k->fd[FLOWS], &key, &v) == 0 && v.id == flows[i].id)
			continue;
		v = (struct altmark_flow){ .id = flows[i].id };
		if (bpf_map_update_elem(k->fd[FLOWS], &key, &v, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static bool end_wanted(const void *key, const void *arg)
{
	const struct wanted *w = arg;
	const struct ip_prefix *ends = w->at;

	for (size_t i = 0; i < w->n; i++) {
		struct altmark_end_key k = end_key(&ends[i]);

		if (memcmp(&k, key, sizeof(k)) == 0)
			return true;
	}
	return false;
}

int agent_amk_ends(struct agent_amk *k, const struct ip_prefix *ends, size_t n)
{
	struct wanted w = { ends, n };
	uint32_t one = 1;

	sweep(k->fd[ENDS], sizeof(struct altmark_end_key), end_wanted, &w);
	for (size_t i = 0; i < n; i++) {
		struct altmark_end_key key = end_key(&ends[i]);

		if (bpf_map_update_elem(k->fd[ENDS], &key, &one, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

/* ---- counts ---- */

int agent_amk_counts(struct agent_amk *k,
		     bool (*fn)(void *arg, const struct altmark_count_key *key,
				const struct altmark_count *c),
		     void *arg)
{
	struct altmark_count_key key, next;
	struct altmark_count c;
	bool more = bpf_map_get_next_key(k->fd[COUNTS], NULL, &next) == 0;

	/* others add while we walk: a walk has an end all the same */
	for (unsigned i = 0; more && i < 2 * ALTMARK_COUNTS_MAX; i++) {
		key = next;
		more = bpf_map_get_next_key(k->fd[COUNTS], &key, &next) == 0;
		if (bpf_map_lookup_elem(k->fd[COUNTS], &key, &c) == 0 && !fn(arg, &key, &c))
			(void)bpf_map_delete_elem(k->fd[COUNTS], &key);
	}
	return 0;
}

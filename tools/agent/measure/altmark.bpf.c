/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternate marking (RFC 9341, 9343) as tc programs of clsact: `am_core_out` marks the flows it is
 * told and counts what leaves marked, `am_core_in` counts what arrives marked and takes the mark off
 * where it ends, `am_edge` takes it off of whatever crosses the border of the domain.
 *
 * A packet that cannot be marked goes on as it is and is not counted as of its flow, so that it is
 * no loss; how many there were is told. A GSO packet counts as the packets it will become, and is
 * not D-marked, as all of them would be.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tools/agent/measure/altmark_map.h"

enum {
	NEXT_IPV4 = 4,
	NEXT_TCP = 6,
	NEXT_IPV6 = 41,
	NEXT_ROUTING = 43,
	NEXT_OPTIONS = 60,
	OPTION = 0x12,
	OPTION_LEN = 4,
	MARK = 8, /* octets of the header that carries it */
	AT = ETH_HLEN + 40,
	COLOUR = 1 << 11,
	DELAY = 1 << 10,
	ID_SHIFT = 12,
};

struct mark {
	__u8 next, len, type, option_len;
	__be32 word;
} __attribute__((packed));

struct srh {
	__u8 next, len, type, left;
	__u8 last_entry, flags;
	__be16 tag;
	__u8 last[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ALTMARK_FLOWS_MAX);
	__type(key, struct altmark_flow_key);
	__type(value, struct altmark_flow);
} am_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ALTMARK_COUNTS_MAX);
	__type(key, struct altmark_count_key);
	__type(value, struct altmark_count);
} am_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ALTMARK_ENDS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct altmark_end_key);
	__type(value, __u32);
} am_ends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct altmark_self);
} am_self SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct altmark_time);
} am_time SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ALTMARK_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct altmark_port);
} am_ports SEC(".maps");

static __always_inline struct altmark_self *self_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&am_self, &zero);
}

static __always_inline const struct altmark_time *time_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&am_time, &zero);
}

static __always_inline __u64 wall_now(const struct altmark_time *t)
{
	return bpf_ktime_get_ns() + t->wall_minus_mono_ns;
}

static __always_inline void add(__u64 *to, __u64 n)
{
	__sync_fetch_and_add(to, n);
}

/* The headers up to what stands behind IPv6; false: not ours to look at. */
static __always_inline int header(struct __sk_buff *skb, struct ipv6hdr *ip)
{
	if (skb->protocol != bpf_htons(ETH_P_IPV6) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN, ip, sizeof(*ip)) < 0)
		return 0;
	return ip->version == 6;
}

static __always_inline int marked(struct __sk_buff *skb, const struct ipv6hdr *ip, struct mark *m)
{
	return ip->nexthdr == NEXT_OPTIONS && bpf_skb_load_bytes(skb, AT, m, sizeof(*m)) == 0 &&
	       m->len == 0 && m->type == OPTION && m->option_len == OPTION_LEN;
}

/* Octets up to the payload of TCP in the innermost packet; 0: it is none. */
static __always_inline __u32 headers_of(struct __sk_buff *skb, __u8 next, __u32 at)
{
	__u8 b[2];

	if (next == NEXT_ROUTING) {
		if (bpf_skb_load_bytes(skb, at, b, 2) < 0)
			return 0;
		next = b[0];
		at += 8 + 8 * b[1];
	}
	if (next == NEXT_IPV6) {
		if (bpf_skb_load_bytes(skb, at + 6, b, 1) < 0)
			return 0;
		next = b[0];
		at += 40;
	} else if (next == NEXT_IPV4) {
		__u8 first;

		if (bpf_skb_load_bytes(skb, at, &first, 1) < 0 ||
		    bpf_skb_load_bytes(skb, at + 9, b, 1) < 0)
			return 0;
		next = b[0];
		at += 4 * (first & 15);
	}
	if (next != NEXT_TCP || bpf_skb_load_bytes(skb, at + 12, b, 1) < 0)
		return 0;
	return at + 4 * (b[0] >> 4);
}

/* How many packets it will be on the wire; next stands at `at`. 0: that is not to be told. A packet
 * that was made longer has no count of its own any more. */
static __always_inline __u64 packets_of(struct __sk_buff *skb, __u8 next, __u32 at)
{
	__u32 size = skb->gso_size, headers;

	if (size == 0)
		return 1;
	if (skb->gso_segs > 0)
		return skb->gso_segs;
	headers = headers_of(skb, next, at);
	if (headers == 0 || headers >= skb->len)
		return 0;
	return (skb->len - headers + size - 1) / size;
}

/* A marked packet; next: what stands behind the mark. */
static __always_inline void count(struct __sk_buff *skb, const struct ipv6hdr *ip,
				  const struct mark *m, __u32 dir, const struct altmark_time *t)
{
	__u64 packets = packets_of(skb, m->next, AT + MARK);
	struct altmark_self *self = self_of();
	__u32 word = bpf_ntohl(m->word);
	struct altmark_count_key key = { .id = word >> ID_SHIFT,
					 .dir = dir,
					 .ifindex = skb->ifindex };
	struct altmark_count zero = {}, *c;
	__u64 now = wall_now(t);
	int colour = (word & COLOUR) != 0;

	if (!self)
		return;
	__builtin_memcpy(key.src, &ip->saddr, 16);
	c = bpf_map_lookup_elem(&am_counts, &key);
	if (!c) {
		bpf_map_update_elem(&am_counts, &key, &zero, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&am_counts, &key);
		if (!c) {
			add(&self->full, 1);
			return;
		}
	}
	/* two constant offsets: no pointer arithmetic for the verifier to doubt */
	if (colour) {
		add(&c->packets[1], packets);
		add(&c->bytes[1], skb->len);
		if (!c->first_ns[1])
			c->first_ns[1] = now;
		if (word & DELAY)
			c->d_ns[1] = now;
	} else {
		add(&c->packets[0], packets);
		add(&c->bytes[0], skb->len);
		if (!c->first_ns[0])
			c->first_ns[0] = now;
		if (word & DELAY)
			c->d_ns[0] = now;
	}
	c->last_ns = now;
}


/* ---- marking ---- */

/* By class, then of any. */
static __always_inline struct altmark_flow *by_class(struct altmark_flow_key *key, __u8 dscp,
						     int has_dscp, int has_any)
{
	struct altmark_flow *f = 0;

	key->dscp = dscp;
	if (has_dscp)
		f = bpf_map_lookup_elem(&am_flows, key);
	if (f || !has_any)
		return f;
	key->dscp = ALTMARK_ANY_DSCP;
	return bpf_map_lookup_elem(&am_flows, key);
}

static __always_inline int is_ours(const struct ipv6hdr *ip, const struct altmark_time *t)
{
	const __u32 *a = ip->saddr.in6_u.u6_addr32;
	__u32 b[4];

	__builtin_memcpy(b, t->source, 16);
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

static __always_inline struct altmark_flow *flow_of(struct __sk_buff *skb,
						    const struct ipv6hdr *ip,
						    const struct altmark_time *t)
{
	__u8 dscp = (__u8)(ip->priority << 2 | ip->flow_lbl[0] >> 6);
	struct altmark_flow_key key = {};
	struct altmark_flow *f = 0;
	struct srh srh;

	if (!t->kinds)
		return 0;

	__builtin_memcpy(key.first, &ip->daddr, 16);
	__builtin_memcpy(key.last, &ip->daddr, 16);
	if (ip->nexthdr == NEXT_ROUTING && bpf_skb_load_bytes(skb, AT, &srh, sizeof(srh)) == 0)
		__builtin_memcpy(key.last, srh.last, 16);
	f = by_class(&key, dscp, t->kinds & ALTMARK_FIRST_DSCP, t->kinds & ALTMARK_FIRST);
	if (f || !(t->kinds & (ALTMARK_ANY_FIRST_DSCP | ALTMARK_ANY_FIRST)) || !is_ours(ip, t))
		return f;
	__builtin_memset(key.first, 0, 16);
	return by_class(&key, dscp, t->kinds & ALTMARK_ANY_FIRST_DSCP,
			t->kinds & ALTMARK_ANY_FIRST);
}

/* One packet a period, away from its edges. */
static __always_inline int takes_d(const struct __sk_buff *skb, struct altmark_flow *f, __u64 now,
				   const struct altmark_time *t)
{
	__u64 period = now / t->period_ns, at = now % t->period_ns, was = f->d_period;

	if (was == period || skb->gso_size > 0 || at < t->guard_ns ||
	    at + t->guard_ns > t->period_ns)
		return 0;
	return __sync_val_compare_and_swap(&f->d_period, was, period) == was;
}

/* Fills m, too. False: it is not marked. */
static __always_inline int put(struct __sk_buff *skb, const struct ipv6hdr *ip, struct mark *m,
			       struct altmark_flow *f, const struct altmark_time *t)
{
	struct altmark_self *self = self_of();
	__u64 now = wall_now(t);
	__u32 word = f->id << ID_SHIFT | (now / t->period_ns & 1 ? COLOUR : 0);
	__be16 len = bpf_htons(bpf_ntohs(ip->payload_len) + MARK);
	__u64 before = packets_of(skb, ip->nexthdr, AT);
	__u8 next = NEXT_OPTIONS;
	__u32 ifindex = skb->ifindex;
	struct altmark_port *port;

	if (!self)
		return 0;
	if (skb->gso_size > 0 && headers_of(skb, ip->nexthdr, AT) == 0) {
		add(&self->refused, before); /* could not be counted afterwards */
		return 0;
	}
	/* of a GSO packet the kernel makes the parts smaller instead */
	port = bpf_map_lookup_elem(&am_ports, &ifindex);
	if (skb->gso_size == 0 && (!port || skb->len - ETH_HLEN + MARK > port->mtu)) {
		add(&self->too_long, 1);
		return 0;
	}
	if (bpf_skb_adjust_room(skb, MARK, BPF_ADJ_ROOM_NET, 0) < 0) {
		add(&self->refused, before);
		return 0;
	}
	if (takes_d(skb, f, now, t))
		word |= DELAY;
	*m = (struct mark){ .next = ip->nexthdr,
			    .type = OPTION,
			    .option_len = OPTION_LEN,
			    .word = bpf_htonl(word) };
	return bpf_skb_store_bytes(skb, AT, m, sizeof(*m), 0) == 0 &&
	       bpf_skb_store_bytes(skb, ETH_HLEN + 6, &next, 1, 0) == 0 &&
	       bpf_skb_store_bytes(skb, ETH_HLEN + 4, &len, 2, 0) == 0;
}

/* Takes the mark off. False: it stays. */
static __always_inline int strip(struct __sk_buff *skb, const struct ipv6hdr *ip,
				 const struct mark *m)
{
	__be16 len = bpf_htons(bpf_ntohs(ip->payload_len) - MARK);
	__u8 next = m->next;

	if (bpf_ntohs(ip->payload_len) < MARK ||
	    bpf_skb_adjust_room(skb, -MARK, BPF_ADJ_ROOM_NET, 0) < 0)
		return 0;
	return bpf_skb_store_bytes(skb, ETH_HLEN + 6, &next, 1, 0) == 0 &&
	       bpf_skb_store_bytes(skb, ETH_HLEN + 4, &len, 2, 0) == 0;
}

SEC("tc")
int am_core_out(struct __sk_buff *skb)
{
	const struct altmark_time *t = time_of();
	struct altmark_flow *f;
	struct ipv6hdr ip;
	struct mark m;

	if (!t || !header(skb, &ip))
		return TC_ACT_UNSPEC;
	if (marked(skb, &ip, &m)) {
		count(skb, &ip, &m, ALTMARK_OUT, t);
		return TC_ACT_UNSPEC;
	}
	if (t->period_ns == 0)
		return TC_ACT_UNSPEC;
	f = flow_of(skb, &ip, t);
	if (f && put(skb, &ip, &m, f, t))
		count(skb, &ip, &m, ALTMARK_OUT, t);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int am_core_in(struct __sk_buff *skb)
{
	const struct altmark_time *t = time_of();
	struct altmark_self *self = self_of();
	struct altmark_end_key key = { .len = 128 };
	struct ipv6hdr ip;
	struct mark m;

	if (!self || !t || !header(skb, &ip) || !marked(skb, &ip, &m))
		return TC_ACT_UNSPEC;
	count(skb, &ip, &m, ALTMARK_IN, t);
	__builtin_memcpy(key.addr, &ip.daddr, 16);
	if (bpf_map_lookup_elem(&am_ends, &key) && !strip(skb, &ip, &m))
		add(&self->refused, 1);
	return TC_ACT_UNSPEC;
}

/* Nobody outside marks our packets, and none of ours leaves with a mark. */
SEC("tc")
int am_edge(struct __sk_buff *skb)
{
	struct altmark_self *self = self_of();
	struct ipv6hdr ip;
	struct mark m;

	if (!self || !header(skb, &ip) || !marked(skb, &ip, &m))
		return TC_ACT_UNSPEC;
	if (!strip(skb, &ip, &m))
		return TC_ACT_SHOT;
	add(&self->stripped, 1);
	return TC_ACT_UNSPEC;
}

/* Nothing here needs helpers that are for the GPL only. */
char altmark_license[] SEC("license") = "Apache-2.0";

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcap to TCP streams. One direction of one connection is a stream; a SYN starts it. Segments
 * are copied to the place their sequence number gives, so retransmissions and disorder need no
 * care; octets nobody sent show as holes.
 */
#include "pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rd.h"

enum { STREAM_MAX = 1 << 22, FILE_MAX = 1 << 26 };

static int file_read(const char *path, uint8_t **data, size_t *len)
{
	FILE *f = fopen(path, "rb");
	long size;

	if (!f)
		return -errno;
	if (fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || size > FILE_MAX) {
		fclose(f);
		return -EIO;
	}
	rewind(f);
	*len = (size_t)size;
	*data = malloc(*len + 1);
	if (!*data || fread(*data, 1, *len, f) != *len) {
		free(*data);
		*data = NULL;
		fclose(f);
		return -EIO;
	}
	fclose(f);
	return 0;
}

static uint32_t le32(struct rd *r)
{
	return __builtin_bswap32(rd_u32(r));
}

struct segment {
	struct ip_addr src, dst;
	uint16_t sport, dport;
	uint32_t seq;
	bool syn;
	struct rd data;
};

static bool ip_cut(struct rd *r, struct segment *s, struct rd *tcp)
{
	struct rd ip = *r;
	uint8_t first = rd_u8(&ip);
	const uint8_t *src, *dst;
	uint16_t len;

	if (first >> 4 == 4) {
		size_t head = (size_t)(first & 0xf) * 4;
		uint8_t proto;

		rd_skip(&ip, 1);
		len = rd_u16(&ip);
		rd_skip(&ip, 5);
		proto = rd_u8(&ip);
		rd_skip(&ip, 2);
		src = rd_take(&ip, 4);
		dst = rd_take(&ip, 4);
		if (!src || !dst || proto != 6 || len < head || head < 20)
			return false;
		s->src = ip_v4(src);
		s->dst = ip_v4(dst);
		rd_skip(&ip, head - 20);
		*tcp = rd_sub(&ip, len - head);
		return !ip.bad;
	}
	rd_skip(&ip, 3);
	len = rd_u16(&ip);
	if (rd_u8(&ip) != 6)
		return false;
	rd_skip(&ip, 1);
	src = rd_take(&ip, 16);
	dst = rd_take(&ip, 16);
	if (!src || !dst)
		return false;
	s->src = ip_v6(src);
	s->dst = ip_v6(dst);
	*tcp = rd_sub(&ip, len);
	return !ip.bad;
}

static bool segment_cut(struct rd frame, struct segment *s)
{
	struct rd tcp;
	uint16_t ether;
	uint8_t off, flags;

	rd_skip(&frame, 12);
	ether = rd_u16(&frame);
	if ((ether != 0x0800 && ether != 0x86dd) || !ip_cut(&frame, s, &tcp))
		return false;
	s->sport = rd_u16(&tcp);
	s->dport = rd_u16(&tcp);
	s->seq = rd_u32(&tcp);
	rd_skip(&tcp, 4);
	off = rd_u8(&tcp) >> 4;
	flags = rd_u8(&tcp);
	s->syn = flags & 2;
	rd_skip(&tcp, 6 + ((size_t)off * 4 - 20));
	s->data = tcp;
	return !tcp.bad;
}

static struct pcap_stream *stream_of(struct pcap *p, const struct segment *s)
{
	struct pcap_stream *grown;

	for (size_t i = p->n; !s->syn && i-- > 0;) {
		struct pcap_stream *st = &p->streams[i];

		if (st->sport == s->sport && st->dport == s->dport && ip_eq(&st->src, &s->src) &&
		    ip_eq(&st->dst, &s->dst))
			return st;
	}
	grown = realloc(p->streams, (p->n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	p->streams = grown;
	grown[p->n] = (struct pcap_stream){ .src = s->src, .dst = s->dst, .sport = s->sport,
					    .dport = s->dport, .isn = s->seq + s->syn };
	return &grown[p->n++];
}

static int stream_room(struct pcap_stream *st, size_t len)
{
	uint8_t *data, *seen;

	if (len <= st->len)
		return 0;
	data = realloc(st->data, len);
	if (!data)
		return -ENOMEM;
	st->data = data;
	seen = realloc(st->seen, len);
	if (!seen)
		return -ENOMEM;
	st->seen = seen;
	memset(data + st->len, 0, len - st->len);
	memset(seen + st->len, 0, len - st->len);
	st->len = len;
	return 0;
}

static int segment_add(struct pcap *p, struct segment *s)
{
	struct pcap_stream *st = stream_of(p, s);
	size_t len = rd_left(&s->data);
	uint32_t at;

	if (!st)
		return -ENOMEM;
	at = s->seq - st->isn;
	if (len == 0 || at > STREAM_MAX)
		return 0; /* bare ACKs; keepalives lie one octet back */
	if (stream_room(st, at + len) < 0)
		return -ENOMEM;
	rd_copy(&s->data, st->data + at, len);
	memset(st->seen + at, 1, len);
	return 0;
}

static int packets_read(struct rd *r, struct pcap *out)
{
	while (rd_left(r) >= 16) {
		struct segment s = { 0 };
		struct rd frame;
		uint32_t len;
		int rc;

		rd_skip(r, 8);
		len = le32(r);
		rd_skip(r, 4);
		frame = rd_sub(r, len);
		if (r->bad)
			return -EINVAL;
		if (!segment_cut(frame, &s))
			continue;
		rc = segment_add(out, &s);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int pcap_read(const char *path, struct pcap *out)
{
	uint8_t *data = NULL;
	size_t len = 0;
	struct rd r;
	int rc = file_read(path, &data, &len);

	*out = (struct pcap){ 0 };
	if (rc < 0)
		return rc;
	r = rd_of(data, len);
	rc = le32(&r) == 0xa1b2c3d4 ? 0 : -EINVAL;
	rd_skip(&r, 20);
	if (rc == 0)
		rc = packets_read(&r, out);
	free(data);
	for (size_t i = 0; i < out->n; i++)
		for (size_t k = 0; k < out->streams[i].len; k++)
			out->streams[i].holes += !out->streams[i].seen[k];
	return rc;
}

void pcap_fini(struct pcap *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->streams[i].data);
		free(p->streams[i].seen);
	}
	free(p->streams);
	*p = (struct pcap){ 0 };
}

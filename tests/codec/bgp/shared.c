/* SPDX-License-Identifier: Apache-2.0 */
#include "shared.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *shared_path(const char *rel, char *buf, size_t cap)
{
	const char *dir = getenv("SEXTANT_SHARED");

	(void)snprintf(buf, cap, "%s/%s", dir ? dir : ".", rel);
	if (dir && access(buf, R_OK) == 0)
		return buf;
	(void)fprintf(stderr, "# SKIPPED: no %s under SEXTANT_SHARED\n", rel);
	return NULL;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

size_t hex_read(const char *text, uint8_t *out, size_t cap)
{
	size_t n = 0;

	while (*text && *text != '\n') {
		int hi, lo;

		if (isspace((unsigned char)*text)) {
			text++;
			continue;
		}
		hi = nibble(text[0]);
		lo = hi < 0 ? -1 : nibble(text[1]);
		if (lo < 0 || n == cap)
			abort();
		out[n++] = (uint8_t)(hi << 4 | lo);
		text += 2;
	}
	return n;
}

size_t vector_load(const char *id, uint8_t out[VECTOR_MAX])
{
	char path[512], line[8192];
	size_t n = 0;
	FILE *f;

	if (!shared_path("reference/wire/vectors.tsv", path, sizeof(path)))
		return 0;
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (n == 0 && fgets(line, sizeof(line), f)) {
		char *tab = strchr(line, '\t');

		if (!tab || (size_t)(tab - line) != strlen(id) ||
		    strncmp(line, id, strlen(id)) != 0)
			continue;
		n = hex_read(strrchr(line, '\t') + 1, out, VECTOR_MAX);
	}
	fclose(f);
	return n;
}

size_t tlv_hex(uint8_t *b, size_t cap, uint16_t type, const char *hex)
{
	size_t n = hex_read(hex, b + 4, cap - 4);

	b[0] = (uint8_t)(type >> 8);
	b[1] = (uint8_t)type;
	b[2] = (uint8_t)(n >> 8);
	b[3] = (uint8_t)n;
	return n + 4;
}

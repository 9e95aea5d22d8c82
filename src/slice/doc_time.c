/* SPDX-License-Identifier: Apache-2.0 */
/* yang:date-and-time: RFC 3339 with a zone, or "-00:00" where none is known. */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "slice/doc.h"

/* "Z", "+hh:mm" or "-hh:mm", in seconds. False: it is none. */
static bool zone(const char *t, int64_t *out)
{
	static const char form[] = "+00:00";
	int64_t h, m;

	*out = 0;
	if ((t[0] == 'Z' || t[0] == 'z') && !t[1])
		return true;
	if (strlen(t) != strlen(form) || (t[0] != '+' && t[0] != '-'))
		return false;
	for (size_t i = 1; form[i]; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)t[i]) : t[i] != form[i])
			return false;
	h = (t[1] - '0') * 10 + t[2] - '0';
	m = (t[4] - '0') * 10 + t[5] - '0';
	*out = (h * 60 + m) * 60 * (t[0] == '-' ? -1 : 1);
	return h < 24 && m < 60;
}

uint64_t doc_time(struct doc *d, json_object *o, const char *name)
{
	const char *text = doc_text(d, o, name), *rest;
	struct tm tm = { 0 };
	int64_t at, off;

	if (!text)
		return 0;
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest && *rest == '.' && isdigit((unsigned char)rest[1]))
		for (rest++; isdigit((unsigned char)*rest); rest++)
			;
	if (!rest || !zone(rest, &off)) {
		doc_fault(d, name, "a date and time as 2026-11-30T18:00:00Z");
		return 0;
	}
	at = (int64_t)timegm(&tm) - off;
	if (at <= 0)
		doc_fault(d, name, "it is long over");
	return at > 0 ? (uint64_t)at : 0;
}

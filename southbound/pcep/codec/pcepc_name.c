/* SPDX-License-Identifier: Apache-2.0 */
/* Names of code points, for logs, dumps and the list of what was skipped. */
#include "southbound/pcep/codec/pcepc_internal.h"

struct name_row {
	uint16_t code;
	const char *name;
};

static const struct name_row types[] = {
	{ 1, "Open" },	      { 2, "Keepalive" },  { 3, "PCReq" },    { 4, "PCRep" },
	{ 5, "PCNtf" },	      { 6, "PCErr" },	   { 7, "Close" },    { 10, "PCRpt" },
	{ 11, "PCUpd" },      { 12, "PCInitiate" }, { 13, "StartTLS" },
};

static const struct name_row tlvs[] = {
	{ 1, "NO-PATH-VECTOR" },
	{ 2, "OVERLOAD-DURATION" },
	{ 3, "REQ-MISSING" },
	{ 4, "OF-List" },
	{ 7, "VENDOR-INFORMATION-TLV" },
	{ 16, "STATEFUL-PCE-CAPABILITY" },
	{ 17, "SYMBOLIC-PATH-NAME" },
	{ 18, "IPV4-LSP-IDENTIFIERS" },
	{ 19, "IPV6-LSP-IDENTIFIERS" },
	{ 20, "LSP-ERROR-CODE" },
	{ 21, "RSVP-ERROR-SPEC" },
	{ 23, "LSP-DB-VERSION" },
	{ 24, "SPEAKER-ENTITY-ID" },
	{ 26, "SR-PCE-CAPABILITY" },
	{ 27, "SRv6-PCE-CAPABILITY" },
	{ 28, "PATH-SETUP-TYPE" },
	{ 29, "OPERATOR-CONFIGURED-ASSOCIATION-RANGE" },
	{ 30, "GLOBAL-ASSOCIATION-SOURCE" },
	{ 31, "EXTENDED-ASSOCIATION-ID" },
	{ 34, "PATH-SETUP-TYPE-CAPABILITY" },
	{ 35, "ASSOC-Type-List" },
	{ 38, "PATH-PROTECTION-ASSOCIATION" },
	{ 46, "DISJOINTNESS-CONFIGURATION" },
	{ 47, "DISJOINTNESS-STATUS" },
	{ 48, "POLICY-PARAMETERS" },
	{ 51, "PCE-FLOWSPEC-CAPABILITY" },
	{ 52, "FLOW-FILTER" },
	{ 54, "BIDIRECTIONAL-LSP-ASSOCIATION-GROUP" },
	{ 55, "TE-PATH-BINDING" },
	{ 56, "SRPOLICY-POL-NAME" },
	{ 57, "SRPOLICY-CPATH-ID" },
	{ 58, "SRPOLICY-CPATH-NAME" },
	{ 59, "SRPOLICY-CPATH-PREFERENCE" },
	{ 60, "MULTIPATH-CAP" },
	{ 61, "MULTIPATH-WEIGHT" },
	{ 62, "MULTIPATH-BACKUP" },
	{ 63, "MULTIPATH-OPPDIR-PATH" },
	{ 64, "LSP-EXTENDED-FLAG" },
	{ 66, "SR-ALGORITHM" },
	{ 67, "COLOR" },
	{ 68, "COMPUTATION-PRIORITY" },
	{ 69, "EXPLICIT-NULL-LABEL-POLICY" },
	{ 70, "INVALIDATION" },
	{ 71, "SRPOLICY-CAPABILITY" },
	{ 72, "PATH-RECOMPUTATION" },
	{ 65505, "CISCO-BSID" },
};

static const struct name_row subobjects[] = {
	{ 1, "IPv4-prefix" }, { 2, "IPv6-prefix" }, { 3, "label" },    { 4, "unnumbered" },
	{ 5, "SR-ERO-draft" }, { 32, "AS" },	   { 33, "EXRS" },   { 34, "SRLG" },
	{ 36, "SR-ERO" },     { 40, "SRv6-ERO" },   { 64, "IPv4-path-key" },
	{ 65, "IPv6-path-key" },
};

/* Error-Type << 8 | Error-value; value 0 names the type. */
static const struct name_row errors[] = {
	{ 0x0100, "session establishment failure" },
	{ 0x0101, "invalid Open message" },
	{ 0x0102, "OpenWait timer expired" },
	{ 0x0103, "session parameters not acceptable and not negotiable" },
	{ 0x0104, "session parameters not acceptable but negotiable" },
	{ 0x0105, "second Open still not acceptable" },
	{ 0x0106, "proposed session parameters not acceptable" },
	{ 0x0107, "KeepWait timer expired" },
	{ 0x0108, "PCEP version not supported" },
	{ 0x0200, "capability not supported" },
	{ 0x0301, "unknown object class" },
	{ 0x0302, "unknown object type" },
	{ 0x0401, "object class not supported" },
	{ 0x0402, "object type not supported" },
	{ 0x0404, "parameter not supported" },
	{ 0x0500, "policy violation" },
	{ 0x0601, "RP object missing" },
	{ 0x0602, "RRO object missing" },
	{ 0x0603, "END-POINTS object missing" },
	{ 0x0608, "LSP object missing" },
	{ 0x0609, "ERO object missing" },
	{ 0x060a, "SRP object missing" },
	{ 0x060b, "LSP-IDENTIFIERS TLV missing" },
	{ 0x060f, "DISJOINTNESS-CONFIGURATION TLV missing" },
	{ 0x0615, "SRPOLICY-CPATH-ID TLV missing" },
	{ 0x0616, "SR Policy association missing" },
	{ 0x0700, "synchronised path request missing" },
	{ 0x0800, "unknown request reference" },
	{ 0x0900, "second session" },
	{ 0x0a00, "invalid object" },
	{ 0x0a01, "P flag not set" },
	{ 0x0a02, "bad label" },
	{ 0x0a03, "too many SR-ERO sub-objects" },
	{ 0x0a04, "bad SR-ERO format" },
	{ 0x0a05, "mixed SR-ERO" },
	{ 0x0a06, "SID and NAI absent in SR-ERO" },
	{ 0x0a07, "SID and NAI absent in SR-RRO" },
	{ 0x0a08, "SYMBOLIC-PATH-NAME TLV missing" },
	{ 0x0a09, "MSD exceeds the session's" },
	{ 0x0a0b, "malformed object" },
	{ 0x0a0c, "SR-PCE-CAPABILITY sub-TLV missing" },
	{ 0x0a0d, "NAI type not supported" },
	{ 0x0a15, "MSD is 0 without the no-limit flag" },
	{ 0x0a20, "objective function not compatible with the disjointness" },
	{ 0x0a22, "SRv6-PCE-CAPABILITY sub-TLV missing" },
	{ 0x0a23, "SID and NAI absent in SRv6-RRO" },
	{ 0x0a24, "mixed SRv6-RRO" },
	{ 0x0a25, "SID structure over 128 bits" },
	{ 0x0a28, "too many SRv6-ERO sub-objects" },
	{ 0x0a29, "SRv6 NAI type not supported" },
	{ 0x0a2a, "SID and NAI absent in SRv6-ERO" },
	{ 0x0a2b, "mixed SRv6-ERO" },
	{ 0x1300, "invalid operation" },
	{ 0x1301, "update of an LSP that is not delegated" },
	{ 0x1302, "update without the capability" },
	{ 0x1303, "unknown PLSP-ID" },
	{ 0x1304, "resource limit exceeded" },
	{ 0x1305, "report without the capability" },
	{ 0x1306, "limit of PCE-initiated LSPs reached" },
	{ 0x1307, "delegation of a PCE-initiated LSP cannot be revoked" },
	{ 0x1308, "PLSP-ID is not 0 in an initiation" },
	{ 0x1309, "LSP is not PCE-initiated" },
	{ 0x130a, "rate of initiations too high" },
	{ 0x1313, "SRv6 without the capability" },
	{ 0x1401, "report cannot be processed" },
	{ 0x1405, "synchronisation cannot be finished" },
	{ 0x1501, "path setup type not supported" },
	{ 0x1502, "path setup type differs from the LSP's" },
	{ 0x1701, "SYMBOLIC-PATH-NAME in use" },
	{ 0x1702, "SPEAKER-ENTITY-ID for an LSP that is not PCE-initiated" },
	{ 0x1801, "instantiation parameters not acceptable" },
	{ 0x1802, "internal error" },
	{ 0x1803, "signalling error" },
	{ 0x1901, "StartTLS after other messages" },
	{ 0x1902, "first message is neither StartTLS, Open nor PCErr" },
	{ 0x1903, "no session without TLS" },
	{ 0x1904, "session without TLS possible" },
	{ 0x1905, "StartTLSWait timer expired" },
	{ 0x1a00, "association error" },
	{ 0x1a01, "association type not supported" },
	{ 0x1a02, "too many LSPs in the association group" },
	{ 0x1a06, "association information mismatch" },
	{ 0x1a14, "SR Policy identity mismatch" },
	{ 0x1a15, "SR Policy candidate path identity mismatch" },
	{ 0x2000, "binding value error" },
};

static const char *name_find(const struct name_row *rows, size_t n, uint16_t code)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == code)
			return rows[i].name;
	return NULL;
}

const char *pcepc_type_name(uint8_t type)
{
	return name_find(types, ARRAY_LEN(types), type);
}

const char *pcepc_tlv_name(uint16_t type)
{
	return name_find(tlvs, ARRAY_LEN(tlvs), type);
}

const char *pcepc_subobject_name(uint8_t type)
{
	return name_find(subobjects, ARRAY_LEN(subobjects), type);
}

const char *pcepc_error_text(uint8_t type, uint8_t value)
{
	const char *s = name_find(errors, ARRAY_LEN(errors), (uint16_t)(type << 8 | value));

	if (!s)
		s = name_find(errors, ARRAY_LEN(errors), (uint16_t)(type << 8));
	return s ? s : "error unknown to us";
}

static size_t rows_add(struct pcepc_table_row *out, size_t cap, size_t n, uint8_t class,
		       const struct tlv_table *t)
{
	for (size_t i = 0; i < t->n_rows; i++, n++)
		if (n < cap)
			out[n] = (struct pcepc_table_row){ .class = class,
							   .type = t->rows[i].type,
							   .len_min = t->rows[i].len_min,
							   .len_max = t->rows[i].len_max,
							   .on_fault = t->rows[i].on_fault,
							   .name = t->rows[i].name };
	return n;
}

size_t pcepc_tables(struct pcepc_table_row *out, size_t cap)
{
	size_t n = pcepc_object_rows(out, cap);

	n = rows_add(out, cap, n, PCEPC_OBJ_OPEN, &pcepc_open_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_LSP, &pcepc_lsp_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_SRP, &pcepc_srp_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_RP, &pcepc_rp_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_NO_PATH, &pcepc_no_path_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_NOTIFICATION, &pcepc_ntf_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_ERROR, &pcepc_error_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_PATH_ATTRIB, &pcepc_path_table);
	n = rows_add(out, cap, n, PCEPC_OBJ_VENDOR, &pcepc_vendor_table);
	return rows_add(out, cap, n, PCEPC_OBJ_ASSOCIATION, &pcepc_assoc_table);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the two halves of reading a service share. */
#include "slice/doc.h"

enum slice_admin doc_admin(struct doc *d, json_object *o); /* status/admin-status/status of o */
/* All of it but its id; groups of s are known by then. */
void doc_sdp(struct doc *d, json_object *o, const struct slice_service *s, struct slice_sdp *out);
/* Rates of SDPs that nothing keeps; all of s is known by then. */
void doc_rates(struct doc *d, const struct slice_service *s);
/* What the provider adds: realisation, assurance, repair; as if not said where it is not. */
void doc_provider(struct doc *d, struct slice_service *out);
/* All of a service whose document is a vpn-service. */
void doc_vpn(struct doc *d, struct slice_service *out);

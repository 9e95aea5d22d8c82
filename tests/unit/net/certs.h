/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Key material for tests, made in a fresh directory: a CA, and certificates it signed. */

struct certs {
	char dir[64];
	char ca[96], cert[96], key[96];		 /* CN "server", for ::1 and localhost */
	char client_cert[96], client_key[96];	 /* CN "client" */
	char other_ca[96], other_cert[96], other_key[96]; /* of a CA nobody trusts; CN "stranger" */
};

void certs_make(struct certs *c);
void certs_remove(struct certs *c);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Manners of daemons: what they say to people and to systemd, what they ask of the system. */

/* systemd's notification protocol ("READY=1", "STATUS=…"): one datagram to the socket named in
 * the environment; without it nothing. Never blocks. */
void log_service(const char *text);
/* Text of one or more lines to standard error, with a line feed at its end. */
void log_lines(const char *text);

/*
 * Large pages for what malloc() gives: trees and tables of a large network are read all over, and
 * with small pages a third of the time goes into finding where they are. Up to 64 MiB that are free
 * at the end of the heap are kept: given back, they would be had again, and cleared, with the next
 * event of the network. The C library takes these wishes at its start only (tunables
 * glibc.malloc.*), so the program is started anew, once: the same process, with the same arguments.
 * Does nothing when GLIBC_TUNABLES is set already, or when the program cannot be found; a C library
 * without the tunables takes no notice.
 */
void log_large_pages(char *const *argv);

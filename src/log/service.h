/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What daemons say to people and to systemd. */

/* systemd's notification protocol ("READY=1", "STATUS=…"): one datagram to the socket named in
 * the environment; without it nothing. Never blocks. */
void log_service(const char *text);
/* Text of one or more lines to standard error, with a line feed at its end. */
void log_lines(const char *text);

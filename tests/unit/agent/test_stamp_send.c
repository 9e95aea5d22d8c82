/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes whose socket the kernel leaves on a route that is none any more. It does so rarely, so send() and
 * connect() of this program stand before those of libc: what they do is what was seen of the kernel.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mono.h"
#include "check_main.h"
#include "loop/loop.h"
#include "tests/unit/agent/lab.h"
#include "tools/agent/measure/stamp.h"

static struct {
	bool stale, healed_by_connect;
	unsigned refused;
} kernel;

static struct {
	struct loop *loop;
	struct agent_stamp *stamp;
	int far; /* the reflector: hears, and says nothing */
	unsigned heard, wanted;
	uint64_t errors;
	char reason[128];
} bed;

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	if (kernel.stale) {
		kernel.refused++;
		errno = EMSGSIZE;
		return -1;
	}
	return sendto(fd, buf, len, flags, NULL, 0);
}

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	kernel.stale = kernel.stale && !kernel.healed_by_connect;
	return (int)syscall(SYS_connect, fd, to.__sockaddr__, len);
}

static void look(void *arg, const struct agent_stamp_session_view *v)
{
	(void)arg;
	bed.errors = v->send_errors;
	(void)str_copy(bed.reason, sizeof(bed.reason), v->reason);
}

static bool heard(void *arg)
{
	uint8_t buf[2048];

	(void)arg;
	while (recv(bed.far, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		bed.heard++;
	return bed.heard >= bed.wanted;
}

static bool errs(void *arg)
{
	(void)arg;
	agent_stamp_each(bed.stamp, look, NULL);
	return bed.errors >= 3;
}

static void bed_up(void)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(at);
	struct agent_stamp_session_cfg s = { .name = "s", .interval_ms = 5, .window_s = 1, .timeout_ms = 500 };
	struct agent_stamp_cfg cfg = { .sessions = &s, .n_sessions = 1 };

	memset(&kernel, 0, sizeof(kernel));
	memset(&bed, 0, sizeof(bed));
	bed.far = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(bed.far, 0);
	ck_assert_int_eq(bind(bed.far, (const struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(getsockname(bed.far, (struct sockaddr *)&at, &len), 0);
	ck_assert_int_eq(ip_parse("::1", &s.reflector), 0);
	s.port = ntohs(at.sin6_port);
	ck_assert_int_eq(loop_new(&bed.loop), 0);
	ck_assert_int_eq(agent_stamp_new(&bed.stamp, bed.loop), 0);
	ck_assert_int_eq(agent_stamp_configure(bed.stamp, &cfg), 0);
	bed.wanted = 3;
	ck_assert(lab_run(bed.loop, heard, NULL));
}

static void bed_down(void)
{
	agent_stamp_free(bed.stamp);
	loop_free(bed.loop);
	close(bed.far);
}

START_TEST(a_socket_on_a_dead_route_is_connected_again)
{
	bed_up();
	kernel.healed_by_connect = kernel.stale = true;
	bed.wanted = bed.heard + 5;
	ck_assert(lab_run(bed.loop, heard, NULL));
	ck_assert_uint_eq(kernel.refused, 1);
	agent_stamp_each(bed.stamp, look, NULL);
	ck_assert_uint_eq(bed.errors, 0);
	bed_down();
}
END_TEST

/* Its twin: what is too large on every route is told, and not tried without end. */
START_TEST(what_no_route_takes_is_told)
{
	bed_up();
	kernel.stale = true;
	ck_assert(lab_run(bed.loop, errs, NULL));
	ck_assert_uint_eq(kernel.refused, 2 * bed.errors);
	ck_assert_str_eq(bed.reason, "Message too long");
	kernel.stale = false;
	bed.wanted = bed.heard + 3;
	ck_assert(lab_run(bed.loop, heard, NULL));
	bed_down();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("stamp-send");
	TCase *t = tcase_create("stamp-send");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_socket_on_a_dead_route_is_connected_again);
	tcase_add_test(t, what_no_route_takes_is_told);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}

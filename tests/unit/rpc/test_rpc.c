/* SPDX-License-Identifier: Apache-2.0 */
/* Every test here runs on the gRPC core with mutual TLS (loop 0) and on the fake (loop 1). */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "world.h"

enum { WAIT_MS = 20000 }; /* of what comes at once on an idle machine */

START_TEST(a_unary_call_is_answered)
{
	struct asked a = { 0 };

	world_up(_i);
	ask(&a, "/t/echo", "hello", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	ck_assert_str_eq(str_text(&a.got), "hello");
	ck_assert_uint_eq(seen.messages, 1);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(an_empty_message_is_a_message)
{
	struct asked a = { 0 };

	world_up(_i);
	ask(&a, "/t/echo", "", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	ck_assert_uint_eq(a.got.len, 0);
	ck_assert_uint_eq(seen.messages, 1);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_status_and_its_text_come_back_without_control_characters)
{
	struct asked a = { 0 };

	world_up(_i);
	ask(&a, "/t/fail", "x\x1b[2J", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_NOT_FOUND);
	ck_assert_str_eq(a.st.text, "no such thing: x [2J ");
	ck_assert_str_eq(rpc_code_text(a.st.code), "NOT_FOUND");
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(an_unknown_method_is_told_so)
{
	struct asked a = { 0 };

	world_up(_i);
	ask(&a, "/t/nothing", "hello", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_UNIMPLEMENTED);
	ck_assert_str_eq(a.st.text, "no such method: /t/nothing");
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_call_nobody_answers_ends_at_its_deadline_for_both)
{
	struct asked a = { 0 };

	world_up(_i);
	ask(&a, "/t/echo", "the connection is there", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	a.ended = false;
	ask(&a, "/t/never", "hello", 300);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_DEADLINE_EXCEEDED);
	/* Where the machine was too busy to bring it there, there is nobody to be told. */
	ck_assert(run_count(&seen.ended, seen.accepted - 1, WAIT_MS));
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_stream_echoes_in_order_until_both_have_ended)
{
	struct asked a = { 0 };
	struct str want = { 0 };

	world_up(_i);
	open_stream(&a, "/t/stream", 0);
	for (int i = 0; i < 100; i++) {
		char text[32];
		int n = snprintf(text, sizeof(text), "message %d;", i);

		ck_assert_int_eq(rpc_call_send(a.call, text, (size_t)n), 0);
		str_addn(&want, text, (size_t)n);
	}
	ck_assert(run_count(&a.messages, 100, WAIT_MS));
	ck_assert(!a.ended);
	rpc_call_send_end(a.call);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	ck_assert_str_eq(str_text(&a.got), str_text(&want));
	ck_assert_uint_eq(seen.done, 1);
	ck_assert_uint_eq(seen.ended, 0);
	str_fini(&want);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_stalled_reader_fills_a_bounded_queue_and_loses_nothing)
{
	struct asked a = { 0 };

	world_up(_i);
	open_stream(&a, "/t/flood", 0);
	rpc_call_pause(a.call, true);
	ck_assert_int_eq(rpc_call_send(a.call, "go", 2), 0);
	ck_assert(run_until(&seen.full, WAIT_MS));
	ck_assert_uint_le(seen.queued_max, RPC_SEND_MAX);
	ck_assert_uint_lt(seen.flooded, FLOOD_MESSAGES);
	ck_assert_uint_eq(a.messages, 0);
	rpc_call_pause(a.call, false);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	ck_assert_uint_eq(a.messages, FLOOD_MESSAGES);
	ck_assert_uint_le(seen.queued_max, RPC_SEND_MAX);
	for (size_t i = 0; i < a.got.len; i += FLOOD_OCTETS / 2)
		ck_assert_uint_eq((uint8_t)a.got.s[i], (i / FLOOD_OCTETS) & 0xff);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_full_queue_refuses_and_tells_when_there_is_room)
{
	struct asked a = { 0 };
	char *block = calloc(1, RPC_SEND_MAX / 2 + 1);

	world_up(_i);
	open_stream(&a, "/t/never", 0);
	ck_assert_int_eq(rpc_call_send(a.call, block, RPC_SEND_MAX / 2 + 1), 0);
	ck_assert_uint_eq(a.writable, 0);
	ck_assert_int_eq(rpc_call_send(a.call, block, RPC_SEND_MAX / 2 + 1), RPC_E_FULL);
	ck_assert_uint_eq(rpc_call_queued(a.call), RPC_SEND_MAX / 2 + 1);
	ck_assert(run_count(&a.writable, 1, WAIT_MS));
	ck_assert_int_eq(rpc_call_send(a.call, block, 1), 0);
	free(block);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_message_beyond_the_limit_is_refused_either_way)
{
	const struct rpc_server_cfg cfg = { .recv_max = 1000 };
	struct asked a = { 0 };
	char block[1002];

	world_up_cfg(_i, &cfg);
	memset(block, 'x', sizeof(block));
	block[1000] = '\0';
	ask(&a, "/t/echo", block, WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	a.ended = false;
	block[1000] = 'x';
	block[1001] = '\0';
	ask(&a, "/t/echo", block, WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_RESOURCE_EXHAUSTED);
	ck_assert_uint_eq(seen.messages, 1);
	a.ended = false;
	a.got.len = 0;
	ask(&a, "/t/big", "4194305", WAIT_MS); /* RPC_RECV_MAX and one */
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_RESOURCE_EXHAUSTED);
	a.ended = false;
	ask(&a, "/t/big", "4194304", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_client_that_cancels_is_told_nothing_and_the_server_is)
{
	struct asked a = { 0 };

	world_up(_i);
	open_stream(&a, "/t/never", 0);
	ck_assert_int_eq(rpc_call_send(a.call, "x", 1), 0);
	ck_assert(run_count(&seen.messages, 1, WAIT_MS));
	a.call = rpc_call_cancel(a.call);
	ck_assert(run_count(&seen.ended, 1, WAIT_MS));
	ck_assert_int_eq(seen.end.code, RPC_CANCELLED);
	ck_assert(!a.ended);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_server_that_cancels_is_told_nothing_and_the_client_is)
{
	struct asked a = { 0 };

	world_up(_i);
	open_stream(&a, "/t/never", 0);
	ck_assert_int_eq(rpc_call_send(a.call, "x", 1), 0);
	ck_assert(run_count(&seen.messages, 1, WAIT_MS));
	seen.call = rpc_call_cancel(seen.call);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_ne(a.st.code, RPC_OK);
	ck_assert_uint_eq(seen.ended, 0);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(nobody_listening_is_unavailable)
{
	struct asked a = { 0 };

	world_up(_i);
	dial(1);
	ask(&a, "/t/echo", "hello", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_UNAVAILABLE);
	ck_assert_uint_eq(seen.accepted, 0);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_server_that_is_freed_ends_its_calls)
{
	struct asked a = { 0 };

	world_up(_i);
	open_stream(&a, "/t/never", 0);
	ck_assert_int_eq(rpc_call_send(a.call, "x", 1), 0);
	ck_assert(run_count(&seen.messages, 1, WAIT_MS));
	ck_assert_uint_eq(rpc_server_calls(server), 1);
	rpc_server_free(server);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_ne(a.st.code, RPC_OK);
	ck_assert_uint_eq(seen.ended, 0);
	a.ended = false;
	ask(&a, "/t/echo", "anyone?", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_UNAVAILABLE);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(one_message_means_one)
{
	struct asked a = { 0 };

	world_up(_i);
	open_stream(&a, "/t/once", 0);
	ck_assert_int_eq(rpc_call_send(a.call, "x", 1), 0);
	ck_assert_int_eq(rpc_call_send(a.call, "y", 1), 0);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_INVALID_ARGUMENT);
	ck_assert_str_eq(a.st.text, "more than one message");
	ck_assert_uint_eq(seen.messages, 1);
	ck_assert_uint_eq(seen.ended, 1);
	a.ended = false;
	open_stream(&a, "/t/once", 0);
	rpc_call_send_end(a.call);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_INVALID_ARGUMENT);
	ck_assert_str_eq(a.st.text, "no message");
	ck_assert_uint_eq(seen.ended, 2);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(more_calls_than_the_bound_are_refused_until_one_ends)
{
	const struct rpc_server_cfg cfg = { .calls_max = 3 };
	struct asked held[3] = { 0 }, a = { 0 };
	struct rpc_channel *first;

	world_up_cfg(_i, &cfg);
	for (unsigned i = 0; i < 3; i++) {
		open_stream(&held[i], "/t/never", 0);
		ck_assert_int_eq(rpc_call_send(held[i].call, "x", 1), 0);
		ck_assert(run_count(&seen.messages, i + 1, WAIT_MS));
	}
	/* From another connection: within one, gRPC itself makes the client wait. */
	first = channel;
	channel = NULL;
	dial(rpc_server_port(server));
	ask(&a, "/t/echo", "me too", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_RESOURCE_EXHAUSTED);
	ck_assert_str_eq(a.st.text, "3 calls are open, no more are taken");
	rpc_channel_free(first);
	ck_assert(run_count(&seen.ended, 3, WAIT_MS));
	a.ended = false;
	ask(&a, "/t/echo", "me too", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(metadata_and_who_calls_arrive)
{
	const struct rpc_meta meta[] = { { "username", "operator" }, { "password", "x" } };
	const struct rpc_meta bad[] = { { "user name", "x" } }, worse[] = { { "username", "a\nb" } };
	struct asked a = { 0 };

	world_up(_i);
	ask(&a, "/t/who", "", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_str_eq(str_text(&a.got), _i ? "::1 fake -" : "::1 client -");
	asked_fini(&a);
	a = (struct asked){ 0 };
	ask_with(&a, "/t/who", meta, 2);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_str_eq(str_text(&a.got), _i ? "::1 fake operator" : "::1 client operator");
	ck_assert_int_lt(try_with(&a, "/t/who", bad, 1), 0);
	ck_assert_int_lt(try_with(&a, "/t/who", worse, 1), 0);
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(freed_with_everything_open_nothing_is_left)
{
	struct asked a[8] = { 0 };

	world_up(_i);
	for (int i = 0; i < 8; i++) {
		open_stream(&a[i], i & 1 ? "/t/flood" : "/t/never", i & 2 ? WAIT_MS : 0);
		rpc_call_pause(a[i].call, true);
		ck_assert_int_eq(rpc_call_send(a[i].call, "x", 1), 0);
	}
	ck_assert(run_count(&seen.accepted, 8, WAIT_MS));
	world_down(); /* ASan looks */
	for (int i = 0; i < 8; i++)
		ck_assert(!a[i].ended);
}
END_TEST

START_TEST(freed_at_once_nothing_is_left)
{
	struct asked a = { 0 };

	world_up(_i);
	ask(&a, "/t/echo", "hello", WAIT_MS);
	world_down();
	ck_assert(!a.ended);
}
END_TEST

int main(void)
{
	const TTest *const both[] = {
		a_unary_call_is_answered,
		an_empty_message_is_a_message,
		a_status_and_its_text_come_back_without_control_characters,
		an_unknown_method_is_told_so,
		a_call_nobody_answers_ends_at_its_deadline_for_both,
		a_stream_echoes_in_order_until_both_have_ended,
		a_stalled_reader_fills_a_bounded_queue_and_loses_nothing,
		a_full_queue_refuses_and_tells_when_there_is_room,
		a_message_beyond_the_limit_is_refused_either_way,
		a_client_that_cancels_is_told_nothing_and_the_server_is,
		a_server_that_cancels_is_told_nothing_and_the_client_is,
		nobody_listening_is_unavailable,
		a_server_that_is_freed_ends_its_calls,
		one_message_means_one,
		more_calls_than_the_bound_are_refused_until_one_ends,
		metadata_and_who_calls_arrive,
		freed_with_everything_open_nothing_is_left,
		freed_at_once_nothing_is_left,
	};
	Suite *s = suite_create("rpc");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		tcase_add_loop_test(t, both[i], 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}

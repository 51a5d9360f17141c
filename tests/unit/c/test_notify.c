// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/notify.c
// LINK: workloads/lib/error.c
// The handshake, with a good peer and with bad ones.
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "workloads/lib/notify.h"

struct fixture {
	int peer;
	struct notify notify;
	struct error error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
		free(f);
		return -1;
	}
	f->peer = ends[1];
	notify_init(&f->notify, ends[0]);
	*state = f;
	return 0;
}

// A raw terminal pair: what stands in for a socket in a kernel without NET.
static int set_up_terminal(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct termios raw;
	int fd;

	f->peer = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(f->peer >= 0);
	assert_int_equal(unlockpt(f->peer), 0);
	fd = open(ptsname(f->peer), O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	assert_int_equal(tcgetattr(fd, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(fd, TCSANOW, &raw), 0);
	notify_init(&f->notify, fd);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->notify.fd);
	if (f->peer >= 0)
		close(f->peer);
	free(f);
	return 0;
}

static int step(struct fixture *f, bool readable, uint64_t now_ns)
{
	return notify_step(&f->notify, readable, now_ns, &f->error);
}

static void expect_line(struct fixture *f, const char *line)
{
	char text[64] = "";

	assert_int_equal(read(f->peer, text, sizeof(text) - 1), strlen(line));
	assert_string_equal(text, line);
}

static void test_nobody_to_tell(void **state)
{
	struct notify notify;
	struct error error;

	(void)state;
	notify_init(&notify, -1);
	notify_push(&notify, "steady-begin\n");
	assert_false(notify_busy(&notify));
	assert_int_equal(notify_step(&notify, false, 1, &error), 0);
}

// The second line is held back until the first has been answered.
static void test_one_after_the_other(void **state)
{
	struct fixture *f = *state;
	struct pollfd quiet = {.fd = f->peer, .events = POLLIN};

	assert_int_equal(step(f, false, 1), 0);
	notify_push(&f->notify, "steady-begin\n");
	assert_int_equal(step(f, false, 2), 0);
	expect_line(f, "steady-begin\n");
	notify_push(&f->notify, "steady-end\n");
	assert_int_equal(step(f, false, 3), 0);
	assert_int_equal(poll(&quiet, 1, 0), 0);
	assert_true(notify_busy(&f->notify));

	assert_int_equal(write(f->peer, "k", 1), 1);
	assert_int_equal(step(f, true, 4), 0);
	expect_line(f, "steady-end\n");
	assert_true(notify_busy(&f->notify));
	assert_int_equal(write(f->peer, "k", 1), 1);
	assert_int_equal(step(f, true, 5), 0);
	assert_false(notify_busy(&f->notify));
}

static void check_error(struct fixture *f, bool readable, uint64_t now_ns,
			const char *line)
{
	assert_int_equal(step(f, readable, now_ns), -1);
	assert_string_equal(f->error.line, line);
}

// The peer has read a line, and goes.
static void leave_unanswered(struct fixture *f)
{
	notify_push(&f->notify, "steady-begin\n");
	assert_int_equal(step(f, false, 1), 0);
	expect_line(f, "steady-begin\n");
	close(f->peer);
	f->peer = -1;
	check_error(f, true, 2,
		    "--notify-fd: the peer closed it without answering");
}

static void test_peer_gone_before(void **state)
{
	struct fixture *f = *state;

	close(f->peer);
	f->peer = -1;
	notify_push(&f->notify, "steady-begin\n");
	check_error(f, false, 1, "--notify-fd: the peer closed it");
}

static void test_peer_gone_without_an_answer(void **state)
{
	struct fixture *f = *state;

	leave_unanswered(f);
}

// The two ways a peer can be gone, seen through a terminal.
static void test_terminal_gone(void **state)
{
	struct fixture *f = *state;

	leave_unanswered(f);
	f->notify.waiting = false;
	check_error(f, false, 3, "--notify-fd: the peer closed it");
}

static void test_too_long_an_answer(void **state)
{
	struct fixture *f = *state;

	notify_push(&f->notify, "steady-begin\n");
	assert_int_equal(step(f, false, 1), 0);
	assert_int_equal(write(f->peer, "ok", 2), 2);
	check_error(f, true, 2,
		    "--notify-fd: the peer answered 2 bytes or more, not 1");
}

static void test_an_answer_nobody_asked_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(write(f->peer, "k", 1), 1);
	notify_push(&f->notify, "steady-begin\n");
	check_error(f, false, 1,
		    "--notify-fd: the peer answered before it was asked");
}

static void test_no_answer(void **state)
{
	struct fixture *f = *state;

	notify_push(&f->notify, "steady-begin\n");
	assert_int_equal(step(f, false, 1000), 0);
	assert_int_equal(step(f, false, 999 + NOTIFY_LIMIT_NS), 0);
	check_error(f, false, 1000 + NOTIFY_LIMIT_NS,
		    "--notify-fd: no answer within 300 seconds");
}

#define WITH_PEER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#define ON_TERMINAL(f) \
	cmocka_unit_test_setup_teardown(f, set_up_terminal, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_to_tell),
		WITH_PEER(test_one_after_the_other),
		WITH_PEER(test_peer_gone_before),
		WITH_PEER(test_peer_gone_without_an_answer),
		WITH_PEER(test_too_long_an_answer),
		WITH_PEER(test_an_answer_nobody_asked_for),
		WITH_PEER(test_no_answer),
		ON_TERMINAL(test_one_after_the_other),
		ON_TERMINAL(test_terminal_gone),
	};

	// As the program does.
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
// Loaded before libc into the runner (Python and what it starts), by
// LD_PRELOAD:
//
//   FAULT_CLOCK=AT,SHIFT  from second AT of CLOCK_MONOTONIC on, the time of day
// is SHIFT s off FAULT_UNDER=FOLDER    Python's steps that change something
// below it are looked at: FAULT_LOG=FILE        each is logged, a line 'CALL
// PATH' FAULT_KILL=N          before the Nth the process is killed; a write
// gets half way FAULT_FULL=N          the disk is full from the Nth on
//   FAULT_SLOW=MS         each takes so long
//
// A STEP is 'CALL NAME', the first such call of a file of this name, or a
// number, from 1.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *under, *log, *kill, *full;
	long slow, step;
	int is_full;
	double at, shift;
} fault;

__attribute__((constructor)) static void begin(void)
{
	const char *clock = getenv("FAULT_CLOCK"), *one;

	if (clock)
		sscanf(clock, "%lf,%lf", &fault.at, &fault.shift);
	if (strncmp(program_invocation_short_name, "python3", 7) != 0)
		return;
	fault.under = getenv("FAULT_UNDER");
	fault.log = getenv("FAULT_LOG");
	fault.kill = getenv("FAULT_KILL");
	fault.full = getenv("FAULT_FULL");
	fault.slow = (one = getenv("FAULT_SLOW")) ? strtol(one, NULL, 10) : 0;
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static int is(const char *wanted, long step, const char *call, const char *path)
{
	const char *name = strrchr(path, '/');
	const size_t length = strlen(call);

	if (!wanted)
		return 0;
	if (*wanted >= '0' && *wanted <= '9')
		return strtol(wanted, NULL, 10) == step;
	return !strncmp(wanted, call, length) && wanted[length] == ' ' &&
	       name && !strcmp(wanted + length + 1, name + 1);
}

// Looks at a step and says whether it is to fail; a killed process goes here.
static int fails(const char *call, const char *path, int fd, const void *data,
		 size_t length)
{
	char line[4200];

	if (!fault.under ||
	    strncmp(path, fault.under, strlen(fault.under)) != 0)
		return 0;
	const long step = __atomic_add_fetch(&fault.step, 1, __ATOMIC_SEQ_CST);
	const int fatal = is(fault.kill, step, call, path);
	const int fills = !fault.is_full && is(fault.full, step, call, path);

	fault.is_full |= fills;

	if (fault.log) {
		int log = (int)syscall(SYS_open, fault.log,
				       O_WRONLY | O_APPEND | O_CREAT, 0600);
		int size = snprintf(line, sizeof(line), "%s %s\n", call,
				    path + strlen(fault.under) + 1);

		syscall(SYS_write, log, line, size);
		syscall(SYS_close, log);
	}
	if (fault.slow)
		usleep((useconds_t)fault.slow * 1000);
	// A write gets half way.
	if (length && (fatal || fills))
		syscall(SYS_write, fd, data, length / 2);
	if (fatal)
		syscall(SYS_kill, getpid(), SIGKILL);
	if (fault.is_full)
		errno = ENOSPC;
	return fault.is_full;
}

static const char *of(int fd, char *path)
{
	char link[40];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, 4095);

	path[length < 0 ? 0 : length] = '\0';
	return path;
}

int open64(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = va_arg(args, mode_t);

	va_end(args);
	if ((flags & (O_CREAT | O_TRUNC)) && fails("open", path, -1, NULL, 0))
		return -1;
	return NEXT(open64)(path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t length)
{
	char path[4096];

	if (fault.under && fails("write", of(fd, path), fd, data, length))
		return -1;
	return NEXT(write)(fd, data, length);
}

int fsync(int fd)
{
	char path[4096];

	if (fault.under && fails("fsync", of(fd, path), fd, NULL, 0))
		return -1;
	return NEXT(fsync)(fd);
}

int mkdir(const char *path, mode_t mode)
{
	return fails("mkdir", path, -1, NULL, 0) ? -1 : NEXT(mkdir)(path, mode);
}

int rename(const char *from, const char *to)
{
	return fails("rename", to, -1, NULL, 0) ? -1 : NEXT(rename)(from, to);
}

static double shift(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return fault.at && (double)now.tv_sec >= fault.at ? fault.shift : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	const int failed = (int)syscall(SYS_clock_gettime, clock, now);

	if (!failed &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += (time_t)shift();
	return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	const int failed = (int)syscall(SYS_gettimeofday, now, zone);

	if (!failed)
		now->tv_sec += (time_t)shift();
	return failed;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

/*
 * Loaded into a process with LD_PRELOAD, so that a test can step its wall clock and fill its disk while it runs.
 *
 * The environment names a file of two words, which the test changes: how many seconds the wall clock is ahead, and how
 * many more bytes may be written to files (-1: as many as there is space for). What is monotonic is left alone, and so
 * is whatever is no regular file. The system is called directly: nothing has to be looked up first, whoever calls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t *words;

__attribute__((constructor)) static void find_words(void)
{
	const char *name = getenv("HUBBUB_PRELOAD");
	int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
	if (file < 0)
		return;
	void *map = mmap(NULL, 2 * sizeof *words, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (map != MAP_FAILED)
		words = map;
	close(file);
}

static int64_t ahead(void)
{
	return words ? __atomic_load_n(&words[0], __ATOMIC_RELAXED) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
	int result = syscall(SYS_clock_gettime, clock, at);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		at->tv_sec += ahead();
	return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
	int result = syscall(SYS_gettimeofday, at, zone);
	if (result == 0 && at)
		at->tv_sec += ahead();
	return result;
}

time_t time(time_t *at)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	if (at)
		*at = now.tv_sec;
	return now.tv_sec;
}

/* How many of these bytes the disk still takes. */
static size_t space(int file, size_t bytes)
{
	struct stat about;
	if (!words || __atomic_load_n(&words[1], __ATOMIC_RELAXED) < 0)
		return bytes;
	if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode))
		return bytes;
	int64_t left = __atomic_load_n(&words[1], __ATOMIC_RELAXED);
	for (;;) {
		if (left < 0)
			return bytes;
		int64_t taken = (uint64_t)left < bytes ? left : (int64_t)bytes;
		if (__atomic_compare_exchange_n(&words[1], &left, left - taken, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return taken;
	}
}

static ssize_t full(void)
{
	errno = ENOSPC;
	return -1;
}

ssize_t write(int file, const void *from, size_t bytes)
{
	size_t taken = space(file, bytes);
	return taken || !bytes ? syscall(SYS_write, file, from, taken) : full();
}

ssize_t pwrite64(int file, const void *from, size_t bytes, off64_t at)
{
	size_t taken = space(file, bytes);
	return taken || !bytes ? syscall(SYS_pwrite64, file, from, taken, at) : full();
}

ssize_t pwrite(int file, const void *from, size_t bytes, off_t at)
{
	return pwrite64(file, from, bytes, at);
}

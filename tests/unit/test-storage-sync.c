// SPDX-License-Identifier: MIT

// How many files the kernel is asked to write to disk at a time, and what becomes of the others.
// The kernel is a fake one: it is done with a file when it is told to be.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/handler.h"
#include "daemon/loop/loop.h"
#include "daemon/storage/storage-sync.h"

#define ALL_MAX (STORAGE_SYNC_UNDER_WAY + STORAGE_SYNC_WAITING)

static struct kernel {
    uint64_t under_way[ALL_MAX]; /* what each was given to be known by, oldest first */
    size_t n_under_way, n_done;  /* the first N_DONE of them are written */
    size_t n_begun, most;
    int event_fd;
    int refuses; /* errno of io_submit(), or 0 */
} kernel;

static struct loop *loop;
static struct storage_sync *disk;
static int fd, n_called, last_error, n_awaited;

// -- the kernel ----------------------------------------------------------------------------------

static long submit(const struct iocb *block) {
    if (kernel.refuses) {
        errno = kernel.refuses;
        return -1;
    }
    assert_int_equal(block->aio_lio_opcode, IOCB_CMD_FSYNC);
    assert_true(fcntl((int)block->aio_fildes, F_GETFD) >= 0);
    assert_in_range(kernel.n_under_way, 0, ALL_MAX - 1);
    kernel.event_fd = (int)block->aio_resfd;
    kernel.under_way[kernel.n_under_way++] = block->aio_data;
    kernel.n_begun++;
    kernel.most = kernel.n_under_way > kernel.most ? kernel.n_under_way : kernel.most;
    return 1;
}

static long get_events(long n_max, struct io_event *events) {
    long n = kernel.n_done < (size_t)n_max ? (long)kernel.n_done : n_max;

    for (long i = 0; i < n; i++) {
        events[i] = (struct io_event){.data = kernel.under_way[i]};
    }
    kernel.n_under_way -= (size_t)n;
    kernel.n_done -= (size_t)n;
    memmove(kernel.under_way, kernel.under_way + n, kernel.n_under_way * sizeof(uint64_t));
    return n;
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
    long arguments[4];
    va_list list;

    va_start(list, number);
    for (size_t i = 0; i < 4; i++) {
        arguments[i] = va_arg(list, long);
    }
    va_end(list);
    switch (number) {
    case SYS_io_setup:
        *(aio_context_t *)(uintptr_t)arguments[1] = 1; // NOLINT: as the kernel gets it
        return 0;
    case SYS_io_submit:
        return submit(*(struct iocb **)(uintptr_t)arguments[2]); // NOLINT
    case SYS_io_getevents:
        return get_events(arguments[2], (struct io_event *)(uintptr_t)arguments[3]); // NOLINT
    case SYS_io_destroy:
        return 0;
    default:
        fail_msg("system call %ld", number);
        return -1;
    }
}

// The N oldest are written, and the loop runs until FUNCTION has been called for all of them.
static void finish(size_t n) {
    kernel.n_done = n;
    n_awaited = n_called + (int)n;
    assert_int_equal(eventfd_write(kernel.event_fd, n), 0);
    assert_int_equal(loop_run(loop), 0);
}

// -- tests ---------------------------------------------------------------------------------------

static size_t count_open(void) {
    DIR *directory = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(directory);
    while (readdir(directory)) {
        n++;
    }
    (void)closedir(directory);
    return n;
}

static void on_written(void *context, int error) {
    last_error = error;
    if (++n_called == n_awaited) {
        loop_exit(loop, 0);
    }
}

static void send_off(size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(storage_sync_file(disk, fd, on_written, NULL), CALL_LATER);
    }
}

static int setup(void **state) {
    kernel = (struct kernel){0};
    n_called = last_error = n_awaited = 0;
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd < 0 || loop_new(&loop) < 0 || storage_sync_new(loop, &disk) < 0 ? -1 : 0;
}

static int teardown(void **state) {
    disk = storage_sync_free(disk);
    loop = loop_free(loop);
    fd = close_fd(fd);
    return 0;
}

static void test_sixteen_at_a_time_and_each_its_turn(void **state) {
    send_off(40);
    assert_int_equal(kernel.n_under_way, 16);
    finish(1);
    assert_int_equal(kernel.n_begun, 17);
    finish(16);
    finish(16);
    assert_int_equal(kernel.n_begun, 40);
    finish(7);
    assert_int_equal(n_called, 40);
    assert_int_equal(last_error, 0);
    assert_int_equal(kernel.most, 16);
}

static void test_waiting_file_may_be_closed(void **state) {
    int more = dup(fd);

    send_off(16);
    assert_int_equal(storage_sync_file(disk, more, on_written, NULL), CALL_LATER);
    (void)close(more);
    finish(16);
    finish(1); // the kernel saw it open
    assert_int_equal(last_error, 0);
}

static void test_too_many_refused_and_nothing_kept_open(void **state) {
    size_t n_open;

    send_off(1);
    n_open = count_open();
    send_off(ALL_MAX - 1);
    assert_int_equal(storage_sync_file(disk, fd, on_written, NULL), EAGAIN);
    for (size_t i = 0; i < ALL_MAX / 16; i++) {
        finish(16);
    }
    assert_int_equal(n_called, ALL_MAX);
    assert_int_equal(count_open(), n_open);
}

static void test_error_of_one_that_waited_is_told(void **state) {
    send_off(17);
    kernel.refuses = EBADF;
    n_awaited = 2;
    kernel.n_done = 1;
    assert_int_equal(eventfd_write(kernel.event_fd, 1), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(last_error, EBADF);
}

static void test_end_ends_those_that_wait(void **state) {
    size_t n_open = count_open();

    send_off(40);
    disk = storage_sync_free(disk);
    assert_int_equal(n_called, 40);
    assert_int_equal(last_error, ECANCELED);
    assert_int_equal(count_open(), n_open);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(sixteen_at_a_time_and_each_its_turn),
        TEST(waiting_file_may_be_closed),
        TEST(too_many_refused_and_nothing_kept_open),
        TEST(error_of_one_that_waited_is_told),
        TEST(end_ends_those_that_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

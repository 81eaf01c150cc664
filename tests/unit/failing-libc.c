// SPDX-License-Identifier: MIT
#include "tests/unit/failing-libc.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct json_tokener;

struct fault fault;

static bool fails(const char *name, int error) {
    if (fault.countdown == 0 || --fault.countdown > 0) {
        return false;
    }
    fault.hit = name;
    fault.expected = error;
    errno = error;
    return true;
}

// clang-format off
#define WRAP(type, name, parameters, ...)                                                          \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters { __VA_ARGS__ }

// What gives memory: counts the blocks.
#define MEMORY(name, parameters, arguments)                                                        \
    WRAP(void *, name, parameters,                                                                 \
         void *block = fails(#name, ENOMEM) ? NULL : __real_##name arguments;                      \
         fault.n_blocks += block ? 1 : 0;                                                          \
         return block;)

// A call into Linux.
#define CALL(type, name, parameters, arguments, failure)                                           \
    WRAP(type, name, parameters,                                                                   \
         return fails(#name, fault.error) ? (failure) : __real_##name arguments;)

MEMORY(malloc, (size_t size), (size))
MEMORY(calloc, (size_t n, size_t size), (n, size))
MEMORY(strdup, (const char *text), (text))
WRAP(void *, reallocarray, (void *old, size_t n, size_t size),
     void *block = fails("reallocarray", ENOMEM) ? NULL : __real_reallocarray(old, n, size);
     fault.n_blocks += block && !old ? 1 : 0;
     return block;)
WRAP(void, free, (void *block), fault.n_blocks -= block ? 1 : 0; __real_free(block);)
WRAP(struct json_tokener *, json_tokener_new_ex, (int depth),
     return fails("json_tokener_new_ex", ENOMEM) ? NULL : __real_json_tokener_new_ex(depth);)

CALL(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
CALL(int, ftruncate64, (int fd, off_t size), (fd, size), -1)
CALL(int, fstat64, (int fd, struct stat *status), (fd, status), -1)
CALL(int, eventfd, (unsigned count, int flags), (count, flags), -1)
CALL(int, fcntl64, (int fd, int command, long argument), (fd, command, argument), -1)
CALL(int, epoll_create1, (int flags), (flags), -1)
CALL(int, madvise, (void *start, size_t size, int advice), (start, size, advice), -1)
CALL(void *, mmap64, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
     (at, size, prot, flags, fd, offset), (void *)-1)
CALL(ssize_t, pread64, (int fd, void *data, size_t size, off_t offset), (fd, data, size, offset),
     -1)
CALL(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), -1)
// clang-format on

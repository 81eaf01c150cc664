// SPDX-License-Identifier: MIT
#include "tests/unit/failing-libc.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

struct json_object;
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
// As if there were no memory while it parses.
WRAP(struct json_object *, json_tokener_parse_ex,
     (struct json_tokener *tokener, const char *text, int size),
     return fails("json_tokener_parse_ex", ENOMEM) ? NULL
            : __real_json_tokener_parse_ex(tokener, text, size);)
// As inih is where it takes the memory of its lines from the heap.
WRAP(int, ini_parse_stream, (ini_reader reader, void *stream, ini_handler handler, void *user),
     return fails("ini_parse_stream", ENOMEM) ? -2
            : __real_ini_parse_stream(reader, stream, handler, user);)
WRAP(FILE *, fmemopen, (void *data, size_t size, const char *mode),
     return fails("fmemopen", ENOMEM) ? NULL : __real_fmemopen(data, size, mode);)
// What it gives is memory, too.
WRAP(int, scandirat64,
     (int fd, const char *name, struct dirent ***ret_entries,
      int (*filter)(const struct dirent *), int (*compare)(const struct dirent **,
      const struct dirent **)),
     int n = fails("scandirat64", fault.error) ? -1
             : __real_scandirat64(fd, name, ret_entries, filter, compare);
     fault.n_blocks += n < 0 ? 0 : n + (*ret_entries != NULL);
     return n;)

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
CALL(int, openat64, (int directory, const char *name, int flags), (directory, name, flags), -1)
CALL(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size), -1)
CALL(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), -1)
// clang-format on

// SPDX-License-Identifier: MIT
#pragma once

// The memory that a worker and its supervisor share, byte for byte.
//
// Two memfds. The *channel* is writable by both; the supervisor believes nothing it reads there
// (call/channel.c). The *kernel page* is written by the supervisor only: its memfd is sealed so
// that the worker's mapping can never be writable. All integers are little-endian, of fixed width.
//
//     channel:  header | submission ring | completion ring | readiness table | arena
//
// Indices run freely over 32 bits; the slot of index i is i % slots.

#include <linux/filter.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_ABI 1u /* both sides must agree; raised when anything below changes */

#define WIRE_SUBMISSIONS 64u  /* slots, and so the most calls in flight */
#define WIRE_COMPLETIONS 128u /* slots: every call in flight, and as many upcalls again */
#define WIRE_UPCALLS (WIRE_COMPLETIONS - WIRE_SUBMISSIONS) /* most upcalls not yet consumed */
#define WIRE_HANDLES 1024u /* readiness words, and so the most handles of an app */
#define WIRE_ARGS 6u       /* 64-bit arguments of a call */

#define WIRE_PAGE 4096u
#define WIRE_ARENA_MIN (64u << 10)
#define WIRE_ARENA_MAX (16u << 20)

// A call on its way to the supervisor. A buffer argument packs its place in the arena as
// offset | length << 32.
struct wire_submission {
    uint32_t call;     /* number in call/calls.csv */
    uint32_t tag;      /* the worker's own name for it, returned in the completion */
    uint64_t reserved; /* must be 0 */
    uint64_t arg[WIRE_ARGS];
};

// What comes back: the end of a call (kind WIRE_COMPLETION) or an upcall (any other kind).
struct wire_completion {
    uint32_t tag;   /* of the call; of an upcall: what it is about, by kind */
    uint32_t kind;  /* enum wire_kind */
    int64_t result; /* of a call: >= 0, or -errno */
};

enum wire_kind {
    WIRE_COMPLETION = 0,
    WIRE_UPCALL_STOP = 1,    /* result: enum wire_stop */
    WIRE_UPCALL_PING = 2,    /* to be answered by app.usage */
    WIRE_UPCALL_MESSAGE = 3, /* there are messages, for app.take */
};
#define WIRE_UPCALL_KINDS 4u /* with WIRE_COMPLETION, which is none */

// What app.take gives: this, the name and, up to the end, the argument, both without NUL.
struct wire_message {
    uint32_t number; /* for app.reply */
    uint32_t name_size;
};
#define WIRE_MESSAGE_NAME_MAX 64u
#define WIRE_MESSAGE_TEXT_MAX 16384u /* bytes of an argument, and of a reply */
#define WIRE_MESSAGE_MAX                                                                           \
    (sizeof(struct wire_message) + WIRE_MESSAGE_NAME_MAX + WIRE_MESSAGE_TEXT_MAX)
#define WIRE_SECRET_MAX 16384u

// The stop levels of the control word's low byte, in the order a stopping app meets them.
enum wire_stop {
    WIRE_RUN = 0,
    WIRE_STOP = 1,      /* raise SystemExit where the app is */
    WIRE_INTERRUPT = 2, /* raise KeyboardInterrupt: a console's Ctrl-C */
    WIRE_ABORT = 3,     /* leave the VM at once, running nothing more of the app */
};
#define WIRE_STOP_MASK 0xffu   /* control word: the level ... */
#define WIRE_UPCALL_ONE 0x100u /* ... and above it, a count of upcalls posted */

// Bits of a readiness word. The supervisor sets them when the handle becomes ready and clears them
// when it finds it no longer so; the worker only reads.
enum wire_ready {
    WIRE_READABLE = 1,
    WIRE_WRITABLE = 2,
    WIRE_ERROR = 4,
    WIRE_HANGUP = 8,
};

struct wire_header {
    /* written by the worker */
    alignas(64) uint32_t submission_tail;
    uint32_t completion_head;
    uint32_t worker_asleep; /* 0: awake; WIRE_ASLEEP; or the tag of the call it sleeps for */
    uint32_t worker_cpu;    /* CPU number, or WIRE_NO_CPU */

    /* written by the supervisor */
    alignas(64) uint32_t completion_tail;
    uint32_t supervisor_asleep;
    uint32_t supervisor_cpu;

    /* written by the supervisor, read in the VM's loop: a line of its own */
    alignas(64) uint32_t control;
    uint32_t readiness_generation; /* grows with every readiness bit set */
};
#define WIRE_NO_CPU UINT32_MAX
#define WIRE_ASLEEP 1u /* to be rung after anything; with a tag: after its end, and upcalls */

#define WIRE_SUBMISSION_OFFSET WIRE_PAGE
#define WIRE_COMPLETION_OFFSET (2 * (size_t)WIRE_PAGE)
#define WIRE_READINESS_OFFSET (3 * (size_t)WIRE_PAGE)
#define WIRE_ARENA_OFFSET (4 * (size_t)WIRE_PAGE)

// Bytes of a whole channel whose arena has ARENA_SIZE bytes (a multiple of WIRE_PAGE).
#define WIRE_CHANNEL_SIZE(arena_size) (WIRE_ARENA_OFFSET + (arena_size))

#define WIRE_MAGIC 0x3144505945504d00ull /* "\0MPEYPD1" */
#define WIRE_FILTER_MAX 64u

// The kernel page: what the worker is told at its start, and what it may read without a call.
struct wire_kernel_page {
    uint64_t magic;
    uint32_t abi;
    uint32_t generation; /* 1 for the first worker of this supervisor, 2 for the next */
    uint32_t arena_size; /* bytes */
    uint32_t n_handles;  /* most handles this app may hold */
    uint32_t spin_nsec;  /* longest spin before sleeping while the peer is on another CPU */
    uint32_t filter_length;
    struct sock_filter filter[WIRE_FILTER_MAX]; /* the worker's second filter */
    uint64_t random_seed;                       /* for the VM's own hash and random seed */
    char app[32];                               /* the app's name, NUL-terminated */
    uint32_t clock_calls; /* 1: the worker takes the time by calls, even where the vDSO has it */
    uint32_t has_storage; /* 1: the app has storage, where its files are */
};
#define WIRE_KERNEL_PAGE_SIZE WIRE_PAGE

// An IPv4 or IPv6 transport address.
struct wire_address {
    uint16_t family;  /* enum wire_family */
    uint16_t port;    /* host byte order */
    uint32_t scope;   /* IPv6 scope id, else 0 */
    uint8_t host[16]; /* network byte order; IPv4 uses the first 4, the rest 0 */
};

enum wire_family {
    WIRE_INET = 2,
    WIRE_INET6 = 10,
};

// What file.stat tells.
struct wire_file_status {
    uint64_t size;      /* bytes; 0 of a directory */
    int64_t mtime_nsec; /* since 1970 */
    uint32_t kind;      /* enum wire_file_kind */
    uint32_t reserved;  /* 0 */
};

// What file.next tells of each entry; its name follows, without a NUL, and then the next one at
// once.
struct wire_file_entry {
    uint64_t size;      /* as above */
    uint32_t kind;      /* enum wire_file_kind */
    uint32_t name_size; /* bytes */
};

// What file.space tells.
struct wire_file_space {
    uint64_t unit; /* bytes: what a file takes is counted in these, at least one for each */
    uint64_t n_units;
    uint64_t n_free;
};

enum wire_file_kind {
    WIRE_FILE = 1,
    WIRE_DIRECTORY = 2,
};

// Descriptors a worker is started with. The last two are mapped, then closed.
enum wire_fd {
    WIRE_FD_SLEEP = 0,   /* eventfd, read: rung by the supervisor */
    WIRE_FD_RING = 1,    /* eventfd, written: wakes the supervisor */
    WIRE_FD_CHANNEL = 2, /* memfd, mapped read-write */
    WIRE_FD_KERNEL = 3,  /* memfd, mapped read-only */
};

// How a worker ended, by its exit status. What a signal ended has none.
enum wire_exit {
    WIRE_EXIT_OK = 0,
    /* 1 to 119: the app's own, by sys.exit() */
    WIRE_EXIT_EXCEPTION = 120, /* uncaught exception, already logged */
    WIRE_EXIT_HEAP = 121,      /* MemoryError that nothing caught */
    WIRE_EXIT_NLR = 122,       /* the VM unwound past its last handler: a bug of ours */
    WIRE_EXIT_ABORT = 123,     /* stopped by WIRE_ABORT */
    WIRE_EXIT_CHANNEL = 124,   /* the channel could not be set up, or broke */
    WIRE_EXIT_IMAGE = 125,     /* no entry module, or the image contradicts the kernel page */
    WIRE_EXIT_STOPPED = 126,   /* ended by the SystemExit that WIRE_STOP raises */
};

_Static_assert(sizeof(struct wire_submission) == 64, "one cache line");
_Static_assert(sizeof(struct wire_completion) == 16, "four to a cache line");
_Static_assert(sizeof(struct wire_message) == 8 && WIRE_MESSAGE_MAX == 16456, "as in calls.csv");
_Static_assert(sizeof(struct wire_address) == 24, "no padding");
_Static_assert(sizeof(struct wire_file_status) == 24, "no padding");
_Static_assert(sizeof(struct wire_file_entry) == 16, "no padding");
_Static_assert(sizeof(struct wire_file_space) == 24, "no padding");
_Static_assert(sizeof(struct wire_header) <= WIRE_PAGE, "fits its page");
_Static_assert(offsetof(struct wire_header, completion_tail) == 64, "own line");
_Static_assert(offsetof(struct wire_header, control) == 128, "own line");
_Static_assert(WIRE_SUBMISSIONS * sizeof(struct wire_submission) <= WIRE_PAGE, "fits its page");
_Static_assert(WIRE_COMPLETIONS * sizeof(struct wire_completion) <= WIRE_PAGE, "fits its page");
_Static_assert(WIRE_HANDLES * sizeof(uint32_t) <= WIRE_PAGE, "fits its page");
_Static_assert(sizeof(struct wire_kernel_page) <= WIRE_KERNEL_PAGE_SIZE, "fits its page");

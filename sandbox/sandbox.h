// SPDX-License-Identifier: MIT
#pragma once

// The walls. The supervisor forks a spawner first thing, confines itself, and from then on asks the
// spawner to start and kill workers. Everything that confines is a row of a table
// (sandbox/layer-table.inc): {name, apply, verify, required}; what is in force was verified, not
// assumed.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "call/wire.h"

// -- layers --------------------------------------------------------------------------------------

enum layer_state {
    LAYER_OFF = 0,    /* not asked for */
    LAYER_ON = 1,     /* applied and verified */
    LAYER_FAILED = 2, /* could not be had; error says why */
};

struct layer_report {
    char name[24];   /* "user-namespace", "landlock", ... */
    uint8_t state;   /* enum layer_state */
    uint8_t process; /* enum layer_process */
    uint8_t required;
    uint8_t reserved;
    int32_t error; /* errno of the failure, or 0 */
    char why[64];  /* in words, for people; may be empty */
};

enum layer_process {
    LAYER_SUPERVISOR = 0,
    LAYER_SPAWNER = 1,
    LAYER_WORKER = 2,
};

#define LAYERS_MAX 32

#define SANDBOX_READABLE_MAX 3

// What this host is asked for. Names in OPTIONAL (comma separated) are layers that may be missing.
struct sandbox_options {
    const char *optional;
    uid_t supervisor_uid; /* when started as root: whom to become; else ignored */
    uid_t worker_uid;
    int cpu;      /* pin spawner and workers to this CPU, or -1 */
    int state_fd; /* the directory the supervisor may write in, or 0 */

    // Files and directories that the supervisor may read again, with all in them; NULL ends them.
    const char *readable[SANDBOX_READABLE_MAX + 1];
};

// Whether there is a layer of this name, SIZE bytes of it: a misspelt one must not pass as
// optional.
bool sandbox_is_layer(const char *name, size_t size);

// -- the supervisor's own confinement ------------------------------------------------------------

// Ids (as root), capabilities, no_new_privs, not dumpable, Landlock (only the resolver's files
// readable, only what is in the state directory writable), seccomp. Irreversible. Reports into
// REPORTS (LAYERS_MAX of them). Returns the number of reports, or -errno if a required layer failed
// (it is logged). Files are opened before it; memory, sockets, timers and what c-ares reads can be
// had after it.
int sandbox_confine_supervisor(const struct sandbox_options *options,
                               struct layer_report reports[LAYERS_MAX]);

// Once the policy is known: TCP ports that may be bound and connected to, where the kernel's
// Landlock can say so (ABI 4). SANDBOX_PORTS_ANY as a number: no list can be given. STATE_FD as in
// the options. Appends one report.
#define SANDBOX_PORTS_ANY SIZE_MAX
int sandbox_confine_ports(const uint16_t *listen, size_t n_listen, const uint16_t *connect,
                          size_t n_connect, int state_fd, struct layer_report *ret_report);

// -- the spawner ---------------------------------------------------------------------------------

struct spawner {
    int socket; /* seqpacket to the spawner; readable when it says something */
    pid_t pid;
    int pidfd; /* readable once it has ended */
};

// Descriptors a worker needs, in enum wire_fd order; the spawner keeps its own copies.
struct spawner_descriptors {
    int sleep;   /* eventfd the worker reads */
    int ring;    /* eventfd the worker writes */
    int channel; /* memfd */
    int kernel;  /* memfd */
};

// Forks the spawner, which confines itself and never returns. Call it before anything secret is in
// memory and before sandbox_confine_supervisor(). Returns 0 or -errno; on success spawner_done()
// ends it and everything below.
int spawner_fork(const struct sandbox_options *options,
                 const struct spawner_descriptors *descriptors, struct spawner *ret_spawner);
void spawner_done(struct spawner *spawner);

// What every worker of this image is started with. Sent once; the spawner compiles filter 1 from
// it.
struct worker_options {
    char app[32]; /* process title and argv[0] */
    uint64_t channel_size;
    uint64_t memory_limit; /* RLIMIT_AS in bytes, 0: none */
    uint64_t stack_limit;  /* RLIMIT_STACK in bytes */
};
// IMAGE_FD must be the caller's own (by uid): its mode becomes 0111, so that the worker is not
// dumpable. It stays the caller's to close. Returns 0 or -errno; SPAWNER_FAILED may follow.
int spawner_configure(struct spawner *spawner, int image_fd, const struct worker_options *options);

// Asks for a worker; SPAWNER_STARTED or SPAWNER_FAILED follows. GENERATION comes back in events.
int spawner_start(struct spawner *spawner, uint32_t generation);

// Asks for SIGKILL of the running worker, if any; SPAWNER_ENDED follows.
int spawner_kill(struct spawner *spawner);

// Asks for the processor time of the running worker; SPAWNER_USED follows if there is one.
int spawner_measure(struct spawner *spawner);

enum spawner_event_kind {
    SPAWNER_READY = 1,   /* confined; reports[] tell of every layer of spawner and worker */
    SPAWNER_STARTED = 2, /* pid: of the worker, as the spawner sees it */
    SPAWNER_FAILED = 3,  /* could not confine itself or start a worker: error, what */
    SPAWNER_ENDED = 4,   /* code/status as waitid(2) gives them, cpu_usec */
    SPAWNER_USED = 5,    /* cpu_usec: what the worker has taken so far; or error */
};

struct spawner_event {
    uint32_t kind; /* enum spawner_event_kind */
    uint32_t generation;
    int32_t pid;
    int32_t error;
    int32_t code;   /* CLD_EXITED, CLD_KILLED, CLD_DUMPED */
    int32_t status; /* exit status or signal */
    uint32_t n_reports;
    uint64_t cpu_usec;
    char what[96]; /* the step that failed */
    struct layer_report reports[LAYERS_MAX];
};

// Receives one event without blocking. Returns 1, 0 if there is none, -ECONNRESET once the spawner
// is gone, or -errno.
int spawner_receive(struct spawner *spawner, struct spawner_event *ret_event);

// The worker's second filter (read(0,.,8), write(1,.,8), exit_group), for the kernel page. Returns
// the number of instructions written to FILTER, at most SIZE, or -errno.
int sandbox_worker_filter(struct sock_filter *filter, size_t size);

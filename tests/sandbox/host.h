// SPDX-License-Identifier: MIT
#pragma once

// What every sandbox test needs: somebody who plays the supervisor, and somebody who may look into
// /proc while the first has no right to.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/sandbox.h"
#include "tests/sandbox/probe.h"

#define HOST_SUPERVISOR_UID 64001
#define HOST_WORKER_UID 64002
#define HOST_USER_UID 65534

struct host {
    struct sandbox_options options;
    struct spawner_descriptors descriptors;
    struct spawner spawner;
    struct spawner_event ready;
    struct wire_kernel_page *page;
    struct probe_command *command;
    struct probe_answer *answer;
    void *channel;
    int image;
    uint32_t generation;
};

// Takes the arguments --user (become an ordinary user; the test is skipped, exit 77, unless started
// as root), --optional LIST, and the path of the probe image. Forks the inspector first.
void host_main_init(int argc, char **argv);
int host_is_root(void);     /* plays a supervisor that was started as root */
int host_may_inspect(void); /* the inspector is root: what it cannot see is not there */

// What to expect of the probe: memory, eventfds, a spawner that is ready and configured.
void host_init(struct host *host);
// The same without a spawner; then with one.
void host_init_memory(struct host *host);
void host_init_spawner(struct host *host);
int host_load_image(void); /* the probe in a new memfd of the present id */
void host_done(struct host *host);

// fork(2), where a failed assertion of the child ends it rather than goes on with the next test.
pid_t host_fork(void);

// Waits (20 s at most) for the next event. Returns spawner_receive()'s value.
int host_event(struct host *host, struct spawner_event *ret_event);

// Starts a probe with COMMAND; host_event() tells of it.
void host_start(struct host *host, const struct probe_command *command);

// Starts a probe and waits until it has ended; returns the event of its end.
struct spawner_event host_run(struct host *host, const struct probe_command *command);

// Waits until the running probe has come to STAGE.
void host_wait_stage(struct host *host, enum probe_stage stage);

// The inspector: the contents of a file, the target of a link, the entries of a directory (one a
// line), as root sees them if the test was started as root. Returns the length or -errno.
int inspect_file(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int inspect_link(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int inspect_directory(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The value of a line "NAME:\tvalue" of /proc/PID/status into TEXT.
void inspect_status(pid_t pid, const char *name, char *text, size_t size);

// The one child of PID, as this pid namespace numbers it, or 0.
pid_t inspect_child(pid_t pid);
int inspect_exists(pid_t pid);

int count_descriptors(void); /* of this process */

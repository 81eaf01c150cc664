// SPDX-License-Identifier: MIT

// Launches: launch ROUNDS IMAGE ARENA-BYTES EMPTY [BWRAP]. Each round does all of these in turn and
// prints a line "NAME MICROSECONDS" for each:
//
//     worker         the spawner is asked, until the worker's first call is answered
//     worker-exit    ... until the worker, who exits then, has been reaped
//     vfork-write    vfork and exec of EMPTY until it writes to an eventfd
//     vfork-exit     ... until it has been reaped
//     bwrap          bubblewrap with all namespaces that runs EMPTY, until it has been reaped
//
// All on the CPU this was started on, as mpyd does by default.

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/title.h"
#include "call/calls.h"
#include "call/channel.h"
#include "sandbox/sandbox.h"
#include "tests/bench/slices.h"

#define SUPERVISOR_UID 64001
#define WORKER_UID 64002
#define MEMORY_LIMIT (64u << 20)
#define STACK_LIMIT (512u << 10)
#define WAIT_MSEC 10000

static struct channel channel;
static struct spawner spawner;
static struct wire_kernel_page *page;
static int page_fd, image_fd;

// -- a supervisor that does nothing but answer ---------------------------------------------------

static void make_page(size_t arena_size) {
    void *memory = NULL;
    int n = 0;

    page_fd = fd_new_memory("kernel", WIRE_KERNEL_PAGE_SIZE, false);
    if (page_fd < 0 || fd_map(page_fd, WIRE_KERNEL_PAGE_SIZE, true, &memory) < 0) {
        errx(1, "cannot make the kernel page");
    }
    page = memory;
    *page = (struct wire_kernel_page){
        .magic = WIRE_MAGIC, .abi = WIRE_ABI, .arena_size = (uint32_t)arena_size, .app = "launch"};
    n = sandbox_worker_filter(page->filter, WIRE_FILTER_MAX);
    if (n < 0) {
        errx(1, "cannot make the worker's filter");
    }
    page->filter_length = (uint32_t)n;
}

static void load_image(const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0) {
        err(1, "%s", path);
    }
    image_fd = fd_new_memory("image", (size_t)st.st_size, true);
    while (image_fd >= 0 && st.st_size > 0) {
        char buffer[65536];
        ssize_t n = read(fd, buffer, sizeof(buffer));

        if (n <= 0 || write(image_fd, buffer, (size_t)n) != n) {
            err(1, "%s", path);
        }
        st.st_size -= n;
    }
    if (image_fd < 0 || fcntl(image_fd, F_ADD_SEALS,
                              F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
        errx(1, "cannot copy the image");
    }
    (void)close(fd);
}

static struct spawner_event wait_event(uint32_t kind) {
    struct pollfd source = {.fd = spawner.socket, .events = POLLIN};
    struct spawner_event event = {0};

    if (poll(&source, 1, WAIT_MSEC) <= 0 || spawner_receive(&spawner, &event) <= 0) {
        errx(1, "the spawner says nothing");
    }
    if (event.kind != kind) {
        errx(1, "the spawner failed: %s: error %d", event.what, event.error);
    }
    return event;
}

static void make_spawner(void) {
    struct sandbox_options options = {.optional = "",
                                      .supervisor_uid = SUPERVISOR_UID,
                                      .worker_uid = WORKER_UID,
                                      .cpu = sched_getcpu()};
    struct spawner_descriptors descriptors = {.sleep = channel.ring_fd,
                                              .ring = channel.doorbell_fd,
                                              .channel = channel.memory_fd,
                                              .kernel = page_fd};
    struct worker_options worker = {.app = "launch",
                                    .channel_size = WIRE_CHANNEL_SIZE(page->arena_size),
                                    .memory_limit = MEMORY_LIMIT,
                                    .stack_limit = STACK_LIMIT};

    if (spawner_fork(&options, &descriptors, &spawner) < 0) {
        errx(1, "cannot make a spawner");
    }
    (void)wait_event(SPAWNER_READY);
    if (spawner_configure(&spawner, image_fd, &worker) < 0) {
        errx(1, "cannot configure the spawner");
    }
}

// Answers calls until the first has its answer.
static void answer_first_call(void) {
    struct pollfd source = {.fd = channel.doorbell_fd, .events = POLLIN};
    struct wire_submission submission;

    while (channel_next(&channel, &submission) == 0) {
        if (!channel_pending(&channel, 0) && poll(&source, 1, WAIT_MSEC) <= 0) {
            errx(1, "the worker says nothing");
        }
        channel_awake(&channel);
    }
    if (submission.call != CALL_CHANNEL_START) {
        errx(1, "the worker began with call %u", submission.call);
    }
    channel_complete(&channel, submission.tag, 0);
    (void)channel_flush(&channel);
}

static void launch_worker(int64_t *ret_replied, int64_t *ret_ended) {
    int64_t start = 0;

    channel_reset(&channel);
    page->generation++;
    start = slices_now_nsec();
    if (spawner_start(&spawner, page->generation) < 0) {
        errx(1, "cannot ask for a worker");
    }
    answer_first_call();
    *ret_replied = slices_now_nsec() - start;
    (void)wait_event(SPAWNER_STARTED);
    (void)spawner_kill(&spawner);
    (void)wait_event(SPAWNER_ENDED);
    *ret_ended = slices_now_nsec() - start;
}

// -- programs ------------------------------------------------------------------------------------

static pid_t start_program(char *const *words) {
    pid_t pid = vfork();

    if (pid < 0) {
        err(1, "vfork");
    }
    if (pid == 0) {
        (void)execv(words[0], words);
        _exit(127);
    }
    return pid;
}

static void reap(pid_t pid, const char *name) {
    int status = 0;

    if (waitpid(pid, &status, 0) < 0 || status != 0) {
        errx(1, "%s ended with wait status %#x", name, status);
    }
}

static int64_t time_program(char *const *words) {
    int64_t start = slices_now_nsec();

    reap(start_program(words), words[0]);
    return slices_now_nsec() - start;
}

static int64_t time_first_write(char *program) {
    static char number[12];
    char *const words[] = {program, number, NULL};
    uint64_t count = 0;
    int ends[2];
    int64_t start = 0;
    int64_t end = 0;

    if (pipe(ends) < 0) {
        err(1, "pipe");
    }
    (void)snprintf(number, sizeof(number), "%d", ends[1]);
    start = slices_now_nsec();
    pid_t pid = start_program(words);
    if (read(ends[0], &count, sizeof(count)) != sizeof(count)) {
        errx(1, "%s wrote nothing", program);
    }
    end = slices_now_nsec();
    reap(pid, program);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return end - start;
}

static void tell(const char *name, int64_t nsec) {
    printf("%s %.1f\n", name, (double)nsec / 1000);
}

static void round_of_all(char *empty, char *bwrap) {
    char *const plain[] = {empty, NULL};
    char *const boxed[] = {bwrap, "--unshare-all", "--ro-bind", empty, "/empty", "/empty", NULL};
    int64_t replied = 0;
    int64_t ended = 0;

    launch_worker(&replied, &ended);
    tell("worker", replied);
    tell("worker-exit", ended);
    tell("vfork-write", time_first_write(empty));
    tell("vfork-exit", time_program(plain));
    if (bwrap) {
        tell("bwrap", time_program(boxed));
    }
}

int main(int argc, char **argv) {
    if (argc < 5 || argc > 6) {
        errx(2, "usage: launch ROUNDS IMAGE ARENA-BYTES EMPTY [BWRAP]");
    }
    if (channel_init(&channel) < 0 || channel_resize(&channel, (size_t)atol(argv[3])) < 0) {
        errx(1, "cannot make a channel");
    }
    make_page((size_t)atol(argv[3]));
    load_image(argv[2]);
    make_spawner();
    for (int i = atoi(argv[1]); i > 0; i--) {
        round_of_all(argv[4], argc > 5 ? argv[5] : NULL);
    }
    spawner_done(&spawner);
    return 0;
}

// SPDX-License-Identifier: MIT
#include "tests/sandbox/host.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/title.h"
#include "tests/sandbox/inspector.h"

#define ARENA_SIZE WIRE_ARENA_MIN
#define WAIT_MSEC 20000

static const char *probe_path;
static const char *optional_layers = "";
static int probe_fd = -1;

static void become_user(void) {
    if (geteuid() != 0) {
        fprintf(stderr, "needs root to become another user: skipped\n");
        exit(77);
    }
    if (setgroups(0, NULL) < 0 || setresgid(HOST_USER_UID, HOST_USER_UID, HOST_USER_UID) < 0 ||
        setresuid(HOST_USER_UID, HOST_USER_UID, HOST_USER_UID) < 0) {
        perror("become user");
        exit(1);
    }
    // The change of ids took this away; a user who logs in has it.
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static char **copy_arguments(int argc, char **argv) {
    char **copy = calloc((size_t)argc + 1, sizeof(*copy));

    for (int i = 0; copy && i < argc; i++) {
        copy[i] = strdup(argv[i]);
        if (!copy[i]) {
            copy = NULL;
        }
    }
    if (!copy) {
        perror("arguments");
        exit(2);
    }
    title_init(argc, argv);
    return copy;
}

void host_main_init(int argc, char **argv) {
    int user = 0;

    argv = copy_arguments(argc, argv); // the title is written over them
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--user") == 0) {
            user = 1;
        } else if (strcmp(argv[i], "--optional") == 0 && i + 1 < argc) {
            optional_layers = argv[++i];
        } else {
            probe_path = argv[i];
        }
    }
    probe_fd = probe_path ? open(probe_path, O_RDONLY | O_CLOEXEC) : -1;
    if (probe_fd < 0) {
        fprintf(stderr, "usage: %s [--user] [--optional LAYERS] PROBE\n", argv[0]);
        exit(2);
    }
    inspector_fork();
    if (user) {
        become_user();
    }
}

int host_is_root(void) {
    return geteuid() == 0;
}

int host_may_inspect(void) {
    char text[64];

    return inspect_directory(text, sizeof(text), "/root") >= 0;
}

int host_load_image(void) {
    struct stat st;
    char *data = NULL;
    int fd = -1;

    assert_return_code(fstat(probe_fd, &st), errno);
    data = test_malloc((size_t)st.st_size);
    assert_int_equal(pread(probe_fd, data, (size_t)st.st_size, 0), st.st_size);
    fd = fd_new_memory("probe", (size_t)st.st_size, 1);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, (size_t)st.st_size, 0), st.st_size);
    assert_return_code(
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), errno);
    test_free(data);
    return fd;
}

void host_init_memory(struct host *host) {
    size_t channel_size = WIRE_CHANNEL_SIZE(ARENA_SIZE);
    void *page = NULL;
    int n = 0;

    *host = (struct host){.options = {.optional = optional_layers,
                                      .supervisor_uid = HOST_SUPERVISOR_UID,
                                      .worker_uid = HOST_WORKER_UID,
                                      .cpu = -1},
                          .image = -1};
    host->descriptors.sleep = eventfd(0, EFD_CLOEXEC);
    host->descriptors.ring = eventfd(0, EFD_CLOEXEC);
    host->descriptors.channel = fd_new_memory("channel", channel_size, 0);
    host->descriptors.kernel = fd_new_memory("kernel", WIRE_KERNEL_PAGE_SIZE, 0);
    assert_int_equal(fd_map(host->descriptors.channel, channel_size, 1, &host->channel), 0);
    assert_int_equal(fd_map(host->descriptors.kernel, WIRE_KERNEL_PAGE_SIZE, 1, &page), 0);
    host->page = page;
    host->page->arena_size = ARENA_SIZE;
    n = sandbox_worker_filter(host->page->filter, WIRE_FILTER_MAX);
    assert_true(n > 0);
    host->page->filter_length = (uint32_t)n;
    host->command = (void *)((uint8_t *)page + PROBE_COMMAND_OFFSET);
    host->answer = (void *)((uint8_t *)host->channel + PROBE_ANSWER_OFFSET);
    host->image = host_load_image();
}

static void print_failure(const struct spawner_event *event) {
    fprintf(stderr, "spawner failed: %s (error %d)\n", event->what, event->error);
    for (uint32_t i = 0; i < event->n_reports; i++) {
        fprintf(stderr, "  %-16s %d %s\n", event->reports[i].name, event->reports[i].state,
                event->reports[i].why);
    }
}

void host_init_spawner(struct host *host) {
    struct worker_options options = {.app = "probe",
                                     .channel_size = WIRE_CHANNEL_SIZE(ARENA_SIZE),
                                     .memory_limit = 64u << 20,
                                     .stack_limit = 256u << 10};

    assert_int_equal(spawner_fork(&host->options, &host->descriptors, &host->spawner), 0);
    assert_int_equal(host_event(host, &host->ready), 1);
    if (host->ready.kind != SPAWNER_READY) {
        print_failure(&host->ready);
    }
    assert_int_equal(host->ready.kind, SPAWNER_READY);
    assert_int_equal(spawner_configure(&host->spawner, host->image, &options), 0);
}

void host_init(struct host *host) {
    host_init_memory(host);
    host_init_spawner(host);
}

void host_done(struct host *host) {
    spawner_done(&host->spawner);
    (void)munmap(host->channel, WIRE_CHANNEL_SIZE(ARENA_SIZE));
    (void)munmap(host->page, WIRE_KERNEL_PAGE_SIZE);
    (void)close(host->descriptors.sleep);
    (void)close(host->descriptors.ring);
    (void)close(host->descriptors.channel);
    (void)close(host->descriptors.kernel);
    (void)close(host->image);
}

int host_event(struct host *host, struct spawner_event *ret_event) {
    struct pollfd source = {.fd = host->spawner.socket, .events = POLLIN};

    assert_true(poll(&source, 1, WAIT_MSEC) > 0);
    return spawner_receive(&host->spawner, ret_event);
}

void host_start(struct host *host, const struct probe_command *command) {
    *host->command = *command;
    *host->answer = (struct probe_answer){0};
    assert_int_equal(spawner_start(&host->spawner, ++host->generation), 0);
}

struct spawner_event host_run(struct host *host, const struct probe_command *command) {
    struct spawner_event event;

    host_start(host, command);
    assert_int_equal(host_event(host, &event), 1);
    if (event.kind != SPAWNER_STARTED) {
        print_failure(&event);
    }
    assert_int_equal(event.kind, SPAWNER_STARTED);
    assert_int_equal(host_event(host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_ENDED);
    assert_int_equal(event.generation, host->generation);
    return event;
}

void host_wait_stage(struct host *host, enum probe_stage stage) {
    for (int i = 0; i < WAIT_MSEC; i++) {
        if (((volatile struct probe_answer *)host->answer)->stage >= stage) {
            return;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fail_msg("the probe did not come to stage %d", stage);
}

pid_t host_fork(void) {
    pid_t pid = fork();

    assert_return_code(pid, errno);
    if (pid == 0) {
        (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
    }
    return pid;
}

int count_descriptors(void) {
    int n = 0;

    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

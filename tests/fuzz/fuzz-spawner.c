// SPDX-License-Identifier: MIT

// The supervisor's whole life, with a spawner that says what it likes: spawner_receive() of
// sandbox/spawner.c, the machine of daemon/life/supervise.c and what that moves. An input is a row
// of steps: what the spawner says (well-formed or not), what its worker does, signals, time.
//
// Whatever comes, the supervisor ends with a status or an error of its own, and its log holds
// nothing but lines of its own.

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>

#include "base/log.h"
#include "call/calls.h"
#include "daemon/dispatch/handle.h"
#include "daemon/life/supervise.h"
#include "image/manifest.h"
#include "sandbox/spawner-child.h"
#include "tests/fuzz/fake-loop.h"
#include "tests/fuzz/fuzz.h"

#define SOCKET 3000 /* of the spawner: a number that is no descriptor */

static const struct manifest manifest; /* what a reload narrows: no grants at all */
static struct supervisor supervisor;
static struct kernel_page kernel_page; /* of one input after the other, as the channel */
static struct channel channel;
static struct input input;

// The datagram that recv(2) gives next.
static struct {
    bool pending;
    size_t size;
    int error; /* instead of it */
    uint8_t data[sizeof(struct spawner_event) + 64];
} datagram;

static int (*on_signal)(void *context, int number);
static void *on_signal_context;

// -- in place of Linux and of the daemon's -------------------------------------------------------

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap___recv_chk(int fd, void *data, size_t size, size_t room, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
int __wrap_signals_init(struct signals *signals, struct loop *loop, pid_t spawner,
                        int (*on_stop)(void *context, int signal), void *context);
void __wrap_signals_done(struct signals *signals);
void __wrap_log_sink_write(const char *line, size_t size);

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags) {
    REQUIRE(fd == SOCKET && flags == (MSG_DONTWAIT | MSG_TRUNC));
    if (!datagram.pending || datagram.error) {
        errno = datagram.pending ? datagram.error : EAGAIN;
        datagram.pending = false;
        return -1;
    }
    datagram.pending = false;
    memcpy(data, datagram.data, datagram.size < size ? datagram.size : size);
    return (ssize_t)datagram.size;
}

ssize_t __wrap___recv_chk(int fd, void *data, size_t size, size_t room, int flags) {
    REQUIRE(size <= room);
    return __wrap_recv(fd, data, size, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags) {
    const struct spawner_request *request = message->msg_iov[0].iov_base;

    REQUIRE(fd == SOCKET && message->msg_iov[0].iov_len == sizeof(*request));
    REQUIRE(request->kind >= SPAWNER_START && request->kind <= SPAWNER_MEASURE);
    if (input_u8(&input) == 255) {
        errno = EPIPE;
        return -1;
    }
    return (ssize_t)sizeof(*request);
}

int __wrap_signals_init(struct signals *signals, struct loop *loop, pid_t spawner,
                        int (*on_stop)(void *context, int signal), void *context) {
    *signals = (struct signals){.fd = -1};
    on_signal = on_stop;
    on_signal_context = context;
    return 0;
}

void __wrap_signals_done(struct signals *signals) {
    on_signal = NULL;
}

void __wrap_log_sink_write(const char *line, size_t size) {
    static const char prefix[] = "mpyd: ";

    REQUIRE(size >= sizeof(prefix) && memcmp(line, prefix, sizeof(prefix) - 1) == 0);
    REQUIRE(line[size - 1] == '\n' && is_harmless(line, size - 1));
}

// -- what happens --------------------------------------------------------------------------------

static int hear(size_t size, int error) {
    datagram.pending = true;
    datagram.size = size;
    datagram.error = error;
    return fake_loop_event_of(SOCKET, EPOLLIN);
}

static void random_report(struct layer_report *report) {
    static const char *const names[] = {"landlock", "filter", "user-namespace"};

    *report = (struct layer_report){
        .state = input_u8(&input) % 4, .process = input_u8(&input) % 4, .error = input_u8(&input)};
    memcpy(report->name, names[report->error % 3], strlen(names[report->error % 3]));
    (void)input_bytes(&input, report->why, input_u8(&input) % (sizeof(report->why) + 1));
}

// A message of the right form; what it says may be impossible.
static int step_event(void) {
    static const uint32_t kinds[] = {SPAWNER_READY,  SPAWNER_STARTED, SPAWNER_ENDED,
                                     SPAWNER_FAILED, SPAWNER_STARTED, SPAWNER_ENDED};
    struct spawner_event event = {.generation = supervisor.app.worker.generation};
    uint8_t how = input_u8(&input);

    event.kind = how < 240 ? kinds[how % 6] : how < 250 ? SPAWNER_USED : input_u32(&input);
    event.cpu_usec = event.kind == SPAWNER_USED ? (uint64_t)input_u16(&input) << 8 : 0;
    event.generation -= input_u8(&input) > 240;
    event.code = 1 + input_u8(&input) % 6; /* CLD_EXITED and those after */
    event.status = event.code == CLD_EXITED ? input_u8(&input) : (int8_t)input_u8(&input);
    event.error = input_u8(&input) - 128;
    event.n_reports = input_u8(&input) % (LAYERS_MAX + 1);
    (void)input_bytes(&input, event.what, event.kind == SPAWNER_FAILED ? sizeof(event.what) : 0);
    for (uint32_t i = 0; i < event.n_reports; i++) {
        random_report(&event.reports[i]);
    }
    memcpy(datagram.data, &event, sizeof(event));
    return hear(
        offsetof(struct spawner_event, reports) + event.n_reports * sizeof(event.reports[0]), 0);
}

static int step_raw(void) {
    size_t size = input_u16(&input) % (sizeof(datagram.data) + 1);

    memset(datagram.data, 0, sizeof(datagram.data));
    (void)input_bytes(&input, datagram.data, size);
    return hear(size, 0);
}

static int step_error(void) {
    static const int errors[] = {EAGAIN, EINTR, ECONNRESET, ENOMEM};

    return hear(0, errors[input_below(&input, 4)]);
}

static int step_signal(void) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    return on_signal(on_signal_context, numbers[input_below(&input, 3)]);
}

static int step_time(void) {
    return fake_loop_pass((uint64_t)input_u16(&input) << (input_u8(&input) % 16));
}

// One call of the worker's, or an impossible index.
static int step_worker(void) {
    struct channel *worker = &supervisor.app.channel;
    uint32_t tail = worker->submission_head;
    struct wire_submission *submission = &worker->submissions[tail % WIRE_SUBMISSIONS];
    uint8_t how = input_u8(&input);

    *submission = (struct wire_submission){.tag = how};
    if (how % 4 == 0) {
        submission->call = CALL_CHANNEL_START;
        submission->arg[0] = WIRE_ABI;
    } else if (how % 4 == 1) {
        submission->call = CALL_CHANNEL_EXIT;
        submission->arg[0] = input_u8(&input) & 1 ? WIRE_EXIT_OK : 120u + input_u8(&input) % 7;
        submission->arg[1] = input_u8(&input);
    } else {
        static const uint32_t calls[] = {CALL_CHANNEL_NOP, CALL_APP_READY, CALL_APP_HEARTBEAT,
                                         CALLS_END};

        submission->call = calls[how / 4 % 4];
    }
    worker->header->submission_tail = how == 255 ? tail + 1000 : tail + 1;
    worker->header->completion_head = worker->completion_tail;
    return fake_loop_event_of(worker->doorbell_fd, EPOLLIN);
}

// What administrators ask for. Where the state is none for it, nothing happens.
static int step_request(void) {
    int r = input_u8(&input) & 1 ? supervise_request_restart(&supervisor)
                                 : supervise_request_stop(&supervisor);

    return r == -EAGAIN ? 0 : r;
}

// Where the supervisor sleeps, the next step happens; after the last, the spawner is gone.
static int sleep_a_step(void) {
    static int (*const steps[])(void) = {step_event, step_event, step_event, step_worker,
                                         step_time,  step_event, step_raw,   step_error,
                                         step_time,  step_worker};
    uint8_t which = input_u8(&input);

    if (input.size == 0) {
        return hear(0, 0);
    }
    if (which > 243) {
        return which > 248 ? step_signal() : step_request();
    }
    return steps[which % 10]();
}

// -- the supervisor ------------------------------------------------------------------------------

static void make_supervisor(void) {
    struct app *app = &supervisor.app;

    if (!channel.header) {
        REQUIRE(channel_init(&channel) == 0 && channel_resize(&channel, WIRE_ARENA_MIN) == 0);
        REQUIRE(kernel_page_init(&kernel_page) == 0);
        REQUIRE(kernel_page_fill(&kernel_page, "fuzzed", WIRE_ARENA_MIN, 8, 0) == 0);
        log_set_level(LOG_DEBUG);
        fake_loop_set_sleep(sleep_a_step);
    }
    supervisor = (struct supervisor){
        .manifest = &manifest,
        .app = {.crashes = {.origin = {.version = "1", .image = "0"}}},
        .spawner = {.socket = SOCKET, .pid = -1, .pidfd = -1},
        .notify = NOTIFY_INIT,
        .health_policy = {.ready_usec = 2000000,
                          .heartbeat_usec = 1000000,
                          .cpu_percent = 50,
                          .cpu_window_usec = 1000000},
    };
    app->channel = channel;
    app->kernel_page = kernel_page;
    REQUIRE(config_init(&supervisor.config) == 0 && app_init(app, "fuzzed") == 0);
    supervisor.config.restart = input_u8(&input) % 3;
    supervisor.config.restart_burst = 1 + input_u8(&input);
    supervisor.config.restart_delay_usec = input_u16(&input);
    supervisor.terminal = input_u8(&input) & 1;
}

static void free_supervisor(void) {
    channel = supervisor.app.channel;
    supervisor.app.channel = (struct channel){.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
    supervisor.app.kernel_page = (struct kernel_page){.fd = -1};
    app_done(&supervisor.app);
    config_done(&supervisor.config);
    REQUIRE(fake_loop_count() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int code;

    input = (struct input){data, size};
    datagram.pending = false;
    make_supervisor();
    code = supervise_run(&supervisor);
    REQUIRE(code <= EXIT_INTERNAL && code > -4096);
    REQUIRE(code != EXIT_ENDED || supervisor.state == STATE_ENDED);
    REQUIRE(code >= 0 || !state_rows[supervisor.state].is_over);
    free_supervisor();
    return 0;
}

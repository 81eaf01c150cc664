// SPDX-License-Identifier: MIT

// inject [OPTIONS] REPORT COMMAND...: runs mpyd, has one Linux call or one allocation of it fail,
// and writes into REPORT what it saw, a word and its values a line. What mpyd says goes on to
// standard output. --help tells the options.

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/output.h"
#include "tests/faults/shared.h"
#include "tests/faults/tracees.h"

static const char help[] =
    "usage: inject [OPTIONS] REPORT COMMAND...\n"
    "  --list                       report every Linux call\n"
    "  --call ROLE:NAME:N:ERRNO     fail call NAME of ROLE (supervisor, spawner, launch) the Nth "
    "time\n"
    "  --object TEXT                of that call, count only those whose object's name holds TEXT\n"
    "  --allocation ROLE:N          fail the Nth allocation of ROLE (supervisor, spawner)\n"
    "  --stop TEXT                  send SIGTERM once a line says TEXT, or after half the "
    "deadline\n"
    "  --user ID                    as this user\n"
    "  --deadline SECONDS           kill everything after that (20)\n";

enum {
    OPTION_LIST = 1,
    OPTION_CALL,
    OPTION_OBJECT,
    OPTION_ALLOCATION,
    OPTION_STOP,
    OPTION_USER,
    OPTION_DEADLINE
};

static const struct option long_options[] = {
    {"list", no_argument, NULL, OPTION_LIST},
    {"call", required_argument, NULL, OPTION_CALL},
    {"object", required_argument, NULL, OPTION_OBJECT},
    {"allocation", required_argument, NULL, OPTION_ALLOCATION},
    {"stop", required_argument, NULL, OPTION_STOP},
    {"user", required_argument, NULL, OPTION_USER},
    {"deadline", required_argument, NULL, OPTION_DEADLINE},
    {NULL, 0, NULL, 0},
};

struct plan {
    struct tracees_plan calls;
    const char *stop;
    uid_t user;
    unsigned deadline_sec;
};

static _Noreturn void usage(void) {
    (void)fputs(help, stderr);
    exit(2);
}

static struct faults *share(void) {
    int fd = memfd_create("faults", 0); // inherited
    char number[16];
    void *memory = MAP_FAILED;

    if (fd >= 0 && ftruncate(fd, sizeof(struct faults)) == 0) {
        memory = mmap(NULL, sizeof(struct faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (memory == MAP_FAILED) {
        perror("inject: memfd");
        exit(2);
    }
    (void)snprintf(number, sizeof(number), "%d", fd);
    (void)setenv(FAULTS_FD, number, 1);
    return memory;
}

static void parse_allocation(const char *text, struct faults *faults) {
    char role[16];
    unsigned long long number = 0;

    if (sscanf(text, "%15[a-z]:%llu", role, &number) != 2) {
        usage();
    }
    faults->fail[strcmp(role, "spawner") == 0 ? FAULTS_SPAWNER : FAULTS_SUPERVISOR] = number;
}

static void parse(int argc, char **argv, struct plan *plan, struct faults *faults) {
    int option = 0;

    // "+": what follows REPORT is COMMAND's.
    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_LIST:
            plan->calls.list = true;
            break;
        case OPTION_CALL:
            if (!tracees_parse(optarg, &plan->calls)) {
                usage();
            }
            break;
        case OPTION_OBJECT:
            plan->calls.object = optarg;
            break;
        case OPTION_ALLOCATION:
            parse_allocation(optarg, faults);
            break;
        case OPTION_STOP:
            plan->stop = optarg;
            break;
        case OPTION_USER:
            plan->user = (uid_t)strtoul(optarg, NULL, 10);
            break;
        case OPTION_DEADLINE:
            plan->deadline_sec = (unsigned)strtoul(optarg, NULL, 10);
            break;
        default:
            usage();
        }
    }
    if (argc - optind < 2) {
        usage();
    }
}

// Waits to be traced: from the first instruction of COMMAND on nothing is missed.
static _Noreturn void run_command(uid_t user, int output, char **command) {
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) {
        _exit(127);
    }
    if (user != 0 && (setgid(user) < 0 || setuid(user) < 0)) {
        _exit(127);
    }
    (void)raise(SIGSTOP);
    execv(command[0], command);
    _exit(127);
}

static void on_alarm(int number) {
}

// A signal that only interrupts the wait for the processes.
static void set_deadline(unsigned seconds) {
    struct sigaction action = {.sa_handler = on_alarm};

    (void)sigaction(SIGALRM, &action, NULL);
    (void)alarm(seconds);
}

static void report_allocations(FILE *report, const struct faults *faults) {
    (void)fprintf(report, "allocations %llu %llu\n",
                  (unsigned long long)faults->n_allocations[FAULTS_SUPERVISOR],
                  (unsigned long long)faults->n_allocations[FAULTS_SPAWNER]);
    (void)fprintf(report, "live %lld\n", (long long)faults->n_live);
    if (faults->n_failed > 0) {
        (void)fprintf(report, "failed allocation\n");
    }
    for (uint32_t i = 0; i < faults->n_frames; i++) {
        (void)fprintf(report, "frame %s\n", faults->frames[i]);
    }
}

int main(int argc, char **argv) {
    struct faults *faults = share();
    struct plan plan = {.calls = {.faults = faults}, .deadline_sec = 20};
    struct output output;
    FILE *report;
    pid_t pid;

    parse(argc, argv, &plan, faults);
    report = fopen(argv[optind], "we");
    // Orphans come here, where they are seen and waited for.
    if (!report || !output_init(&output) || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        perror("inject");
        return 2;
    }
    pid = fork();
    if (pid == 0) {
        run_command(plan.user, output.input, argv + optind + 1);
    }
    output_start(&output, pid, plan.stop);
    plan.calls.stops = plan.stop;
    set_deadline(plan.stop ? plan.deadline_sec / 2 : plan.deadline_sec);
    tracees_run(pid, &plan.calls, report);
    output_finish(&output);
    report_allocations(report, faults);
    return fclose(report) == 0 ? 0 : 2;
}

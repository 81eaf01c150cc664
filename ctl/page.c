// SPDX-License-Identifier: MIT
#include "ctl/page.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/colour.h"
#include "ctl/verb.h"

static pid_t pager;

// The command that was asked for, NULL: there was none.
static const char *command_of_user(void) {
    const char *command = getenv("SYSTEMD_PAGER");

    return command ? command : getenv("PAGER");
}

// There is none: everything at once.
static void copy(void) {
    char bytes[4096];
    ssize_t n;

    while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0) {
        if (write(STDOUT_FILENO, bytes, (size_t)n) != n) {
            break;
        }
    }
    _exit(127);
}

// Becomes the pager. The screen is left as it was if all fits on it, and nothing of what less(1)
// could do for its reader (a shell, an editor, other files) is within reach: we may run as root.
static void be_pager(const char *command) {
    const char *less = getenv("SYSTEMD_LESS");
    static const char *const usual[] = {"pager", "less", "more"};

    (void)setenv("LESS", less ? less : "FRSXMK", 1);
    (void)setenv("LESSSECURE", "1", 1);
    if (command) {
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        (void)execlp(usual[i], usual[i], (char *)NULL);
    }
    copy();
}

static void start(const char *command) {
    CLEANUP_FD int reader = -1, writer = -1;
    int ends[2];

    (void)fflush(stdout);
    if (pipe(ends) < 0) {
        return;
    }
    reader = ends[0];
    writer = ends[1];
    pager = fork();
    if (pager == 0) {
        (void)dup2(reader, STDIN_FILENO);
        close_fd(reader);
        close_fd(writer);
        be_pager(command);
    }
    if (pager > 0) {
        (void)dup2(writer, STDOUT_FILENO);
        (void)signal(SIGPIPE, SIG_IGN); // a pager that was left early is no failure
        (void)signal(SIGINT, SIG_IGN);  // that key is the pager's
    }
}

void page_begin(const struct verb_arguments *arguments) {
    const char *command = command_of_user();

    colour_decide();
    if (pager || !arguments->is_paged || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) ||
        (command && (!command[0] || strcmp(command, "cat") == 0))) {
        return;
    }
    start(command);
}

void page_end(void) {
    CLEANUP_FD int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (pager <= 0) {
        return;
    }
    (void)fflush(stdout);
    clearerr(stdout);
    if (null >= 0) {
        (void)dup2(null, STDOUT_FILENO); // we were the last writer: the pager sees the end
    }
    while (waitpid(pager, NULL, 0) < 0 && errno == EINTR) {
    }
    pager = 0;
}

// SPDX-License-Identifier: MIT
#include "tests/sandbox/inspector.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sandbox/host.h"

#define ANSWER_SIZE 32768

static int inspector_socket = -1;

struct answer {
    int length; /* or -errno */
    char text[ANSWER_SIZE];
};

static int list_directory(const char *path, char *text, size_t size) {
    DIR *directory = opendir(path);
    size_t n = 0;

    if (!directory) {
        return -errno;
    }
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            n += (size_t)snprintf(text + n, size - n, "%s\n", entry->d_name);
        }
    }
    (void)closedir(directory);
    return (int)n;
}

static int read_file(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size);
    int r = n < 0 ? -errno : (int)n;

    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

static void serve(int socket) {
    static struct answer answer;
    char request[512] = "";

    for (ssize_t n = 0; (n = recv(socket, request, sizeof(request) - 1, 0)) > 0;) {
        request[n] = '\0';
        memset(answer.text, 0, sizeof(answer.text));
        if (request[0] == 'L') {
            ssize_t length = readlink(request + 1, answer.text, sizeof(answer.text) - 1);

            answer.length = length < 0 ? -errno : (int)length;
        } else if (request[0] == 'D') {
            answer.length = list_directory(request + 1, answer.text, sizeof(answer.text));
        } else {
            answer.length = read_file(request + 1, answer.text, sizeof(answer.text) - 1);
        }
        (void)send(socket, &answer, sizeof(answer), MSG_NOSIGNAL);
    }
}

void inspector_fork(void) {
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        perror("socketpair");
        exit(1);
    }
    if (fork() == 0) {
        (void)close(ends[0]);
        serve(ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    inspector_socket = ends[0];
}

static int ask(char kind, char *text, size_t size, const char *format, va_list arguments) {
    static struct answer answer;
    char request[512];

    request[0] = kind;
    (void)vsnprintf(request + 1, sizeof(request) - 1, format, arguments);
    if (send(inspector_socket, request, strlen(request), MSG_NOSIGNAL) < 0 ||
        recv(inspector_socket, &answer, sizeof(answer), 0) != sizeof(answer)) {
        perror("inspector");
        exit(1);
    }
    memset(text, 0, size);
    if (answer.length > 0) {
        size_t n = (size_t)answer.length < size - 1 ? (size_t)answer.length : size - 1;

        memcpy(text, answer.text, n);
    }
    return answer.length;
}

int inspect_file(char *text, size_t size, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    int r = ask('F', text, size, format, arguments);

    va_end(arguments);
    return r;
}

int inspect_link(char *text, size_t size, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    int r = ask('L', text, size, format, arguments);

    va_end(arguments);
    return r;
}

int inspect_directory(char *text, size_t size, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    int r = ask('D', text, size, format, arguments);

    va_end(arguments);
    return r;
}

void inspect_status(pid_t pid, const char *name, char *text, size_t size) {
    char status[8192], key[64];

    text[0] = '\0';
    if (inspect_file(status, sizeof(status), "/proc/%d/status", pid) < 0) {
        return;
    }
    (void)snprintf(key, sizeof(key), "\n%s:", name);
    const char *line = strstr(status, key);

    if (line) {
        line += strlen(key);
        line += strspn(line, " \t");
        (void)snprintf(text, size, "%.*s", (int)strcspn(line, "\n"), line);
    }
}

pid_t inspect_child(pid_t pid) {
    char text[256];

    if (inspect_file(text, sizeof(text), "/proc/%d/task/%d/children", pid, pid) <= 0) {
        return 0;
    }
    return (pid_t)strtol(text, NULL, 10);
}

int inspect_exists(pid_t pid) {
    char state[64];

    inspect_status(pid, "State", state, sizeof(state));
    return state[0] != '\0' && state[0] != 'Z';
}

// SPDX-License-Identifier: MIT
#include "ctl/denied.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "ctl/file.h"
#include "ctl/json.h"
#include "ctl/program.h"
#include "ctl/reply.h"

#define SLACK_USEC 50000     /* the log's clock is a coarse one */
#define WINDOW_USEC 5000000u /* from the denied call to the report, on a machine that swaps */
#define LINE_SIZE 1024
#define X32_BIT 0x40000000u

// -- a record ------------------------------------------------------------------------------------

// What stands behind KEY in LINE up to the next space or parenthesis, in VALUE; "" if nothing.
static void find_value(const char *line, const char *key, char *value, size_t size) {
    const char *at = strstr(line, key);
    size_t n = 0;

    if (at) {
        at += strlen(key);
        n = strcspn(at, " :)");
    }
    (void)snprintf(value, size, "%.*s", (int)(n < size ? n : 0), at ? at : "");
}

static bool find_number(const char *line, const char *key, uint64_t *ret_number) {
    char value[24];

    find_value(line, key, value, sizeof(value));
    return parse_u64(value, 0, UINT64_MAX, ret_number) == 0;
}

// "audit(1795290545.296:1583971)": seconds and milliseconds.
static uint64_t find_usec(const char *line, uint64_t otherwise) {
    uint64_t seconds = 0, milliseconds = 0;
    char value[32];
    char *point;

    find_value(line, "audit(", value, sizeof(value));
    point = strchr(value, '.');
    if (!point) {
        return otherwise;
    }
    *point = '\0';
    if (parse_u64(value, 0, UINT32_MAX, &seconds) < 0 ||
        parse_u64(point + 1, 0, 999, &milliseconds) < 0) {
        return otherwise;
    }
    return seconds * 1000000 + milliseconds * 1000;
}

// The image a worker runs is a memfd of ours; a name with a space in it stands there in digits.
static bool is_worker(const char *line) {
    return strstr(line, " exe=\"/memfd:image") || strstr(line, " exe=2F6D656D66643A696D616765");
}

bool denied_read(const char *line, size_t size, uint64_t uid, uint64_t usec,
                 struct denied *ret_denied) {
    uint64_t found_uid = 0, signal = 0, number = 0, arch = 0;
    char copy[LINE_SIZE], hexadecimal[24];
    const char *end;

    if (size >= sizeof(copy)) {
        return false;
    }
    (void)snprintf(copy, sizeof(copy), "%.*s", (int)size, line);
    find_value(copy, " arch=", hexadecimal, sizeof(hexadecimal));
    if (!is_worker(copy) || !find_number(copy, " uid=", &found_uid) || found_uid != uid ||
        !find_number(copy, " sig=", &signal) || signal != 31 ||
        !find_number(copy, " syscall=", &number) || number > UINT32_MAX ||
        parse_hexadecimal(hexadecimal, &arch, &end) < 0 || *end || arch > UINT32_MAX) {
        return false;
    }
    *ret_denied = (struct denied){
        .usec = find_usec(copy, usec), .arch = (uint32_t)arch, .number = (uint32_t)number};
    return true;
}

// -- where they are ------------------------------------------------------------------------------

struct search {
    uint64_t uid, usec; /* of the report */
    struct denied best; /* usec 0: none */
};

// The last one before the report is of the worker that it is about.
static void consider(struct search *search, const char *line, size_t size, uint64_t usec) {
    struct denied denied;

    if (denied_read(line, size, search->uid, usec, &denied) &&
        denied.usec <= search->usec + SLACK_USEC && denied.usec + WINDOW_USEC >= search->usec &&
        denied.usec >= search->best.usec) {
        search->best = denied;
    }
}

static void consider_entry(struct search *search, const char *line, size_t size) {
    struct json_tokener *tokener = json_tokener_new_ex(4);
    struct json_object *entry = tokener ? json_tokener_parse_ex(tokener, line, (int)size) : NULL;
    const char *message = reply_text(entry, "MESSAGE");
    uint64_t usec = 0;

    (void)parse_u64(reply_text_or(entry, "__REALTIME_TIMESTAMP", ""), 0, UINT64_MAX, &usec);
    if (message) {
        consider(search, message, strlen(message), usec);
    }
    (void)json_object_put(entry);
    json_tokener_free(tokener);
}

static void for_each_line(struct search *search, const struct file *file,
                          void (*function)(struct search *search, const char *line, size_t size)) {
    const char *at = (const char *)file->data, *end = at ? at + file->size : at;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;

        function(search, at, (size_t)(stop - at));
        at = stop + 1;
    }
}

// The journal takes the kernel's log, and the audit log's own stream where that is on.
static void search_journal(struct search *search) {
    CLEANUP(file_done) struct file output = FILE_INIT;
    char since[40], until[40];
    const char *const arguments[] = {
        "journalctl", "--quiet",           "--no-pager", "--output=json",    since,
        until,        "_TRANSPORT=kernel", "+",          "_TRANSPORT=audit", NULL};

    (void)snprintf(since, sizeof(since), "--since=@%" PRIu64,
                   (search->usec - WINDOW_USEC) / 1000000);
    (void)snprintf(until, sizeof(until), "--until=@%" PRIu64, search->usec / 1000000 + 2);
    if (program_read(arguments, true, &output) == 0) {
        for_each_line(search, &output, consider_entry);
    }
}

static void consider_record(struct search *search, const char *line, size_t size) {
    consider(search, line, size, 0);
}

// Where there is no journal: a record a read, each of some hundred bytes.
static void search_kernel(struct search *search) {
    CLEANUP_FD int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char record[8192];
    ssize_t n = 0;

    while (fd >= 0 && (n = read(fd, record, sizeof(record))) != 0) {
        if (n > 0) {
            consider_record(search, record, (size_t)n);
        } else if (errno != EPIPE && errno != EINTR) { // EPIPE: records were lost meanwhile
            break;
        }
    }
}

// -- the report ----------------------------------------------------------------------------------

static struct json_object *describe(const struct denied *denied) {
    struct json_object *object = json_new_object();
    uint32_t arch =
        denied->arch == SCMP_ARCH_X86_64 && denied->number & X32_BIT ? SCMP_ARCH_X32 : denied->arch;
    char *name = seccomp_syscall_resolve_num_arch(arch, (int)denied->number);
    char hexadecimal[16];

    (void)snprintf(hexadecimal, sizeof(hexadecimal), "%08" PRIx32, denied->arch);
    json_set_text(object, "call", name ? name : "unknown");
    json_set_number(object, "number", denied->number);
    json_set_text(object, "arch", hexadecimal);
    free(name);
    return object;
}

void denied_add(struct json_object *report) {
    struct search search = {.uid = reply_number(report, "worker_uid"),
                            .usec = reply_number(report, "time_usec")};

    if (strcmp(reply_text_or(report, "kind", ""), "denied") != 0 || search.usec < WINDOW_USEC) {
        return;
    }
    search_journal(&search);
    if (search.best.usec == 0) {
        search_kernel(&search);
    }
    json_set(report, "denied", search.best.usec > 0 ? describe(&search.best) : NULL);
}

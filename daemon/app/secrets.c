// SPDX-License-Identifier: MIT
#include "daemon/app/secrets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "call/wire.h"
#include "image/manifest.h"

#define SECRETS_MAX 64u
#define REDACTED_MIN 4u /* shorter ones are in every text */
#define SPACE " \t\r\n"

struct secret {
    char name[MANIFEST_CREDENTIAL_SIZE + 1];
    size_t size; /* above WIRE_SECRET_MAX: it was too long, and is not here */
    uint8_t data[WIRE_SECRET_MAX];
};

static void close_directory(DIR **directory) {
    if (*directory) {
        (void)closedir(*directory);
    }
}

// One byte more than a secret may have tells that it is too long.
static int read_secret(int directory, const char *name, struct secret *ret_secret) {
    CLEANUP_FD int fd = -1;
    struct stat status;
    size_t size = 0;
    uint8_t more = 0;
    ssize_t n = fd_open_kind(directory, name, S_IFREG, &fd, &status);

    if (n < 0) {
        return (int)n;
    }
    do {
        n = read(fd, ret_secret->data + size, sizeof(ret_secret->data) - size);
        size += n > 0 ? (size_t)n : 0;
    } while (n > 0 && size < sizeof(ret_secret->data));
    if (n > 0) {
        n = read(fd, &more, sizeof(more));
        size += n > 0 ? (size_t)n : 0;
    }
    if (n < 0) {
        return -errno;
    }
    memcpy(ret_secret->name, name,
           strlen(name) + 1); /* manifest_is_credential() saw that it fits */
    ret_secret->size = size;
    return 0;
}

static void wipe(struct secret *secret) {
    explicit_bzero(secret, sizeof(*secret));
}

static void read_all(DIR *directory, struct secrets *secrets) {
    const struct dirent *entry = NULL;

    while ((entry = readdir(directory))) {
        int r = 0;

        if (!manifest_is_credential(entry->d_name)) {
            continue;
        }
        if (secrets->n_items == SECRETS_MAX) {
            log_warning("more than %u credentials, the others are not read", SECRETS_MAX);
            return;
        }
        r = read_secret(dirfd(directory), entry->d_name, &secrets->items[secrets->n_items]);
        if (r < 0) {
            wipe(&secrets->items[secrets->n_items]);
            (void)log_errno(r, "cannot read the credential %s", entry->d_name);
        } else {
            secrets->n_items++;
        }
    }
}

int secrets_read(const char *directory, struct secrets *ret_secrets) {
    CLEANUP(secrets_done) struct secrets secrets = {0};
    CLEANUP(close_directory) DIR *folder = NULL;

    if (!directory) {
        *ret_secrets = (struct secrets){0};
        return 0;
    }
    secrets.items = calloc(SECRETS_MAX, sizeof(*secrets.items));
    if (!secrets.items) {
        return -ENOMEM;
    }
    folder = opendir(directory);
    if (folder) {
        read_all(folder, &secrets);
    } else {
        (void)log_errno(errno, "cannot read the credentials in %s", directory);
    }
    *ret_secrets = secrets;
    secrets = (struct secrets){0};
    return 0;
}

void secrets_done(struct secrets *secrets) {
    for (size_t i = 0; i < secrets->n_items; i++) {
        wipe(&secrets->items[i]);
    }
    free(secrets->items);
    *secrets = (struct secrets){0};
}

static bool is_granted(const struct secrets *secrets, const char *name) {
    for (size_t i = 0; i < secrets->n_granted; i++) {
        if (strcmp(secrets->granted[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct secret *find(const struct secrets *secrets, const char *name) {
    for (size_t i = 0; i < secrets->n_items; i++) {
        if (strcmp(secrets->items[i].name, name) == 0) {
            return &secrets->items[i];
        }
    }
    return NULL;
}

static void tell_missing(const struct secrets *secrets, const char *app) {
    for (size_t i = 0; i < secrets->n_granted; i++) {
        const struct secret *secret = find(secrets, secrets->granted[i]);

        if (!secret) {
            log_warning("%s: wants the credential %s, which is not there; a service has it from "
                        "/etc/credstore/mpyd.%s.%s",
                        app, secrets->granted[i], app, secrets->granted[i]);
        } else if (secret->size > WIRE_SECRET_MAX) {
            log_warning("%s: the credential %s has more than %u bytes", app, secret->name,
                        WIRE_SECRET_MAX);
        }
    }
}

void secrets_keep(struct secrets *secrets, const char *app, char *const *names, size_t n_names) {
    size_t i = 0;

    secrets->granted = names;
    secrets->n_granted = n_names;
    while (i < secrets->n_items) {
        if (is_granted(secrets, secrets->items[i].name)) {
            i++;
            continue;
        }
        secrets->n_items--;
        secrets->items[i] = secrets->items[secrets->n_items];
        wipe(&secrets->items[secrets->n_items]);
    }
    tell_missing(secrets, app);
}

int secrets_find(const struct secrets *secrets, const char *name, const uint8_t **ret_data,
                 size_t *ret_size) {
    const struct secret *secret = find(secrets, name);

    if (!is_granted(secrets, name)) {
        return SECRETS_DENIED;
    }
    if (!secret) {
        return SECRETS_MISSING;
    }
    if (secret->size > WIRE_SECRET_MAX) {
        return SECRETS_TOO_LONG;
    }
    *ret_data = secret->data;
    *ret_size = secret->size;
    return 0;
}

// The bytes of SECRET without the white space around them: a file often ends with a line break,
// which who uses what is in it takes away.
static const uint8_t *core(const struct secret *secret, size_t *ret_size) {
    size_t start = 0, end = secret->size;

    while (start < end && secret->data[start] != '\0' && strchr(SPACE, secret->data[start])) {
        start++;
    }
    while (end > start && secret->data[end - 1] != '\0' && strchr(SPACE, secret->data[end - 1])) {
        end--;
    }
    *ret_size = end - start;
    return secret->data + start;
}

bool secrets_redact_bytes(const struct secrets *secrets, uint8_t *bytes, size_t n_bytes) {
    bool found = false;

    for (size_t i = 0; i < secrets->n_items; i++) {
        size_t size = 0;
        const uint8_t *data = NULL;
        uint8_t *place = bytes;

        if (secrets->items[i].size > WIRE_SECRET_MAX) {
            continue;
        }
        data = core(&secrets->items[i], &size);
        while (size >= REDACTED_MIN &&
               (place = memmem(place, n_bytes - (size_t)(place - bytes), data, size))) {
            memset(place, '*', size);
            found = true;
        }
    }
    return found;
}

bool secrets_redact(const struct secrets *secrets, char *text) {
    return secrets_redact_bytes(secrets, (uint8_t *)text, strlen(text));
}

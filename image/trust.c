// SPDX-License-Identifier: MIT
#include "image/trust.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/message-ids.h"
#include "base/open.h"
#include "image/floor.h"
#include "image/image.h"
#include "image/naming.h"
#include "image/sealed.h"
#include "image/signature.h"
#include "image/why.h"

#define NO_CREDENTIAL "none" /* SetCredential=image-key: of our units */

static int refuse(const struct trust *trust, const char *why) {
    log_event(MESSAGE_ID_UNTRUSTED, LOG_ERR, "%s: %s", trust->options->image, why);
    return TRUST_DENIED;
}

static char *signature_path(const struct trust_options *options) {
    char *path = NULL;

    return asprintf(&path, "%s" SIGNATURE_SUFFIX, options->image) < 0 ? NULL : path;
}

int trust_open(const struct trust_options *options, struct trust *trust) {
    CLEANUP_FREE char *path = NULL;

    trust->options = options;
    if (options->is_unsigned) {
        return 0;
    }
    path = signature_path(options);
    if (!path) {
        (void)log_errno(ENOMEM, "cannot open the signature of %s", options->image);
        return TRUST_INTERNAL;
    }
    if (access(path, F_OK) < 0 && errno == ENOENT) {
        log_event(MESSAGE_ID_UNTRUSTED, LOG_ERR,
                  "%s: not signed: there is no %s; for development, run it with --unsigned",
                  options->image, path);
        return TRUST_DENIED;
    }
    return open_file(path, "the signature", &trust->signature_fd) < 0 ? TRUST_DENIED : 0;
}

// -- what the administrator says -----------------------------------------------------------------

static int read_keys(struct trust *trust) {
    const char *named = trust->options->keys;
    char why[KEY_WHY_SIZE];
    int r = keys_read(named, &trust->keys, why);

    if (r < 0) {
        (void)log_errno(r, "cannot read the keys in %s", named ? named : KEY_DIRECTORY);
        return TRUST_INTERNAL;
    }
    if (r > 0) {
        log_event(MESSAGE_ID_UNTRUSTED, LOG_ERR, "%s", why);
        return TRUST_DENIED;
    }
    return 0;
}

int trust_read_floor(struct trust *trust, const char *name) {
    const char *named = trust->options->floors;
    char why[GUARDED_WHY_SIZE];

    if (trust->options->is_unsigned || floor_read(named, name, &trust->floor, why) == 0) {
        return TRUST_GIVEN;
    }
    log_event(MESSAGE_ID_UNTRUSTED, LOG_ERR, "%s", why);
    return TRUST_DENIED;
}

// Whether a key is needed shows later: to have none is no failure.
static void read_key(struct trust *trust, const char *path) {
    trust->has_key = envelope_read_key(path, &trust->key, trust->no_key) == 0;
}

// Whether PATH is a credential, and not what our units have in its place where there is none.
static bool is_given(const char *path) {
    struct stat status;

    return stat(path, &status) == 0 && status.st_size != (off_t)strlen(NO_CREDENTIAL);
}

static void say_no_key(struct trust *trust, bool is_unit) {
    char app[NAMING_SIZE];

    if (is_unit && naming_of_file(trust->options->image, app, sizeof(app)) == 0) {
        (void)snprintf(
            trust->no_key, sizeof(trust->no_key),
            "no key is there; it belongs in /etc/credstore/mpyd.%s." MANIFEST_KEY_CREDENTIAL, app);
        return;
    }
    (void)snprintf(
        trust->no_key, sizeof(trust->no_key),
        "no key is there; name one by --key-file or as the credential " MANIFEST_KEY_CREDENTIAL);
}

// The key that was named, or the service manager's credential where there is one.
static int find_key(struct trust *trust) {
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    CLEANUP_FREE char *path = NULL;

    if (trust->options->key_file) {
        read_key(trust, trust->options->key_file);
        return TRUST_GIVEN;
    }
    if (directory && asprintf(&path, "%s/" MANIFEST_KEY_CREDENTIAL, directory) < 0) {
        path = NULL;
        (void)log_errno(ENOMEM, "cannot look for the credential " MANIFEST_KEY_CREDENTIAL);
        return TRUST_INTERNAL;
    }
    if (path && is_given(path)) {
        read_key(trust, path);
        return TRUST_GIVEN;
    }
    say_no_key(trust, path);
    return TRUST_GIVEN;
}

int trust_read(struct trust *trust) {
    int r = 0;

    if (sodium_init() < 0) {
        log_error("libsodium does not work here");
        return TRUST_INTERNAL;
    }
    (void)randombytes_close(); // which it may have opened a device for; nothing here is random
    if (!trust->options->is_unsigned) {
        r = read_keys(trust);
    }
    return r ? r : find_key(trust);
}

// -- what came with the app ----------------------------------------------------------------------

static int read_signature(struct trust *trust, struct signature *ret_signature) {
    const char *image = trust->options->image;
    char why[SIGNATURE_WHY_SIZE];
    int r = signature_read(trust->signature_fd, ret_signature, why);

    if (r < 0) {
        (void)log_errno(r, "cannot read the signature of %s", image);
        return TRUST_INTERNAL;
    }
    if (r > 0) {
        log_event(MESSAGE_ID_UNTRUSTED, LOG_ERR, "%s" SIGNATURE_SUFFIX ": %s", image, why);
        return TRUST_DENIED;
    }
    return 0;
}

// For the log, once the image is accepted: minisign puts tabs between the parts of its own.
static void keep_comment(struct trust *trust, char *comment) {
    for (char *p = strchr(comment, '\t'); p; p = strchr(p, '\t')) {
        *p = ' ';
    }
    why_write(trust->comment, sizeof(trust->comment), "%s", comment);
}

static int check_file(struct trust *trust, const char *name, const struct sealed *shipped) {
    struct signature signature;
    char why[KEY_WHY_SIZE];
    int r;

    if (trust->options->is_unsigned) {
        return 0;
    }
    r = read_signature(trust, &signature);
    if (r != 0) {
        return r;
    }
    r = keys_find_signer(&trust->keys, &signature, shipped->data, shipped->size, &trust->signer,
                         why);
    if (r == 0) {
        r = keys_check_app(&trust->keys, trust->signer, name, why);
    }
    if (r != 0) {
        return refuse(trust, why);
    }
    keep_comment(trust, signature.comment);
    return 0;
}

static int refused(const struct trust *trust, int r, const char *why) {
    const char *path = trust->options->image;

    if (r == ENVELOPE_LOCKED) {
        log_event(MESSAGE_ID_LOCKED, LOG_ERR, "%s: locked: %s%s%s", path, why,
                  trust->has_key ? "" : ", and ", trust->has_key ? "" : trust->no_key);
        return TRUST_LOCKED;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot load the image %s", path);
        return TRUST_INTERNAL;
    }
    log_error("%s: %s", path, why);
    return TRUST_IMAGE;
}

// Puts what is encrypted in *SEALED, if it is, in place of it.
static int unlock(struct trust *trust, struct sealed *sealed) {
    CLEANUP(sealed_done) struct sealed image = SEALED_INIT;
    char why[IMAGE_WHY_SIZE];
    int r = 0;

    trust->was_encrypted = envelope_is(sealed->data, sealed->size);
    if (trust->was_encrypted) {
        r = envelope_open(sealed, trust->has_key ? &trust->key : NULL, &image, why);
        sealed_done(sealed);
        *sealed = image;
        image = (struct sealed)SEALED_INIT;
    }
    envelope_wipe(&trust->key);
    return r == 0 ? TRUST_GIVEN : refused(trust, r, why);
}

int trust_load(struct trust *trust, int fd, const char *name, struct image *ret_image) {
    CLEANUP(sealed_done) struct sealed sealed = SEALED_INIT;
    char why[IMAGE_WHY_SIZE];
    int r = sealed_copy(fd, ENVELOPE_SIZE_MAX, &sealed, why);

    if (r != 0) {
        return refused(trust, r > 0 ? IMAGE_REFUSED : r, why);
    }
    r = check_file(trust, name, &sealed);
    if (r == 0) {
        r = unlock(trust, &sealed);
    }
    if (r != 0) {
        return r;
    }
    r = image_take(&sealed, ret_image, why);
    return r == 0 ? TRUST_GIVEN : refused(trust, r, why);
}

int trust_check(const struct trust *trust, const struct image *image) {
    const struct manifest *manifest = &image->manifest;
    char why[KEY_WHY_SIZE];

    if (trust->options->is_unsigned) {
        return TRUST_GIVEN;
    }
    if (keys_check_app(&trust->keys, trust->signer, manifest->name, why) != 0) {
        return refuse(trust, why);
    }
    if (manifest->counter < trust->floor) {
        const char *named = trust->options->floors;

        log_event(MESSAGE_ID_UNTRUSTED, LOG_ERR,
                  "%s: counter %" PRIu64 " is below %" PRIu64 ", the least that %s/%s allows",
                  trust->options->image, manifest->counter, trust->floor,
                  named ? named : FLOOR_DIRECTORY, manifest->name);
        return TRUST_DENIED;
    }
    return TRUST_GIVEN;
}

int trust_vet(struct trust *trust, int fd, const char *name, struct image *ret_image) {
    const char *path = trust->options->image;
    int r = trust_read(trust);

    if (r == 0) {
        r = trust_read_floor(trust, name);
    }
    if (r == 0) {
        r = trust_load(trust, fd, name, ret_image);
    }
    if (r == 0 && !naming_check(path, name, ret_image->manifest.name, true)) {
        r = TRUST_IMAGE;
    }
    return r == 0 ? trust_check(trust, ret_image) : r;
}

void trust_done(struct trust *trust) {
    trust->signature_fd = close_fd(trust->signature_fd);
    trust->signer = NULL;
    keys_done(&trust->keys);
    envelope_wipe(&trust->key);
}

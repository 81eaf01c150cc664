// SPDX-License-Identifier: MIT
// Every allocation and Linux call of what reads hostile bytes failed in turn: each failure comes
// back as it was, and nothing that was begun is left.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "call/channel.h"
#include "daemon/app/app.h"
#include "daemon/app/kernel-page.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/policy.h"
#include "image/floor.h"
#include "image/image.h"
#include "image/key.h"
#include "tests/unit/failing-libc.h"
#include "tests/unit/folder.h"
#include "tests/unit/image-maker.h"
#include "tests/unit/signer.h"

#define ARENA_SIZE WIRE_ARENA_MIN
#define N(array) (sizeof(array) / sizeof((array)[0]))

static int source = -1;                                  /* a file with an image */
static char folder[] = "/tmp/mpyd-test-failures-XXXXXX"; /* of a key and a floor */
static char key_text[256];
static struct sealed envelope = SEALED_INIT; /* of two chunks; data is freed at the end */

static int make_channel(void) {
    struct channel channel = {.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
    int r = channel_init(&channel);

    if (r == 0) {
        r = channel_resize(&channel, ARENA_SIZE);
    }
    if (r == 0) {
        memset(channel.arena, 'x', ARENA_SIZE);
        channel_reset(&channel);
        for (size_t i = 0; i < ARENA_SIZE; i++) {
            assert_int_equal(channel.arena[i], 0); // whether or not madvise() could
        }
    }
    channel_done(&channel);
    return r;
}

static int make_policy(void) {
    const char *const narrower[] = {"tcp:a.example.org:443", "udp:192.0.2.1:53"};
    char why[POLICY_WHY_SIZE];
    struct policy *policy = NULL;
    int r = policy_new(&policy);

    if (r == 0) {
        r = policy_grant(policy, POLICY_CONNECT, "tcp:*.example.org:443", why);
    }
    if (r == 0) {
        r = policy_grant(policy, POLICY_CONNECT, "udp:192.0.2.0/24:53", why);
    }
    if (r == 0) {
        r = policy_narrow(policy, POLICY_CONNECT, narrower, N(narrower), why);
    }
    policy = policy_free(policy);
    return r;
}

static int make_names(void) {
    struct policy_names *names = NULL;
    int r = policy_names_new(&names);

    names = policy_names_free(names);
    return r;
}

static int load_image(void) {
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE];
    int r = image_load(source, &image, why);

    image_done(&image);
    return r;
}

static int open_envelope(void) {
    const struct envelope_key key = signer_envelope_key(1);
    struct sealed image = SEALED_INIT;
    char why[IMAGE_WHY_SIZE];
    int r = envelope_open(&envelope, &key, &image, why);

    sealed_done(&image);
    return r;
}

static int parse_key(void) {
    char why[KEY_WHY_SIZE];
    struct key key;

    return key_parse(key_text, strlen(key_text), &key, why);
}

// A refusal says what failed, as -errno does.
static int told(int r, const char *why) {
    if (r <= 0 || !fault.hit) {
        return r;
    }
    assert_non_null(strstr(why, strerror(fault.expected)));
    return -fault.expected;
}

static int read_floor(void) {
    char why[GUARDED_WHY_SIZE];
    uint64_t found = 99;
    int r = floor_read(folder, "app", &found, why);

    assert_int_equal(found, r == 0 ? 7 : 99);
    return told(r, why);
}

// A key that cannot be read counts for nothing, and the log tells.
static int read_keys(void) {
    struct keys keys = {0};
    char why[KEY_WHY_SIZE];
    int r = keys_read(folder, &keys, why);
    size_t n = keys.n_items;

    keys_done(&keys);
    assert_true(r != 0 || n == 1 || fault.hit);
    return r == 0 && n == 0 ? -fault.expected : told(r, why);
}

static int make_app(void) {
    static struct app app;
    int r;

    app = (struct app){.channel = {.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1}};
    r = channel_init(&app.channel);
    if (r == 0) {
        r = kernel_page_init(&app.kernel_page);
    }
    if (r == 0) {
        r = app_init(&app, "app");
    }
    app_done(&app);
    return r;
}

static int next_descriptor(void) {
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    return fd;
}

// The interrupted call that is made again is not the one that fails.
static bool is_done_without(const char *function, int error) {
    return strcmp(function, "madvise") == 0 ||
           (error == EINTR && (strcmp(function, "pread64") == 0 || strcmp(function, "read") == 0 ||
                               strcmp(function, "write") == 0));
}

// Fails one call after the other until all of them have been. Returns how many there were.
static unsigned fail_each(int (*operation)(void), int error) {
    for (unsigned n = 1;; n++) {
        int fd = next_descriptor(), r;
        long n_blocks = fault.n_blocks;

        fault = (struct fault){.countdown = n, .error = error, .n_blocks = n_blocks};
        r = operation();
        fault.countdown = 0;
        if (!fault.hit || is_done_without(fault.hit, error)) {
            assert_int_equal(r, 0);
        } else if (r != -fault.expected) {
            fail_msg("%s, call %u: %d, not %d", fault.hit, n, r, -fault.expected);
        }
        assert_int_equal(fault.n_blocks, n_blocks);
        assert_int_equal(next_descriptor(), fd);
        if (!fault.hit) {
            return n - 1;
        }
    }
}

static void test_every_failure_comes_back_and_leaves_nothing(void **state) {
    static int (*const operations[])(void) = {make_channel, make_policy,   make_names,
                                              load_image,   open_envelope, parse_key,
                                              read_floor,   read_keys,     make_app};
    const int errors[] = {EIO, EINTR, EMFILE, ENOMEM};

    (void)state;
    for (size_t i = 0; i < N(operations); i++) {
        for (size_t j = 0; j < N(errors); j++) {
            assert_true(fail_each(operations[i], errors[j]) > 0);
        }
    }
}

static void put(const char *name, const char *text) {
    char path[64];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static void make_envelope(void) {
    static const uint8_t plain[ENVELOPE_CHUNK_SIZE + 1];
    const struct envelope_key key = signer_envelope_key(1);

    envelope.data = signer_envelope(&key, plain, sizeof(plain), &envelope.size);
}

static int make_source(void **state) {
    struct signer signer;
    struct maker maker;

    (void)state;
    log_set_level(LOG_ERR);
    maker_init(&maker, MAKER_MANIFEST);
    source = memfd_create("source", MFD_CLOEXEC);
    if (source < 0 || write(source, maker.data, maker.size) != (ssize_t)maker.size ||
        sodium_init() < 0 || !mkdtemp(folder)) {
        return -1;
    }
    signer_init(&signer, 1);
    (void)snprintf(key_text, sizeof(key_text), "[key]\npublic = %s\napps = *\n", signer.line);
    put("a.key", key_text);
    put("app", "7\n");
    make_envelope();
    return 0;
}

static int remove_all(void **state) {
    (void)state;
    free((void *)envelope.data);
    return folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_comes_back_and_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, make_source, remove_all);
}

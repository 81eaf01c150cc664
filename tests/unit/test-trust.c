// SPDX-License-Identifier: MIT
// Loading an image as it happens in mpyd run: its file is read once, and nothing looks at what was
// read before its signature was found good.

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/image.h"
#include "image/trust.h"
#include "tests/unit/image-maker.h"
#include "tests/unit/signer.h"

#define NAME "meterd"

// -- the file, which changes as soon as it was read to its end -----------------------------------

static struct {
    int fd; /* reading it gives what follows */
    const uint8_t *good, *evil;
    size_t size, evil_size;
    unsigned n_passes; /* begun */
    bool is_past;      /* its end was seen in this pass */
    unsigned n_other;  /* ways to it that are no pread() of that descriptor */
} file;

ssize_t __real_pread64(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t offset) {
    bool is_first;
    size_t end, n;

    if (fd != file.fd) {
        return __real_pread64(fd, buffer, size, offset);
    }
    if (file.n_passes == 0 || file.is_past || offset == 0) {
        file.n_passes++;
        file.is_past = false;
    }
    is_first = file.n_passes == 1;
    end = is_first ? file.size : file.evil_size;
    n = (size_t)offset < end ? end - (size_t)offset : 0;
    n = n < size ? n : size;
    memcpy(buffer, (is_first ? file.good : file.evil) + ((size_t)offset < end ? offset : 0), n);
    file.is_past = n == 0;
    return (ssize_t)n;
}

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size) {
    file.n_other += fd == file.fd;
    return __real_read(fd, buffer, size);
}

void *__real_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    file.n_other += fd >= 0 && fd == file.fd;
    return __real_mmap64(address, size, protection, flags, fd, offset);
}

// Nothing is opened while an image is loaded, by whatever path.
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...) {
    (void)path;
    (void)flags;
    file.n_other++;
    errno = EACCES;
    return -1;
}

int __wrap_openat64(int directory, const char *path, int flags, ...);
int __wrap_openat64(int directory, const char *path, int flags, ...) {
    (void)directory;
    return __wrap_open64(path, flags);
}

// -- who looks at it -----------------------------------------------------------------------------

static struct {
    bool is_unsigned, is_good; /* nobody asked for a signature; one was found good for the app */
    const uint8_t *signed_data;
    unsigned n_early, n_parsed, n_decrypted;
} seen;

int __real_keys_check_app(const struct keys *keys, const struct key *signer, const char *app,
                          char *why);
int __wrap_keys_check_app(const struct keys *keys, const struct key *signer, const char *app,
                          char *why);
int __wrap_keys_check_app(const struct keys *keys, const struct key *signer, const char *app,
                          char *why) {
    int r = __real_keys_check_app(keys, signer, app, why);

    seen.is_good = seen.signed_data && r == 0;
    return r;
}

int __real_keys_find_signer(const struct keys *keys, const struct signature *signature,
                            const uint8_t *data, size_t size, const struct key **ret_key,
                            char *why);
int __wrap_keys_find_signer(const struct keys *keys, const struct signature *signature,
                            const uint8_t *data, size_t size, const struct key **ret_key,
                            char *why);
int __wrap_keys_find_signer(const struct keys *keys, const struct signature *signature,
                            const uint8_t *data, size_t size, const struct key **ret_key,
                            char *why) {
    int r = __real_keys_find_signer(keys, signature, data, size, ret_key, why);

    seen.signed_data = r == 0 ? data : NULL;
    return r;
}

static void look(unsigned *count) {
    seen.n_early += !seen.is_unsigned && !seen.is_good;
    (*count)++;
}

bool __real_envelope_is(const uint8_t *data, size_t size);
bool __wrap_envelope_is(const uint8_t *data, size_t size);
bool __wrap_envelope_is(const uint8_t *data, size_t size) {
    unsigned n = 0;

    look(&n);
    return __real_envelope_is(data, size);
}

int __real_envelope_open(const struct sealed *sealed, const struct envelope_key *key,
                         struct sealed *ret_image, char *why);
int __wrap_envelope_open(const struct sealed *sealed, const struct envelope_key *key,
                         struct sealed *ret_image, char *why);
int __wrap_envelope_open(const struct sealed *sealed, const struct envelope_key *key,
                         struct sealed *ret_image, char *why) {
    look(&seen.n_decrypted);
    assert_true(seen.is_unsigned || sealed->data == seen.signed_data);
    return __real_envelope_open(sealed, key, ret_image, why);
}

int __real_image_take(struct sealed *sealed, struct image *ret_image, char *why);
int __wrap_image_take(struct sealed *sealed, struct image *ret_image, char *why);
int __wrap_image_take(struct sealed *sealed, struct image *ret_image, char *why) {
    look(&seen.n_parsed);
    assert_true(seen.is_unsigned || seen.n_decrypted > 0 || sealed->data == seen.signed_data);
    return __real_image_take(sealed, ret_image, why);
}

// What image_take() begins with, whoever else may call it.
int __real_elf_parse(const uint8_t *data, size_t size, struct elf *ret_elf, char *why,
                     size_t why_size);
int __wrap_elf_parse(const uint8_t *data, size_t size, struct elf *ret_elf, char *why,
                     size_t why_size);
int __wrap_elf_parse(const uint8_t *data, size_t size, struct elf *ret_elf, char *why,
                     size_t why_size) {
    look(&seen.n_parsed);
    return __real_elf_parse(data, size, ret_elf, why, why_size);
}

// -- loading -------------------------------------------------------------------------------------

static struct maker good, evil;
static struct signer ours;
static const struct envelope_key no_key;
static int some_file = -1;

// How an image is loaded, and what becomes of it.
struct loading {
    bool is_unsigned;
    const char *signature; /* text, unless it is NULL */
    uint8_t signer;        /* seed of who signs */
    const char *name, *apps;
    const struct envelope_key *key;
};

static int signature_file(const struct loading *how) {
    char text[SIGNER_TEXT_SIZE];
    struct signer signer;
    int fd = memfd_create("signature", MFD_CLOEXEC);

    signer_init(&signer, how->signer);
    signer_sign(&signer, file.good, file.size, true, "a release", text);
    assert_true(fd >= 0);
    if (how->signature) {
        (void)snprintf(text, sizeof(text), "%s", how->signature);
    }
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static int load(const struct loading *how, struct image *image) {
    const struct trust_options options = {.image = "meterd.mpyimg",
                                          .is_unsigned = how->is_unsigned};
    struct trust trust = {.options = &options, .signature_fd = signature_file(how)};
    int r;

    trust.keys.items = calloc(1, sizeof(*trust.keys.items));
    trust.keys.directory = strdup("keys");
    assert_non_null(trust.keys.items);
    trust.keys.n_items = 1;
    trust.keys.items[0].id = SIGNER_ID;
    trust.keys.items[0].file = strdup("ours.key");
    memcpy(trust.keys.items[0].public_key, ours.public_key, SIGNATURE_KEY_SIZE);
    (void)snprintf(trust.keys.items[0].apps, KEY_APPS_SIZE, " %s ", how->apps);
    trust.has_key = how->key;
    trust.key = how->key ? *how->key : no_key;
    file.n_passes = file.n_other = 0;
    file.is_past = false;
    memset(&seen, 0, sizeof(seen));
    seen.is_unsigned = how->is_unsigned;
    file.fd = some_file;
    r = trust_load(&trust, some_file, how->name, image);
    file.fd = -1;
    assert_int_equal(file.n_passes, 1);
    assert_int_equal(file.n_other, 0);
    assert_int_equal(seen.n_early, 0);
    if (r == TRUST_GIVEN) {
        assert_true(sodium_is_zero((const uint8_t *)&trust.key, sizeof(trust.key)));
    }
    trust_done(&trust);
    return r;
}

static void ship(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size) {
    file.good = data;
    file.size = size;
    file.evil = other;
    file.evil_size = other_size;
}

static void check_loaded(const struct loading *how) {
    struct image image = IMAGE_INIT;
    uint8_t *bytes = malloc(good.size);

    assert_non_null(bytes);
    assert_int_equal(load(how, &image), TRUST_GIVEN);
    assert_string_equal(image.manifest.name, NAME);
    assert_int_equal(image.size, good.size);
    assert_int_equal(pread(image.fd, bytes, good.size, 0), (ssize_t)good.size);
    assert_memory_equal(bytes, good.data, good.size);
    assert_int_equal(seen.n_parsed, 2); /* image_take(), and elf_parse() in it */
    free(bytes);
    image_done(&image);
}

static void test_load_reads_a_plain_image_once(void **state) {
    const struct loading how = {.signer = 1, .name = NAME, .apps = NAME};
    const struct loading how_unsigned = {.is_unsigned = true, .apps = "*"};

    (void)state;
    ship(good.data, good.size, evil.data, evil.size);
    check_loaded(&how);
    check_loaded(&how_unsigned);
    assert_int_equal(seen.n_decrypted, 0);
}

static void test_load_reads_an_encrypted_image_once(void **state) {
    const struct envelope_key key = signer_envelope_key(1);
    const struct loading how = {.signer = 1, .name = NAME, .apps = NAME, .key = &key};
    size_t size = 0, evil_size = 0;
    uint8_t *shipped = signer_envelope(&key, good.data, good.size, &size);
    uint8_t *other = signer_envelope(&key, evil.data, evil.size, &evil_size);

    (void)state;
    ship(shipped, size, other, evil_size);
    check_loaded(&how);
    assert_int_equal(seen.n_decrypted, 1);
    free(shipped);
    free(other);
}

// What an attacker may have put there: an image, an envelope, something else.
static void test_load_looks_at_nothing_that_is_not_signed(void **state) {
    const struct loading refused[] = {
        {.signer = 2, .name = NAME, .apps = "*"},
        {.signer = 1, .name = NAME, .apps = "another"},
        {.signer = 1, .signature = "", .name = NAME, .apps = "*"},
        {.signer = 1, .signature = "untrusted comment: none\n", .name = NAME, .apps = "*"},
    };
    const struct envelope_key key = signer_envelope_key(1);
    size_t size = 0;
    uint8_t *shipped = signer_envelope(&key, good.data, good.size, &size);
    const uint8_t *const data[] = {good.data, shipped, (const uint8_t *)"\177ELFxyz"};
    const size_t sizes[] = {good.size, size, 7};

    (void)state;
    for (unsigned i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        for (unsigned kind = 0; kind < 3; kind++) {
            struct loading how = refused[i];
            struct image image = IMAGE_INIT;

            how.key = &key;
            ship(data[kind], sizes[kind], evil.data, evil.size);
            assert_int_equal(load(&how, &image), TRUST_DENIED);
            assert_int_equal(seen.n_parsed + seen.n_decrypted, 0);
            assert_int_equal(image.fd, -1);
        }
    }
    free(shipped);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_reads_a_plain_image_once),
        cmocka_unit_test(test_load_reads_an_encrypted_image_once),
        cmocka_unit_test(test_load_looks_at_nothing_that_is_not_signed),
    };
    const char *name = "\"name\":\"meterd\"";
    char manifest[sizeof(MAKER_MANIFEST)] = MAKER_MANIFEST;

    file.fd = -1;
    maker_init(&good, manifest);
    memcpy(strstr(manifest, name) + 8, "evilly", 6);
    maker_init(&evil, manifest);
    some_file = memfd_create("as shipped", MFD_CLOEXEC);
    if (sodium_init() < 0 || some_file < 0 || write(some_file, "x", 1) != 1) {
        return 1;
    }
    signer_init(&ours, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

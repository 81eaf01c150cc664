// SPDX-License-Identifier: MIT

// What a start makes of a state directory: first run, good, damaged, another's, unreadable. Damaged
// is never taken for a first run, and nothing of it is changed.

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/storage-fixture.h"

#define HEADER_SIZE 128u

static uint8_t header[HEADER_SIZE];
static char why[VOLUME_WHY_SIZE];

static const char *at(const char *name) {
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", storage_path, name);
    return path;
}

static int setup(void **state) {
    int r = storage_setup(state), fd;

    storage_stop();
    fd = open(at("volume"), O_RDONLY | O_CLOEXEC);
    if (r != 0 || fd < 0 || read(fd, header, HEADER_SIZE) != HEADER_SIZE) {
        return -1;
    }
    return close(fd);
}

static void put_header(const uint8_t *bytes, size_t size) {
    storage_put("volume", bytes, size);
}

// As another mpyd, or one for another app, would have written it.
static void put_signed_header(size_t offset, const void *bytes, size_t size) {
    uint8_t other[HEADER_SIZE];

    memcpy(other, header, HEADER_SIZE);
    memcpy(other + offset, bytes, size);
    (void)crypto_generichash(other + HEADER_SIZE - 32, 32, other, HEADER_SIZE - 32, NULL, 0);
    put_header(other, HEADER_SIZE);
}

static void test_first_start_lays_out_second_finds_it(void **state) {
    struct stat status;

    assert_int_equal(storage_start(why), 0);
    assert_int_equal(storage->used, 0);
    assert_int_equal(stat(at("volume"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(at("data"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    storage_clear();
    assert_int_equal(storage_start(why), STORAGE_LAID_OUT);
    assert_int_equal(storage_start(why), 0);
}

static void test_every_flipped_bit_is_damage(void **state) {
    storage_put("data/kept", "kept", 4);
    for (size_t i = 0; i < HEADER_SIZE * 8; i++) {
        uint8_t spoilt[HEADER_SIZE], found[HEADER_SIZE];
        int fd;

        memcpy(spoilt, header, HEADER_SIZE);
        spoilt[i / 8] ^= (uint8_t)(1u << i % 8);
        put_header(spoilt, HEADER_SIZE);
        assert_int_equal(storage_start(why), STORAGE_CORRUPT);
        assert_int_equal(storage->data_fd, -1);
        fd = open(at("volume"), O_RDONLY | O_CLOEXEC);
        assert_int_equal(read(fd, found, HEADER_SIZE), HEADER_SIZE);
        assert_memory_equal(found, spoilt, HEADER_SIZE);
        (void)close(fd);
    }
    put_header(header, HEADER_SIZE);
    assert_int_equal(storage_start(why), 0);
    assert_int_equal(storage->used, 1);
}

static void test_every_other_length_is_damage(void **state) {
    uint8_t longer[HEADER_SIZE + 1] = {0};

    memcpy(longer, header, HEADER_SIZE);
    for (size_t size = 0; size <= sizeof(longer); size++) {
        put_header(longer, size);
        assert_int_equal(storage_start(why), size == HEADER_SIZE ? 0 : STORAGE_CORRUPT);
    }
}

static void test_no_file_is_damage(void **state) {
    assert_int_equal(unlink(at("volume")), 0);
    assert_int_equal(symlink("/etc/hostname", at("volume")), 0);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
    assert_int_equal(unlink(at("volume")), 0);
    assert_int_equal(mkdir(at("volume"), 0700), 0);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
    assert_int_equal(rmdir(at("volume")), 0);
    assert_int_equal(mkfifo(at("volume"), 0600), 0);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
}

static void test_files_without_header_are_damage(void **state) {
    assert_int_equal(unlink(at("volume")), 0);
    storage_put("data/kept", "kept", 4);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
    assert_int_equal(access(at("volume"), F_OK), -1);
    assert_int_equal(access(at("data/kept"), F_OK), 0);
}

static void test_header_without_files_is_damage(void **state) {
    assert_int_equal(rmdir(at("data")), 0);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
    assert_int_equal(access(at("data"), F_OK), -1);
    assert_int_equal(symlink("/tmp", at("data")), 0);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
}

static void test_of_another_app_or_format_refused(void **state) {
    uint32_t format = 2;

    put_signed_header(16, "other", 6);
    assert_int_equal(storage_start(why), STORAGE_FOREIGN);
    assert_string_equal(why, "it is the storage of other");
    put_signed_header(8, &format, sizeof(format));
    assert_int_equal(storage_start(why), STORAGE_FOREIGN);
    assert_string_equal(why, "it is of format 2, this mpyd knows 1");
    put_signed_header(16, "No Name", 8);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
    put_signed_header(16, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32);
    assert_int_equal(storage_start(why), STORAGE_CORRUPT);
}

// Neither a first run nor damage: nothing is known. Root could read it, and becomes somebody else.
static void test_unreadable_is_neither(void **state) {
    bool is_root = geteuid() == 0;

    assert_int_equal(chmod(at("volume"), 0), 0);
    if (is_root) {
        assert_int_equal(chmod(storage_path, 0755), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    assert_int_equal(storage_start(why), -EACCES);
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod(at("volume"), 0600), 0);
    assert_int_equal(storage_start(why), 0);
}

// Whatever a power cut leaves of a layout is a first run again, or the whole.
static void test_every_half_layout_is_a_first_run(void **state) {
    for (int step = 0; step < 5; step++) {
        storage_clear();
        if (step >= 1) {
            assert_int_equal(mkdir(at("data"), 0700), 0);
        }
        if (step >= 2) {
            assert_int_equal(mkdir(at("crash"), 0700), 0);
        }
        if (step >= 3) {
            storage_put("volume.new", header, step == 3 ? 0 : 64);
        }
        assert_int_equal(storage_start(why), STORAGE_LAID_OUT);
        assert_int_equal(access(at("volume.new"), F_OK), -1);
        assert_int_equal(storage_start(why), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_start_lays_out_second_finds_it, setup,
                                        storage_teardown),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_is_damage, setup, storage_teardown),
        cmocka_unit_test_setup_teardown(test_every_other_length_is_damage, setup, storage_teardown),
        cmocka_unit_test_setup_teardown(test_no_file_is_damage, setup, storage_teardown),
        cmocka_unit_test_setup_teardown(test_files_without_header_are_damage, setup,
                                        storage_teardown),
        cmocka_unit_test_setup_teardown(test_header_without_files_is_damage, setup,
                                        storage_teardown),
        cmocka_unit_test_setup_teardown(test_of_another_app_or_format_refused, setup,
                                        storage_teardown),
        cmocka_unit_test_setup_teardown(test_unreadable_is_neither, setup, storage_teardown),
        cmocka_unit_test_setup_teardown(test_every_half_layout_is_a_first_run, setup,
                                        storage_teardown),
    };

    return cmocka_run_group_tests_name("volume", tests, NULL, NULL);
}

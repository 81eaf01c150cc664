// SPDX-License-Identifier: MIT
// Which image runs, after what; and the file that remembers it.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "image/slots-file.h"
#include "image/slots.h"

static const struct slot one = {.image = "1111111111111111", .version = "1", .counter = 3};
static const struct slot two = {.image = "2222222222222222", .version = "2", .counter = 4};

// Version 1 runs in a, version 2 is to be tried in b.
static struct slots updated(void) {
    struct slots slots = SLOTS_INIT;

    slots_try(&slots, SLOTS_A, &one);
    slots_confirm(&slots);
    slots_try(&slots, SLOTS_B, &two);
    return slots;
}

static void assert_order(const struct slots *slots, const char *expected) {
    enum slots_place places[SLOTS_N];
    char words[64] = "";
    size_t n = slots_order(slots, places);

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(words + strlen(words), sizeof(words) - strlen(words), " %s",
                       slots_name(places[i]));
    }
    assert_string_equal(words, expected);
}

static void test_slots_trial_once_then_what_was_good(void **state) {
    struct slots slots = updated();

    assert_order(&slots, " b a vendor");
    assert_false(slots_is_over(&slots));
    slots.boots = 1;
    assert_true(slots_is_over(&slots));
    assert_order(&slots, " a vendor b");
    assert_true(slots_fail(&slots, "it crashed"));
    assert_int_equal(slots.good, SLOTS_A);
    assert_int_equal(slots.trial, SLOTS_NONE);
    assert_int_equal(slots.slot[SLOTS_B].verdict, SLOTS_BAD);
    assert_string_equal(slots.event, "rolled back from version 2 to 1: it crashed");
    assert_order(&slots, " a vendor b");
}

static void test_slots_confirmed_trial_is_good(void **state) {
    struct slots slots = updated();

    slots.boots = 1;
    slots_confirm(&slots);
    assert_int_equal(slots.good, SLOTS_B);
    assert_int_equal(slots.boots, 0);
    assert_order(&slots, " b a vendor");
}

static void test_slots_first_has_nothing_to_go_back_to(void **state) {
    struct slots slots = SLOTS_INIT;

    assert_order(&slots, " vendor");
    slots_try(&slots, SLOTS_A, &one);
    slots.boots = 7;
    assert_false(slots_is_over(&slots));
    assert_false(slots_fail(&slots, "it crashed"));
    assert_int_equal(slots.trial, SLOTS_A);
    assert_order(&slots, " a vendor");
    assert_int_equal(slots_roll_back(&slots), SLOTS_NONE);
    assert_int_equal(slots.trial, SLOTS_A);
}

static void test_slots_of_package_is_gone_back_to(void **state) {
    struct slots slots = SLOTS_INIT;

    slots.slot[SLOTS_VENDOR] = one;
    slots.good = SLOTS_VENDOR;
    slots_try(&slots, SLOTS_A, &two);
    slots.boots = 1;
    assert_order(&slots, " vendor a");
    assert_true(slots_fail(&slots, "it hung"));
    assert_string_equal(slots.event, "rolled back from version 2 to 1: it hung");
    assert_int_equal(slots.good, SLOTS_VENDOR);
}

static void test_slots_spare_is_neither_good_nor_in_use(void **state) {
    struct slots slots = SLOTS_INIT;

    assert_int_equal(slots_spare(&slots, SLOTS_NONE), SLOTS_A);
    assert_int_equal(slots_spare(&slots, SLOTS_A), SLOTS_B);
    slots = updated();
    assert_int_equal(slots_spare(&slots, SLOTS_A), SLOTS_B);
    assert_int_equal(slots_spare(&slots, SLOTS_B), SLOTS_NONE);
    slots_confirm(&slots);
    assert_int_equal(slots_spare(&slots, SLOTS_B), SLOTS_A);
    slots_empty(&slots, SLOTS_A);
    assert_order(&slots, " b vendor");
}

static void test_slots_spare_is_worth_least(void **state) {
    struct slots slots = SLOTS_INIT;

    slots_try(&slots, SLOTS_A, &one); // not confirmed, and all there is
    assert_int_equal(slots_spare(&slots, SLOTS_NONE), SLOTS_B);
    slots_try(&slots, SLOTS_B, &two);
    assert_int_equal(slots_spare(&slots, SLOTS_NONE), SLOTS_A);
    slots.slot[SLOTS_B].verdict = SLOTS_BAD;
    slots.trial = SLOTS_NONE;
    assert_int_equal(slots_spare(&slots, SLOTS_NONE), SLOTS_B);
}

static void test_slots_emptied_is_neither_good_nor_trial(void **state) {
    struct slots slots = updated();

    slots_empty(&slots, SLOTS_B);
    assert_int_equal(slots.trial, SLOTS_NONE);
    slots_empty(&slots, SLOTS_A);
    assert_int_equal(slots.good, SLOTS_NONE);
    assert_order(&slots, " vendor");
}

static void test_slots_roll_back_to_the_other_that_was_good(void **state) {
    struct slots slots = updated();

    assert_int_equal(slots_roll_back(&slots), SLOTS_A);    // a trial is given up
    assert_int_equal(slots_roll_back(&slots), SLOTS_NONE); // b holds one that did not do
    slots = updated();
    slots_confirm(&slots);
    assert_int_equal(slots_roll_back(&slots), SLOTS_A);
    assert_string_equal(slots.event, "rolled back from version 2 to 1: as asked for");
    assert_int_equal(slots_roll_back(&slots), SLOTS_B); // and forth
    assert_int_equal(slots.good, SLOTS_B);
}

// -- the file ------------------------------------------------------------------------------------

static char folder[] = "/tmp/mpyd-slots-XXXXXX";

static int make_folder(void **state) {
    static int fd;

    *state = &fd;
    return folder_make(folder, &fd);
}

static int remove_folder(void **state) {
    close(*(int *)*state);
    return folder_remove(folder);
}

static void test_slots_file_round_trip(void **state) {
    struct slots slots = updated(), read;
    char why[SLOTS_FILE_WHY_SIZE];
    int fd = *(int *)*state;

    (void)unlinkat(fd, SLOTS_FILE_NAME, 0);
    assert_int_equal(slots_file_read(fd, &read, why), SLOTS_FILE_ABSENT);
    assert_int_equal(read.good, SLOTS_NONE);
    slots.boots = 1;
    slots.slot[SLOTS_VENDOR] = one;
    slots.slot[SLOTS_VENDOR].verdict = SLOTS_GOOD;
    slots_tell(&slots, "a ; b\n[a]\tc \xff %0200d", 7); // no second line, no comment, no end
    for (int i = 0; i < 2; i++) {
        assert_int_equal(slots_file_write(fd, &slots), 0);
        assert_int_equal(slots_file_read(fd, &read, why), 0);
        assert_memory_equal(&read, &slots, sizeof(slots));
        slots_empty(&slots, SLOTS_B);
        slots.event[0] = '\0';
        memset(slots.event, 0, sizeof(slots.event));
    }
    assert_int_equal(slots_file_read_app(folder, ".", &read, why), 0);
    assert_int_equal(slots_file_read_app(folder, "none", &read, why), SLOTS_FILE_ABSENT);
}

static void test_slots_file_damaged_is_told(void **state) {
    static const char *const texts[] = {
        "",
        "[slots]\ntrial = none\n",
        "[slots]\ngood = c\n",
        "[slots]\ngood = a\n", // which is empty
        "[slots]\ntrial = vendor\n",
        "[a]\nverdict = good\n[slots]\ngood = a\ntrial = a\n",
        "[a]\nverdict = empty\n",
        "[a]\nimage = 12345678901234567\n",
        "[a]\ncounter = 4294967296\n",
        "[c]\n",
        "good = a\n",
        "[slots]\nboots = -1\n",
        "[slots]\ngood\n",
        "[vendor]\nsize = 3\n",
    };
    struct slots read;
    char why[SLOTS_FILE_WHY_SIZE];
    int fd = *(int *)*state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int file = openat(fd, SLOTS_FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_int_equal(write(file, texts[i], strlen(texts[i])), strlen(texts[i]));
        close(file);
        why[0] = '\0';
        assert_int_equal(slots_file_read(fd, &read, why), SLOTS_FILE_DAMAGED);
        assert_non_null(strstr(why, "state:"));
        assert_int_equal(read.good, SLOTS_NONE);
    }
}

static void test_slots_file_unreadable_is_not_absent(void **state) {
    struct slots read;
    char why[SLOTS_FILE_WHY_SIZE];
    int fd = *(int *)*state;

    (void)unlinkat(fd, SLOTS_FILE_NAME, 0);
    assert_int_equal(mkdirat(fd, SLOTS_FILE_NAME, 0755), 0);
    assert_int_equal(slots_file_read(fd, &read, why), -EISDIR);
    assert_int_equal(unlinkat(fd, SLOTS_FILE_NAME, AT_REMOVEDIR), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_trial_once_then_what_was_good),
        cmocka_unit_test(test_slots_confirmed_trial_is_good),
        cmocka_unit_test(test_slots_first_has_nothing_to_go_back_to),
        cmocka_unit_test(test_slots_of_package_is_gone_back_to),
        cmocka_unit_test(test_slots_spare_is_neither_good_nor_in_use),
        cmocka_unit_test(test_slots_spare_is_worth_least),
        cmocka_unit_test(test_slots_emptied_is_neither_good_nor_trial),
        cmocka_unit_test(test_slots_roll_back_to_the_other_that_was_good),
        cmocka_unit_test(test_slots_file_round_trip),
        cmocka_unit_test(test_slots_file_damaged_is_told),
        cmocka_unit_test(test_slots_file_unreadable_is_not_absent),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

// SPDX-License-Identifier: MIT
// Trusted keys: what a file of one may say, what it is good for, who may have written it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "image/floor.h"
#include "image/key.h"
#include "tests/unit/folder.h"
#include "tests/unit/signer.h"

static struct signer signer, other;
static const uint8_t data[] = "what is signed";

static int parse(const char *rest, struct key *key, char why[KEY_WHY_SIZE]) {
    char text[4096];

    (void)snprintf(text, sizeof(text), "[key]\npublic = %s\n%s", signer.line, rest);
    why[0] = '\0';
    return key_parse(text, strlen(text), key, why);
}

static void test_parse_good_gives_fields(void **state) {
    char why[KEY_WHY_SIZE];
    struct key key;

    (void)state;
    assert_int_equal(parse("apps = a b-1 ; who\n  c\napps = d*\t*\n", &key, why), 0);
    assert_true(key.id == SIGNER_ID);
    assert_string_equal(key.apps, " a b-1 c d* * ");
    assert_null(key.file);
}

static void test_parse_bad_is_refused_with_its_line(void **state) {
    static const struct {
        const char *rest, *why;
    } cases[] = {
        {"", "2: no apps"},
        {"apps =\n", "3: no apps"},
        {"apps = A\n", "3: apps: A is neither"},
        {"apps = a**\n", "3: apps: a** is neither"},
        {"apps = -*\n", "3: apps: -* is neither"},
        {"apps = mpyd\n", "3: apps: mpyd is neither"},
        {"apps = a b!\n", "3: apps: b! is neither"},
        {"apps = abcdefghijklmnopqrstuvwxyza\n", "3: apps: abcdef"},
        {"apps = a\npublic = RWQ\n", "4: public is set twice"},
        {"apps = a\nuntil = 1\n", "4: there is no key until"},
        {"apps = a\nhello\n", "4: neither [SECTION] nor KEY = VALUE"},
        {"apps = a\n[more]\nx = 1\n", "4: there is no section [more]"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char why[KEY_WHY_SIZE];
        struct key key;

        assert_int_equal(parse(cases[i].rest, &key, why), KEY_REFUSED);
        assert_memory_equal(why, cases[i].why, strlen(cases[i].why));
    }
}

static void test_parse_key_of_minisign_is_refused_with_what_to_do(void **state) {
    char why[KEY_WHY_SIZE], text[256];
    struct key key;

    (void)state;
    (void)snprintf(text, sizeof(text), "untrusted comment: minisign public key\n%s\n", signer.line);
    assert_int_equal(key_parse(text, strlen(text), &key, why), KEY_REFUSED);
    assert_non_null(strstr(why, "1: this is a public key as minisign writes it; mpyd(8)"));
}

// Cut names would be other names.
static void test_parse_long_lines_are_refused(void **state) {
    char why[KEY_WHY_SIZE], rest[2048] = "apps =";
    struct key key;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        strcat(rest, " a");
    }
    assert_int_equal(parse(rest, &key, why), KEY_REFUSED);
    assert_non_null(strstr(why, "3: the line is too long"));
    rest[0] = '\0';
    for (unsigned i = 0; i < 60; i++) {
        strcat(rest, "apps = abcdefghijklmnopqrstuvwxyz\n");
    }
    assert_int_equal(parse(rest, &key, why), KEY_REFUSED);
    assert_non_null(strstr(why, "too many names"));
}

static void test_check_app_goes_by_the_names(void **state) {
    static const struct {
        const char *apps, *app;
        int result;
    } cases[] = {
        {"a", "a", 0},       {"a", "ab", KEY_REFUSED},   {"ab", "a", KEY_REFUSED}, {"a*", "ab", 0},
        {"a*", "a", 0},      {"a-*", "a", KEY_REFUSED},  {"b*", "a", KEY_REFUSED}, {"*", "a", 0},
        {"x y a z", "a", 0}, {"x ya", "a", KEY_REFUSED},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char why[KEY_WHY_SIZE], rest[64];
        struct key key;
        struct keys keys = {.items = &key, .n_items = 1};

        (void)snprintf(rest, sizeof(rest), "apps = %s\n", cases[i].apps);
        assert_int_equal(parse(rest, &key, why), 0);
        key.file = (char *)"f.key";
        assert_int_equal(keys_check_app(&keys, &key, cases[i].app, why), cases[i].result);
    }
}

// Two keys of one number, as anybody can make them: the one that signed is found, in any order.
static void test_find_signer_by_key_not_by_number(void **state) {
    char text[SIGNER_TEXT_SIZE], why[KEY_WHY_SIZE], directory[] = "d", both[] = "one and other";
    struct key items[2] = {{.id = SIGNER_ID}, {.id = SIGNER_ID}};
    struct keys keys = {.directory = directory, .items = items, .n_items = 2};
    const struct key *found = NULL;
    struct signature signature;

    (void)state;
    signer_sign(&signer, data, sizeof(data), true, "c", text);
    assert_int_equal(signature_parse(text, strlen(text), &signature, why), 0);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(items[i].public_key, signer.public_key, SIGNATURE_KEY_SIZE);
        memcpy(items[1 - i].public_key, other.public_key, SIGNATURE_KEY_SIZE);
        assert_int_equal(keys_find_signer(&keys, &signature, data, sizeof(data), &found, why), 0);
        assert_ptr_equal(found, &items[i]);
    }
    memcpy(items[0].public_key, other.public_key, SIGNATURE_KEY_SIZE);
    memcpy(items[1].public_key, other.public_key, SIGNATURE_KEY_SIZE);
    assert_int_equal(keys_find_signer(&keys, &signature, data, sizeof(data), &found, why),
                     KEY_REFUSED);
    assert_non_null(strstr(why, "changed after it was signed with key 102030405060708"));
    keys.n_items = 0;
    assert_int_equal(keys_find_signer(&keys, &signature, data, sizeof(data), &found, why),
                     KEY_REFUSED);
    assert_non_null(strstr(why, "not among the 0 in d"));
    keys.is_absent = true;
    keys.directory = both;
    assert_int_equal(keys_find_signer(&keys, &signature, data, sizeof(data), &found, why),
                     KEY_REFUSED);
    assert_non_null(strstr(why, "not among those trusted here: one and other do not exist"));
}

// -- in a directory ------------------------------------------------------------------------------

static char folder[] = "/tmp/mpyd-test-key-XXXXXX";

static void put(const char *name, const char *text, mode_t mode) {
    char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void test_read_directory_takes_good_keys_in_order(void **state) {
    char text[256], why[KEY_WHY_SIZE];
    struct keys keys = {0};

    (void)state;
    (void)snprintf(text, sizeof(text), "[key]\npublic = %s\napps = *\n", signer.line);
    put("b.key", text, 0644);
    put("a.key", text, 0600);
    put("c.key", "nonsense", 0644);
    put("d.key", text, 0664);
    put("e.key.bak", text, 0644);
    put(".key", text, 0644);
    put(".f.key", text, 0644);
    put("g", text, 0644);
    assert_int_equal(keys_read(folder, &keys, why), 0);
    assert_int_equal(keys.n_items, 2);
    assert_string_equal(keys.items[0].file, "a.key");
    assert_string_equal(keys.items[1].file, "b.key");
    assert_string_equal(keys.directory, folder);
    keys_done(&keys);
    assert_null(keys.items);
}

static void test_read_empty_directory_gives_none(void **state) {
    char path[128], why[KEY_WHY_SIZE];
    struct keys keys = {.n_items = 1};

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/empty", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(keys_read(path, &keys, why), 0);
    assert_int_equal(keys.n_items, 0);
    keys_done(&keys);
}

// What packages bring, in a directory beside that of the administrator.
static void test_keys_of_packages_are_good_for_their_app_alone(void **state) {
    char own[64], packages[64], text[256], why[KEY_WHY_SIZE];
    struct keys keys = {0};
    struct key stranger = {.apps = " lamp "};

    (void)state;
    (void)snprintf(own, sizeof(own), "%s/own", folder);
    (void)snprintf(packages, sizeof(packages), "%s/packages", folder);
    assert_int_equal(mkdir(own, 0700), 0);
    assert_int_equal(mkdir(packages, 0700), 0);
    (void)snprintf(text, sizeof(text), "[key]\npublic = %s\napps = lamp\n", signer.line);
    put("packages/lamp.key", text, 0644);
    put("packages/lamp.old.key", text, 0644);
    put("packages/pump.key", text, 0644);
    put("packages/lam.key", text, 0644);
    (void)snprintf(text, sizeof(text), "[key]\npublic = %s\napps = *\n", signer.line);
    put("packages/lamp.all.key", text, 0644);
    (void)snprintf(text, sizeof(text), "[key]\npublic = %s\napps = lamp oven\n", signer.line);
    put("packages/lamp.two.key", text, 0644);
    assert_int_equal(keys_read_both(own, packages, &keys, why), 0);
    assert_int_equal(keys.n_items, 2);
    assert_string_equal(keys.items[0].file, "lamp.key");
    assert_string_equal(keys.items[1].file, "lamp.old.key");
    assert_false(keys.is_absent);
    memcpy(stranger.public_key, keys.items[0].public_key, sizeof(stranger.public_key));
    assert_int_equal(keys_check_app(&keys, &keys.items[0], "lamp", why), 0);
    stranger.file = keys.items[0].file;
    assert_int_equal(keys_check_app(&keys, &stranger, "pump", why), KEY_REFUSED);
    keys_done(&keys);
}

static void test_keys_of_packages_give_way_to_the_administrators(void **state) {
    char own[64], packages[64], path[96], text[256], why[KEY_WHY_SIZE];
    struct keys keys = {0};

    (void)state;
    (void)snprintf(own, sizeof(own), "%s/own", folder);
    (void)snprintf(packages, sizeof(packages), "%s/packages", folder);
    (void)snprintf(text, sizeof(text), "[key]\npublic = %s\napps = lamp*\n", signer.line);
    put("own/lamp.key", text, 0644);
    (void)snprintf(path, sizeof(path), "%s/lamp.old.key", own);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(keys_read_both(own, packages, &keys, why), 0);
    assert_int_equal(keys.n_items, 1);
    assert_string_equal(keys.items[0].apps, " lamp* ");
    keys_done(&keys);
    assert_int_equal(keys_read_both(own, "/nonexistent/keys", &keys, why), 0);
    assert_int_equal(keys.n_items, 1);
    keys_done(&keys);
    assert_int_equal(chmod(packages, 0777), 0);
    assert_int_equal(keys_read_both(own, packages, &keys, why), KEY_REFUSED);
    assert_non_null(strstr(why, packages));
}

static void test_read_what_is_no_directory(void **state) {
    char why[KEY_WHY_SIZE];
    struct keys keys = {0};

    (void)state;
    assert_int_equal(keys_read("/nonexistent/keys", &keys, why), KEY_REFUSED);
    assert_string_equal(why, "/nonexistent/keys: there is no such directory");
    assert_null(keys.items);
    assert_int_equal(keys_read("/etc/hostname", &keys, why), KEY_REFUSED);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(keys_read(folder, &keys, why), KEY_REFUSED);
    assert_int_equal(chmod(folder, 0700), 0);
}

static void test_floor_is_a_number_or_refused(void **state) {
    static const struct {
        const char *text;
        int64_t floor; /* -1: refused */
    } cases[] = {
        {"0", 0},
        {"7\n", 7},
        {"4294967295\n", 4294967295},
        {"4294967296", -1},
        {"", -1},
        {"\n", -1},
        {"7\n\n", -1},
        {" 7", -1},
        {"7 ", -1},
        {"+7", -1},
        {"-1", -1},
        {"seven", -1},
        {"00000000000000000007", -1},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char why[GUARDED_WHY_SIZE];
        uint64_t found = 99;
        int r;

        put("gauge", cases[i].text, 0644);
        r = floor_read(folder, "gauge", &found, why);
        assert_int_equal(r, cases[i].floor < 0 ? GUARDED_REFUSED : 0);
        assert_int_equal(found, cases[i].floor < 0 ? 99 : cases[i].floor);
        assert_int_equal(floor_read(folder, "another", &found, why), 0);
        assert_int_equal(found, 0);
    }
}

static void test_floor_in_a_folder_that_others_write_to_is_refused(void **state) {
    char why[GUARDED_WHY_SIZE];
    uint64_t found = 99;

    (void)state;
    put("gauge", "7", 0644);
    assert_int_equal(chmod(folder, 0770), 0);
    assert_int_equal(floor_read(folder, "gauge", &found, why), GUARDED_REFUSED);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(found, 99);
    assert_non_null(strstr(why, "others than its owner can write to it (mode 0770)"));
}

// Root and who runs this may have written it, and nobody else.
static void test_floor_of_another_user_is_refused(void **state) {
    char why[GUARDED_WHY_SIZE], path[128];
    uint64_t found = 99;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    (void)snprintf(path, sizeof(path), "%s/gauge", folder);
    put("gauge", "7", 0644);
    assert_int_equal(chmod(folder, 0755) | chown(path, 1, 1), 0);
    assert_int_equal(floor_read(folder, "gauge", &found, why), GUARDED_REFUSED);
    assert_non_null(strstr(why, "belongs to user 1, neither root nor who runs this"));
    assert_int_equal(seteuid(2), 0);
    assert_int_equal(floor_read(folder, "gauge", &found, why), GUARDED_REFUSED);
    assert_int_equal(seteuid(0) | seteuid(1), 0);
    assert_int_equal(floor_read(folder, "gauge", &found, why), 0);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(found, 7);
    assert_int_equal(chmod(folder, 0700) | chown(path, 0, 0), 0);
}

static int make_folder(void **state) {
    (void)state;
    log_set_level(LOG_ERR);
    signer_init(&signer, 1);
    signer_init(&other, 2);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_good_gives_fields),
        cmocka_unit_test(test_parse_bad_is_refused_with_its_line),
        cmocka_unit_test(test_parse_key_of_minisign_is_refused_with_what_to_do),
        cmocka_unit_test(test_parse_long_lines_are_refused),
        cmocka_unit_test(test_check_app_goes_by_the_names),
        cmocka_unit_test(test_find_signer_by_key_not_by_number),
        cmocka_unit_test(test_read_directory_takes_good_keys_in_order),
        cmocka_unit_test(test_read_empty_directory_gives_none),
        cmocka_unit_test(test_keys_of_packages_are_good_for_their_app_alone),
        cmocka_unit_test(test_keys_of_packages_give_way_to_the_administrators),
        cmocka_unit_test(test_read_what_is_no_directory),
        cmocka_unit_test(test_floor_is_a_number_or_refused),
        cmocka_unit_test(test_floor_in_a_folder_that_others_write_to_is_refused),
        cmocka_unit_test(test_floor_of_another_user_is_refused),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, make_folder, remove_folder);
}

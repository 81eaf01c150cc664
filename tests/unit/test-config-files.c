// SPDX-License-Identifier: MIT
// Which of several files says what counts, and how what is wrong with one is told.

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config/config-files.h"

static char top[] = "/tmp/test-config-files-XXXXXX";
#define DROP_IN "etc/meterd.conf.d/10-a.conf"

static char etc[64], usr[64];
static const struct config_place by_name = {.app = "meterd", .etc = etc, .usr = usr};

static const char *path_of(const char *name) {
    static char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    return remove(path);
}

static int set_up(void **state) {
    (void)memcpy(top + strlen(top) - 6, "XXXXXX", 6);
    if (!mkdtemp(top)) {
        return -1;
    }
    (void)snprintf(etc, sizeof(etc), "%s/etc", top);
    (void)snprintf(usr, sizeof(usr), "%s/usr", top);
    return mkdir(etc, 0700) || mkdir(usr, 0700) || mkdir(path_of("etc/meterd.conf.d"), 0700) ||
           mkdir(path_of("usr/meterd.conf.d"), 0700);
}

static int tear_down(void **state) {
    return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int read_place(struct config *config, const struct config_place *place,
                      char why[CONFIG_WHY_SIZE]) {
    assert_int_equal(config_init(config), 0);
    return config_files_read(config, place, why);
}

// WHERE in the directory; BEFORE it and AFTER it is the message.
static void assert_refused(const struct config_place *place, const char *before, const char *where,
                           const char *after) {
    struct config config;
    char why[CONFIG_WHY_SIZE] = "", expected[CONFIG_WHY_SIZE];

    (void)snprintf(expected, sizeof(expected), "%s%s/%s%s", before, top, where, after);
    assert_int_equal(read_place(&config, place, why), -EINVAL);
    assert_string_equal(why, expected);
    config_done(&config);
}

static void test_no_file_leaves_defaults(void **state) {
    struct config config;
    char why[CONFIG_WHY_SIZE];

    assert_int_equal(read_place(&config, &by_name, why), 0);
    assert_int_equal(config.n_files, 0);
    assert_int_equal(config.handles, 1024);
    config_done(&config);
}

static void test_etc_hides_usr_main_file(void **state) {
    struct config config;
    char why[CONFIG_WHY_SIZE];

    write_file("usr/meterd.conf", "[limits]\nhandles = 7\nlog_rate = 9\n");
    assert_int_equal(read_place(&config, &by_name, why), 0);
    assert_int_equal(config.handles, 7);
    config_done(&config);

    write_file("etc/meterd.conf", "[limits]\nhandles = 8\n");
    assert_int_equal(read_place(&config, &by_name, why), 0);
    assert_int_equal(config.handles, 8);
    assert_int_equal(config.log_rate, 10000);
    assert_int_equal(config.n_files, 1);
    config_done(&config);
}

static void test_drop_ins_count_by_name_over_both_directories(void **state) {
    static const char *const order[] = {"etc/meterd.conf", "etc/meterd.conf.d/10-a.conf",
                                        "usr/meterd.conf.d/20-b.conf",
                                        "etc/meterd.conf.d/30-c.conf"};
    struct config config;
    char why[CONFIG_WHY_SIZE];

    write_file("etc/meterd.conf", "[limits]\nhandles = 1\nlog_rate = 1\ndoorbells = 1000\n");
    write_file("etc/meterd.conf.d/30-c.conf", "[limits]\nhandles = 30\n");
    write_file("usr/meterd.conf.d/20-b.conf", "[limits]\nhandles = 20\nlog_rate = 20\n");
    write_file("etc/meterd.conf.d/10-a.conf", "[limits]\nlog_rate = 10\n");
    write_file("usr/meterd.conf.d/10-a.conf", "[limits]\nno_key = 1\n"); /* hidden */
    write_file("etc/meterd.conf.d/.40-d.conf", "[limits]\nno_key = 1\n");
    write_file("etc/meterd.conf.d/50-e.conf~", "[limits]\nno_key = 1\n");
    assert_int_equal(read_place(&config, &by_name, why), 0);
    assert_int_equal(config.handles, 30);
    assert_int_equal(config.log_rate, 20);
    assert_int_equal(config.doorbells, 1000);
    assert_int_equal(config.n_files, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(config.files[i], path_of(order[i]));
    }
    config_done(&config);
}

static void test_link_to_null_device_hides(void **state) {
    struct config config;
    char why[CONFIG_WHY_SIZE];

    write_file("usr/meterd.conf", "[limits]\nhandles = 7\n");
    write_file("usr/meterd.conf.d/10-a.conf", "[limits]\nlog_rate = 7\n");
    assert_int_equal(symlink("/dev/null", path_of("etc/meterd.conf")), 0);
    assert_int_equal(symlink("/dev/null", path_of("etc/meterd.conf.d/10-a.conf")), 0);
    assert_int_equal(read_place(&config, &by_name, why), 0);
    assert_int_equal(config.handles, 1024);
    assert_int_equal(config.log_rate, 10000);
    config_done(&config);
}

static void test_later_list_replaces_earlier(void **state) {
    struct config config;
    struct config_row row;
    char why[CONFIG_WHY_SIZE];

    write_file("etc/meterd.conf", "[grants]\nlisten = tcp:80\nlisten = tcp:81\nconnect = udp:53\n");
    write_file("etc/meterd.conf.d/10-a.conf", "\n[grants]\nlisten = tcp:90\nlisten = tcp:91\n");
    write_file("etc/meterd.conf.d/20-b.conf", "[grants]\nconnect =\n");
    assert_int_equal(read_place(&config, &by_name, why), 0);
    assert_int_equal(config.listen.n_items, 2);
    assert_string_equal(config.listen.items[0], "tcp:90");
    assert_string_equal(config.listen.file, path_of("etc/meterd.conf.d/10-a.conf"));
    assert_int_equal(config.listen.lines[1], 4);
    assert_true(config.connect.set);
    assert_int_equal(config.connect.n_items, 0);

    assert_true(config_get_row(&config, 0, &row));
    assert_string_equal(row.key, "listen");
    assert_string_equal(row.text, "tcp:90, tcp:91");
    assert_string_equal(row.file, path_of("etc/meterd.conf.d/10-a.conf"));
    assert_int_equal(row.line, 3);
    assert_int_equal(row.applies, CONFIG_NARROW);
    config_done(&config);
}

static void test_rows_have_defaults_and_an_end(void **state) {
    struct config config;
    struct config_row row;
    char why[CONFIG_WHY_SIZE];
    size_t n = 0;

    assert_int_equal(read_place(&config, &by_name, why), 0);
    while (config_get_row(&config, n, &row)) {
        assert_null(row.file);
        assert_true(row.text || strcmp(row.section, "grants") == 0);
        n++;
    }
    assert_true(n > 10 && n <= CONFIG_ROWS_MAX);
    config_done(&config);
}

static void test_bad_file_told_by_its_name(void **state) {
    write_file("etc/meterd.conf", "[restart]\ndelay = 5s\n");
    write_file("etc/meterd.conf.d/10-a.conf", "[limits]\nhandles = 1\nhandles = 2\n");
    assert_refused(&by_name, "", DROP_IN, ":3: [limits] handles is set twice");
    write_file("etc/meterd.conf.d/10-a.conf", "[restart]\ndelay_max = 1s\n");
    assert_refused(&by_name, "", DROP_IN, ":2: [restart] delay is longer than delay_max");
    assert_int_equal(unlink(path_of("etc/meterd.conf.d/10-a.conf")), 0);
    assert_int_equal(mkfifo(path_of("etc/meterd.conf.d/10-a.conf"), 0600), 0);
    assert_refused(&by_name, "", DROP_IN, ": not a regular file");
    assert_int_equal(unlink(path_of("etc/meterd.conf.d/10-a.conf")), 0);
    assert_int_equal(symlink("nowhere", path_of("etc/meterd.conf.d/10-a.conf")), 0);
    assert_refused(&by_name, "cannot read the configuration ", DROP_IN,
                   ": No such file or directory");
}

static void test_too_many_files_refused(void **state) {
    for (int i = 0; i <= (int)CONFIG_FILES_MAX; i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "etc/meterd.conf.d/%03d.conf", i);
        write_file(name, "");
    }
    assert_refused(&by_name, "cannot read the configuration ", "etc/meterd.conf.d/064.conf",
                   ": too many files");
}

static void test_named_file_must_be_there_and_has_drop_ins(void **state) {
    struct config_place place = {.app = "meterd", .etc = etc, .usr = usr};
    struct config config;
    char why[CONFIG_WHY_SIZE], file[128];

    (void)snprintf(file, sizeof(file), "%s/my", top);
    place.file = file;
    assert_refused(&place, "cannot read the configuration ", "my", ": No such file or directory");
    write_file("my", "[limits]\nhandles = 2\n");
    assert_int_equal(mkdir(path_of("my.d"), 0700), 0);
    write_file("my.d/1.conf", "[limits]\nlog_rate = 3\n");
    write_file("etc/meterd.conf", "[limits]\ndoorbells = 1000\n"); /* nobody asks for it */
    assert_int_equal(read_place(&config, &place, why), 0);
    assert_int_equal(config.handles, 2);
    assert_int_equal(config.log_rate, 3);
    assert_int_equal(config.doorbells, 100000);
    config_done(&config);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_no_file_leaves_defaults),
        TEST(test_etc_hides_usr_main_file),
        TEST(test_drop_ins_count_by_name_over_both_directories),
        TEST(test_link_to_null_device_hides),
        TEST(test_later_list_replaces_earlier),
        TEST(test_rows_have_defaults_and_an_end),
        TEST(test_bad_file_told_by_its_name),
        TEST(test_too_many_files_refused),
        TEST(test_named_file_must_be_there_and_has_drop_ins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

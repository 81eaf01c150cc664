// SPDX-License-Identifier: MIT
#include "config-fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

int config_fixture_read_bytes(struct config *config, const char *text, size_t size,
                              char why[CONFIG_WHY_SIZE]) {
    FILE *file = fmemopen((void *)(uintptr_t)text, size, "r");
    int r;

    assert_non_null(file);
    assert_int_equal(config_init(config), 0);
    r = config_read(config, file, "a.conf", why);
    assert_int_equal(fclose(file), 0);
    return r < 0 ? r : config_check(config, why);
}

int config_fixture_read(struct config *config, const char *text, char why[CONFIG_WHY_SIZE]) {
    return config_fixture_read_bytes(config, text, strlen(text), why);
}

void config_fixture_refuses(const char *text, const char *message) {
    struct config config;
    char why[CONFIG_WHY_SIZE] = "";

    if (config_fixture_read(&config, text, why) != -EINVAL) {
        fail_msg("accepted: %s", text);
    }
    assert_string_equal(why, message);
    config_done(&config);
}

// SPDX-License-Identifier: MIT
// The system's name servers, where something else than a file is in the place of resolv.conf.
#include <ares.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/network/name-servers.h"

static const char *instead; // of /etc/resolv.conf
static int n_opened;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...) {
    if (!instead || strcmp(path, "/etc/resolv.conf") != 0) {
        return __real_open64(path, flags, 0600);
    }
    n_opened++;
    return __real_open64(instead, flags);
}

// c-ares would open it once more, and wait for who writes.
static void test_pipe_not_given_to_the_resolver(void **state) {
    struct name_servers servers = {0};
    ares_channel channel = NULL;
    char path[] = "/tmp/mpyd-pipe-XXXXXX";

    assert_non_null(mkdtemp(path));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ares_init(&channel), ARES_SUCCESS);
    instead = path;
    name_servers_follow(&servers, channel);
    instead = NULL;
    ares_destroy(channel);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(n_opened, 1);
    assert_true(servers.has_failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipe_not_given_to_the_resolver),
    };

    log_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

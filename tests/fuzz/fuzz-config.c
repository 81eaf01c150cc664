// SPDX-License-Identifier: MIT

// The administrator's file: daemon/config/config.c, config-values.c, and inih between them.

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "call/wire.h"
#include "daemon/config/config.h"
#include "daemon/network/policy-rule.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX (512u << 10)

static int read_text(const void *text, size_t size, struct config *config,
                     char why[CONFIG_WHY_SIZE]) {
    static char nothing[] = "\n";
    FILE *file = size > 0 ? fmemopen((void *)text, size, "r") : fmemopen(nothing, 1, "r");
    int r;

    REQUIRE(file && config_init(config) == 0);
    memset(why, 'x', CONFIG_WHY_SIZE);
    r = config_read(config, file, "app.conf", why);
    (void)fclose(file);
    return r < 0 ? r : config_check(config, why);
}

static void check_grants(const struct config_grants *grants, enum policy_key direction) {
    REQUIRE(grants->n_items <= CONFIG_GRANTS_MAX && (grants->set || grants->n_items == 0));
    for (size_t i = 0; i < grants->n_items; i++) {
        struct policy_rule rule;
        char why[POLICY_WHY_SIZE];

        REQUIRE(policy_parse_rule(direction, grants->items[i], &rule, why) == 0);
        REQUIRE(grants->lines[i] > 0);
        policy_rule_done(&rule);
    }
}

static void check_taken(const struct config *config) {
    REQUIRE(config->handles >= 1 && config->handles <= WIRE_HANDLES);
    REQUIRE(config->log_rate >= 1 && config->log_rate <= 10000);
    REQUIRE(config->arena_size >= WIRE_ARENA_MIN && config->arena_size <= WIRE_ARENA_MAX);
    REQUIRE(config->heap_size >= 16u << 10 && config->heap_size <= 512u << 20);
    REQUIRE(config->doorbells >= 1000 && config->doorbells <= 10000000);
    REQUIRE(config->restart <= CONFIG_RESTART_ALWAYS);
    REQUIRE(config->restart_burst >= 1 && config->restart_burst <= 1000);
    REQUIRE(config->restart_delay_usec <= config->restart_delay_max_usec);
    REQUIRE(config->cpu >= CONFIG_CPU_ANY && config->cpu <= 4095);
    REQUIRE(config->spin_usec <= 1000 && config->optional);
    check_grants(&config->listen, POLICY_LISTEN);
    check_grants(&config->connect, POLICY_CONNECT);
}

// -- what was taken, written and read again, is the same -----------------------------------------

static void write_grants(FILE *file, const char *key, const struct config_grants *grants) {
    if (grants->set && grants->n_items == 0) {
        (void)fprintf(file, "%s =\n", key);
    }
    for (size_t i = 0; i < grants->n_items; i++) {
        (void)fprintf(file, "%s = %s\n", key, grants->items[i]);
    }
}

static void write_config(FILE *file, const struct config *config) {
    static const char *const when[] = {"no", "on-failure", "always"};

    (void)fprintf(file, "[grants]\n");
    write_grants(file, "listen", &config->listen);
    write_grants(file, "connect", &config->connect);
    (void)fprintf(file,
                  "[limits]\nhandles = %" PRIu64 "\nlog_rate = %" PRIu64 "\narena = %" PRIu64
                  "\nheap = %" PRIu64 "\ndoorbells = %" PRIu64 "\n",
                  config->handles, config->log_rate, config->arena_size, config->heap_size,
                  config->doorbells);
    (void)fprintf(file, "[stop]\nstop = %" PRIu64 "us\nabort = %" PRIu64 "us\n", config->stop_usec,
                  config->abort_usec);
    (void)fprintf(file,
                  "[restart]\nrestart = %s\ndelay = %" PRIu64 "us\ndelay_max = %" PRIu64
                  "us\nburst = %" PRIu64 "\nwindow = %" PRIu64 "us\n",
                  when[config->restart], config->restart_delay_usec, config->restart_delay_max_usec,
                  config->restart_burst, config->restart_window_usec);
    (void)fprintf(file, "[sandbox]\noptional = %s\nspin = %" PRIu64 "us\n", config->optional,
                  config->spin_usec);
    if (config->cpu >= 0) {
        (void)fprintf(file, "cpu = %" PRId64 "\n", config->cpu);
    } else {
        (void)fprintf(file, "cpu = %s\n", config->cpu == CONFIG_CPU_ANY ? "any" : "same");
    }
}

static void require_same_grants(const struct config_grants *a, const struct config_grants *b) {
    REQUIRE(a->n_items == b->n_items && a->set == b->set);
    for (size_t i = 0; i < a->n_items; i++) {
        REQUIRE(strcmp(a->items[i], b->items[i]) == 0);
    }
}

static void require_same(const struct config *a, const struct config *b) {
    REQUIRE(a->handles == b->handles && a->log_rate == b->log_rate);
    REQUIRE(a->arena_size == b->arena_size && a->heap_size == b->heap_size);
    REQUIRE(a->doorbells == b->doorbells && a->stop_usec == b->stop_usec);
    REQUIRE(a->abort_usec == b->abort_usec && a->restart == b->restart);
    REQUIRE(a->restart_delay_usec == b->restart_delay_usec);
    REQUIRE(a->restart_delay_max_usec == b->restart_delay_max_usec);
    REQUIRE(a->restart_burst == b->restart_burst);
    REQUIRE(a->restart_window_usec == b->restart_window_usec);
    REQUIRE(a->cpu == b->cpu && a->spin_usec == b->spin_usec);
    REQUIRE(strcmp(a->optional, b->optional) == 0);
    require_same_grants(&a->listen, &b->listen);
    require_same_grants(&a->connect, &b->connect);
}

static void read_again(const struct config *config) {
    static char text[TEXT_MAX];
    struct config again;
    char why[CONFIG_WHY_SIZE];
    FILE *file = fmemopen(text, sizeof(text), "w");

    REQUIRE(file);
    write_config(file, config);
    (void)fclose(file);
    REQUIRE(read_text(text, strlen(text), &again, why) == 0);
    require_same(config, &again);
    config_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct config config;
    char why[CONFIG_WHY_SIZE];
    unsigned line = 0;
    int r = read_text(data, size, &config, why);

    REQUIRE(r == 0 || r == -EINVAL);
    if (r == 0) {
        check_taken(&config);
        read_again(&config);
    } else {
        REQUIRE(memchr(why, '\0', sizeof(why)) && !strchr(why, '\n'));
        REQUIRE(sscanf(why, "app.conf:%u: ", &line) == 1 && line >= 1 && line <= size + 1);
    }
    config_done(&config);
    return 0;
}

// SPDX-License-Identifier: MIT

// What mpyctl makes of an app's answers: an app whose supervisor was taken over may answer
// anything. The input is the reply to Status() and to Metrics() at once. Whatever it is, what is
// printed is text that no terminal obeys.

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/metrics.h"
#include "ctl/rates.h"
#include "ctl/refusal.h"
#include "ctl/status.h"
#include "ctl/view.h"
#include "tests/fuzz/fuzz.h"

// Lines end with '\n'; nothing else is there but harmless text.
static void check_output(const char *text, size_t size) {
    REQUIRE(size == 0 || text[size - 1] == '\n');
    while (size > 0) {
        size_t line = (size_t)((const char *)memchr(text, '\n', size) - text);

        REQUIRE(is_harmless(text, line));
        text += line + 1;
        size -= line + 1;
    }
}

static void print_all(struct json_object *reply) {
    const struct metrics_source sources[] = {{"one", reply}, {"two", NULL}, {"three", reply}};
    const struct view view = {.place = {.name = "meterd"},
                              .slots = SLOTS_INIT,
                              .status = reply,
                              .state = "running",
                              .reason = "it was asked to"};

    status_print(&view);
    (void)fputs(view_name(&view), stdout);
    (void)putchar('\n');
    if (metrics_print(sources, 3, true) != 0 || metrics_print(sources, 3, false) != 0) {
        (void)putchar('\n'); // what was refused may be in the middle of a line
    }
}

static void check_rates(struct json_object *reply) {
    struct rates rates[RATES_GROUPS_MAX + 1];
    size_t n = rates_of(NULL, reply, 1, rates);

    REQUIRE(n >= 1 && n <= RATES_GROUPS_MAX + 1 && rates[0].group[0] == '\0');
    for (size_t i = 0; i < n; i++) {
        REQUIRE(memchr(rates[i].group, '\0', RATES_GROUP_SIZE));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *reply = NULL;
    FILE *terminal = stdout, *file;
    char *output = NULL;
    size_t n_output = 0;

    REQUIRE(tokener && size <= INT32_MAX);
    reply = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
    log_set_level(LOG_EMERG); // what is refused is said for each input
    file = open_memstream(&output, &n_output);
    REQUIRE(file);
    stdout = file;
    print_all(reply);
    (void)fclose(file);
    stdout = terminal;
    check_output(output, n_output);
    check_rates(reply);
    free(output);
    (void)json_object_put(reply);
    json_tokener_free(tokener);
    return 0;
}

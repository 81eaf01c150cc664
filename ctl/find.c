// SPDX-License-Identifier: MIT
#include "ctl/find.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/suggest.h"
#include "ctl/verbs.h"

#define WORD_SIZE 32

// Whether NAME is, or begins with, the word WORD.
static bool begins_with(const char *name, const char *word) {
    size_t size = strlen(word);

    return strncmp(name, word, size) == 0 && (name[size] == '\0' || name[size] == ' ');
}

static const struct verb *find_written(const char *written) {
    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (strcmp(verb->name, written) == 0) {
            return verb;
        }
    }
    return NULL;
}

// The first word of a verb that WRITTEN was probably meant to be; "" for none. Its beginning is as
// good as a slip of one letter.
static void find_nearest(const char *written, char ret_nearest[WORD_SIZE]) {
    uint32_t nearest = UINT32_MAX;
    char word[WORD_SIZE];

    ret_nearest[0] = '\0';
    for (const struct verb *verb = verbs; verb->name; verb++) {
        uint32_t distance;

        (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(verb->name, " "), verb->name);
        distance = suggest_distance(written, word);
        if (distance > 1 && strlen(written) > 1 && strncmp(word, written, strlen(written)) == 0) {
            distance = 1;
        }
        if (distance < nearest) {
            nearest = distance;
            memcpy(ret_nearest, word, sizeof(word));
        }
    }
}

static void complain(const char *written) {
    const char *what = written[0] == '-' ? "option" : "verb";
    char nearest[WORD_SIZE];

    find_nearest(written, nearest);
    if (nearest[0]) {
        log_error("unknown %s %s; did you mean %s?", what, written, nearest);
    } else {
        log_error("unknown %s %s; try mpyctl --help", what, written);
    }
}

// "config" alone, or with a word that no verb has: names those there are.
static void complain_of_second(const char *first, const char *second) {
    char words[128] = "";
    size_t n = 0;

    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (begins_with(verb->name, first) && n < sizeof(words)) {
            n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s", n ? " or " : "",
                                  verb->name + strlen(first) + 1);
        }
    }
    log_error("%s: %s%s; it is %s %s", first, second ? "unknown verb " : "missing verb",
              second ? second : "", first, words);
}

const struct verb *find_verb(int n_words, char **words, int *ret_n_name) {
    const char *second = n_words > 1 && words[1][0] != '-' ? words[1] : NULL;
    const struct verb *verb = find_written(words[0]);
    char both[128];

    *ret_n_name = 1;
    if (verb) {
        return verb;
    }
    (void)snprintf(both, sizeof(both), "%.60s %.60s", words[0], second ? second : "");
    verb = find_written(both);
    if (verb) {
        *ret_n_name = 2;
        return verb;
    }
    for (verb = verbs; verb->name; verb++) {
        if (begins_with(verb->name, words[0])) {
            complain_of_second(words[0], second);
            return NULL;
        }
    }
    complain(words[0]);
    return NULL;
}

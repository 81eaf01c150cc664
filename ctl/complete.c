// SPDX-License-Identifier: MIT

// mpyctl complete: what may stand where the cursor is, by the table of verbs. The scripts in
// completions/ ask for it, so that no shell knows a verb by itself. The first line says what
// follows: ":words", a WORD<tab>DESCRIPTION a line; ":files" or ":directories", the shell's own.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/place.h"
#include "ctl/verbs.h"

const struct verb_option complete_options[] = {{0}};

// What was written: the last word is the one to complete.
struct written {
    char **words;
    size_t n;
};

static void offer(const char *begin, const char *word, size_t size, const char *help) {
    size_t n = strlen(begin);

    if (n <= size && memcmp(begin, word, n) == 0) {
        printf("%.*s\t%s\n", (int)size, word, help);
    }
}

// -- verbs ---------------------------------------------------------------------------------------

// First words of verbs; of those that share one, once.
static void offer_verbs(const char *begin) {
    const char *last = "";

    for (const struct verb *verb = verbs; verb->name; verb++) {
        size_t size = strcspn(verb->name, " ");

        if (strncmp(verb->name, last, size + 1) != 0) {
            offer(begin, verb->name, size, verb->help);
        }
        last = verb->name[size] ? verb->name : "";
    }
    offer(begin, "--help", strlen("--help"), "show the verbs");
    offer(begin, "--version", strlen("--version"), "show the version");
}

static void offer_second_words(const char *first, const char *begin) {
    size_t size = strlen(first);

    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (strncmp(verb->name, first, size) == 0 && verb->name[size] == ' ') {
            offer(begin, verb->name + size + 1, strlen(verb->name + size + 1), verb->help);
        }
    }
}

// The verb that the words before the last name; *ret_n_name: how many these are.
static const struct verb *find(const struct written *written, size_t *ret_n_name) {
    for (const struct verb *verb = verbs; verb->name; verb++) {
        const char *space = strchr(verb->name, ' ');
        size_t size = space ? (size_t)(space - verb->name) : strlen(verb->name);

        *ret_n_name = space ? 2 : 1;
        if (strlen(written->words[0]) == size && memcmp(written->words[0], verb->name, size) == 0 &&
            (!space || (written->n > 2 && strcmp(written->words[1], space + 1) == 0))) {
            return verb;
        }
    }
    return NULL;
}

// -- what follows a verb -------------------------------------------------------------------------

static void offer_options(const struct verb *verb, const char *begin) {
    char word[64];

    for (const struct verb_option *row = verb->options; row->name; row++) {
        (void)snprintf(word, sizeof(word), "--%s", row->name);
        offer(begin, word, strlen(word), row->help);
    }
    offer(begin, "--no-pager", strlen("--no-pager"), "show everything at once");
    offer(begin, "--help", strlen("--help"), "show help of the verb");
}

static void offer_apps(const char *begin) {
    CLEANUP_FREE struct place *places = NULL;
    size_t n = 0;

    if (place_list(&places, &n) == CTL_DONE) {
        for (size_t i = 0; i < n; i++) {
            offer(begin, places[i].name, strlen(places[i].name), "app");
        }
    }
}

static void offer_choices(const char *begin, const char *choices) {
    while (*choices) {
        size_t size = strcspn(choices, "|");

        offer(begin, choices, size, "");
        choices += size + (choices[size] == '|');
    }
}

static void offer_word(enum verb_word word, const char *begin, const char *choices) {
    if (word == VERB_WORD_FILE || word == VERB_WORD_DIRECTORY) {
        (void)puts(word == VERB_WORD_FILE ? ":files" : ":directories");
        return;
    }
    (void)puts(":words");
    if (word == VERB_WORD_APP) {
        offer_apps(begin);
    } else if (word == VERB_WORD_CHOICE) {
        offer_choices(begin, choices);
    }
}

// The option of VERB that WORD is, if the next word is its value; NULL otherwise.
static const struct verb_option *takes_value(const struct verb *verb, const char *word) {
    for (const struct verb_option *row = verb->options; row->name; row++) {
        bool is_long = strncmp(word, "--", 2) == 0 && strcmp(word + 2, row->name) == 0;
        bool is_short = row->letter && word[0] == '-' && word[1] == row->letter && !word[2];

        if ((is_long || is_short) && row->value) {
            return row;
        }
    }
    return NULL;
}

static void offer_after(const struct verb *verb, const struct written *written, size_t n_name) {
    const char *begin = written->words[written->n - 1];
    const struct verb_option *option = NULL;
    size_t n_operands = 0;

    for (size_t i = n_name; i + 1 < written->n; i++) {
        bool is_value = option;

        option = is_value ? NULL : takes_value(verb, written->words[i]);
        n_operands += !is_value && written->words[i][0] != '-';
    }
    if (option) {
        offer_word(verb_value_word(option->value), begin, option->value);
    } else if (begin[0] == '-') {
        (void)puts(":words");
        offer_options(verb, begin);
    } else {
        offer_word(verb_operand_word(verb, n_operands), begin, "");
    }
}

int complete_run(const struct verb_arguments *arguments) {
    const struct written written = {arguments->operands, arguments->n_operands};
    const char *last = written.words[written.n - 1];
    size_t n_name = 0;
    const struct verb *verb = written.n > 1 ? find(&written, &n_name) : NULL;

    if (verb) {
        offer_after(verb, &written, n_name);
        return CTL_DONE;
    }
    (void)puts(":words");
    if (written.n == 1) {
        offer_verbs(last);
    } else if (written.n == 2) {
        offer_second_words(written.words[0], last);
    }
    return CTL_DONE;
}

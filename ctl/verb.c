// SPDX-License-Identifier: MIT
#include "ctl/verb.h"
#include "ctl/program.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/suggest.h"

#define CODE_FIRST 256 /* of the options, in the order of the table: no character */
#define HELP_COLUMN 26

enum { CODE_HELP = 'h', CODE_NO_PAGER = CODE_FIRST + VERB_OPTIONS_MAX };

static int usage(const struct verb *verb, const char *what, const char *which) {
    log_error("%s: %s%s; try mpyctl %s --help", verb->name, what, which, verb->name);
    return CTL_USAGE;
}

// -- what operands and values are called ---------------------------------------------------------

enum verb_word verb_value_word(const char *name) {
    static const struct {
        const char *name;
        enum verb_word word;
    } words[] = {
        {"APP", VERB_WORD_APP},    {"FILE", VERB_WORD_FILE},     {"IMAGE", VERB_WORD_FILE},
        {"CRASH", VERB_WORD_FILE}, {"A", VERB_WORD_FILE},        {"B", VERB_WORD_FILE},
        {"KEY", VERB_WORD_FILE},   {"DIR", VERB_WORD_DIRECTORY},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].name, name) == 0) {
            return words[i].word;
        }
    }
    return strchr(name, '|') ? VERB_WORD_CHOICE : VERB_WORD_OTHER;
}

// The next of OPERANDS, "[APP...]": its SIZE letters without what is around. Returns where the one
// after it begins, or NULL: there is none.
static const char *next_operand(const char *operands, const char **ret_name, size_t *ret_size,
                                bool *ret_optional, bool *ret_many) {
    const char *start = operands ? operands + strspn(operands, " ") : "";
    size_t size = strcspn(start, " ");

    if (size == 0) {
        return NULL;
    }
    *ret_optional = start[0] == '[';
    *ret_name = start + *ret_optional;
    *ret_size = strcspn(*ret_name, ".] ");
    *ret_many = (*ret_name)[*ret_size] == '.';
    return start + size;
}

enum verb_word verb_operand_word(const struct verb *verb, size_t index) {
    const char *rest = verb->operands, *name;
    bool is_optional, is_many = false;
    char word[32] = "";
    size_t size;

    for (size_t i = 0; (rest = next_operand(rest, &name, &size, &is_optional, &is_many)); i++) {
        if (i == index || is_many) {
            (void)snprintf(word, sizeof(word), "%.*s", (int)size, name);
            return verb_value_word(word);
        }
    }
    return VERB_WORD_OTHER;
}

static void count_operands(const struct verb *verb, size_t *ret_min, size_t *ret_max) {
    const char *rest = verb->operands, *name;
    bool is_optional, is_many;
    size_t size;

    *ret_min = *ret_max = 0;
    while ((rest = next_operand(rest, &name, &size, &is_optional, &is_many))) {
        *ret_min += !is_optional;
        *ret_max = is_many ? SIZE_MAX : *ret_max + 1;
    }
}

// The name of operand INDEX, of which there is one, into NAME.
static void name_operand(const struct verb *verb, size_t index, char word[32]) {
    const char *rest = verb->operands, *name = "";
    bool is_optional, is_many;
    size_t size = 0;

    for (size_t i = 0; i <= index; i++) {
        rest = next_operand(rest, &name, &size, &is_optional, &is_many);
    }
    (void)snprintf(word, 32, "%.*s", (int)size, name);
}

// -- the command line ----------------------------------------------------------------------------

#define LETTERS_SIZE (2 * VERB_OPTIONS_MAX + 3)

// The verb's table as getopt_long(3) wants it.
static void make_options(const struct verb *verb, struct option options[VERB_OPTIONS_MAX + 3],
                         char letters[LETTERS_SIZE]) {
    size_t n = 0;

    *letters++ = ':';
    *letters++ = CODE_HELP;
    for (const struct verb_option *row = verb->options; row->name; row++, n++) {
        options[n] = (struct option){row->name, row->value ? required_argument : no_argument, NULL,
                                     CODE_FIRST + (int)n};
        if (row->letter) {
            *letters++ = row->letter;
        }
        if (row->letter && row->value) {
            *letters++ = ':';
        }
    }
    *letters = '\0';
    options[n++] = (struct option){"help", no_argument, NULL, CODE_HELP};
    options[n++] = (struct option){"no-pager", no_argument, NULL, CODE_NO_PAGER};
    options[n] = (struct option){0};
}

static size_t option_of(const struct verb *verb, int code) {
    size_t i = 0;

    while (code < CODE_FIRST && verb->options[i].letter != code) {
        i++;
    }
    return code < CODE_FIRST ? i : (size_t)(code - CODE_FIRST);
}

static int read_operands(const struct verb *verb, size_t n_operands, char **operands,
                         struct verb_arguments *arguments) {
    size_t min, max;
    char name[32];

    count_operands(verb, &min, &max);
    if (n_operands < min) {
        name_operand(verb, n_operands, name);
        return usage(verb, "missing ", name);
    }
    if (n_operands > max) {
        return usage(verb, "unexpected ", operands[max]);
    }
    arguments->operands = operands;
    arguments->n_operands = n_operands;
    return CTL_DONE;
}

static int unknown_option(const struct verb *verb, const struct option *options,
                          const char *written) {
    bool is_long = strncmp(written, "--", 2) == 0;
    const char *nearest = NULL;
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; is_long && options[i].name; i++) {
        uint32_t distance = suggest_distance(written + 2, options[i].name);

        if (distance < least) {
            least = distance;
            nearest = options[i].name;
        }
    }
    if (!nearest) {
        return usage(verb, "unknown option ", written);
    }
    log_error("%s: unknown option %s; did you mean --%s?", verb->name, written, nearest);
    return CTL_USAGE;
}

int verb_read(const struct verb *verb, int n_arguments, char **arguments,
              struct verb_arguments *ret_arguments) {
    struct option options[VERB_OPTIONS_MAX + 3];
    struct verb_arguments found = {.is_paged = true};
    char letters[LETTERS_SIZE];
    int code = 0;

    make_options(verb, options, letters);
    optind = 0; // glibc: begins anew
    while ((code = getopt_long(n_arguments, arguments, letters, options, NULL)) != -1) {
        if (code == CODE_HELP) {
            found.is_help = true;
            *ret_arguments = found;
            return CTL_DONE;
        }
        if (code == ':') {
            return usage(verb, "missing value after ", arguments[optind - 1]);
        }
        if (code == '?') {
            return unknown_option(verb, options, arguments[optind - 1]);
        }
        if (code == CODE_NO_PAGER) {
            found.is_paged = false;
        } else {
            found.values[option_of(verb, code)] = optarg ? optarg : "";
        }
    }
    if (read_operands(verb, (size_t)(n_arguments - optind), arguments + optind, &found) !=
        CTL_DONE) {
        return CTL_USAGE;
    }
    *ret_arguments = found;
    return CTL_DONE;
}

// -- the help ------------------------------------------------------------------------------------

static void print_option(const struct verb_option *row) {
    const char *value = row->value ? row->value : "";
    int n =
        row->letter ? printf("  -%c, --%s", row->letter, row->name) : printf("  --%s", row->name);

    n += printf("%s%s", row->value ? " " : "", value);
    printf("%*s%s\n", n < HELP_COLUMN ? HELP_COLUMN - n : 1, "", row->help);
}

int verb_help(const struct verb *verb) {
    static const struct verb_option common[] = {
        {"no-pager", NULL, "show everything at once", 0},
        {"help", NULL, "show this and exit", 'h'},
    };

    printf("Usage: mpyctl %s", verb->name);
    if (verb->operands) {
        printf(" %s", verb->operands);
    }
    for (const struct verb_option *row = verb->options; row->name; row++) {
        printf(row->value ? " [--%s %s]" : " [--%s]", row->name, row->value);
    }
    printf("\n\n%s\n\n", verb->help);
    for (const struct verb_option *row = verb->options; row->name; row++) {
        print_option(row);
    }
    print_option(&common[0]);
    print_option(&common[1]);
    return program_finish_output();
}

// SPDX-License-Identifier: MIT

// mpyctl symbolize: the lines of a traceback that an image without line numbers left.
//
// Where the worker knows no line it says where in the image the code is:
//
//     File "main.py", offset 0x2f31c, in f     becomes     File "main.py", line 12, in f

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/crash-text.h"
#include "ctl/file.h"
#include "ctl/reports.h"
#include "ctl/symbols.h"
#include "ctl/verbs.h"
#include "image/image.h"

#define CRASH_SIZE_MAX (64u << 20)
#define FILE_START "File \""
#define FILE_OVERLAP (strlen(FILE_START) - 1)
#define OFFSET_START "\", offset 0x"

enum { OPTION_SYMBOLS };

const struct verb_option symbolize_options[] = {
    [OPTION_SYMBOLS] = {"symbols", "FILE", "what mpyfreeze left beside the image, NAME.mpysym"},
    {0},
};

struct paths {
    const char *crash, *symbols;
};

// One "offset" of a text, and what is around it.
struct mention {
    const char *file;
    size_t file_size;
    const char *start, *end; /* of "offset 0x2f31c" */
    uint64_t address;
};

// How far a text was looked at.
struct scan {
    const char *at, *end;
    const char *file; /* the first FILE_START in the line that AT is in, before it; or NULL */
};

struct counts {
    size_t n_mentions, n_unknown;
    size_t n_unproven; /* no start of the app stands before them */
};

// Finds the first FILE_START between SCAN->at and OFFSET that no line break follows, and goes on
// from there the next time: each byte is looked at once, whatever the text.
static const char *find_file(struct scan *scan, const char *offset) {
    const char *line = memrchr(scan->at, '\n', (size_t)(offset - scan->at));
    const char *start = line ? line + 1 : scan->at;

    scan->file = line ? NULL : scan->file;
    scan->at = offset;
    if (!scan->file) {
        scan->file = memmem(start, (size_t)(offset - start), FILE_START, strlen(FILE_START));
        // One may have begun right before OFFSET.
        scan->at -=
            (size_t)(offset - start) < FILE_OVERLAP ? (size_t)(offset - start) : FILE_OVERLAP;
    }
    return scan->file;
}

// The mention at OFFSET, where OFFSET_START is, if it is one.
static bool read_mention(struct scan *scan, const char *offset, struct mention *ret_mention) {
    const char *file = find_file(scan, offset), *end;
    uint64_t address = 0;

    // There are digits up to the NUL behind all of the text at most.
    if (!file || parse_hexadecimal(offset + strlen(OFFSET_START), &address, &end) < 0) {
        return false;
    }
    file += strlen(FILE_START);
    *ret_mention =
        (struct mention){file, (size_t)(offset - file), offset + strlen("\", "), end, address};
    scan->file = NULL;
    scan->at = end;
    return true;
}

// Finds the first mention from SCAN on.
static bool find_mention(struct scan *scan, struct mention *ret_mention) {
    const char *offset = scan->at;

    while ((offset =
                memmem(offset, (size_t)(scan->end - offset), OFFSET_START, strlen(OFFSET_START)))) {
        if (read_mention(scan, offset, ret_mention)) {
            return true;
        }
        offset += strlen(OFFSET_START);
    }
    return false;
}

// Whether PLACE is what MENTION speaks of: the same file, at least.
static bool is_of(const struct symbols_place *place, const struct mention *mention) {
    const char *file = place->module->file;

    return strlen(file) == mention->file_size &&
           memcmp(file, mention->file, mention->file_size) == 0;
}

// -- of which image ------------------------------------------------------------------------------

// Lines that say of which image it is: in the log, and in a crash report.
static const struct sign {
    const char *start, *image; /* a text, and another behind it in the line, before the number */
} signs[] = {
    // mpyd: NAME: started, generation 1, version 1.0, image 0123456789abcdef
    {": started, generation ", ", image "},
    //        Image: 0123456789abcdef, version 1.0, run by mpyd 0.1.0
    {"   Image: ", ": "},
};
#define ID_SIZE (IMAGE_ID_SIZE - 1)

// Finds the last line with SIGN between TEXT and END. Returns the number of its image, ID_SIZE
// digits, or NULL.
static const char *find_sign(const struct sign *sign, const char *text, const char *end) {
    const char *found = NULL;

    while ((text = memmem(text, (size_t)(end - text), sign->start, strlen(sign->start)))) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        const char *image = memmem(text, (size_t)(stop - text), sign->image, strlen(sign->image));
        const char *id = image ? image + strlen(sign->image) : NULL;

        if (id && stop - id >= ID_SIZE && strspn(id, "0123456789abcdef") >= ID_SIZE) {
            found = id;
        }
        text = stop;
    }
    return found;
}

static const char *find_image(const char *text, const char *end) {
    const char *found = NULL;

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const char *id = find_sign(&signs[i], text, end);

        found = id > found ? id : found;
    }
    return found;
}

static size_t count_lines(const char *text, const char *end) {
    size_t n = 1;

    while ((text = memchr(text, '\n', (size_t)(end - text)))) {
        text++;
        n++;
    }
    return n;
}

// Whether nothing speaks against SYMBOLS being those of CRASH; logged if something does. Counts
// what nothing speaks for either.
static bool check_images(const struct symbols *symbols, const struct file *crash,
                         const struct paths *paths, struct counts *counts) {
    const char *start = (const char *)crash->data, *text = start, *end = text + crash->size;
    struct scan scan = {.at = text, .end = end};
    const char *id = NULL;
    struct mention mention;

    for (; find_mention(&scan, &mention); text = mention.end) {
        const char *later = find_image(text, mention.start);

        id = later ? later : id;
        counts->n_unproven += id == NULL;
        if (id && strncmp(id, symbols->image_blake2b, ID_SIZE) != 0) {
            log_error("%s: line %zu is of the image %.16s, and %s of %.16s", paths->crash,
                      count_lines(start, mention.start), id, paths->symbols,
                      symbols->image_blake2b);
            return false;
        }
    }
    return true;
}

// -- the lines -----------------------------------------------------------------------------------

static void write_text(const char *start, const char *end) {
    (void)fwrite(start, 1, (size_t)(end - start), stdout);
}

static void write_mention(const struct symbols *symbols, const struct mention *mention,
                          struct counts *counts) {
    struct symbols_place place;

    counts->n_mentions++;
    if (symbols_find(symbols, mention->address, &place) < 0 || !is_of(&place, mention)) {
        counts->n_unknown++;
        write_text(mention->start, mention->end);
    } else if (place.line > 0) {
        printf("line %" PRIu64, place.line);
    } else {
        printf("native code");
    }
}

static void write_crash(const struct symbols *symbols, const struct file *crash,
                        struct counts *counts) {
    const char *text = (const char *)crash->data, *end = text + crash->size;
    struct scan scan = {.at = text, .end = end};
    struct mention mention;

    while (find_mention(&scan, &mention)) {
        write_text(text, mention.start);
        write_mention(symbols, &mention, counts);
        text = mention.end;
    }
    write_text(text, end);
}

static int load_symbols(const char *path, struct symbols *ret_symbols) {
    CLEANUP(file_done) struct file file = FILE_INIT;
    char why[SYMBOLS_WHY_SIZE];
    int r = file_read(path, "a file of symbols", SYMBOLS_SIZE_MAX, &file);

    if (r < 0) {
        return CTL_FAILED;
    }
    r = symbols_parse((const char *)file.data, file.size, ret_symbols, why);
    if (r < 0) {
        (void)log_errno(r, "cannot read the symbols %s", path);
        return CTL_INTERNAL;
    }
    if (r > 0) {
        log_error("%s: %s", path, why);
        return CTL_FAILED;
    }
    return CTL_DONE;
}

// What mpyctl crash --json printed, or a supervisor kept, as text. Returns CTL_DONE or
// CTL_INTERNAL.
static int make_text(struct file *crash) {
    struct json_object *reports = reports_parse((const char *)crash->data, crash->size), *report;
    struct file text = FILE_INIT;
    FILE *stream;

    if (!reports) {
        return CTL_DONE;
    }
    stream = open_memstream((char **)&text.data, &text.size);
    for (size_t i = 0; stream && (report = reports_at(reports, i)); i++) {
        crash_text_write(stream, report, false);
    }
    (void)json_object_put(reports);
    if (!stream || fclose(stream) == EOF) {
        (void)log_errno(errno, "cannot read the crash report");
        file_done(&text);
        return CTL_INTERNAL;
    }
    file_done(crash);
    *crash = text;
    return CTL_DONE;
}

// What there is to say once everything was written.
static int conclude(const struct counts *counts, const struct paths *paths) {
    (void)fflush(stdout);
    if (counts->n_unknown > 0) {
        log_error("%s: %zu of %zu offsets are not in %s: are the symbols of that image?",
                  paths->crash, counts->n_unknown, counts->n_mentions, paths->symbols);
        return CTL_FAILED;
    }
    if (counts->n_mentions == 0) {
        log_warning("%s: has no offsets to look up", paths->crash);
    } else if (counts->n_unproven > 0) {
        log_warning("%s: %zu of %zu offsets come before any start of an app, so of which image "
                    "they are is not known: the lines are right if %s is of it",
                    paths->crash, counts->n_unproven, counts->n_mentions, paths->symbols);
    }
    return CTL_DONE;
}

int symbolize_run(const struct verb_arguments *arguments) {
    const struct paths paths = {arguments->operands[0], arguments->values[OPTION_SYMBOLS]};
    CLEANUP(file_done) struct file crash = FILE_INIT;
    CLEANUP(symbols_done) struct symbols symbols = {0};
    struct counts counts = {0};
    int r = 0;

    if (!paths.symbols) {
        log_error("symbolize: missing --symbols FILE; try mpyctl symbolize --help");
        return CTL_USAGE;
    }
    r = load_symbols(paths.symbols, &symbols);
    if (r != CTL_DONE) {
        return r;
    }
    if (file_read(paths.crash, "a crash", CRASH_SIZE_MAX, &crash) < 0) {
        return CTL_FAILED;
    }
    r = make_text(&crash);
    if (r != CTL_DONE || !check_images(&symbols, &crash, &paths, &counts)) {
        return r != CTL_DONE ? r : CTL_FAILED;
    }
    write_crash(&symbols, &crash, &counts);
    return conclude(&counts, &paths);
}

// SPDX-License-Identifier: MIT

// Runs a fuzz target without a fuzzer: over every file of its corpus, and over mutations of them
// that are the same each time. In every build, with whatever compiler that uses.
//
//     replay-NAME [--mutations N] FILE|FOLDER...

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (64u << 10)
#define FILES_MAX 4096
#define SECONDS_MAX 60 /* for one input: more is a hang */

struct file {
    char *path;
    uint8_t *data;
    size_t size;
};

static struct file files[FILES_MAX];
static size_t n_files;

// What runs now, for the message if it is the last.
static const char *path_now;
static unsigned mutation_now;
static uint8_t input[INPUT_MAX];
static size_t input_size;

// -- the end of the program ----------------------------------------------------------------------

static void say(const char *text) {
    (void)!write(STDERR_FILENO, text, strlen(text));
}

// Keeps the input, so that the target can be run with it alone. Only calls that a handler may make.
static void on_crash(int number) {
    static const char kept[] = "replay-crash";
    int fd = open(kept, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd >= 0) {
        (void)!write(fd, input, input_size);
        (void)close(fd);
    }
    say(number == SIGALRM ? "hangs" : "ends");
    say(mutation_now > 0 ? " with a mutation of " : " with ");
    say(path_now);
    say("; the input is in the file replay-crash\n");
    (void)signal(number, SIG_DFL);
    (void)raise(number == SIGALRM ? SIGKILL : number);
}

static void watch(void) {
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)signal(numbers[i], on_crash);
    }
}

// -- the corpus ----------------------------------------------------------------------------------

static void fail(const char *what, const char *path) {
    (void)fprintf(stderr, "%s %s\n", what, path);
    exit(2);
}

static void load_file(const char *path) {
    FILE *stream = fopen(path, "rb");
    struct file *file = &files[n_files];

    if (!stream || n_files == FILES_MAX) {
        fail(stream ? "too many files:" : "cannot open", path);
    }
    file->path = strdup(path);
    file->data = malloc(INPUT_MAX);
    if (!file->path || !file->data) {
        fail("no memory for", path);
    }
    file->size = fread(file->data, 1, INPUT_MAX, stream);
    (void)fclose(stream);
    n_files++;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name); // the same order wherever it runs
}

static void load(const char *path) {
    struct dirent **names = NULL;
    struct stat status;
    int n;

    if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode)) {
        load_file(path);
        return;
    }
    n = scandir(path, &names, NULL, by_name);
    for (int i = 0; i < n; i++) {
        char below[4096];

        (void)snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            load_file(below);
        }
        free(names[i]);
    }
    free(names);
}

// -- mutations -----------------------------------------------------------------------------------

static uint64_t random_state = 0x9e3779b97f4a7c15;

// xorshift64*: the same numbers everywhere.
static uint32_t random_below(size_t n) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return n == 0 ? 0 : (uint32_t)((random_state * 0x2545f4914f6cdd1d >> 33) % n);
}

static void overwrite(void) {
    static const uint32_t edges[] = {0,      1,      0x7f,       0x80,       0xff,      0x100,
                                     0xffff, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff};
    uint32_t value = edges[random_below(sizeof(edges) / sizeof(edges[0]))];
    size_t place = random_below(input_size), size = 1u << random_below(3);

    if (place + size <= input_size) {
        memcpy(input + place, &value, size);
    }
}

static void cut(void) {
    size_t place = random_below(input_size), size = random_below(input_size - place);

    memmove(input + place, input + place + size, input_size - place - size);
    input_size -= size;
}

// Inserts a piece of another file, or of this one.
static void insert(void) {
    const struct file *from = &files[random_below(n_files)];
    size_t at = random_below(from->size), size = random_below(from->size - at);
    size_t place = random_below(input_size);

    if (input_size + size <= INPUT_MAX) {
        memmove(input + place + size, input + place, input_size - place);
        memcpy(input + place, from->data + at, size);
        input_size += size;
    }
}

static void mutate(void) {
    for (uint32_t n = 1 + random_below(4); n > 0 && input_size > 0; n--) {
        switch (random_below(5)) {
        case 0:
            input[random_below(input_size)] ^= (uint8_t)(1u << random_below(8));
            break;
        case 1:
            input[random_below(input_size)] = (uint8_t)random_below(256);
            break;
        case 2:
            overwrite();
            break;
        case 3:
            cut();
            break;
        default:
            insert();
        }
    }
}

// -- running -------------------------------------------------------------------------------------

// From a copy of exactly its size, so that valgrind and AddressSanitizer see a byte too much.
static void run(void) {
    uint8_t *copy = malloc(input_size > 0 ? input_size : 1);

    if (!copy) {
        fail("no memory for", path_now);
    }
    memcpy(copy, input, input_size);
    (void)alarm(SECONDS_MAX);
    (void)LLVMFuzzerTestOneInput(copy, input_size);
    (void)alarm(0);
    free(copy);
}

static void start_from(const struct file *file) {
    path_now = file->path;
    memcpy(input, file->data, file->size);
    input_size = file->size;
}

int main(int argc, char **argv) {
    unsigned n_mutations = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mutations") == 0 && i + 1 < argc) {
            n_mutations = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            load(argv[i]);
        }
    }
    if (n_files == 0) {
        fail("usage:", "replay-NAME [--mutations N] FILE|FOLDER...");
    }
    watch();
    for (size_t i = 0; i < n_files; i++) {
        start_from(&files[i]);
        run();
    }
    for (mutation_now = 1; mutation_now <= n_mutations; mutation_now++) {
        start_from(&files[random_below(n_files)]);
        mutate();
        run();
    }
    (void)printf("%zu inputs and %u mutations of them\n", n_files, n_mutations);
    return 0;
}

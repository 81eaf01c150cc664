// SPDX-License-Identifier: MIT

// Compiles the tables of filter-rules*.c with libseccomp, when mpyd is built: what runs needs no
// compiler, and what it will install can be read. Arguments: the machine that mpyd will run on, as
// libseccomp names it, the C file to write, and a text with the same filters in libseccomp's pseudo
// code.
//
// A value known only at run time is compiled as a mark, found again among the constants and listed
// as a patch. Marks of 32-bit values have a high half of zero, as the values have: libseccomp may
// merge that comparison with another rule's.

#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/filter-program.h"
#include "sandbox/filter-rules.h"

#define CODE_MAX 4096u
#define PRIORITY_MAX UINT8_MAX

static const struct {
    const char *name;
    const struct filter_table *table;
} filters[] = {
    {"start", &filter_table_start},
    {"worker", &filter_table_worker},
    {"supervisor", &filter_table_supervisor},
    {"keeper", &filter_table_keeper},
};

static const uint64_t marks[FILTER_VALUES] = {
    [FILTER_CHANNEL_SIZE] = 0xfeed0001,
    [FILTER_EXEC_PATH] = 0xfeed0002feed0003,
    [FILTER_EXEC_ARGUMENTS] = 0xfeed0004feed0005,
    [FILTER_EXEC_ENVIRONMENT] = 0xfeed0006feed0007,
    [FILTER_OWN_PID] = 0xfeed0008,
};

static _Noreturn void fail(const char *what, const char *where) {
    (void)fprintf(stderr, "make-filters: %s: %s\n", where, what);
    exit(1);
}

static void add_rule(scmp_filter_ctx context, const struct filter_rule *rule) {
    struct scmp_arg_cmp pins[FILTER_PINS];
    unsigned n = 0;

    for (; n < FILTER_PINS && rule->pins[n].mask != 0; n++) {
        const struct filter_pin *pin = &rule->pins[n];

        pins[n] = (struct scmp_arg_cmp){
            .arg = pin->index,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = pin->mask,
            .datum_b = pin->from == FILTER_GIVEN ? pin->value : marks[pin->from],
        };
    }
    if (seccomp_rule_add_array(context, rule->action, rule->syscall, n, pins) < 0) {
        fail("libseccomp refuses a rule", rule->reason);
    }
}

// A rule's number is of the machine that this runs on; libseccomp translates it, and leaves out
// calls that ARCH, SCMP_ARCH_*, does not have.
static scmp_filter_ctx new_context(uint32_t arch, uint32_t otherwise) {
    scmp_filter_ctx context = seccomp_init(otherwise);

    if (context && arch != seccomp_arch_native() &&
        (seccomp_arch_add(context, arch) < 0 ||
         seccomp_arch_remove(context, SCMP_ARCH_NATIVE) < 0)) {
        seccomp_release(context);
        return NULL;
    }
    return context;
}

static scmp_filter_ctx build(const struct filter_table *table, uint32_t arch, const char *name) {
    scmp_filter_ctx context = new_context(arch, table->otherwise);

    // The entries of other architectures (int 0x80, x32) end the process whatever they ask for.
    if (!context || seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0) {
        fail("libseccomp makes no filter", name);
    }
    // In the order of the table: what a worker does all the time is found first.
    for (size_t i = 0; i < table->n_rules; i++) {
        uint8_t priority = i < PRIORITY_MAX ? (uint8_t)(PRIORITY_MAX - i) : 0;

        add_rule(context, &table->rules[i]);
        (void)seccomp_syscall_priority(context, table->rules[i].syscall, priority);
    }
    return context;
}

// A file, because libseccomp writes to a descriptor. Returns the number of instructions.
static size_t export(scmp_filter_ctx context, struct sock_filter code[CODE_MAX], const char *name) {
    FILE *file = tmpfile();
    size_t n = 0;

    if (!file || seccomp_export_bpf(context, fileno(file)) < 0) {
        fail("libseccomp exports no filter", name);
    }
    rewind(file);
    n = fread(code, sizeof(code[0]), CODE_MAX, file);
    if (n == 0 || n == CODE_MAX) {
        fail("the filter is empty or too long", name);
    }
    (void)fclose(file);
    return n;
}

static bool uses(const struct filter_table *table, enum filter_value value) {
    for (size_t i = 0; i < table->n_rules; i++) {
        for (size_t j = 0; j < FILTER_PINS; j++) {
            if (table->rules[i].pins[j].from == value) {
                return true;
            }
        }
    }
    return false;
}

// Lists where HALF of a mark is compared with. It must be somewhere, and only where it is compared.
static void write_patches(FILE *file, const struct sock_filter *code, size_t n_code,
                          enum filter_value value, bool high_half, const char *name) {
    uint32_t half = (uint32_t)(high_half ? marks[value] >> 32 : marks[value]);
    size_t n_found = 0;

    for (size_t i = 0; half != 0 && i < n_code; i++) {
        if (code[i].k == half) {
            if (code[i].code != (BPF_JMP | BPF_JEQ | BPF_K)) {
                fail("a mark is no operand of a comparison", name);
            }
            (void)fprintf(file, "    {%zu, %d, %s},\n", i, value, high_half ? "true" : "false");
            n_found++;
        }
    }
    if (half != 0 && n_found == 0) {
        fail("a mark is not in the filter", name);
    }
}

static void write_filter(FILE *file, const char *name, const struct filter_table *table,
                         const struct sock_filter *code, size_t n_code) {
    (void)fprintf(file, "\nstatic const struct sock_filter %s_code[] = {\n", name);
    for (size_t i = 0; i < n_code; i++) {
        (void)fprintf(file, "    {0x%02x, %u, %u, 0x%08" PRIx32 "},\n", code[i].code, code[i].jt,
                      code[i].jf, code[i].k);
    }
    // The one at the end is not counted: an empty list would be no C.
    (void)fprintf(file, "};\nstatic const struct filter_patch %s_patches[] = {\n", name);
    for (int value = FILTER_GIVEN + 1; value < FILTER_VALUES; value++) {
        if (uses(table, (enum filter_value)value)) {
            write_patches(file, code, n_code, (enum filter_value)value, false, name);
            write_patches(file, code, n_code, (enum filter_value)value, true, name);
        }
    }
    (void)fprintf(
        file,
        "    {0, 0, false},\n};\nconst struct filter_program filter_program_%s = {\n"
        "    %s_code, %zu, %s_patches, sizeof(%s_patches) / sizeof(%s_patches[0]) - 1};\n",
        name, name, n_code, name, name, name);
}

static FILE *open_output(const char *path) {
    FILE *file = path ? fopen(path, "we") : NULL;

    if (!file) {
        fail("cannot be written", path ? path : "make-filters MACHINE PROGRAM.c TEXT");
    }
    return file;
}

int main(int argc, char **argv) {
    static struct sock_filter code[CODE_MAX];
    FILE *program = open_output(argc == 4 ? argv[2] : NULL);
    FILE *text = open_output(argc == 4 ? argv[3] : NULL);
    uint32_t arch = seccomp_arch_resolve_name(argv[1]);

    if (arch == 0) {
        fail("libseccomp knows no such machine", argv[1]);
    }

    (void)fprintf(program, "// Made by sandbox/make-filters.c.\n"
                           "#include \"sandbox/filter-program.h\"\n");
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        scmp_filter_ctx context = build(filters[i].table, arch, filters[i].name);
        size_t n_code = export(context, code, filters[i].name);

        write_filter(program, filters[i].name, filters[i].table, code, n_code);
        (void)fprintf(text, "# %s: %zu instructions\n", filters[i].name, n_code);
        (void)fflush(text);
        if (seccomp_export_pfc(context, fileno(text)) < 0) {
            fail("libseccomp writes no text", filters[i].name);
        }
        seccomp_release(context);
    }
    if (fclose(program) != 0 || fclose(text) != 0) {
        fail("cannot be written", argv[2]);
    }
    return 0;
}

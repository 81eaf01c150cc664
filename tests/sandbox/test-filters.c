// SPDX-License-Identifier: MIT

// The filters as they are installed, evaluated here over every number, entry and edge of an
// argument, against what the table of rules says. Every instruction and both sides of every branch
// must be reached, and a filter with any one instruction spoilt must be found out.

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/filter-rules.h"
#include "sandbox/filter.h"
#include "sandbox/sandbox.h"
#include "sandbox/spawner-child.h"
#include "tests/sandbox/bpf.h"

#define NUMBERS 1024
#define X32_BIT 0x40000000u
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define X32_IS_NO_ENTRY true
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define X32_IS_NO_ENTRY false /* a number like any other, that no call has */
#endif
#define EDGES_MAX 96u
#define CHANNEL_SIZE WIRE_CHANNEL_SIZE(WIRE_ARENA_MAX)
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct filter {
    const char *name;
    const struct filter_table *table;
    uint64_t values[FILTER_VALUES];
    struct bpf_program program;
    uint64_t n_evaluated, n_wrong;
    bool spoilt; /* on purpose: fewer questions, up to the first difference */
} filters[4];

static int set_up(void **state) {
    struct filter *start = &filters[0], *worker = &filters[1], *supervisor = &filters[2];
    struct filter *keeper = &filters[3];
    const uint64_t values[FILTER_VALUES] = {
        [FILTER_CHANNEL_SIZE] = CHANNEL_SIZE,
        [FILTER_EXEC_PATH] = (uintptr_t)spawner_exec.path,
        [FILTER_EXEC_ARGUMENTS] = (uintptr_t)spawner_exec.arguments,
        [FILTER_EXEC_ENVIRONMENT] = (uintptr_t)spawner_exec.environment,
        [FILTER_OWN_PID] = (uint64_t)getpid(),
    };
    int n[4] = {
        filter_worker_start(CHANNEL_SIZE, start->program.code, BPF_PROGRAM_MAX),
        sandbox_worker_filter(worker->program.code, BPF_PROGRAM_MAX),
        filter_supervisor(getpid(), false, supervisor->program.code, BPF_PROGRAM_MAX),
        filter_supervisor(getpid(), true, keeper->program.code, BPF_PROGRAM_MAX),
    };

    start->name = "filter 1";
    start->table = &filter_table_start;
    worker->name = "filter 2";
    worker->table = &filter_table_worker;
    supervisor->name = "supervisor";
    supervisor->table = &filter_table_supervisor;
    keeper->name = "keeper";
    keeper->table = &filter_table_keeper;
    for (size_t i = 0; i < 4; i++) {
        memcpy(filters[i].values, values, sizeof(values));
        filters[i].program.length = (size_t)n[i];
        if (n[i] <= 0) {
            return -1;
        }
    }
    return 0;
}

// -- what the table says -------------------------------------------------------------------------

static uint64_t value_of(const struct filter *filter, const struct filter_pin *pin) {
    return pin->from == FILTER_GIVEN ? pin->value : filter->values[pin->from];
}

// A call that the machine lacks has a number of libseccomp's below 0, and no row in the filter.
static bool matches(const struct filter *filter, const struct filter_rule *rule,
                    const struct seccomp_data *data) {
    if (rule->syscall < 0 || rule->syscall != data->nr) {
        return false;
    }
    for (size_t i = 0; i < FILTER_PINS && rule->pins[i].mask != 0; i++) {
        const struct filter_pin *pin = &rule->pins[i];

        if ((data->args[pin->index] & pin->mask) != value_of(filter, pin)) {
            return false;
        }
    }
    return true;
}

static uint32_t to_return(uint32_t action) {
    switch (action) {
    case SCMP_ACT_ALLOW:
        return SECCOMP_RET_ALLOW;
    case SCMP_ACT_KILL_PROCESS:
        return SECCOMP_RET_KILL_PROCESS;
    default:
        return SECCOMP_RET_ERRNO | (action & SECCOMP_RET_DATA);
    }
}

// -1 is the number of a call that a tracer took away: no entry of x32, for all its bits.
static uint32_t expected(const struct filter *filter, const struct seccomp_data *data) {
    uint32_t number = (uint32_t)data->nr;

    if (data->arch != ARCH || (X32_IS_NO_ENTRY && number >= X32_BIT && number != UINT32_MAX)) {
        return SECCOMP_RET_KILL_PROCESS;
    }
    for (size_t i = 0; i < filter->table->n_rules; i++) {
        if (matches(filter, &filter->table->rules[i], data)) {
            return to_return(filter->table->rules[i].action);
        }
    }
    return to_return(filter->table->otherwise);
}

static void evaluate(struct filter *filter, const struct seccomp_data *data) {
    uint32_t got = 0, wanted = 0;

    got = bpf_run(&filter->program, data);
    wanted = expected(filter, data);
    filter->n_evaluated++;
    if (got == wanted) {
        return;
    }
    if (filter->n_wrong++ < 10 && !filter->spoilt) {
        print_error("%s: arch %#x number %#x (%#llx, %#llx, %#llx, %#llx, %#llx, %#llx): %#x, "
                    "the table says %#x\n",
                    filter->name, data->arch, data->nr, data->args[0], data->args[1], data->args[2],
                    data->args[3], data->args[4], data->args[5], got, wanted);
    }
}

// -- what is asked -------------------------------------------------------------------------------

static void add_edge(uint64_t edges[EDGES_MAX], size_t *n, uint64_t value) {
    assert_true(*n < EDGES_MAX);
    edges[(*n)++] = value;
}

// The neighbours of a value: by one, in the high half, sign-extended, outside the mask.
static void add_neighbours(uint64_t edges[EDGES_MAX], size_t *n, uint64_t value, uint64_t mask) {
    add_edge(edges, n, value);
    add_edge(edges, n, value + 1);
    add_edge(edges, n, value - 1);
    add_edge(edges, n, value ^ 1ull << 31);
    add_edge(edges, n, value ^ 1ull << 32);
    add_edge(edges, n, value ^ 1ull << 63);
    add_edge(edges, n, value | 0xffffffff00000000);
    add_edge(edges, n, value << 32);
    add_edge(edges, n, value | ~mask);
    add_edge(edges, n, value ^ (mask & -mask));
}

// Of argument INDEX of the call NUMBER: every edge that a rule of that number has, and general
// ones.
static size_t find_edges(const struct filter *filter, int number, unsigned index,
                         uint64_t edges[EDGES_MAX]) {
    static const uint64_t general[] = {0,          1,          2,          0x7fffffff, 0x80000000,
                                       UINT32_MAX, 1ull << 32, 1ull << 63, UINT64_MAX};
    size_t n = 0;

    for (size_t i = 0; i < N_OF(general); i++) {
        add_edge(edges, &n, general[i]);
    }
    for (size_t i = 0; i < filter->table->n_rules; i++) {
        const struct filter_rule *rule = &filter->table->rules[i];

        for (size_t k = 0; rule->syscall == number && k < FILTER_PINS && rule->pins[k].mask; k++) {
            const struct filter_pin *pin = &rule->pins[k];

            if (pin->index == index && n + 10 <= EDGES_MAX) {
                add_neighbours(edges, &n, value_of(filter, pin), pin->mask);
            }
        }
    }
    return n;
}

// DATA with argument A at each edge, and every other argument but those before it at each of its.
static void ask_pairs(struct filter *filter, const struct seccomp_data *base, unsigned a) {
    uint64_t edges[EDGES_MAX], others[EDGES_MAX];
    size_t n = find_edges(filter, base->nr, a, edges);
    struct seccomp_data data = *base;

    for (unsigned b = a; b < (filter->spoilt ? a + 1 : 6); b++) {
        size_t n_others = b == a ? 1 : find_edges(filter, base->nr, b, others);

        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < n_others; k++) {
                data.args[b] = b == a ? 0 : others[k];
                data.args[a] = edges[i];
                evaluate(filter, &data);
            }
        }
        data.args[b] = base->args[b];
    }
}

static void ask_rules(struct filter *filter) {
    for (size_t i = 0; i < filter->table->n_rules; i++) {
        const struct filter_rule *rule = &filter->table->rules[i];
        struct seccomp_data data = {.nr = rule->syscall, .arch = ARCH};

        for (size_t k = 0; k < FILTER_PINS && rule->pins[k].mask != 0; k++) {
            data.args[rule->pins[k].index] = value_of(filter, &rule->pins[k]);
        }
        evaluate(filter, &data);
        for (unsigned a = 0; a < 6; a++) {
            ask_pairs(filter, &data, a);
        }
        if (filter->spoilt && filter->n_wrong > 0) {
            return;
        }
    }
}

// Every number by every entry, with all arguments the same.
static void ask_numbers(struct filter *filter) {
    static const uint32_t entries[] = {
        AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 0, UINT32_MAX, ~ARCH};
    static const uint64_t all[] = {0, 1, UINT32_MAX, 1ull << 32, UINT64_MAX};
    static const uint32_t offsets[] = {
        0, X32_BIT, 2 * X32_BIT, 3 * X32_BIT, (uint32_t)-NUMBERS, X32_BIT - NUMBERS};

    for (size_t e = 0; e < N_OF(entries); e++) {
        for (size_t o = 0; o < N_OF(offsets); o++) {
            for (uint32_t number = 0; number < NUMBERS; number++) {
                for (size_t i = 0; i < (filter->spoilt ? 1 : N_OF(all)); i++) {
                    uint64_t v = all[i];
                    const struct seccomp_data data = {.nr = (int)(offsets[o] + number),
                                                      .arch = entries[e],
                                                      .instruction_pointer = v,
                                                      .args = {v, v, v, v, v, v}};

                    evaluate(filter, &data);
                }
            }
        }
    }
}

static void ask_all(struct filter *filter) {
    ask_numbers(filter);
    ask_rules(filter);
}

// -- what makes no difference ---------------------------------------------------------------------

// Of an argument that is an int the high half is masked away: libseccomp loads it all the same, and
// compares it, after an AND with 0, with 0. Returns whether instruction AT is that comparison.
static bool is_masked_away(const struct bpf_program *program, size_t at) {
    const struct sock_filter *code = &program->code[at];

    return at >= 2 && at < program->length && code->code == (BPF_JMP | BPF_JEQ | BPF_K) &&
           code->k == 0 && code[-1].code == (BPF_ALU | BPF_AND | BPF_K) && code[-1].k == 0;
}

// Where everything else ends the process too, so that it makes no difference whether x32 is told.
static bool is_x32_of_deadly(const struct filter *filter, size_t at) {
    const struct sock_filter *code = &filter->program.code[at];

    return filter->table->otherwise == SCMP_ACT_KILL_PROCESS &&
           ((code->code == (BPF_JMP | BPF_JGE | BPF_K) && code->k == X32_BIT) ||
            (code->code == (BPF_JMP | BPF_JEQ | BPF_K) && code->k == UINT32_MAX));
}

// -- tests ---------------------------------------------------------------------------------------

static void test_verdicts_are_those_of_the_tables(void **state) {
    for (size_t i = 0; i < N_OF(filters); i++) {
        ask_all(&filters[i]);
        print_message("  %s: %zu instructions, %llu verdicts\n", filters[i].name,
                      filters[i].program.length, (unsigned long long)filters[i].n_evaluated);
        assert_int_equal(filters[i].n_wrong, 0);
        assert_true(filters[i].n_evaluated > 100000);
    }
}

static void test_every_branch_is_reached(void **state) {
    size_t n_missed = 0;

    for (size_t i = 0; i < N_OF(filters); i++) {
        const struct bpf_program *program = &filters[i].program;

        for (size_t at = 0; at < program->length; at++) {
            uint32_t n = program->reached[at], n_true = program->taken[at];
            bool condition = bpf_is_condition(&program->code[at]);
            bool never_false = is_masked_away(program, at);

            if (n == 0 || (condition && (n_true == 0 || (n_true == n) != never_false))) {
                print_error("%s: instruction %zu: reached %u times, true %u\n", filters[i].name, at,
                            n, n_true);
                n_missed++;
            }
        }
    }
    assert_int_equal(n_missed, 0);
}

// Spoils instruction AT in one way. False: there is no such way, or it makes no difference.
static bool spoil(struct filter *filter, size_t at, unsigned way) {
    struct sock_filter *instruction = &filter->program.code[at];

    if (is_x32_of_deadly(filter, at)) {
        return false;
    }
    if (way == 0) {
        if (BPF_CLASS(instruction->code) == BPF_LD && is_masked_away(&filter->program, at + 2)) {
            return false;
        }
        instruction->k ^= BPF_CLASS(instruction->code) == BPF_LD ? 4 : 1;
        return BPF_CLASS(instruction->code) != BPF_JMP || BPF_OP(instruction->code) != BPF_JA;
    }
    if (way == 1) {
        instruction->k ^= 0x80000000;
        return BPF_CLASS(instruction->code) != BPF_LD;
    }
    uint8_t jt = instruction->jt;

    instruction->jt = instruction->jf;
    instruction->jf = jt;
    return bpf_is_condition(instruction);
}

// The proof that the questions are good ones.
static void test_any_spoilt_instruction_is_noticed(void **state) {
    size_t n_instructions = 0, n_spoilt = 0, n_unnoticed = 0;

    for (size_t i = 0; i < N_OF(filters); i++) {
        static struct filter spoilt;

        n_instructions += filters[i].program.length;
        for (size_t at = 0; at < filters[i].program.length; at++) {
            for (unsigned way = 0; way < 3; way++) {
                spoilt = filters[i];
                spoilt.spoilt = true;
                spoilt.n_wrong = 0;
                if (!spoil(&spoilt, at, way)) {
                    continue;
                }
                ask_rules(&spoilt);
                ask_numbers(&spoilt);
                n_spoilt++;
                if (spoilt.n_wrong == 0) {
                    print_error("%s: instruction %zu spoilt in way %u, and nobody noticed\n",
                                filters[i].name, at, way);
                    n_unnoticed++;
                }
            }
        }
    }
    print_message("  %zu spoilt filters\n", n_spoilt);
    assert_int_equal(n_unnoticed, 0);
    assert_true(n_spoilt > 2 * n_instructions); // most, in more than one way
}

// test-sandbox-filters [PATTERN]: leaves out the tests so called, where their time is not to be
// had.
int main(int n_arguments, char *arguments[]) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts_are_those_of_the_tables),
        cmocka_unit_test(test_every_branch_is_reached),
        cmocka_unit_test(test_any_spoilt_instruction_is_noticed),
    };

    if (n_arguments > 1) {
        cmocka_set_skip_filter(arguments[1]);
    }
    return cmocka_run_group_tests_name("filters", tests, set_up, NULL);
}

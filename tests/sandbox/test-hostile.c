// SPDX-License-Identifier: MIT

// Images that are not what they should be: filter 1 admits one execveat, so an image is made that
// repeats it with every pinned value right, and images that are no programs at all.

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "sandbox/spawner-child.h"
#include "tests/sandbox/host.h"

#define PAGE 4096u
#define CODE_ADDRESS 0x400000u

// A program at a fixed address, with a page of zeros where the spawner has its empty path.
struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    uint8_t code[PAGE - sizeof(Elf64_Ehdr) - 2 * sizeof(Elf64_Phdr)];
    uint8_t zeros[PAGE];
};
_Static_assert(sizeof(struct image) == 2 * PAGE, "one page of code, one of zeros");

#if defined(__x86_64__)
#define MACHINE EM_X86_64

static size_t put_immediate(uint8_t *code, const char *opcode, uint64_t value) {
    memcpy(code, opcode, 2);
    memcpy(code + 2, &value, sizeof(value));
    return 2 + sizeof(value);
}

// execveat(FD, path, arguments, environment, AT_EMPTY_PATH), then exit_group(its errno).
static void put_code(uint8_t *code, uint64_t fd) {
    static const uint8_t leave[] = {0x0f, 0x05,             /* syscall */
                                    0xf7, 0xd8,             /* neg eax */
                                    0x89, 0xc7,             /* mov edi, eax */
                                    0xb8, 0xe7, 0x00, 0, 0, /* mov eax, 231 */
                                    0x0f, 0x05,             /* syscall */
                                    0x0f, 0x0b};            /* ud2 */

    code += put_immediate(code, "\x48\xb8", 322);                               /* rax: execveat */
    code += put_immediate(code, "\x48\xbf", fd);                                /* rdi */
    code += put_immediate(code, "\x48\xbe", (uintptr_t)spawner_exec.path);      /* rsi */
    code += put_immediate(code, "\x48\xba", (uintptr_t)spawner_exec.arguments); /* rdx */
    code += put_immediate(code, "\x49\xba", (uintptr_t)spawner_exec.environment); /* r10 */
    code += put_immediate(code, "\x49\xb8", AT_EMPTY_PATH);                       /* r8 */
    memcpy(code, leave, sizeof(leave));
}

#elif defined(__aarch64__)
#define MACHINE EM_AARCH64

static uint8_t *put_instruction(uint8_t *code, uint32_t instruction) {
    memcpy(code, &instruction, sizeof(instruction));
    return code + sizeof(instruction);
}

// Register NUMBER becomes VALUE, sixteen bits at a time: movz, and movk three times.
static uint8_t *put_immediate(uint8_t *code, unsigned number, uint64_t value) {
    for (uint32_t part = 0; part < 4; part++) {
        uint32_t opcode = part == 0 ? 0xd2800000u : 0xf2800000u;

        code = put_instruction(code, opcode | part << 21 |
                                         ((uint32_t)(value >> 16 * part) & 0xffffu) << 5 | number);
    }
    return code;
}

// The same.
static void put_code(uint8_t *code, uint64_t fd) {
    static const uint32_t leave[] = {0xd4000001,  /* svc #0 */
                                     0xcb0003e0,  /* neg x0, x0 */
                                     0xd2800bc8,  /* mov x8, 94: exit_group */
                                     0xd4000001}; /* svc #0 */

    code = put_immediate(code, 8, SYS_execveat);
    code = put_immediate(code, 0, fd);
    code = put_immediate(code, 1, (uintptr_t)spawner_exec.path);
    code = put_immediate(code, 2, (uintptr_t)spawner_exec.arguments);
    code = put_immediate(code, 3, (uintptr_t)spawner_exec.environment);
    code = put_immediate(code, 4, AT_EMPTY_PATH);
    memcpy(code, leave, sizeof(leave));
}

#else
#error "what do these calls look like?"
#endif

static Elf64_Phdr segment(uint64_t offset, uint64_t address, uint32_t flags) {
    return (Elf64_Phdr){.p_type = PT_LOAD,
                        .p_flags = flags,
                        .p_offset = offset,
                        .p_vaddr = address,
                        .p_paddr = address,
                        .p_filesz = PAGE,
                        .p_memsz = PAGE,
                        .p_align = PAGE};
}

static int make_image(const void *data, size_t size) {
    int fd = fd_new_memory("hostile", size, 1);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, size, 0), size);
    return fd;
}

static int make_repeater(uint64_t exec_fd) {
    static struct image image;

    image = (struct image){
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = MACHINE,
                   .e_version = EV_CURRENT,
                   .e_entry = CODE_ADDRESS + offsetof(struct image, code),
                   .e_phoff = offsetof(struct image, segments),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2},
        .segments = {segment(0, CODE_ADDRESS, PF_R | PF_X),
                     segment(PAGE, (uintptr_t)spawner_exec.path & ~(uint64_t)(PAGE - 1), PF_R)},
    };
    put_code(image.code, exec_fd);
    return make_image(&image, sizeof(image));
}

static struct spawner_event run_image(int image) {
    struct probe_command command = {0};
    struct spawner_event event;
    struct host host;

    host_init_memory(&host);
    (void)close(host.image);
    host.image = image;
    host_init_spawner(&host);
    host_start(&host, &command);
    assert_int_equal(host_event(&host, &event), 1);
    if (event.kind == SPAWNER_STARTED) {
        assert_int_equal(host_event(&host, &event), 1);
    }
    host_done(&host);
    return event;
}

static void test_execveat_repeated_finds_no_descriptor(void **state) {
    struct spawner_event event = run_image(make_repeater(SPAWNER_FD_IMAGE));

    assert_int_equal(event.kind, SPAWNER_ENDED);
    assert_int_equal(event.code, CLD_EXITED);
    assert_int_equal(event.status, EBADF);
}

static void test_execveat_of_other_descriptor_killed(void **state) {
    for (uint64_t fd = 0; fd < SPAWNER_FD_IMAGE; fd++) {
        struct spawner_event event = run_image(make_repeater(fd));

        assert_int_equal(event.kind, SPAWNER_ENDED);
        assert_int_not_equal(event.code, CLD_EXITED);
        assert_int_equal(event.status, SIGSYS);
    }
}

static void test_image_no_program_start_fails(void **state) {
    struct spawner_event event = run_image(make_image("#!/bin/sh\n", 10));

    assert_int_equal(event.kind, SPAWNER_FAILED);
    assert_string_equal(event.what, "execveat");
    assert_true(event.error == ENOENT || event.error == ENOEXEC);

    event = run_image(make_image("nothing", 7));
    assert_int_equal(event.kind, SPAWNER_FAILED);
    assert_int_equal(event.error, ENOEXEC);
}

// spawner_configure() takes the right to read the image away; this goes past it.
static void send_readable_image(struct host *host, int image) {
    struct spawner_request request = {.kind = SPAWNER_CONFIGURE};
    struct iovec data = {.iov_base = &request, .iov_len = sizeof(request)};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(sizeof(int))}};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};

    memcpy(CMSG_DATA(&control.header), &image, sizeof(image));
    assert_int_equal(sendmsg(host->spawner.socket, &message, 0), sizeof(request));
}

static void test_image_readable_refused(void **state) {
    struct spawner_event event;
    struct host host;
    int image = -1;

    host_init(&host);
    image = make_image("nothing", 7);
    send_readable_image(&host, image);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_FAILED);
    assert_int_equal(event.error, EPERM);
    (void)close(image);
    host_done(&host);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_execveat_repeated_finds_no_descriptor),
        cmocka_unit_test(test_execveat_of_other_descriptor_killed),
        cmocka_unit_test(test_image_no_program_start_fails),
        cmocka_unit_test(test_image_readable_refused),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}

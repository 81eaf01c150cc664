// SPDX-License-Identifier: MIT
#include "image/elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "image/why.h"

#define PAGE 4096ull
#define ADDRESS_MAX (1ull << 40) /* of a segment's end: leaves the loader room for its base */
#define DYNAMIC_MAX 128u         /* entries looked at */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE EM_RISCV
#else
#error "which images run here?"
#endif

struct parser {
    const uint8_t *data;
    uint64_t size;
    Elf64_Ehdr header;
    Elf64_Phdr segments[ELF_SEGMENTS_MAX]; /* header.e_phnum of them */
    char *why;
    size_t why_size;
};

#define REFUSE(parser, ...) why_refuse((parser)->why, (parser)->why_size, __VA_ARGS__)

static bool is_inside(uint64_t start, uint64_t size, uint64_t end) {
    return start <= end && size <= end - start;
}

static int check_file(const struct parser *parser, const char *what, uint64_t offset,
                      uint64_t size) {
    uint64_t end;

    if (is_inside(offset, size, parser->size)) {
        return 0;
    }
    if (__builtin_add_overflow(offset, size, &end)) {
        return REFUSE(parser, "%s at byte %llu has an impossible size, %llu", what,
                      (unsigned long long)offset, (unsigned long long)size);
    }
    return REFUSE(parser, "truncated: %s ends at byte %llu, the file at %llu", what,
                  (unsigned long long)end, (unsigned long long)parser->size);
}

const char *elf_machine_name(uint32_t machine) {
    static const struct {
        uint32_t machine;
        const char *name;
    } names[] = {
        {EM_386, "i386"},      {EM_ARM, "arm"},     {EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"},
        {EM_RISCV, "riscv64"}, {EM_PPC64, "ppc64"}, {EM_S390, "s390x"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (names[i].machine == machine) {
            return names[i].name;
        }
    }
    return "a machine that mpyd does not know";
}

bool elf_is_foreign(const struct elf *elf) {
    return elf->machine != MACHINE;
}

void elf_describe_machine(const struct elf *elf, char text[ELF_MACHINE_SIZE]) {
    (void)snprintf(text, ELF_MACHINE_SIZE, "%s (ELF machine %u), and this is %s",
                   elf_machine_name(elf->machine), elf->machine, elf_machine_name(MACHINE));
}

static int check_ident(const struct parser *parser) {
    const unsigned char *ident = parser->header.e_ident;

    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB ||
        ident[EI_VERSION] != EV_CURRENT) {
        return REFUSE(parser, "not a 64-bit little-endian ELF file (class %u, data %u, version %u)",
                      ident[EI_CLASS], ident[EI_DATA], ident[EI_VERSION]);
    }
    if (ident[EI_OSABI] != ELFOSABI_SYSV && ident[EI_OSABI] != ELFOSABI_GNU) {
        return REFUSE(parser, "built for another operating system (ELF OS ABI %u)",
                      ident[EI_OSABI]);
    }
    if (parser->header.e_type != ET_DYN) {
        return REFUSE(parser, "not position-independent (ELF type %u, not %u)",
                      parser->header.e_type, ET_DYN);
    }
    return 0;
}

static int read_header(struct parser *parser) {
    const Elf64_Ehdr *header = &parser->header;
    int r;

    if (parser->size < SELFMAG || memcmp(parser->data, ELFMAG, SELFMAG) != 0) {
        return REFUSE(parser, "not an mpyd image (not an ELF file)");
    }
    r = check_file(parser, "the ELF header", 0, sizeof(*header));
    if (r != 0) {
        return r;
    }
    memcpy(&parser->header, parser->data, sizeof(parser->header));
    r = check_ident(parser);
    if (r != 0) {
        return r;
    }
    if (header->e_ehsize != sizeof(Elf64_Ehdr) || header->e_phentsize != sizeof(Elf64_Phdr)) {
        return REFUSE(parser, "ELF header sizes %u and %u are not %zu and %zu", header->e_ehsize,
                      header->e_phentsize, sizeof(Elf64_Ehdr), sizeof(Elf64_Phdr));
    }
    if (header->e_phnum == 0 || header->e_phnum > ELF_SEGMENTS_MAX) {
        return REFUSE(parser, "%u program headers; 1 to %u are allowed", header->e_phnum,
                      ELF_SEGMENTS_MAX);
    }
    r = check_file(parser, "the table of program headers", header->e_phoff,
                   (uint64_t)header->e_phnum * sizeof(Elf64_Phdr));
    if (r != 0) {
        return r;
    }
    memcpy(parser->segments, parser->data + header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr));
    // Not loaded, but the last thing in the file: what was cut off is noticed here.
    return check_file(parser, "the table of section headers", header->e_shoff,
                      (uint64_t)header->e_shnum * header->e_shentsize);
}

// One PT_LOAD by itself.
static int check_load(const struct parser *parser, unsigned i) {
    const Elf64_Phdr *segment = &parser->segments[i];

    if (segment->p_filesz > segment->p_memsz) {
        return REFUSE(parser, "segment %u: %llu bytes in the file, only %llu in memory", i,
                      (unsigned long long)segment->p_filesz, (unsigned long long)segment->p_memsz);
    }
    if (!is_inside(segment->p_vaddr, segment->p_memsz, ADDRESS_MAX)) {
        return REFUSE(parser, "segment %u: %llu bytes at address %#llx are out of range", i,
                      (unsigned long long)segment->p_memsz, (unsigned long long)segment->p_vaddr);
    }
    if ((segment->p_flags & PF_W) && (segment->p_flags & PF_X)) {
        return REFUSE(parser, "segment %u is writable and executable", i);
    }
    if (!(segment->p_flags & PF_R) || (segment->p_flags & ~(uint32_t)(PF_R | PF_W | PF_X))) {
        return REFUSE(parser, "segment %u has the flags %#x", i, segment->p_flags);
    }
    if ((segment->p_vaddr - segment->p_offset) % PAGE != 0) {
        return REFUSE(parser, "segment %u: address %#llx and offset %#llx differ within a page", i,
                      (unsigned long long)segment->p_vaddr, (unsigned long long)segment->p_offset);
    }
    if (segment->p_align != PAGE) {
        return REFUSE(parser, "segment %u is aligned to %llu, not %llu", i,
                      (unsigned long long)segment->p_align, PAGE);
    }
    return 0;
}

static uint64_t page_up(uint64_t address) {
    return (address + PAGE - 1) & ~(PAGE - 1);
}

// The loaded segments together: ascending, no page in two of them, of bounded size.
static int check_loads(const struct parser *parser) {
    uint64_t end = 0, total = 0;

    for (unsigned i = 0; i < parser->header.e_phnum; i++) {
        const Elf64_Phdr *segment = &parser->segments[i];
        int r;

        if (segment->p_type != PT_LOAD) {
            continue;
        }
        r = check_load(parser, i);
        if (r != 0) {
            return r;
        }
        if ((segment->p_vaddr & ~(PAGE - 1)) < end) {
            return REFUSE(parser,
                          "segment %u at %#llx overlaps the one before, which ends at %#llx", i,
                          (unsigned long long)segment->p_vaddr, (unsigned long long)end);
        }
        end = page_up(segment->p_vaddr + segment->p_memsz);
        total += segment->p_memsz; /* no overflow: 32 sizes below 2^40 */
    }
    if (total > ELF_MEMORY_MAX) {
        return REFUSE(parser, "needs %llu bytes of memory, more than %llu",
                      (unsigned long long)total, ELF_MEMORY_MAX);
    }
    return 0;
}

// What check_loads() has found good.
static void list_loads(const struct parser *parser, struct elf *elf) {
    for (unsigned i = 0; i < parser->header.e_phnum; i++) {
        const Elf64_Phdr *segment = &parser->segments[i];

        if (segment->p_type == PT_LOAD) {
            elf->loads[elf->n_loads++] = (struct elf_load){
                {segment->p_vaddr, segment->p_vaddr + segment->p_memsz},
                segment->p_flags & PF_W,
                segment->p_flags & PF_X,
            };
        }
    }
}

// Sets *ret_range to the one load that is WRITABLE or EXECUTABLE.
static int find_load(const struct parser *parser, const struct elf *elf, bool is_writable,
                     struct elf_range *ret_range) {
    unsigned n_found = 0;

    for (unsigned i = 0; i < elf->n_loads; i++) {
        if (is_writable ? elf->loads[i].is_writable : elf->loads[i].is_executable) {
            *ret_range = elf->loads[i].range;
            n_found++;
        }
    }
    if (n_found != 1) {
        return REFUSE(parser, "%u %s segments, not one", n_found,
                      is_writable ? "writable" : "executable");
    }
    return 0;
}

static const Elf64_Phdr *find_segment(const struct parser *parser, uint32_t type) {
    for (unsigned i = 0; i < parser->header.e_phnum; i++) {
        if (parser->segments[i].p_type == type) {
            return &parser->segments[i];
        }
    }
    return NULL;
}

// Whether the segment's bytes, of file and of memory, are those of one PT_LOAD.
static bool is_loaded(const struct parser *parser, const Elf64_Phdr *segment) {
    for (unsigned i = 0; i < parser->header.e_phnum; i++) {
        const Elf64_Phdr *load = &parser->segments[i];

        if (load->p_type == PT_LOAD && segment->p_vaddr >= load->p_vaddr &&
            is_inside(segment->p_vaddr - load->p_vaddr, segment->p_memsz, load->p_memsz) &&
            (segment->p_filesz == 0 ||
             segment->p_offset - load->p_offset == segment->p_vaddr - load->p_vaddr)) {
            return true;
        }
    }
    return false;
}

// Each type that may occur, and how often.
static int check_types(const struct parser *parser) {
    static const struct {
        uint32_t type;
        const char *name;
    } once[] = {
        {PT_DYNAMIC, "PT_DYNAMIC"},     {PT_NOTE, "PT_NOTE"},
        {PT_PHDR, "PT_PHDR"},           {PT_GNU_STACK, "PT_GNU_STACK"},
        {PT_GNU_RELRO, "PT_GNU_RELRO"}, {PT_GNU_EH_FRAME, "PT_GNU_EH_FRAME"},
    };
    unsigned seen = 0;

    for (unsigned i = 0; i < parser->header.e_phnum; i++) {
        uint32_t type = parser->segments[i].p_type;
        unsigned k = 0;

        if (type == PT_LOAD || type == PT_NULL) {
            continue;
        }
        if (type == PT_INTERP) {
            return REFUSE(parser, "asks for a program interpreter (segment %u is PT_INTERP)", i);
        }
        while (k < sizeof(once) / sizeof(*once) && once[k].type != type) {
            k++;
        }
        if (k == sizeof(once) / sizeof(*once)) {
            return REFUSE(parser, "segment %u is of type %#x, which no image has", i, type);
        }
        if (seen & (1u << k)) {
            return REFUSE(parser, "segment %u is a second %s", i, once[k].name);
        }
        seen |= 1u << k;
    }
    return 0;
}

static int check_places(const struct parser *parser) {
    for (unsigned i = 0; i < parser->header.e_phnum; i++) {
        const Elf64_Phdr *segment = &parser->segments[i];
        char what[32];
        int r;

        if (segment->p_type == PT_NULL || segment->p_type == PT_GNU_STACK) {
            continue;
        }
        (void)snprintf(what, sizeof(what), "segment %u", i);
        r = check_file(parser, what, segment->p_offset, segment->p_filesz);
        if (r != 0) {
            return r;
        }
        if (segment->p_type != PT_LOAD && !is_loaded(parser, segment)) {
            return REFUSE(parser, "segment %u (type %#x) is not part of what is loaded", i,
                          segment->p_type);
        }
    }
    return 0;
}

static int check_dynamic(const struct parser *parser) {
    const Elf64_Phdr *dynamic = find_segment(parser, PT_DYNAMIC);
    Elf64_Dyn entry = {.d_tag = DT_NULL};
    uint64_t n_entries;

    if (!dynamic) {
        return REFUSE(parser, "has no PT_DYNAMIC, so it cannot relocate itself");
    }
    n_entries = dynamic->p_filesz / sizeof(entry);
    for (uint64_t i = 0; i < n_entries && i < DYNAMIC_MAX; i++) {
        memcpy(&entry, parser->data + dynamic->p_offset + i * sizeof(entry), sizeof(entry));
        if (entry.d_tag == DT_NULL) {
            return 0;
        }
        if (entry.d_tag == DT_NEEDED) {
            return REFUSE(parser, "needs a shared library; images are static");
        }
        if (entry.d_tag == DT_TEXTREL ||
            (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL))) {
            return REFUSE(parser, "has relocations in its text");
        }
    }
    return REFUSE(parser, "PT_DYNAMIC has no end within %u entries", DYNAMIC_MAX);
}

// What the start code protects once relocation is over must be whole pages of the data.
static int check_protection(const struct parser *parser, struct elf *elf) {
    const Elf64_Phdr *stack = find_segment(parser, PT_GNU_STACK);
    const Elf64_Phdr *relro = find_segment(parser, PT_GNU_RELRO);

    if (!stack || (stack->p_flags & PF_X)) {
        return REFUSE(parser, "%s",
                      stack ? "asks for an executable stack"
                            : "does not say that its stack is not executable");
    }
    if (!relro || relro->p_vaddr < elf->data.start ||
        !is_inside(relro->p_vaddr, relro->p_memsz, elf->data.end)) {
        return REFUSE(parser, "%s",
                      relro ? "PT_GNU_RELRO is outside the writable segment"
                            : "has no PT_GNU_RELRO");
    }
    elf->relro = (struct elf_range){relro->p_vaddr, relro->p_vaddr + relro->p_memsz};
    return 0;
}

int elf_parse(const uint8_t *data, size_t size, struct elf *ret_elf, char *why, size_t why_size) {
    struct parser parser = {.data = data, .size = size, .why = why, .why_size = why_size};
    int (*const checks[])(const struct parser *) = {check_types, check_loads, check_places,
                                                    check_dynamic};
    struct elf elf = {0};
    const Elf64_Phdr *note;
    int r = read_header(&parser);

    for (size_t i = 0; r == 0 && i < sizeof(checks) / sizeof(*checks); i++) {
        r = checks[i](&parser);
    }
    if (r == 0) {
        list_loads(&parser, &elf);
        r = find_load(&parser, &elf, false, &elf.text);
    }
    if (r == 0) {
        r = find_load(&parser, &elf, true, &elf.data);
    }
    if (r == 0) {
        r = check_protection(&parser, &elf);
    }
    if (r != 0) {
        return r;
    }
    elf.machine = parser.header.e_machine;
    elf.entry = parser.header.e_entry;
    if (elf.entry < elf.text.start || elf.entry >= elf.text.end) {
        return REFUSE(&parser, "entry %#llx is outside the text, %#llx to %#llx",
                      (unsigned long long)elf.entry, (unsigned long long)elf.text.start,
                      (unsigned long long)elf.text.end);
    }
    note = find_segment(&parser, PT_NOTE);
    if (note) {
        elf.notes = (struct elf_bytes){data + note->p_offset, note->p_filesz};
    }
    *ret_elf = elf;
    return 0;
}

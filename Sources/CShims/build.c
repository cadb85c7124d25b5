// SPDX-License-Identifier: Apache-2.0
// What the program knows of its own making: the commit comes in by the build (see Package.swift), the number from the
// note that the linker leaves in the file.
#define _GNU_SOURCE
#include <link.h>

#include "CShims.h"

#ifndef NT_COMMIT
#define NT_COMMIT 0
#endif
#ifndef NT_COMMIT_DIRTY
#define NT_COMMIT_DIRTY 0
#endif

uint32_t nt_commit(void) { return NT_COMMIT; }
bool nt_commit_is_dirty(void) { return NT_COMMIT_DIRTY; }

/// Looks through the notes of the first object, which is the program itself.
static int find_build_id(struct dl_phdr_info *object, size_t size, void *found) {
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_NOTE) continue;
        const unsigned char *at = (const unsigned char *)(object->dlpi_addr + part->p_vaddr);
        const unsigned char *end = at + part->p_memsz;
        while (end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            size_t name = (note->n_namesz + 3u) & ~(size_t)3, bytes = (note->n_descsz + 3u) & ~(size_t)3;
            at += sizeof *note;
            if ((size_t)(end - at) < name + bytes) break;
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(at, "GNU", 4) == 0) {
                uint64_t id = 0;
                for (size_t k = 0; k < 8 && k < note->n_descsz; k++) id = id << 8 | at[name + k];
                *(uint64_t *)found = id;
                return 1;
            }
            at += name + bytes;
        }
    }
    return 1;
}

uint64_t nt_build_id(void) {
    uint64_t id = 0;
    dl_iterate_phdr(find_build_id, &id);
    return id;
}

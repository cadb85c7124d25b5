// SPDX-License-Identifier: Apache-2.0
// memmem is declared for GNU programs only, and Swift imports headers as an ordinary one.
#define _GNU_SOURCE
#include "CShims.h"

const void *nt_find(const void *bytes, size_t n, const void *part, size_t part_n) {
    return memmem(bytes, n, part, part_n);
}

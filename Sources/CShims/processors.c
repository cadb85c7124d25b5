// SPDX-License-Identifier: Apache-2.0
// Extensions of GNU's, which Swift's Glibc does not declare.
#define _GNU_SOURCE
#include <sched.h>

#include "CShims.h"

int nt_thread_processors(uint64_t *words, size_t bytes) {
    return sched_getaffinity(0, bytes, (cpu_set_t *)words);
}

int nt_bind_thread(const uint64_t *words, size_t bytes) {
    return sched_setaffinity(0, bytes, (const cpu_set_t *)words);
}

// SPDX-License-Identifier: Apache-2.0
// Extensions of GNU's, which Swift's Glibc does not declare.
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>

#include "CShims.h"

int nt_thread_processors(uint64_t *words, size_t bytes) {
    return sched_getaffinity(0, bytes, (cpu_set_t *)words);
}

int nt_bind_thread(const uint64_t *words, size_t bytes) {
    return sched_setaffinity(0, bytes, (const cpu_set_t *)words);
}

bool nt_thread_time(int64_t *cpu_ns, int64_t *waits) {
    struct timespec t;
    struct rusage usage;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0 || getrusage(RUSAGE_THREAD, &usage) != 0) return false;
    *cpu_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    *waits = usage.ru_nvcsw;
    return true;
}

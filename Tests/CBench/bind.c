// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CBench.h"

#include <sched.h>

int bench_bind_to_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

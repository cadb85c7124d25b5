// SPDX-License-Identifier: Apache-2.0
// What the bench needs of Linux and Swift's module of the C library does not have.
#ifndef CBENCH_H
#define CBENCH_H

#include <sys/epoll.h>

/// Binds the calling thread to one core; 0, or -1 where the kernel does not allow it.
int bench_bind_to_core(int core);

#endif

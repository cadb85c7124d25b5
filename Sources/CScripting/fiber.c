// SPDX-License-Identifier: Apache-2.0
// The first entry goes through swapcontext, which is portable but asks the kernel for the signal mask each time. From
// then on setjmp and longjmp switch, which takes some nanoseconds. Checked longjmp would take another stack for a fault.
#undef _FORTIFY_SOURCE
#include "fiber.h"
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NT_SANITIZED 1
#include <sanitizer/common_interface_defs.h>
#endif
#endif

// As much as a thread has; the system gives pages of it when they are touched.
enum { stack_bytes = 8 << 20 };

struct nt_fiber {
    jmp_buf inside, outside;
    ucontext_t first, caller;
    void (*body)(void *);
    void *context;
    char *memory;
    size_t memory_bytes, guard_bytes;
    int has_begun;
#ifdef NT_SANITIZED
    void *fake_inside, *fake_outside;
    const void *outside_bottom;
    size_t outside_size;
#endif
};

static void begin_switch(nt_fiber *fiber, int goes_in) {
#ifdef NT_SANITIZED
    if (goes_in)
        __sanitizer_start_switch_fiber(
            &fiber->fake_outside, fiber->memory + fiber->guard_bytes, fiber->memory_bytes - fiber->guard_bytes);
    else
        __sanitizer_start_switch_fiber(&fiber->fake_inside, fiber->outside_bottom, fiber->outside_size);
#else
    (void)fiber;
    (void)goes_in;
#endif
}

static void end_switch(nt_fiber *fiber, int is_inside) {
#ifdef NT_SANITIZED
    if (is_inside)
        __sanitizer_finish_switch_fiber(fiber->fake_inside, &fiber->outside_bottom, &fiber->outside_size);
    else
        __sanitizer_finish_switch_fiber(fiber->fake_outside, NULL, NULL);
#else
    (void)fiber;
    (void)is_inside;
#endif
}

// Pointers are handed over in two halves: makecontext passes integers.
static void start(unsigned low, unsigned high) {
    nt_fiber *fiber = (nt_fiber *)((uintptr_t)low | (uintptr_t)high << 16 << 16);
    end_switch(fiber, 1);
    fiber->body(fiber->context);
    abort();
}

nt_fiber *nt_fiber_new(void (*body)(void *), void *context) {
    nt_fiber *fiber = calloc(1, sizeof *fiber);
    if (!fiber) return NULL;
    fiber->guard_bytes = (size_t)sysconf(_SC_PAGESIZE);
    fiber->memory_bytes = stack_bytes + fiber->guard_bytes;
    fiber->memory = mmap(
        NULL, fiber->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1,
        0);
    if (fiber->memory == MAP_FAILED) {
        free(fiber);
        return NULL;
    }
    // Whoever runs beyond the end is stopped there instead of writing into something else.
    mprotect(fiber->memory, fiber->guard_bytes, PROT_NONE);
    fiber->body = body;
    fiber->context = context;
    getcontext(&fiber->first);
    fiber->first.uc_stack.ss_sp = fiber->memory + fiber->guard_bytes;
    fiber->first.uc_stack.ss_size = stack_bytes;
    fiber->first.uc_link = NULL;
    uintptr_t self = (uintptr_t)fiber;
    makecontext(&fiber->first, (void (*)(void))start, 2, (unsigned)self, (unsigned)(self >> 16 >> 16));
    return fiber;
}

void nt_fiber_free(nt_fiber *fiber) {
    if (!fiber) return;
    munmap(fiber->memory, fiber->memory_bytes);
    free(fiber);
}

__attribute__((noinline)) void nt_fiber_enter(nt_fiber *fiber) {
    begin_switch(fiber, 1);
    if (_setjmp(fiber->outside) == 0) {
        if (fiber->has_begun) _longjmp(fiber->inside, 1);
        fiber->has_begun = 1;
        swapcontext(&fiber->caller, &fiber->first);
    }
    end_switch(fiber, 0);
}

__attribute__((noinline)) void nt_fiber_leave(nt_fiber *fiber) {
    begin_switch(fiber, 0);
    if (_setjmp(fiber->inside) == 0) _longjmp(fiber->outside, 1);
    end_switch(fiber, 1);
}

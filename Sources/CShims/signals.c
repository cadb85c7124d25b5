// SPDX-License-Identifier: Apache-2.0
// Signals and the stack: a handler gets the context that it was registered with, which C's own interface cannot give.
#define _GNU_SOURCE
#include "CShims.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <sys/time.h>
#include <ucontext.h>

// The kernel calls a bare function, so what it is to call on is process-wide, once per signal.
static struct { nt_signal_body body; void *context; } registered[NSIG];

static void arrived(int number, siginfo_t *info, void *machine) {
    int saved = errno;
    registered[number].body(registered[number].context, number, info, machine);
    errno = saved;
}

bool nt_catch_signal(int number, nt_signal_body body, void *context) {
    registered[number].body = body;
    registered[number].context = context;
    struct sigaction action = {.sa_sigaction = arrived, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

void nt_release_signal(int number) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

bool nt_use_signal_stack(void *memory, size_t bytes) {
    stack_t stack = {.ss_sp = memory, .ss_size = bytes};
    return sigaltstack(&stack, NULL) == 0;
}

void nt_alarm(int64_t ms) {
    struct itimerval timer = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

uintptr_t nt_program_counter(const void *machine) {
#if defined(__x86_64__)
    return (uintptr_t)((const ucontext_t *)machine)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)((const ucontext_t *)machine)->uc_mcontext.pc;
#else
    return 0;
#endif
}

uintptr_t nt_fault_address(const siginfo_t *info) { return (uintptr_t)info->si_addr; }
int64_t nt_sender(const siginfo_t *info) { return info->si_code <= 0 ? info->si_pid : 0; }

int nt_backtrace(uintptr_t *frames, int capacity) { return backtrace((void **)frames, capacity); }

bool nt_find_module(uintptr_t address, const char **path, uintptr_t *base, const char **symbol, uintptr_t *start) {
    Dl_info info;
    if (!dladdr((void *)address, &info)) return false;
    *path = info.dli_fname;
    *base = (uintptr_t)info.dli_fbase;
    *symbol = info.dli_sname;
    *start = (uintptr_t)info.dli_saddr;
    return true;
}

uintptr_t nt_program_address(void) { return (uintptr_t)nt_program_address; }

// Of Swift's runtime, which a program without Swift code lacks.
extern char *swift_demangle(const char *name, size_t length, char *out, size_t *size, uint32_t flags)
    __attribute__((weak));
const char *nt_demangle(const char *name, size_t length) {
    return swift_demangle ? swift_demangle(name, length, NULL, NULL, 0) : NULL;
}

void nt_fault(void) { *(volatile char *)8 = 'x'; }

// SPDX-License-Identifier: Apache-2.0
// What Swift cannot import or express: SIMD tag matching, prefetch, the keyed hash, long double text, cycle counter.
#ifndef NEEDLETAIL_CSHIMS_H
#define NEEDLETAIL_CSHIMS_H

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "KeyedHash.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/// The processors that the calling thread may run on, one bit each; 0, or -1 with errno.
int nt_thread_processors(uint64_t *words, size_t bytes);
/// Binds the calling thread to the processors whose bits are set; 0, or -1 with errno.
int nt_bind_thread(const uint64_t *words, size_t bytes);

/// How long the calling thread has run on a processor, and how often it has given it up by itself, to wait for something.
bool nt_thread_time(int64_t *cpu_ns, int64_t *waits);

/// The first four bytes of the commit that the program was built from; 0 where the build was not told.
uint32_t nt_commit(void);
/// Whether files differed from that commit.
bool nt_commit_is_dirty(void);
/// The first eight bytes of the linker's number of the program; 0 without one.
uint64_t nt_build_id(void);

/// Bit i of the result is set when slot i of the eight-slot bucket carries `tag` in its top 16 bits.
static inline uint32_t nt_match_tags(const void *bucket, uint16_t tag) {
#if defined(__SSE2__)
    const __m128i *line = (const __m128i *)bucket;
    __m128i a = _mm_load_si128(line), b = _mm_load_si128(line + 1);
    __m128i c = _mm_load_si128(line + 2), d = _mm_load_si128(line + 3);
    // The odd 32-bit lanes hold the high halves; an arithmetic shift leaves the signed tag for the pack.
    __m128i ab = _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), _MM_SHUFFLE(3, 1, 3, 1)));
    __m128i cd = _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(c), _mm_castsi128_ps(d), _MM_SHUFFLE(3, 1, 3, 1)));
    __m128i tags = _mm_packs_epi32(_mm_srai_epi32(ab, 16), _mm_srai_epi32(cd, 16));
    __m128i hit = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(hit, _mm_setzero_si128()));
#else
    const uint64_t *slot = (const uint64_t *)bucket;
    uint32_t mask = 0;
    for (int i = 0; i < 8; i++) mask |= (uint32_t)((slot[i] >> 48) == tag) << i;
    return mask;
#endif
}

static inline void nt_prefetch(const void *p) { __builtin_prefetch(p); }

/// A cheap monotonic tick: the time stamp counter where there is one, nanoseconds elsewhere.
static inline uint64_t nt_ticks(void) {
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t v;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
    return v;
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

static inline int64_t nt_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t nt_realtime_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/// Strict long double from text: no leading space, nothing behind it, no NaN. Returns false otherwise.
static inline bool nt_parse_ldouble(const char *text, size_t length, long double *out) {
    char buffer[5 * 1024];
    if (length == 0 || length >= sizeof buffer) return false;
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return false;
    memcpy(buffer, text, length);
    buffer[length] = 0;
    char *end;
    errno = 0;
    *out = strtold(buffer, &end);
    if (end != buffer + length || isnan(*out)) return false;
    if (errno == ERANGE && (isinf(*out) || *out == 0)) return false;
    return true;
}

/// A number as strtod reads it: no leading space, nothing behind it, no NaN, at most 64 KB. Returns false otherwise.
/// Texts longer than any number needs to be are copied to the heap.
static inline bool nt_read_double(const char *text, size_t length, double *out) {
    char buffer[512];
    char *copy = buffer;
    if (length == 0 || length > 65536) return false;
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return false;
    if (length >= sizeof buffer && (copy = malloc(length + 1)) == NULL) return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    char *end;
    errno = 0;
    *out = strtod(copy, &end);
    bool is_whole = end == copy + length && !isnan(*out);
    int error = errno;
    if (copy != buffer) free(copy);
    errno = error;
    return is_whole;
}

/// The same, but for numbers that are too large or too small for a double.
static inline bool nt_parse_double(const char *text, size_t length, double *out) {
    if (!nt_read_double(text, length, out)) return false;
    return !(errno == ERANGE && (isinf(*out) || *out == 0));
}

/// The same with those: they are infinite, or 0.
static inline bool nt_parse_double_limit(const char *text, size_t length, double *out) {
    return nt_read_double(text, length, out);
}

enum { NT_SUM_OK = 0, NT_SUM_LEFT_INVALID = 1, NT_SUM_RIGHT_INVALID = 2, NT_SUM_NOT_FINITE = 3 };

/// Adds two decimal texts as long doubles and writes the sum without exponent or trailing zeros ("%.17Lf" trimmed).
/// `written` receives the length; `out` needs room for 5 KB, the longest long double.
static inline int nt_sum_ldouble(const char *left, size_t left_length, const char *right, size_t right_length,
                                 char *out, size_t capacity, size_t *written) {
    long double a, b;
    if (!nt_parse_ldouble(left, left_length, &a)) return NT_SUM_LEFT_INVALID;
    if (!nt_parse_ldouble(right, right_length, &b)) return NT_SUM_RIGHT_INVALID;
    long double sum = a + b;
    if (isnan(sum) || isinf(sum)) return NT_SUM_NOT_FINITE;
    int n = snprintf(out, capacity, "%.17Lf", sum);
    if (n <= 0 || (size_t)n >= capacity) return NT_SUM_NOT_FINITE;
    while (n > 1 && out[n - 1] == '0') n--;
    if (out[n - 1] == '.') n--;
    if (n == 2 && out[0] == '-' && out[1] == '0') { out[0] = '0'; n = 1; }
    *written = (size_t)n;
    return NT_SUM_OK;
}

/// Anonymous memory straight from the kernel; NULL when there is none.
static inline void *nt_map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}
static inline void nt_give_back(void *page, size_t bytes) { madvise(page, bytes, MADV_DONTNEED); }

/// The first place where `part` stands in `bytes`; NULL when it does not.
const void *nt_find(const void *bytes, size_t n, const void *part, size_t part_n);

/// Whether this processor has the wide forms of the loops below (bits.c).
bool nt_bits_has_wide(void);
/// The CRC-32C of what `crc` is that of, with `length` bytes behind it; `portable` without the processor's help.
uint32_t nt_crc32c(uint32_t crc, const void *bytes, size_t length);
uint32_t nt_crc32c_portable(uint32_t crc, const void *bytes, size_t length);
/// How many of the bits are set. `wide` only where `nt_bits_has_wide`.
uint64_t nt_bits_count(const void *bytes, size_t n, bool wide);

enum { NT_BITS_AND = 0, NT_BITS_OR, NT_BITS_XOR, NT_BITS_AND_NOT, NT_BITS_NOT_AND, NT_BITS_NOT };

/// Combines `n` bytes into `out`, which may be one of the inputs. NOT_AND is ~left & right; NOT reads left alone, but
/// right must be readable.
void nt_bits_combine(int kind, void *out, const void *left, const void *right, size_t n, bool wide);

/// Of 16 bytes of a sparse HyperLogLog, from the beginning of a run on: the runs of one byte in front of the first that has
/// two. Returns how many they are << 16 | how many registers they cover.
static inline uint32_t nt_sparse_runs(const void *runs) {
#if defined(__SSE2__)
    const __m128i zero = _mm_setzero_si128(), one = _mm_set1_epi8(1);
    const __m128i order = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m128i v = _mm_loadu_si128((const __m128i *)runs);
    __m128i longs = _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char)0xC0)), _mm_set1_epi8(0x40));
    uint32_t count = (uint32_t)__builtin_ctz((uint32_t)_mm_movemask_epi8(longs) | 0x10000);
    // Runs of ranks have their top bit set and their length in two bits, zeros in six.
    __m128i ranks = _mm_cmpgt_epi8(zero, v);
    __m128i bits = _mm_xor_si128(_mm_set1_epi8(63), _mm_and_si128(ranks, _mm_set1_epi8(60)));
    __m128i spans = _mm_add_epi8(_mm_and_si128(v, bits), one);
    spans = _mm_and_si128(spans, _mm_cmpgt_epi8(_mm_set1_epi8((char)count), order));
    __m128i sums = _mm_sad_epu8(spans, zero);
    return count << 16 | (uint32_t)(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
#else
    const uint8_t *byte = (const uint8_t *)runs;
    uint32_t count = 0, sum = 0;
    for (; count < 16 && (byte[count] & 0xC0) != 0x40; count++) sum += (byte[count] & (byte[count] & 0x80 ? 3 : 63)) + 1u;
    return count << 16 | sum;
#endif
}

// The 16,384 registers of a HyperLogLog (registers.c), 6 bits each: packed in 12,288 bytes, or one to a byte, all below
// 64. `wide` only where `nt_bits_has_wide`.

/// Raises each register of a byte to its packed twin, if that is higher.
void nt_registers_merge(uint8_t *spread_out, const uint8_t *packed, bool wide);
/// Packs the registers.
void nt_registers_pack(uint8_t *packed, const uint8_t *spread_out, bool wide);
/// How many registers have each of the 64 values.
void nt_registers_count(const uint8_t *spread_out, uint32_t *counts, bool wide);

extern size_t malloc_usable_size(void *);

// Signals and the stack, for the crash report: what Swift's view of the C library leaves out.

/// What runs when a signal arrives: the context it was registered with, the signal, its cause, the machine's state.
typedef void (*nt_signal_body)(void *context, int number, siginfo_t *info, void *machine);

/// Calls `body` with `context` whenever the signal arrives, on the signal stack where the thread has one. The signal is
/// not blocked meanwhile. Returns false when the system refuses.
bool nt_catch_signal(int number, nt_signal_body body, void *context);
/// Lets the signal do again what it does by default.
void nt_release_signal(int number);
/// Gives the calling thread a stack of its own for signals.
bool nt_use_signal_stack(void *memory, size_t bytes);
/// Lets SIGALRM come once, in so many milliseconds; 0: never.
void nt_alarm(int64_t ms);
/// The address of the instruction that was interrupted, 0 where that is unknown.
uintptr_t nt_program_counter(const void *machine);
/// The address that a memory fault was about, and who sent the signal if a process did.
uintptr_t nt_fault_address(const siginfo_t *info);
int64_t nt_sender(const siginfo_t *info);
/// The return addresses of the calling thread's stack, innermost first.
int nt_backtrace(uintptr_t *frames, int capacity);
/// The file that an address belongs to, where it is loaded, and the nearest exported symbol (NULL: none).
bool nt_find_module(uintptr_t address, const char **path, uintptr_t *base, const char **symbol, uintptr_t *start);
/// An address inside the program itself.
uintptr_t nt_program_address(void);
/// The name that a mangled one of Swift stands for, never freed; NULL when it is none.
const char *nt_demangle(const char *name, size_t length);
/// Writes to an address that nobody has: DEBUG SEGFAULT.
void nt_fault(void);

/// jemalloc's control function; null where the process runs on another malloc.
extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));

/// One of jemalloc's figures in bytes, by its name; 0 where there is none. Figures are as old as the last
/// `nt_malloc_refresh`.
static inline size_t nt_malloc_figure(const char *name) {
    size_t value = 0, length = sizeof value;
    if (!mallctl || mallctl(name, &value, &length, NULL, 0) != 0) return 0;
    return value;
}
/// jemalloc's version; NULL where the process runs on another malloc.
static inline const char *nt_malloc_version(void) {
    const char *version = NULL;
    size_t length = sizeof version;
    return mallctl && mallctl("version", &version, &length, NULL, 0) == 0 ? version : NULL;
}
/// Takes jemalloc's figures anew.
static inline bool nt_malloc_refresh(void) {
    uint64_t epoch = 1;
    size_t length = sizeof epoch;
    return mallctl && mallctl("epoch", &epoch, &length, &epoch, sizeof epoch) == 0;
}
/// Reads one of jemalloc's values of whatever width, and sets it first if `writes`.
/// \return 0 or an error number; ENOSYS where the process runs on another malloc.
static inline int nt_malloc_control(const char *name, int64_t *value, bool writes, int64_t wanted) {
    int status = ENOSYS;
    // The width is not told but checked.
    for (size_t width = 8; mallctl && width > 0; width /= 2) {
        size_t length = width;
        *value = 0;
        status = mallctl(name, value, &length, writes ? &wanted : NULL, writes ? width : 0);
        if (status != EINVAL) break;
    }
    return status;
}
/// Reads one of jemalloc's texts, and sets it first unless `wanted` is NULL.
static inline int nt_malloc_control_text(const char *name, const char **text, const char *wanted) {
    size_t length = sizeof *text;
    if (!mallctl) return ENOSYS;
    if (wanted) mallctl(name, NULL, NULL, &wanted, sizeof wanted);
    return mallctl(name, text, &length, NULL, 0);
}
/// Lets jemalloc do what takes and gives no value.
static inline int nt_malloc_command(const char *name) { return mallctl ? mallctl(name, NULL, NULL, NULL, 0) : ENOSYS; }
/// Gives pages back to the kernel that have been free for a while (`all`: every free page), of all of jemalloc's
/// arenas. It does so by itself only while memory is asked for and freed.
static inline void nt_malloc_give_back(bool all) {
    // 4096 stands for all arenas in jemalloc 5.
    if (mallctl && all) mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    if (mallctl) mallctl(all ? "arena.4096.purge" : "arena.4096.decay", NULL, NULL, NULL, 0);
}
#endif

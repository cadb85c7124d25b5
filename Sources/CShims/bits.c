// SPDX-License-Identifier: Apache-2.0
// Counting and combining bits, the loops under BITCOUNT and BITOP. The release is built for plain x86-64, so what
// newer processors have is chosen when the program runs; the portable forms serve all others and are tested too.
#include "CShims.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline uint64_t load64(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}
static inline void store64(uint8_t *p, uint64_t word) { memcpy(p, &word, 8); }

bool nt_bits_has_wide(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

// MARK: Counting

static uint64_t count_portable(const uint8_t *p, size_t n) {
    uint64_t sum = 0;
    for (; n >= 8; p += 8, n -= 8) sum += (uint64_t)__builtin_popcountll(load64(p));
    for (; n > 0; p++, n--) sum += (uint64_t)__builtin_popcount(*p);
    return sum;
}

#if defined(__x86_64__)
// Each half of a byte picks its count from a table of sixteen (pshufb); the byte counts of eight vectors, at most 64
// each, are added up before they are widened.
__attribute__((target("avx2"))) static uint64_t count_wide(const uint8_t *p, size_t n) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                           2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i sums = _mm256_setzero_si256();
    for (; n >= 256; p += 256, n -= 256) {
        __m256i bytes = _mm256_setzero_si256();
        for (int i = 0; i < 8; i++) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(p + 32 * i));
            __m256i a = _mm256_shuffle_epi8(table, _mm256_and_si256(v, low));
            __m256i b = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low));
            bytes = _mm256_add_epi8(bytes, _mm256_add_epi8(a, b));
        }
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
    }
    uint64_t parts[4];
    memcpy(parts, &sums, sizeof parts);
    return parts[0] + parts[1] + parts[2] + parts[3] + count_portable(p, n);
}
#endif

uint64_t nt_bits_count(const void *bytes, size_t n, bool wide) {
#if defined(__x86_64__)
    if (wide) return count_wide(bytes, n);
#endif
    (void)wide;
    return count_portable(bytes, n);
}

// MARK: Combining

// The loops read both inputs at a place before they write it, so `out` may be either of them, from the same start.
// Vectors of 32 bytes are two registers on plain x86-64 and one with AVX2. Long strings come from beyond the second
// cache, whose own look-ahead does not keep up with three streams: asking a kilobyte ahead saves a tenth of the time.
typedef uint64_t lanes __attribute__((vector_size(32), aligned(1), may_alias));

#define COMBINE(NAME, TARGET, EXPRESSION)                                                                  \
    TARGET static void NAME(uint8_t *out, const uint8_t *left, const uint8_t *right, size_t n) {           \
        size_t i = 0;                                                                                      \
        for (; i + 128 <= n; i += 128) {                                                                   \
            lanes results[4];                                                                              \
            for (int k = 1024; k < 1152; k += 64) {                                                        \
                __builtin_prefetch(left + i + k);                                                          \
                __builtin_prefetch(right + i + k);                                                         \
                __builtin_prefetch(out + i + k, 1);                                                        \
            }                                                                                              \
            for (int k = 0; k < 4; k++) {                                                                  \
                lanes a = *(const lanes *)(left + i + 32 * k), b = *(const lanes *)(right + i + 32 * k);   \
                results[k] = (EXPRESSION);                                                                 \
            }                                                                                              \
            for (int k = 0; k < 4; k++) *(lanes *)(out + i + 32 * k) = results[k];                         \
        }                                                                                                  \
        for (; i + 8 <= n; i += 8) {                                                                       \
            uint64_t a = load64(left + i), b = load64(right + i);                                          \
            store64(out + i, (EXPRESSION));                                                                \
        }                                                                                                  \
        for (; i < n; i++) {                                                                               \
            uint64_t a = left[i], b = right[i];                                                            \
            out[i] = (uint8_t)(EXPRESSION);                                                                \
        }                                                                                                  \
    }

#define COMBINE_ALL(SUFFIX, TARGET)              \
    COMBINE(and_##SUFFIX, TARGET, a & b)         \
    COMBINE(or_##SUFFIX, TARGET, a | b)          \
    COMBINE(xor_##SUFFIX, TARGET, a ^ b)         \
    COMBINE(and_not_##SUFFIX, TARGET, a & ~b)    \
    COMBINE(not_and_##SUFFIX, TARGET, ~a & b)    \
    COMBINE(not_##SUFFIX, TARGET, ~a | (b & ~b))

typedef void (*combine)(uint8_t *, const uint8_t *, const uint8_t *, size_t);

COMBINE_ALL(portable, )
static const combine portable[] = {and_portable, or_portable, xor_portable, and_not_portable, not_and_portable,
                                   not_portable};
#if defined(__x86_64__)
COMBINE_ALL(wide, __attribute__((target("avx2"))))
static const combine wide_forms[] = {and_wide, or_wide, xor_wide, and_not_wide, not_and_wide, not_wide};
#endif

void nt_bits_combine(int kind, void *out, const void *left, const void *right, size_t n, bool wide) {
#if defined(__x86_64__)
    if (wide) return wide_forms[kind](out, left, right, n);
#endif
    (void)wide;
    portable[kind](out, left, right, n);
}

// SPDX-License-Identifier: Apache-2.0
// The registers of a HyperLogLog, the loops under PFCOUNT and PFMERGE. There are 16,384 of them, of 6 bits each: packed
// four to three bytes (lowest bits first), or one to a byte. As in bits.c, what newer processors have is chosen when the
// program runs, and the portable forms serve all others.
#include "CShims.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { REGISTERS = 16384, PACKED_BYTES = REGISTERS / 4 * 3, VALUES = 64 };

static inline uint64_t load64(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}
static inline void store64(uint8_t *p, uint64_t word) { memcpy(p, &word, 8); }

// MARK: One register to a byte

// Eight registers from the lower 48 bits, moved apart in three steps: 24, 12, 6 bits to a lane.
static inline uint64_t spread(uint64_t x) {
    x = (x & 0x0000000000FFFFFF) | (x & 0x0000FFFFFF000000) << 8;
    x = (x & 0x00000FFF00000FFF) | (x & 0x00FFF00000FFF000) << 4;
    return (x & 0x003F003F003F003F) | (x & 0x0FC00FC00FC00FC0) << 2;
}

// The same steps back.
static inline uint64_t squeeze(uint64_t x) {
    x = (x & 0x003F003F003F003F) | (x & 0x3F003F003F003F00) >> 2;
    x = (x & 0x00000FFF00000FFF) | (x & 0x0FFF00000FFF0000) >> 4;
    return (x & 0x0000000000FFFFFF) | (x & 0x00FFFFFF00000000) >> 8;
}

// The larger of each pair of bytes, all below 128: the top bit of a byte of `difference` survives where a is not less.
static inline uint64_t larger(uint64_t a, uint64_t b) {
    const uint64_t tops = 0x8080808080808080;
    uint64_t difference = (a | tops) - b;
    uint64_t mask = ((difference & tops) >> 7) * 0xFF;
    return (a & mask) | (b & ~mask);
}

// Words of eight bytes of which six count; the last one would reach beyond the end.
static void merge_portable(uint8_t *spread_out, const uint8_t *packed, size_t from) {
    for (size_t i = from; i < REGISTERS - 8; i += 8) {
        uint64_t word = spread(load64(packed + i / 4 * 3));
        store64(spread_out + i, larger(load64(spread_out + i), word));
    }
    uint64_t word = 0;
    memcpy(&word, packed + PACKED_BYTES - 6, 6);
    uint8_t *last = spread_out + REGISTERS - 8;
    store64(last, larger(load64(last), spread(word)));
}

static void pack_portable(uint8_t *packed, const uint8_t *spread_out, size_t from) {
    for (size_t i = from; i < REGISTERS - 8; i += 8) store64(packed + i / 4 * 3, squeeze(load64(spread_out + i)));
    uint64_t word = squeeze(load64(spread_out + REGISTERS - 8));
    memcpy(packed + PACKED_BYTES - 6, &word, 6);
}

#if defined(__x86_64__)
// Three bytes become two 16-bit lanes that share the second of them, so that each lane holds two registers: in its lower
// 12 bits or, every other one, in its upper 12. The last 32 registers are left to the portable form, since the loads reach
// four bytes beyond what they use.
__attribute__((target("avx2"))) static void merge_wide(uint8_t *spread_out, const uint8_t *packed) {
    const __m256i apart = _mm256_setr_epi8(0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 10, 11, 0, 1, 1, 2, 3, 4, 4, 5, 6, 7,
                                           7, 8, 9, 10, 10, 11);
    const __m256i low = _mm256_set1_epi16(0x003F), high = _mm256_set1_epi16(0x3F00);
    size_t i = 0;
    for (; i < REGISTERS - 32; i += 32) {
        const uint8_t *from = packed + i / 4 * 3;
        __builtin_prefetch(from + 1024);
        __m256i v = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)from)),
                                            _mm_loadu_si128((const __m128i *)(from + 12)), 1);
        v = _mm256_shuffle_epi8(v, apart);
        v = _mm256_blend_epi16(v, _mm256_srli_epi16(v, 4), 0xAA);
        v = _mm256_or_si256(_mm256_and_si256(v, low), _mm256_and_si256(_mm256_slli_epi16(v, 2), high));
        __m256i *to = (__m256i *)(spread_out + i);
        _mm256_storeu_si256(to, _mm256_max_epu8(_mm256_loadu_si256(to), v));
    }
    merge_portable(spread_out, packed, i);
}

// Pairs of registers are joined by one multiplication and addition, pairs of pairs by another; then the three bytes of
// each lane are moved together. The last 32 registers again are not for 16-byte stores.
__attribute__((target("avx2"))) static void pack_wide(uint8_t *packed, const uint8_t *spread_out) {
    const __m256i pairs = _mm256_set1_epi16(0x4001), fours = _mm256_set1_epi32(0x10000001);
    const __m256i together = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 8,
                                              9, 10, 12, 13, 14, -1, -1, -1, -1);
    size_t i = 0;
    for (; i < REGISTERS - 32; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(spread_out + i));
        // Bytes 1 and 64 against the registers of a pair: 6 bits and 6 bits.
        v = _mm256_maddubs_epi16(v, pairs);
        // Words 1 and 4096 against the pairs: 12 bits and 12 bits.
        v = _mm256_madd_epi16(v, fours);
        v = _mm256_shuffle_epi8(v, together);
        uint8_t *to = packed + i / 4 * 3;
        _mm_storeu_si128((__m128i *)to, _mm256_castsi256_si128(v));
        _mm_storeu_si128((__m128i *)(to + 12), _mm256_extracti128_si256(v, 1));
    }
    pack_portable(packed, spread_out, i);
}
#endif

void nt_registers_merge(uint8_t *spread_out, const uint8_t *packed, bool wide) {
#if defined(__x86_64__)
    if (wide) return merge_wide(spread_out, packed);
#endif
    (void)wide;
    merge_portable(spread_out, packed, 0);
}

void nt_registers_pack(uint8_t *packed, const uint8_t *spread_out, bool wide) {
#if defined(__x86_64__)
    if (wide) return pack_wide(packed, spread_out);
#endif
    (void)wide;
    pack_portable(packed, spread_out, 0);
}

// MARK: How many registers have each value

// Registers lie close together: some twenty values occur. Each of them is compared with all registers at once, four
// values in a pass; that is a fraction of what adding one to a counter for each register takes.
typedef uint8_t lanes __attribute__((vector_size(32), aligned(1), may_alias));

// All bytes of a vector added up, at most 128 each.
static inline uint32_t total(const lanes *v) {
    uint64_t words[4], sum = 0;
    memcpy(words, v, sizeof words);
    for (int i = 0; i < 4; i++) sum += (words[i] & 0x00FF00FF00FF00FF) + ((words[i] >> 8) & 0x00FF00FF00FF00FF);
    return (uint32_t)((sum * 0x0001000100010001) >> 48);
}

// A counter of a byte takes 128 steps.
enum { STEP = 128 * 32 };

#define COUNT(NAME, TARGET)                                                                        \
    TARGET static void NAME(const uint8_t *spread_out, uint32_t *counts) {                         \
        lanes low = *(const lanes *)spread_out, high = low;                                        \
        for (size_t i = 32; i < REGISTERS; i += 32) {                                              \
            lanes v = *(const lanes *)(spread_out + i);                                            \
            low = __builtin_elementwise_min(low, v);                                               \
            high = __builtin_elementwise_max(high, v);                                             \
        }                                                                                          \
        int lowest = low[0], highest = high[0];                                                    \
        for (int i = 1; i < 32; i++) {                                                             \
            if (low[i] < lowest) lowest = low[i];                                                  \
            if (high[i] > highest) highest = high[i];                                              \
        }                                                                                          \
        for (int value = lowest; value <= highest; value += 4) {                                   \
            lanes a = (lanes){} + (uint8_t)value, b = a + 1, c = a + 2, d = a + 3;                 \
            uint32_t sums[4] = {0};                                                                \
            for (size_t from = 0; from < REGISTERS; from += STEP) {                                \
                lanes as = {}, bs = {}, cs = {}, ds = {};                                          \
                for (size_t i = from; i < from + STEP; i += 32) {                                  \
                    lanes v = *(const lanes *)(spread_out + i);                                    \
                    as -= (lanes)(v == a);                                                         \
                    bs -= (lanes)(v == b);                                                         \
                    cs -= (lanes)(v == c);                                                         \
                    ds -= (lanes)(v == d);                                                         \
                }                                                                                  \
                sums[0] += total(&as);                                                             \
                sums[1] += total(&bs);                                                             \
                sums[2] += total(&cs);                                                             \
                sums[3] += total(&ds);                                                             \
            }                                                                                      \
            for (int k = 0; k < 4 && value + k < VALUES; k++) counts[value + k] = sums[k];         \
        }                                                                                          \
    }

COUNT(count_portable, )
#if defined(__x86_64__)
COUNT(count_wide, __attribute__((target("avx2"))))
#endif

void nt_registers_count(const uint8_t *spread_out, uint32_t *counts, bool wide) {
    memset(counts, 0, VALUES * sizeof *counts);
#if defined(__x86_64__)
    if (wide) return count_wide(spread_out, counts);
#endif
    (void)wide;
    count_portable(spread_out, counts);
}

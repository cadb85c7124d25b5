// SPDX-License-Identifier: Apache-2.0
// Keys of the keyed hash, and its form on AES rounds; see KeyedHash.h.
#include "CShims.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WITH_AES __attribute__((target("aes")))

// One step of AES-128's key expansion (FIPS 197, 5.2): each word of a round key is the word before it, xor the word four
// before it; the first takes the last of the former key, rotated, substituted and with the round's constant.
WITH_AES static inline __m128i next_round_key(__m128i key, __m128i assisted) {
    // The instruction leaves the rotated and substituted last word, with the constant, in the top lane.
    __m128i turned = _mm_shuffle_epi32(assisted, _MM_SHUFFLE(3, 3, 3, 3));
    // Running xor of the four words.
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, turned);
}

WITH_AES static void expand(__m128i key, uint64_t out[11][2]) {
    __m128i *round = (__m128i *)out;
    round[0] = key;
#define STEP(i, constant) round[i] = next_round_key(round[i - 1], _mm_aeskeygenassist_si128(round[i - 1], constant))
    STEP(1, 0x01);
    STEP(2, 0x02);
    STEP(3, 0x04);
    STEP(4, 0x08);
    STEP(5, 0x10);
    STEP(6, 0x20);
    STEP(7, 0x40);
    STEP(8, 0x80);
    STEP(9, 0x1b);
    STEP(10, 0x36);
#undef STEP
}

// The rounds of AES behind the first addition of a key.
WITH_AES static inline __m128i finish(__m128i block, const __m128i *round) {
    block = _mm_aesenc_si128(block, round[1]);
    block = _mm_aesenc_si128(block, round[2]);
    block = _mm_aesenc_si128(block, round[3]);
    block = _mm_aesenc_si128(block, round[4]);
    block = _mm_aesenc_si128(block, round[5]);
    block = _mm_aesenc_si128(block, round[6]);
    block = _mm_aesenc_si128(block, round[7]);
    block = _mm_aesenc_si128(block, round[8]);
    block = _mm_aesenc_si128(block, round[9]);
    return _mm_aesenclast_si128(block, round[10]);
}

WITH_AES static void derive(nt_hash_key *key, uint64_t low, uint64_t high) {
    expand(_mm_set_epi64x((long long)high, (long long)low), key->rounds);
    uint64_t drawn[39][2];
    const __m128i *round = (const __m128i *)key->rounds;
    for (int i = 0; i < 39; i++) {
        __m128i counter = _mm_xor_si128(_mm_set_epi64x(0, i), round[0]);
        _mm_storeu_si128((__m128i *)drawn[i], finish(counter, round));
    }
    memcpy(key->sip, drawn[0], 16);
    memcpy(key->inner, drawn[2], sizeof key->inner);
    // What AES adds before its first round is part of these.
    memcpy(key->lengths, drawn[6], sizeof key->lengths);
    expand(_mm_loadu_si128((const __m128i *)drawn[1]), key->rounds);
}

WITH_AES uint64_t nt_hash_block(const void *bytes, size_t length, const nt_hash_key *key) {
    const uint8_t *p = (const uint8_t *)bytes;
    const __m128i *round = (const __m128i *)key->rounds;
    __m128i block = ((const __m128i *)key->lengths)[length];
    if (length > 16) {
        const __m128i *inner = (const __m128i *)key->inner;
        __m128i first = _mm_xor_si128(_mm_loadu_si128((const __m128i *)p), inner[0]);
        block = _mm_xor_si128(block, _mm_loadu_si128((const __m128i *)(p + length - 16)));
        first = _mm_aesenc_si128(first, inner[1]);
        first = _mm_aesenc_si128(first, inner[2]);
        first = _mm_aesenc_si128(first, inner[3]);
        // Adds the second block with the last of the four rounds.
        block = _mm_aesenc_si128(first, block);
    } else if (length >= 8) {
        // Two words, which overlap; for a given length they determine all bytes.
        __m128i low = _mm_loadl_epi64((const __m128i *)p);
        __m128i high = _mm_loadl_epi64((const __m128i *)(p + length - 8));
        block = _mm_xor_si128(block, _mm_unpacklo_epi64(low, high));
    } else {
        block = _mm_xor_si128(block, _mm_cvtsi64_si128((long long)nt_sip_tail(p, length)));
    }
    return (uint64_t)_mm_cvtsi128_si64(finish(block, round));
}

static bool has_aes(void) { return __builtin_cpu_supports("aes"); }
#else
static void derive(nt_hash_key *key, uint64_t low, uint64_t high) { (void)key, (void)low, (void)high; }
uint64_t nt_hash_block(const void *bytes, size_t length, const nt_hash_key *key) {
    return nt_hash_long(bytes, length, key);
}
static bool has_aes(void) { return false; }
#endif

uint64_t nt_hash_long(const void *bytes, size_t length, const nt_hash_key *key) {
    if (__builtin_expect(key->is_transparent && length >= 8, 0)) return nt_sip_word((const uint8_t *)bytes);
    return nt_siphash13(bytes, length, key->sip[0], key->sip[1]);
}

nt_hash_key *nt_hash_key_new(uint64_t low, uint64_t high, bool portable) {
    nt_hash_key *key = aligned_alloc(64, (sizeof(nt_hash_key) + 63) / 64 * 64);
    if (!key) return NULL;
    memset(key, 0, sizeof *key);
    key->block_bytes_max = -1;
    key->sip[0] = low;
    key->sip[1] = high;
    if (portable || !has_aes()) return key;
    derive(key, low, high);
    key->block_bytes_max = 32;
    return key;
}

// SPDX-License-Identifier: Apache-2.0
// The keyed hash under all tables: a pseudo-random function, so that who does not know the key cannot choose inputs
// that collide, however many outputs he sees.
//
// *Portable*: SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), on every machine the same.
//
// *Fast*, where the processor has AES: up to 16 bytes E(M ^ D[n]), up to 32 bytes E(F(M1) ^ M2 ^ D[n]), SipHash-1-3
// beyond, each part with keys of its own. E is AES-128 with its ten rounds, F four rounds with independent keys, M the
// input as one block (M1 and M2: its first and its last 16 bytes), n its length, D[n] a secret block for each length.
// Given n, M and the pair (M1, M2) determine the input. *Why it is one*: two different inputs give E the same argument
// with a chance of at most 2^-113 (D for lengths that differ; for equal ones the differential bound of four rounds with
// independent keys, Keliher and Sui 2007; the way of composing is Minematsu and Tsunoo's, FSE 2006). On arguments that
// differ AES is taken for a random permutation, of which half the bits are shown. Keys come from the first one by AES in
// counter mode.
#ifndef NEEDLETAIL_KEYED_HASH_H
#define NEEDLETAIL_KEYED_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// A key made ready. Its fields are this file's own business.
typedef struct {
    /// Inputs of no more bytes than this go through AES; -1: none do.
    int64_t block_bytes_max;
    /// The first eight bytes of an input are its hash (tests of tables under attack).
    bool is_transparent;
    uint64_t sip[2];
    _Alignas(16) uint64_t rounds[11][2];
    uint64_t inner[4][2];
    uint64_t lengths[33][2];
} nt_hash_key;

/// Makes a key ready. `portable`: the function is the one that every machine has. To be freed by `free`.
nt_hash_key *nt_hash_key_new(uint64_t low, uint64_t high, bool portable);
/// The hash of an input no longer than the key's `block_bytes_max`.
uint64_t nt_hash_block(const void *bytes, size_t length, const nt_hash_key *key);
/// The hash of any other.
uint64_t nt_hash_long(const void *bytes, size_t length, const nt_hash_key *key);

static inline uint64_t nt_keyed_hash(const void *bytes, size_t length, const nt_hash_key *key) {
    if ((int64_t)length <= key->block_bytes_max) return nt_hash_block(bytes, length, key);
    return nt_hash_long(bytes, length, key);
}

static inline uint64_t nt_sip_word(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t nt_rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline void nt_sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = nt_rotate(v[1], 13) ^ v[0];
    v[3] = nt_rotate(v[3], 16) ^ v[2];
    v[0] = nt_rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = nt_rotate(v[1], 17) ^ v[2];
    v[3] = nt_rotate(v[3], 21) ^ v[0];
    v[2] = nt_rotate(v[2], 32);
}

/// What is left of an input behind its whole words, as the low bytes of a word.
static inline uint64_t nt_sip_tail(const uint8_t *p, size_t left) {
    uint64_t tail = 0;
    if (left & 4) {
        uint32_t four;
        memcpy(&four, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        four = __builtin_bswap32(four);
#endif
        tail = four;
        p += 4;
    }
    int shift = left & 4 ? 32 : 0;
    for (size_t i = 0; i < (left & 3); i++) tail |= (uint64_t)p[i] << (shift + 8 * (int)i);
    return tail;
}

/// SipHash-1-3 of `length` bytes under the key whose little-endian halves are `low` and `high`.
static inline uint64_t nt_siphash13(const void *bytes, size_t length, uint64_t low, uint64_t high) {
    const uint8_t *p = (const uint8_t *)bytes;
    // "somepseudorandomlygeneratedbytes"
    uint64_t v[4] = {low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d, low ^ 0x6c7967656e657261,
                     high ^ 0x7465646279746573};
    size_t left = length;
    for (; left >= 8; left -= 8, p += 8) {
        uint64_t word = nt_sip_word(p);
        v[3] ^= word;
        nt_sip_round(v);
        v[0] ^= word;
    }
    // The last word carries the length in its top byte. Behind a whole word the tail is read as part of one.
    uint64_t word = (uint64_t)length << 56;
    if (length >= 8 && left > 0) {
        word |= nt_sip_word(p + left - 8) >> (64 - 8 * left);
    } else {
        word |= nt_sip_tail(p, left);
    }
    v[3] ^= word;
    nt_sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) nt_sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif

// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), the checksum of the batches in the log of commands. Processors compute it themselves; the
// release is built for plain x86-64, so whether this one does is asked when the program runs.
#include "CShims.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

uint32_t nt_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
    const uint8_t *p = bytes;
    // Sixteen numbers, one for each half of a byte: it serves processors without the instruction and tests.
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    crc = ~crc;
    for (; length > 0; p++, length--) {
        crc ^= *p;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_wide(uint32_t crc, const uint8_t *p, size_t n) {
    uint64_t sum = ~crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        sum = _mm_crc32_u64(sum, word);
    }
    for (; n > 0; p++, n--) sum = _mm_crc32_u8((uint32_t)sum, *p);
    return ~(uint32_t)sum;
}
#endif

uint32_t nt_crc32c(uint32_t crc, const void *bytes, size_t length) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return crc32c_wide(crc, bytes, length);
#endif
    return nt_crc32c_portable(crc, bytes, length);
}

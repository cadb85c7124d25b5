// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct CRC64Tests {
    /// The value that catalogues of checksums give for this polynomial.
    @Test func theKnownSum() {
        let sum = Array("123456789".utf8).withView { CRC64().update(0, $0) }
        #expect(sum == 0xE9C6_D914_C4B8_D9CA)
        #expect([UInt8]().withView { CRC64().update(7, $0) } == 7)
    }

    /// However the bytes are cut, and bit by bit, the sum is the same.
    @Test func piecesMakeTheSameSum() {
        let checksums = CRC64()
        var random = SeededRandom(seed: 5)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8(random.below(256)) }
            var slow: UInt64 = 0
            for byte in bytes {
                slow ^= UInt64(byte)
                for _ in 0..<8 { slow = slow >> 1 ^ (slow & 1 == 0 ? 0 : 0x95AC_9329_AC4B_C9B5) }
            }
            let cut = random.below(count + 1)
            bytes.withView { view in
                #expect(checksums.update(0, view) == slow)
                let front = checksums.update(0, view[0..<cut])
                #expect(checksums.update(front, view[cut..<count]) == slow)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes

@Suite struct CRC32CTests {
    /// The value that catalogues of checksums give.
    @Test func theKnownSum() {
        Array("123456789".utf8).withView {
            #expect(CRC32C.update(0, $0) == 0xE306_9283)
            #expect(CRC32C.updatePortably(0, $0) == 0xE306_9283)
        }
        #expect([UInt8]().withView { CRC32C.update(7, $0) } == 7)
    }

    @Test func piecesMakeTheSameSum() {
        var random = SeededRandom(seed: 3)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8(random.below(256)) }
            let cut = random.below(count + 1)
            bytes.withView { view in
                let whole = CRC32C.update(0, view)
                #expect(CRC32C.updatePortably(0, view) == whole)
                #expect(CRC32C.update(CRC32C.update(0, view[0..<cut]), view[cut..<count]) == whole)
            }
        }
    }
}

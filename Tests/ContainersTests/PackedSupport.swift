// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Glibc
import Testing

/// The seed of a packed structure's random test: a new one each run, or `PACKED_SEED` to run a failure again.
func packedSeed(_ test: String = #function) -> UInt64 {
    let given = getenv("PACKED_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): PACKED_SEED=\(seed)")
    return seed
}

/// Bytes that end at an unreadable page, so that any read behind them ends the test run.
final class GuardedBytes {
    private let region: UnsafeMutableRawPointer
    private let roomBytes: Int
    let view: ByteView

    init(_ bytes: [UInt8]) {
        let pageBytes = 4096
        roomBytes = (bytes.count + pageBytes - 1) / pageBytes * pageBytes
        region = mmap(
            nil, roomBytes + pageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(region != MAP_FAILED, "no memory")
        precondition(mprotect(region + roomBytes, pageBytes, PROT_NONE) == 0, "no guard page")
        let start = Address(region + (roomBytes - bytes.count))
        bytes.withView { start.copy(from: $0) }
        view = ByteView(start: start, count: bytes.count)
    }

    deinit { munmap(region, roomBytes + 4096) }
}

/// Bytes from hexadecimal digits.
func hex(_ digits: String) -> [UInt8] {
    let values = digits.compactMap(\.hexDigitValue)
    return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}

/// Integers on both sides of every limit of the encodings.
let boundaryIntegers: [Int64] = [
    0, 1, -1, 63, 64, 127, 128, 4095, 4096, -4096, -4097, 32767, 32768, -32768, -32769, 8_388_607, 8_388_608,
    -8_388_608, -8_388_609, 2_147_483_647, 2_147_483_648, -2_147_483_648, -2_147_483_649, Int64.max,
    Int64.max - 1,
    Int64.min, Int64.min + 1,
]

extension SeededRandom {
    /// An integer of any magnitude, often at a limit of an encoding.
    mutating func integer() -> Int64 {
        if below(3) == 0 { return boundaryIntegers[below(boundaryIntegers.count)] }
        return Int64(bitPattern: next()) >> Int64(below(64))
    }
}

extension TimingWheel {
    /// Moves the wheel to `ms` at once, however many nodes that takes; what falls due goes to the due list.
    func advance(toMs ms: Int64) {
        _ = advance(toMs: ms, max: Int.max)
        #expect(!isBehind, "a wheel that does not catch up")
    }
}

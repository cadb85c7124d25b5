// SPDX-License-Identifier: Apache-2.0
import Bytes

@testable import Containers

/// The registers of a HyperLogLog as a plain array.
struct RegisterModel: Equatable {
    var ranks = [UInt8](repeating: 0, count: HyperLogLog.registerCount)

    mutating func raise(_ place: ElementPlace) -> Bool {
        guard ranks[place.index] < place.rank else { return false }
        ranks[place.index] = place.rank
        return true
    }

    /// What is in a HyperLogLog's bytes, read a bit or a run at a time; nil when the runs do not add up.
    init?(_ bytes: [UInt8]) {
        let body = bytes.dropFirst(HyperLogLog.headerBytes)
        if bytes[4] == 0 {
            let body = Array(body) + [0]
            for index in ranks.indices {
                let pair = UInt16(body[index * 6 / 8]) | UInt16(body[index * 6 / 8 + 1]) << 8
                ranks[index] = UInt8(pair >> UInt16(index * 6 % 8) & 63)
            }
            return
        }
        ranks = []
        var rest = Array(body)[...]
        while let byte = rest.popFirst() {
            if byte & 0x80 != 0 {
                ranks += [UInt8](repeating: (byte & 0x7F) / 4 + 1, count: Int(byte) % 4 + 1)
            } else if byte & 0x40 != 0 {
                ranks += [UInt8](repeating: 0, count: Int(byte & 0x3F) * 256 + Int(rest.popFirst() ?? 0) + 1)
            } else {
                ranks += [UInt8](repeating: 0, count: Int(byte) + 1)
            }
            guard ranks.count <= HyperLogLog.registerCount else { return nil }
        }
        guard ranks.count == HyperLogLog.registerCount else { return nil }
    }

    init() {}
}

extension SeededRandom {
    /// A register, and ranks as hashes make them but for some very high ones.
    mutating func place(among registers: Int = HyperLogLog.registerCount) -> ElementPlace {
        let rank = below(200) == 0 ? 1 + below(51) : min(next().trailingZeroBitCount + 1, 32)
        return ElementPlace(index: below(registers), rank: UInt8(rank))
    }
}

extension HyperLogLog {
    /// Raises registers of a copy of bytes to those of others.
    /// - Parameter oneByOne: each by itself, as elements would.
    /// - Returns: the copy's bytes; nil when it was corrupt.
    static func raised(
        _ bytes: [UInt8], to others: borrowing SpreadRegisters, sparseBytesMax: Int, oneByOne: Bool
    ) -> [UInt8]? {
        bytes.withView { view in
            guard let original = HyperLogLog(view),
                var draft = HyperLogLogDraft(original, sparseBytesMax: sparseBytesMax)
            else { return nil }
            if !oneByOne { return draft.raise(to: others) ? draft.bytes.array : nil }
            for index in 0..<HyperLogLog.registerCount where others[index] > 0 {
                if draft.raise(ElementPlace(index: index, rank: others[index])) == .corrupt { return nil }
            }
            return draft.bytes.array
        }
    }
}

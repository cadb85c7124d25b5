// SPDX-License-Identifier: Apache-2.0
import CLibUV
import CShims
import Glibc

/// Processors that a thread is bound to (`server-cpulist`, `bio-cpulist`).
public struct Processors: Equatable, Sendable {
    /// How many processors the kernel's mask holds here.
    static let countMax = 1024
    /// The numbers of the processors, as the kernel counts them from 0.
    public let numbers: [Int]

    init(numbers: [Int]) { self.numbers = numbers }

    /// Reads a list as `0,2,4-11:2`: single processors, ranges, and ranges in steps. Nil when it is none.
    public init?(_ text: String) {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let fields = part.split(separator: ":", omittingEmptySubsequences: false)
            let bounds = fields[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            let step = fields.count == 2 ? Int(fields[1]) : 1
            guard fields.count <= 2, bounds.count <= 2, let first = bounds[0], let last = bounds.last ?? nil,
                let step, step > 0, first >= 0, first <= last, last < Processors.countMax
            else { return nil }
            numbers.formUnion(stride(from: first, through: last, by: step))
        }
        self.numbers = numbers.sorted()
    }

    /// Those that the calling thread may run on.
    public static var current: Processors {
        var words = [UInt64](repeating: 0, count: countMax / 64)
        // The kernel's own mask may be shorter than this one.
        guard unsafe nt_thread_processors(&words, words.count * 8) == 0 else {
            return Processors(numbers: [])
        }
        return Processors(numbers: (0..<countMax).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 })
    }

    /// Binds the calling thread; threads that it starts later inherit it.
    /// - Returns: why it cannot be done.
    public func bindThread() -> String? {
        var words = [UInt64](repeating: 0, count: Processors.countMax / 64)
        for number in numbers { words[number / 64] |= 1 << UInt64(number % 64) }
        return unsafe nt_bind_thread(words, words.count * 8) == 0
            ? nil : unsafe String(cString: strerror(errno))
    }
}

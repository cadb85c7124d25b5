// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// The seed of a random test of this target: a new one each run, or `BYTES_SEED` to run a failure again.
func bytesSeed(_ test: String = #function) -> UInt64 {
    let given = getenv("BYTES_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): BYTES_SEED=\(seed)")
    return seed
}

extension String {
    /// Lends the text as a view for the time of `body`.
    func withView<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        try Array(utf8).withView(body)
    }
}

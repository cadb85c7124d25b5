// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The variables of the process's environment.
enum Environment {
    /// The bytes of a variable; nil when it is not set or empty.
    static func bytes(_ name: String) -> [UInt8]? {
        guard let value = unsafe getenv(name) else { return nil }
        let count = unsafe strlen(value)
        guard count > 0 else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: value, count: count))
    }

    /// The text of a variable; nil when it is not set or empty.
    static func text(_ name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }

    /// Takes a variable away, so that programs started from here do not see it.
    static func remove(_ name: String) { _ = unsafe unsetenv(name) }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Collects small pieces for the next write to a file. One thread at a time uses it.
@safe final class WriteBuffer {
    private let capacity: Int
    private let memory: Address
    private var count = 0

    /// - Parameter capacity: so many bytes are written at once.
    init(capacity: Int) {
        self.capacity = capacity
        memory = unsafe Address(UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64))
    }

    deinit { unsafe memory.pointer.deallocate() }

    /// Takes bytes in; what is full goes to `drain`.
    func add<E: Error>(_ bytes: ByteView, _ drain: (ByteView) throws(E) -> Void) throws(E) {
        if bytes.count > capacity - count {
            try flush(drain)
            // What is that large need not be copied.
            if bytes.count > capacity / 2 { return try drain(bytes) }
        }
        (memory + count).copy(from: bytes)
        count += bytes.count
    }

    /// Gives what is there to `drain`. Should that throw, it is forgotten.
    func flush<E: Error>(_ drain: (ByteView) throws(E) -> Void) throws(E) {
        guard count > 0 else { return }
        defer { count = 0 }
        try drain(memory.view(0, count))
    }

    /// Forgets what is there.
    func forget() { count = 0 }
}

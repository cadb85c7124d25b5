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
    func add(_ bytes: ByteView, _ drain: (ByteView) -> Void) {
        if bytes.count > capacity - count {
            flush(drain)
            // What is that large need not be copied.
            if bytes.count > capacity / 2 { return drain(bytes) }
        }
        (memory + count).copy(from: bytes)
        count += bytes.count
    }

    /// Gives what is there to `drain`.
    func flush(_ drain: (ByteView) -> Void) {
        guard count > 0 else { return }
        drain(memory.view(0, count))
        count = 0
    }

    /// Forgets what is there.
    func forget() { count = 0 }
}

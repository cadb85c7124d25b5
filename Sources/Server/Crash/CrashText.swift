// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// Writes text from inside a signal handler: a prepared buffer, no allocation, bare `write`.
///
/// *Who frees*: the buffer is the object's and goes with it.
@safe final class CrashText {
    private static let capacity = 4096
    private let buffer: UnsafeMutableRawPointer
    private var count = 0
    /// Where the text goes: the log and, where that is a file, standard error.
    private var targets: (log: Int32, other: Int32) = (STDERR_FILENO, -1)

    init() { unsafe buffer = .allocate(byteCount: CrashText.capacity, alignment: 16) }

    deinit { unsafe buffer.deallocate() }

    /// Sends what follows to a log.
    func aim(log: Int32) {
        targets = (log, log == STDOUT_FILENO || log == STDERR_FILENO ? -1 : STDERR_FILENO)
    }

    func flush() {
        guard count > 0 else { return }
        _ = unsafe Glibc.write(targets.log, buffer, count)
        if targets.other >= 0 { _ = unsafe Glibc.write(targets.other, buffer, count) }
        count = 0
    }

    func byte(_ byte: UInt8) {
        if count == CrashText.capacity { flush() }
        unsafe buffer.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    func text(_ text: StaticString) { bytes(ByteView(text)) }

    func text(_ text: String) { for byte in text.utf8 { self.byte(byte) } }

    func bytes(_ view: ByteView) { for i in 0..<view.count { byte(view[i]) } }

    /// A text of C's that ends with a zero.
    func text(at address: UnsafePointer<CChar>) {
        var at = unsafe address
        while unsafe at.pointee != 0 {
            byte(unsafe UInt8(bitPattern: at.pointee))
            unsafe at += 1
        }
    }

    /// Ends the line and writes it out: what stands behind it may never come.
    func line() {
        byte(10)
        flush()
    }

    func line(_ text: StaticString) {
        self.text(text)
        line()
    }

    func number(_ value: Int) {
        if value < 0 { byte(UInt8(ascii: "-")) }
        digits(UInt(value.magnitude), base: 10)
    }

    func hex(_ value: UInt) {
        text("0x")
        digits(value, base: 16)
    }

    private func digits(_ value: UInt, base: UInt) {
        var power: UInt = 1
        while value / power >= base { power *= base }
        while power > 0 {
            let digit = UInt8(truncatingIfNeeded: value / power % base)
            byte(digit < 10 ? 48 + digit : 87 + digit)
            power /= base
        }
    }

    /// What a client sent, in quotes, with everything unprintable escaped and at most `max` bytes of it.
    func quoted(_ view: ByteView, max: Int) {
        byte(34)
        for i in 0..<Swift.min(view.count, max) {
            let value = view[i]
            switch value {
            case 34, 92:
                byte(92)
                byte(value)
            case 32...126: byte(value)
            default:
                text("\\x")
                byte(value >> 4 < 10 ? 48 + value >> 4 : 87 + value >> 4)
                byte(value & 15 < 10 ? 48 + value & 15 : 87 + value & 15)
            }
        }
        byte(34)
        if view.count > max {
            text("... (")
            number(view.count)
            text(" bytes)")
        }
    }
}

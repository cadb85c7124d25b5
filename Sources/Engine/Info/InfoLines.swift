// SPDX-License-Identifier: Apache-2.0
import Bytes

// The lines of INFO: `field:value`.

extension TextBuffer {
    /// Begins a line; what is added until `endLine` is its value.
    @inline(__always) public func beginLine(_ field: StaticString) {
        add(field)
        add(byte: UInt8(ascii: ":"))
    }
    /// Ends a line that `beginLine` began.
    @inline(__always) public func endLine() { add("\r\n") }

    /// A line with a number.
    public func line(_ field: StaticString, _ value: Int64) {
        beginLine(field)
        add(value)
        endLine()
    }
    /// The same for Swift's usual integer.
    public func line(_ field: StaticString, _ value: Int) { line(field, Int64(value)) }
    /// A line with a fixed text.
    public func line(_ field: StaticString, _ value: StaticString) {
        beginLine(field)
        add(value)
        endLine()
    }
    /// A line with a text.
    public func line(_ field: StaticString, _ value: String) {
        beginLine(field)
        add(value)
        endLine()
    }
    /// A line with bytes.
    public func line(_ field: StaticString, _ value: ByteString) { line(field, value.bytes) }
    /// A line with bytes.
    public func line(_ field: StaticString, _ value: [UInt8]) {
        beginLine(field)
        add(value)
        endLine()
    }

    /// A number with a fixed count of decimals, and what stands behind it.
    public func line(_ field: StaticString, _ value: Double, decimals: Int, _ unit: StaticString = "") {
        beginLine(field)
        add(value, decimals: decimals)
        add(unit)
        endLine()
    }

    /// Bytes twice: as a number, and as people read them in the field `name` with `_human` behind it.
    public func lines(bytes: Int, _ field: StaticString) {
        line(field, bytes)
        add(field)
        add("_human:")
        add(human: bytes)
        endLine()
    }

    /// A line with a number of bytes as people read it, `1.50M`.
    public func line(human bytes: Int, _ field: StaticString) {
        beginLine(field)
        add(human: bytes)
        endLine()
    }

    /// Bytes with a unit.
    func add(human bytes: Int) {
        guard bytes >= 1024 else {
            add(bytes)
            return add("B")
        }
        let units: [StaticString] = ["K", "M", "G", "T", "P"]
        var value = Double(bytes) / 1024
        var unit = 0
        while value >= 1024, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        add(value, decimals: 2)
        add(units[unit])
    }
}

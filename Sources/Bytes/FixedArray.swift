// SPDX-License-Identifier: Apache-2.0

/// A bounds-checked array of fixed length that lives at one place: reading and writing an element inside a class costs
/// a load or a store, without the reference counting of `Array`.
@safe public final class FixedArray<Element> {
    @usableFromInline let base: UnsafeMutablePointer<Element>
    /// The number of elements, which never changes.
    public let count: Int

    /// An array of `count` elements, all equal to `element`; `count` may be 0.
    public init(repeating element: Element, count: Int) {
        precondition(count >= 0, "a negative length")
        self.count = count
        unsafe base = .allocate(capacity: max(count, 1))
        unsafe base.initialize(repeating: element, count: count)
    }

    /// The elements of an array, which may be empty.
    public init(_ elements: [Element]) {
        count = elements.count
        unsafe base = .allocate(capacity: max(count, 1))
        _ = unsafe UnsafeMutableBufferPointer(start: base, count: count).initialize(from: elements)
    }

    deinit {
        unsafe base.deinitialize(count: count)
        unsafe base.deallocate()
    }

    /// The element at an index from 0, in its place. Traps outside the array.
    @inlinable public subscript(index: Int) -> Element {
        @inline(__always) unsafeAddress {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            return unsafe UnsafePointer(base + index)
        }
        @inline(__always) unsafeMutableAddress {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            return unsafe base + index
        }
    }
}

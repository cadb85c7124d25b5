// SPDX-License-Identifier: Apache-2.0
import Bytes

// The list that names each segment once, for whoever wants any segment rather than a certain one: random picks,
// samples, walks over everything. Segments with deadlines come first.
//
// *Layout*. Up to 512 segments: one array with room for the next power of two. More: an array of pages of 512, itself
// with room for the next power of two. So nothing longer than a page, or than the array of pages, is ever copied.

extension Table {
    static let pageSegments = 512

    /// What so many segments, or pages, have room for.
    private static func room(_ count: Int) -> Int {
        count <= 1 ? count : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
    }

    private static func pages(_ segments: Int) -> Int { (segments + pageSegments - 1) / pageSegments }

    /// Bytes of the list.
    var listBytes: Int {
        let count = segmentCount
        if count <= Table.pageSegments { return Table.room(count) * 8 }
        let pages = Table.pages(count)
        return (Table.room(pages) + pages * Table.pageSegments) * 8
    }

    /// The list's first array, in bytes: all of it as long as it is small.
    var firstListBytes: Int {
        let count = segmentCount
        return Table.room(count <= Table.pageSegments ? count : Table.pages(count)) * 8
    }

    func segmentAt(_ index: Int) -> Address {
        assert(index >= 0 && index < segmentCount, "no such segment")
        return place(at: index, of: segmentCount).address(0)
    }

    /// Where the list of so many segments names one.
    private func place(at index: Int, of count: Int) -> Address {
        let list = root.address(RootField.list)
        if count <= Table.pageSegments { return list + index &* 8 }
        return list.address((index >> 9) &* 8) + (index & 511) &* 8
    }

    func setSegment(_ segment: Address, at index: Int) {
        place(at: index, of: segmentCount).setAddress(0, segment)
        segment.setU32(SegmentField.index, UInt32(index))
    }

    func appendToList(_ segment: Address, _ store: Store) {
        let count = segmentCount
        let before = listBytes
        if count < Table.pageSegments {
            resizeList(from: Table.room(count), to: Table.room(count + 1), keeping: count, store)
        } else if count & (Table.pageSegments - 1) == 0 {
            let pages = count / Table.pageSegments
            if pages == 1 {
                let array = store.heap.allocate(2 * 8)
                array.setAddress(0, root.address(RootField.list))
                root.setAddress(RootField.list, array)
            } else {
                resizeList(from: Table.room(pages), to: Table.room(pages + 1), keeping: pages, store)
            }
            root.address(RootField.list).setAddress(pages * 8, store.heap.allocate(Table.pageSegments * 8))
        }
        root.setU32(RootField.segments, UInt32(count + 1))
        addBytes(listBytes - before)
        setSegment(segment, at: count)
    }

    /// Gives the list's first array another room.
    private func resizeList(from old: Int, to new: Int, keeping count: Int, _ store: Store) {
        guard old != new else { return }
        let list = root.address(RootField.list)
        let moved = new == 0 ? Address.null : store.heap.allocate(new * 8)
        if new > 0 { moved.copy(from: list, count: count * 8) }
        if old > 0 { store.heap.free(list, old * 8) }
        root.setAddress(RootField.list, moved)
    }

    func removeFromList(_ segment: Address, _ store: Store) {
        var hole = Int(segment.u32(SegmentField.index))
        let left = segmentCount - 1
        if hole < volatileSegments {
            volatileSegments -= 1
            setSegment(segmentAt(volatileSegments), at: hole)
            hole = volatileSegments
        }
        // What lay last has its place already when all segments have deadlines.
        if hole != left { setSegment(segmentAt(left), at: hole) }
        let before = listBytes
        root.setU32(RootField.segments, UInt32(left))
        if left < Table.pageSegments {
            resizeList(from: Table.room(left + 1), to: Table.room(left), keeping: left, store)
        } else if left & (Table.pageSegments - 1) == 0 {
            let pages = left / Table.pageSegments
            let list = root.address(RootField.list)
            store.heap.free(list.address(pages * 8), Table.pageSegments * 8)
            if pages == 1 {
                root.setAddress(RootField.list, list.address(0))
                store.heap.free(list, 2 * 8)
            } else {
                resizeList(from: Table.room(pages + 1), to: Table.room(pages), keeping: pages, store)
            }
        }
        addBytes(listBytes - before)
    }

    /// How many segments have entries with a deadline; they lie in front in the list.
    var volatileSegments: Int {
        get { Int(root.u32(RootField.volatileSegments)) }
        nonmutating set { root.setU32(RootField.volatileSegments, UInt32(newValue)) }
    }

    /// Brings a segment to the side of the list where its deadlines want it.
    func settleInList(_ segment: Address) {
        let index = Int(segment.u32(SegmentField.index))
        let isVolatile = segment.u16(SegmentField.volatile) != 0
        guard isVolatile != (index < volatileSegments) else { return }
        let border = isVolatile ? volatileSegments : volatileSegments - 1
        setSegment(segmentAt(border), at: index)
        setSegment(segment, at: border)
        volatileSegments += isVolatile ? 1 : -1
    }
}

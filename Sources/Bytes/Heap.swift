// SPDX-License-Identifier: Apache-2.0
import CShims

// The allocator of the store.
//
// *Idea*. Entries are many, small and of all sizes. General allocators round them to classes four to a doubling (up to
// 20 % waste); here classes are 4 bytes apart up to 512 bytes, so waste is 2 bytes on average. Larger pieces come from
// malloc (jemalloc in the server).
//
// *Layout*. A page is 16 KB, aligned to its size, and holds objects of one class:
//
//     0  u16 object size   2  u16 capacity   4  u16 used   6  u16 first free (offset, 0 = none)
//     8  u16 bump (offset of the first never-used object)
//     16 next page   24 previous page (list of pages of the class that have room)
//     64 … objects
//
// A free object holds the offset of the next free one. Objects of 64, 128, 192, 256 and 512 bytes are aligned to cache
// lines because 64 divides both the header and the size; an object whose size 8 does not divide is aligned to 4 bytes
// only. No object has a header: its page is found by masking.
//
// *Invariants*. used ≤ capacity; a page is in its class's list exactly when used < capacity; a page with used == 0 is
// in the list of free pages, unless it is the class's last page with room.
//
// *Who frees*. `free` with the size that was asked for. Pages that empty become dirty free pages; `giveBack` returns
// them to the kernel in slices.
//
// *Rejected*. Huge pages for regions (MADV_HUGEPAGE): commands gained 0 to 6 %, but of a million keys of which 99 % were
// deleted 48 MB stayed resident instead of 13, because the kernel makes huge pages anew out of pages given back.
//
// The compile flag MALLOC_STORE sends everything to malloc, so that AddressSanitizer sees every entry.

/// Slabs in 4-byte classes up to 512 bytes, malloc above, and the ledger of both.
public final class Heap {
    /// The largest object that lives in a slab, in bytes.
    public static let slabBytesMax = 512
    @usableFromInline static let pageBytes = 16384
    static let pageHeaderBytes = 64
    static let regionBytes = 4 << 20

    /// Bytes handed out, as allocated (rounded to classes): the store's part of `used_memory`.
    public private(set) var usedBytes = 0
    /// The highest `usedBytes` so far.
    public private(set) var peakBytes = 0
    /// Bytes of slab pages that hold at least one object.
    public private(set) var pageBytesInUse = 0
    /// The part of `usedBytes` that malloc holds.
    public private(set) var largeBytes = 0
    /// The part of `usedBytes` that lies outside this heap, in arrays that belong to the books all the same.
    public private(set) var outsideBytes = 0
    /// The part of `usedBytes` that lies in slabs; against `pageBytesInUse` it tells how fragmented they are.
    public var slabBytes: Int { usedBytes - largeBytes - outsideBytes }
    /// Every small object counts as sparse, so that a walk moves all of them (tests).
    public var isShaken = false

    /// Asked to take over each very large piece that is no longer needed, so that another thread frees it; false when it
    /// does not want to. The piece is off the books already.
    public var discard: ((DiscardedPiece) -> Bool)?

    /// 129 heads of page lists, by size / 4.
    @usableFromInline let partial: Address
    private var dirtyPages: [Address] = []
    private var cleanPages: [Address] = []
    private var carve = Address.null
    private var carveLeft = 0
    private var regions: [Address] = []

    /// A heap without pages; they come with the first allocations.
    public init() {
        let bytes = (Heap.slabBytesMax / 4 + 1) * 8
        partial = Heap.map(bytes)
        partial.zero(count: bytes)
    }

    deinit {
        unsafe CShims.free(partial.pointer)
        #if !MALLOC_STORE
            for region in regions { unsafe munmap(region.pointer, Heap.regionBytes + Heap.pageBytes) }
        #endif
    }

    private static func map(_ bytes: Int) -> Address {
        guard let memory = unsafe malloc(bytes) else { preconditionFailure("out of memory") }
        return unsafe Address(memory)
    }

    /// The page that a small object lies in. What is read there comes first when the object is freed.
    @inlinable @inline(__always) public static func page(of object: Address) -> Address {
        Address(bits: object.bits & ~UInt(pageBytes - 1))
    }

    /// What an allocation of `bytes` really takes.
    @inlinable public static func roundedBytes(_ bytes: Int) -> Int {
        #if MALLOC_STORE
            bytes
        #else
            bytes <= slabBytesMax ? (bytes + 3) & ~3 : bytes
        #endif
    }

    /// Memory for `bytes` (at least 1), not cleared.
    @inline(__always) public func allocate(_ bytes: Int) -> Address {
        #if !MALLOC_STORE
            if bytes <= Heap.slabBytesMax {
                let size = (bytes &+ 3) & ~3
                usedBytes &+= size
                var page = partial.address(size &* 2)
                if page.isNull { page = newPage(size) }
                let used = page.u16(4) &+ 1
                page.setU16(4, used)
                let first = page.u16(6)
                let object: Address
                if first != 0 {
                    object = page + Int(first)
                    page.setU16(6, object.u16(0))
                } else {
                    let bump = page.u16(8)
                    object = page + Int(bump)
                    page.setU16(8, bump &+ UInt16(truncatingIfNeeded: size))
                }
                if used == page.u16(2) { unlink(page, size) }
                return object
            }
        #endif
        return allocateLarge(bytes)
    }

    /// Returns memory that `allocate(bytes)` gave.
    @inline(__always) public func free(_ object: Address, _ bytes: Int) {
        #if !MALLOC_STORE
            if bytes <= Heap.slabBytesMax {
                let size = (bytes &+ 3) & ~3
                usedBytes &-= size
                let page = Heap.page(of: object)
                assert(Int(page.u16(0)) == size, "freed with another size")
                object.setU16(0, page.u16(6))
                page.setU16(6, UInt16(truncatingIfNeeded: object - page))
                let used = page.u16(4)
                page.setU16(4, used &- 1)
                if used == page.u16(2) { link(page, size) }
                if used == 1 { emptied(page, size) }
                return
            }
        #endif
        freeLarge(object)
    }

    /// Like `allocate`, but the memory is zero. Large pieces come zeroed from the kernel at no cost.
    public func allocateZeroed(_ bytes: Int) -> Address {
        if bytes > 64 << 10 {
            guard let memory = unsafe calloc(1, bytes) else { preconditionFailure("out of memory") }
            note(unsafe malloc_usable_size(memory))
            return unsafe Address(memory)
        }
        let object = allocate(bytes)
        object.zero(count: bytes)
        return object
    }

    /// Moves a large piece to a new size, keeping its bytes; both sizes are above `slabBytesMax`.
    public func resizeLarge(_ object: Address, _ bytes: Int) -> Address {
        note(-(unsafe malloc_usable_size(object.pointer)))
        guard let memory = unsafe realloc(object.pointer, bytes) else { preconditionFailure("out of memory") }
        note(unsafe malloc_usable_size(memory))
        return unsafe Address(memory)
    }

    /// Counts bytes of arrays outside this heap, or with a negative number takes them off the books again.
    public func account(outside bytes: Int) {
        usedBytes += bytes
        outsideBytes += bytes
    }

    /// Whether the object's page is filled below `fill` (of 256 parts) while another page has room: then moving what
    /// lies there can free the page. The page that the next object of the class comes to is never sparse, so that
    /// moving fills one page after the other.
    @inlinable public func isSparse(_ object: Address, _ bytes: Int, fill: Int = 128) -> Bool {
        guard bytes <= Heap.slabBytesMax else { return false }
        if isShaken { return true }
        #if MALLOC_STORE
            return false
        #else
            let page = Heap.page(of: object)
            guard Int(page.u16(4)) * 256 < Int(page.u16(2)) * fill else { return false }
            return page != partial.address(((bytes &+ 3) & ~3) &* 2)
        #endif
    }

    /// Moves an object of a slab to where the next one would come to lie.
    /// - Returns: where it is now; the old place is free.
    public func move(_ object: Address, _ bytes: Int) -> Address {
        let moved = allocate(bytes)
        moved.copy(from: object, count: bytes)
        free(object, bytes)
        return moved
    }

    /// Bytes of empty slab pages that are still resident.
    public var emptyPageBytes: Int { dirtyPages.count * Heap.pageBytes }

    /// Whether `giveBack` would give anything back.
    public var hasPagesToGiveBack: Bool { dirtyPages.count > Heap.warmPages }
    /// So many free pages are kept for what is stored next.
    public static let warmPages = 16

    /// Returns up to `pages` free pages to the kernel, keeping `keep` warm. True when more is left to return.
    public func giveBack(pages: Int, keep: Int = Heap.warmPages) -> Bool {
        var left = pages
        while left > 0, dirtyPages.count > keep, let page = dirtyPages.popLast() {
            unsafe nt_give_back(page.pointer, Heap.pageBytes)
            cleanPages.append(page)
            left -= 1
        }
        return dirtyPages.count > keep
    }

    /// Records `usedBytes` as the peak if it is one; called once per turn.
    public func notePeak() { peakBytes = max(peakBytes, usedBytes) }
    /// Forgets the peak (CONFIG RESETSTAT).
    public func resetPeak() { peakBytes = usedBytes }

    // MARK: Pages

    @inline(never) private func newPage(_ size: Int) -> Address {
        let page = dirtyPages.popLast() ?? cleanPages.popLast() ?? carvePage()
        pageBytesInUse += Heap.pageBytes
        let capacity = (Heap.pageBytes - Heap.pageHeaderBytes) / size
        page.setU16(0, UInt16(size))
        page.setU16(2, UInt16(capacity))
        page.setU16(4, 0)
        page.setU16(6, 0)
        page.setU16(8, UInt16(Heap.pageHeaderBytes))
        link(page, size)
        return page
    }

    private func carvePage() -> Address {
        if carveLeft == 0 {
            guard let memory = unsafe nt_map(Heap.regionBytes + Heap.pageBytes) else {
                preconditionFailure("out of memory")
            }
            let region = unsafe Address(memory)
            regions.append(region)
            let mask = UInt(Heap.pageBytes - 1)
            carve = Address(bits: (region.bits + mask) & ~mask)
            carveLeft = Heap.regionBytes / Heap.pageBytes
        }
        let page = carve
        carve = carve + Heap.pageBytes
        carveLeft -= 1
        return page
    }

    private func link(_ page: Address, _ size: Int) {
        let head = partial.address(size * 2)
        page.setAddress(16, head)
        page.setAddress(24, .null)
        if !head.isNull { head.setAddress(24, page) }
        partial.setAddress(size * 2, page)
    }

    private func unlink(_ page: Address, _ size: Int) {
        let next = page.address(16)
        let previous = page.address(24)
        if previous.isNull { partial.setAddress(size * 2, next) } else { previous.setAddress(16, next) }
        if !next.isNull { next.setAddress(24, previous) }
    }

    private func emptied(_ page: Address, _ size: Int) {
        // The last page with room stays, so that one object coming and going does not cost a page each time.
        if page.address(16).isNull && page.address(24).isNull { return }
        unlink(page, size)
        pageBytesInUse -= Heap.pageBytes
        dirtyPages.append(page)
    }

    // MARK: Large pieces

    @inline(never) private func allocateLarge(_ bytes: Int) -> Address {
        guard let memory = unsafe malloc(bytes) else { preconditionFailure("out of memory") }
        note(unsafe malloc_usable_size(memory))
        return unsafe Address(memory)
    }

    @inline(never) private func freeLarge(_ object: Address) {
        let bytes = unsafe malloc_usable_size(object.pointer)
        note(-bytes)
        let piece = DiscardedPiece(at: object, bytes: bytes)
        if bytes >= DiscardedPiece.bytesMin, let discard, discard(piece) { return }
        piece.free()
    }

    private func note(_ bytes: Int) {
        usedBytes += bytes
        largeBytes += bytes
        if usedBytes > peakBytes { peakBytes = usedBytes }
    }

    /// Walks the lists of pages with room and traps on a broken invariant.
    public func checkInvariants() {
        for size in stride(from: 4, through: Heap.slabBytesMax, by: 4) {
            var page = partial.address(size * 2)
            while !page.isNull {
                precondition(Int(page.u16(0)) == size, "page of another class")
                precondition(page.u16(4) < page.u16(2), "a full page is in the list")
                var free = 0
                var at = Int(page.u16(6))
                while at != 0 {
                    free += 1
                    at = Int((page + at).u16(0))
                }
                let fresh = (Heap.pageBytes - Int(page.u16(8))) / size
                precondition(free + fresh + Int(page.u16(4)) == Int(page.u16(2)), "objects lost")
                page = page.address(16)
            }
        }
    }
}

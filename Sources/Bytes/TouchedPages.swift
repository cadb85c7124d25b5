// SPDX-License-Identifier: Apache-2.0
import Glibc

// Which pages of a large string were ever touched.
//
// *Idea*. A string of half a gigabyte with one bit set near its end has one page; all others are promised by the kernel
// and read as zeros. Reading them is slow all the same, because each page then has to be mapped: 105 ms for what a glance
// at the kernel's table (`/proc/self/pagemap`, see proc(5)) tells in one. For a string that was touched everywhere the
// table would be 5 ms in vain, so a few of its pages are asked about first.

extension ByteView {
    /// Strings of fewer bytes are read whole.
    static let sparseBytesMin = 4 << 20
    private static let pageBytes = UInt(getpagesize())
    /// So many pages are asked about, and so many of them have to be untouched.
    private static let samples = 32
    private static let untouchedMin = 8

    /// Visits the parts, in their order, that may hold anything but zeros. The bytes must be the store's own memory:
    /// pages of a file are something else before they are touched.
    func forEachTouched(_ visit: (ByteView) -> Void) {
        guard count >= ByteView.sparseBytesMin, let table = PageTable() else { return visit(self) }
        defer { table.close() }
        let firstPage = start.bits / ByteView.pageBytes
        let pages = Int((start.bits + UInt(count) - 1) / ByteView.pageBytes - firstPage) + 1
        let untouched = (0..<ByteView.samples).count { sample in
            table.isUntouched(firstPage + UInt(pages / ByteView.samples * sample))
        }
        guard untouched >= ByteView.untouchedMin else { return visit(self) }
        let end = start + count
        table.forEachTouched(pages: firstPage..<(firstPage + UInt(pages))) { run in
            let from = max(start.bits, run.lowerBound * ByteView.pageBytes)
            let to = min(end.bits, run.upperBound * ByteView.pageBytes)
            visit(ByteView(start: Address(bits: from), count: Int(to - from)))
        }
    }
}

/// The kernel's table of this process's pages: a word for each, of which bit 63 says that it is in memory and bit 62 that
/// it was swapped out.
private struct PageTable {
    private let descriptor: Int32
    /// Words that are read at once.
    private static let words = 4096

    init?() {
        descriptor = unsafe open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { return nil }
    }

    func close() { _ = Glibc.close(descriptor) }

    /// Whether a page was never touched; false where the table does not tell.
    func isUntouched(_ page: UInt) -> Bool {
        var word: UInt64 = 0
        return unsafe pread(descriptor, &word, 8, off_t(page * 8)) == 8 && word >> 62 == 0
    }

    /// Visits the runs of pages that were touched, or of which the table says nothing.
    func forEachTouched(pages: Range<UInt>, _ visit: (Range<UInt>) -> Void) {
        var words = [UInt64](repeating: 0, count: PageTable.words)
        var run = pages.lowerBound..<pages.lowerBound
        var page = pages.lowerBound
        while page < pages.upperBound {
            let wanted = min(PageTable.words, Int(pages.upperBound - page))
            let got = unsafe pread(descriptor, &words, wanted * 8, off_t(page * 8))
            guard got == wanted * 8 else { break }
            for word in words[..<wanted] {
                if word >> 62 == 0 {
                    if !run.isEmpty { visit(run) }
                    run = (page + 1)..<(page + 1)
                } else {
                    run = run.lowerBound..<(page + 1)
                }
                page += 1
            }
        }
        // Where the table ended early, the rest may hold anything.
        if page < pages.upperBound { run = run.lowerBound..<pages.upperBound }
        if !run.isEmpty { visit(run) }
    }
}

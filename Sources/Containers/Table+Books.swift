// SPDX-License-Identifier: Apache-2.0
import Bytes

extension Table {
    /// The table's own memory in bytes, without entries: what leads to them, and what keeps their deadlines. Looks at
    /// every segment.
    public func ownBytes() -> (main: Int, deadlines: Int) {
        var main = RootField.size + listBytes + directoryBytes
        var deadlines = 0
        for i in 0..<segmentCount {
            let segment = segmentAt(i)
            let lines =
                Int(segment.u8(SegmentField.chunks)) * min(Int(segment.u16(SegmentField.buckets)), 8) * 64
            main += SegmentField.size + lines
            if segment.u8(SegmentField.dense) != 0 { deadlines += 56 + lines }
            deadlines += Int(segment.u16(SegmentField.pairRoom)) * 16
        }
        return (main, deadlines)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes

// Reply types that hardly any command uses.

extension Reply {
    /// Appends all that another one has written, its large values as copies.
    public func raw(contentsOf other: Reply) {
        var from = 0
        for item in other.blocks {
            raw(other.written(from..<item.offset))
            raw(item.block.view)
            from = item.offset
        }
        raw(other.written(from: from))
    }

    /// An integer beyond 64 bits, by its decimal text: `(…`, or a bulk string in RESP2.
    public func bigNumber(_ digits: StaticString) {
        guard isRESP3 else { return bulk(digits) }
        raw("(")
        raw(digits)
        raw("\r\n")
    }

    /// A list of `count` pairs, each begun by `pair`: RESP2 has a flat array.
    public func pairs(_ count: Int) { array(isRESP3 ? count : count * 2) }
    /// One of `pairs`: two replies follow.
    public func pair() { if isRESP3 { array(2) } }

    /// A list of `count` things under keys, each begun by `key`: a map in RESP3, pairs in RESP2.
    public func keyed(_ count: Int) { if isRESP3 { map(count) } else { array(count) } }
    /// The key of one of them; one reply follows.
    public func key(_ key: ByteView) {
        if !isRESP3 { array(2) }
        bulk(key)
    }

    /// Remarks about the reply that follows, as one pair; RESP3 only.
    public func attributeOfOnePair() { raw("|1\r\n") }

    /// Appends a message in protocol form that is no reply: it comes through even while replies are muted.
    public func push(_ bytes: ByteView) {
        let wasMuted = isMuted
        isMuted = false
        raw(bytes)
        isMuted = wasMuted
    }
}

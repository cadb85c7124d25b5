// SPDX-License-Identifier: Apache-2.0
import Bytes

// What watches over the size of replies. The writer compares with one ceiling; only beyond that does anybody ask which
// of the bounds it was.

/// When replies become so large that the commands that make them are looked at.
struct ReplyAlert {
    /// From so many bytes on.
    var bytesMin = Int.max
    /// The patience that holds until then.
    var patience = UInt64.max
    var isRaised = false
}

extension Reply {
    // MARK: Conspicuous replies

    /// Sets `patience`, and after how many bytes of replies it is over.
    public func watch(patience ticks: UInt64, bytesMin: Int) {
        alert = ReplyAlert(bytesMin: bytesMin, patience: ticks)
        patience = ticks
        checkAlert(0)
        setCeiling()
    }

    /// Looks at every command from here to `lookAway`.
    public func lookClosely() { patience = 0 }

    /// Goes back to the patience that `watch` set, unless the replies are conspicuous.
    public func lookAway() { if !alert.isRaised { patience = alert.patience } }

    /// Bytes of the replies from `offset` on, with those of blocks.
    public func byteCount(from offset: Int) -> Int {
        blocks[firstBlock(from: offset)...].reduce(count - offset) { $0 + $1.block.count }
    }

    func setCeiling() {
        ceiling = min(capacity, bound)
        if !alert.isRaised { ceiling = min(ceiling, max(0, alert.bytesMin - 1 - blockBytes)) }
    }

    func checkAlert(_ bytes: Int) {
        guard !alert.isRaised, count + bytes + blockBytes >= alert.bytesMin else { return }
        alert.isRaised = true
        patience = 0
        setCeiling()
    }

    @inline(never) func lowerAlert() {
        alert.isRaised = false
        patience = alert.patience
        checkAlert(0)
        setCeiling()
    }

    // MARK: Limit

    /// Lets at most `bytes` more be written, large values included, until `endLimit`.
    public func limit(to bytes: Int) {
        limitStart = count
        bound = count + bytes
        setCeiling()
    }

    /// Ends the limit.
    /// - Returns: whether the reply has passed it.
    public func endLimit() -> Bool {
        bound = Int.max
        setCeiling()
        defer { hasOverflowed = false }
        if hasOverflowed { cutBack(to: limitStart) }
        return hasOverflowed
    }

    /// Takes everything back that was written under the limit, and writes nothing more.
    func overflow() {
        bound = Int.max
        hasOverflowed = true
        isMuted = true
        cutBack(to: limitStart)
    }

    /// Holds a block against the limit.
    func charge(_ bytes: Int) {
        guard bound != Int.max, !isMuted else { return }
        bound -= bytes
        if count > bound { overflow() }
        setCeiling()
    }
}

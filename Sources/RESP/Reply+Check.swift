// SPDX-License-Identifier: Apache-2.0
import Bytes

#if DEBUG
    // Whether what a handler has written is what it should have: debug builds look behind every command.

    extension Reply {
        /// How many whole replies stand behind `start`, pushes not counted; nil where something is malformed or torn.
        public func valueCount(from start: Int) -> Int? {
            var reader = ReplyReader(reply: self, at: start)
            var values = 0
            while reader.at < count {
                let isPush = reader.isAtPush
                guard reader.skipValue() else { return nil }
                if !isPush { values += 1 }
            }
            return values
        }
    }

    private struct ReplyReader {
        let reply: Reply
        var at: Int
        var nextBlock: Int
        let bytes: ByteView

        init(reply: Reply, at: Int) {
            self.reply = reply
            self.at = at
            nextBlock = reply.firstBlock(from: at)
            bytes = reply.written(0..<reply.count)
        }

        var isAtPush: Bool { bytes[at] == UInt8(ascii: ">") }

        /// Goes behind one value with all it holds.
        mutating func skipValue() -> Bool {
            var left = 1
            while left > 0 {
                guard let (type, text) = line() else { return false }
                left -= 1
                switch type {
                case "+", "-", ":", "_", "#", ",", "(": continue
                case "$", "=", "!":
                    guard let length = Int(text), skip(length) else { return false }
                case "*", "~", ">":
                    guard let length = Int(text) else { return false }
                    left += max(0, length)
                case "%", "|":
                    guard let length = Int(text), length >= 0 else { return false }
                    // An attribute stands before the value that it belongs to.
                    left += length * 2 + (type == "|" ? 1 : 0)
                default: return false
                }
            }
            return true
        }

        /// The type and the rest of a line.
        private mutating func line() -> (UnicodeScalar, Substring)? {
            var end = at
            while end < bytes.count, bytes[end] != 13 { end += 1 }
            guard end > at, end + 1 < bytes.count, bytes[end + 1] == 10 else { return nil }
            defer { at = end + 2 }
            let shown = bytes[(at + 1)..<min(end, at + 24)].array.map { Character(UnicodeScalar($0)) }
            return (UnicodeScalar(bytes[at]), Substring(String(shown)))
        }

        /// Goes behind the bytes of a string, which may lie in a block.
        private mutating func skip(_ length: Int) -> Bool {
            if length < 0 { return length == -1 }
            var here = length
            while nextBlock < reply.blocks.count, reply.blocks[nextBlock].offset <= at {
                if reply.blocks[nextBlock].offset == at { here -= reply.blocks[nextBlock].block.count }
                nextBlock += 1
            }
            at += here
            guard here >= 0, at + 1 < bytes.count, bytes[at] == 13, bytes[at + 1] == 10 else { return false }
            at += 2
            return true
        }
    }
#endif

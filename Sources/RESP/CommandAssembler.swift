// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What feeding bytes to an assembler led to.
public enum Assembly {
    /// All input was consumed and the command is not complete.
    case needsMore
    /// The command is complete; its arguments are in the list.
    case command
    /// An empty command (blank line, `*0`): nothing to do, no reply.
    case nothing
    /// The stream is broken: answer with this text and close.
    case broken(ByteString)
}

/// Gathers one command that does not lie whole in the receive buffer, byte by byte if need be, and decides every
/// question of the protocol: inline commands, limits, errors.
///
/// Small arguments collect in one buffer; those of `Block.adoptBytesMin` and more get a block of their own that the
/// socket can write into (`directTarget`).
public final class CommandAssembler {
    /// The longest header or inline line, in bytes.
    static let lineBytesMax = 64 << 10

    private enum Stage { case start, inlineLine, countLine, lengthLine, body, bodyEnd }

    private enum Piece {
        case span(offset: Int, count: Int)
        case block(Block)
    }

    private let heap: Heap
    private var stage = Stage.start
    private var line: [UInt8] = []
    private var bytes: [UInt8] = []
    private var pieces: [Piece] = []
    private var argumentsLeft = 0
    private var bodyLeft = 0
    private var block: Block?
    private var endLeft = 0
    /// The last line ended with CR and something else than LF.
    private var isTornLine = false
    /// Room of the finished blocks, kept as a sum because a client may send many and ask often.
    private var blockBytes = 0
    /// What the heap's books know of arrays held here.
    private var outsideBytes = 0

    /// An assembler in front of its first command; what it keeps is taken from `heap`.
    public init(_ heap: Heap) { self.heap = heap }

    deinit {
        dropBlocks()
        heap.account(outside: -outsideBytes)
    }

    /// Brings the heap's books up to date about what is held in arrays.
    private func keepBooks() {
        let held = line.capacity + bytes.capacity + pieces.count * 16
        guard held != outsideBytes else { return }
        heap.account(outside: held - outsideBytes)
        outsideBytes = held
    }

    /// What has come of the unfinished command, in bytes.
    public var receivedBytes: Int {
        // Finished blocks are full.
        line.count + bytes.count + blockBytes + (block?.count ?? 0)
    }

    /// Memory held for the unfinished command, in bytes: the client's query buffer.
    public var heldBytes: Int {
        line.count + bytes.capacity + pieces.count * 16 + blockBytes + (block?.capacity ?? 0)
    }

    /// Where the socket may write next, when the rest of a large argument is awaited; null otherwise.
    public var directTarget: (at: Address, count: Int)? {
        guard stage == .body, let block, bodyLeft >= Block.adoptBytesMin else { return nil }
        return (block.bytes + block.count, bodyLeft)
    }

    /// Takes note that the socket wrote `count` bytes to the direct target.
    public func received(_ count: Int) {
        guard let block else { return }
        block.count += count
        bodyLeft -= count
        if bodyLeft == 0 { finishBody() }
    }

    /// Consumes input from `position` on, as far as the current command reaches.
    public func feed(
        _ input: ByteView, _ position: inout Int, _ list: ArgumentList, _ limits: ProtocolLimits
    ) -> Assembly {
        defer { keepBooks() }
        while true {
            switch stage {
            case .start:
                guard position < input.count else { return .needsMore }
                stage = input[position] == UInt8(ascii: "*") ? .countLine : .inlineLine
            case .inlineLine:
                guard takeLine(input, &position, until: 10) else {
                    return line.count > CommandAssembler.lineBytesMax
                        ? .broken("too big inline request") : .needsMore
                }
                return finishInline(list)
            case .countLine:
                guard takeLine(input, &position, until: 13) else {
                    return line.count > CommandAssembler.lineBytesMax
                        ? .broken("too big mbulk count string") : .needsMore
                }
                if isTornLine { return .broken(CommandAssembler.badLineEnd) }
                if let outcome = readCount(limits) { return outcome }
            case .lengthLine:
                guard takeLine(input, &position, until: 13) else {
                    return line.count > CommandAssembler.lineBytesMax
                        ? .broken("too big bulk count string") : .needsMore
                }
                if let outcome = readLength(limits) { return outcome }
            case .body:
                takeBody(input, &position)
                if stage == .body { return .needsMore }
            case .bodyEnd:
                while endLeft > 0 {
                    guard position < input.count else { return .needsMore }
                    guard input[position] == (endLeft == 2 ? 13 : 10) else {
                        return .broken(CommandAssembler.badLineEnd)
                    }
                    position += 1
                    endLeft -= 1
                }
                if argumentsLeft == 0 { return deliver(list) }
                stage = .lengthLine
            }
        }
    }

    private static let badLineEnd: ByteString = "invalid CRLF in request"

    /// Collects a line. One that ends with CR takes the byte behind it too: `isTornLine` if that is no LF.
    private func takeLine(_ input: ByteView, _ position: inout Int, until terminator: UInt8) -> Bool {
        if terminator == 13, line.last == 13 {
            guard position < input.count else { return false }
            isTornLine = input[position] != 10
            position += 1
            line.removeLast()
            return true
        }
        let hit = input.firstIndex(of: terminator, from: position)
        let end = hit ?? input.count
        line.append(input[position..<end])
        position = end
        guard hit != nil else { return false }
        position += 1
        if terminator == 10 { return true }
        guard position < input.count else {
            line.append(13)
            return false
        }
        isTornLine = input[position] != 10
        position += 1
        return true
    }

    private func readCount(_ limits: ProtocolLimits) -> Assembly? {
        let count = line.withView { $0.dropFirst(1).integer }
        line.removeAll(keepingCapacity: true)
        guard let count, count <= Int64(Int32.max) else { return .broken("invalid multibulk length") }
        if count > Int64(limits.argumentsMax) {
            return .broken(
                limits.isUnauthenticated ? "unauthenticated multibulk length" : "invalid multibulk length")
        }
        if count <= 0 {
            restart()
            return .nothing
        }
        argumentsLeft = Int(count)
        stage = .lengthLine
        return nil
    }

    private func readLength(_ limits: ProtocolLimits) -> Assembly? {
        defer { line.removeAll(keepingCapacity: true) }
        guard line.first == UInt8(ascii: "$") else {
            return .broken("expected '$', got '\([line.first ?? 32])'")
        }
        if isTornLine { return .broken(CommandAssembler.badLineEnd) }
        guard let length = line.withView({ $0.dropFirst(1).integer }), length >= 0 else {
            return .broken("invalid bulk length")
        }
        if length > Int64(limits.bulkBytesMax) {
            let wouldDo = limits.isUnauthenticated && length <= Int64(limits.authenticatedBulkBytesMax)
            return .broken(wouldDo ? "unauthenticated bulk length" : "invalid bulk length")
        }
        bodyLeft = Int(length)
        if bodyLeft >= Block.adoptBytesMin {
            block = Block.create(heap, capacity: bodyLeft)
        } else {
            pieces.append(.span(offset: bytes.count, count: bodyLeft))
        }
        stage = .body
        return nil
    }

    private func takeBody(_ input: ByteView, _ position: inout Int) {
        let step = min(bodyLeft, input.count - position)
        let chunk = input[position..<(position + step)]
        position += step
        if let block {
            (block.bytes + block.count).copy(from: chunk)
            block.count += step
        } else {
            bytes.append(chunk)
        }
        bodyLeft -= step
        if bodyLeft == 0 { finishBody() }
    }

    private func finishBody() {
        if let block {
            pieces.append(.block(block))
            blockBytes += block.capacity
        }
        block = nil
        argumentsLeft -= 1
        endLeft = 2
        stage = .bodyEnd
    }

    /// Lays the arguments into the list. They stay valid until the next `feed`.
    private func deliver(_ list: ArgumentList) -> Assembly {
        bytes.withView { all in
            for piece in pieces {
                switch piece {
                case .span(let offset, let count): list.append(all[offset..<(offset + count)])
                case .block(let block): list.append(block)
                }
            }
        }
        pieces.removeAll()
        blockBytes = 0
        stage = .start
        return .command
    }

    private func finishInline(_ list: ArgumentList) -> Assembly {
        if line.last == 13 { line.removeLast() }
        guard let words = splitWords(line) else { return .broken("unbalanced quotes in request") }
        if words.isEmpty {
            restart()
            return .nothing
        }
        for word in words {
            pieces.append(.span(offset: bytes.count, count: word.count))
            bytes += word.bytes
        }
        return deliver(list)
    }

    private func restart() {
        stage = .start
        line.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
    }

    private func dropBlocks() {
        block?.release(heap)
        block = nil
        for case .block(let block) in pieces { block.release(heap) }
        pieces = []
        blockBytes = 0
    }
}

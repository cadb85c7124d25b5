// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

/// Hashes in RDB files.
///
/// Deadlines of fields came to the two families of servers at about the same time and in different forms: Redis has
/// types 24 and 25 (22 and 23 before they were settled), Valkey has 22.
enum HashCodec: ValueCodec {
    static let type = ValueType.hash

    static func reader(_ rdbType: UInt8, _ context: ReadingContext) -> (any ValueReader)? {
        switch rdbType {
        case RDBType.hash: ElementReader<Pairs>(context)
        case RDBType.hashDated: ElementReader<DatedPairs>(context)
        case RDBType.hashDated22:
            context.version.isValkey
                ? ElementReader<ValkeyDatedPairs>(context) : ElementReader<EarlyDatedPairs>(context)
        case RDBType.hashListpack: PackedReader(type, context, PackedForm.listpack)
        case RDBType.hashZiplist: PackedReader(type, context, PackedForm.ziplist)
        case RDBType.hashZipmap: PackedReader(type, context, restoreZipmap)
        case RDBType.hashListpackEx: PackedDatedReader(hasBase: true, context)
        case RDBType.earlyHashListpackEx: PackedDatedReader(hasBase: false, context)
        default: nil
        }
    }

    // MARK: Writing

    static func elementsType(_ head: CutKey, _ version: RDBVersion) -> UInt8? {
        if !head.hasDeadlines { return RDBType.hash }
        if version.isValkey { return RDBType.hashDated22 }
        return version.holdsDatedFields ? RDBType.hashDated : nil
    }

    /// Deadlines have 48 bits in Redis's forms: that is the year 10889.
    fileprivate static let deadlineMax: Int64 = (1 << 48) - 2

    /// Deadlines count from the first of all milliseconds: the earliest of them is not known before the last field.
    private static let base: Int64 = 1

    static func begin(_ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput) {
        if rdbType == RDBType.hashDated { out.append(u64: UInt64(base)) }
        out.append(length: head.count)
    }

    static func write(_ element: ValueElement, _ rdbType: UInt8, _ out: RDBOutput) {
        if rdbType == RDBType.hashDated {
            out.append(
                length: element.deadlineMs.map { Int(min(max(base, $0), deadlineMax) - base + 1) } ?? 0)
        }
        out.append(element.bytes)
        out.append(element.value ?? .bytes(.empty))
        if rdbType == RDBType.hashDated22 { out.append(u64: UInt64(bitPattern: element.deadlineMs ?? -1)) }
    }

    static func packedType(_ head: CutKey, _ version: RDBVersion) -> UInt8? {
        version.number >= RDBVersion.listpacks.number ? RDBType.hashListpack : RDBType.hashZiplist
    }

    static func write(packed: ByteView, _ rdbType: UInt8, _ out: RDBOutput) {
        if rdbType == RDBType.hashZiplist { return Ziplist.write(listpack: packed, out) }
        out.append(string: packed)
    }

    // MARK: Reading

    /// A deadline as files have it: 0 is none, and it has 48 bits at most.
    fileprivate static func deadline(_ number: UInt64, base: Int64) throws(RDBStop) -> Int64? {
        if number == 0 { return nil }
        let (sum, overflow) = number.addingReportingOverflow(UInt64(bitPattern: base) &- 1)
        guard !overflow, sum <= UInt64(deadlineMax) else { throw .damaged("Invalid deadline of a field") }
        return Int64(sum)
    }

    private enum Pairs: ElementForm {
        static let type = ValueType.hash
        static let bytesMin = 2
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            let name = try input.string(0)
            return ValueElement(name, value: try input.string(1))
        }
    }

    private enum DatedPairs: ElementForm {
        static let type = ValueType.hash
        static let bytesMin = 3
        static func readBase(_ input: inout RDBInput) throws(RDBStop) -> Int64 {
            let base = try input.u64()
            guard base < 1 << 48 else { throw .damaged("Invalid deadline of a hash") }
            return Int64(base)
        }
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            let number = try input.length()
            let deadline = try number == 0 ? nil : HashCodec.deadline(number, base: max(base, 1))
            let name = try input.string(0)
            return ValueElement(name, value: try input.string(1), deadlineMs: deadline)
        }
    }

    private enum EarlyDatedPairs: ElementForm {
        static let type = ValueType.hash
        static let bytesMin = 3
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            let deadline = try HashCodec.deadline(try input.length(), base: 1)
            let name = try input.string(0)
            return ValueElement(name, value: try input.string(1), deadlineMs: deadline)
        }
    }

    private enum ValkeyDatedPairs: ElementForm {
        static let type = ValueType.hash
        static let bytesMin = 10
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            let name = try input.string(0)
            let value = try input.string(1)
            let deadline = Int64(bitPattern: try input.u64())
            guard deadline >= -1 else { throw .damaged("Invalid deadline of a field") }
            return ValueElement(
                name, value: value, deadlineMs: deadline < 0 ? nil : min(deadline, HashCodec.deadlineMax))
        }
    }

    private static func restoreZipmap(
        _ context: ReadingContext, _ bytes: ByteView, _ restorer: Restorer
    ) throws(RDBStop) -> Bool {
        try Zipmap.restore(bytes, restorer)
    }
}

/// Reads a packed hash with deadlines: a listpack of names, values and deadlines in turn.
private final class PackedDatedReader: ValueReader {
    private let context: ReadingContext
    private let hasBase: Bool
    private let restorer: Restorer
    private var hasElements = false
    private(set) var hasDied = false

    init(hasBase: Bool, _ context: ReadingContext) {
        self.context = context
        self.hasBase = hasBase
        restorer = Restorer(.hash, expecting: 0, context.keys)
    }

    func read(_ input: inout RDBInput, max: Int) throws(RDBStop) -> Bool {
        if hasBase { _ = try input.u64() }
        let bytes = context.listpack(try input.blob())
        guard Listpack.validate(bytes, deep: true) else { throw .damaged("Listpack integrity check failed") }
        var parts: [Listpack.Element] = []
        var problem: StaticString?
        let listpack = Listpack(at: bytes.start)
        listpack.forEach(from: listpack.first) { element in
            parts.append(element)
            if parts.count == 3 {
                problem = add(parts[0], parts[1], parts[2])
                parts.removeAll(keepingCapacity: true)
            }
            return problem == nil
        }
        if problem == nil, !parts.isEmpty { problem = "Listpack integrity check failed" }
        if let problem { throw .damaged(problem) }
        input.commit()
        hasDied = hasDied && !hasElements
        return true
    }

    /// - Returns: what is wrong.
    private func add(
        _ name: Listpack.Element, _ value: Listpack.Element, _ deadline: Listpack.Element
    ) -> StaticString? {
        guard case .integer(let ms) = deadline, ms >= 0, ms <= HashCodec.deadlineMax else {
            return "Invalid deadline of a field"
        }
        if context.dropsDeadFields, ms != 0, ms <= context.keys.nowMs {
            hasDied = true
            return nil
        }
        let element = ValueElement(
            StoredBytes(name), value: StoredBytes(value), deadlineMs: ms == 0 ? nil : ms)
        guard restorer.add(element) else { return "Duplicate hash fields detected" }
        hasElements = true
        return nil
    }

    func take() -> Restorer? { hasElements ? restorer : nil }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the dispatcher needs of a command, laid out for one look.
public struct CommandRow {
    var arity: Int32
    /// Index of the first subcommand's row, or 0.
    var firstSub: Int32 = 0
    var subCount: Int32 = 0
    /// What the command is and may do, its derived flags included.
    public var flags: CommandFlags
    /// Where the keys of the first key specification stand: first, last (negative: from the end) and step; step 0
    /// when there are none, or when they are found by a count or keyword.
    var firstKey: Int16 = 0
    var lastKey: Int16 = 0
    var keyStep: Int16 = 0
    /// Whether these are all of its keys, and nothing else of the data is looked at.
    var hasAllKeys = false
    /// Whether it reads what an entry points to rather than the entry alone.
    var readsBeyondEntry = false
    var handler: any Handler.Type
    // Statistics of INFO commandstats. A call is counted either by `calls` or by the histogram, where that is open.
    /// How long calls took, while that is tracked.
    public var histogram = TickHistogram()
    var calls = 0
    /// How long calls took altogether, in ticks of `Clock`.
    public var ticks: UInt64 = 0
    /// Calls refused before they ran, and calls that ran and replied with an error.
    public var rejected = 0
    public var failed = 0
}

extension CommandRow {
    /// Takes the key span from the first of a command's specifications, if that is a range at a fixed place.
    mutating func takeKeys(_ specifications: [KeySpec]) {
        guard let spec = specifications.first, case .index(let first) = spec.begin,
            case .range(let last, let step, _) = spec.find, first > 0, step > 0, !spec.isNoKey
        else { return }
        firstKey = Int16(first)
        lastKey = Int16(last)
        keyStep = Int16(step)
        hasAllKeys = specifications.count == 1
    }
}

/// Where a command's keys stand among its arguments, and what will be read of them.
struct KeySpan {
    var first = 0
    var last = 0
    /// 0 when there are no keys.
    var step = 0
    var readsBeyondEntry = false
}

/// All commands of an engine by number, and the way from a name to its number.
///
/// Names are found in an open-addressing table keyed by the first and last eight bytes in lower case, so that a lookup
/// is two loads, a multiplication and a comparison.
public final class CommandTable {
    private struct Name {
        var head: UInt64 = 0
        var tail: UInt64 = 0
        /// Length << 32 | number of the container + 1.
        var rest: UInt64 = 0
        var index = -1
        /// The words do not tell the whole name, so it has to be compared.
        var isAmbiguous = false
    }

    /// The rows as declared, by number; subcommands follow their containers.
    public let commands: [Command]
    /// Index of the container of each subcommand; -1 for commands.
    public let containers: [Int32]
    /// Full names (`client|list`) by number.
    private let fullNames: [String]
    /// The words that commands are called by; empty where disabled.
    private let callNames: [ByteString]
    /// One row per command and subcommand; a command's number is its index here.
    public let rows: FixedArray<CommandRow>
    private let names: FixedArray<Name>
    private let mask: Int

    /// - Parameter callNames: by what name each command is called.
    public init(_ families: [Family], callNames: CommandNames = CommandNames()) {
        var words: [ByteString] = []
        var commands: [Command] = []
        var containers: [Int32] = []
        var fullNames: [String] = []
        var rows: [CommandRow] = []
        for command in Command.merged(families) {
            let index = Int32(commands.count)
            var row = CommandRow(
                arity: Int32(command.arity), flags: CommandTable.derived(command), handler: command.handler)
            row.takeKeys(KeySpec.parse(command.keys))
            row.readsBeyondEntry = command.group.readsBeyondEntry
            row.firstSub = index + 1
            row.subCount = Int32(command.subcommands.count)
            rows.append(row)
            commands.append(command)
            containers.append(-1)
            fullNames.append(command.name)
            words.append(callNames.present(ByteString(command.name)))
            for sub in command.subcommands {
                rows.append(
                    CommandRow(
                        arity: Int32(sub.arity), flags: CommandTable.derived(sub), handler: sub.handler))
                commands.append(sub)
                containers.append(index)
                fullNames.append(command.name + "|" + sub.name)
                words.append(ByteString(sub.name))
            }
        }
        var size = 64
        while size < commands.count * 4 { size *= 2 }
        self.commands = commands
        self.containers = containers
        self.fullNames = fullNames
        self.callNames = words
        self.rows = FixedArray(rows)
        names = FixedArray(repeating: Name(), count: size)
        mask = size - 1
        for index in commands.indices where !words[index].isEmpty { enter(index) }
    }

    deinit { for i in 0..<rows.count { rows[i].histogram.close() } }

    /// What a command is and may do.
    public func flags(_ index: Int) -> CommandFlags { rows[index].flags }

    /// Whether a command may be called with so many arguments, its name included.
    public func accepts(_ count: Int, _ index: Int) -> Bool {
        let arity = Int(rows[index].arity)
        return arity > 0 ? count == arity : count >= -arity
    }

    /// How often a command ran.
    public func calls(_ index: Int) -> Int { rows[index].calls + Int(rows[index].histogram.total) }

    /// Time spent in all commands.
    public var ticks: UInt64 { (0..<rows.count).reduce(0) { $0 &+ rows[$1].ticks } }

    /// Stops to sort calls by duration; what was counted so far counts as calls.
    func closeHistograms() {
        for i in 0..<rows.count where rows[i].histogram.isOpen {
            rows[i].calls = calls(i)
            rows[i].histogram.close()
        }
    }

    private static func derived(_ command: Command) -> CommandFlags {
        var flags = command.flags.union(.any)
        if !flags.contains(.noAuth) { flags.insert(.needsAuth) }
        if !flags.contains(.whileSubscribed) { flags.insert(.notSubscribed) }
        if !flags.contains(.loading) { flags.insert(.notLoading) }
        if !flags.isDisjoint(with: [.readonly, .write, .mayReplicate, .runsQueue, .stops]) {
            flags.insert(.seesData)
        }
        return flags
    }

    private func enter(_ index: Int) {
        let name = callNames[index]
        name.withView { view in
            var key = CommandTable.key(view, containers[index])
            var at = CommandTable.hash(key) & mask
            while names[at].index >= 0 {
                let same =
                    names[at].head == key.head && names[at].tail == key.tail
                    && names[at].rest == key.rest
                precondition(!same, "two rows for one command")
                at = (at + 1) & mask
            }
            key.index = index
            // Folding case confuses what is no letter; the words leave out the middle of long names.
            key.isAmbiguous = view.count > 16 || !name.bytes.allSatisfy { $0 >= 97 && $0 <= 122 }
            names[at] = key
        }
    }

    /// Long names are taken from both ends, short ones from both ends in smaller words; the length tells them apart.
    @inline(__always) private static func key(_ name: ByteView, _ container: Int32) -> Name {
        let fold: UInt64 = 0x2020_2020_2020_2020
        let count = name.count
        var key = Name()
        key.rest =
            UInt64(UInt32(truncatingIfNeeded: count)) << 32
            | UInt64(UInt32(truncatingIfNeeded: container &+ 1))
        if count >= 8 {
            key.head = name.start.u64(0) | fold
            key.tail = name.start.u64(count &- 8) | fold
        } else if count >= 4 {
            key.head = (UInt64(name.start.u32(0)) | UInt64(name.start.u32(count &- 4)) << 32) | fold
        } else if count > 0 {
            let middle = UInt64(name.start.u8(count >> 1)) << 8
            key.head = (UInt64(name.start.u8(0)) | middle | UInt64(name.start.u8(count &- 1)) << 16) | fold
        }
        return key
    }

    @inline(__always) private static func hash(_ key: Name) -> Int {
        let mixed = (key.head ^ key.tail.byteSwapped &+ key.rest) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 40)
    }

    /// The number of a command, or of a subcommand of `container`; -1 when there is none of that name.
    @inline(__always) public func find(_ name: ByteView, container: Int32 = -1) -> Int {
        let key = CommandTable.key(name, container)
        var at = CommandTable.hash(key) & mask
        while true {
            let entry = names[at]
            if entry.index < 0 { return -1 }
            if entry.head == key.head, entry.tail == key.tail, entry.rest == key.rest {
                if entry.isAmbiguous, !isName(name, of: entry.index) { return -1 }
                return entry.index
            }
            at = (at &+ 1) & mask
        }
    }

    @inline(never) private func isName(_ name: ByteView, of index: Int) -> Bool {
        callNames[index].withView { $0.equalsIgnoringCase(name) }
    }

    /// The places of a command's keys among so many arguments; step 0 when it has none that a glance can tell.
    @inline(__always) func keySpan(_ index: Int, argumentCount: Int) -> KeySpan {
        let row = rows[index]
        let first = Int(row.firstKey)
        let step = Int(row.keyStep)
        guard step > 0, first < argumentCount else { return KeySpan() }
        let last = Int(row.lastKey)
        return KeySpan(
            first: first,
            last: min(last < 0 ? argumentCount &+ last : first &+ last, argumentCount &- 1), step: step,
            readsBeyondEntry: row.readsBeyondEntry)
    }

    /// The original name, `container|sub` for a subcommand: what replies, statistics and the log show.
    public func fullName(_ index: Int) -> String { fullNames[index] }

    /// Whether the command can be called: `rename-command` may have taken its name away.
    public func isCallable(_ index: Int) -> Bool {
        let container = Int(containers[index])
        return !callNames[container < 0 ? index : container].isEmpty
    }

    /// The number of `name`, or of `container|sub`; nil when there is none.
    public func index(_ name: ByteView) -> Int? {
        guard let bar = name.firstIndex(of: UInt8(ascii: "|")) else {
            let found = find(name)
            return found < 0 ? nil : found
        }
        let container = find(name[0..<bar])
        guard container >= 0 else { return nil }
        let found = find(name.dropFirst(bar + 1), container: Int32(container))
        return found < 0 ? nil : found
    }

    /// Numbers of the subcommands of a container.
    public func subcommands(_ index: Int) -> Range<Int> {
        let first = Int(rows[index].firstSub)
        return first..<(first + Int(rows[index].subCount))
    }

    /// Sets the counts and times of all commands to zero (CONFIG RESETSTAT).
    public func resetStatistics() {
        for i in 0..<rows.count {
            rows[i].histogram.close()
            rows[i].calls = 0
            rows[i].ticks = 0
            rows[i].rejected = 0
            rows[i].failed = 0
        }
    }
}

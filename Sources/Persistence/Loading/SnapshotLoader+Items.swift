// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

// What stands in an RDB stream between keys.

extension SnapshotLoader {
    func readItem(_ input: inout RDBInput) throws(RDBStop) {
        beginItem(input)
        let first = try input.byte()
        switch first {
        case 0...RDBType.hashListpackEx: return try beginKey(first, &input)
        case RDBOpcode.deadlineMs: attributes.deadlineMs = Int64(bitPattern: try input.u64())
        case RDBOpcode.deadline:
            attributes.deadlineMs = Int64(Int32(bitPattern: try input.u32())) * 1000
        case RDBOpcode.idle: attributes.idleSeconds = Int64(clamping: try input.length())
        case RDBOpcode.frequency: attributes.frequency = try input.byte()
        case RDBOpcode.database: try select(&input)
        case RDBOpcode.sizes:
            // Tables grow segment by segment: there is nothing to prepare.
            let count = try input.length()
            onSizes(database, count, try input.length())
        case RDBOpcode.slotInfo: for _ in 0..<3 { _ = try input.length() }
        case RDBOpcode.aux: try readAux(&input)
        case RDBOpcode.function: try readFunction(&input)
        case RDBOpcode.moduleAux: try beginModule(&input)
        case RDBOpcode.end: stage = .checksum
        case RDBOpcode.earlyFunction: throw .unsupported("Pre-release function format not supported")
        case RDBOpcode.slotImport: throw .unsupported("The state of a slot that is being imported")
        default:
            // Between Redis's last version that is known and Valkey's first, numbers are others'.
            if (13..<80).contains(version.number) {
                throw .unsupported(
                    "Can't handle foreign type or opcode \(first) in RDB with version \(version.number)")
            }
            throw .unsupported("Unknown type or opcode when loading DB. Unrecoverable error, aborting now.")
        }
        input.commit()
    }

    private func select(_ input: inout RDBInput) throws(RDBStop) {
        let number = try input.length()
        let limit = options.joinsDatabases ? Int(Int32.max) : keys.databaseCount
        guard number < UInt64(limit) else {
            throw .unsupported(
                """
                FATAL: Data file was created with a server configured to handle more than \(keys.databaseCount) \
                databases
                """)
        }
        database = Int(number)
        onDatabase(database)
    }

    private func readFunction(_ input: inout RDBInput) throws(RDBStop) {
        let text = try input.string()
        guard let onFunction else { return functions.append(text.array) }
        try text.array.withView { (view) throws(RDBStop) in try onFunction(view) }
    }

    private func readAux(_ input: inout RDBInput) throws(RDBStop) {
        let name = try input.string(0)
        let value = try input.string(1)
        onAux(ByteString(name.array), ByteString(value.array))
    }

    // MARK: Modules

    /// What a module keeps beside its keys: nobody here understands it, and the keys do not depend on it.
    private func beginModule(_ input: inout RDBInput) throws(RDBStop) {
        let name = ModuleName.text(try input.length())
        onNote("The RDB file contains AUX module data of the module '\(name)', which is left out.")
        stage = .module
    }

    /// Passes over one of the values behind their marks.
    func skipModuleItem(_ input: inout RDBInput) throws(RDBStop) {
        if try ModuleItems.skip(&input) { stage = .items }
        input.commit()
    }
}

/// The names of module types, which stand in numbers: nine letters of six bits each, and ten bits for a version.
enum ModuleName {
    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(_ number: UInt64) -> ByteString {
        ByteString((0..<9).map { letters[Int(number >> (58 - 6 * UInt64($0)) & 63)] })
    }
}

/// Values of modules: each behind a mark that says what it is, until the mark of the end.
enum ModuleItems {
    /// Passes over one item.
    /// - Returns: true when it was the end.
    static func skip(_ input: inout RDBInput) throws(RDBStop) -> Bool {
        switch try input.length() {
        case 0: return true
        case 1, 2: _ = try input.length()
        case 3: _ = try input.take(4)
        case 4: _ = try input.take(8)
        case 5: _ = try input.string()
        default: throw .damaged("Unknown module value")
        }
        return false
    }
}

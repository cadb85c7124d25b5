// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Which clients CLIENT LIST shows and CLIENT KILL closes: those that pass every condition. Of several of one kind the
/// last one holds, but ids add up.
struct ClientFilter {
    private enum Condition {
        case ids(Set<Int64>)
        /// Nil: the server's own primary, which is no client's class.
        case kind(OutputClass?)
        case user([UInt8])
        case address([UInt8])
        case localAddress([UInt8])
        case name([UInt8])
        case flags([UInt8])
        case libraryName([UInt8])
        case libraryVersion([UInt8])
        case database(Int)
        case capabilities([UInt8])
        case ip([UInt8])
        case ageSeconds(Int64)
        case idleSeconds(Int64)

        /// Whether both ask for the same.
        func isLike(_ other: Condition) -> Bool {
            switch (self, other) {
            case (.ids, .ids), (.kind, .kind), (.user, .user), (.address, .address),
                (.localAddress, .localAddress),
                (.name, .name), (.flags, .flags), (.libraryName, .libraryName),
                (.libraryVersion, .libraryVersion),
                (.database, .database), (.capabilities, .capabilities), (.ip, .ip),
                (.ageSeconds, .ageSeconds),
                (.idleSeconds, .idleSeconds):
                true
            default: false
            }
        }
    }

    private var conditions: [(condition: Condition, isNegated: Bool)] = []
    /// Whether the caller is spared; nil when it was not said.
    private(set) var skipsCaller: Bool?

    /// Reads the filters from argument `first` to the end.
    init(_ call: Call, _ args: Arguments, from first: Int) throws(Refusal) {
        var index = first
        while index < args.count {
            guard index + 1 < args.count else { throw .syntax }
            try read(call, args, &index)
        }
    }

    private mutating func read(_ call: Call, _ args: Arguments, _ index: inout Int) throws(Refusal) {
        let word = args[index]
        let isNegated = word.count > 4 && word[0..<4].matches("NOT-")
        let name = isNegated ? word.dropFirst(4) : word
        let value = args[index + 1]
        index += 2
        if name.matches("ID") {
            index -= 1
            guard value.integer != nil else { throw .syntax }
            var ids: Set<Int64> = []
            while index < args.count, let id = args[index].integer {
                guard id > 0 else { throw .custom("ERR client-id should be greater than 0") }
                ids.insert(id)
                index += 1
            }
            return add(.ids(ids), isNegated)
        }
        if !isNegated, try readUnnegatable(name, value) { return }
        add(try ClientFilter.condition(call, name, value), isNegated)
    }

    private mutating func add(_ condition: Condition, _ isNegated: Bool) {
        let same = conditions.firstIndex { $0.isNegated == isNegated && $0.condition.isLike(condition) }
        guard let same else { return conditions.append((condition, isNegated)) }
        if case (.ids(let before), .ids(let more)) = (conditions[same].condition, condition) {
            conditions[same].condition = .ids(before.union(more))
        } else {
            conditions[same].condition = condition
        }
    }

    /// Reads a filter that has no NOT- form. False when it is another one.
    private mutating func readUnnegatable(_ name: ByteView, _ value: ByteView) throws(Refusal) -> Bool {
        if name.matches("SKIPME") {
            guard value.matches("YES") || value.matches("NO") else { throw .syntax }
            skipsCaller = value.matches("YES")
        } else if name.matches("MAXAGE") {
            guard let seconds = value.integer else {
                throw .custom("ERR maxage is not an integer or out of range")
            }
            guard seconds > 0 else { throw .custom("ERR maxage should be greater than 0") }
            add(.ageSeconds(seconds), false)
        } else if name.matches("IDLE") {
            guard let seconds = value.integer else {
                throw .custom("ERR idle is not an integer or out of range")
            }
            guard seconds > 0 else { throw .custom("ERR idle should be greater than 0") }
            add(.idleSeconds(seconds), false)
        } else {
            return false
        }
        return true
    }

    private static func condition(
        _ call: Call, _ name: ByteView, _ value: ByteView
    ) throws(Refusal) -> Condition {
        if name.matches("TYPE") { return .kind(try kind(call, value)) }
        if name.matches("USER") {
            guard value == ByteView("default") else { throw call.refusal("ERR No such user '\(value)'") }
            return .user(value.array)
        }
        if name.matches("DB") {
            let count = Int64(call.engine.keys.databaseCount)
            guard let index = value.integer else { throw .custom("ERR DB is not an integer or out of range") }
            guard index >= 0, index < count else {
                throw call.refusal("ERR DB number should be between 0 and \(count - 1)")
            }
            return .database(Int(index))
        }
        if name.matches("FLAGS") {
            for i in 0..<value.count where ByteView("ABIMNOPRSTUbcdertux").firstIndex(of: value[i]) == nil {
                throw call.refusal("ERR Unknown flags found in the provided filter: \(value)")
            }
            return .flags(value.array)
        }
        if name.matches("CAPA") {
            for i in 0..<value.count where value[i] != UInt8(ascii: "r") {
                throw call.refusal("ERR Unknown capa found in the provided filter: \(value)")
            }
            return .capabilities(value.array)
        }
        let bytes = value.array
        if name.matches("ADDR") { return .address(bytes) }
        if name.matches("LADDR") { return .localAddress(bytes) }
        if name.matches("NAME") { return .name(bytes) }
        if name.matches("LIB-NAME") { return .libraryName(bytes) }
        if name.matches("LIB-VER") { return .libraryVersion(bytes) }
        if name.matches("IP") { return .ip(bytes) }
        throw .syntax
    }

    private static func kind(_ call: Call, _ value: ByteView) throws(Refusal) -> OutputClass? {
        if value.matches("NORMAL") { return .normal }
        if value.matches("REPLICA") || value.matches("SLAVE") { return .replica }
        if value.matches("PUBSUB") { return .pubsub }
        if value.matches("MASTER") || value.matches("PRIMARY") { return nil }
        throw call.refusal("ERR Unknown client type '\(value)'")
    }

    // MARK: Passing

    /// The sessions to look at: where ids are named, no others.
    func candidates(_ clients: ClientRegistry) -> [Session] {
        for case (.ids(let ids), false) in conditions {
            return ids.compactMap { clients.sessions[UInt64($0)] }
        }
        return clients.all
    }

    func passes(_ session: Session, _ engine: Engine) -> Bool {
        conditions.allSatisfy { ClientFilter.holds($0.condition, session, engine) != $0.isNegated }
    }

    private static func holds(_ condition: Condition, _ session: Session, _ engine: Engine) -> Bool {
        let nowMs = engine.keys.nowMs
        return switch condition {
        case .ids(let ids): ids.contains(Int64(session.id))
        case .kind(let kind): kind == session.outputClass
        case .user(let user): session.isAuthenticated && user == Array("default".utf8)
        case .address(let address): session.address.bytes == address
        case .localAddress(let address): session.localAddress.bytes == address
        case .name(let name): session.name == name
        case .flags(let letters):
            letters.allSatisfy { session.flagLetters(engine.facts(session)).contains($0) }
        case .libraryName(let name): session.libraryName == name
        case .libraryVersion(let version): session.libraryVersion == version
        case .database(let index): session.database == index
        case .capabilities(let letters):
            letters.allSatisfy { $0 == UInt8(ascii: "r") && session.followsRedirects }
        case .ip(let ip): session.ip == ip
        case .ageSeconds(let seconds): (nowMs - session.createdMs) / 1000 >= seconds
        case .idleSeconds(let seconds): (nowMs - session.lastActiveMs) / 1000 >= seconds
        }
    }
}

extension Session {
    /// The address without its port and without brackets.
    var ip: [UInt8] {
        let address = address.bytes
        guard let colon = address.lastIndex(of: UInt8(ascii: ":")) else { return address }
        let host = address[..<colon]
        let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
        return Array(isBracketed ? host.dropFirst().dropLast() : host)
    }
}

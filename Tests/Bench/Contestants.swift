// SPDX-License-Identifier: Apache-2.0
// The servers of a run: Needletail first, then its peers in the order in which they were named.
import Foundation

/// One server of the run.
struct Contestant: Sendable {
    /// 0 for Needletail, from 1 on for its peers; the place of its figures in every row.
    let index: Int
    let path: String
    /// What it says of itself, for example "Valkey 9.1.2".
    let name: String

    var isOurs: Bool { index == 0 }
}

/// One value for each server of the run. A missing one means that it could not be measured; a note says why.
struct PerServer<Value: Codable & Sendable>: Codable, Sendable {
    private var values: [Value?] = []

    init() {}

    init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([Value?].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    subscript(index: Int) -> Value? {
        get { index < values.count ? values[index] : nil }
        set {
            while values.count <= index { values.append(nil) }
            values[index] = newValue
        }
    }

    var ours: Value? { self[0] }

    /// Whether no server has a value.
    var isEmpty: Bool { values.allSatisfy { $0 == nil } }

    func map<Other>(_ transform: (Value) -> Other?) -> PerServer<Other> {
        var result = PerServer<Other>()
        for (index, value) in values.enumerated() { result[index] = value.flatMap(transform) }
        return result
    }
}

/// Everything a measurement needs besides its rows.
struct Bout {
    let options: Options
    let machine: Machine
    let children: Children
    let contestants: [Contestant]

    /// The servers in the order of one round: who goes first changes from round to round, so that a slow drift of the
    /// machine hits all alike.
    func order(round: Int) -> [Contestant] {
        let first = round % contestants.count
        return Array(contestants[first...] + contestants[..<first])
    }

    /// Starts a server on the core for servers.
    func start(_ contestant: Contestant) throws -> ServerUnderTest {
        try ServerUnderTest(contestant, cores: machine.serverCore.map { [$0] }, children: children)
    }
}

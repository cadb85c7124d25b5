// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Engine
@testable import Operations

/// The directives against those of the peers. Where this server differs, `differences` says why.
@Suite struct ConfigFactsTests {
    private let parameters = Config().parameters

    /// Directives whose default, mutability or range is not Redis's.
    private static let differences: [String: String] = [
        "active-defrag-ignore-bytes": "entries are moved in slices, so less waste is worth the work",
        "activedefrag": "entries are moved in slices between turns, which no client notices",
        "debug-context": "a note that only crash reports of Valkey show",
        "dir": "the working folder is known at the start only",
        "dynamic-hz": "Valkey has dropped it; Redis's is kept",
        "lazyfree-lazy-eviction": "large values are always freed in slices",
        "lazyfree-lazy-expire": "large values are always freed in slices",
        "lazyfree-lazy-server-del": "large values are always freed in slices",
        "lazyfree-lazy-user-del": "large values are always freed in slices",
        "lazyfree-lazy-user-flush": "large values are always freed in slices",
        "rdma-bind": "refused by any value, as in a Valkey without RDMA",
        "replica-lazy-flush": "large values are always freed in slices",
        "req-res-logfile": "exists in builds for testing only",
    ]

    @Test func everyNameIsKnown() {
        for row in ConfigFacts.rows {
            let own = parameters.find(ByteString(row.name))
            #expect(own != nil, "\(row.name)")
            for alias in row.aliases {
                #expect(parameters.find(ByteString(alias))?.name == own?.name, "\(alias)")
            }
        }
        for name in ConfigFacts.fileOnly {
            #expect(parameters.find(ByteString(name))?.isFileOnly == true, "\(name)")
        }
        #expect(
            Config().take(["sentinel", "a"]) == "sentinel directive while not in sentinel mode")
    }

    /// What no other server has.
    private static let own = ["rdb-save-version", "turn-log-slower-than"]

    @Test func nothingIsMadeUp() {
        let known = Set(
            ConfigFacts.rows.flatMap { [$0.name] + $0.aliases } + ConfigFacts.fileOnly + Self.own)
        for (name, _) in parameters.names { #expect(known.contains(name.description), "\(name)") }
    }

    @Test func defaultsAreThoseOfRedis() {
        for row in ConfigFacts.rows {
            guard let own = parameters.find(ByteString(row.name)) else { continue }
            let value = own.value(in: Settings()).description
            let expected = row.ofRedis(row.defaults)
            if Self.differences[row.name] == nil {
                #expect(value == expected, "\(row.name)")
            } else {
                #expect(!row.defaults.allSatisfy { $0 == value } || row.name.hasPrefix("rdma"), "\(row.name)")
            }
        }
    }

    @Test func whatMayChangeIsWhatRedisChanges() {
        for row in ConfigFacts.rows {
            guard let own = parameters.find(ByteString(row.name)) else { continue }
            let letter =
                switch own.change {
                case .anytime: "a"
                case .fixed: "f"
                case .protected: "p"
                }
            let shape = letter + (own.isHidden ? "h" : "")
            if row.name == "rdma-bind" { continue }
            #expect(shape == row.ofRedis(row.changes), "\(row.name)")
        }
    }

    @Test func formsAreThoseOfRedis() {
        for row in ConfigFacts.rows {
            guard let own = parameters.find(ByteString(row.name)), let shape = Self.shape(own.form) else {
                continue
            }
            #expect(shape == Self.number(row.type), "\(row.name)")
        }
    }

    /// The form in the words of the facts; nil where it is special.
    private static func shape(_ form: ParameterForm) -> String? {
        switch form {
        case .bool: "bool"
        case .integer(let range): "int[\(range.lowerBound)..\(range.upperBound)]"
        case .memory(let range): "memory[\(range.lowerBound)..\(range.upperBound)]"
        case .signedMemory: "memory(signed)[-1..\(Int.max)]"
        case .octal(let range): "octal[\(range.lowerBound)..0\(String(range.upperBound, radix: 8))]"
        case .choice(let words), .choices(let words): "enum{\(words.joined(separator: ","))}"
        case .string, .fileName: nil
        default: nil
        }
    }

    /// A type with numbers instead of C's names for them.
    private static func number(_ type: String) -> String {
        var text = type
        for (name, value) in [
            ("ULLONG_MAX", "\(UInt64.max)"), ("ULONG_MAX", "\(Int.max)"), ("LLONG_MAX", "\(Int.max)"),
            ("SSIZE_MAX", "\(Int.max)"), ("LONG_MAX", "\(Int.max)"), ("UINT_MAX", "\(UInt32.max)"),
            ("INT_MAX", "\(Int32.max)"), ("INT_MIN", "\(Int32.min)"), ("IO_THREADS_MAX_NUM", "256"),
        ] {
            text = text.replacing(name, with: value)
        }
        return text
    }

    /// Each directive works, cannot matter, sleeps until its feature wakes, or is refused; and each of these says why.
    @Test func everyDirectiveHasItsStanding() {
        for parameter in parameters.all {
            switch parameter.standing {
            case .built, .line, .ignored, .dormant: break
            case .noEffect(let reason): #expect(!reason.isEmpty, "\(parameter.name)")
            case .notYet(let neutral):
                let value = parameter.value(in: Settings())
                #expect(
                    neutral.isEmpty || Config().take([ByteString(parameter.name), value]) == nil)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One directive: its names, what its values look like, and where the value lives.
public struct Parameter: Sendable {
    /// When a directive may change.
    public enum Change: Sendable {
        case anytime
        /// Only at start.
        case fixed
        /// At run time only where `enable-protected-configs` allows it.
        case protected
    }

    /// A feature whose settings are stored before it exists.
    public enum Feature: String, Sendable {
        case accessLists, appendOnlyFile, cluster, hyperloglog, lists
        case rdma, replication, saving, scripting, sortedSets, sorting, streams, tls
    }

    /// What a directive does.
    public enum Standing: Sendable {
        case built
        /// Accepted and stored; cannot matter here, for this reason.
        case noEffect(String)
        /// Accepted and stored; belongs to a feature that cannot be turned on yet.
        case dormant(Feature)
        /// Refused unless the value, a glob, asks for what the server does anyway.
        case notYet([String])
        /// Only for configuration files, where it is read and forgotten.
        case ignored
        /// Only for configuration files, where it is carried out when it is read.
        case line
    }

    /// Where the value lives.
    enum Home: Sendable {
        case bool(WritableKeyPath<Settings, Bool> & Sendable)
        case number(WritableKeyPath<Settings, Int> & Sendable)
        case text(WritableKeyPath<Settings, String> & Sendable)
        case bytes(WritableKeyPath<Settings, [UInt8]> & Sendable)
        case words(WritableKeyPath<Settings, [String]> & Sendable)
        /// In `Settings.others`, as text.
        case others
    }

    public let name: String
    public let aliases: [String]
    public let form: ParameterForm
    public let standing: Standing
    public let change: Change
    /// Shown to CONFIG GET by its full name only.
    public let isHidden: Bool
    let home: Home
    /// The value of a directive without a place of its own, until it is set.
    private let initial: [UInt8]

    /// A directive with a place of its own in `Settings`.
    init(
        _ name: String, _ form: ParameterForm, _ home: Home, aliases: [String] = [],
        change: Change = .anytime,
        isHidden: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.form = form
        self.home = home
        self.change = change
        self.isHidden = isHidden
        standing = .built
        initial = []
    }

    /// A directive that is stored as text.
    init(
        _ name: String, _ form: ParameterForm, _ initial: String, _ standing: Standing,
        aliases: [String] = [],
        change: Change = .anytime, isHidden: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.form = form
        self.standing = standing
        self.change = change
        self.isHidden = isHidden
        self.initial = Array(initial.utf8)
        home = .others
    }

    /// Known to configuration files only, not to CONFIG.
    var isFileOnly: Bool {
        switch standing {
        case .ignored, .line: true
        case .notYet(let neutral): neutral.isEmpty
        default: false
        }
    }

    /// The value as CONFIG GET shows it.
    public func value(in settings: Settings) -> [UInt8] {
        switch home {
        case .bool(let path): Array((settings[keyPath: path] ? "yes" : "no").utf8)
        case .number(let path): form.text(settings[keyPath: path])
        case .text(let path): Array(settings[keyPath: path].utf8)
        case .bytes(let path): settings[keyPath: path]
        case .words(let path): Array(settings[keyPath: path].joined(separator: " ").utf8)
        case .others: settings.others[name] ?? initial
        }
    }

    /// Checks the words of a new value and stores it.
    func set(_ words: [[UInt8]], in settings: inout Settings) throws(ParameterError) {
        let value = try form.read(words, current: self.value(in: settings))
        if case .notYet(let neutral) = standing {
            guard value.withView({ view in neutral.contains { Parameter.matches($0, view) } }) else {
                throw ParameterError("\(name) is not built yet; \(Parameter.only(neutral))")
            }
        }
        store(value, in: &settings)
    }

    /// Stores a value that `form` has made.
    private func store(_ value: [UInt8], in settings: inout Settings) {
        let text = String(decoding: value, as: UTF8.self)
        switch home {
        case .bool(let path): settings[keyPath: path] = text == "yes"
        case .number(let path): settings[keyPath: path] = form.number(text)
        case .text(let path): settings[keyPath: path] = text
        case .bytes(let path): settings[keyPath: path] = value
        case .words(let path): settings[keyPath: path] = text.split(separator: " ").map(String.init)
        case .others: settings.others[name] = value
        }
    }

    private static func matches(_ pattern: String, _ value: ByteView) -> Bool {
        Array(pattern.utf8).withView { globMatches($0, value) }
    }

    private static func only(_ neutral: [String]) -> String {
        if neutral.isEmpty { return "it cannot be given" }
        let values = neutral.map { $0.isEmpty ? "\"\"" : $0 }.joined(separator: ", ")
        return "only \(values) is accepted"
    }
}

/// What is wrong with a value, in the words of Redis.
public struct ParameterError: Error {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// All directives, by name and alias in lower case.
public struct Parameters: Sendable {
    public let all: [Parameter]
    private let indexes: [String: Int]
    /// Every name and alias with its directive, in the order of the names.
    public let names: [(name: String, index: Int)]

    public init(_ tables: [[Parameter]]) {
        all = Array(tables.joined())
        var indexes: [String: Int] = [:]
        for (index, parameter) in all.enumerated() {
            for name in [parameter.name] + parameter.aliases {
                let previous = indexes.updateValue(index, forKey: name)
                precondition(previous == nil, "two rows for one directive")
            }
        }
        self.indexes = indexes
        names = indexes.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// The directives of this target.
    public static let core = Parameters(
        [
            built,
            service,
            memoryLimit,
            defragmentation,
            notYet,
            dormant,
            noEffect,
            fileOnly,
        ] + Families.core.map(\.parameters))

    /// The directive of a name in any case.
    public func find(_ name: [UInt8]) -> Parameter? {
        guard let index = indexes[String(decoding: name, as: UTF8.self).lowercased()] else { return nil }
        return all[index]
    }
}

/// Bounds of C's integers, which Redis's ranges use.
enum Limit {
    static let int = Int(Int32.max)
    static let uint = Int(UInt32.max)
}

// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// One directive: its names, what its values look like, and where the value lives.
public struct Parameter: Sendable {
    /// When a directive may change.
    public enum Change: Sendable {
        /// At start and at run time.
        case anytime
        /// Only at start.
        case fixed
        /// At run time only where `enable-protected-configs` allows it.
        case protected
    }

    /// A feature whose settings are stored before it exists.
    public enum Feature: String, Sendable {
        case accessLists, cluster
        case rdma, replication, tls
    }

    /// What a directive does.
    public enum Standing: Sendable {
        /// It works.
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
    public enum Home: Sendable {
        /// Yes or no, a number, or any text: in the field of this path.
        case bool(WritableKeyPath<Settings, Bool> & Sendable)
        case number(WritableKeyPath<Settings, Int> & Sendable)
        /// Up to where values of a type are packed.
        case limit(WritableKeyPath<EncodingLimits, Int> & Sendable)
        /// Bytes beyond what an Int holds.
        case memory(WritableKeyPath<Settings, UInt64> & Sendable)
        case text(WritableKeyPath<Settings, ByteString> & Sendable)
        /// Words or letters that the form names.
        case word(WritableKeyPath<Settings, String> & Sendable)
        case words(WritableKeyPath<Settings, [ByteString]> & Sendable)
        /// In `Settings.others`, as text.
        case others
    }

    /// The directive's name in lower case.
    public let name: String
    /// Other names that it answers to.
    public let aliases: [String]
    /// What its values look like.
    public let form: ParameterForm
    /// Whether it works, or why it does not.
    public let standing: Standing
    /// When it may change.
    public let change: Change
    /// Shown to CONFIG GET by its full name only.
    public let isHidden: Bool
    let home: Home
    /// The value of a directive without a place of its own, until it is set.
    private let initial: ByteString

    /// A directive with a place of its own in `Settings`.
    public init(
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
        initial = ""
    }

    /// A directive that is stored as text.
    public init(
        _ name: String, _ form: ParameterForm, _ initial: ByteString, _ standing: Standing,
        aliases: [String] = [],
        change: Change = .anytime, isHidden: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.form = form
        self.standing = standing
        self.change = change
        self.isHidden = isHidden
        self.initial = initial
        home = .others
    }

    /// Known to configuration files only, not to CONFIG.
    public var isFileOnly: Bool {
        switch standing {
        case .ignored, .line: true
        case .notYet(let neutral): neutral.isEmpty
        default: false
        }
    }

    /// The value as CONFIG GET shows it.
    public func value(in settings: Settings) -> ByteString {
        switch home {
        case .bool(let path): settings[keyPath: path] ? "yes" : "no"
        case .number(let path): form.text(settings[keyPath: path])
        case .limit(let path): form.text(settings.limits[keyPath: path])
        case .memory(let path): "\(settings[keyPath: path])"
        case .text(let path): settings[keyPath: path]
        case .word(let path): ByteString(settings[keyPath: path])
        case .words(let path): settings[keyPath: path].joined(separator: " ")
        case .others: settings.others[name] ?? initial
        }
    }

    /// The words of a value that came in one piece: single blanks separate those of a list.
    public func words(of value: ByteString) -> [ByteString] {
        guard form.takesSeveral else { return [value] }
        if value.isEmpty { return [] }
        return value.bytes.split(separator: 32, omittingEmptySubsequences: false).map { ByteString($0) }
    }

    /// Checks the words of a new value and stores it.
    func set(_ words: [ByteString], in settings: inout Settings) throws(ParameterError) {
        let value = try form.read(words, current: self.value(in: settings))
        if case .notYet(let neutral) = standing {
            guard neutral.contains(where: { Parameter.matches($0, value) }) else {
                throw ParameterError("\(name) is not built yet; \(Parameter.only(neutral))")
            }
        }
        store(value, in: &settings)
    }

    /// Stores a value that `form` has made.
    private func store(_ value: ByteString, in settings: inout Settings) {
        switch home {
        case .bool(let path): settings[keyPath: path] = value == "yes"
        case .number(let path): settings[keyPath: path] = form.number(value)
        case .limit(let path): settings.limits[keyPath: path] = form.number(value)
        case .memory(let path): settings[keyPath: path] = value.withView(\.unsignedInteger) ?? 0
        case .text(let path): settings[keyPath: path] = value
        case .word(let path): settings[keyPath: path] = value.description
        case .words(let path): settings[keyPath: path] = value.words()
        case .others: settings.others[name] = value
        }
    }

    private static func matches(_ pattern: String, _ value: ByteString) -> Bool {
        ByteString(pattern).withView { pattern in value.withView { globMatches(pattern, $0) } }
    }

    private static func only(_ neutral: [String]) -> String {
        if neutral.isEmpty { return "it cannot be given" }
        let values = neutral.map { $0.isEmpty ? "\"\"" : $0 }.joined(separator: ", ")
        return "only \(values) is accepted"
    }
}

/// What is wrong with a value, in the words of Redis.
public struct ParameterError: Error {
    /// What is wrong, as whoever sets the directive is told.
    public let text: ByteString
    /// An error of this text.
    public init(_ text: ByteString) { self.text = text }
}

/// All directives, by name and alias in lower case.
public struct Parameters: Sendable {
    /// All directives, each once, in the order of their tables.
    public let all: [Parameter]
    private let indexes: [ByteString: Int]
    /// Every name and alias with its directive, in the order of the names.
    public let names: [(name: ByteString, index: Int)]

    /// The directives of these tables. Traps when a name occurs twice.
    public init(_ tables: [[Parameter]]) {
        all = Array(tables.joined())
        var indexes: [ByteString: Int] = [:]
        for (index, parameter) in all.enumerated() {
            for name in [parameter.name] + parameter.aliases {
                let previous = indexes.updateValue(index, forKey: ByteString(name))
                precondition(previous == nil, "two rows for one directive")
            }
        }
        self.indexes = indexes
        names = indexes.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// The directive of a name in any case.
    public func find(_ name: ByteString) -> Parameter? {
        guard let index = indexes[name.lowercased] else { return nil }
        return all[index]
    }
}

/// Bounds of C's integers, which Redis's ranges use.
public enum Limit {
    /// The largest number of C's `int` and `unsigned int`.
    public static let int = Int(Int32.max)
    public static let uint = Int(UInt32.max)
}

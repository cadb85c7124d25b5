// SPDX-License-Identifier: Apache-2.0

/// One argument of a command's documentation.
struct DocArgument: Sendable, Equatable {
    enum Kind: String, Sendable {
        case string, integer, double, key, pattern, oneof, block
        case unixTime = "unix-time"
        case pureToken = "pure-token"
    }

    var name: String
    var kind: Kind
    /// What to show for it; nil: its name.
    var display: String?
    /// The word in front of the argument.
    var token: String?
    var isOptional = false
    var isMultiple = false
    /// Whether each repetition has the token again.
    var repeatsToken = false
    var parts: [DocArgument] = []
    /// Which of the command's key specifications finds it.
    var keySpec: Int?

    /// Whether it only holds others.
    var isGroup: Bool { kind == .oneof || kind == .block }

    /// The fewest words that the argument takes in a call.
    var wordsMin: Int {
        if isOptional { return 0 }
        let own = token == nil || kind == .pureToken ? 0 : 1
        switch kind {
        case .oneof: return own + (parts.map(\.wordsMin).min() ?? 0)
        case .block: return own + parts.reduce(0) { $0 + $1.wordsMin }
        default: return own + 1
        }
    }
}

/// Reads the notation in which the docs write arguments:
///
///     key value [condition: NX | XX] [EX seconds:integer | KEEPTTL] (field value)... AUTH (user password)
///
/// A word in lower case is an argument, its type behind a colon (`string` unless its name is `key` or `pattern`), what
/// to show for it behind an equals sign (`addr=ip:port`). Keys are found by the key specifications in order; behind the
/// type, `#2` names another one. A word in upper case, or `=`, `~`, `*` or `$`, is a token: of the argument or group that
/// follows it, alone otherwise (or in parentheses). Brackets make optional, `|` separates choices, `...` says that the
/// argument may be repeated, with its token if that is inside the brackets. A group may begin with its name and a colon.
struct SyntaxReader {
    /// What is wrong with a text.
    struct Malformed: Error { let text: String }

    private let words: [String]
    private var at = 0
    private var keysSeen = 0
    private let keySpecCount: Int

    /// - Parameter keySpecCount: how many key specifications the command has; keys get their numbers in order.
    static func read(_ text: String, keySpecCount: Int) throws(Malformed) -> [DocArgument] {
        var reader = SyntaxReader(words: SyntaxReader.split(text), keySpecCount: keySpecCount)
        let arguments = try reader.sequence()
        guard reader.at == reader.words.count else { throw Malformed(text: text) }
        return arguments
    }

    private init(words: [String], keySpecCount: Int) {
        self.words = words
        self.keySpecCount = keySpecCount
    }

    private static func split(_ text: String) -> [String] {
        var words: [String] = []
        for piece in text.replacing("...", with: " … ").split(separator: " ") {
            var word = ""
            for character in piece {
                if "[]()|…".contains(character) {
                    if !word.isEmpty { words.append(word) }
                    word = ""
                    words.append(String(character))
                } else {
                    word.append(character)
                }
            }
            if !word.isEmpty { words.append(word) }
        }
        return words
    }

    private var next: String? { at < words.count ? words[at] : nil }

    private mutating func sequence() throws(Malformed) -> [DocArgument] {
        var arguments: [DocArgument] = []
        while let word = next, word != "]", word != ")", word != "|" { arguments.append(try argument()) }
        return arguments
    }

    private mutating func argument() throws(Malformed) -> DocArgument {
        guard let word = next else { throw Malformed(text: "an argument is missing") }
        at += 1
        var argument: DocArgument
        if word == "[" {
            argument = try group(until: "]")
            argument.isOptional = true
        } else if word == "(" {
            argument = try group(until: ")")
        } else if SyntaxReader.isToken(word) {
            argument = try tokenOrPrefix(word)
        } else {
            argument = try plain(word)
        }
        if next == "…" {
            at += 1
            argument.isMultiple = true
            // `ID id...` has its token in front of all; that was read with the argument behind it.
            argument.repeatsToken = argument.token != nil && argument.kind != .pureToken
        }
        return argument
    }

    private static func isToken(_ word: String) -> Bool {
        guard let first = word.first else { return false }
        return first.isUppercase || "\"=~*$".contains(first)
    }

    private mutating func tokenOrPrefix(_ word: String) throws(Malformed) -> DocArgument {
        let isPrefix = next.map { $0 == "(" || (!SyntaxReader.isToken($0) && !"[])|…".contains($0)) } ?? false
        guard isPrefix else { return DocArgument(name: word.lowercased(), kind: .pureToken, token: word) }
        var argument = try self.argument()
        argument.token = word
        return argument
    }

    private mutating func plain(_ word: String) throws(Malformed) -> DocArgument {
        let shown = word.split(separator: "=", maxSplits: 1).map(String.init)
        let pieces = shown[0].split(separator: ":").map(String.init)
        guard let name = pieces.first, pieces.count <= 2 else { throw Malformed(text: word) }
        let implied = name == "key" || name == "pattern" ? name : "string"
        let typed = (pieces.count == 2 ? pieces[1] : implied).split(separator: "#").map(String.init)
        guard let kind = typed.first.flatMap(DocArgument.Kind.init(rawValue:)), typed.count <= 2 else {
            throw Malformed(text: word)
        }
        var argument = DocArgument(name: name, kind: kind)
        if typed.count == 2 {
            guard let number = Int(typed[1]), number < keySpecCount else { throw Malformed(text: word) }
            argument.keySpec = number
        }
        if shown.count == 2 { argument.display = shown[1] }
        if kind == .key, argument.keySpec == nil, keySpecCount > 0 {
            argument.keySpec = min(keysSeen, keySpecCount - 1)
            keysSeen += 1
        }
        return argument
    }

    /// The inside of a group and the bracket that closes it.
    private mutating func group(until close: String) throws(Malformed) -> DocArgument {
        var label: String?
        if let word = next, word.hasSuffix(":") {
            label = String(word.dropLast())
            at += 1
        }
        var choices = [try sequence()]
        while next == "|" {
            at += 1
            choices.append(try sequence())
        }
        guard next == close else { throw Malformed(text: "\(close) is missing") }
        at += 1
        let parts = choices.map { SyntaxReader.joined($0, nil) }
        if parts.count == 1 { return SyntaxReader.joined(choices[0], label) }
        let name = label ?? parts.map(\.name).joined(separator: "-or-")
        return DocArgument(name: name, kind: .oneof, parts: parts)
    }

    /// Several arguments as one block; one stays itself.
    private static func joined(_ arguments: [DocArgument], _ label: String?) -> DocArgument {
        if arguments.count == 1, label == nil { return arguments[0] }
        if arguments.count == 1, let label {
            var only = arguments[0]
            only.name = label
            return only
        }
        let name = label ?? arguments.map(\.name).joined(separator: "-")
        return DocArgument(name: name, kind: .block, parts: arguments)
    }
}

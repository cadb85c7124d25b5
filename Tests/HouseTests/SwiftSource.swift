// SPDX-License-Identifier: Apache-2.0
// Just enough of a Swift reader for the house rules: tokens with their lines, without comments and string contents,
// and the declarations around them.

import Foundation

/// One token: a word, a number, an operator character or a string literal (kept as the marker `""`).
struct Token: Equatable {
    let text: String
    /// From 1.
    let line: Int
    /// What stands between the quotes of a string literal.
    var content = ""

    var isWord: Bool { text.first.map { $0 == "_" || $0 == "`" || $0.isLetter } ?? false }
}

/// Splits Swift source into tokens. Comments vanish; the code inside an interpolation stays.
struct Tokenizer {
    private let text: [UInt8]
    private var position = 0
    private var line = 1
    private var tokens: [Token] = []

    static func tokens(of source: String) -> [Token] {
        var tokenizer = Tokenizer(text: Array(source.utf8))
        tokenizer.readCode(inInterpolation: false)
        return tokenizer.tokens
    }

    private init(text: [UInt8]) { self.text = text }

    private func byte(_ offset: Int = 0) -> UInt8 {
        position + offset < text.count ? text[position + offset] : 0
    }
    private func starts(with word: String) -> Bool { text[position...].starts(with: word.utf8) }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < text.count {
            if text[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 0x80...: true
        default: false
        }
    }

    private mutating func add(_ text: String, _ line: Int) { tokens.append(Token(text: text, line: line)) }

    private mutating func readCode(inInterpolation: Bool) {
        var depth = 0
        while position < text.count {
            let start = position
            if starts(with: "//") {
                while position < text.count, byte() != UInt8(ascii: "\n") { advance() }
            } else if starts(with: "/*") {
                skipBlockComment()
            } else if let hashes = stringOpening() {
                let index = tokens.count
                add("\"\"", line)
                readString(hashes: hashes)
                let quoted = String(decoding: text[start..<position], as: UTF8.self)
                tokens[index].content = quoted.trimmingCharacters(in: ["#", "\""])
            } else if Tokenizer.isWord(byte()) {
                while Tokenizer.isWord(byte()) { position += 1 }
                add(String(decoding: text[start..<position], as: UTF8.self), line)
            } else {
                if byte() == UInt8(ascii: "(") { depth += 1 }
                if byte() == UInt8(ascii: ")") {
                    if inInterpolation && depth == 0 { return }
                    depth -= 1
                }
                if byte() > UInt8(ascii: " ") { add(String(UnicodeScalar(byte())), line) }
                advance()
            }
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                advance(2)
            } else if starts(with: "*/") {
                depth -= 1
                advance(2)
            } else {
                advance()
            }
        } while depth > 0 && position < text.count
    }

    /// The number of `#` before the quote, nil if no string begins here.
    private func stringOpening() -> Int? {
        var hashes = 0
        while byte(hashes) == UInt8(ascii: "#") { hashes += 1 }
        return byte(hashes) == UInt8(ascii: "\"") ? hashes : nil
    }

    private mutating func readString(hashes: Int) {
        advance(hashes)
        let marks = String(repeating: "#", count: hashes)
        let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        advance(quote.utf8.count)
        while position < text.count {
            if starts(with: quote + marks) { return advance(quote.utf8.count + hashes) }
            if starts(with: "\\" + marks + "(") {
                advance(2 + hashes)
                readCode(inInterpolation: true)
                advance()
            } else if starts(with: "\\" + marks) {
                advance(2 + hashes)
            } else if quote == "\"" && byte() == UInt8(ascii: "\n") {
                return  // Not a string after all; such source does not compile.
            } else {
                advance()
            }
        }
    }
}

/// What the rules ask about declarations.
struct Declarations {
    struct Function {
        let name: String
        let line: Int
        let lineCount: Int
    }
    struct Variable {
        let name: String
        let line: Int
    }

    private(set) var functions: [Function] = []
    /// Stored variables that live as long as the process: global ones, and static ones in a type.
    private(set) var processWide: [Variable] = []

    private enum Scope {
        case type
        case function(name: String, line: Int)
        case other
    }

    private let tokens: [Token]
    private var scopes: [Scope] = []
    /// What the next brace at its depth of parentheses opens; one deeper belongs to a default argument.
    private var pending: (scope: Scope, depth: Int)?
    private var depth = 0

    init(of source: String) {
        tokens = Tokenizer.tokens(of: source)
        for index in tokens.indices { visit(index) }
    }

    private func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

    private mutating func visit(_ index: Int) {
        let token = tokens[index]
        let isMember = text(index - 1) == "."
        switch token.text {
        case "struct", "enum", "actor", "extension", "protocol":
            if !isMember && tokens.indices.contains(index + 1) && tokens[index + 1].isWord { expect(.type) }
        case "class":
            let next = text(index + 1)
            if !isMember && !["var", "let", "func", "subscript", "{", ",", ">"].contains(next) {
                expect(.type)
            }
        case "func":
            expect(.function(name: text(index + 1), line: token.line))
        case "init", "deinit", "subscript":
            if !isMember, isInType { expect(.function(name: token.text, line: token.line)) }
        case "var":
            visitVariable(index)
        case "{":
            let opens = pending.map { $0.depth == depth } ?? false
            scopes.append(opens ? pending?.scope ?? .other : .other)
            if opens { pending = nil }
        case "(", "[": depth += 1
        case ")", "]": depth -= 1
        case "}":
            if case .function(let name, let line) = scopes.popLast() {
                functions.append(Function(name: name, line: line, lineCount: token.line - line + 1))
            }
        default: break
        }
    }

    private mutating func expect(_ scope: Scope) { pending = (scope, depth) }

    private var isInType: Bool {
        if case .type = scopes.last { true } else { false }
    }

    private mutating func visitVariable(_ index: Int) {
        let isStatic = ["static", "class"].contains { word in modifiers(before: index).contains(word) }
        guard scopes.isEmpty || isInType else { return }
        if isStored(index) {
            if scopes.isEmpty || isStatic {
                processWide.append(Variable(name: text(index + 1), line: tokens[index].line))
            }
        } else {
            expect(.function(name: text(index + 1), line: tokens[index].line))
        }
    }

    /// The words that directly precede `var`, attributes and `(set)` included.
    private func modifiers(before index: Int) -> [String] {
        let words: Set = [
            "static", "class", "public", "private", "internal", "package", "fileprivate", "open", "final",
            "lazy",
            "weak", "unowned", "nonisolated", "override", "mutating", "nonmutating", "(", ")", "set",
            "unsafe", "@",
        ]
        var found: [String] = []
        var at = index - 1
        while words.contains(text(at)) {
            found.append(text(at))
            at -= 1
        }
        return found
    }

    /// Whether the variable at `index` has storage: an initial value, or no accessors behind its type.
    private func isStored(_ index: Int) -> Bool {
        var depth = 0
        var at = index + 1
        while at < tokens.count {
            switch tokens[at].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "=" where depth == 0: return true
            case "{" where depth == 0: return false
            case ";" where depth == 0, "}" where depth == 0: return true
            default: break
            }
            let next = text(at + 1)
            if depth == 0, at + 1 < tokens.count, tokens[at + 1].line > tokens[at].line, next != "{",
                next != "="
            {
                return true
            }
            at += 1
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
// Whether public declarations say what they are. The formatter sees to it that a declaration begins a line and
// stands deeper than what it belongs to.

import Foundation

/// A declaration, by the line it begins on.
private struct Declaration {
    /// Index of the line.
    let line: Int
    /// Blanks in front of it.
    let indentation: Int
    let isPublic: Bool
    let isOverride: Bool
    let keyword: String
    /// Of an extension: the last word of the type it extends. Of an initializer or subscript: the keyword.
    let name: String

    static let types: Set = ["struct", "class", "enum", "protocol", "actor", "extension"]
    private static let keywords = types.union(["func", "var", "let", "typealias", "init", "subscript"])

    /// Nil when these tokens of one line begin no declaration: attributes, modifiers, a keyword.
    private init?(_ tokens: ArraySlice<Token>, indentation: Int) {
        var modifiers: Set<String> = []
        var at = tokens.startIndex
        while at < tokens.endIndex, !Declaration.keywords.contains(tokens[at].text) {
            if tokens[at].text == "@" {
                at += 2
            } else if tokens[at].text == "(" {
                at = (tokens[at...].firstIndex { $0.text == ")" } ?? at) + 1
            } else {
                guard tokens[at].isWord, tokens[at].text != "import" else { return nil }
                modifiers.insert(tokens[at].text)
                at += 1
            }
        }
        guard at < tokens.endIndex else { return nil }
        line = tokens[at].line - 1
        self.indentation = indentation
        isPublic = modifiers.contains("public") || modifiers.contains("open")
        isOverride = modifiers.contains("override")
        keyword = tokens[at].text
        let isNameless = keyword == "init" || keyword == "subscript"
        if !isNameless { at += 1 }
        while at + 2 < tokens.endIndex, tokens[at + 1].text == "." { at += 2 }
        name = at < tokens.endIndex ? tokens[at].text : ""
    }

    /// The declarations of a file, in their order.
    static func all(_ tokens: [Token], _ lines: [Substring]) -> [Declaration] {
        var found: [Declaration] = []
        var start = 0
        while start < tokens.count {
            let line = tokens[start].line
            let end = tokens[start...].firstIndex { $0.line != line } ?? tokens.count
            let indentation = lines[line - 1].utf8.prefix { $0 == UInt8(ascii: " ") }.count
            if let declaration = Declaration(tokens[start..<end], indentation: indentation) {
                found.append(declaration)
            }
            start = end
        }
        return found
    }

    /// Nobody asks what these mean: `==`, `hash(into:)`, `description`, and making something out of nothing.
    func isPlain(_ line: Substring) -> Bool {
        switch keyword {
        case "func": line.contains("func == (") || line.contains("func hash(into ")
        case "var": name == "description"
        case "init": line.contains("init() {}")
        default: false
        }
    }
}

/// The public protocols of the sources with the names of what they require, and what every type adopts.
private struct Adoptions {
    private var requirements: [String: Set<String>] = [:]
    private var adopted: [String: Set<String>] = [:]

    mutating func read(_ tokens: [Token]) {
        let text = { (index: Int) in tokens.indices.contains(index) ? tokens[index].text : "" }
        for start in tokens.indices
        where Declaration.types.contains(tokens[start].text) && text(start - 1) != "." {
            guard tokens.indices.contains(start + 1), tokens[start + 1].isWord else { continue }
            var at = start + 1
            while text(at + 1) == "." { at += 2 }
            let name = text(at)
            // What a type adopts stands between its name and its body.
            var words: Set<String> = []
            while at + 1 < tokens.count, !["{", "}", ";", "where"].contains(text(at + 1)) {
                at += 1
                if tokens[at].isWord { words.insert(text(at)) }
            }
            adopted[name, default: []].formUnion(words)
            if tokens[start].text == "protocol", text(start - 1) == "public" {
                requirements[name] = required(tokens[at...].drop { $0.text != "{" })
            }
        }
    }

    /// The names in the body that begins here.
    private func required(_ tokens: ArraySlice<Token>) -> Set<String> {
        var names: Set<String> = []
        var depth = 0
        for (token, next) in zip(tokens, tokens.dropFirst()) {
            if token.text == "{" { depth += 1 }
            if token.text == "}" { depth -= 1 }
            if depth == 0 { break }
            if ["func", "var"].contains(token.text) { names.insert(next.text) }
            if ["init", "subscript"].contains(token.text) { names.insert(token.text) }
        }
        return names
    }

    /// The names that are explained where a protocol that the type adopts, or is, requires them.
    func witnesses(of type: String) -> Set<String> {
        var (names, seen, open): (Set<String>, Set<String>, [String]) = ([], [], [type])
        while let next = open.popLast() {
            guard seen.insert(next).inserted else { continue }
            names.formUnion(requirements[next] ?? [])
            open += adopted[next] ?? []
        }
        return names
    }
}

extension Rules {
    /// A public declaration has a comment directly above it, or above its attributes. What needs none: what a public
    /// protocol of the project requires and explains, and the rest of a group of one-line declarations without a gap,
    /// for which the comment of the first speaks. Cases have at least the comment of their enum; whether it is enough,
    /// a reader must judge.
    static func checkDocumentation(_ files: [SourceFile]) -> [Finding] {
        let sources = files.filter { $0.isSwift && $0.path.hasPrefix("Sources/") }
        let tokens = sources.map { Tokenizer.tokens(of: $0.text) }
        var adoptions = Adoptions()
        for tokens in tokens { adoptions.read(tokens) }
        return zip(sources, tokens).flatMap { checkDocumentation($0, $1, adoptions) }
    }

    private static func checkDocumentation(
        _ file: SourceFile, _ tokens: [Token], _ adoptions: Adoptions
    ) -> [Finding] {
        let lines = file.lines
        let declarations = Declaration.all(tokens, lines)
        let taken = Set(declarations.map(\.line))
        var findings: [Finding] = []
        var scopes: [Declaration] = []
        /// The last line that has a comment, be it its group's.
        var explained = -1
        for declaration in declarations {
            while let scope = scopes.last, scope.indentation >= declaration.indentation {
                scopes.removeLast()
            }
            let scope = scopes.last
            if Declaration.types.contains(declaration.keyword) { scopes.append(declaration) }
            let isRequirement = scope.map { $0.keyword == "protocol" && $0.isPublic } ?? false
            guard declaration.isPublic || isRequirement, declaration.keyword != "extension" else { continue }
            let index = declaration.line
            let isOfGroup =
                explained == index - 1 && index > 0 && isWhole(lines[index - 1]) && isWhole(lines[index])
            if isOfGroup || hasComment(above: index, lines, taken) {
                explained = index
                continue
            }
            let isWitness = scope.map { adoptions.witnesses(of: $0.name).contains(declaration.name) } ?? false
            if isWitness && !isRequirement || declaration.isOverride || declaration.isPlain(lines[index]) {
                continue
            }
            let message = "\(declaration.name) is public and has no comment"
            findings.append(Finding(path: file.path, line: index + 1, message: message))
        }
        return findings
    }

    /// Whether `///` stands above the line, with nothing between but attributes and conditions.
    private static func hasComment(above index: Int, _ lines: [Substring], _ taken: Set<Int>) -> Bool {
        for above in (0..<index).reversed() {
            let text = lines[above].drop { $0 == " " }
            if text.hasPrefix("///") { return true }
            let isAttribute = text.hasPrefix("@") && !taken.contains(above)
            guard isAttribute || text.hasPrefix("#if") || text.hasPrefix("#else") else { return false }
        }
        return false
    }

    /// Whether a declaration ends on the line it begins on.
    private static func isWhole(_ line: Substring) -> Bool {
        let balance = line.reduce(0) { $0 + ("([{".contains($1) ? 1 : ")]}".contains($1) ? -1 : 0) }
        return balance == 0 && !line.hasSuffix("=") && !line.hasSuffix(",")
    }
}

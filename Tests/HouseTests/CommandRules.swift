// SPDX-License-Identifier: Apache-2.0
// What the rules know about the command table: the rows as they stand in the source.

/// A row: `Command("GETEX", …`, or `Command(container: "CLIENT", …` with the rows of its subcommands inside it, or
/// elsewhere in the type whose `commands` it names.
struct CommandRow {
    /// `CLIENT|LIST` for a subcommand.
    let name: String
    let path: String
    let line: Int
}

/// Collects rows over several files, because a container may take its subcommands from another one.
private struct RowReader {
    private struct Found {
        let name: String
        let container: String?
        let type: String?
        let path: String
        let line: Int
    }

    private var found: [Found] = []
    /// The container that takes its rows from a type, by the type's name.
    private var containers: [String: String] = [:]

    var rows: [CommandRow] {
        found.map { row in
            let container = row.container ?? row.type.flatMap { containers[$0] }
            let name = container.map { "\($0)|\(row.name)" } ?? row.name
            return CommandRow(name: name, path: row.path, line: row.line)
        }
    }

    mutating func read(_ file: SourceFile) {
        let tokens = Tokenizer.tokens(of: file.text)
        let text = { (index: Int) in tokens.indices.contains(index) ? tokens[index].text : "" }
        // What each open parenthesis or brace belongs to: a container's row, a type's body, or neither.
        var open: [(container: String?, type: String?)] = []
        var (container, type): (String?, String?) = (nil, nil)
        for (index, token) in tokens.enumerated() {
            switch token.text {
            case "enum", "struct", "class", "extension":
                if text(index - 1) != ".", tokens.indices.contains(index + 1), tokens[index + 1].isWord {
                    type = text(index + 1)
                }
            case "Command" where text(index + 1) == "(":
                // A container that stands elsewhere is no row here.
                if text(index + 2) == "extending", text(index + 4) == "\"\"" {
                    container = tokens[index + 4].content
                    continue
                }
                let isContainer = text(index + 2) == "container" && text(index + 3) == ":"
                let name = index + (isContainer ? 4 : 2)
                guard text(name) == "\"\"" else { continue }
                if isContainer { container = tokens[name].content }
                found.append(
                    Found(
                        name: tokens[name].content,
                        container: open.lazy.reversed().compactMap(\.container).first,
                        type: open.lazy.reversed().compactMap(\.type).first, path: file.path, line: token.line
                    ))
            case "commands" where text(index - 1) == ".":
                if let container = open.last?.container { containers[text(index - 2)] = container }
            case "(", "[", "{":
                open.append((container, token.text == "{" ? type : nil))
                container = nil
                if token.text == "{" { type = nil }
            case ")", "]", "}":
                _ = open.popLast()
            default: break
            }
        }
    }
}

extension Rules {
    /// The rows of the command table, wherever in Sources they stand.
    static func commandRows(of files: [SourceFile]) -> [CommandRow] {
        var reader = RowReader()
        for file in files where file.isSwift && file.path.hasPrefix("Sources/") { reader.read(file) }
        return reader.rows
    }

    /// A command has one row, so that a search for its quoted name leads to it.
    static func checkCommandRows(_ files: [SourceFile]) -> [Finding] {
        var first: [String: CommandRow] = [:]
        return commandRows(of: files).flatMap { row in
            var messages: [String] = []
            if let other = first[row.name] {
                messages.append("\(row.name) has a row in \(other.path):\(other.line) already")
            }
            if row.name != row.name.uppercased() { messages.append("\(row.name) is not in upper case") }
            first[row.name] = row
            return messages.map { Finding(path: row.path, line: row.line, message: $0) }
        }
    }

    /// What goes to replicas and the log is a command that has a row: they could not run another.
    static func checkPropagation(_ files: [SourceFile]) -> [Finding] {
        let rows = Set(commandRows(of: files).map(\.name))
        return files.filter { $0.isSwift && $0.path.hasPrefix("Sources/") }.flatMap { file in
            let tokens = Tokenizer.tokens(of: file.text)
            return tokens.indices.dropLast(2).compactMap { index -> Finding? in
                let isPropagated = ["propagate", "also"].contains(tokens[index].text)
                let isEffect =
                    tokens[index].text == "command" && index > 1 && tokens[index - 2].text == "effects"
                guard isPropagated || isEffect, tokens[index + 1].text == "(" else { return nil }
                let name = tokens[index + 2]
                guard name.text == "\"\"", !rows.contains(name.content) else { return nil }
                let message = "\(name.content) is propagated but has no row"
                return Finding(path: file.path, line: name.line, message: message)
            }
        }
    }
}

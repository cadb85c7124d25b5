// SPDX-License-Identifier: Apache-2.0
// The walls of the house. Each is a function over a path and its text, so that a test can show it a violation.

import Foundation

/// A broken rule: where, and what.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// A text file of the project, by its path from the root.
struct SourceFile {
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// `Commands` in `Sources/Commands/Strings/Get.swift`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isSource: Bool { path.hasPrefix("Sources/") || path.hasPrefix("CLibUV/") }
}

/// An exception to a rule with its reason, which must be a sentence and not a word.
struct Licence {
    let path: String
    let reason: String

    /// Covers one file, or everything below a path that ends in a slash.
    func covers(_ file: String) -> Bool { path.hasSuffix("/") ? file.hasPrefix(path) : file == path }
}

enum Rules {
    // MARK: Who imports whom

    /// The modules named behind `import`, whatever stands before it.
    static func imports(of text: String) -> [(module: String, line: Int)] {
        let tokens = Tokenizer.tokens(of: text)
        let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor"]
        return tokens.indices.compactMap { index in
            guard tokens[index].text == "import" else { return nil }
            var at = index + 1
            if at < tokens.count, kinds.contains(tokens[at].text) { at += 1 }
            return at < tokens.count ? (tokens[at].text, tokens[index].line) : nil
        }
    }

    /// Sources may import what their target's row allows, and nothing else.
    static func checkImports(_ file: SourceFile, allowed: [String: Set<String>]) -> [Finding] {
        guard file.isSwift, file.path.hasPrefix("Sources/") else { return [] }
        guard let row = allowed[file.target] else {
            return [
                Finding(
                    path: file.path, line: 1, message: "target \(file.target) has no row of allowed imports")
            ]
        }
        return imports(of: file.text).compactMap { module, line in
            row.contains(module)
                ? nil
                : Finding(path: file.path, line: line, message: "\(file.target) may not import \(module)")
        }
    }

    // MARK: Bytes

    /// Bytes that become a String lose what is no UTF-8: what clients and files say is kept as bytes.
    static func checkDecoding(_ file: SourceFile, licences: [Licence]) -> [Finding] {
        guard file.isSwift, file.isSource, !licences.contains(where: { $0.covers(file.path) }) else {
            return []
        }
        let words: Set = ["decoding", "validating", "cString"]
        let tokens = Tokenizer.tokens(of: file.text)
        return tokens.indices.filter { index in
            index >= 2 && words.contains(tokens[index].text) && tokens[index - 1].text == "("
                && tokens[index - 2].text == "String"
        }.map { index in
            Finding(
                path: file.path, line: tokens[index].line,
                message: "String(\(tokens[index].text): …) may change bytes: ByteString keeps them")
        }
    }

    // MARK: Danger

    /// The words that open a door to unchecked memory, and the stores that `Address` offers.
    static let dangerousWords: Set = [
        "unsafe", "Address", "unsafeBitCast", "unsafelyUnwrapped", "setU8", "setU16", "setU32",
        "setU64", "setI64", "setAddress",
    ]

    static func checkDanger(_ file: SourceFile, licences: [Licence]) -> [Finding] {
        guard file.isSwift, file.isSource, !licences.contains(where: { $0.covers(file.path) }) else {
            return []
        }
        return Tokenizer.tokens(of: file.text).filter {
            dangerousWords.contains($0.text) || $0.text.hasPrefix("Unsafe") || $0.text.hasPrefix("withUnsafe")
        }.map { Finding(path: file.path, line: $0.line, message: "\($0.text) needs a licence") }
    }

    /// A licence that nothing uses any more is taken back.
    static func checkLicences(_ licences: [Licence], _ files: [SourceFile]) -> [Finding] {
        licences.compactMap { licence in
            let used = files.contains { licence.covers($0.path) && !checkDanger($0, licences: []).isEmpty }
            let reasoned = licence.reason.split(separator: " ").count >= 4
            if used && reasoned { return nil }
            let message = used ? "the licence gives no reason" : "nothing uses this licence"
            return Finding(path: licence.path, line: 1, message: message)
        }
    }

    // MARK: State

    /// State belongs to a value that someone owns: no global or static `var`, and no way around the compiler's check.
    static func checkState(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, file.isSource else { return [] }
        let tokens = Tokenizer.tokens(of: file.text)
        let marked = tokens.indices.filter { index in
            tokens[index].text == "nonisolated"
                && tokens[index...].dropFirst().prefix(2).map(\.text) == ["(", "unsafe"]
        }.map { Finding(path: file.path, line: tokens[$0].line, message: "nonisolated(unsafe)") }
        let stored = Declarations(of: file.text).processWide.map {
            Finding(path: file.path, line: $0.line, message: "\($0.name) is a global or static variable")
        }
        return marked + stored
    }

    // MARK: Size and form

    static let licenceLine = "SPDX-License-Identifier: Apache-2.0"

    /// The licence stands in the first line, or behind the one that a tool wants first.
    static func checkHeader(_ file: SourceFile) -> [Finding] {
        let lines = file.lines
        let first = lines.first ?? ""
        let isTools = first.hasPrefix("#!") || first.hasPrefix("// swift-tools-version")
        let header = isTools ? lines.dropFirst().first ?? "" : first
        let comment =
            file.path.hasSuffix(".swift") ? header == "// " + licenceLine : header.contains(licenceLine)
        return comment
            ? [] : [Finding(path: file.path, line: 1, message: "the first line is not the licence line")]
    }

    static let fileLinesMax = 500
    static let functionLinesMax = 70

    static func checkFileLength(_ file: SourceFile, exceptions: [Licence]) -> [Finding] {
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        guard count > fileLinesMax, !exceptions.contains(where: { $0.covers(file.path) }) else { return [] }
        return [Finding(path: file.path, line: count, message: "\(count) lines, more than \(fileLinesMax)")]
    }

    /// An exception names a function as `path#function`.
    static func checkFunctionLength(_ file: SourceFile, exceptions: [Licence]) -> [Finding] {
        guard file.isSwift else { return [] }
        return Declarations(of: file.text).functions.compactMap { function in
            guard function.lineCount > functionLinesMax else { return nil }
            guard !exceptions.contains(where: { $0.path == "\(file.path)#\(function.name)" }) else {
                return nil
            }
            let message = "\(function.name) has \(function.lineCount) lines, more than \(functionLinesMax)"
            return Finding(path: file.path, line: function.line, message: message)
        }
    }

    /// An exception that is no longer needed goes: the ratchet only turns one way.
    static func checkExceptions(_ exceptions: [Licence], _ findings: [Finding]) -> [Finding] {
        exceptions.compactMap { exception in
            let used = findings.contains { finding in
                let function = finding.message.prefix { $0 != " " }
                return exception.covers(finding.path) || exception.path == "\(finding.path)#\(function)"
            }
            let reasoned = exception.reason.split(separator: " ").count >= 4
            if used && reasoned { return nil }
            let message = used ? "the exception gives no reason" : "nothing needs this exception"
            return Finding(path: exception.path, line: 1, message: message)
        }
    }

    // MARK: Words

    /// Marks of unfinished work, and talk about how the project is made: matched as whole words in any case.
    static let bannedWords = [
        "TODO", "FIXME", "XXX", "HACK", "WIP", "stub", "stubs", "stubbed", "placeholder", "unimplemented",
        "not implemented", "for now", "assistant", "subagent", "co-authored", "AI-generated", "worktree",
    ]
    /// Matched anywhere: machine paths and references that only their author can follow.
    static let bannedFragments = [
        "/root/", "/home/", "issue #", "issue 1", "issue 2", "issue 3",
    ]

    static func checkWords(_ file: SourceFile) -> [Finding] {
        file.lines.enumerated().flatMap { index, line in
            let lower = line.lowercased()
            let words = bannedWords.filter { contains(word: $0.lowercased(), in: lower) }
            let fragments = bannedFragments.filter { lower.contains($0) }
            return (words + fragments).map {
                Finding(path: file.path, line: index + 1, message: "banned: \($0)")
            }
        }
    }

    private static func contains(word: String, in line: String) -> Bool {
        var rest = line[...]
        while let range = rest.range(of: word) {
            let before =
                range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
            let after = range.upperBound == line.endIndex ? nil : line[range.upperBound]
            func joins(_ character: Character?) -> Bool {
                character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
            }
            if !joins(before) && !joins(after) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    // MARK: The manifest

    /// The folder of each target that Package.swift declares.
    static func targetFolders(manifest: String) -> Set<String> {
        let opening =
            /(library|tests|\.target|\.executableTarget|\.testTarget|\.systemLibrary)\(\s*(?:name: )?"(\w+)"/
        let matches = manifest.matches(of: opening)
        let ends = matches.dropFirst().map(\.range.lowerBound) + [manifest.endIndex]
        var folders: Set<String> = []
        for (match, end) in zip(matches, ends) {
            if let path = manifest[match.range.upperBound..<end].firstMatch(of: /\bpath:\s*"([^"]+)"/) {
                folders.insert(String(path.1))
            } else {
                let isTest = match.1 == "tests" || match.1 == ".testTarget"
                folders.insert((isTest ? "Tests/" : "Sources/") + match.2)
            }
        }
        return folders
    }

    /// No dead files: each Swift file belongs to a target, and each target has files.
    static func checkTargets(manifest: String, paths: [String]) -> [Finding] {
        let folders = targetFolders(manifest: manifest)
        let strays = paths.filter { path in
            path.hasSuffix(".swift") && path != "Package.swift"
                && !folders.contains { path.hasPrefix($0 + "/") }
        }.map { Finding(path: $0, line: 1, message: "belongs to no target") }
        let empty = folders.filter { folder in !paths.contains { $0.hasPrefix(folder + "/") } }
            .map { Finding(path: "Package.swift", line: 1, message: "\($0) has no files") }
        return strays + empty
    }

    static let topLevel: Set = [
        "Package.swift", "Sources", "Tests", "CLibUV", "README.md", "docker", "Makefile", "LICENSE",
    ]

    /// The top level holds what the design names, and dot-files.
    static func checkTopLevel(_ paths: [String]) -> [Finding] {
        Set(paths.map { String($0.prefix { $0 != "/" }) }).filter {
            !topLevel.contains($0) && !$0.hasPrefix(".")
        }
        .sorted().map { Finding(path: $0, line: 1, message: "does not belong on the top level") }
    }
}

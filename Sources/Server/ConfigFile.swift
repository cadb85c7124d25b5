// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Glibc
import RESP

/// Reads configuration: a file in the syntax of redis.conf, standard input, and the options of the command line.
///
/// The options count as lines behind those of the file, so that they win over it.
public struct ConfigFile {
    /// Why the configuration is refused: text for the terminal, of several lines.
    public struct Failure: Error, Equatable {
        /// What to print.
        public let text: String
        public init(text: String) { self.text = text }
    }

    /// How deep files may include each other.
    static let includeDepthMax = 16

    private let config: Config

    /// The configuration that these arguments (without the program's name) ask for:
    /// `[file] [-] [--option value …]…`.
    /// - Parameters:
    ///   - defaults: what holds where nothing else is said.
    ///   - behindFile: lines between those of the file and the options.
    ///   - standardInput: gives the lines for `-`.
    public static func load(
        _ arguments: [String], defaults: Settings = Settings(), behindFile: [UInt8] = [],
        standardInput: () -> [UInt8] = { ConfigFile.read(descriptor: STDIN_FILENO) }
    ) throws(Failure) -> Config {
        let config = Config(defaults)
        let reader = ConfigFile(config: config)
        var rest = arguments[...]
        var text: [UInt8] = []
        if let first = rest.first, !first.hasPrefix("-") {
            rest = rest.dropFirst()
            config.file = absolute(first)
            text = try contents(of: first)
        }
        if rest.first == "-" {
            rest = rest.dropFirst()
            text += [newline] + standardInput()
        }
        if !behindFile.isEmpty { text += [newline] + behindFile }
        let options = lines(rest)
        if !options.isEmpty { text += [newline] + options }
        try reader.take(text, depth: 0)
        return config
    }

    /// Reads the directives of a text, for instance of a file.
    public static func load(text: [UInt8], into config: Config) throws(Failure) {
        try ConfigFile(config: config).take(text, depth: 0)
    }

    // MARK: Lines

    private static let newline = UInt8(ascii: "\n")

    private func take(_ text: [UInt8], depth: Int) throws(Failure) {
        let lines = text.split(separator: ConfigFile.newline, omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let line = ConfigFile.trimmed(Array(raw))
            if line.isEmpty || line[0] == UInt8(ascii: "#") { continue }
            guard let words = splitWords(line) else {
                throw fatal("Unbalanced quotes in configuration line", line, index + 1)
            }
            guard let name = words.first else { continue }
            if Array("include".utf8) == name.map(\.asciiLower), words.count == 2 {
                try include(words[1], line, index + 1, depth)
            } else if let problem = config.take(words) {
                throw fatal(problem, line, index + 1)
            }
        }
    }

    private static func trimmed(_ line: [UInt8]) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        return Array(line.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    private func fatal(_ problem: String, _ line: [UInt8], _ number: Int) -> Failure {
        let shown = String(decoding: line, as: UTF8.self)
        return Failure(
            text: "\n*** FATAL CONFIG FILE ERROR (Needletail \(Version.needletail)) ***\n"
                + "Reading the configuration file, at line \(number)\n>>> '\(shown)'\n\(problem)\n")
    }

    /// Takes in the files that a path or pattern names, in the order of their names.
    private func include(_ path: [UInt8], _ line: [UInt8], _ number: Int, _ depth: Int) throws(Failure) {
        guard depth < ConfigFile.includeDepthMax else {
            throw fatal("Files include each other more than \(ConfigFile.includeDepthMax) deep", line, number)
        }
        let name = String(decoding: path, as: UTF8.self)
        let isPattern = name.contains { "*?[".contains($0) }
        for file in isPattern ? ConfigFile.matches(name) : [name] {
            try take(try ConfigFile.contents(of: file), depth: depth + 1)
        }
    }

    // MARK: Command line

    /// The options as lines of a file: each `--name` begins one, and the words up to the next are its value. The word
    /// behind a name is its value even if it begins with dashes, but for `--save`, which may stand alone.
    private static func lines(_ options: ArraySlice<String>) -> [UInt8] {
        var lines: [[String]] = []
        var lacksValue = false
        for option in options {
            if !lacksValue, option.hasPrefix("--"), option.utf8.count > 2 {
                let name = String(option.dropFirst(2))
                lines.append([name])
                // `"--name value"` in one word has its value already.
                lacksValue = splitWords(Array(name.utf8))?.count == 1 && name.lowercased() != "save"
            } else {
                lacksValue = false
                if lines.isEmpty { lines.append([]) }
                lines[lines.count - 1].append(option)
            }
        }
        var text: [UInt8] = []
        for words in lines {
            if !text.isEmpty { text.append(newline) }
            guard let name = words.first else { continue }
            text += name.utf8
            for word in words.dropFirst() { text += [32] + quoted(word.utf8) }
        }
        return text
    }

    /// A word in double quotes, as `splitWords` reads it back.
    static func quoted(_ word: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = [34]
        for byte in word {
            switch byte {
            case 34, 92: out += [92, byte]
            case 10: out += Array("\\n".utf8)
            case 13: out += Array("\\r".utf8)
            case 9: out += Array("\\t".utf8)
            default: out.append(byte)
            }
        }
        return out + [34]
    }

    // MARK: Files

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return currentDirectory() + "/" + path
    }

    /// The process's working directory.
    static func currentDirectory() -> String {
        guard let path = unsafe getcwd(nil, 0) else { return "." }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    private static func contents(of path: String) throws(Failure) -> [UInt8] {
        if let contents = read(path: path) { return contents }
        throw Failure(text: "Fatal error, can't open config file '\(absolute(path))': \(Start.lastError())")
    }

    /// The contents of a file; nil when it cannot be opened, for the reason in `errno`.
    static func read(path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor: descriptor)
    }

    /// Everything that can be read from a descriptor.
    public static func read(descriptor: Int32) -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return all }
            all += piece.prefix(count)
        }
    }

    /// The paths that a shell pattern matches.
    private static func matches(_ pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
        var paths: [String] = []
        for index in 0..<(unsafe Int(found.gl_pathc)) {
            if let path = unsafe found.gl_pathv[index] { paths.append(unsafe String(cString: path)) }
        }
        return paths
    }
}

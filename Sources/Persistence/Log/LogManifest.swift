// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

// The list of the files that the log of commands consists of, in Redis's form: a line for each file,
//
//     file appendonly.aof.1.base.rdb seq 1 type b
//
// with names in quotes where they need it. Keys that nobody knows are passed over. The base comes first, then what is
// on its way out, then the increments in the order of their numbers.

/// Why a manifest cannot be used.
public struct ManifestProblem: Error, Equatable, Sendable {
    /// What is wrong, in Redis's words.
    public let text: ByteString
    /// The number of the line, from 1; 0 for an empty file.
    public let line: Int
    /// The line as it stands in the file.
    public let content: ByteString
}

/// Which files make up a log of commands.
public struct LogManifest: Equatable, Sendable {
    /// What a file is to the log; the raw value is its letter in the manifest.
    public enum Kind: UInt8, Sendable {
        /// The data at one moment.
        case base = 98
        /// The commands since then, or since the increment before.
        case increment = 105
        /// Not needed any more, and to be deleted.
        case history = 104
    }

    /// A file of the log.
    public struct File: Equatable, Sendable {
        /// Its name in the folder of the log.
        public let name: ByteString
        /// Its number among those of its kind.
        public let number: Int
        /// What it is to the log.
        public var kind: Kind

        /// A file of this name.
        public init(_ name: ByteString, number: Int, kind: Kind) {
            self.name = name
            self.number = number
            self.kind = kind
        }
    }

    /// Where the data begins; nil when it begins empty.
    public var base: File?
    /// What is to be deleted.
    public var history: [File] = []
    /// The commands, oldest first.
    public var increments: [File] = []

    /// The longest line that is read, in bytes with its line break.
    static let lineBytesMax = 1024

    /// A log without files.
    public init() {}

    /// The files to load, in their order.
    public var files: [File] { (base.map { [$0] } ?? []) + increments }
    /// The number of the next base.
    public var nextBaseNumber: Int { max(base?.number ?? 0, 0) + 1 }
    /// The number of the next increment.
    public var nextIncrementNumber: Int { (increments.last?.number ?? 0) + 1 }

    // MARK: Reading

    /// Reads a manifest.
    public init(parsing bytes: [UInt8]) throws(ManifestProblem) {
        guard !bytes.isEmpty else {
            throw ManifestProblem(text: "Found an empty AOF manifest", line: 0, content: "")
        }
        var number = 0
        var at = 0
        while at < bytes.count {
            number += 1
            let end = bytes[at...].firstIndex(of: 10) ?? bytes.count
            let line = bytes[at..<end]
            do throws(LineProblem) {
                if end - at >= LogManifest.lineBytesMax || (end == bytes.count && line.count > 0) {
                    throw LineProblem("The AOF manifest file contains too long line")
                }
                try take(Array(line))
            } catch {
                throw ManifestProblem(text: error.text, line: number, content: ByteString(Array(line)))
            }
            at = end + 1
        }
    }

    private struct LineProblem: Error {
        let text: ByteString
        init(_ text: ByteString) { self.text = text }
        static let form: ByteString = "Invalid AOF manifest file format"
    }

    private mutating func take(_ line: [UInt8]) throws(LineProblem) {
        if line.first == UInt8(ascii: "#") { return }
        guard let words = splitWords(line), words.count >= 6, words.count % 2 == 0 else {
            throw LineProblem(LineProblem.form)
        }
        var (name, number, type): (ByteString?, Int?, ByteString?) = (nil, nil, nil)
        for index in stride(from: 0, to: words.count, by: 2) {
            let value = words[index + 1]
            switch words[index].lowercased {
            case "file": name = value
            case "seq": number = value.withView { $0.integer }.map { Int($0) }
            case "type": type = value
            default: break
            }
        }
        guard let name, let number, number > 0, let type, !name.isEmpty else {
            throw LineProblem(LineProblem.form)
        }
        guard !name.bytes.contains(UInt8(ascii: "/")) else {
            throw LineProblem("File can't be a path, just a filename")
        }
        guard type.count == 1, let letter = type.bytes.first, let kind = Kind(rawValue: letter) else {
            throw LineProblem("Unknown AOF file type")
        }
        try add(File(name, number: number, kind: kind))
    }

    private mutating func add(_ file: File) throws(LineProblem) {
        switch file.kind {
        case .base:
            guard base == nil else { throw LineProblem("Found duplicate base file information") }
            base = file
        case .history: history.append(file)
        case .increment:
            guard file.number > increments.last?.number ?? 0 else {
                throw LineProblem("Found a non-monotonic sequence number")
            }
            increments.append(file)
        }
    }

    // MARK: Writing

    /// The manifest's content.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        for file in (base.map { [$0] } ?? []) + history + increments {
            out += Array("file ".utf8) + quotedIfNeeded(file.name).bytes
            out += Array(" seq \(file.number) type ".utf8) + [file.kind.rawValue, 10]
        }
        return out
    }
}

/// How the files of a log are called.
public struct LogNames: Equatable, Sendable {
    /// The folder that they lie in, and what their names begin with.
    public let folder: ByteString
    public let name: ByteString

    /// Names after `appenddirname` and `appendfilename`.
    public init(folder: ByteString, name: ByteString) {
        self.folder = folder
        self.name = name
    }

    /// The path of a file of this name.
    public func path(_ file: ByteString) -> ByteString { folder + "/" + file }
    /// The path of the manifest, and what it is called while it is written.
    public var manifest: ByteString { path(name + ".manifest") }
    public var temporaryManifest: ByteString { path("temp-" + name + ".manifest") }

    /// The base of a number.
    public func base(_ number: Int, isSnapshot: Bool) -> LogManifest.File {
        LogManifest.File("\(name).\(number).base.\(isSnapshot ? "rdb" : "aof")", number: number, kind: .base)
    }

    /// The increment of a number.
    public func increment(_ number: Int) -> LogManifest.File {
        LogManifest.File("\(name).\(number).incr.aof", number: number, kind: .increment)
    }
}

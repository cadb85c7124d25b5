// SPDX-License-Identifier: Apache-2.0
// The rules applied to the project as it stands. Where a rule leaves room, the tables here say how much and why.

import Foundation
import TestSupport
import Testing

/// What each target may import. The engine names no family of commands and families know the engine but not each other;
/// all of them stay free of loop, disk and clock. Only `Server` sees both sides.
private let allowedImports: [String: Set<String>] = [
    "Bytes": ["CShims", "Glibc"],
    "RESP": ["Bytes"],
    "Containers": ["Bytes", "CShims", "CLZF"],
    "Keyspace": ["Bytes", "Containers"],
    "Engine": ["Bytes", "RESP", "Containers", "Keyspace", "Synchronization"],
    "Commands": ["Bytes", "RESP", "Containers", "Keyspace", "Engine"],
    "Operations": ["Bytes", "RESP", "Containers", "Keyspace", "Engine", "CCrypto"],
    "Messaging": ["Bytes", "RESP", "Containers", "Keyspace", "Engine"],
    "Persistence": ["Bytes", "RESP", "Containers", "Keyspace", "Engine", "CLZF", "Synchronization"],
    "Scripting": ["Bytes", "RESP", "Keyspace", "Engine", "CScripting"],
    "Loop": ["CLibUV", "CShims", "Bytes", "Glibc"],
    "Server": [
        "Loop", "Bytes", "RESP", "Keyspace", "Engine", "Commands", "Operations", "Messaging",
        "Persistence", "Scripting", "CShims", "Glibc",
    ],
    "needletail": ["Server", "Glibc"],
]

/// Who may handle raw memory.
private let dangerLicences = [
    Licence(path: "Sources/Bytes/", reason: "Holds the allocator and the only spans over raw memory."),
    Licence(path: "Sources/Containers/", reason: "Each structure owns its memory and lays it out itself."),
    Licence(
        path: "Sources/RESP/", reason: "The parser and the reply writer work on socket buffers in place."),
    Licence(
        path: "Sources/Scripting/Interpreter.swift", reason: "Passes bytes to the interpreter and back."),
    Licence(path: "Sources/Loop/", reason: "The typed owners of libuv handles pass pointers to C."),
    Licence(path: "Sources/Keyspace/Value.swift", reason: "Lays out the entry, one allocation per key."),
    Licence(
        path: "Sources/Keyspace/Database.swift", reason: "Hands entries to the visitors of its walks."),
    Licence(
        path: "Sources/Keyspace/Edit.swift", reason: "Makes, replaces and frees entries for every change."),
    Licence(
        path: "Sources/Keyspace/Found.swift", reason: "Reads the count of edits where the keyspace keeps it."),
    Licence(path: "Sources/Keyspace/Strings/", reason: "Writes string bytes into entries and blocks."),
    Licence(
        path: "Sources/Keyspace/Sets/",
        reason: "Lays out members, hangs the collections of sets on entries and frees them."),
    Licence(
        path: "Sources/Keyspace/Lists/", reason: "Hangs the collections of lists on entries and frees them."),
    Licence(
        path: "Sources/Keyspace/Hashes/",
        reason: "Lays out fields, hangs the collections of hashes on entries and frees them."),
    Licence(
        path: "Sources/Keyspace/SortedSets/",
        reason: "Hangs the collections of sorted sets on entries, copies them and frees them."),
    Licence(
        path: "Sources/Keyspace/Streams/", reason: "Hangs streams on entries, copies them and frees them."),
    Licence(
        path: "Sources/Keyspace/LargeCollection.swift",
        reason: "Frees the entries of tables, whatever their type."),
    Licence(
        path: "Sources/Keyspace/Restorer.swift", reason: "Hangs a finished collection on its entry."),
    Licence(
        path: "Sources/Keyspace/Expiry.swift", reason: "Follows a due collection to the entry of its key."),
    Licence(
        path: "Sources/Keyspace/Database.swift", reason: "Passes on the entries that walks over tables show."),
    Licence(
        path: "Sources/Keyspace/Keyspace.swift", reason: "Holds the roots of the tables and the due entries."),
    Licence(
        path: "Sources/Keyspace/KeySizes.swift",
        reason: "Lays out the counts of values by size, a block for each database."),
    Licence(
        path: "Sources/Keyspace/KeyHints.swift",
        reason: "Carries addresses from one step of warming to the next."),
    Licence(
        path: "Sources/Operations/Server/Digest.swift",
        reason: "Hands bytes to the C function that computes SHA-1."),
    Licence(
        path: "Sources/Persistence/RDB/",
        reason: "Lays out chunks of a stream and where strings are unfolded, and calls the C compressor."),
    Licence(
        path: "Sources/Persistence/Saving/WriteBuffer.swift",
        reason: "Owns the buffer that is written from, away from the loop."),
    Licence(
        path: "Sources/Persistence/Log/LogChunk.swift",
        reason: "Owns the memory that commands wait in for the disk."),
    Licence(
        path: "Sources/Persistence/Loading/FileWindow.swift",
        reason: "Owns the memory that files are read into and parsed from."),
    Licence(
        path: "Sources/Persistence/Loading/LoadRun.swift",
        reason: "Owns the memory that a piece of a file is read into, away from the loop."),
    Licence(
        path: "Sources/Engine/Core/Disk.swift", reason: "Names the memory that files are read into."),
    Licence(
        path: "Sources/Server/ServerHost+Disk.swift", reason: "Makes C's calls on files."),
    Licence(
        path: "Sources/Server/ServerLink.swift",
        reason: "Says to its stream that it has no memory of its own to read into."),
    Licence(
        path: "Sources/Messaging/Tracking/TrackingTable.swift",
        reason: "Lays out a tracked key and its readers, one allocation each."),
    Licence(
        path: "Sources/Engine/Waiting/Engine+Waiting.swift",
        reason: "Lays out the node of a waiting client in the wheel of deadlines."),
    Licence(
        path: "Sources/Engine/Waiting/Waiting.swift",
        reason: "Holds the address of a waiting client's node."),
    Licence(
        path: "Sources/Engine/Core/Call.swift",
        reason: "Refers to its session uncounted: it is set before every read of every client."),
    Licence(
        path: "Sources/Engine/Core/KeyPlaces.swift",
        reason: "Refers to the keyspace uncounted: commands with many keys retain nothing."),
    Licence(
        path: "Sources/Engine/Clients/Session.swift",
        reason: "Passes on where a large argument is to be received."),
    Licence(
        path: "Sources/Server/ConfigFile.swift", reason: "Reads files and shell patterns through C's calls."),
    Licence(
        path: "Sources/Server/ConfigFile+Check.swift",
        reason: "Asks the system whether files could be written."),
    Licence(
        path: "Sources/Server/ServerHost+Facts.swift", reason: "Asks the system for names and times by C."),
    Licence(path: "Sources/Server/Server+Apply.swift", reason: "Asks the system for limits of the process."),
    Licence(
        path: "Sources/Server/ServerHost+Files.swift", reason: "Reads and replaces files through C's calls."),
    Licence(
        path: "Sources/Server/LogFormat.swift", reason: "Asks the system for the local time of a line."),
    Licence(
        path: "Sources/Server/OOMScore.swift", reason: "Reads and writes the kernel's file by C's calls."),
    Licence(
        path: "Sources/Server/ProcessTitle.swift",
        reason: "Writes over the memory that held the process's arguments."),
    Licence(
        path: "Sources/Server/Crash/",
        reason: "Writes a report from a signal handler: raw buffers, the raw stack, the program's file."),
    Licence(
        path: "Sources/Server/Service/Container.swift",
        reason: "Asks the system whether the data folder may be written to."),
    Licence(
        path: "Sources/Server/Service/EndSignals.swift",
        reason: "Finds its way from a signal to its object, and writes from there."),
    Licence(
        path: "Sources/Server/Service/Environment.swift", reason: "Reads variables as C keeps them."),
    Licence(
        path: "Sources/Server/Service/Execution.swift",
        reason: "Hands a command line to the system as C wants it."),
    Licence(
        path: "Sources/Server/Service/HealthCheck.swift",
        reason: "Talks to a server over a plain socket of C's."),
    Licence(
        path: "Sources/Server/Service/Launch.swift", reason: "Asks the system whether a file may be executed."
    ),
    Licence(
        path: "Sources/Server/Service/PlainSocket.swift", reason: "Lays out the address of a Unix socket."),
    Licence(
        path: "Sources/Server/Service/Supervision.swift", reason: "Sends a datagram through C's calls."),
    Licence(path: "Sources/Server/Start.swift", reason: "Makes C's calls that set the process up."),
    Licence(
        path: "Sources/Server/Log.swift", reason: "Asks the system to open, to write and for the local time."),
    Licence(
        path: "Sources/Server/Server.swift", reason: "Asks the system to remove the server's own files."
    ),
    Licence(
        path: "Sources/Server/Connection.swift",
        reason: "Refers to its server uncounted: a read would cost two atomic operations more."),
    Licence(
        path: "Sources/Server/ServerHost.swift",
        reason: "Asks the system to sleep and for the size of the process."),
    Licence(
        path: "Sources/Server/ConnectionList.swift",
        reason: "Lists connections unmanaged, so that a turn retains none of them."),
    Licence(
        path: "Sources/Keyspace/ValueOperations.swift", reason: "Its row for detaching takes a bare entry."),
]

/// Who may turn bytes into a String: they come from the system and are ASCII.
private let decodingLicences = [
    Licence(path: "Sources/Bytes/ByteString.swift", reason: "Shows bytes to people who read a failed test."),
    Licence(path: "Sources/Loop/EventLoop.swift", reason: "Addresses and error texts of libuv are ASCII."),
    Licence(path: "Sources/Loop/Processors.swift", reason: "Error texts of the C library are ASCII."),
    Licence(path: "Sources/Server/OOMScore.swift", reason: "The kernel's file holds a number."),
    Licence(path: "Sources/Server/ProcessTitle.swift", reason: "The kernel's file holds numbers and a name."),
    Licence(path: "Sources/Server/ServerHost.swift", reason: "The kernel's file holds numbers."),
    Licence(
        path: "Sources/Server/ServerHost+Facts.swift", reason: "Names of systems and machines are ASCII."),
    Licence(path: "Sources/Server/Start.swift", reason: "Error texts of the C library are ASCII."),
    Licence(
        path: "Sources/Server/Service/Environment.swift",
        reason: "Reads variables whose values are words of our own."),
]

/// Files over the limit, each with the reason why it is not split.
private let longFiles: [Licence] = []

/// Functions over the limit as `path#function`, each with its reason.
private let longFunctions: [Licence] = []

@Suite struct HouseTests {
    @Test func targetsImportOnlyWhatTheirRowAllows() throws {
        try expectNone { Rules.checkImports($0, allowed: allowedImports) }
    }

    @Test func rawMemoryIsHandledInLicensedFilesOnly() throws {
        try expectNone { Rules.checkDanger($0, licences: dangerLicences) }
        let files = try House.files()
        #expect(Rules.checkLicences(dangerLicences, files) == [])
    }

    @Test func bytesStayBytes() throws {
        try expectNone { Rules.checkDecoding($0, licences: decodingLicences) }
        let findings = try House.files().flatMap { Rules.checkDecoding($0, licences: []) }
        #expect(Rules.checkExceptions(decodingLicences, findings) == [])
    }

    @Test func noStateIsGlobal() throws {
        try expectNone { Rules.checkState($0) }
    }

    @Test func everyFileNamesTheLicence() throws {
        try expectNone { Rules.checkHeader($0) }
    }

    @Test func filesAreShort() throws {
        try expectNone { Rules.checkFileLength($0, exceptions: longFiles) }
        let findings = try House.files().flatMap { Rules.checkFileLength($0, exceptions: []) }
        #expect(Rules.checkExceptions(longFiles, findings) == [])
    }

    @Test func functionsAreShort() throws {
        try expectNone { Rules.checkFunctionLength($0, exceptions: longFunctions) }
        let findings = try House.files().flatMap { Rules.checkFunctionLength($0, exceptions: []) }
        #expect(Rules.checkExceptions(longFunctions, findings) == [])
    }

    @Test func whatIsPublicIsExplained() throws {
        let files = try House.files()
        #expect(Rules.checkDocumentation(files) == [])
    }

    @Test func noBannedWords() throws {
        let extra = ["README.md", "Makefile"].filter { House.exists($0) }
        let read = try House.files().filter(\.isSource) + extra.map { try House.file($0) }
        #expect(read.flatMap { Rules.checkWords($0) } == [])
    }

    @Test func aCommandHasOneRow() throws {
        let files = try House.files()
        #expect(Rules.checkCommandRows(files) == [])
        #expect(Rules.checkPropagation(files) == [])
    }

    @Test func everyFileBelongsToATarget() throws {
        let (manifest, paths) = (try House.file("Package.swift").text, try House.paths())
        #expect(Rules.checkTargets(manifest: manifest, paths: paths) == [])
    }

    @Test func theTopLevelIsTidy() throws {
        let paths = try House.paths()
        #expect(Rules.checkTopLevel(paths) == [])
    }

    /// Every target of the manifest's Sources has a row, so that a new one is thought about.
    @Test func everyTargetHasARow() throws {
        let targets = Set(
            try House.files().filter { $0.isSwift && $0.path.hasPrefix("Sources/") }.map(\.target))
        #expect(targets == Set(allowedImports.keys))
    }

    private func expectNone(
        sourceLocation: SourceLocation = #_sourceLocation, _ rule: (SourceFile) -> [Finding]
    ) throws {
        let findings = try House.files().flatMap(rule)
        #expect(findings == [], sourceLocation: sourceLocation)
    }
}

/// The files of the project.
enum House {
    /// Every path git knows or would add; without git, everything that is not hidden.
    static func paths() throws -> [String] {
        let root = Project.root.path
        let listing = try? run(
            "git", ["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
            directory: root)
        if let listing, listing.succeeded {
            return listing.lines.map(String.init).filter { exists($0) }
        }
        let all = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return all.filter { path in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder)
            return !isFolder.boolValue && !path.split(separator: "/").contains { $0.hasPrefix(".") }
        }
    }

    /// The files that the rules read: code of any language.
    static func files() throws -> [SourceFile] {
        let endings = [".swift", ".c", ".h", ".modulemap", ".py", ".sh"]
        let found = try paths().filter { path in endings.contains { path.hasSuffix($0) } }.map {
            try file($0)
        }
        guard found.count > 20 else {
            throw SupportError("only \(found.count) files found under \(Project.root.path)")
        }
        return found
    }

    static func file(_ path: String) throws -> SourceFile {
        let url = Project.root.appendingPathComponent(path)
        return SourceFile(path: path, text: try String(contentsOf: url, encoding: .utf8))
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Project.root.appendingPathComponent(path).path)
    }
}

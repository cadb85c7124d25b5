// SPDX-License-Identifier: Apache-2.0
// Where things are, what time it is, and how a failure of the test's own machinery is told.

import Foundation

/// A failure of what a test stands on: no server, no reply in time, a missing tool.
public struct SupportError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// The failed system call with its reason.
    static func system(_ call: String) -> SupportError {
        SupportError("\(call): \(String(cString: strerror(errno)))")
    }
}

/// A point in time that a wait must not pass.
public struct Deadline: Sendable {
    private let end: DispatchTime

    /// `seconds` from now.
    public init(seconds: Double) { end = .now() + seconds }

    /// Milliseconds left for `poll`, 0 when it has passed.
    public var millisecondsLeft: Int32 {
        let now = DispatchTime.now().uptimeNanoseconds
        guard end.uptimeNanoseconds > now else { return 0 }
        return Int32(clamping: (end.uptimeNanoseconds - now) / 1_000_000 + 1)
    }

    public var hasPassed: Bool { end <= .now() }
}

/// Polls `condition` every 10 ms until it holds or `seconds` have passed; returns whether it held.
public func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(seconds: seconds)
    while true {
        if try condition() { return true }
        if deadline.hasPassed { return false }
        usleep(10_000)
    }
}

/// Paths of the project, found from this file and from the running test binary.
public enum Project {
    /// The folder with Package.swift.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of the built products: the server lies beside the test binary.
    public static let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()

    /// The server under test: `NEEDLETAIL_SERVER`, or the one beside the test binary.
    public static let server =
        ProcessInfo.processInfo.environment["NEEDLETAIL_SERVER"]
        ?? products.appendingPathComponent("needletail").path

    /// The interpreter that has redis-py, made by `make setup`.
    public static let python = root.appendingPathComponent(".build/venv/bin/python").path

    /// A Python helper under Tests/Scripts.
    public static func script(_ name: String) -> String {
        root.appendingPathComponent("Tests/Scripts/\(name)").path
    }
}

/// A fresh folder that is removed with its owner.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        var template = Array("/tmp/needletail-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SupportError.system("mkdtemp") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    public func file(_ name: String) -> String { path + "/" + name }
}

/// Lifts the soft limit of open files to the hard one, for this process and its children; returns the limit.
@discardableResult
public func raiseFileLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
}

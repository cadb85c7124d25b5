// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs the fuzzer in a child and tells how it ended.
struct Watcher {
    let options: Options

    init(_ options: Options) { self.options = options }

    /// Whether all went well.
    func run() -> Bool {
        let journal = FileManager.default.temporaryDirectory.appendingPathComponent(
            "needletail-fuzz-\(getpid())-\(options.seed).journal"
        ).path
        guard FileManager.default.createFile(atPath: journal, contents: nil) else {
            print("cannot write \(journal)")
            return false
        }
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = [
            "--seed", "\(options.seed)", "--seconds", "\(options.seconds)", "--commands",
            "\(options.commands)",
            "--journal", journal,
        ]
        var environment = ProcessInfo.processInfo.environment
        environment["SWIFT_BACKTRACE"] = "enable=no"
        child.environment = environment
        do { try child.run() } catch {
            print("cannot start: \(error)")
            return false
        }
        let isHung = !ends(child)
        if isHung {
            kill(child.processIdentifier, SIGKILL)
            child.waitUntilExit()
        }
        if !isHung, child.terminationReason == .exit, child.terminationStatus == 0 {
            try? FileManager.default.removeItem(atPath: journal)
            return true
        }
        if isHung {
            print("hung: no end long after its time")
        } else if child.terminationReason == .uncaughtSignal {
            print("crashed with signal \(child.terminationStatus)")
        }
        print("seed \(options.seed); the last inputs, newest last (all in \(journal)):")
        for line in Journal.tail(journal, 12) { print("  " + line) }
        return false
    }

    /// Waits for the child; false when it is long overdue.
    private func ends(_ child: Process) -> Bool {
        guard options.commands == 0 else {
            child.waitUntilExit()
            return true
        }
        let deadline = Date(timeIntervalSinceNow: options.seconds * 1.5 + 60)
        while child.isRunning {
            if Date() > deadline { return false }
            usleep(20_000)
        }
        return true
    }
}

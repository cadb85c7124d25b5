// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Progress goes to standard error, so that standard output is the table alone.
enum Progress {
    private static let begin = Clock.now()

    /// Says what begins, with the seconds since the first time.
    static func say(_ text: String) {
        let seconds = (Clock.now() - begin) / 1_000_000_000
        FileHandle.standardError.write(Data("bench: [\(seconds) s] \(text)\n".utf8))
    }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// How the process was started, so that it can be started so again.
struct Launch {
    /// The whole command line, the program's name first.
    let arguments: [ByteString]
    /// Where it was started; the server itself goes to its data folder.
    let directory: ByteString

    /// Puts a new process of the program in the place of this one, with the same command line, environment and folder.
    /// Everything open is closed by that. Returns only on failure.
    func again(_ executable: ByteString) -> ByteString {
        if let problem = Start.enter(directory) { return "cannot enter '\(directory)': \(problem)" }
        return Execution.replaceProcess(executable, arguments).text
    }

    /// Why a start like this one cannot be made; nil when it can.
    func obstacle(_ executable: ByteString) -> ByteString? {
        if arguments.contains("-") { return "the configuration came from standard input" }
        if unsafe access(executable.cString, X_OK) != 0 { return "\(executable): \(Start.lastError())" }
        return nil
    }
}

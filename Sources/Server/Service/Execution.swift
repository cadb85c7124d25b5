// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc

/// Another program in the place of this process.
struct Execution {
    /// Why there is none.
    struct Failure {
        let text: ByteString
        let isMissing: Bool
    }

    /// Runs a program, a path or a name on the PATH, with all words of its command line. Returns only on failure.
    static func replaceProcess(_ program: ByteString, _ words: [ByteString]) -> Failure {
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0.cString) }
        unsafe pointers.append(nil)
        unsafe execvp(program.cString, pointers)
        let code = errno
        for index in 0..<(unsafe pointers.count) { unsafe free(pointers[index]) }
        let isMissing = code == ENOENT || code == EACCES && !isThere(program)
        return Failure(
            text: unsafe ByteString(cString: strerror(isMissing ? ENOENT : code)), isMissing: isMissing)
    }

    /// Whether a program is a file, by its path or in a folder of the PATH. A folder that must not be searched makes the
    /// system speak of permission, whatever is in the others.
    private static func isThere(_ program: ByteString) -> Bool {
        if program.bytes.contains(UInt8(ascii: "/")) { return true }
        let folders = (Environment.bytes("PATH") ?? []).split(separator: UInt8(ascii: ":"))
        return folders.contains { folder in
            let path = ByteString(folder + [UInt8(ascii: "/")] + program.bytes)
            return unsafe access(path.cString, F_OK) == 0
        }
    }
}

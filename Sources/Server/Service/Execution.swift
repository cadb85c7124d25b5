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
        return Failure(text: unsafe ByteString(cString: strerror(code)), isMissing: code == ENOENT)
    }
}

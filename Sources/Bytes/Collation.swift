// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The order of texts in the process's language (`locale-collate`), which is that of their bytes unless the process was
/// told otherwise.
public enum Collation {
    /// Whether texts are in the order of their bytes.
    public static var isBytewise: Bool {
        guard let name = unsafe setlocale(LC_COLLATE, nil) else { return true }
        // UTF-8 orders as its characters do.
        return unsafe strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0 || strcasecmp(name, "C.UTF-8") == 0
            || strcasecmp(name, "C.UTF8") == 0
    }

    /// Gives the process the order of a locale, by its name; none takes it from the environment.
    /// - Returns: false when there is no such locale.
    public static func set(_ locale: ByteString) -> Bool {
        var name = locale.bytes.map { CChar(bitPattern: $0) }
        name.append(0)
        return unsafe setlocale(LC_COLLATE, &name) != nil
    }

    /// Bytes whose order is that of texts in the present locale. What follows a zero byte does not count.
    public static func key(of text: ByteView) -> [UInt8] {
        var source = text.array.map { CChar(bitPattern: $0) }
        source.append(0)
        let count = unsafe strxfrm(nil, &source, 0)
        var key = [CChar](repeating: 0, count: count + 1)
        _ = unsafe strxfrm(&key, &source, count + 1)
        return key.dropLast().map { UInt8(bitPattern: $0) }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// Data on disk that a server of Redis's kind would load at its start: an append-only file.
///
/// This server cannot read it yet. One that started beside them would serve an empty data set in their place, and
/// nobody would know: it refuses, unless `ignore-data-files yes` says that this is meant.
enum DataFiles {
    /// What lies in the working folder under the names that the settings give, each as a path in it.
    static func found(_ config: Config) -> [ByteString] {
        func name(_ directive: ByteString) -> ByteString {
            config.parameters.find(directive)?.value(in: config.settings) ?? ""
        }
        let log = name("appendfilename")
        let folder = name("appenddirname")
        var found = [log].filter(isFile)
        // A manifest, a base and increments: their names begin with that of the file.
        let parts = entries(of: folder).filter { $0.bytes.starts(with: log.bytes + [UInt8(ascii: ".")]) }
        found += parts.sorted().map { "\(folder)/\($0)" }
        return found
    }

    /// Why a server must not start in this folder; nil when it may.
    static func problem(_ config: Config) -> ByteString? {
        let found = found(config)
        guard !config.settings.service.ignoresDataFiles, let first = found.first else { return nil }
        let others: ByteString = found.count > 1 ? " and \(found.count - 1) more" : ""
        return """
            The folder '\(ConfigFile.currentDirectory())' holds data that this server cannot read yet: \(first)\(others).
            It would serve an empty data set beside it. Name another folder (--dir PATH), move the data away, or start \
            empty all the same (--ignore-data-files yes): the files are never touched.
            """
    }

    private static func isFile(_ path: ByteString) -> Bool {
        var facts = stat()
        return unsafe !path.isEmpty && stat(path.cString, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    private static func entries(of folder: ByteString) -> [ByteString] {
        guard let stream = unsafe opendir(folder.cString) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [ByteString] = []
        while let entry = unsafe readdir(stream) {
            unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
                unsafe names.append(ByteString(Array(name.prefix { $0 != 0 })))
            }
        }
        return names
    }
}

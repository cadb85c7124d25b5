// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// What `ps` shows of the process: the memory that held its arguments is written over.
///
/// The kernel shows the bytes from the first argument on, and goes on into the environment where the arguments end
/// without a zero. So the environment is moved to memory of its own first, which makes room for longer titles.
@safe final class ProcessTitle {
    private let start: UnsafeMutablePointer<UInt8>
    private let count: Int
    /// The program as it was called: the title's first word, as tools know it from Redis.
    private let name = Start.commandLine.first ?? "needletail"

    /// Moves the environment away. Nil where the system does not tell where the arguments are.
    init?() {
        guard let (arguments, environment) = ProcessTitle.areas(), arguments.count > 1,
            let start = unsafe UnsafeMutablePointer<UInt8>(bitPattern: arguments.lowerBound)
        else { return nil }
        let joins =
            arguments.upperBound == environment.lowerBound && ProcessTitle.moveEnvironment(environment)
        unsafe self.start = start
        count = joins ? Int(environment.upperBound - arguments.lowerBound) : arguments.count
    }

    /// Shows the title that the settings ask for.
    func follow(_ settings: Settings, file: ByteString) {
        show(ProcessTitle.text(settings, name: name, file: file))
    }

    /// Shows a title, cut to the room there is.
    private func show(_ title: ByteString) {
        let bytes = Array(title.bytes.prefix(count - 1))
        for (index, byte) in bytes.enumerated() { unsafe start[index] = byte }
        for index in bytes.count..<count { unsafe start[index] = 0 }
    }

    /// The title that the template gives for these settings.
    static func text(_ settings: Settings, name program: ByteString, file: ByteString) -> ByteString {
        let address = settings.bind.first.map { $0.hasPrefix("-") ? $0.dropFirst() : $0 } ?? "*"
        let listens: ByteString = settings.port > 0 ? "\(address):\(settings.port)" : settings.unixSocket
        let filled = settings.process.titleTemplate.filled { name in
            switch name {
            case "title": program
            case "listen-addr": listens
            case "port": "\(settings.port)"
            case "tls-port": "0"
            case "unixsocket": settings.unixSocket
            case "config-file": file
            // Neither a cluster nor a Sentinel.
            case "server-mode": ""
            default: nil
            }
        }
        let text = (filled ?? program).bytes
        return ByteString(text[..<((text.lastIndex { $0 != 32 } ?? -1) + 1)])
    }

    /// Where the kernel has put the arguments and the environment: fields 48 to 51 of /proc/self/stat.
    private static func areas() -> (arguments: Range<UInt>, environment: Range<UInt>)? {
        let file = unsafe Glibc.open("/proc/self/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { Glibc.close(file) }
        let text = String(decoding: ConfigFile.read(descriptor: file), as: UTF8.self)
        // The name, field 2, may hold blanks and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].dropFirst().split(separator: " ")
        guard fields.count > 48 else { return nil }
        let bounds = fields[45...48].compactMap { UInt($0) }
        guard bounds.count == 4, bounds[0] > 0, bounds[0] < bounds[1], bounds[2] <= bounds[3] else {
            return nil
        }
        return (bounds[0]..<bounds[1], bounds[2]..<bounds[3])
    }

    /// Sets each variable again, which gives it memory of its own.
    private static func moveEnvironment(_ area: Range<UInt>) -> Bool {
        guard !area.isEmpty, let start = unsafe UnsafePointer<UInt8>(bitPattern: area.lowerBound) else {
            return true
        }
        let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: area.count))
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { return false }
            let name = ByteString(entry[..<equals]).cString
            let value = unsafe UnsafeRawPointer(start + equals + 1).assumingMemoryBound(to: CChar.self)
            // A name that is set twice keeps its first value, as getenv finds it.
            let present = unsafe getenv(name)
            guard let present = unsafe present else { return false }
            if unsafe present == UnsafeMutablePointer(mutating: value), unsafe setenv(name, value, 1) != 0 {
                return false
            }
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes

// Files as the features see them that keep data. All of this is called away from the loop (`Host.away`) where somebody
// would have to wait for it.

/// Why something could not be done to a file.
public struct DiskProblem: Error, Equatable, Sendable {
    /// What was to be done: the name of the system's call.
    public let operation: String
    /// The path that it was to be done to.
    public let path: ByteString
    /// The system's number of the error.
    public let number: Int32
    /// The system's words for it.
    public let reason: ByteString

    /// A problem of these parts.
    public init(_ operation: String, _ path: ByteString, number: Int32, reason: ByteString) {
        self.operation = operation
        self.path = path
        self.number = number
        self.reason = reason
    }

    /// Everything of it in one line.
    public var text: ByteString { "\(path): \(operation): \(reason)" }

    /// No file has this path, or a folder on the way to it is missing.
    public var isMissing: Bool { number == 2 }
}

/// Where files lie. Paths are relative to the working folder.
public protocol Disk: AnyObject, Sendable {
    /// A new empty file; one that is there under this path is emptied.
    func create(_ path: ByteString) throws(DiskProblem) -> any DiskFile
    /// A file that is there, for reading.
    func open(_ path: ByteString) throws(DiskProblem) -> any DiskFile
    /// A file to write to behind what it holds; an empty one where there is none under this path.
    func append(to path: ByteString) throws(DiskProblem) -> any DiskFile
    /// Makes a folder, if it is not there.
    func makeFolder(_ path: ByteString) throws(DiskProblem)
    /// Gives a file another path, in one step; a file that has that path already is gone afterwards.
    func rename(_ path: ByteString, to other: ByteString) throws(DiskProblem)
    /// Takes a file's name away; it is gone when nobody has it open any more.
    func remove(_ path: ByteString) throws(DiskProblem)
    /// Brings the names in the folder of a file to the disk.
    func syncFolder(of path: ByteString) throws(DiskProblem)
    /// Makes whoever calls it wait, as a slow disk would: for tests.
    func rest(us: Int)
    /// How many bytes can be written at present; nil when that is not known.
    func freeBytes(at path: ByteString) -> Int?
}

/// An open file. One thread at a time may use it.
public protocol DiskFile: AnyObject, Sendable {
    /// How many bytes it has.
    var byteCount: Int { get throws(DiskProblem) }
    /// Adds bytes at its end: all of them, or there is a problem.
    func write(_ bytes: ByteView) throws(DiskProblem)
    /// Reads up to `max` bytes from a place on.
    /// - Returns: how many there were; 0 at the end.
    func read(at offset: Int, into: MutableBytes, max: Int) throws(DiskProblem) -> Int
    /// Cuts the file off behind so many bytes; what is written next comes there.
    func truncate(to bytes: Int) throws(DiskProblem)
    /// Brings everything that was written to the disk.
    func sync() throws(DiskProblem)
    /// Ends the use of the file; closing twice does nothing.
    func close()
}

/// Memory that a file is read into; it is somebody else's.
public struct MutableBytes: Sendable {
    /// Where it begins.
    public let start: Address
    /// Memory that begins there; the caller answers for its being there.
    public init(_ start: Address) { self.start = start }
    /// So many bytes further on.
    public func advanced(by bytes: Int) -> MutableBytes { MutableBytes(start + bytes) }
}

extension Disk {
    /// Whether there is a file under this path.
    public func exists(_ path: ByteString) throws(DiskProblem) -> Bool {
        do throws(DiskProblem) {
            try open(path).close()
            return true
        } catch {
            if error.isMissing { return false }
            throw error
        }
    }

    /// All bytes of a file.
    public func contents(of path: ByteString) throws(DiskProblem) -> [UInt8] {
        let file = try open(path)
        defer { file.close() }
        return try file.readAll()
    }
}

extension DiskFile {
    /// All bytes of the file.
    public func readAll() throws(DiskProblem) -> [UInt8] {
        try bytes(max: byteCount)
    }

    /// The first bytes of the file.
    /// - Parameter max: so many at most.
    public func bytes(max count: Int) throws(DiskProblem) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            var read = 0
            var problem: DiskProblem?
            bytes.withMutableBytes { memory in
                do throws(DiskProblem) {
                    read = try self.read(at: done, into: memory.advanced(by: done), max: count - done)
                } catch {
                    problem = error
                }
            }
            if let problem { throw problem }
            if read == 0 { break }
            done += read
        }
        return Array(bytes.prefix(done))
    }
}

extension Array where Element == UInt8 {
    /// Lends the array's memory for reading a file into.
    public mutating func withMutableBytes(_ body: (MutableBytes) -> Void) {
        unsafe withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { unsafe body(MutableBytes(Address(base))) }
        }
    }
}

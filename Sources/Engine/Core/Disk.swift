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

    /// No file has this path, or a folder on the way to it is missing.
    public var isMissing: Bool { number == 2 }
}

/// Where files lie. Paths are relative to the working folder.
public protocol Disk: AnyObject, Sendable {
    /// A new empty file; one that is there under this path is emptied.
    func create(_ path: ByteString) throws(DiskProblem) -> any DiskFile
    /// A file that is there, for reading.
    func open(_ path: ByteString) throws(DiskProblem) -> any DiskFile
    /// Gives a file another path, in one step; a file that has that path already is gone afterwards.
    func rename(_ path: ByteString, to other: ByteString) throws(DiskProblem)
    /// Takes a file's name away; it is gone when nobody has it open any more.
    func remove(_ path: ByteString) throws(DiskProblem)
    /// Brings the names in the folder of a file to the disk.
    func syncFolder(of path: ByteString) throws(DiskProblem)
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

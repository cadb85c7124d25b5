// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Who keeps libraries of functions. They are data: snapshots take them along, as texts, and bring them back.
public protocol LibraryKeeper: AnyObject {
    /// The texts of all libraries, in the order of their names.
    var libraryTexts: [[UInt8]] { get }
    /// Takes libraries in, all or none.
    /// - Returns: why they cannot be; nil when they are there.
    func takeLibraries(_ texts: [[UInt8]], _ policy: LibraryPolicy) -> ByteString?
    /// Forgets all libraries.
    func forgetLibraries()
}

/// What becomes of libraries that are there when others come.
public enum LibraryPolicy: Sendable {
    /// They stay; nothing may have the name of one of them.
    case append
    /// Those of the same names give way.
    case replace
    /// All go.
    case flush
}

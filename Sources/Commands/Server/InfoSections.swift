// SPDX-License-Identifier: Apache-2.0

/// One section of INFO: its name and what writes its `field:value` lines.
public struct InfoSection: Sendable {
    public let name: String
    /// Whether plain INFO shows it (`INFO everything` shows all).
    public let isDefault: Bool
    public let write: @Sendable (Engine, inout String) -> Void

    public init(_ name: String, isDefault: Bool = true, _ write: @escaping @Sendable (Engine, inout String) -> Void) {
        self.name = name
        self.isDefault = isDefault
        self.write = write
    }
}

/// The sections of INFO in their order; each feature brings its own.
public struct InfoSections: Sendable {
    public var sections: [InfoSection]
    public init(_ sections: [InfoSection] = []) { self.sections = sections }
}

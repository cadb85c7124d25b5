// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One section of INFO: its name and what writes its `field:value` lines.
public struct InfoSection: Sendable {
    /// The name in the heading, `# Name`.
    public let name: String
    /// What it is asked for by, in any case: the name without blanks.
    public let key: [UInt8]
    /// Whether plain INFO shows it.
    public let isDefault: Bool
    /// Whether only its own name shows it, and not `INFO everything` either.
    public let isNamedOnly: Bool
    /// Adds the section's lines, without the heading.
    public let write: @Sendable (Engine, TextBuffer) -> Void

    /// A section with this name; `write` adds its lines.
    public init(
        _ name: String, isDefault: Bool = true, isNamedOnly: Bool = false,
        _ write: @escaping @Sendable (Engine, TextBuffer) -> Void
    ) {
        self.name = name
        key = name.utf8.filter { $0 != 32 }
        self.isDefault = isDefault && !isNamedOnly
        self.isNamedOnly = isNamedOnly
        self.write = write
    }

    func followed(by other: InfoSection) -> InfoSection {
        let first = write
        return InfoSection(name, isDefault: isDefault, isNamedOnly: isNamedOnly) { engine, out in
            first(engine, out)
            other.write(engine, out)
        }
    }
}

/// The sections of INFO in their order; each feature brings its own.
public struct InfoSections: Sendable {
    /// In the order in which they are shown, each name once.
    public var sections: [InfoSection]

    /// What is said of a section that stands in the list already is shown behind it.
    public init(_ sections: [InfoSection]) {
        self.sections = []
        for section in sections {
            guard let place = self.sections.firstIndex(where: { $0.name == section.name }) else {
                self.sections.append(section)
                continue
            }
            self.sections[place] = self.sections[place].followed(by: section)
        }
    }
}

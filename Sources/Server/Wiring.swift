// SPDX-License-Identifier: Apache-2.0
import Commands

/// The one list of what the server is made of: each feature brings its commands and its INFO sections.
enum Wiring {
    static let families: [[Command]] = Families.core
    static let info = InfoSections.core
}

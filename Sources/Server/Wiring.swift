// SPDX-License-Identifier: Apache-2.0
import Commands

/// The one list of what the server is made of: each feature brings its commands, directives and INFO sections.
enum Wiring {
    static let features: [Feature] = Features.all
}

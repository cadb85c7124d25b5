// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Server
import TestSupport
import Testing

@testable import Engine

/// docker/needletail.conf says nothing that is not so.
@Suite struct ConfigSampleTests {
    private static let text =
        (try? String(
            contentsOf: Project.root.appendingPathComponent("docker/needletail.conf"), encoding: .utf8)) ?? ""

    /// The directives shown with their defaults: `#name value`.
    private static let shown = text.split(separator: "\n").compactMap { line in
        line.hasPrefix("#") && line.dropFirst().first?.isLetter == true ? String(line.dropFirst()) : nil
    }

    @Test func theFileIsAccepted() throws {
        #expect(!ConfigSampleTests.text.isEmpty)
        try ConfigFile.load(text: Array(ConfigSampleTests.text.utf8), into: Config(features: Wiring.features))
    }

    @Test func eachDirectiveShownWorksAndHasItsDefault() throws {
        #expect(ConfigSampleTests.shown.count > 20)
        let defaults = Settings()
        for line in ConfigSampleTests.shown {
            let name = String(line.prefix { $0 != " " })
            let parameter = try #require(
                Config(features: Wiring.features).parameters.find(ByteString(name)), "\(line)")
            guard case .built = parameter.standing else {
                Issue.record("\(name) is shown, but does nothing")
                continue
            }
            let config = Config(features: Wiring.features)
            try ConfigFile.load(text: Array(line.utf8), into: config)
            #expect(parameter.value(in: config.settings) == parameter.value(in: defaults), "\(line)")
        }
    }

    @Test func noDirectiveIsShownTwice() {
        let names = ConfigSampleTests.shown.map { $0.prefix { $0 != " " } }
        #expect(Set(names).count == names.count)
    }
}

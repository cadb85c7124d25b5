// SPDX-License-Identifier: Apache-2.0

extension Parameters {
    /// Directives whose effect arrives with the command named; until then they are only stored.
    static let tolerated: [Parameter] = [
        Parameter("crash-log-enabled", .bool, "yes", .tolerated("the crash report")),
        Parameter("notify-keyspace-events", .eventClasses, "", .tolerated("PUBLISH and SUBSCRIBE")),
    ]
}

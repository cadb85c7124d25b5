// SPDX-License-Identifier: Apache-2.0
import Engine

extension Parameters {
    static let service: [Parameter] = [
        Parameter(
            "supervised", .choice(["upstart", "systemd", "auto", "no"]), .word(\.service.supervision),
            change: .fixed),
        Parameter("crash-log-enabled", .bool, .bool(\.service.reportsCrashes)),
        Parameter("hide-user-data-from-log", .bool, .bool(\.service.hidesUserData)),
        Parameter(
            "watchdog-period", .integer(0...Limit.int), .number(\.service.watchdogPeriodMs), isHidden: true),
    ]
}

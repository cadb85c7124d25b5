// SPDX-License-Identifier: Apache-2.0

/// How the server behaves as a service of its machine.
public struct ServiceSettings: Sendable {
    /// Who is told when the server is ready: `no`, `systemd`, `upstart`, or `auto` to find out from the environment.
    public var supervision = "no"
    /// A crash writes a report into the log.
    public var reportsCrashes = true
    /// A crash report shows no arguments.
    public var hidesUserData = false
    /// A turn longer than this is reported with its stack, ms; 0: none. At least twice the period of the cron.
    public var watchdogPeriodMs = 0

    public init() {}
}

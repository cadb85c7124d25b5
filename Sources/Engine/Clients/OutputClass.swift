// SPDX-License-Identifier: Apache-2.0

/// Which limits hold for the output of a session: the classes of `client-output-buffer-limit`.
public enum OutputClass: UInt8, Sendable {
    case normal = 1
    case replica = 2
    case pubsub = 4
}

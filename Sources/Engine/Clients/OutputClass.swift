// SPDX-License-Identifier: Apache-2.0

/// Which limits hold for the output of a session: the classes of `client-output-buffer-limit`.
public enum OutputClass: UInt8, Sendable {
    /// Clients that are neither of the others.
    case normal = 1
    /// Links of replicas, which are fed all writes.
    case replica = 2
    /// Clients that are told messages.
    case pubsub = 4
}

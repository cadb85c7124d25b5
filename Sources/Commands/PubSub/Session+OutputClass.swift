// SPDX-License-Identifier: Apache-2.0

/// Classes of clients, each with its own limits on what may wait for it (`client-output-buffer-limit`).
public enum OutputClass: Int, Sendable, CaseIterable {
    case normal, replica, pubsub
}

extension Session {
    /// Whether the client is subscribed to any channel, shard channel or pattern.
    public var isSubscriber: Bool { subscriptions != nil }

    /// What kind of client this is. Subscribers take what others send them, at a pace they do not choose.
    public var outputClass: OutputClass { isSubscriber ? .pubsub : .normal }
}

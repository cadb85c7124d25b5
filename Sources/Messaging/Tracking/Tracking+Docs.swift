// SPDX-License-Identifier: Apache-2.0
import Engine

extension Tracking {
    static let docs: [CommandDoc] = [
        CommandDoc(
            "CLIENT|GETREDIR", "Who receives this connection's invalidations.", since: "6.0.0", "O(1)"),
        CommandDoc(
            "CLIENT|TRACKING", "Whether this connection is told when keys change that it has read.",
            since: "6.0.0", "O(1)",
            "(status: ON | OFF) [REDIRECT client-id:integer] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]"
        ),
        CommandDoc(
            "CLIENT|CACHING", "Whether keys read by the next command are tracked.", since: "6.0.0", "O(1)",
            "(mode: YES | NO)"),
        CommandDoc("CLIENT|TRACKINGINFO", "How this connection tracks keys.", since: "6.2.0", "O(1)"),
    ]
}

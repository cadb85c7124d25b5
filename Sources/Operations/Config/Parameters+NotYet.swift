// SPDX-License-Identifier: Apache-2.0
import Engine

extension Parameters {
    /// Directives that change what the server does in ways that are not built yet. Only the values that ask for
    /// what it does anyway are accepted (globs); any other is refused.
    static let notYet: [Parameter] = [
        Parameter("aclfile", .string, "", .notYet([""]), change: .fixed),
        Parameter("cluster-enabled", .bool, "no", .notYet(["no"]), change: .fixed),
        Parameter(
            "min-replicas-to-write", .integer(0...Limit.int),
            "0", .notYet(["0"]), aliases: ["min-slaves-to-write"]),
        Parameter("rdma-bind", .words(max: 16), "", .notYet([""]), change: .fixed),
        Parameter("rdma-port", .integer(0...65535), "0", .notYet(["0"])),
        Parameter(
            "replicaof", .primaryAddress, "", .notYet([""]), aliases: ["slaveof"], change: .fixed),
        Parameter("tls-port", .integer(0...65535), "0", .notYet(["0"])),
    ]
}

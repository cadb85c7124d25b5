// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The hash's row in the list of types.
enum HashOperations {
    static func count(_ value: Value) -> Int { preconditionFailure("follows") }
}

// SPDX-License-Identifier: Apache-2.0
// Stalls of large hashes, and of fields that die together.
import Foundation

extension Stalls {
    static let largeHashFields = 10_000_000

    func fieldExpiry(_ server: ServerUnderTest) throws -> StallFigures {
        try expiry(server, count: 1_000_000, gone: ["DBSIZE"]) { connection, fields, dueMs in
            try connection.fillHashes(1, fields: fields, size: 32)
            try connection.expireFields(1, fields: fields) { _ in dueMs }
        }
    }

    func hashDeletion(_ server: ServerUnderTest) throws -> StallFigures {
        let connection = try server.connect()
        try connection.fillHashes(1, fields: Stalls.largeHashFields, size: 8)
        return try deletion(server, connection, "DEL", "hash:000000000000")
    }
}

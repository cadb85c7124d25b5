// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// How dead fields are met.
//
// A field dies like a key: on its own millisecond by the wheel, or when somebody meets it. `DeadKeys` says what that
// means for the running command: it is deleted first, it stays but is hidden (CLIENT PAUSE, import mode), or it is as if
// alive (the source of an import). Its death is an effect of its own ahead of the command (`HDEL key field …`), an event
// `hexpired`, and where the last field goes, the key with an event `del`; it is nobody's change and counts in
// `stats.expiredFields`.

extension Keyspace {
    /// Finds a field of a found hash for reading. A dead field that is met is deleted first, and with the last one the
    /// key: then `found` does not exist any more. Where `found` does not exist there is no field.
    ///
    /// What was read through `found` before (views, values) is invalid when this has deleted something, so write each
    /// value out before the next field is looked up.
    public func field(_ name: ByteView, in found: inout Found) -> FoundField {
        preconditionFailure("follows")
    }

    /// Deletes up to `max` dead fields of a found hash, with the last field the key (HRANDFIELD, which must not meet
    /// too many of them). Does nothing where dead keys are not to be deleted.
    public func expireFields(of found: inout Found, max: Int) { preconditionFailure("follows") }
}

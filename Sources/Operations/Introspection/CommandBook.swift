// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

/// What COMMAND and COMMAND DOCS answer for each command, in protocol form.
///
/// Commands do not change while a server lives, and clients ask for all of them at every connect: each entry is encoded
/// on the first question, once for each protocol, and copied from then on.
final class CommandBook: FeaturePart {
    /// What COMMAND DOCS tells, by full name.
    private let docs: [String: CommandDoc]
    private var encoded: [Page: [UInt8]] = [:]

    /// One entry in one of its forms.
    private struct Page: Hashable {
        let index: Int
        let isDoc: Bool
        let isRESP3: Bool
    }

    init(_ families: [Family]) { docs = CommandDoc.index(families) }

    /// Writes the entry of COMMAND for the command of number `index`.
    func describe(_ index: Int, _ table: CommandTable, _ reply: Reply) {
        write(Page(index: index, isDoc: false, isRESP3: reply.isRESP3), reply) { $0.describe(index, table) }
    }

    /// Writes the pair of COMMAND DOCS for the command of number `index`: its name and what is known of it.
    func document(_ index: Int, _ table: CommandTable, _ reply: Reply) {
        write(Page(index: index, isDoc: true, isRESP3: reply.isRESP3), reply) {
            $0.document(index, table, docs)
        }
    }

    private func write(_ page: Page, _ reply: Reply, _ encode: (Reply) -> Void) {
        if let bytes = encoded[page] { return bytes.withView { reply.raw($0) } }
        // A reply of its own: the client's may be muted, or near its limit.
        let scratch = Reply(reply.heap)
        scratch.isRESP3 = page.isRESP3
        encode(scratch)
        let bytes = scratch.written(from: 0).array
        encoded[page] = bytes
        bytes.withView { reply.raw($0) }
    }
}

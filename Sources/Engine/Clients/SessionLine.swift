// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

extension Call {
    /// Appends the line of CLIENT LIST for a session. `args` are the caller's, whose size its own line shows.
    public func appendLine(_ session: Session, _ args: Arguments, _ out: inout [UInt8]) {
        var argumentBytes = 0
        if session === self.session {
            for i in 0..<args.count { argumentBytes += args[i].count }
        }
        engine.describe(session, argumentBytes: argumentBytes, &out)
        out.append(10)
    }
}

extension Engine {
    /// Appends what CLIENT LIST tells of a session. For the one whose command runs that includes its arguments. The
    /// read they came in is nobody's: all clients are read through one buffer.
    ///
    /// `hidesUserData` keeps back what the client has named itself.
    func describe(
        _ session: Session, argumentBytes: Int = 0, hidesUserData: Bool = false,
        _ out: inout [UInt8]
    ) {
        func append(named bytes: [UInt8]) { out += hidesUserData ? Array("*redacted*".utf8) : bytes }
        let nowMs = keys.nowMs
        let command = session.lastCommand < 0 ? "NULL" : table.fullName(session.lastCommand)
        let facts = facts(session)
        func field(_ name: String) -> Int { facts.fields[name] ?? 0 }
        let received = session.receivedBytes
        let waiting = session.waitingOutputBytes
        let place: ByteString = "addr=\(session.address) laddr=\(session.localAddress)"
        out += "id=\(session.id) ".utf8
        out += place.bytes
        out += " fd=\(session.descriptor)".utf8
        out += " name=".utf8
        append(named: session.name)
        out += " age=\((nowMs - session.createdMs) / 1000) idle=\((nowMs - session.lastActiveMs) / 1000)".utf8
        out += " flags=".utf8
        out += session.flagLetters(facts)
        out += session.followsRedirects ? " capa=r".utf8 : " capa=".utf8
        out += " db=\(session.database) sub=\(field("sub")) psub=\(field("psub"))".utf8
        out += " ssub=\(field("ssub")) multi=\(session.isInMulti ? field("multi") : -1)".utf8
        out += " watch=\(field("watch"))".utf8
        out += " qbuf=\(received) qbuf-free=\(session.queryBufferBytes - received)".utf8
        // All clients are answered through one buffer: none has one of its own.
        out +=
            " argv-mem=\(argumentBytes) multi-mem=\(field("multi-mem")) rbs=0 rbp=0".utf8
        out +=
            " obl=0 oll=\(Int(session.queued.pieces) + session.pushes.nodeCount) omem=\(waiting)"
            .utf8
        out += " tot-mem=\(session.memoryBytes + session.pushes.memoryBytes + argumentBytes)".utf8
        out += " events=\(waiting > 0 ? "rw" : "r") cmd=\(command)".utf8
        out += " user=".utf8
        append(named: Array("default".utf8))
        out += " redir=\(facts.fields["redir"] ?? -1)".utf8
        out += " resp=\(session.isRESP3 ? 3 : 2) lib-name=".utf8
        append(named: session.libraryName)
        out += " lib-ver=".utf8
        append(named: session.libraryVersion)
        out += " io-thread=0 tot-net-in=\(session.inputBytes) tot-net-out=\(session.outputBytes)".utf8
        out += " tot-cmds=\(session.commandCount)".utf8
    }
}

extension Session {
    /// The letters of `flags=` in CLIENT LIST.
    public func flagLetters(_ facts: SessionFacts) -> [UInt8] {
        var letters = facts.letters
        if isHeld { letters.append(UInt8(ascii: "b")) }
        if isClosing { letters.append(UInt8(ascii: "c")) }
        if isUnixSocket { letters.append(UInt8(ascii: "U")) }
        if readsFromReplicas { letters.append(UInt8(ascii: "r")) }
        if !isEvictable { letters.append(UInt8(ascii: "e")) }
        if !touchesKeys { letters.append(UInt8(ascii: "T")) }
        if isImportSource { letters.append(UInt8(ascii: "I")) }
        if letters.isEmpty { return [UInt8(ascii: "N")] }
        return Array("OSMPxtRBbcuAUreTI".utf8).filter { letters.contains($0) }
    }
}

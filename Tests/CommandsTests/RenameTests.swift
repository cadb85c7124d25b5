// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// rename-command: commands under other names, or under none.
@Suite struct RenameTests {
    private func rig() -> Rig {
        Rig(lines: [
            "rename-command Get Fetch", "rename-command flushall ''",
            "rename-command CONFIG b840fc02d5240454",
        ])
    }

    @Test func theNewNameAnswersAndTheOldOneDoesNot() {
        let rig = rig()
        rig.run("SET", "a", "1")
        #expect(rig.run("fetch", "a") == "$1 1")
        #expect(rig.run("FETCH", "a") == "$1 1")
        #expect(rig.run("GET", "a") == "-ERR unknown command 'GET', with args beginning with: 'a' ")
        #expect(rig.run("FLUSHALL") == "-ERR unknown command 'FLUSHALL', with args beginning with: ")
        #expect(rig.run("b840fc02d5240454", "GET", "port") == "*2 $4 port $4 6379")
        #expect(rig.run("CONFIG", "GET", "port").hasPrefix("-ERR unknown command 'CONFIG'"))
        // Replies name a command as it was.
        #expect(rig.run("fetch") == "-ERR wrong number of arguments for 'get' command")
        #expect(rig.run("INFO", "commandstats").contains("cmdstat_get:calls=2,"))
        #expect(rig.mismatch == nil)
    }

    @Test func transactionsTakeTheNewName() {
        let rig = rig()
        rig.run("MULTI")
        #expect(rig.run("fetch", "a") == "+QUEUED")
        #expect(rig.run("EXEC") == "*1 $-1")
        rig.run("MULTI")
        rig.run("get", "a")
        #expect(rig.run("EXEC").hasPrefix("-EXECABORT"))
    }

    @Test func theTableIsAskedByTheNewName() {
        let rig = rig()
        let plain = Rig()
        #expect(rig.run("COMMAND", "INFO", "get") == "*1 $-1")
        #expect(rig.run("COMMAND", "INFO", "fetch") == plain.run("COMMAND", "INFO", "get"))
        #expect(rig.run("COMMAND", "GETKEYS", "fetch", "k") == "*1 $1 k")
        #expect(rig.run("COMMAND", "DOCS", "flushall") == "*0")
        #expect(!rig.run("COMMAND", "LIST").contains(" flushall "))
        #expect(plain.run("COMMAND", "LIST").contains(" flushall "))
        let count = { (rig: Rig) in Int(rig.run("COMMAND", "COUNT").dropFirst()) ?? 0 }
        #expect(count(rig) == count(plain) - 1)
    }

    @Test func lines() {
        let config = Config()
        func take(_ words: String...) -> ByteString? { config.take(words.map { ByteString($0) }) }
        #expect(take("rename-command", "nosuch", "x") == "No such command in rename-command")
        #expect(take("rename-command", "config|get", "x") == "No such command in rename-command")
        #expect(take("rename-command", "get", "SET") == "Target command name already exists")
        #expect(take("rename-command", "GET") == "Bad directive or wrong number of arguments")
        #expect(take("rename-command", "get", "x") == "No such command in rename-command")
        let second = Config()
        func takeSecond(_ words: String...) -> ByteString? { second.take(words.map { ByteString($0) }) }
        // Names may be exchanged, and a command may be renamed twice.
        #expect(takeSecond("rename-command", "get", "tmp") == nil)
        #expect(takeSecond("rename-command", "set", "get") == nil)
        #expect(takeSecond("RENAME-COMMAND", "TMP", "set") == nil)
        #expect(second.commandNames.present("get") == "set" && second.commandNames.present("set") == "get")
        // What is not built here may be hidden all the same.
        #expect(takeSecond("rename-command", "BGREWRITEAOF", "") == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

extension Reply {
    /// One command as COMMAND INFO shows it.
    func describe(_ index: Int, _ table: CommandTable) {
        let command = table.commands[index]
        let specs = KeySpec.parse(command.keys)
        let range = KeySpec.legacyRange(specs)
        array(10)
        bulk(table.fullName(index))
        integer(command.arity)
        simple(flags: command.flags)
        integer(range.first)
        integer(range.last)
        integer(range.step)
        let categories = command.aclCategories()
        set(categories.count)
        for category in categories { simple("@" + category) }
        let tips = command.tips.split(separator: " ")
        set(tips.count)
        for tip in tips { bulk(String(tip)) }
        set(specs.count)
        for spec in specs { describe(spec) }
        let subcommands = table.subcommands(index)
        // The one without any is a set, as in Redis.
        if subcommands.isEmpty { set(0) } else { array(subcommands.count) }
        for subcommand in subcommands { describe(subcommand, table) }
    }

    private func simple(flags: CommandFlags) {
        let names = CommandFlags.names.filter { flags.contains($0.0) }
        set(names.count)
        for (_, name) in names { simple(name) }
    }

    func simple(_ text: String) { Array(text.utf8).withView { simple($0) } }

    private func describe(_ spec: KeySpec) {
        map(spec.notes.isEmpty ? 3 : 4)
        if !spec.notes.isEmpty {
            bulk("notes")
            bulk(spec.notes)
        }
        bulk("flags")
        set(spec.flags.count)
        for flag in spec.flags { simple(flag) }
        bulk("begin_search")
        describe(spec.begin)
        bulk("find_keys")
        describe(spec.find)
    }

    private func describe(_ begin: KeySpec.Begin) {
        switch begin {
        case .unknown:
            part("unknown", 0)
        case .index(let index):
            part("index", 1)
            pair("index", index)
        case .keyword(let word, let from):
            part("keyword", 2)
            bulk("keyword")
            bulk(word)
            pair("startfrom", from)
        }
    }

    private func describe(_ find: KeySpec.Find) {
        switch find {
        case .unknown:
            part("unknown", 0)
        case .range(let last, let step, let limit):
            part("range", 3)
            pair("lastkey", last)
            pair("keystep", step)
            pair("limit", limit)
        case .count(let numberIndex, let first, let step):
            part("keynum", 3)
            pair("keynumidx", numberIndex)
            pair("firstkey", first)
            pair("keystep", step)
        }
    }

    private func part(_ type: StaticString, _ count: Int) {
        map(2)
        bulk("type")
        bulk(type)
        bulk("spec")
        map(count)
    }

    private func pair(_ name: StaticString, _ number: Int) {
        bulk(name)
        integer(number)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Engine

extension Scripting {
    /// The scripting commands with their documentation.
    public static let family = Family(
        commands: commands, docs: docs, parameters: parameters, debugging: debugging)

    private static let time = "By the script"

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc(
            "EVAL", "Runs a script.", since: "2.6.0", time, "script numkeys:integer [key...] [arg...]"),
        CommandDoc(
            "EVALSHA", "Runs a kept script by its digest.", since: "2.6.0", time,
            "sha1 numkeys:integer [key...] [arg...]"),
        CommandDoc(
            "EVAL_RO", "Runs a script that may only read.", since: "7.0.0", time,
            "script numkeys:integer [key...] [arg...]"),
        CommandDoc(
            "EVALSHA_RO", "Runs a kept script that may only read, by its digest.", since: "7.0.0", time,
            "sha1 numkeys:integer [key...] [arg...]"),
        CommandDoc("SCRIPT", "The commands for kept scripts.", since: "2.6.0", "By the subcommand"),
        CommandDoc("SCRIPT|LOAD", "Keeps a script.", since: "2.6.0", "O(N), N bytes of it", "script"),
        CommandDoc(
            "SCRIPT|EXISTS", "Tells which scripts are kept.", since: "2.6.0", "O(N), N digests", "sha1..."),
        CommandDoc(
            "SCRIPT|FLUSH", "Forgets all scripts.", since: "2.6.0", "O(N), N scripts",
            "[flush-type: ASYNC | SYNC]",
            history: ["6.2.0 The options `ASYNC` and `SYNC`."]),
        CommandDoc("SCRIPT|SHOW", "Shows the text of a kept script.", since: "8.0.0", "O(1)", "sha1"),
        CommandDoc("SCRIPT|KILL", "Ends the script that runs.", since: "2.6.0", "O(1)"),
        CommandDoc(
            "SCRIPT|DEBUG", "Refused: there is no debugger.", since: "3.2.0", "O(1)",
            "(mode: YES | SYNC | NO)"),
        CommandDoc("SCRIPT|HELP", "Tells what SCRIPT can do.", since: "5.0.0", "O(1)"),
    ]
}

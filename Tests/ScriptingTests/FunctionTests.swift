// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Scripting

@Suite struct FunctionTests {
    private static let library = """
        #!lua name=lib
        local calls = 0
        redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
        redis.register_function{
            function_name = 'count', callback = function() calls = calls + 1 return calls end,
            description = 'how often', flags = {'no-writes'}}
        """

    @Test func loadedAndCalled() {
        let rig = Rig()
        #expect(rig.run("FUNCTION", "LOAD", FunctionTests.library) == "$3 lib")
        #expect(rig.run("FCALL", "put", "1", "a", "5") == "+OK")
        #expect(rig.run("GET", "a") == "$1 5")
        #expect(rig.run("FCALL", "count", "0") == ":1")
        #expect(rig.run("FCALL_RO", "COUNT", "0") == ":2")
        #expect(
            rig.run("FCALL_RO", "put", "1", "a", "5")
                == "-ERR Can not execute a script with write flag using *_ro command.")
        #expect(rig.run("FCALL", "none", "0") == "-ERR Function not found")
        #expect(rig.run("FCALL", "put", "x") == "-ERR Bad number of keys provided")
        #expect(
            rig.run("FCALL", "put", "2", "a") == "-ERR Number of keys can't be greater than number of args")
        #expect(rig.run("FCALL", "put", "-1", "a") == "-ERR Number of keys can't be negative")
        #expect(rig.mismatch == nil)
    }

    @Test func listed() {
        let rig = Rig()
        rig.run("FUNCTION", "LOAD", FunctionTests.library)
        let functions =
            "*2 *6 $4 name $3 put $11 description $-1 $5 flags *0 *6 $4 name $5 count $11 description $9 how often "
            + "$5 flags *1 +no-writes"
        let entry = "$12 library_name $3 lib $6 engine $3 LUA $9 functions \(functions)"
        #expect(rig.run("FUNCTION", "LIST") == "*1 *6 \(entry)")
        #expect(rig.run("FUNCTION", "LIST", "LIBRARYNAME", "l*") == "*1 *6 \(entry)")
        #expect(rig.run("FUNCTION", "LIST", "LIBRARYNAME", "x*") == "*0")
        #expect(rig.run("FUNCTION", "LIST", "WITHCODE").contains("library_code"))
        #expect(rig.run("FUNCTION", "LIST", "x") == "-ERR Unknown argument x")
        #expect(rig.run("FUNCTION", "LIST", "LIBRARYNAME") == "-ERR library name argument was not given")
        #expect(
            rig.run("FUNCTION", "STATS")
                == "*4 $14 running_script $-1 $7 engines *2 $3 LUA *4 $15 libraries_count :1 $15 functions_count :2"
        )
    }

    @Test(arguments: [
        ("x", "ERR Missing library metadata"), ("#!lua name=x", "ERR Invalid library metadata"),
        ("#!js name=x\n1", "ERR Engine 'js' not found"), ("#!lua\n1", "ERR Library name was not given"),
        ("#!lua name=x y\n1", "ERR Invalid metadata value given: y"),
        (
            "#!lua name=x name=y\n1",
            "ERR Invalid metadata value, name argument was given multiple times"
        ),
        (
            "#!lua name=a-b\n1",
            "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
        ),
        ("#!lua name=x\nlocal a = 1", "ERR No functions registered"),
        (
            "#!lua name=x\na b c",
            "ERR Error compiling function: user_function:2: '=' expected near 'b'"
        ),
        (
            "#!lua name=x\nx = 1",
            "ERR Error registering functions: ERR user_function:2: Attempt to modify a readonly table"
        ),
        (
            "#!lua name=x\nreturn redis.call('PING')",
            "ERR Error registering functions: ERR user_function:2: "
                + "Script attempted to access nonexistent global variable 'call'"
        ),
        (
            "#!lua name=x\nreturn math.random()",
            "ERR Error registering functions: ERR user_function:2: "
                + "Script attempted to access nonexistent global variable 'math'"
        ),
        (
            "#!lua name=x\nredis.register_function()",
            "ERR Error registering functions: ERR wrong number of arguments to redis.register_function"
        ),
        (
            "#!lua name=x\nredis.register_function('a', 1)",
            "ERR Error registering functions: ERR second argument to redis.register_function must be a function"
        ),
        (
            "#!lua name=x\nredis.register_function('a', print)",
            "ERR Error registering functions: ERR user_function:2: "
                + "Script attempted to access nonexistent global variable 'print'"
        ),
        ("#!lua name=x\nwhile true do end", "ERR Error registering functions: ERR FUNCTION LOAD timeout"),
        (
            "#!lua name=x\nlocal f = function() end redis.register_function('count', f)",
            "ERR Function count already exists"
        ),
        ("#!lua name=lib\n1", "ERR Library 'lib' already exists"),
    ])
    func wrongLibrariesLeaveNothing(_ text: String, _ problem: String) {
        let rig = Rig()
        rig.run("FUNCTION", "LOAD", FunctionTests.library)
        let part = rig.engine.part(ScriptPart.self)
        #expect(rig.run("FUNCTION", "LOAD", text) == "-" + problem)
        #expect(part.libraries.all.count == 1)
        #expect(part.libraries.functions.count == 2)
        #expect(rig.run("FCALL", "count", "0") == ":1")
    }

    @Test func replacedAndDeleted() {
        let rig = Rig()
        rig.run("FUNCTION", "LOAD", FunctionTests.library)
        let other = "#!lua name=lib\nredis.register_function('other', function() return 3 end)"
        #expect(rig.run("FUNCTION", "LOAD", "REPLACE", "#!lua name=lib\nerror('x')").hasPrefix("-ERR Error"))
        #expect(rig.run("FCALL", "count", "0") == ":1")
        #expect(rig.run("FUNCTION", "LOAD", "REPLACE", other) == "$3 lib")
        #expect(rig.run("FCALL", "count", "0") == "-ERR Function not found")
        #expect(rig.run("FCALL", "other", "0") == ":3")
        #expect(rig.run("FUNCTION", "DELETE", "lib") == "+OK")
        #expect(rig.run("FUNCTION", "DELETE", "lib") == "-ERR Library not found")
        #expect(rig.run("FCALL", "other", "0") == "-ERR Function not found")
        rig.run("FUNCTION", "LOAD", other)
        #expect(rig.run("FUNCTION", "FLUSH", "NOW") == "-ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
        #expect(rig.run("FUNCTION", "FLUSH", "ASYNC") == "+OK")
        #expect(rig.run("FUNCTION", "LIST") == "*0")
    }

    @Test func whatChangesThemIsPropagated() {
        let rig = Rig()
        let tap = Tap(rig)
        let text = "#!lua name=l\nredis.register_function('f', function() return 3 end)"
        rig.run("FUNCTION", "LOAD", text)
        rig.run("FUNCTION", "DELETE", "l")
        rig.run("FUNCTION", "FLUSH")
        #expect(tap.commands == ["FUNCTION LOAD \(text)", "FUNCTION DELETE l", "FUNCTION FLUSH"])
        #expect(rig.mismatch == nil)
    }

    @Test func dumpedAndRestored() {
        let rig = Rig()
        rig.run("FUNCTION", "LOAD", FunctionTests.library)
        let dump = Array(
            rig.raw(["FUNCTION", "DUMP"].map { Array($0.utf8) }).drop { $0 != 10 }.dropFirst().dropLast(2))
        func restore(_ payload: [UInt8], _ policy: String...) -> String {
            let words =
                ["FUNCTION", "RESTORE"].map { Array($0.utf8) } + [payload] + policy.map { Array($0.utf8) }
            return String(decoding: rig.raw(words).dropLast(2), as: UTF8.self)
        }
        #expect(restore(dump) == "-ERR Library lib already exists")
        #expect(restore(dump, "REPLACE") == "+OK")
        rig.run("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 3 end)")
        #expect(restore(dump, "FLUSH") == "+OK")
        #expect(rig.run("FCALL", "f", "0") == "-ERR Function not found")
        #expect(rig.run("FCALL", "count", "0") == ":1")
        rig.run("FUNCTION", "DELETE", "lib")
        rig.run("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('count', function() return 3 end)")
        #expect(restore(dump) == "-ERR Function count already exists")
        #expect(restore(dump, "FLUSH", "x").hasPrefix("-ERR"))
        #expect(restore(dump, "x").hasPrefix("-ERR Wrong restore policy given"))
        #expect(restore([1, 2, 3]) == "-ERR DUMP payload version or checksum are wrong")
        #expect(rig.run("FCALL", "count", "0") == ":3")
        #expect(rig.mismatch == nil)
    }

    @Test func theSealsOfLibrariesHold() {
        let rig = Rig()
        rig.run(
            "FUNCTION", "LOAD",
            """
            #!lua name=lib
            local api = redis
            redis.register_function('change', function() api.math = math end)
            redis.register_function('register', function() api.register_function('g', function() end) end)
            redis.register_function('late', function() redis.register_function('g', function() end) end)
            redis.register_function('global', function() leak = 1 end)
            """)
        #expect(rig.run("FCALL", "change", "0").contains("Attempt to modify a readonly table"))
        #expect(rig.run("FCALL", "register", "0").contains("can only be called on FUNCTION LOAD command"))
        #expect(
            rig.run("FCALL", "late", "0").contains("attempt to call field 'register_function' (a nil value)"))
        #expect(rig.run("FCALL", "global", "0").contains("Attempt to modify a readonly table"))
    }

    @Test func slowFunctions() {
        let rig = Rig()
        rig.engine.part(ScriptPart.self).looksPerSlice = 3
        rig.run(
            "FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() while true do end end)"
        )
        #expect(rig.run("FCALL", "f", "0") == "")
        rig.advance(ms: 5000)
        rig.goOn()
        let busy = "-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
        #expect(rig.run(as: "other", "GET", "a") == busy)
        #expect(rig.run(as: "other", "SCRIPT", "KILL") == busy)
        #expect(
            rig.run(as: "other", "FUNCTION", "STATS").contains(
                "$4 name $1 f $7 command *3 $5 FCALL $1 f $1 0"))
        #expect(rig.run(as: "other", "FUNCTION", "KILL") == "+OK")
        rig.goOn()
        #expect(rig.pushes().hasPrefix("-ERR Script killed by user with SCRIPT KILL... script: f, on"))
    }
}

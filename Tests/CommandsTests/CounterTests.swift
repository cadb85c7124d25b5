// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Strings as numbers.
@Suite struct CounterTests {
    @Test func integers() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("INCR", "a") == ":1")
        #expect(rig.run("DECR", "b") == ":-1")
        #expect(rig.run("INCRBY", "a", "41") == ":42")
        #expect(rig.run("DECRBY", "a", "2") == ":40")
        #expect(rig.run("DECRBY", "a", "-2") == ":42")
        #expect(tap.commands == ["INCR a", "DECR b", "INCRBY a 41", "DECRBY a 2", "DECRBY a -2"])
        #expect(tap.events == ["incrby a", "incrby b", "incrby a", "incrby a", "incrby a"])
        rig.run("PEXPIRE", "a", "1000")
        #expect(rig.run("INCR", "a") == ":43")
        #expect(rig.run("PTTL", "a") == ":1000")
        #expect(rig.mismatch == nil)
    }

    @Test func widths() {
        let rig = Rig()
        for edge in [127, 128, 255, 32767, 32768, 2_147_483_647, 2_147_483_648, 9_007_199_254_740_993]
            as [Int64]
        {
            rig.run("SET", "a", "\(edge - 1)")
            #expect(rig.run("INCR", "a") == ":\(edge)")
            #expect(rig.run("INCR", "a") == ":\(edge + 1)")
            rig.run("SET", "a", "\(-edge)")
            #expect(rig.run("DECR", "a") == ":\(-edge - 1)")
            #expect(rig.run("GET", "a") == "$\("\(-edge - 1)".count) \(-edge - 1)")
        }
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func overflow() {
        let rig = Rig()
        rig.run("SET", "max", "\(Int64.max)")
        rig.run("SET", "min", "\(Int64.min)")
        let refusal = "-ERR increment or decrement would overflow"
        #expect(rig.run("INCR", "max") == refusal)
        #expect(rig.run("INCRBY", "max", "\(Int64.max)") == refusal)
        #expect(rig.run("DECR", "min") == refusal)
        #expect(rig.run("INCRBY", "min", "\(Int64.min)") == refusal)
        #expect(rig.run("DECRBY", "min", "\(Int64.min)") == "-ERR decrement would overflow")
        #expect(rig.run("DECRBY", "a", "\(Int64.max)") == ":-\(Int64.max)")
        #expect(rig.run("INCRBY", "b", "\(Int64.min)") == ":\(Int64.min)")
        #expect(rig.run("INCRBY", "max", "\(Int64.min)") == ":-1")
        #expect(rig.mismatch == nil)
    }

    @Test func notANumber() {
        let rig = Rig()
        for text in [
            "", " 1", "1 ", "+1", "01", "0x10", "1e3", "1.0", "-", "-0", "9223372036854775808", "abc",
        ] {
            rig.run("SET", "a", text)
            #expect(rig.run("INCR", "a") == "-ERR value is not an integer or out of range", "[\(text)]")
            #expect(rig.run("GET", "a") == "$\(text.utf8.count) \(text)")
        }
        #expect(rig.run("INCRBY", "a", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.mismatch == nil)
    }

    @Test func floats() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("INCRBYFLOAT", "a", "10.5") == "$4 10.5")
        #expect(rig.run("INCRBYFLOAT", "a", "0.1") == "$4 10.6")
        #expect(tap.commands == ["SET a 10.5 KEEPTTL", "SET a 10.6 KEEPTTL"])
        #expect(tap.events == ["incrbyfloat a", "incrbyfloat a"])
        rig.run("SET", "a", "5.0e3")
        #expect(rig.run("INCRBYFLOAT", "a", "2.0e2") == "$4 5200")
        #expect(rig.run("OBJECT", "ENCODING", "a") == "$6 embstr")
        #expect(rig.run("INCR", "a") == ":5201")
        rig.run("PEXPIRE", "a", "500")
        #expect(rig.run("INCRBYFLOAT", "a", "-5201") == "$1 0")
        #expect(rig.run("PTTL", "a") == ":500")
        #expect(rig.run("INCRBYFLOAT", "c", "-0.0") == "$1 0")
        #expect(rig.run("INCRBYFLOAT", "d", "1.23") == "$4 1.23")
        #expect(rig.run("INCRBYFLOAT", "d", "0x1p3") == "$4 9.23")
        #expect(rig.mismatch == nil)
    }

    @Test func floatLimits() {
        let rig = Rig()
        rig.run("SET", "a", "1")
        #expect(rig.run("INCRBYFLOAT", "a", "inf") == "-ERR increment would produce NaN or Infinity")
        #expect(rig.run("INCRBYFLOAT", "a", "-infinity") == "-ERR increment would produce NaN or Infinity")
        for text in ["nan", "", " 1", "1 ", "x", "1e99999", "1e-99999", "1,5", "1\01"] {
            #expect(rig.run("INCRBYFLOAT", "a", text) == "-ERR value is not a valid float", "[\(text)]")
        }
        rig.run("SET", "t", "text")
        #expect(rig.run("INCRBYFLOAT", "t", "1") == "-ERR value is not a valid float")
        #expect(rig.run("INCRBYFLOAT", "h", "1e4932").hasPrefix("$4933 "))
        #expect(rig.run("INCRBYFLOAT", "h", "1e4932") == "-ERR increment would produce NaN or Infinity")
        #expect(rig.run("INCRBYFLOAT", "h", "-1e4932") == "$1 0")
        #expect(rig.mismatch == nil)
    }
}

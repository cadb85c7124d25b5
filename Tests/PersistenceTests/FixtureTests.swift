// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Foundation
import Testing

@testable import Engine
@testable import Persistence

/// Files of data as other servers have written them, with a value of every type in every encoding, in base 64. Each was
/// made by the same commands; field deadlines only where the server knows them.
private enum Fixture {
    /// Redis 8.0.6: version 12.
    static let redis12 = """
        UkVESVMwMDEy+glyZWRpcy12ZXIFOC4wLjb6CnJlZGlzLWJpdHPAQPoFY3RpbWXCrJIKa/oIdXNlZC1tZW3CaPkQAPoIYW9mLWJh
        c2XAAPVARCMhbHVhIG5hbWU9bGliCnJlZGlzLnJlZ2lzdGVyX2Z1bmN0aW9uKCJmIiwgZnVuY3Rpb24oKSByZXR1cm4gMSBlbmQp
        /gD7EQEAA2ludMAHAAR0ZXh0BWhlbGxvAAVlbXB0eQAABnBhY2tlZMMLQLQDYWJjYeClAgFiYxgKaGFzaDpsYXJnZQJAlFKjAwAA
        BgACZjUCdjUBAmYxAnYxAAJmNgJ2NgACZjMCdjMAAmY0AnY0AQJmMgJ2MgsIaW50ZWdlcnPDISgECAAAAAQgAwOQ7v7/QAAAASAL
        QAAAAkAEIABAEyAAAH8ABGxvbmcULTkyMjMzNzIwMzY4NTQ3NzU4MDgQBGhhc2giIgAAAAYAhG5hbWUFhXZhbHVlBoFuAhEBgAGF
        ZW1wdHkG/xQDc2V0Dw8AAAADAIFhAgEBgWIC/wIJc2V0OmxhcmdlCAFoAWEBZwFlAWMBYgFmAWQSCWxpc3Q6bG9uZwUCDw8AAAAE
        AAEBAgEDAQQB/wIPDwAAAAQABQEGAQcBCAH/Ag8PAAAABAAJAQoBCwEMAf8CDw8AAAAEAA0BDgEPARAB/wIPDwAAAAQAEQESARMB
        FAH/EgRsaXN0AQISEgAAAAQAgWECAQHxeOwDgAH//ABAlFKjAwAAAAZtb3J0YWwBeBkKaGFzaDpkYXRlZAFAlFKjAwAAJCQAAAAJ
        AIFhAgEB9AFAlFKjAwAACYFiAgIBAAGBYwIDAQAB/xEEenNldCUlAAAACACBYgKELTEuNQWBYQIBAYFkAoMzLjUEgWMCg2luZgT/
        FQZzdHJlYW0BEAAAAAAAAAABAAAAAAAAAAHDQEtAZRJlAAAAJAAEAQEBAgGBbgKBZgIAIAkAACABCgEBhHRleHQFBQEDIAtAFcAP
        AAIgAQAAIBXgAQ8AAyAPAATgAg8ABCAPAAXADwEB/wQFAQEBAgEFAgNhbGwDAYH//////////wIAAAAAAAAAAQAAAAAAAAABWvNM
        IaIBAAABAAAAAAAAAAMAAAAAAAAAAVrzTCGiAQAAAQIFYWxpY2Va80whogEAAFrzTCGiAQAAAgAAAAAAAAABAAAAAAAAAAEAAAAA
        AAAAAwAAAAAAAAABA2JvYmPzTCGiAQAA//////////8ABG5vbmUFAYH//////////wAABQp6c2V0OmxhcmdlBgFmAAAAAAAAGEAB
        ZQAAAAAAABRAAWQAAAAAAAAQQAFjAAAAAAAACEABYgAAAAAAAABAAWEAAAAAAADwP/4D+wEAAAllbHNld2hlcmXAAf+uvRDr3+fu
        3Q==
        """

    /// Valkey 9.1.2: version 80.
    static let valkey80 = """
        VkFMS0VZMDgw+gp2YWxrZXktdmVyBTkuMS4y+gpyZWRpcy1iaXRzwED6BWN0aW1lwq6SCmv6CHVzZWQtbWVtwgCIFAD6CGFvZi1i
        YXNlwAD1QEQjIWx1YSBuYW1lPWxpYgpyZWRpcy5yZWdpc3Rlcl9mdW5jdGlvbigiZiIsIGZ1bmN0aW9uKCkgcmV0dXJuIDEgZW5k
        Kf4A+xEBFgpoYXNoOmRhdGVkAwFhwAEBQJRSowMAAAFiwAL//////////wFjwAP//////////wAEbG9uZxQtOTIyMzM3MjAzNjg1
        NDc3NTgwOPwAQJRSowMAAAAGbW9ydGFsAXgQBGhhc2giIgAAAAYAhG5hbWUFhXZhbHVlBoFuAhEBgAGFZW1wdHkG/xYKaGFzaDps
        YXJnZQYCZjECdjECQJRSowMAAAJmMgJ2MgJAlFKjAwAAAmYzAnYz//////////8CZjQCdjT//////////wJmNQJ2Nf//////////
        AmY2AnY2//////////8VBnN0cmVhbQEQAAAAAAAAAAEAAAAAAAAAAcNAS0BlEmUAAAAkAAQBAQECAYFuAoFmAgAgCQAAIAEKAQGE
        dGV4dAUFAQMgC0AVwA8AAiABAAAgFeABDwADIA8ABOACDwAEIA8ABcAPAQH/BAUBAQECAQUCA2FsbAMBgf//////////AgAAAAAA
        AAABAAAAAAAAAAGB90whogEAAAEAAAAAAAAAAwAAAAAAAAABgfdMIaIBAAABAgVhbGljZYH3TCGiAQAAgfdMIaIBAAACAAAAAAAA
        AAEAAAAAAAAAAQAAAAAAAAADAAAAAAAAAAEDYm9ijPdMIaIBAAD//////////wAEbm9uZQUBgf//////////AAAAA2ludMAHAAR0
        ZXh0BWhlbGxvCwhpbnRlZ2Vyc8MhKAQIAAAABCADA5Du/v9AAAABIAtAAAACQAQgAEATIAAAfxEEenNldCUlAAAACACBYgKELTEu
        NQWBYQIBAYFkAoMzLjUEgWMCg2luZgT/BQp6c2V0OmxhcmdlBgFmAAAAAAAAGEABZQAAAAAAABRAAWQAAAAAAAAQQAFjAAAAAAAA
        CEABYgAAAAAAAABAAWEAAAAAAADwPwAGcGFja2VkwwtAtANhYmNh4KUCAWJjEgRsaXN0AQISEgAAAAQAgWECAQHxeOwDgAH/FANz
        ZXQPDwAAAAMAgWECAQGBYgL/AglzZXQ6bGFyZ2UIAWEBYgFoAWMBZAFlAWYBZxIJbGlzdDpsb25nBQIPDwAAAAQAAQECAQMBBAH/
        Ag8PAAAABAAFAQYBBwEIAf8CDw8AAAAEAAkBCgELAQwB/wIPDwAAAAQADQEOAQ8BEAH/Ag8PAAAABAARARIBEwEUAf8ABWVtcHR5
        AP4D+wEAAAllbHNld2hlcmXAAf+5HXj/qiKO4A==
        """

    /// Redis 7.0.15: version 10.
    static let redis10 = """
        UkVESVMwMDEw+glyZWRpcy12ZXIGNy4wLjE1+gpyZWRpcy1iaXRzwED6BWN0aW1lwq6SCmv6CHVzZWQtbWVtwuDDEwD6CGFvZi1i
        YXNlwAD1QEQjIWx1YSBuYW1lPWxpYgpyZWRpcy5yZWdpc3Rlcl9mdW5jdGlvbigiZiIsIGZ1bmN0aW9uKCkgcmV0dXJuIDEgZW5k
        Kf4A+xEBEgRsaXN0AQISEgAAAAQAgWECAQHxeOwDgAH/EwZzdHJlYW0BEAAAAAAAAAABAAAAAAAAAAHDQEtAZRJlAAAAJAAEAQEB
        AgGBbgKBZgIAIAkAACABCgEBhHRleHQFBQEDIAtAFcAPAAIgAQAAIBXgAQ8AAyAPAATgAg8ABCAPAAXADwEB/wQFAQEBAgEFAgNh
        bGwDAYH//////////wIAAAAAAAAAAQAAAAAAAAABU/tMIaIBAAABAAAAAAAAAAMAAAAAAAAAAVP7TCGiAQAAAQIFYWxpY2VT+0wh
        ogEAAAIAAAAAAAAAAQAAAAAAAAABAAAAAAAAAAMAAAAAAAAAAQNib2Jh+0whogEAAAAEbm9uZQUBgf//////////AAAAA2ludMAH
        CwhpbnRlZ2Vyc8MhKAQIAAAABCADA5Du/v9AAAABIAtAAAACQAQgAEATIAAAfwAEbG9uZxQtOTIyMzM3MjAzNjg1NDc3NTgwOBEE
        enNldCUlAAAACACBYgKELTEuNQWBYQIBAYFkAoMzLjUEgWMCg2luZgT//ABAlFKjAwAAAAZtb3J0YWwBeAAEdGV4dAVoZWxsbwQK
        aGFzaDpsYXJnZQYCZjICdjICZjYCdjYCZjMCdjMCZjUCdjUCZjECdjECZjQCdjQABWVtcHR5AAIJc2V0OmxhcmdlCAFkAWIBaAFh
        AWUBZwFmAWMSCWxpc3Q6bG9uZwUCDw8AAAAEAAEBAgEDAQQB/wIPDwAAAAQABQEGAQcBCAH/Ag8PAAAABAAJAQoBCwEMAf8CDw8A
        AAAEAA0BDgEPARAB/wIPDwAAAAQAEQESARMBFAH/EApoYXNoOmRhdGVkFhYAAAAGAIFhAgEBgWICAgGBYwIDAf8FCnpzZXQ6bGFy
        Z2UGAWYAAAAAAAAYQAFlAAAAAAAAFEABZAAAAAAAABBAAWMAAAAAAAAIQAFiAAAAAAAAAEABYQAAAAAAAPA/EARoYXNoIiIAAAAG
        AIRuYW1lBYV2YWx1ZQaBbgIRAYABhWVtcHR5Bv8CA3NldAMBYsABAWEABnBhY2tlZMMLQLQDYWJjYeClAgFiY/4D+wEAAAllbHNl
        d2hlcmXAAf9eOb4dVsckXQ==
        """

    static func bytes(_ text: String) -> [UInt8] {
        Array(Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
    }
}

@Suite struct FixtureTests {
    /// DEBUG DIGEST of the servers that wrote the files; Valkey's own leaves the deadlines of fields out.
    private static let datedDigest = "+5629d5d064266731fac039ab30a0007c86d4fe07"
    private static let plainDigest = "+3d73bbedf2aa4d530e3e953dc68b8c63e6f29b4a"

    @Test(arguments: [
        (Fixture.redis12, datedDigest), (Fixture.valkey80, datedDigest), (Fixture.redis10, plainDigest),
    ])
    func filesOfOthersAreRead(_ fixture: String, _ digest: String) {
        let bytes = Fixture.bytes(fixture)
        #expect(bytes.count > 900)
        let rig = Rig(saving: [], withTwin: false)
        rig.host.memory["dump.rdb"] = bytes
        #expect(rig.run("DEBUG", "RELOAD", "NOSAVE") == "+OK")
        #expect(rig.digest == digest)
        #expect(rig.run("PEXPIRETIME", "mortal") == ":4000000000000")
        #expect(rig.persistence.functions.count == 1)
        if digest == Self.datedDigest {
            #expect(
                rig.run("HPEXPIRETIME", "hash:dated", "FIELDS", "2", "a", "b") == "*2 :4000000000001 :-1")
            #expect(rig.run("HPEXPIRETIME", "hash:large", "FIELDS", "1", "f2") == "*1 :4000000000002")
        }
        let groups = rig.run("XINFO", "STREAM", "stream", "FULL", "COUNT", "0")
        #expect(groups.contains("$13 entries-added :5") && groups.contains("$3 bob"))
        rig.engine.keys.checkInvariants()
        // What we write of it says the same.
        #expect(rig.run("DEBUG", "RELOAD") == "+OK" && rig.digest == digest)
    }

    /// Every bit of a file counts: turned round, it is noticed.
    @Test(arguments: [Fixture.redis12, Fixture.valkey80]) func everyBitCounts(_ fixture: String) {
        let whole = Fixture.bytes(fixture)
        let disk = MemoryDisk()
        var unnoticed: [Int] = []
        for bit in 0..<(whole.count * 8) {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            disk["file"] = bytes
            if SnapshotCheck("file", disk, nowMs: 0, say: { _ in }).run(progress: { _, _ in }) {
                unnoticed.append(bit)
            }
        }
        #expect(unnoticed == [], "of \(whole.count * 8)")
        for end in whole.indices {
            disk["file"] = Array(whole[..<end])
            #expect(
                !SnapshotCheck("file", disk, nowMs: 0, say: { _ in }).run(progress: { _, _ in }), "\(end)")
        }
    }

    /// The same in a server, where what was there before must not be served beside it.
    @Test func everyBitCountsInAServer() {
        let whole = Fixture.bytes(Fixture.redis12)
        let rig = Rig(saving: [], withTwin: false)
        for bit in 0..<(whole.count * 8) {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            rig.host.memory["dump.rdb"] = bytes
            let reply = rig.run("DEBUG", "RELOAD", "NOSAVE")
            guard reply != "-ERR Error trying to load the RDB dump, check server logs." else { continue }
            Issue.record("bit \(bit): \(reply)")
        }
        rig.engine.keys.checkInvariants()
    }
}

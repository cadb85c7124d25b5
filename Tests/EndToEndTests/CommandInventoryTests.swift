// SPDX-License-Identifier: Apache-2.0
// Every command that Redis 8.0 or Valkey 9.1 has, by the feature it belongs to: what is there, and what waits for what.

import Foundation
import TestSupport
import Testing

/// A part of the server and the commands that come with it.
struct Feature {
    let name: String
    /// Whether it is built. Then all of its commands are there, and otherwise none.
    let isThere: Bool
    /// Names in capitals, `CLIENT|LIST` for a subcommand.
    let commands: [String]

    /// - Parameter text: the names; those of subcommands in parentheses behind their container.
    init(_ name: String, isThere: Bool, _ text: String) {
        self.name = name
        self.isThere = isThere
        var (commands, container): ([String], String?) = ([], nil)
        for word in text.split(whereSeparator: \.isWhitespace) {
            var word = String(word)
            if let open = word.firstIndex(of: "(") {
                let name = String(word[..<open])
                commands.append(name)
                word.removeSubrange(...open)
                container = name
            }
            let isLast = word.hasSuffix(")")
            if isLast { word.removeLast() }
            commands.append(container.map { "\($0)|\(word)" } ?? word)
            if isLast { container = nil }
        }
        self.commands = commands
    }

    /// The names without those of subcommands.
    var topCommands: [String] { commands.filter { !$0.contains("|") } }

    static let all: [Feature] = [
        Feature(
            "Strings", isThere: true,
            """
            APPEND DECR DECRBY DELIFEQ GET GETDEL GETEX GETRANGE GETSET INCR INCRBY INCRBYFLOAT LCS MGET
            MSET MSETEX MSETNX PSETEX SET SETEX SETNX SETRANGE STRLEN SUBSTR
            """),
        Feature(
            "Bitmaps", isThere: true,
            """
            BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS GETBIT SETBIT
            """),
        Feature(
            "HyperLogLogs", isThere: true,
            """
            PFADD PFCOUNT PFDEBUG PFMERGE PFSELFTEST
            """),
        Feature(
            "Lists", isThere: true,
            """
            BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH LINDEX LINSERT LLEN LMOVE LMPOP LPOP LPOS LPUSH LPUSHX
            LRANGE LREM LSET LTRIM RPOP RPOPLPUSH RPUSH RPUSHX
            """),
        Feature(
            "Sets", isThere: true,
            """
            SADD SCARD SDIFF SDIFFSTORE SINTER SINTERCARD SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE
            SPOP SRANDMEMBER SREM SSCAN SUNION SUNIONSTORE
            """),
        Feature(
            "Hashes", isThere: true,
            """
            HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL HGETDEL HGETEX HINCRBY HINCRBYFLOAT
            HKEYS HLEN HMGET HMSET HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSET
            HSETEX HSETNX HSTRLEN HTTL HVALS
            """),
        Feature(
            "Sorted sets", isThere: true,
            """
            BZMPOP BZPOPMAX BZPOPMIN ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD
            ZINTERSTORE ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE
            ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX
            ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION ZUNIONSTORE
            """),
        Feature(
            "Geo", isThere: true,
            """
            GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO
            GEOSEARCH GEOSEARCHSTORE
            """),
        Feature(
            "Keys", isThere: true,
            """
            COPY DEL EXISTS EXPIRE EXPIREAT EXPIRETIME KEYS MOVE OBJECT(ENCODING FREQ HELP IDLETIME
            REFCOUNT) PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PTTL RANDOMKEY RENAME RENAMENX SCAN SORT SORT_RO
            TOUCH TTL TYPE UNLINK WAIT WAITAOF
            """),
        Feature(
            "Transactions", isThere: true,
            """
            DISCARD EXEC MULTI UNWATCH WATCH
            """),
        Feature(
            "Messages", isThere: true,
            """
            PSUBSCRIBE PUBLISH PUBSUB(CHANNELS HELP NUMPAT NUMSUB SHARDCHANNELS SHARDNUMSUB) PUNSUBSCRIBE
            SPUBLISH SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE UNSUBSCRIBE
            """),
        Feature(
            "Connections", isThere: true,
            """
            AUTH CLIENT(CACHING CAPA GETNAME GETREDIR HELP ID IMPORT-SOURCE INFO KILL LIST NO-EVICT NO-TOUCH
            PAUSE REPLY SETINFO SETNAME TRACKING TRACKINGINFO UNBLOCK UNPAUSE) ECHO HELLO PING QUIT RESET
            SELECT
            """),
        Feature(
            "Server", isThere: true,
            """
            BGREWRITEAOF BGSAVE COMMAND(COUNT DOCS GETKEYS GETKEYSANDFLAGS HELP INFO LIST) COMMANDLOG(GET
            HELP LEN RESET) CONFIG(GET HELP RESETSTAT REWRITE SET) DBSIZE DEBUG FAILOVER FLUSHALL FLUSHDB
            INFO LASTSAVE LATENCY(DOCTOR GRAPH HELP HISTOGRAM HISTORY LATEST RESET) LOLWUT MEMORY(DOCTOR
            HELP MALLOC-STATS PURGE STATS USAGE) MODULE(HELP LIST LOAD LOADEX UNLOAD) MONITOR REPLICAOF ROLE
            SAVE SHUTDOWN SLAVEOF SLOWLOG(GET HELP LEN RESET) SWAPDB TIME
            """),
        Feature(
            "Cluster", isThere: true,
            """
            ASKING CLUSTER(ADDSLOTS ADDSLOTSRANGE BUMPEPOCH CANCELSLOTMIGRATIONS COUNT-FAILURE-REPORTS
            COUNTKEYSINSLOT DELSLOTS DELSLOTSRANGE FAILOVER FLUSHSLOT FLUSHSLOTS FORGET GETKEYSINSLOT
            GETSLOTMIGRATIONS HELP INFO KEYSLOT LINKS MEET MIGRATESLOTS MYID MYSHARDID NODES REPLICAS
            REPLICATE RESET SAVECONFIG SET-CONFIG-EPOCH SETSLOT SHARDS SLAVES SLOT-STATS SLOTS SYNCSLOTS)
            CLUSTERSCAN READONLY READWRITE
            """),
        Feature(
            "Streams", isThere: true,
            """
            XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP(CREATE CREATECONSUMER DELCONSUMER DESTROY HELP SETID)
            XINFO(CONSUMERS GROUPS HELP STREAM) XLEN XPENDING XRANGE XREAD XREADGROUP XREVRANGE XSETID XTRIM
            """),
        Feature(
            "Scripts", isThere: true,
            """
            EVAL EVAL_RO EVALSHA EVALSHA_RO SCRIPT(DEBUG EXISTS FLUSH HELP KILL LOAD SHOW)
            """),
        Feature(
            "Functions", isThere: true,
            """
            FCALL FCALL_RO FUNCTION(DELETE DUMP FLUSH HELP KILL LIST LOAD RESTORE STATS)
            """),
        Feature(
            "Users", isThere: false,
            """
            ACL(CAT DELUSER DRYRUN GENPASS GETUSER HELP LIST LOAD LOG SAVE SETUSER USERS WHOAMI)
            """),
        Feature(
            "Dumps", isThere: true,
            """
            DUMP RESTORE RESTORE-ASKING
            """),
        Feature(
            "Migration", isThere: true,
            """
            MIGRATE
            """),
        Feature(
            "Replication", isThere: false,
            """
            PSYNC REPLCONF SYNC
            """),
        Feature(
            "Sentinel", isThere: false,
            """
            SENTINEL(CKQUORUM CONFIG DEBUG FAILOVER FLUSHCONFIG GET-MASTER-ADDR-BY-NAME
            GET-PRIMARY-ADDR-BY-NAME HELP INFO-CACHE IS-MASTER-DOWN-BY-ADDR IS-PRIMARY-DOWN-BY-ADDR MASTER
            MASTERS MONITOR MYID PENDING-SCRIPTS PRIMARIES PRIMARY REMOVE REPLICAS RESET SENTINELS SET
            SIMULATE-FAILURE SLAVES)
            """),
    ]
}

@Suite struct CommandInventoryTests {
    /// Whatever belongs to a feature that is built is there, and nothing else; what is missing is listed by feature.
    @Test func featuresHaveTheirCommands() throws {
        let server = try ServerProcess()
        guard case .array(let names) = try server.client().call("COMMAND", "LIST") else {
            throw SupportError("COMMAND LIST is no array")
        }
        let there = Set(names.compactMap { $0.text?.uppercased() })
        var listed: Set<String> = []
        for feature in Feature.all {
            let missing = feature.commands.filter { !there.contains($0) }
            if feature.isThere {
                #expect(missing == [], "\(feature.name)")
            } else {
                #expect(missing == feature.commands, "\(feature.name) is said to be missing")
                print("\(feature.name) not built: \(missing.joined(separator: " "))")
            }
            for name in feature.commands { #expect(listed.insert(name).inserted, "\(name) is listed twice") }
        }
        #expect(there.subtracting(listed).sorted() == [], "commands that no feature lists")
        #expect(listed.count == 425, "the inventory has changed: both servers have so many commands")
    }

    /// README's list is this table.
    @Test func readmeListsTheSame() throws {
        let url = Project.root.appendingPathComponent("README.md")
        let readme = try String(contentsOf: url, encoding: .utf8)
        let parts = readme.components(separatedBy: "<!-- commands -->\n")
        try #require(parts.count == 3, "README needs two marks around the list of commands")
        #expect(parts[1] == CommandInventoryTests.markdown, "README's list is not the table's")
    }

    private static var markdown: String {
        func lines(_ isThere: Bool) -> String {
            Feature.all.filter { $0.isThere == isThere }.map { feature in
                "| \(feature.name) | \(feature.topCommands.map { "`\($0)`" }.joined(separator: " ")) |\n"
            }.joined()
        }
        return "| There | |\n|---|---|\n\(lines(true))\n| Not built yet | |\n|---|---|\n\(lines(false))"
    }

    @Test func subcommandsAreRead() {
        let feature = Feature("A", isThere: true, "GET CONFIG(GET SET) X(Y) Z")
        #expect(feature.commands == ["GET", "CONFIG", "CONFIG|GET", "CONFIG|SET", "X", "X|Y", "Z"])
        #expect(feature.topCommands == ["GET", "CONFIG", "X", "Z"])
    }
}

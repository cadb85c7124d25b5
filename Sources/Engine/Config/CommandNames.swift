// SPDX-License-Identifier: Apache-2.0
import Bytes

/// By what name each command is called, after the `rename-command` lines of the configuration.
public struct CommandNames: Sendable {
    /// Original names in lower case, by the present name in lower case. Disabled commands have no entry.
    private var originals: [ByteString: ByteString] = [:]
    /// Present names of the commands that were renamed, by original name; empty where disabled.
    private var changed: [ByteString: ByteString] = [:]

    /// - Parameter names: commands that may be renamed, besides those of Redis and Valkey.
    public init(_ names: [ByteString] = []) {
        for name in names { originals[name] = name }
        for name in CommandNames.peers.split(whereSeparator: \.isWhitespace) {
            originals[ByteString(String(name))] = ByteString(String(name))
        }
    }

    /// Gives a command a new name, or none.
    /// - Returns: what is wrong, in Redis's words.
    mutating func rename(_ old: ByteString, to new: ByteString) -> ByteString? {
        guard let original = originals[old.lowercased] else { return "No such command in rename-command" }
        originals[old.lowercased] = nil
        if !new.isEmpty {
            guard originals[new.lowercased] == nil else { return "Target command name already exists" }
            originals[new.lowercased] = original
        }
        changed[original] = new
        return nil
    }

    /// The name that a command is called by; empty when it is disabled.
    func present(_ original: ByteString) -> ByteString { changed[original] ?? original }

    /// The commands of Redis and Valkey, whether built here or not: a configuration that hides one of them is at peace
    /// with a server that does not have it.
    private static let peers = """
        acl append asking auth bgrewriteaof bgsave bitcount bitfield bitfield_ro bitop bitpos blmove blmpop
        blpop brpop brpoplpush bzmpop bzpopmax bzpopmin client cluster clusterscan command commandlog config
        copy dbsize debug decr decrby del delifeq discard dump echo eval eval_ro evalsha evalsha_ro exec exists
        expire expireat expiretime failover fcall fcall_ro flushall flushdb function geoadd geodist geohash
        geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore get getbit
        getdel getex getrange getset hdel hello hexists hexpire hexpireat hexpiretime hget hgetall hgetdel
        hgetex hincrby hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat hpexpiretime hpttl
        hrandfield hscan hset hsetex hsetnx hstrlen httl hvals incr incrby incrbyfloat info keys lastsave
        latency lcs lindex linsert llen lmove lmpop lolwut lpop lpos lpush lpushx lrange lrem lset ltrim memory
        mget migrate module monitor move mset msetex msetnx multi object persist pexpire pexpireat pexpiretime
        pfadd pfcount pfdebug pfmerge pfselftest ping psetex psubscribe psync pttl publish pubsub punsubscribe
        quit randomkey readonly readwrite rename renamenx replconf replicaof reset restore restore-asking role
        rpop rpoplpush rpush rpushx sadd save scan scard script sdiff sdiffstore select set setbit
        setex setnx setrange shutdown sinter sintercard sinterstore sismember slaveof slowlog smembers
        smismember smove sort sort_ro spop spublish srandmember srem sscan ssubscribe strlen subscribe substr
        sunion sunionstore sunsubscribe swapdb sync time touch ttl type unlink unsubscribe unwatch wait waitaof
        watch xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange
        xsetid xtrim zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop
        zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem
        zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan
        zscore zunion zunionstore
        """
}

// SPDX-License-Identifier: Apache-2.0

/// Connections in their order, for the length of a turn. It keeps none of them alive, because it is filled and emptied for
/// every read of every client: a connection lives as long as its stream, which is freed behind the events of a turn, and
/// who is on the list is taken off it by then.
@safe final class ConnectionList {
    private var connections: [Unmanaged<Connection>] = unsafe []

    init() { unsafe connections.reserveCapacity(1024) }

    var isEmpty: Bool { unsafe connections.isEmpty }

    @inline(__always) func append(_ connection: Connection) {
        unsafe connections.append(Unmanaged.passUnretained(connection))
    }

    /// Visits all in their order, each with its number, and forgets them.
    @inline(__always) func takeAll(_ visit: (Int, Connection) -> Void) {
        var number = 0
        while number < (unsafe connections.count) {
            unsafe connections[number]._withUnsafeGuaranteedRef { visit(number, $0) }
            number += 1
        }
        unsafe connections.removeAll(keepingCapacity: true)
    }

    /// Takes a connection that is going away off the list.
    func remove(_ connection: Connection) {
        let pointer = unsafe Unmanaged.passUnretained(connection).toOpaque()
        unsafe connections.removeAll { unsafe $0.toOpaque() == pointer }
    }
}

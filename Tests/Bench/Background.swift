// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Work on a thread of its own whose result is waited for.
final class Background<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> Value) {
        let thread = Thread {
            let outcome = Result { try body() }
            self.result.withLock { $0 = outcome }
            self.done.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// The result; call it once.
    func wait() throws -> Value {
        done.wait()
        return try result.withLock { try $0!.get() }
    }
}

/// A number that one thread adds to and another sees.
final class Counter: Sendable {
    private let number = Atomic<Int>(0)

    var value: Int { number.load(ordering: .relaxed) }

    func add(_ count: Int) { number.wrappingAdd(count, ordering: .relaxed) }

    func reset() { number.store(0, ordering: .relaxed) }
}

/// A flag that one thread raises and another sees.
final class Flag: Sendable {
    private let raised = Atomic<Bool>(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() { raised.store(true, ordering: .relaxed) }
}

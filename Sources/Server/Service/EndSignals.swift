// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims
import Glibc
import Loop

/// SIGTERM and SIGINT. The first ends the server in order, as soon as the loop comes round; a SIGINT after that ends it
/// at once, whatever it is doing, without saving.
@safe final class EndSignals {
    private let wakeup: Wakeup
    private let log: Log
    /// The path of a file that goes with the process, as C has it; what is in it counts only while there is one.
    private let path: UnsafeMutablePointer<CChar>
    private var hasPath = false
    private static let pathBytesMax = 4096
    /// The first of them; 0: none yet.
    private(set) var received: Int32 = 0

    /// - Parameter body: called on the loop after the first signal.
    init(_ loop: EventLoop, _ log: Log, _ body: @escaping () -> Void) {
        self.log = log
        unsafe path = .allocate(capacity: EndSignals.pathBytesMax)
        wakeup = Wakeup(loop, body)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        for number in [SIGTERM, SIGINT] {
            _ = unsafe nt_catch_signal(
                number,
                { context, number, _, _ in
                    guard let context = unsafe context else { return }
                    unsafe Unmanaged<EndSignals>.fromOpaque(context)._withUnsafeGuaranteedRef {
                        $0.caught(number)
                    }
                }, context)
        }
    }

    /// Takes the signal back, as if it had not come.
    /// - Returns: its number; 0 when there was none.
    func forget() -> Int32 {
        defer { received = 0 }
        return received
    }

    /// A file that is to go when the process ends at once; nil: none.
    func removesAtEnd(_ file: ByteString?) {
        hasPath = false
        guard let file, file.count < EndSignals.pathBytesMax else { return }
        for (index, byte) in file.cString.enumerated() { unsafe path[index] = byte }
        hasPath = true
    }

    /// What a signal is called.
    static func name(_ number: Int32) -> ByteString { number == SIGINT ? "SIGINT" : "SIGTERM" }

    /// In the signal handler.
    private func caught(_ number: Int32) {
        if received == 0 {
            received = number
            return wakeup.send()
        }
        guard number == SIGINT else { return }
        let text: StaticString = "Interrupted again: exiting now, without saving.\n"
        _ = unsafe Glibc.write(log.descriptor, text.utf8Start, text.utf8CodeUnitCount)
        if hasPath { _ = unsafe unlink(path) }
        _exit(1)
    }
}

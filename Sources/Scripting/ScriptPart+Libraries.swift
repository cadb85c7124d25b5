// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

// Libraries as data: commands change them, and snapshots bring them.

extension ScriptPart: LibraryKeeper {
    /// How long the text of a library may run when it is loaded, in microseconds, and how often it looks at the clock
    /// meanwhile where time is not the measure.
    private static let loadUs = 500_000.0
    private static let loadLooks: UInt32 = 2000

    private var loadLimit: ScriptSlice {
        guard engine.slicesAreTimed else { return ScriptSlice(looks: ScriptPart.loadLooks) }
        return ScriptSlice(until: Clock.ticks() &+ UInt64(ScriptPart.loadUs * engine.ticksPerUs))
    }

    var libraryTexts: [[UInt8]] { libraries.inOrder.map(\.text) }

    /// Takes in the library of a client.
    func loadLibrary(_ text: [UInt8], replaces: Bool, _ call: Call) throws(Refusal) -> ByteString {
        defer { recount() }
        do throws(Libraries.Problem) {
            return try libraries.load(text, replaces: replaces, loadLimit)
        } catch {
            throw call.refusal(error.text)
        }
    }

    func takeLibraries(_ texts: [[UInt8]], _ policy: LibraryPolicy) -> ByteString? {
        defer { recount() }
        let before = policy == .append ? [] : libraryTexts
        if policy == .flush { forgetLibraries() }
        var taken: [ByteString] = []
        for text in texts {
            if policy != .replace, let name = libraries.name(of: text), libraries.all[name] != nil {
                undo(taken, before)
                return "ERR Library \(name) already exists"
            }
            do throws(Libraries.Problem) {
                taken.append(try libraries.load(text, replaces: policy == .replace, loadLimit))
            } catch {
                undo(taken, before)
                return error.text
            }
        }
        return nil
    }

    /// Some of several libraries were taken in and then one could not be: all is as it was.
    private func undo(_ taken: [ByteString], _ before: [[UInt8]]) {
        for name in taken {
            if let library = libraries.all[name] { libraries.remove(library) }
        }
        for text in before {
            // Each has been here before.
            _ = try? libraries.load(text, replaces: true, loadLimit)
        }
    }

    func forgetLibraries() {
        if let former = libraries.removeAll() { discard(former) }
        recount()
    }
}

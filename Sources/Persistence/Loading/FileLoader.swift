// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// Takes in a file that is shown to it window by window.
protocol FileLoader: AnyObject {
    /// Takes as much of a window as the slice allows.
    func read(_ window: FileWindow, _ slice: inout Slice) throws(LoadFailure) -> SnapshotLoader.Progress
    /// Bytes of the file taken so far.
    var offset: Int { get }
    /// What it has met so far.
    var counts: LoadCounts { get }
}

extension SnapshotLoader: FileLoader {}

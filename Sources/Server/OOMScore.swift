// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Glibc

/// The process's score for the kernel's out-of-memory killer (`oom-score-adj`).
final class OOMScore {
    private static let path = "/proc/self/oom_score_adj"
    /// The score that the process had before it was changed; nil while it is unchanged.
    private var before: Int?

    /// Brings the score to what the settings say.
    /// - Returns: why it cannot be set.
    func follow(_ settings: ProcessSettings) -> ByteString? {
        guard settings.oomScore != "no" else {
            guard let score = before else { return nil }
            before = nil
            return OOMScore.write(score)
        }
        let base: Int
        if let before {
            base = before
        } else {
            switch OOMScore.read() {
            case .success(let score): base = score
            case .failure(let failure): return failure.text
            }
            before = base
        }
        // The first of the scores is a primary's.
        var score = Int(settings.oomScores.first?.withView(\.integer) ?? 0)
        if settings.oomScore == "yes" { score += base }
        return OOMScore.write(min(1000, max(-1000, score)))
    }

    /// Whether a process without privileges may not be able to set such scores: they would have to fall.
    static func mayNeedPrivileges(_ scores: [ByteString]) -> Bool {
        let numbers = scores.compactMap { $0.withView(\.integer) }
        return zip(numbers, numbers.dropFirst()).contains { $0 > $1 }
    }

    private struct Failure: Error { let text: ByteString }

    private static func read() -> Result<Int, Failure> {
        let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return .failure(Failure(text: Start.lastError())) }
        defer { Glibc.close(file) }
        let text = String(decoding: ConfigFile.read(descriptor: file), as: UTF8.self)
        guard let score = Int(text.prefix { $0 != "\n" }) else { return .failure(Failure(text: "no number")) }
        return .success(score)
    }

    private static func write(_ score: Int) -> ByteString? {
        let file = unsafe Glibc.open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return Start.lastError() }
        defer { Glibc.close(file) }
        let bytes = Array("\(score)\n".utf8)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        return count == bytes.count ? nil : Start.lastError()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Fuzz: random commands and raw bytes through the parser and the dispatcher, in one process with virtual time.
//
//     swift run Fuzz --seconds 60 --seed 7
//
// The seed comes first. The work is done by a child process, so that a crash or an endless loop is reported with the
// inputs that led to it; the exit status is then not zero. `--commands N` ends after so many inputs instead, which
// repeats a run exactly.
//
// Under AddressSanitizer, with every entry of the store an allocation of its own:
//
//     MALLOC_STORE=1 swift build -c release --product Fuzz --sanitize=address -Xswiftc -use-ld=lld \
//         --scratch-path .build/asan && .build/asan/release/Fuzz --seconds 120

import Foundation

let options = Options(CommandLine.arguments)
if options.isChild {
    exit(Fuzzer(options).run() ? 0 : 1)
}
print("seed \(options.seed)")
fflush(nil)
let isFine = Watcher(options).run()
fflush(nil)
// Not `exit`: under AddressSanitizer it would report what Foundation's Process keeps.
_exit(isFine ? 0 : 1)

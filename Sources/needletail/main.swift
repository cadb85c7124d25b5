// SPDX-License-Identifier: Apache-2.0
import Glibc
import Server

exit(Start.run(Array(Start.commandLine.dropFirst())))

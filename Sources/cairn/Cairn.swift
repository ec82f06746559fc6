// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The program `cairn`.
@main struct Cairn: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cairn", abstract: "An observability server: everything that a program says becomes one wide event.",
    subcommands: [Serve.self, QueryCommand.self, TraceCommand.self, TailCommand.self, ErrorsCommand.self, ExportCommand.self, DemoCommand.self, KeyCommand.self, FsckCommand.self])

  /// As every command's, but for its last step: what was printed is written, or the exit code says that it was not.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var waiting = command as? any AsyncParsableCommand { try await waiting.run() } else { try command.run() }
      endIfNobodyReads()
    } catch {
      exit(withError: error)
    }
  }
}

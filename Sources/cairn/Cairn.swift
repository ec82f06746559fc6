// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnServer

/// The program `cairn`.
@main struct Cairn: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cairn", abstract: "An observability server: everything that a program says becomes one wide event.",
    version: CairnServer.version,
    subcommands: [Serve.self, QueryCommand.self, TraceCommand.self, TailCommand.self, ErrorsCommand.self, ExportCommand.self, DemoCommand.self, KeyCommand.self, FsckCommand.self])

  /// As every command's, but for its last step: what was printed is written, or the exit code says that it was not.
  static func main() async {
    var name: String?
    do {
      var command = try parseAsRoot()
      name = words(of: type(of: command))
      if var waiting = command as? any AsyncParsableCommand { try await waiting.run() } else { try command.run() }
      endIfNobodyReads()
    } catch let error as ValidationError where name != nil {
      // The parser would show the usage of `cairn` itself: it has forgotten which command runs.
      sayAside("Error: \(error.message)\n  See '\(name ?? "cairn") --help' for more information.")
      exit(withError: ExitCode.validationFailure)
    } catch {
      exit(withError: error)
    }
  }

  /// The words that call a command: `cairn key create`.
  private static func words(of command: any ParsableCommand.Type, below parent: any ParsableCommand.Type = Cairn.self) -> String? {
    if command == parent { return parent._commandName }
    for child in parent.configuration.subcommands {
      if let words = words(of: command, below: child) { return parent._commandName + " " + words }
    }
    return nil
  }
}

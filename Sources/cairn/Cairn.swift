// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The program `cairn`.
@main struct Cairn: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cairn", abstract: "An observability server: everything that a program says becomes one wide event.",
    subcommands: [Serve.self, QueryCommand.self, TraceCommand.self, TailCommand.self, ErrorsCommand.self, ExportCommand.self, DemoCommand.self, KeyCommand.self, FsckCommand.self])
}

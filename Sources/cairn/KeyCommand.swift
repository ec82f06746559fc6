// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnCatalog
import CairnServer
import FoundationEssentials

/// `cairn key create | list | revoke`: works on the catalog itself, whether a server runs or not.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Create, list and revoke access keys.", subcommands: [Create.self, List.self, Revoke.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a key and print it, this once.")
    @OptionGroup var options: ServerOptions
    @Option(help: "What the key is for.") var name = ""
    @Option(help: "The tenant that the key opens.") var environment = "default"
    @Option(help: "What it may do: ingest, query, manage, with commas between.") var scopes = "ingest,query"
    @Flag(help: "Print the key as AWS's clients take it, as two lines of a shell's environment.") var aws = false

    func run() async throws {
      let names = scopes.split(separator: ",").map(String.init)
      let known = names.compactMap(KeyScope.init(rawValue:))
      guard !known.isEmpty, known.count == names.count else { throw ValidationError("--scopes: '\(scopes)' is not a list of ingest, query and manage") }
      let path = try options.settings([:]).preparedCatalogPath()
      let catalog = try Catalog(path: path)
      let created = try catalog.createKey(
        name: name, environment: environment, scopes: Set(known),
        nowUnixSeconds: WallClock.system.unixNanoseconds() / 1_000_000_000)
      let credentials = """
        AWS_ACCESS_KEY_ID=\(created.key.awsAccessKeyID)
        AWS_SECRET_ACCESS_KEY=\(created.key.awsSecretAccessKey)

        """
      print(aws ? credentials : created.text + "\n", terminator: "")
      // Beside the key, and not in the way of scripts that read it.
      if !aws { sayAside("It is kept in \(path). The same key for AWS's clients:\n\(credentials)", terminator: "") }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the keys, without their secrets.")
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let catalog = try options.catalog()
      for key in catalog.keys() {
        let scopes = key.scopes.map(\.rawValue).sorted().joined(separator: ",")
        print(printable("\(key.id)  \(key.environment)  \(scopes)  \(key.revokedUnixSeconds == nil ? "good" : "revoked")  \(key.name)"))
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a key at once.")
    @OptionGroup var options: ServerOptions
    @Argument(help: "The key's id, as 'cairn key list' shows it.") var id: String

    func run() async throws {
      let catalog = try options.catalog()
      let isRevoked = try catalog.revokeKey(id: id, nowUnixSeconds: WallClock.system.unixNanoseconds() / 1_000_000_000)
      guard isRevoked else { throw ValidationError("no good key has the id '\(id)'") }
      print("revoked \(id)")
    }
  }
}

extension ServerOptions {
  /// The catalog that is there: a mistaken folder is not made.
  fileprivate func catalog() throws -> Catalog {
    let settings = try settings([:])
    guard FileManager.default.fileExists(atPath: settings.catalogPath) else {
      throw ValidationError("'\(settings.dataDirectory)' is not a data folder of Cairn: it has no catalog.sqlite")
    }
    return try Catalog(path: settings.catalogPath)
  }
}

// SPDX-License-Identifier: Apache-2.0
public import FoundationEssentials
import GRDB

/// Why the catalog could not do what was asked.
public enum CatalogError: Error, Sendable, Hashable, CustomStringConvertible {
  /// SQLite's own words, with the file.
  case database(path: String, reason: String)
  /// The file is not a catalog, or not whole any more; and when the copy beside it was made, if there is one.
  case damaged(path: String, reason: String, copyMade: Date?)
  /// The file was written by a later version of Cairn.
  case newer(path: String)

  public var description: String {
    switch self {
    case .database(let path, let reason): "\(path): \(reason)"
    case .damaged(let path, let reason, let made):
      "\(path) is damaged (\(reason)). Keys, boards, rules and what is known of error items are in it; events are not. "
        + (made.map { "\(path).copy is a copy of \($0.ISO8601Format()): move it into its place; what was changed since, such as a revoked key, is not in it." }
          ?? "There is no copy of it: without the file, Cairn starts with an empty one.")
    case .newer(let path): "\(path) was written by a later version of Cairn"
    }
  }

  /// What a database threw, as this room says it.
  static func of(_ error: any Error, path: String) -> CatalogError {
    guard let error = error as? DatabaseError, isDamage(error) else { return .database(path: path, reason: "\(error)") }
    return .damaged(path: path, reason: error.message ?? error.description, copyMade: CatalogCopy(catalogPath: path).made)
  }

  static func isDamage(_ error: DatabaseError) -> Bool {
    [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode.primaryResultCode)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Why the catalog could not do what was asked.
public enum CatalogError: Error, Sendable, Hashable, CustomStringConvertible {
  /// SQLite's own words, with the file.
  case database(path: String, reason: String)
  /// The file was written by a later version of Cairn.
  case newer(path: String)

  public var description: String {
    switch self {
    case .database(let path, let reason): "\(path): \(reason)"
    case .newer(let path): "\(path) was written by a later version of Cairn"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Yams

/// The configuration file: one YAML mapping whose keys are those of `Settings.Key`.
///
/// ```yaml
/// data: /var/lib/cairn
/// http: 127.0.0.1:8080
/// ingest_origins: [https://shop.example]
/// ```
public enum SettingsFile {
  /// Reads the file's text. An unknown key is an error, so that a misspelt one is not silently nothing.
  public static func parse(_ text: String, path: String) throws(ServerError) -> [Settings.Key: [String]] {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      throw .badSetting("\(path): \(error)")
    }
    guard let node else { return [:] }
    guard case .mapping(let mapping) = node else { throw .badSetting("\(path): expected 'key: value' lines") }
    var values: [Settings.Key: [String]] = [:]
    for (name, value) in mapping {
      guard let key = name.string.flatMap(Settings.Key.init(rawValue:)) else {
        throw .badSetting("\(path): unknown key '\(name.string ?? "?")'")
      }
      switch value {
      case .scalar(let scalar): values[key] = [scalar.string]
      case .sequence(let sequence): values[key] = sequence.compactMap(\.string)
      case .mapping, .alias: throw .badSetting("\(path): '\(key.rawValue)' is neither a value nor a list")
      }
    }
    return values
  }
}

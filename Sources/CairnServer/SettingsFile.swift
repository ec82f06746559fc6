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
      guard let key = name.string.flatMap(Settings.Key.init(rawValue:)) else { throw unknown(name.string ?? "?", path) }
      guard values[key] == nil else { throw .badSetting("\(path): '\(key.rawValue)' appears twice") }
      values[key] = try texts(value, key, path)
    }
    return values
  }

  /// A value, a list of values where the key takes one, or `{dataset: days}`.
  private static func texts(_ value: Node, _ key: Settings.Key, _ path: String) throws(ServerError) -> [String] {
    var texts: [String?] = []
    switch value {
    case .scalar(let scalar): return [scalar.string]
    case .sequence(let sequence) where key.takesList: texts = sequence.map(\.scalar?.string)
    case .mapping(let days) where key == .retentionDaysByDataset:
      texts = days.map { (name, days) in name.scalar.flatMap { (name) in days.scalar.map { "\(name.string)=\($0.string)" } } }
    default: throw .badSetting("\(path): '\(key.rawValue)' must be \(key.takesList ? "a value or a list of values" : "one value")")
    }
    return try texts.map { (text) throws(ServerError) in
      guard let text else { throw .badSetting("\(path): '\(key.rawValue)' must be a list of values") }
      return text
    }
  }

  private static func unknown(_ name: String, _ path: String) -> ServerError {
    let keys = Settings.Key.allCases.map(\.rawValue), near = NearNames(keys).find(name)
    let offer = near.isEmpty ? "Known keys: \(keys.joined(separator: ", "))." : "Did you mean \(near.joined(separator: ", "))?"
    return .badSetting("\(path): unknown key '\(name)'. \(offer)")
  }
}

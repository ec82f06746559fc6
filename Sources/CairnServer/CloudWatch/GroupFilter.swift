// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats

/// What `ListLogGroups` asks of a group beside its name and its class: tags, indexed fields, data sources.
///
/// ```
/// logGroupTags    [{key, values}]    all of them; of one with values any: text, *text* in any case, !negated
/// fieldIndexNames [name]             all of them
/// dataSources     [{name, type}]     no group of Cairn's has one
/// ```
/// Source: the service model's texts of these members.
struct GroupFilter: Sendable {
  private struct Tag: Sendable {
    var key: String
    var values: [String]
  }
  private let tags: [Tag]
  let fields: [String]
  private let hasSources: Bool

  init(_ call: LogsCall) throws(LogsError) {
    tags = (call.input["logGroupTags"]?.array ?? []).map { (entry) in
      Tag(key: entry["key"]?.string ?? "", values: (entry["values"]?.array ?? []).compactMap(\.string))
    }
    fields = try call.texts("fieldIndexNames") ?? []
    hasSources = call.input["dataSources"]?.array?.isEmpty == false
  }

  /// `indexed` tells the fields that the group has indexes of.
  func passes(_ group: LogGroup, indexed: () -> Set<String>) -> Bool {
    guard !hasSources else { return false }
    for tag in tags {
      guard let value = group.tags[tag.key], tag.values.isEmpty || tag.values.contains(where: { Self.matches(value, $0) }) else { return false }
    }
    return fields.isEmpty || indexed().isSuperset(of: fields)
  }

  private static func matches(_ value: String, _ wanted: String) -> Bool {
    if wanted.hasPrefix("!") { return !matches(value, String(wanted.dropFirst())) }
    guard wanted.contains("*") else { return value == wanted }
    let part = wanted.lowercased().replacing("*", with: "")
    let value = value.lowercased()
    switch (wanted.hasPrefix("*"), wanted.hasSuffix("*")) {
    case (true, true): return value.contains(part)
    case (true, false): return value.hasSuffix(part)
    default: return value.hasPrefix(part)
    }
  }
}

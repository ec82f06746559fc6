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
    var tags: [Tag] = []
    for (index, entry) in try Self.list(call, "logGroupTags", 5).enumerated() {
      let place = "logGroupTags.\(index + 1).member"
      guard let key = entry["key"]?.string else { throw .missing("\(place).key") }
      try LogNames.checkLength(key, at: "\(place).key", max: 128)
      let values = (entry["values"]?.array ?? []).compactMap(\.string)
      guard values.count <= 5 else {
        throw .constraint("[\(values.joined(separator: ", "))]", at: "\(place).values", "have length less than or equal to 5")
      }
      for value in values { try LogNames.checkLength(value, at: "\(place).values", min: 0, max: 259) }
      tags.append(Tag(key: key, values: values))
    }
    self.tags = tags
    fields = try call.texts("fieldIndexNames", countMax: 20) ?? []
    for field in fields { try LogNames.checkLength(field, at: "fieldIndexNames", max: 512) }
    let sources = try Self.list(call, "dataSources", 5)
    for (index, source) in sources.enumerated() where source["name"]?.string == nil { throw .missing("dataSources.\(index + 1).member.name") }
    hasSources = !sources.isEmpty
  }

  private static func list(_ call: LogsCall, _ name: String, _ countMax: Int) throws(LogsError) -> [JSONValue] {
    guard let value = call.input[name], value != .null else { return [] }
    guard let list = value.array else { throw LogsError(.serialization, "'\(name)' must be a list.") }
    guard list.count <= countMax else { throw .constraint("[…]", at: name, "have length less than or equal to \(countMax)") }
    return list
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

// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnXRay

/// Tags of sampling rules and groups.
struct TagOperations: Sendable {
  let state: ServerState
  private static let tagsMax = 50

  var routes: [Route] {
    [
      Route.xray("/TagResource", .manage) { (call) async throws(Refusal) in try tag(call) },
      Route.xray("/UntagResource", .manage) { (call) async throws(Refusal) in try untag(call) },
      Route.xray("/ListTagsForResource", .query) { (call) async throws(Refusal) in try list(call) },
    ]
  }

  private func tag(_ call: XRayCall) throws(Refusal) -> Response {
    let arn = try resource(call)
    try save(try together(try call.requiredList("Tags"), with: arn, call), of: arn, call)
    return XRayCall.answer { _ in }
  }

  private func untag(_ call: XRayCall) throws(Refusal) -> Response {
    let arn = try resource(call)
    let names = try call.requiredList("TagKeys").compactMap(\.string)
    try save(try tags(of: arn, call).filter { !names.contains($0.name) }, of: arn, call)
    return XRayCall.answer { _ in }
  }

  private func list(_ call: XRayCall) throws(Refusal) -> Response {
    try call.refuseToken()
    let tags = try tags(of: try resource(call), call)
    return XRayCall.answer { (writer) in
      writer.array("Tags", tags) { (tag, writer) in
        writer.object { (writer) in
          writer.member("Key", tag.name)
          writer.member("Value", tag.value.string ?? "")
        }
      }
    }
  }

  /// What the resource has with these too, the new value of a known key over the old one.
  func together(_ added: [JSONValue], with arn: String, _ call: XRayCall) throws(Refusal) -> [JSONMember] {
    var tags = try tags(of: arn, call)
    for tag in added {
      let key = tag["Key"]?.string ?? ""
      let value = tag["Value"]?.string ?? ""
      guard !key.lowercased().hasPrefix("aws:") else {
        throw Refusal(aws: "InvalidRequestException", "aws: prefixed tag key names are not allowed for external use.")
      }
      tags.removeAll { $0.name == key }
      tags.append(JSONMember(key, .string(value)))
    }
    guard tags.count <= Self.tagsMax else {
      var refusal = Refusal(aws: "TooManyTagsException", "You have exceeded the maximum number of tags (\(Self.tagsMax)) on this resource.")
      refusal.field = arn
      throw refusal
    }
    return tags
  }

  /// Forgets the tags of a resource that is no more.
  func removeAll(from arn: String, _ call: XRayCall) throws(Refusal) {
    do { _ = try state.parts.catalog.removeXRayObject(.tags, Self.key(arn), environment: call.environment) } catch { throw Refusal(error) }
  }

  private func tags(of arn: String, _ call: XRayCall) throws(Refusal) -> [JSONMember] {
    do {
      guard let object = try state.parts.catalog.xrayObject(.tags, Self.key(arn), environment: call.environment) else { return [] }
      return (try? JSONValue(parsing: object.content).members) ?? []
    } catch {
      throw Refusal(error)
    }
  }

  func save(_ tags: [JSONMember], of arn: String, _ call: XRayCall) throws(Refusal) {
    let now = state.sampling.nowUnixSeconds
    do {
      try state.parts.catalog.saveXRayObject(
        XRayObject(
          kind: .tags, environment: call.environment, name: Self.key(arn),
          content: String(decoding: JSONValue.object(tags).bytes, as: UTF8.self), createdUnixSeconds: now, modifiedUnixSeconds: now))
    } catch {
      throw Refusal(error)
    }
  }

  /// What names a resource whatever region the caller speaks for: `sampling-rule/NAME`, `group/NAME/ID`.
  private static func key(_ arn: String) -> String {
    String(arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).last ?? "")
  }

  /// The ARN of the call, of a rule or group that is there.
  private func resource(_ call: XRayCall) throws(Refusal) -> String {
    let arn = try call.requiredText("ResourceARN")
    guard arn.hasPrefix("arn:"), arn.split(separator: ":", omittingEmptySubsequences: false).count >= 6 else {
      throw Refusal(aws: "InvalidRequestException", "Invalid ARN: \(arn.prefix(200))")
    }
    let resource = Self.key(arn)
    let isThere: Bool
    switch resource.split(separator: "/").first {
    case "sampling-rule": isThere = try state.sampling.records(call.environment).contains { "sampling-rule/\($0.rule.name)" == resource }
    case "group":
      do throws(CatalogError) {
        let groups = try state.parts.catalog.xrayGroups(environment: call.environment)
        let standard = "group/\(XRayGroups.defaultName)"
        isThere = groups.contains { XRayGroups.resource($0) == resource } || resource == standard || resource.hasPrefix(standard + "/")
      } catch {
        throw Refusal(error)
      }
    default: isThere = false
    }
    guard isThere else {
      throw Refusal(aws: "ResourceNotFoundException", "The resource \(arn.prefix(300)) was not found.", kind: .notFound)
    }
    return arn
  }
}

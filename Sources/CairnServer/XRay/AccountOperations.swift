// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats

/// The settings of an account: encryption, where segments go, indexing, resource policies. Kept and given back; where AWS would do
/// something that has no meaning on a machine of one's own, nothing else happens (docs/doors/xray.md says which).
struct AccountOperations: Sendable {
  let state: ServerState
  private static let policiesMax = 5
  private static let policyBytesMax = 5_120

  var routes: [Route] {
    [
      Route.xray("/EncryptionConfig", .query) { (call) async throws(Refusal) in
        encryption(try setting("encryption", call))
      },
      Route.xray("/PutEncryptionConfig", .manage) { (call) async throws(Refusal) in try putEncryption(call) },
      Route.xray("/GetTraceSegmentDestination", .query) { (call) async throws(Refusal) in
        destination(try setting("destination", call)?["Destination"]?.string)
      },
      Route.xray("/UpdateTraceSegmentDestination", .manage) { (call) async throws(Refusal) in try updateDestination(call) },
      Route.xray("/GetIndexingRules", .query) { (call) async throws(Refusal) in try indexingRules(call) },
      Route.xray("/UpdateIndexingRule", .manage) { (call) async throws(Refusal) in try updateIndexingRule(call) },
      Route.xray("/PutResourcePolicy", .manage) { (call) async throws(Refusal) in try putPolicy(call) },
      Route.xray("/ListResourcePolicies", .query) { (call) async throws(Refusal) in try policies(call) },
      Route.xray("/DeleteResourcePolicy", .manage) { (call) async throws(Refusal) in try deletePolicy(call) },
    ]
  }

  // MARK: Encryption and destination

  private func putEncryption(_ call: XRayCall) throws(Refusal) -> Response {
    let type = try call.requiredText("Type")
    guard type == "NONE" || type == "KMS" else {
      throw XRayCall.constraint("'\(type)'", "Type", "Member must satisfy enum value set: [NONE, KMS]")
    }
    let key = call.text("KeyId")
    guard (type == "KMS") == (key != nil) else {
      throw Refusal(aws: "InvalidRequestException", "A KeyId is required for the encryption type KMS, and stands with no other.")
    }
    var members = [JSONMember("Type", .string(type))]
    if let key { members.append(JSONMember("KeyId", .string(key))) }
    try save(.setting, "encryption", .object(members), call)
    return encryption(.object(members))
  }

  private func encryption(_ setting: JSONValue?) -> Response {
    XRayCall.answer { (writer) in
      writer.object("EncryptionConfig") { (writer) in
        if let key = setting?["KeyId"]?.string { writer.member("KeyId", key) }
        writer.member("Status", "ACTIVE")
        writer.member("Type", setting?["Type"]?.string ?? "NONE")
      }
    }
  }

  private func updateDestination(_ call: XRayCall) throws(Refusal) -> Response {
    let name = try call.requiredText("Destination")
    guard name == "XRay" || name == "CloudWatchLogs" else {
      throw XRayCall.constraint("'\(name)'", "Destination", "Member must satisfy enum value set: [XRay, CloudWatchLogs]")
    }
    try save(.setting, "destination", .object([JSONMember("Destination", .string(name))]), call)
    return destination(name)
  }

  /// Every span is kept and searchable, which is what AWS calls the destination CloudWatchLogs.
  private func destination(_ name: String?) -> Response {
    XRayCall.answer { (writer) in
      writer.member("Destination", name ?? "CloudWatchLogs")
      writer.member("Status", "ACTIVE")
    }
  }

  // MARK: Indexing rules

  private func indexingRules(_ call: XRayCall) throws(Refusal) -> Response {
    try call.refuseToken()
    let object = try object(.indexingRule, "Default", call)
    return XRayCall.answer { (writer) in
      writer.array("IndexingRules", [object]) { (object, writer) in write(object, &writer) }
    }
  }

  private func updateIndexingRule(_ call: XRayCall) throws(Refusal) -> Response {
    let name = try call.requiredText("Name")
    guard name == "Default" else {
      throw Refusal(aws: "ResourceNotFoundException", "The indexing rule \(name.prefix(64)) was not found.", kind: .notFound)
    }
    guard let wanted = try call.required("Rule")["Probabilistic"]?["DesiredSamplingPercentage"]?.number, (0...100).contains(wanted) else {
      throw Refusal(aws: "InvalidRequestException", "DesiredSamplingPercentage must be a number from 0 to 100.")
    }
    try save(.indexingRule, name, .object([JSONMember("DesiredSamplingPercentage", .double(wanted))]), call)
    let object = try object(.indexingRule, name, call)
    return XRayCall.answer { (writer) in
      writer.key("IndexingRule")
      write(object, &writer)
    }
  }

  /// Cairn indexes every span whatever is desired, and says so in the actual percentage.
  private func write(_ object: XRayObject?, _ writer: inout JSONWriter) {
    let content = object.flatMap { try? JSONValue(parsing: $0.content) }
    writer.object { (writer) in
      writer.member("Name", "Default")
      writer.member("ModifiedAt", Double(object?.modifiedUnixSeconds ?? 0))
      writer.object("Rule") { (writer) in
        writer.object("Probabilistic") { (writer) in
          writer.member("DesiredSamplingPercentage", content?["DesiredSamplingPercentage"]?.number ?? 100)
          writer.member("ActualSamplingPercentage", 100.0)
        }
      }
    }
  }

  // MARK: Resource policies

  private func putPolicy(_ call: XRayCall) throws(Refusal) -> Response {
    let name = try call.requiredText("PolicyName")
    let document = try call.requiredText("PolicyDocument")
    guard document.utf8.count <= Self.policyBytesMax else {
      throw Refusal(aws: "PolicySizeLimitExceededException", "The policy document is larger than \(Self.policyBytesMax) bytes.")
    }
    guard let tree = try? JSONValue(parsing: document), tree.members != nil, tree["Statement"] != nil else {
      throw Refusal(aws: "MalformedPolicyDocumentException", "The policy document is not a JSON object with a Statement.")
    }
    let known = try object(.policy, name, call)
    try checkRevision(known, call)
    if known == nil, try objects(.policy, call).count >= Self.policiesMax {
      throw Refusal(aws: "PolicyCountLimitExceededException", "There are \(Self.policiesMax) policies already.")
    }
    let revision = Int64((known?.content).flatMap(Self.revision) ?? "0") ?? 0
    let content = JSONValue.object([JSONMember("Document", .string(document)), JSONMember("Revision", .string(String(revision + 1)))])
    try save(.policy, name, content, call)
    let saved = try object(.policy, name, call)
    return XRayCall.answer { (writer) in
      writer.key("ResourcePolicy")
      writePolicy(saved, &writer)
    }
  }

  private func policies(_ call: XRayCall) throws(Refusal) -> Response {
    try call.refuseToken()
    let found = try objects(.policy, call)
    return XRayCall.answer { (writer) in
      writer.array("ResourcePolicies", found) { (object, writer) in writePolicy(object, &writer) }
    }
  }

  private func deletePolicy(_ call: XRayCall) throws(Refusal) -> Response {
    let name = try call.requiredText("PolicyName")
    try checkRevision(try object(.policy, name, call), call)
    do {
      _ = try state.parts.catalog.removeXRayObject(.policy, name, environment: call.environment)
    } catch {
      throw Refusal(error)
    }
    return XRayCall.answer { _ in }
  }

  private func checkRevision(_ known: XRayObject?, _ call: XRayCall) throws(Refusal) {
    guard let wanted = call.text("PolicyRevisionId") else { return }
    let actual = (known?.content).flatMap(Self.revision) ?? "0"
    guard wanted == actual else {
      throw Refusal(aws: "InvalidPolicyRevisionIdException", "The policy's revision is \(actual), not \(wanted.prefix(100)).")
    }
  }

  private func writePolicy(_ object: XRayObject?, _ writer: inout JSONWriter) {
    writer.object { (writer) in
      guard let object, let content = try? JSONValue(parsing: object.content) else { return }
      writer.member("PolicyName", object.name)
      writer.member("PolicyDocument", content["Document"]?.string ?? "")
      writer.member("PolicyRevisionId", content["Revision"]?.string ?? "1")
      writer.member("LastUpdatedTime", Double(object.modifiedUnixSeconds))
    }
  }

  private static func revision(_ content: String) -> String? { (try? JSONValue(parsing: content))?["Revision"]?.string }

  // MARK: The catalog

  private func setting(_ name: String, _ call: XRayCall) throws(Refusal) -> JSONValue? {
    try object(.setting, name, call).flatMap { try? JSONValue(parsing: $0.content) }
  }

  private func object(_ kind: XRayObject.Kind, _ name: String, _ call: XRayCall) throws(Refusal) -> XRayObject? {
    try objects(kind, call).first { $0.name == name }
  }

  private func objects(_ kind: XRayObject.Kind, _ call: XRayCall) throws(Refusal) -> [XRayObject] {
    do { return try state.parts.catalog.xrayObjects(kind, environment: call.environment) } catch { throw Refusal(error) }
  }

  private func save(_ kind: XRayObject.Kind, _ name: String, _ content: JSONValue, _ call: XRayCall) throws(Refusal) {
    let now = state.sampling.nowUnixSeconds
    do {
      try state.parts.catalog.saveXRayObject(
        XRayObject(
          kind: kind, environment: call.environment, name: name, content: String(decoding: content.bytes, as: UTF8.self),
          createdUnixSeconds: now, modifiedUnixSeconds: now))
    } catch {
      throw Refusal(error)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Deliveries of vended logs: sources, destinations and what joins them. They are kept and shown; what they would move (logs of AWS's own
/// services) does not come to Cairn.
extension LogsDesk {
  var deliveryOperations: [LogsOperation] {
    [
      LogsOperation("PutDeliverySource", .manage) { (call) async throws(LogsError) in try putSource(call) },
      LogsOperation("GetDeliverySource", .query) { (call) async throws(LogsError) in
        let source = try found(call, "delivery-source", try call.text("name"))
        return .object { $0.member("deliverySource", source) }
      },
      LogsOperation("DescribeDeliverySources", .query) { (call) async throws(LogsError) in
        let resources = try call.texts("resourceArns") ?? []
        return try listed(call, "delivery-source", "deliverySources") { (source) in
          resources.isEmpty || source["resourceArns"]?.array?.contains { resources.contains($0.string ?? "") } == true
        }
      },
      LogsOperation("DeleteDeliverySource", .manage) { (call) async throws(LogsError) in
        let name = try call.text("name")
        _ = try found(call, "delivery-source", name)
        try refuseInUse(call, "deliverySourceName", name)
        try registry.remove(call.environment, "delivery-source", name)
        return .nothing
      },
      LogsOperation("PutDeliveryDestination", .manage) { (call) async throws(LogsError) in try putDeliveryDestination(call) },
      LogsOperation("GetDeliveryDestination", .query) { (call) async throws(LogsError) in
        let destination = try found(call, "delivery-destination", try call.text("name"))
        return .object { $0.member("deliveryDestination", destination) }
      },
      LogsOperation("DescribeDeliveryDestinations", .query) { (call) async throws(LogsError) in
        let names = try call.texts("names") ?? []
        return try listed(call, "delivery-destination", "deliveryDestinations") { names.isEmpty || names.contains($0["name"]?.string ?? "") }
      },
      LogsOperation("DeleteDeliveryDestination", .manage) { (call) async throws(LogsError) in
        let name = try call.text("name")
        let destination = try found(call, "delivery-destination", name)
        try refuseInUse(call, "deliveryDestinationArn", destination["arn"]?.string ?? "")
        try registry.remove(call.environment, "delivery-destination", name)
        try registry.remove(call.environment, "delivery-policy", name)
        return .nothing
      },
      LogsOperation("PutDeliveryDestinationPolicy", .manage) { (call) async throws(LogsError) in
        let name = try call.text("deliveryDestinationName")
        let policy = try call.text("deliveryDestinationPolicy")
        _ = try found(call, "delivery-destination", name)
        try registry.put(
          call.environment, "delivery-policy", name, .object([JSONMember("deliveryDestinationPolicy", .string(policy))]))
        return .object { $0.member("policy", .object([JSONMember("deliveryDestinationPolicy", .string(policy))])) }
      },
      LogsOperation("GetDeliveryDestinationPolicy", .query) { (call) async throws(LogsError) in
        let name = try call.text("deliveryDestinationName")
        _ = try found(call, "delivery-destination", name)
        return .object { $0.member("policy", registry.item(call.environment, "delivery-policy", name) ?? .object([])) }
      },
      LogsOperation("DeleteDeliveryDestinationPolicy", .manage) { (call) async throws(LogsError) in
        let name = try call.text("deliveryDestinationName")
        _ = try found(call, "delivery-destination", name)
        try registry.remove(call.environment, "delivery-policy", name)
        return .nothing
      },
      LogsOperation("CreateDelivery", .manage) { (call) async throws(LogsError) in try createDelivery(call) },
      LogsOperation("GetDelivery", .query) { (call) async throws(LogsError) in
        let delivery = try found(call, "delivery", try call.text("id"))
        return .object { $0.member("delivery", delivery) }
      },
      LogsOperation("DescribeDeliveries", .query) { (call) async throws(LogsError) in
        let sources = try call.texts("deliverySourceNames") ?? []
        return try listed(call, "delivery", "deliveries") { sources.isEmpty || sources.contains($0["deliverySourceName"]?.string ?? "") }
      },
      LogsOperation("UpdateDeliveryConfiguration", .manage) { (call) async throws(LogsError) in
        let id = try call.text("id")
        var delivery = try found(call, "delivery", id)
        for name in ["recordFields", "fieldDelimiter", "s3DeliveryConfiguration"] {
          if let value = call.input[name], value != .null { delivery = delivery.with(name, value) }
        }
        try registry.put(call.environment, "delivery", id, delivery)
        return .object { _ in }
      },
      LogsOperation("DeleteDelivery", .manage) { (call) async throws(LogsError) in
        let id = try call.text("id")
        _ = try found(call, "delivery", id)
        try registry.remove(call.environment, "delivery", id)
        return .nothing
      },
    ]
  }

  private static let nouns = [
    "delivery-source": "delivery source", "delivery-destination": "delivery destination", "delivery": "delivery",
  ]

  private func found(_ call: LogsCall, _ kind: String, _ name: String) throws(LogsError) -> JSONValue {
    guard let value = registry.item(call.environment, kind, name) else {
      throw LogsError(.resourceNotFound, "Requested \(Self.nouns[kind] ?? kind) does not exist in this account.")
    }
    guard let tags = registry.item(call.environment, "tags", "\(kind)/\(name)") else { return value }
    return value.with("tags", tags)
  }

  private func listed(
    _ call: LogsCall, _ kind: String, _ member: String, where isWanted: (JSONValue) -> Bool
  ) throws(LogsError) -> LogsAnswer {
    let all = registry.items(call.environment, kind).filter { isWanted($0.value) }
    let (page, next) = try call.page(all, limit: try call.limit()) { $0.name }
    return .object {
      $0.member(member, .array(page.map(\.value)))
      $0.member("nextToken", ifPresent: next)
    }
  }

  private func refuseInUse(_ call: LogsCall, _ member: String, _ value: String) throws(LogsError) {
    guard registry.items(call.environment, "delivery").contains(where: { $0.value[member]?.string == value }) else { return }
    throw LogsError(.conflict, "This resource is used by a delivery. Delete the delivery first.")
  }

  private func putSource(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let name = try call.text("name")
    let resource = try call.text("resourceArn")
    let type = try call.text("logType")
    let parts = resource.split(separator: ":", omittingEmptySubsequences: false)
    guard resource.hasPrefix("arn:"), parts.count >= 6 else {
      throw LogsError(.validation, "ResourceArn \(resource) is not valid.")
    }
    guard parts[2] != "s3" else { throw LogsError(.resourceNotFound, "A bucket is no source of logs.") }
    if let known = registry.item(call.environment, "delivery-source", name),
      known["resourceArns"]?.array?.first?.string != resource
    {
      throw LogsError(.conflict, "This delivery source already exists for another resource.")
    }
    let source = JSONValue.object([
      JSONMember("name", .string(name)), JSONMember("arn", .string(call.account.arn("delivery-source:\(name)"))),
      JSONMember("resourceArns", .array([.string(resource)])), JSONMember("service", .string(String(parts[2]))),
      JSONMember("logType", .string(type)),
    ])
    try registry.put(call.environment, "delivery-source", name, source)
    let tags = call.tags()
    if !tags.isEmpty { try keepTags(call, "delivery-source", name, tags) }
    let shown = try found(call, "delivery-source", name)
    return .object { $0.member("deliverySource", shown) }
  }

  private func putDeliveryDestination(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let name = try call.text("name")
    let format = try call.optionalText("outputFormat")
    let resource = call.input["deliveryDestinationConfiguration"]?["destinationResourceArn"]?.string ?? ""
    let service = resource.split(separator: ":", omittingEmptySubsequences: false).dropFirst(2).first ?? ""
    let types = ["s3": "S3", "logs": "CWL", "firehose": "FH", "xray": "XRAY"]
    guard let type = try call.optionalText("deliveryDestinationType") ?? types[String(service)] else {
      throw LogsError(.validation, "The delivery destination must be an S3 bucket, a log group or a Firehose stream.")
    }
    if let known = registry.item(call.environment, "delivery-destination", name), known["outputFormat"]?.string != format {
      throw LogsError(
        .validation,
        "Update to existing Delivery Destination with new Output Format is not allowed. Please create a new Delivery Destination instead."
      )
    }
    var document = [
      JSONMember("name", .string(name)), JSONMember("arn", .string(call.account.arn("delivery-destination:\(name)"))),
      JSONMember("deliveryDestinationType", .string(type)),
    ]
    if let format { document.append(JSONMember("outputFormat", .string(format))) }
    document.append(
      JSONMember("deliveryDestinationConfiguration", .object([JSONMember("destinationResourceArn", .string(resource))])))
    try registry.put(call.environment, "delivery-destination", name, .object(document))
    let tags = call.tags()
    if !tags.isEmpty { try keepTags(call, "delivery-destination", name, tags) }
    let shown = try found(call, "delivery-destination", name)
    return .object { $0.member("deliveryDestination", shown) }
  }

  private func createDelivery(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let source = try call.text("deliverySourceName")
    let arn = try call.text("deliveryDestinationArn")
    _ = try found(call, "delivery-source", source)
    guard
      let destination = registry.items(call.environment, "delivery-destination").first(where: { $0.value["arn"]?.string == arn })
    else {
      throw LogsError(.resourceNotFound, "Requested delivery destination does not exist in this account.")
    }
    let isKnown = registry.items(call.environment, "delivery").contains {
      $0.value["deliverySourceName"]?.string == source && $0.value["deliveryDestinationArn"]?.string == arn
    }
    if isKnown { throw LogsError(.conflict, "Delivery already exists.") }
    let id = String(AWSErrorResponse.requestID().filter { $0 != "-" }.prefix(16))
    var document = [
      JSONMember("id", .string(id)), JSONMember("arn", .string(call.account.arn("delivery:\(id)"))),
      JSONMember("deliverySourceName", .string(source)), JSONMember("deliveryDestinationArn", .string(arn)),
      JSONMember("deliveryDestinationType", destination.value["deliveryDestinationType"] ?? .null),
    ]
    for name in ["recordFields", "fieldDelimiter", "s3DeliveryConfiguration"] {
      if let value = call.input[name], value != .null { document.append(JSONMember(name, value)) }
    }
    try registry.put(call.environment, "delivery", id, .object(document))
    let tags = call.tags()
    if !tags.isEmpty { try keepTags(call, "delivery", id, tags) }
    let shown = try found(call, "delivery", id)
    return .object { $0.member("delivery", shown) }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
public import CairnFormats
internal import CairnPlan

/// One trace as `GetTraceSummaries` tells it. Source: X-Ray API reference, `TraceSummary`.
public struct XRayTraceSummary: Sendable {
  private let story: TraceStory
  private let matchedUnixNanoseconds: Int64?
  /// Each service as a `ServiceId`: most are told many times.
  private let services: [[UInt8]]
  /// Of one annotation no more values are told: a large trace may have as many as spans.
  public static let annotationValueCountMax = 100

  /// `matchedUnixNanoseconds`: when the event that was asked for happened, where the question was for one.
  public init(_ story: TraceStory, matchedUnixNanoseconds: Int64? = nil) {
    self.story = story
    self.matchedUnixNanoseconds = matchedUnixNanoseconds
    services = story.services.map { Self.json($0) }
  }

  /// Writes the summary as an object.
  public func write(_ writer: inout JSONWriter) {
    let documents = story.documents
    let root = story.root.map { documents[$0] }
    writer.beginObject()
    writer.member("Id", story.trace.traceID.xrayText)
    writer.member("StartTime", seconds(story.startUnixNanoseconds))
    writer.member("Duration", Double(story.endUnixNanoseconds - story.startUnixNanoseconds) / 1e9)
    writer.member("ResponseTime", Double(root?.durationNanoseconds ?? 0) / 1e9)
    writer.member("HasFault", root?.isFault ?? false)
    writer.member("HasError", root?.isError ?? false)
    writer.member("HasThrottle", documents.indices.contains { documents[$0].isThrottle })
    writer.member("IsPartial", documents.indices.contains { documents[$0].isInProgress })
    writer.key("Http")
    writeHTTP(root?.http ?? SegmentDocument.HTTP(), &writer)
    writeAnnotations(&writer)
    writeUsers(&writer)
    writer.key("ServiceIds")
    writeServices(Array(story.services.indices), &writer)
    writeList("ResourceARNs", "ARN", documents.indices.flatMap { documents[$0].aws.resourceARNs }, &writer)
    writeList("InstanceIds", "Id", documents.indices.compactMap { documents[$0].aws.instanceID }, &writer)
    writeList("AvailabilityZones", "Name", documents.indices.compactMap { documents[$0].aws.availabilityZone }, &writer)
    if let root = story.root {
      writer.key("EntryPoint")
      writer.raw(services[story.owners[root]])
    }
    for (name, kind) in [("FaultRootCauses", RootCauseKind.fault), ("ErrorRootCauses", .error), ("ResponseTimeRootCauses", .responseTime)] {
      writer.member(name, .array(story.rootCauses(kind).map(\.json)))
    }
    // A trace's revision grows with its documents.
    writer.member("Revision", documents.count)
    if let matchedUnixNanoseconds { writer.member("MatchedEventTime", seconds(matchedUnixNanoseconds)) }
    writer.endObject()
  }

  private func writeHTTP(_ http: SegmentDocument.HTTP, _ writer: inout JSONWriter) {
    writer.beginObject()
    if let url = http.url { writer.member("HttpURL", url) }
    if let status = http.status { writer.member("HttpStatus", status) }
    if let method = http.method { writer.member("HttpMethod", method) }
    if let userAgent = http.userAgent { writer.member("UserAgent", userAgent) }
    if let address = http.clientAddress { writer.member("ClientIp", address) }
    writer.endObject()
  }

  /// A value with the services that told it.
  private struct Told<Value: Equatable> {
    var value: Value
    var services: [Int]
  }

  private static func tell<Value>(_ value: Value, of service: Int, in list: inout [Told<Value>], atMost countMax: Int) {
    for index in list.indices where list[index].value == value {
      if !list[index].services.contains(service) { list[index].services.append(service) }
      return
    }
    if list.count < countMax { list.append(Told(value: value, services: [service])) }
  }

  private func writeAnnotations(_ writer: inout JSONWriter) {
    var places: [String: Int] = [:]
    var names = NameMemory<Int>()
    var found: [(key: String, values: [Told<FieldValue>])] = []
    let documents = story.documents
    for index in documents.indices {
      names.restart()
      for entry in documents[index].annotations {
        let place = names.meaning(of: entry.key) { places[$0] ?? found.count }
        if place == found.count {
          places[entry.key] = place
          found.append((entry.key, []))
        }
        Self.tell(entry.value, of: story.owners[index], in: &found[place].values, atMost: Self.annotationValueCountMax)
      }
    }
    found.sort { $0.key < $1.key }
    writer.key("Annotations")
    writer.beginObject()
    for (key, values) in found {
      writer.key(key)
      writer.beginArray()
      for told in values {
        writer.beginObject()
        writer.key("AnnotationValue")
        writer.beginObject()
        switch told.value {
        case .boolean(let truth): writer.member("BooleanValue", truth)
        case .string(let text): writer.member("StringValue", text)
        case .integer(let number): writer.member("NumberValue", Double(number))
        case .float(let number): writer.member("NumberValue", number.isFinite ? number : 0)
        }
        writer.endObject()
        writer.key("ServiceIds")
        writeServices(told.services, &writer)
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
  }

  private func writeUsers(_ writer: inout JSONWriter) {
    var users: [Told<String>] = []
    let documents = story.documents
    for index in documents.indices {
      guard let user = documents[index].user else { continue }
      Self.tell(user, of: story.owners[index], in: &users, atMost: Self.annotationValueCountMax)
    }
    writer.key("Users")
    writer.beginArray()
    for user in users {
      writer.beginObject()
      writer.member("UserName", user.value)
      writer.key("ServiceIds")
      writeServices(user.services, &writer)
      writer.endObject()
    }
    writer.endArray()
  }

  private func writeServices(_ list: [Int], _ writer: inout JSONWriter) {
    writer.beginArray()
    for service in list { writer.raw(services[service]) }
    writer.endArray()
  }

  private static func json(_ service: TraceStory.Service) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("Name", service.name)
    writer.member("Names", [service.name])
    if let account = service.accountID { writer.member("AccountId", account) }
    if let type = service.type { writer.member("Type", type) }
    writer.endObject()
    return writer.finish()
  }

  private func writeList(_ name: String, _ member: String, _ values: [String], _ writer: inout JSONWriter) {
    var seen: Set<String> = []
    writer.key(name)
    writer.beginArray()
    for value in values where seen.insert(value).inserted {
      writer.beginObject()
      writer.member(member, value)
      writer.endObject()
    }
    writer.endArray()
  }
}

/// Unix seconds, as X-Ray writes times; microseconds are kept.
func seconds(_ unixNanoseconds: Int64) -> Double { (Double(unixNanoseconds) / 1e3).rounded() / 1e6 }

// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
public import CairnFormats
internal import CairnPlan

/// One trace as `GetTraceSummaries` tells it. Source: X-Ray API reference, `TraceSummary`.
public struct XRayTraceSummary: Sendable {
  private let story: TraceStory
  private let matchedUnixNanoseconds: Int64?

  /// `matchedUnixNanoseconds`: when the event that was asked for happened, where the question was for one.
  public init(_ story: TraceStory, matchedUnixNanoseconds: Int64? = nil) {
    self.story = story
    self.matchedUnixNanoseconds = matchedUnixNanoseconds
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
    writer.member("HasThrottle", documents.contains(where: \.isThrottle))
    writer.member("IsPartial", documents.contains(where: \.isInProgress))
    writer.key("Http")
    writeHTTP(root?.http ?? SegmentDocument.HTTP(), &writer)
    writeAnnotations(&writer)
    writeUsers(&writer)
    writer.key("ServiceIds")
    writeServices(Array(story.services.indices), &writer)
    writeList("ResourceARNs", "ARN", documents.flatMap(\.aws.resourceARNs), &writer)
    writeList("InstanceIds", "Id", documents.compactMap(\.aws.instanceID), &writer)
    writeList("AvailabilityZones", "Name", documents.compactMap(\.aws.availabilityZone), &writer)
    if let root = story.root {
      writer.key("EntryPoint")
      writeService(story.owners[root], &writer)
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

  private func writeAnnotations(_ writer: inout JSONWriter) {
    var found: [String: [(value: FieldValue, services: [Int])]] = [:]
    for (index, document) in story.documents.enumerated() {
      for (key, value) in document.annotations {
        if let place = found[key]?.firstIndex(where: { $0.value == value }) {
          if found[key]?[place].services.contains(story.owners[index]) == false { found[key]?[place].services.append(story.owners[index]) }
        } else {
          found[key, default: []].append((value, [story.owners[index]]))
        }
      }
    }
    writer.key("Annotations")
    writer.beginObject()
    for (key, values) in found.sorted(by: { $0.key < $1.key }) {
      writer.key(key)
      writer.beginArray()
      for entry in values {
        writer.beginObject()
        writer.key("AnnotationValue")
        writer.beginObject()
        switch entry.value {
        case .boolean(let truth): writer.member("BooleanValue", truth)
        case .string(let text): writer.member("StringValue", text)
        case .integer(let number): writer.member("NumberValue", Double(number))
        case .float(let number): writer.member("NumberValue", number.isFinite ? number : 0)
        }
        writer.endObject()
        writer.key("ServiceIds")
        writeServices(entry.services, &writer)
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
  }

  private func writeUsers(_ writer: inout JSONWriter) {
    var users: [(name: String, services: [Int])] = []
    for (index, document) in story.documents.enumerated() {
      guard let user = document.user else { continue }
      if let place = users.firstIndex(where: { $0.name == user }) {
        if !users[place].services.contains(story.owners[index]) { users[place].services.append(story.owners[index]) }
      } else {
        users.append((user, [story.owners[index]]))
      }
    }
    writer.key("Users")
    writer.beginArray()
    for user in users {
      writer.beginObject()
      writer.member("UserName", user.name)
      writer.key("ServiceIds")
      writeServices(user.services, &writer)
      writer.endObject()
    }
    writer.endArray()
  }

  private func writeServices(_ services: [Int], _ writer: inout JSONWriter) {
    writer.beginArray()
    for service in services { writeService(service, &writer) }
    writer.endArray()
  }

  private func writeService(_ index: Int, _ writer: inout JSONWriter) {
    let service = story.services[index]
    writer.beginObject()
    writer.member("Name", service.name)
    writer.member("Names", [service.name])
    if let account = service.accountID { writer.member("AccountId", account) }
    if let type = service.type { writer.member("Type", type) }
    writer.endObject()
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

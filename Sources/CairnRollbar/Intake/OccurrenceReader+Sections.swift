// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

extension OccurrenceReader {
  mutating func readRequest(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "url": walker.occurrence.url = try walker.text(value, bytes)
      case "method": walker.occurrence.method = try walker.text(value, bytes)
      case "user_ip": walker.occurrence.address = try walker.text(value, bytes)
      case "headers": try walker.object(value, bytes) { (walker, key, value, bytes) throws(DecodeError) in
          try walker.readHeader(key, value, bytes)
        }
      default: try walker.skip(value, bytes)
      }
    }
  }

  private mutating func readHeader(_ name: String, _ value: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    switch name.utf8.count {
    case 2 where name.lowercased() == "b3":
      let parts = try text(value, bytes).split(separator: "-")
      guard parts.count >= 2 else { return }
      occurrence.traceIDs[4] = String(parts[0])
      if occurrence.spanID.isEmpty { occurrence.spanID = String(parts[1]) }
    case 11 where name.lowercased() == "x-b3-spanid":
      let id = try text(value, bytes)
      if occurrence.spanID.isEmpty { occurrence.spanID = id }
    case 12 where name.lowercased() == "x-b3-traceid": occurrence.traceIDs[4] = try text(value, bytes)
    case 10 where name.lowercased() == "user-agent": occurrence.userAgent = try text(value, bytes)
    case 11 where name.lowercased() == "traceparent":
      let parts = try text(value, bytes).split(separator: "-")
      guard parts.count >= 3 else { return }
      occurrence.traceIDs[2] = String(parts[1])
      if occurrence.spanID.isEmpty { occurrence.spanID = String(parts[2]) }
    case 12 where name.lowercased() == "x-request-id": occurrence.requestID = try text(value, bytes)
    case 15 where name.lowercased() == "x-amzn-trace-id":
      for part in try text(value, bytes).split(separator: ";") where part.hasPrefix("Root=") {
        occurrence.traceIDs[3] = String(part.dropFirst(5))
      }
    default: try skip(value, bytes)
    }
  }

  mutating func readPerson(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "id": walker.occurrence.personID = try walker.text(value, bytes)
      case "username": walker.occurrence.personName = try walker.text(value, bytes)
      case "email": walker.occurrence.personEmail = try walker.text(value, bytes)
      default: try walker.skip(value, bytes)
      }
    }
  }

  mutating func readServer(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "host": walker.occurrence.host = try walker.text(value, bytes)
      case "root": walker.occurrence.root = try walker.text(value, bytes)
      case "branch": walker.occurrence.branch = try walker.text(value, bytes)
      case "code_version", "sha":
        let version = try walker.text(value, bytes)
        if walker.occurrence.codeVersion.isEmpty { walker.occurrence.codeVersion = version }
      default: try walker.skip(value, bytes)
      }
    }
  }

  mutating func readClient(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "javascript":
        try walker.object(value, bytes) { (walker, key, value, bytes) throws(DecodeError) in
          switch key {
          case "browser": walker.occurrence.browser = try walker.text(value, bytes)
          case "code_version":
            let version = try walker.text(value, bytes)
            if walker.occurrence.codeVersion.isEmpty { walker.occurrence.codeVersion = version }
          default: try walker.skip(value, bytes)
          }
        }
      default: try walker.skip(value, bytes)
      }
    }
  }

  /// The scalars below a value, each by its path; lists stay in the original.
  mutating func readCustom(_ name: String, _ token: JSONToken, _ bytes: RawSpan, depth: Int) throws(DecodeError) {
    let value: Occurrence.Scalar
    switch token {
    case .objectStart where depth <= OccurrenceLimits.customDepthMax:
      while case .key(let key) = try reader.next(bytes) {
        let path = name + "." + reader.string(key, bytes)
        try readCustom(path, try reader.next(bytes), bytes, depth: depth + 1)
      }
      return
    case .string: value = .text(try text(token, bytes))
    case .integer(let number): value = .integer(number)
    case .unsigned(let number): value = .float(Double(number))
    case .double(let number): value = .float(number)
    case .boolean(let truth): value = .boolean(truth)
    default: return try skip(token, bytes)
    }
    if case .text(let text) = value { noteTrace(name, text) }
    guard occurrence.custom.count < OccurrenceLimits.customCountMax, name.utf8.count <= 256 else {
      occurrence.isCut = true
      return
    }
    occurrence.custom.append((name, value))
  }

  private static func namesTrace(_ name: String) -> Bool {
    let path = Array(name.utf8)
    return TraceText.isTraceName(path, word: TraceText.lastWord(path))
  }

  /// Custom data may name the trace in many ways; the documented one comes first.
  private mutating func noteTrace(_ name: String, _ text: String) {
    if name == "custom.trace_id" {
      occurrence.traceIDs[1] = text
    } else if occurrence.traceIDs[1].isEmpty, text.utf8.count >= 16, Self.namesTrace(name), let id = TraceText.id(text) {
      occurrence.traceIDs[1] = id.hex
    }
  }
}

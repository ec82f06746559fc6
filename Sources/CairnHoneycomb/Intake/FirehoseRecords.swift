// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// The records of one request, read into events; see `FirehoseRequest` for what they hold.
struct FirehoseRecords: ~Copyable {
  /// In Base64.
  var encoded: [String] = []
  private var events = JSONWriter()
  private var inflater = Inflater()
  private var leftByteCount: Int

  init(limitBytes: Int) {
    leftByteCount = limitBytes
    events.beginArray()
  }

  mutating func read() throws(FirehoseRequest.Fault) {
    for (index, text) in encoded.enumerated() {
      guard let bytes = Base64.bytes(of: text) else { throw FirehoseRequest.Fault(message: "records[\(index)].data is not Base64") }
      let plain = try plain(bytes, index)
      leftByteCount -= plain.count
      if leftByteCount < 0 { throw FirehoseRequest.Fault(message: "the records are too large", isTooLarge: true) }
      do throws(DecodeError) {
        try unsafe read(plain.span.bytes)
      } catch {
        throw FirehoseRequest.Fault(message: "records[\(index)].data is not JSON that is known here: \(error.message)")
      }
    }
  }

  consuming func finish() -> [UInt8] {
    events.endArray()
    return events.finish()
  }

  private mutating func plain(_ bytes: [UInt8], _ index: Int) throws(FirehoseRequest.Fault) -> [UInt8] {
    guard bytes.starts(with: [0x1f, 0x8b]) else { return bytes }
    var output = InflateBuffer()
    do throws(InflateError) {
      try unsafe inflater.inflate(bytes.span.bytes, .gzip, into: &output, limitBytes: max(0, leftByteCount))
    } catch {
      var fault = FirehoseRequest.Fault(message: "records[\(index)].data cannot be inflated: \(error.message)")
      if case .tooLarge = error { fault.isTooLarge = true }
      throw fault
    }
    return output.withBytes { (bytes) in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
  }

  /// The documents of one record.
  private mutating func read(_ bytes: RawSpan) throws(DecodeError) {
    var reader = JSONReader()
    while reader.offset < bytes.byteCount {
      if Self.isSpace(loadByte(bytes, reader.offset)) {
        reader.reset(at: reader.offset + 1)
        continue
      }
      switch try reader.next(bytes) {
      case .objectStart: try readObject(bytes, &reader)
      case .arrayStart:
        while true {
          let token = try reader.next(bytes)
          if token == .arrayEnd { break }
          guard token == .objectStart else { throw DecodeError(.value("an event is not an object"), at: reader.tokenOffset) }
          try readObject(bytes, &reader)
        }
      default: throw DecodeError(.value("a record is neither an object nor an array"), at: reader.tokenOffset)
      }
      reader.reset(at: reader.offset)
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }

  /// An event, or lines of CloudWatch; its start has been read.
  private mutating func readObject(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) {
    let start = reader.tokenOffset
    var (time, messageType, lines): (Range<Int>?, String?, Int?) = (nil, nil, nil)
    var origin = Origin()
    while case .key(let name) = try reader.next(bytes) {
      if reader.matches(name, bytes, "timestamp") {
        time = try scalar(bytes, &reader)
      } else if reader.matches(name, bytes, "messageType") {
        messageType = try FirehoseRequest.text(bytes, &reader)
      } else if reader.matches(name, bytes, "logEvents") {
        lines = reader.offset
        try reader.skipValue(bytes)
      } else if reader.matches(name, bytes, "owner") {
        origin.owner = try FirehoseRequest.text(bytes, &reader)
      } else if reader.matches(name, bytes, "logGroup") {
        origin.group = try FirehoseRequest.text(bytes, &reader)
      } else if reader.matches(name, bytes, "logStream") {
        origin.stream = try FirehoseRequest.text(bytes, &reader)
      } else {
        try reader.skipValue(bytes)
      }
    }
    guard let messageType, let lines else { return addEvent(bytes, start..<reader.offset, time) }
    if messageType == "DATA_MESSAGE" { try readLines(bytes, from: lines, origin) }
  }

  private mutating func addEvent(_ bytes: RawSpan, _ data: Range<Int>, _ time: Range<Int>?) {
    events.beginObject()
    addTime(bytes, time)
    events.key("data")
    events.raw(bytes.extracting(data))
    events.endObject()
  }

  private mutating func addTime(_ bytes: RawSpan, _ time: Range<Int>?) {
    guard let time else { return }
    events.key("time")
    events.raw(bytes.extracting(time))
  }

  /// The place of the next value where it is a text or a number.
  private func scalar(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) -> Range<Int>? {
    switch try reader.next(bytes) {
    case .string, .integer, .double: return reader.tokenOffset..<reader.offset
    case .arrayStart, .objectStart:
      try reader.skipRest(bytes)
      return nil
    default: return nil
    }
  }
}

extension FirehoseRecords {
  /// Where lines of CloudWatch come from.
  private struct Origin {
    var owner: String?
    var group: String?
    var stream: String?
  }

  /// Reads `logEvents`, which stand at the offset behind their name.
  private mutating func readLines(_ bytes: RawSpan, from offset: Int, _ origin: Origin) throws(DecodeError) {
    var reader = JSONReader(at: offset)
    guard try reader.next(bytes) == .arrayStart else { throw DecodeError(.value("logEvents are no array"), at: offset) }
    while true {
      let token = try reader.next(bytes)
      if token == .arrayEnd { return }
      guard token == .objectStart else { throw DecodeError(.value("a line is not an object"), at: reader.tokenOffset) }
      var (id, message, time): (String?, String?, Range<Int>?) = (nil, nil, nil)
      while case .key(let name) = try reader.next(bytes) {
        if reader.matches(name, bytes, "id") {
          id = try FirehoseRequest.text(bytes, &reader)
        } else if reader.matches(name, bytes, "message") {
          message = try FirehoseRequest.text(bytes, &reader)
        } else if reader.matches(name, bytes, "timestamp") {
          time = try scalar(bytes, &reader)
        } else {
          try reader.skipValue(bytes)
        }
      }
      addLine(bytes, message ?? "", id, time, origin)
    }
  }

  private mutating func addLine(_ bytes: RawSpan, _ message: String, _ id: String?, _ time: Range<Int>?, _ origin: Origin) {
    events.beginObject()
    addTime(bytes, time)
    events.key("data")
    events.beginObject()
    let names = [("aws.cloudwatch.owner", origin.owner), ("aws.cloudwatch.group", origin.group), ("aws.cloudwatch.stream", origin.stream), ("aws.cloudwatch.id", id)]
    for (name, value) in names { if let value { events.member(name, value) } }
    // An object goes one member after the other, so that there is one object.
    if let members = try? Members(of: message), !members.places.isEmpty {
      for member in members.places {
        events.key(member.name)
        unsafe events.raw(members.bytes.span.bytes.extracting(member.value))
      }
    } else {
      events.member("message", message)
    }
    events.endObject()
    events.endObject()
  }

  /// The members of a text that is a JSON object; throws where it is none.
  private struct Members {
    let bytes: [UInt8]
    let places: [(name: String, value: Range<Int>)]

    init(of text: String) throws(DecodeError) {
      let bytes = Array(text.utf8)
      var places: [(name: String, value: Range<Int>)] = []
      let span = unsafe bytes.span.bytes
      var reader = JSONReader()
      guard try reader.next(span) == .objectStart else { throw DecodeError(.value("not an object"), at: 0) }
      while case .key(let name) = try reader.next(span) {
        let name = reader.string(name, span)
        let token = try reader.next(span)
        let start = reader.tokenOffset
        if token == .arrayStart || token == .objectStart { try reader.skipRest(span) }
        places.append((name, start..<reader.offset))
      }
      guard case .end = try reader.next(span) else { throw DecodeError(.syntax(expected: "nothing behind the object"), at: reader.offset) }
      (self.bytes, self.places) = (bytes, places)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

/// Where the parts of one exception lie.
struct SegmentException {
  /// Without its quotes.
  var id = 0..<0
  var members: [(kind: Kind, value: Range<Int>)] = []
  var stack: Range<Int>?

  enum Kind { case type, message, remote, cause, truncated, skipped }
}

extension SegmentReader {
  /// A cause lists no more exceptions than this as rows.
  private static var exceptionCountMax: Int { 1_000 }
  private static var frameCountMax: Int { 2_000 }

  /// Sets what the cause says of the row at hand, and finds its exceptions.
  mutating func setCause(_ bytes: RawSpan, _ place: Range<Int>?, _ batch: inout Batch) throws(DecodeError) -> [SegmentException] {
    guard let place else { return [] }
    json.reset(at: place.lowerBound)
    var found: [SegmentException] = []
    switch try json.next(bytes) {
    case .string(let text):
      json.withUTF8(text, bytes) { (utf8) in _ = batch.setText(columns.causeID, utf8, 0, utf8.byteCount) }
    case .objectStart:
      while case .key(let name) = try json.next(bytes) {
        if json.matches(name, bytes, "exceptions") {
          found += try exceptions(bytes)
        } else if json.matches(name, bytes, "working_directory") {
          let token = try json.next(bytes)
          set(token, columns.workingDirectory, bytes, &batch)
          try skip(token, bytes)
        } else if json.matches(name, bytes, "paths") {
          let start = json.offset
          try json.skipValue(bytes)
          setRaw(bytes, start..<json.offset, columns.paths, &batch)
        } else {
          try json.skipValue(bytes)
        }
      }
    default: break
    }
    if let first = found.first { setException(bytes, first, &batch) }
    return found
  }

  /// The exceptions, and whether another one of the list was raised because of each: such is part of that and no failure of its own.
  mutating func marked(_ exceptions: [SegmentException], _ bytes: RawSpan) -> [(exception: SegmentException, isUnderlying: Bool)] {
    var ids: Set<String> = []
    for exception in exceptions {
      for member in exception.members where member.kind == .cause {
        if let id = json.text(at: member.value, bytes) { ids.insert(id) }
      }
    }
    return exceptions.map { exception in
      // The text begins with its quote.
      guard !ids.isEmpty, exception.id.lowerBound > 0 else { return (exception, false) }
      return (exception, json.text(at: exception.id.lowerBound - 1..<exception.id.upperBound, bytes).map(ids.contains) ?? false)
    }
  }

  /// Reads the list of exceptions that follows.
  private mutating func exceptions(_ bytes: RawSpan) throws(DecodeError) -> [SegmentException] {
    var found: [SegmentException] = []
    let token = try json.next(bytes)
    guard token == .arrayStart else {
      try skip(token, bytes)
      return []
    }
    while true {
      let element = try json.next(bytes)
      if element == .arrayEnd { return found }
      guard element == .objectStart else { try skip(element, bytes); continue }
      var exception = SegmentException()
      while case .key(let name) = try json.next(bytes) { try read(name, bytes, into: &exception) }
      if found.count < Self.exceptionCountMax { found.append(exception) }
    }
  }

  private mutating func read(_ name: JSONText, _ bytes: RawSpan, into exception: inout SegmentException) throws(DecodeError) {
    let kinds: [(StaticString, SegmentException.Kind)] = [
      ("type", .type), ("message", .message), ("remote", .remote), ("cause", .cause), ("truncated", .truncated), ("skipped", .skipped),
    ]
    let isID = json.matches(name, bytes, "id")
    let isStack = json.matches(name, bytes, "stack")
    var kind: SegmentException.Kind?
    for entry in kinds where json.matches(name, bytes, entry.0) { kind = entry.1 }
    let start = json.offset
    let token = try json.next(bytes)
    if isID, case .string(let text) = token { exception.id = text.range }
    try skip(token, bytes)
    if isStack { exception.stack = start..<json.offset }
    if let kind { exception.members.append((kind, start..<json.offset)) }
  }

  /// Sets an exception's fields in the row at hand, but for its id.
  mutating func setException(_ bytes: RawSpan, _ exception: SegmentException, _ batch: inout Batch) {
    for member in exception.members {
      let column =
        switch member.kind {
        case .type: columns.exceptionType
        case .message: columns.exceptionMessage
        case .remote: columns.exceptionRemote
        case .cause: columns.exceptionCauseID
        case .truncated: columns.truncated
        case .skipped: columns.skipped
        }
      json.reset(at: member.value.lowerBound)
      if let token = try? json.next(bytes) { set(token, column, bytes, &batch) }
    }
    guard let stack = exception.stack else { return }
    text.removeAll(keepingCapacity: true)
    try? appendStack(bytes, stack)
    guard !text.isEmpty else { return }
    unsafe batch.setText(columns.stacktrace, text.span.bytes, 0, text.count)
  }

  /// The frames as lines, `    at label (path:line)` or `    at label`, innermost first as X-Ray lists them.
  private mutating func appendStack(_ bytes: RawSpan, _ place: Range<Int>) throws(DecodeError) {
    json.reset(at: place.lowerBound)
    guard case .arrayStart = try json.next(bytes) else { return }
    for _ in 0..<Self.frameCountMax {
      let element = try json.next(bytes)
      if element == .arrayEnd { return }
      guard element == .objectStart else { try skip(element, bytes); continue }
      var path = ""
      var label = ""
      var line = ""
      while case .key(let name) = try json.next(bytes) {
        let isPath = json.matches(name, bytes, "path")
        let isLabel = json.matches(name, bytes, "label")
        let isLine = json.matches(name, bytes, "line")
        let token = try json.next(bytes)
        if case .string(let text) = token {
          if isPath { path = json.string(text, bytes) }
          if isLabel { label = json.string(text, bytes) }
        }
        if isLine, let number = integer(token, bytes) { line = String(number) }
        try skip(token, bytes)
      }
      if !text.isEmpty { text.append(10) }
      // A program without files names a label alone, such as `pay() (shop+0x1a2b)`.
      let place = path.isEmpty && line.isEmpty ? "" : " (\(path):\(line))"
      text.append(contentsOf: "    at \(label.isEmpty ? "?" : label)\(place)".utf8)
    }
  }
}

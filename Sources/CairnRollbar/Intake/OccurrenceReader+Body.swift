// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import CairnIssues

extension OccurrenceReader {
  mutating func readBody(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      guard value != .null else { return }
      switch key {
      case "trace":
        let trace = try walker.readTrace(value, bytes)
        walker.take(.chain(trace.map { [$0] } ?? []))
      case "trace_chain":
        var chain: [ErrorTrace] = []
        try walker.array(value, bytes) { (walker, value, bytes) throws(DecodeError) in
          let trace = try walker.readTrace(value, bytes)
          if chain.count < OccurrenceLimits.traceCountMax { if let trace { chain.append(trace) } } else { walker.occurrence.isCut = true }
        }
        if !chain.isEmpty { walker.take(.chain(chain)) }
      case "message": walker.take(.message(try walker.readMessage(value, bytes)))
      case "crash_report":
        var raw = ""
        try walker.object(value, bytes) { (walker, key, value, bytes) throws(DecodeError) in
          if key == "raw" {
            raw = try walker.text(value, bytes, most: OccurrenceLimits.messageByteCountMax)
          } else {
            try walker.skip(value, bytes)
          }
        }
        walker.take(.crash(raw))
      case "telemetry":
        var count = 0
        try walker.array(value, bytes) { (walker, value, bytes) throws(DecodeError) in
          count += 1
          try walker.skip(value, bytes)
        }
        walker.occurrence.telemetryCount = count
      default: try walker.skip(value, bytes)
      }
    }
  }

  private mutating func take(_ body: Occurrence.Body) {
    if case .absent = occurrence.body { occurrence.body = body } else { occurrence.body = .contradictory }
  }

  /// nil where the value is not an object.
  private mutating func readTrace(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) -> ErrorTrace? {
    guard token == .objectStart else {
      try drop(token, bytes)
      return nil
    }
    var trace = ErrorTrace(className: "", message: "", frames: [])
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "frames":
        try walker.array(value, bytes) { (walker, value, bytes) throws(DecodeError) in
          let frame = try walker.readFrame(value, bytes)
          if trace.frames.count < OccurrenceLimits.frameCountMax { trace.frames.append(frame) } else { walker.occurrence.isCut = true }
        }
      case "exception":
        try walker.object(value, bytes) { (walker, key, value, bytes) throws(DecodeError) in
          switch key {
          case "class": trace.className = try walker.text(value, bytes)
          case "message": trace.message = try walker.text(value, bytes, most: OccurrenceLimits.messageByteCountMax)
          default: try walker.skip(value, bytes)
          }
        }
      default: try walker.skip(value, bytes)
      }
    }
    return trace
  }

  private mutating func readFrame(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) -> ErrorFrame {
    var frame = ErrorFrame(file: "", function: "")
    guard token == .objectStart else {
      try drop(token, bytes)
      return frame
    }
    // The longest loop of a payload: names are compared where they stand.
    while case .key(let name) = try reader.next(bytes) {
      if reader.matches(name, bytes, "filename") {
        frame.file = try text(try reader.next(bytes), bytes)
      } else if reader.matches(name, bytes, "method") {
        frame.function = try text(try reader.next(bytes), bytes)
      } else if reader.matches(name, bytes, "lineno") {
        frame.line = try number(try reader.next(bytes), bytes).flatMap { Int(exactly: $0) } ?? 0
      } else if reader.matches(name, bytes, "in_app") {
        let value = try reader.next(bytes)
        if case .boolean(let isInApp) = value { frame.isInApp = isInApp } else { try drop(value, bytes) }
      } else if reader.matches(name, bytes, SourceMapped.member) {
        occurrence.isMapped = true
        try readMinified(try reader.next(bytes), bytes, &frame)
      } else {
        try reader.skipValue(bytes)
      }
    }
    return frame
  }

  /// What a frame was before its source map was applied.
  private mutating func readMinified(_ token: JSONToken, _ bytes: RawSpan, _ frame: inout ErrorFrame) throws(DecodeError) {
    var (file, function) = ("", "")
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "filename": file = try walker.text(value, bytes)
      case "method": function = try walker.text(value, bytes)
      default: try walker.skip(value, bytes)
      }
    }
    frame.minifiedFile = file
    frame.minifiedFunction = function
  }

  private mutating func readMessage(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) -> ErrorMessage {
    var message = ErrorMessage(text: "")
    guard token == .objectStart else {
      message.text = try text(token, bytes, most: OccurrenceLimits.messageByteCountMax)
      return message
    }
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "body": message.text = try walker.text(value, bytes, most: OccurrenceLimits.messageByteCountMax)
      case "args": message.arguments = try walker.readArguments(value, bytes)
      case "record":
        var site = ErrorMessage.Site(logger: "None", module: "None", function: "None")
        let isRecord = value == .objectStart
        try walker.object(value, bytes) { (walker, key, value, bytes) throws(DecodeError) in
          switch key {
          case "name": site.logger = try walker.text(value, bytes)
          case "module": site.module = try walker.text(value, bytes)
          case "funcName": site.function = try walker.text(value, bytes)
          default: try walker.skip(value, bytes)
          }
        }
        if isRecord { message.site = site }
      default: try walker.skip(value, bytes)
      }
    }
    return message
  }

  /// The logger's arguments as text: a list, or a mapping's values.
  private mutating func readArguments(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) -> [String] {
    var arguments: [String] = []
    if token == .objectStart {
      try object(token, bytes) { (walker, _, value, bytes) throws(DecodeError) in try walker.addArgument(value, bytes, &arguments) }
    } else {
      try array(token, bytes) { (walker, value, bytes) throws(DecodeError) in try walker.addArgument(value, bytes, &arguments) }
    }
    return arguments
  }

  private mutating func addArgument(_ value: JSONToken, _ bytes: RawSpan, _ arguments: inout [String]) throws(DecodeError) {
    switch value {
    case .objectStart, .arrayStart: try skip(value, bytes)
    case .null: arguments.append("None")
    default:
      let text = try text(value, bytes)
      if arguments.count < OccurrenceLimits.argumentCountMax { arguments.append(text) }
    }
  }
}

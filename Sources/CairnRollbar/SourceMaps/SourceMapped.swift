// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

// data.body.trace.frames[], data.body.trace_chain[].frames[]:
//
//   filename lineno colno method     of the source;   code, context.pre, context.post where the map holds the source's text
//   minified                         {filename, lineno, colno, method} as they came
//
// A map tells the name of what is called at a place, so the name of a frame's function is what the frame outside it calls there. Where the
// map knows none, a name of up to three letters is taken for a minifier's and left out.

/// Applies source maps to the frames of a payload, before it is journaled: what is grouped and shown are the sources.
public enum SourceMapped {
  /// The member of a frame that says what it was before.
  static let member: StaticString = "minified"

  /// The version of the program that a payload is of, as its maps were uploaded for; nil where it names none.
  public static func version(of data: JSONValue) -> String? {
    let script = data["client"]?["javascript"]?["code_version"]
    for value in [script, data["code_version"], data["server"]?["code_version"]] {
      if let text = value?.string, !text.isEmpty { return text }
      if let number = value?.integer { return String(number) }
    }
    return nil
  }

  /// `data` with its frames mapped, or nil where no map had a say. `map` finds the map of a generated file by its URL.
  public static func applied(to data: JSONValue, map: (String) -> SourceMap?) -> JSONValue? {
    guard let body = data["body"] else { return nil }
    var isChanged = false
    var changed = body
    if let trace = body["trace"], let mapped = self.trace(trace, map) {
      changed = changed.replacing("trace", mapped)
      isChanged = true
    }
    if let chain = body["trace_chain"]?.array {
      let mapped = chain.prefix(OccurrenceLimits.traceCountMax).map { (trace) -> JSONValue in
        guard let mapped = self.trace(trace, map) else { return trace }
        isChanged = true
        return mapped
      }
      if isChanged { changed = changed.replacing("trace_chain", .array(mapped + chain.dropFirst(mapped.count))) }
    }
    return isChanged ? data.replacing("body", changed) : nil
  }

  private static func trace(_ trace: JSONValue, _ map: (String) -> SourceMap?) -> JSONValue? {
    guard let frames = trace["frames"]?.array, frames.count <= OccurrenceLimits.frameCountMax else { return nil }
    var positions = [SourceMap.Position?](repeating: nil, count: frames.count)
    var maps = [SourceMap?](repeating: nil, count: frames.count)
    for (index, frame) in frames.enumerated() {
      guard let file = frame["filename"]?.string, frame["minified"] == nil, let line = number(frame["lineno"]),
        let column = number(frame["colno"]), let found = map(file), let position = found.position(line: line, column: column)
      else { continue }
      positions[index] = position
      maps[index] = found
    }
    guard positions.contains(where: { $0 != nil }) else { return nil }
    var mapped = frames
    for (index, frame) in frames.enumerated() {
      guard let position = positions[index], let map = maps[index] else { continue }
      let called = index > 0 ? positions[index - 1]?.name ?? "" : ""
      mapped[index] = self.frame(frame, position, called, map)
    }
    return trace.replacing("frames", .array(mapped))
  }

  private static func frame(_ frame: JSONValue, _ position: SourceMap.Position, _ called: String, _ map: SourceMap) -> JSONValue {
    let own = frame["method"]?.string ?? ""
    let before = ["filename", "lineno", "colno", "method"].compactMap { (name) in frame[name].map { JSONMember(name, $0) } }
    var result = frame.replacing("filename", .string(position.source)).replacing("lineno", .integer(Int64(position.line)))
      .replacing("colno", .integer(Int64(position.column)))
      .replacing("method", .string(!called.isEmpty ? called : own.count > 3 ? own : "<anonymous>"))
    if let (pre, code, post) = map.context(position) {
      result = result.replacing("code", .string(code)).replacing(
        "context", .object([JSONMember("pre", .array(pre.map { .string($0) })), JSONMember("post", .array(post.map { .string($0) }))]))
    }
    return result.replacing("minified", .object(before))
  }

  private static func number(_ value: JSONValue?) -> Int? {
    value?.integer.flatMap { Int(exactly: $0) } ?? value?.string.flatMap { Int($0) }
  }
}

extension JSONValue {
  /// The object with one member in place of those of its name.
  func replacing(_ name: String, _ value: JSONValue) -> JSONValue {
    .object((members ?? []).filter { $0.name != name } + [JSONMember(name, value)])
  }
}

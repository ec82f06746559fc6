// SPDX-License-Identifier: Apache-2.0
internal import CBacktrace
internal import Synchronization
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The calls that led here, one line each, innermost first: `at symbol (image+offset)`.
///
/// Swift does not keep where an error was thrown; the place where it is recorded is the nearest there is. Names come from the loader and
/// from the symbol table of the program's own file, demangled; a program that was stripped has offsets alone. A line that was made once
/// is kept, since finding names takes a pass over that table (some milliseconds).
///
/// Below an asynchronous function the thread's stack has only the scheduler: who waits for it is found in its context instead.
enum StackTrace {
  private static let framesMax = 48
  /// The kit's own frames on top, where no name tells which they are; what the compiler inlined is no frame.
  private static let ownFrames = 3
  private static let lineCountMax = 8_192
  private static let known = Mutex<[UInt: Line]>([:])

  private struct Line {
    var text: String
    /// A part of an asynchronous function.
    var isAsynchronous: Bool
  }

  static func here() -> String {
    let frames = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: framesMax)
    defer { unsafe frames.deallocate() }
    let count = Int(unsafe cairn_backtrace(frames, Int32(framesMax)))
    let addresses = (0..<count).map { unsafe UInt(bitPattern: frames[$0]) }
    var lines = lines(at: addresses)
    if let index = lines.firstIndex(where: \.isAsynchronous) {
      let frame = unsafe cairn_frame_of(UnsafeMutableRawPointer(bitPattern: addresses[index]), Int32(framesMax))
      let waitingCount = Int(unsafe cairn_waiting_calls(frame, frames, Int32(framesMax)))
      let waiting = (0..<waitingCount).map { unsafe UInt(bitPattern: frames[$0]) }
      // Without them the scheduler's frames are all there is to tell.
      if !waiting.isEmpty { lines = Array(lines[...index]) + Self.lines(at: waiting) }
    }
    return Self.withoutOwn(lines.map(\.text)).joined(separator: "\n")
  }

  private static func lines(at addresses: [UInt]) -> [Line] {
    var lines = known.withLock { known in addresses.map { known[$0] } }
    let missing = lines.indices.filter { lines[$0] == nil }
    let found = Self.lines(missing.map { addresses[$0] })
    for (index, line) in zip(missing, found) { lines[index] = line }
    known.withLock { known in
      if known.count + found.count > lineCountMax { known = [:] }
      for (index, line) in zip(missing, found) { known[addresses[index]] = line }
    }
    return lines.compactMap(\.self)
  }

  /// From the frame on that recorded the error.
  static func withoutOwn(_ lines: [String]) -> ArraySlice<String> {
    let top = lines.prefix(ownFrames * 3)
    let recording = top.lastIndex { $0.contains(".recordError") } ?? top.lastIndex { $0.contains("StackTrace.here(") }
    let rest = lines.dropFirst(recording.map { $0 + 1 } ?? ownFrames).drop { $0.hasPrefix("at (extension in Tracing):") }
    return ArraySlice(rest.filter { line in !madeByCompiler.contains { line.hasPrefix($0) } })
  }

  /// How the names of functions begin that stand in no source: they only hand on to the next one.
  private static let madeByCompiler = ["partial apply", "protocol witness for", "reabstraction thunk", "implicit closure", "dispatch thunk"].map { "at " + $0 }

  private static func lines(_ addresses: [UInt]) -> [Line] {
    guard !addresses.isEmpty else { return [] }
    // What is on the stack is where a call comes back to: the call itself is before it.
    let calls = addresses.map { $0 &- 1 }
    let functions = UnsafeMutablePointer<cairn_function>.allocate(capacity: calls.count)
    defer { unsafe functions.deallocate() }
    unsafe cairn_symbols_of(calls, functions, Int32(calls.count))
    return calls.enumerated().map { index, call in
      let function = unsafe functions[index]
      let place = unsafe cairn_place_of(UnsafeMutableRawPointer(bitPattern: call))
      let image = unsafe place.image.map { unsafe lastComponent(String(cString: $0)) } ?? "?"
      guard let name = unsafe function.name ?? place.symbol else { return Line(text: "at \(image)+0x\(String(unsafe place.offset, radix: 16))", isAsynchronous: false) }
      let offset = String(unsafe function.name == nil ? unsafe place.offset : unsafe function.offset, radix: 16)
      let whole = demangled(unsafe String(cString: name)), part = whole.firstRange(of: partMark)
      return Line(text: "at \(part.map { whole[$0.upperBound...] } ?? whole[...]) (\(image)+0x\(offset))", isAsynchronous: part != nil)
    }
  }

  /// What stands before the name of an asynchronous function, whose parts are numbered: `(3) suspend resume partial function for …`.
  private static let partMark = "resume partial function for "

  private static func lastComponent(_ path: String) -> Substring { path.split(separator: "/").last ?? Substring(path) }

  private static func demangled(_ name: String) -> String {
    unsafe name.withCString { mangled in
      guard let text = unsafe swiftDemangle(mangled, strlen(mangled), nil, nil, 0) else { return name }
      defer { unsafe free(text) }
      return unsafe String(cString: text)
    }
  }
}

/// The runtime's own demangler.
@_silgen_name("swift_demangle")
private func swiftDemangle(
  _ name: UnsafePointer<CChar>?, _ nameLength: Int, _ output: UnsafeMutablePointer<CChar>?, _ outputLength: UnsafeMutablePointer<Int>?,
  _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?

// SPDX-License-Identifier: Apache-2.0
internal import CBacktrace
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The calls that led here, one line each, innermost first: `at symbol (image+offset)`.
///
/// Swift does not keep where an error was thrown; the place where it is recorded is the nearest there is. Names are the linker's, so
/// they are demangled where the runtime can.
enum StackTrace {
  private static let framesMax = 48
  /// The kit's own frames on top.
  private static let ownFrames = 3

  static func here() -> String {
    let frames = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: framesMax)
    defer { unsafe frames.deallocate() }
    let count = Int(unsafe cairn_backtrace(frames, Int32(framesMax)))
    var lines: [String] = []
    for index in min(ownFrames, count)..<count {
      guard let address = unsafe frames[index] else { continue }
      lines.append(unsafe line(address))
    }
    return lines.joined(separator: "\n")
  }

  private static func line(_ address: UnsafeMutableRawPointer) -> String {
    let place = unsafe cairn_place_of(address)
    let image = unsafe place.image.map { unsafe lastComponent(String(cString: $0)) } ?? "?"
    let offset = String(unsafe place.offset, radix: 16)
    guard let name = unsafe place.symbol else { return "at \(image)+0x\(offset)" }
    return unsafe "at \(demangled(String(cString: name))) (\(image)+0x\(offset))"
  }

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

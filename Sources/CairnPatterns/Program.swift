// SPDX-License-Identifier: Apache-2.0
internal import CRE2

/// The compiled form, owned by RE2.
@safe
final class Program: @unchecked Sendable {
  // Proof for `@unchecked Sendable`: RE2 guards the automaton that it builds while it matches; everything else never changes.
  private let pattern: OpaquePointer
  let groupCount: Int
  let groupNames: [String?]

  init(_ text: String, _ mode: Pattern.Mode) throws(PatternError) {
    var text = text
    var reason = [CChar](repeating: 0, count: 256)
    let made = text.withUTF8 { (utf8) in
      unsafe cre2_make(
        utf8.baseAddress, utf8.count, mode == .ignoringCase, false, Pattern.programByteCountMax, &reason, reason.count)
    }
    guard let made = unsafe made else {
      throw PatternError(reason: String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    unsafe pattern = made
    groupCount = unsafe cre2_group_count(made)
    var names: [String?] = []
    for group in 0..<groupCount {
      let name = unsafe cre2_group_name(made, group + 1)
      names.append(unsafe name.map { unsafe String(cString: $0) })
    }
    groupNames = names
  }

  deinit { unsafe cre2_free(pattern) }

  func find(_ bytes: RawSpan, from start: Int, _ groups: inout [cre2_range]) -> Bool {
    let count = groups.count
    return unsafe bytes.withUnsafeBytes { (raw) in
      unsafe cre2_find(
        pattern, raw.baseAddress?.assumingMemoryBound(to: UInt8.self), raw.count, start, &groups, count)
    }
  }

  /// 1 for each text with a match.
  func flags(_ bytes: [UInt8], _ ends: [UInt32]) -> [UInt8] {
    var flags = [UInt8](repeating: 0, count: ends.count)
    unsafe bytes.withUnsafeBufferPointer { (text) in
      unsafe cre2_mark(pattern, text.baseAddress, ends, ends.count, &flags)
    }
    return flags
  }
}

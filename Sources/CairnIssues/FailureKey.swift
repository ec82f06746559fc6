// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

// The hashes by which two doors' reports of one failure find each other. They are kept with the events, so they may never change; below
// 2⁵³, as JSON's numbers are. None of them has a span id in it: doors tell of one failure from different spans.
//
//   failure   trace id, class, message          one failure in one trace
//   place     class, message, file, function, line of the innermost frame of the program: the same line failed in the same words
//   words     service, class, message           for a door whose frames are not the error's
//
// Of the class the last component counts, since doors name it with or without its module; of the message the first 256 bytes; of the file
// its name, since doors know it below other folders.

/// Makes one hash of several texts.
struct FailureKey {
  static let messageByteCountMax = 256
  private static let seed: UInt64 = 0x2545_f491_4f6c_dd1d
  private var bytes: [UInt8] = []

  init(_ kind: UInt8, className: Substring, message: String) {
    bytes.reserveCapacity(512)
    bytes.append(kind)
    add(className.utf8)
    // A part of a text is copied byte by byte, so only what is too long is cut.
    if message.utf8.count <= Self.messageByteCountMax { add(message.utf8) } else { add(message.utf8.prefix(Self.messageByteCountMax)) }
  }

  mutating func add(_ text: some Collection<UInt8>) {
    bytes.append(contentsOf: text)
    bytes.append(0)
  }

  /// Never 0, which stands for "none".
  var value: Int64 {
    let hash = unsafe hashBytes(bytes.span.bytes, 0, bytes.count, seed: Self.seed)
    return max(1, Int64(hash >> 11))
  }
}

/// The name of a class without its module, namespace or package.
public func lastComponent(ofClass name: String) -> Substring {
  name.utf8.lastIndex { $0 == 0x2E || $0 == 0x3A || $0 == 0x5C }.map { name[name.utf8.index(after: $0)...] } ?? name[...]
}

/// The hash of a failure in a trace; 0 where the class is not known.
func failureKey(trace: [UInt8], className: String, message: String) -> Int64 {
  guard !className.isEmpty else { return 0 }
  var key = FailureKey(1, className: lastComponent(ofClass: className), message: message)
  key.add(trace)
  return key.value
}

/// The hash of where in the program an exception came up; 0 where no frame of the program with a line is known.
public func placeKey(of trace: ErrorTrace, _ report: ErrorReport) -> Int64 {
  guard !trace.className.isEmpty, let frame = innermostOwnFrame(trace, report), frame.line > 0 else { return 0 }
  var key = FailureKey(2, className: lastComponent(ofClass: trace.className), message: trace.message)
  key.add(lastPart(frame.file) { $0 == 0x2F || $0 == 0x5C })
  key.add(lastPart(frame.function) { $0 == 0x2E || $0 == 0x3A || $0 == 0x2F })
  key.add(String(frame.line).utf8)
  return key.value
}

/// The last part that is not empty; the whole text where there is none.
private func lastPart(_ text: String, _ isSeparator: (UInt8) -> Bool) -> [UInt8] {
  let bytes = Array(text.utf8)
  var end = bytes.count
  while end > 0, isSeparator(bytes[end - 1]) { end -= 1 }
  var start = end
  while start > 0, !isSeparator(bytes[start - 1]) { start -= 1 }
  return start < end ? Array(bytes[start..<end]) : bytes
}

/// The hash of a service's words; 0 where service or class are not known.
public func wordsKey(service: String, className: String, message: String) -> Int64 {
  guard !service.isEmpty, !className.isEmpty else { return 0 }
  var key = FailureKey(3, className: lastComponent(ofClass: className), message: message)
  key.add(service.utf8)
  return key.value
}

// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The rule by which a document was sampled, as `aws.xray.sampling_rule_name` has it; nil where it names none.
///
/// Looks for the member's name in the bytes, without reading the JSON around it: the daemon asks this of every datagram.
public func samplingRuleName(_ document: RawSpan) -> String? {
  let word: StaticString = "\"sampling_rule_name\""
  let count = word.utf8CodeUnitCount
  var position = 0
  while position + count < document.byteCount {
    guard loadByte(document, position) == 0x22 else {
      position += 1
      continue
    }
    var length = 0
    while length < count, unsafe loadByte(document, position + length) == word.utf8Start[length] { length += 1 }
    guard length == count else {
      position += 1
      continue
    }
    return text(document, behind: position + count)
  }
  return nil
}

private func text(_ bytes: RawSpan, behind start: Int) -> String? {
  var position = start
  while position < bytes.byteCount, loadByte(bytes, position) <= 0x20 || loadByte(bytes, position) == 0x3a { position += 1 }
  guard position < bytes.byteCount, loadByte(bytes, position) == 0x22 else { return nil }
  position += 1
  let from = position
  while position < bytes.byteCount, loadByte(bytes, position) != 0x22 { position += 1 }
  guard position < bytes.byteCount, position - from <= 128 else { return nil }
  return unsafe bytes.extracting(from..<position).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
}

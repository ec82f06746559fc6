// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// Why compressed bytes were not unpacked.
public enum InflateError: Error, Sendable, Hashable {
  /// The output would be larger than this many bytes; what was unpacked so far is dropped.
  case tooLarge(limitBytes: Int)
  /// The bytes are not what their encoding says, end too early, or go on behind the end.
  case malformed(StaticText)
  /// What the sender would have to use instead of an encoding, or a form of one, that Cairn does not read.
  case unsupported(StaticText)

  /// The error in words, for the caller's protocol.
  public var message: String {
    switch self {
    case .tooLarge(let limitBytes): "the body is larger than \(limitBytes) bytes once it is decompressed"
    case .malformed(let reason): "the body cannot be decompressed: \(reason.text)"
    case .unsupported(let wanted): "expected \(wanted.text)"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CSecrets
internal import CairnBytes
internal import CairnPatterns

/// The look at raw bytes that costs next to nothing where no secret is: every body of every door passes it before the journal.
///
/// It may give a false alarm; who then looks closer decides. What it passes over has nothing that `SecretText` or a secret name would
/// take out. 32 bytes at a time (benchmark: `bench.py raw:4`).
public enum SecretScan {
  /// The first suspicious place from `start` on: behind a name, or where a number begins; nil where there is none.
  public static func next(_ bytes: RawSpan, from start: Int = 0, namesAlone: Bool = false) -> Int? {
    let count = bytes.byteCount
    guard count > 0 else { return nil }
    let found = unsafe bytes.withUnsafeBytes { (raw) -> Int in
      guard let base = raw.baseAddress else { return count }
      return unsafe cairn_secret_next(base.assumingMemoryBound(to: UInt8.self), start, count, namesAlone ? 1 : 0)
    }
    return found < count ? found : nil
  }

  private static let name = try? Pattern("(?i)" + SecretText.names + "$")
  private static let nameOfAny = try? Pattern("(?i)(?:password|passwd|pwd|secret|credentials?)$")

  /// What a field's name promises of its value.
  enum Promise {
    case nothing
    /// A secret, unless the value is a number or such.
    case secret
    /// A secret even where it is digits alone.
    case always
  }

  static func promise(ofName name: RawSpan) -> Promise {
    guard let pattern = Self.name, pattern.matches(name) else { return .nothing }
    return nameOfAny?.matches(name) == true ? .always : .secret
  }

  /// True where a text under a name of this promise is to be redacted.
  static func isSecret(_ text: ArraySlice<UInt8>, _ promise: Promise) -> Bool {
    switch promise {
    case .nothing: false
    case .secret: SecretText.isValue(text)
    case .always: SecretText.isValue(text) || (!text.isEmpty && text.allSatisfy { $0 >= 0x30 && $0 <= 0x39 })
    }
  }
}

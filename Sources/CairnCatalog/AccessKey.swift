// SPDX-License-Identifier: Apache-2.0
import Crypto

/// What a key may be used for.
public enum KeyScope: String, Sendable, Hashable, CaseIterable {
  /// Send events.
  case ingest
  /// Read events and run queries.
  case query
  /// Change what is kept beside the events.
  case manage
}

/// A key as the catalog keeps it: all but its secret.
public struct AccessKey: Sendable, Hashable {
  /// The public half: 12 characters.
  public var id: String
  public var name: String
  /// The tenant whose events it reaches.
  public var environment: String
  public var scopes: Set<KeyScope>
  public var createdUnixSeconds: Int64
  /// nil while the key is good.
  public var revokedUnixSeconds: Int64?
  /// SHA-256 of the secret half.
  var secretDigest: [UInt8]
}

/// A key's text, `ck_<id>_<secret>`: 12 and 40 characters of a-z and 2-7; the secret has 200 bits.
struct KeyText {
  static let prefix = "ck_"
  static let idLength = 12
  static let secretLength = 40
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  var id: String
  var secret: String

  /// A new random key.
  static func random() -> KeyText { KeyText(id: letters(idLength), secret: letters(secretLength)) }

  var text: String { "\(Self.prefix)\(id)_\(secret)" }

  /// SHA-256 of the secret half.
  var digest: [UInt8] { Array(SHA256.hash(data: Array(secret.utf8))) }

  /// Reads a key's text; nil for anything else.
  static func parse(_ text: String) -> KeyText? {
    let bytes = Array(text.utf8)
    guard bytes.count == prefix.utf8.count + idLength + 1 + secretLength, text.hasPrefix(prefix) else { return nil }
    let id = bytes[prefix.utf8.count..<prefix.utf8.count + idLength]
    let secret = bytes[(prefix.utf8.count + idLength + 1)...]
    guard bytes[prefix.utf8.count + idLength] == UInt8(ascii: "_") else { return nil }
    guard id.allSatisfy(alphabet.contains), secret.allSatisfy(alphabet.contains) else { return nil }
    return KeyText(id: String(decoding: id, as: UTF8.self), secret: String(decoding: secret, as: UTF8.self))
  }

  private static func letters(_ count: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    let picked = (0..<count).map { _ in alphabet[Int(generator.next() & 31)] }
    return String(decoding: picked, as: UTF8.self)
  }
}

/// True if both have the same bytes; takes the same time wherever they differ.
func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  var difference: UInt8 = 0
  for index in left.indices { difference |= left[index] ^ right[index] }
  return difference == 0
}

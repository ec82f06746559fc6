// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Crypto
import Synchronization

// A key's second form, for the doors that AWS's own clients use. Signature V4 needs the secret itself on both sides, and the catalog keeps
// only the digest of a key's secret; so the secret access key is derived from that digest (docs/decisions/019-aws-credentials.md).
//
//   access key id       CAIRNKEY and the key's id in capitals: 20 characters
//   secret access key   the first 30 bytes of HMAC-SHA256(digest, "cairn aws secret access key 1") in base64: 40 characters

extension AccessKey {
  private static let prefix = "CAIRNKEY"

  /// What goes into `AWS_ACCESS_KEY_ID`.
  public var awsAccessKeyID: String { Self.prefix + id.uppercased() }

  /// What goes into `AWS_SECRET_ACCESS_KEY`; as good as the key itself at AWS's doors.
  public var awsSecretAccessKey: String {
    var mac = HMAC<SHA256>(key: SymmetricKey(data: secretDigest))
    mac.update(data: Array("cairn aws secret access key 1".utf8))
    return Base64.text(Array(Array(mac.finalize()).prefix(30)))
  }

  /// The id of the key that an access key id belongs to; nil for what cannot be one.
  static func id(awsAccessKeyID text: String) -> String? {
    guard text.hasPrefix(prefix), text.utf8.count == prefix.utf8.count + KeyText.idLength else { return nil }
    return text.dropFirst(prefix.count).lowercased()
  }
}

extension Catalog {
  /// The key that an AWS access key id names, revoked or not; its signature is still to be checked. Memory only.
  public func key(awsAccessKeyID text: String) -> AccessKey? {
    guard let id = AccessKey.id(awsAccessKeyID: text) else { return nil }
    return ring.withLock { $0.keys[id] }
  }
}

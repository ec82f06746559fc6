// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// The account and the region that a request to one of AWS's doors speaks for: one account, and whatever region it was signed for.
struct AWSCaller: Sendable, Hashable {
  static let accountID = "123456789012"
  var region: String

  /// The region of the credential's scope; `us-east-1` where the request is not signed.
  init(_ request: Request) {
    guard SignatureV4.isPresent(in: request), let signature = try? SignatureV4(request), !signature.region.isEmpty else {
      region = "us-east-1"
      return
    }
    region = String(signature.region.prefix(64))
  }

  /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`
  func arn(_ service: String, _ resource: String) -> String { "arn:aws:\(service):\(region):\(Self.accountID):\(resource)" }
}

extension Exchange {
  /// Whom the request speaks for, in AWS's terms.
  var awsCaller: AWSCaller { AWSCaller(request) }
}

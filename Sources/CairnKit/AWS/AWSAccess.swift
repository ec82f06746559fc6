// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// Who calls an AWS service, and where it is.
public struct AWSAccess: Sendable, Hashable {
  public var accessKeyID: String
  public var secretAccessKey: String
  public var sessionToken: String?
  public var region = "us-east-1"
  /// The service's base; AWS's own of the region where it is nil.
  public var endpoint: String?

  public init(accessKeyID: String, secretAccessKey: String) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
  }

  /// A POST below the service's base, signed anew for each try.
  func call(
    _ service: String, path: String, headers: [(name: String, value: String)], body: ByteBuffer, _ sender: HTTPSender
  ) async -> HTTPSender.Outcome {
    let signer = SignatureV4(
      accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken, region: region, service: service)
    let base = endpoint ?? "https://\(service).\(region).amazonaws.com"
    let request = OutgoingRequest(url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + path, headers: headers, body: body)
    return await sender.send { signer.signed(request, unixSeconds: sender.now()) }
  }
}

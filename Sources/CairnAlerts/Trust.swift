// SPDX-License-Identifier: Apache-2.0
internal import NIOSSL
internal import Synchronization

/// Which certificates deliveries accept: the system's authorities, and those of a file. Names are always checked.
final class Trust: Sendable {
  private let authorities: String?
  private let made = Mutex<NIOSSLContext?>(nil)

  init(authorities: String?) { self.authorities = authorities }

  /// Made once: reading the system's authorities takes some milliseconds.
  func context() throws(DeliveryError) -> NIOSSLContext {
    if let known = made.withLock({ $0 }) { return known }
    do {
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.minimumTLSVersion = .tlsv12
      if let authorities { configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(authorities))] }
      let context = try NIOSSLContext(configuration: configuration)
      made.withLock { $0 = context }
      return context
    } catch {
      throw DeliveryError("the certificates that deliveries trust cannot be read: \(error)", isLasting: false)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import NIOSSL

/// The certificates of `OTEL_EXPORTER_OTLP_CERTIFICATE`, `…_CLIENT_CERTIFICATE` and `…_CLIENT_KEY`.
enum TLSFiles {
  static func configuration(trustRoots: String?, certificate: String?, key: String?) throws(ConfigurationError) -> TLSConfiguration? {
    guard trustRoots != nil || certificate != nil || key != nil else { return nil }
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let trustRoots { configuration.trustRoots = .file(trustRoots) }
    if let certificate {
      do {
        configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
      } catch {
        throw ConfigurationError(variable: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", problem: "'\(certificate)' cannot be read as PEM: \(error)")
      }
    }
    if let key {
      do {
        configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
      } catch {
        throw ConfigurationError(variable: "OTEL_EXPORTER_OTLP_CLIENT_KEY", problem: "'\(key)' cannot be read as PEM: \(error)")
      }
    }
    return configuration
  }
}

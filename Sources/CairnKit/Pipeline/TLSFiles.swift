// SPDX-License-Identifier: Apache-2.0
internal import NIOSSL

/// The certificates of one signal: `OTEL_EXPORTER_OTLP_CERTIFICATE`, `…_CLIENT_CERTIFICATE`, `…_CLIENT_KEY`, or the signal's own.
struct TLSFiles: Sendable, Hashable {
  var trustRoots: String?
  var certificate: String?
  var key: String?

  /// Reads the files now, so that a wrong path stops the start and not the first export.
  func configuration(_ signal: OTLPSignal) throws(ConfigurationError) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let trustRoots {
      configuration.trustRoots = .certificates(try Self.certificates(trustRoots, Self.variable(signal, "CERTIFICATE")))
    }
    let certificateVariable = Self.variable(signal, "CLIENT_CERTIFICATE"), keyVariable = Self.variable(signal, "CLIENT_KEY")
    guard (certificate == nil) == (key == nil) else {
      throw ConfigurationError(
        variable: certificate == nil ? certificateVariable : keyVariable, problem: "a client certificate needs its key and a key its certificate")
    }
    guard let certificate, let key else { return configuration }
    configuration.certificateChain = try Self.certificates(certificate, certificateVariable).map { .certificate($0) }
    do {
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
    } catch {
      throw ConfigurationError(variable: keyVariable, problem: "'\(key)' is not a file with a private key in PEM")
    }
    return configuration
  }

  private static func certificates(_ path: String, _ variable: String) throws(ConfigurationError) -> [NIOSSLCertificate] {
    if let found = try? NIOSSLCertificate.fromPEMFile(path), !found.isEmpty { return found }
    throw ConfigurationError(variable: variable, problem: "'\(path)' is not a file with certificates in PEM")
  }

  private static func variable(_ signal: OTLPSignal, _ name: String) -> String {
    "OTEL_EXPORTER_OTLP_\(signal.variableName)_\(name) or OTEL_EXPORTER_OTLP_\(name)"
  }
}

extension OTLPSettings {
  /// nil where the system's own are meant.
  var tlsFiles: TLSFiles? {
    guard certificate != nil || clientCertificate != nil || clientKey != nil else { return nil }
    return TLSFiles(trustRoots: certificate, certificate: clientCertificate, key: clientKey)
  }
}

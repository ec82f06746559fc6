// SPDX-License-Identifier: Apache-2.0

/// Why the server does not start.
public enum ServerError: Error, Sendable, Hashable, CustomStringConvertible {
  case cannotListen(String, reason: String)
  /// Bound beyond loopback without a key and without `--insecure`.
  case openToTheNetwork([String])
  /// The X-Ray daemon's port bound beyond loopback without `--insecure`: datagrams carry no credential, so keys do not help.
  case openDatagrams(String)
  case badSetting(String)
  case cannotWrite(path: String, reason: String)

  public var description: String {
    switch self {
    case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
    case .openToTheNetwork(let addresses):
      "\(addresses.joined(separator: ", ")) can be reached from other machines, and no key exists: anybody could read and write. "
        + "Create a key ('cairn key create'), or start with --insecure if that is meant."
    case .openDatagrams(let address):
      "\(address), the X-Ray daemon's port, can be reached from other machines, and its datagrams carry no key: anybody could write. "
        + "Start with --insecure if that is meant."
    case .badSetting(let reason): reason
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    }
  }
}

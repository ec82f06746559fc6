// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore

extension ServerError {
  /// What kept an address from being bound, in words, and the setting that would choose another.
  static func cannotListen(_ address: String, _ role: ListenerRole, _ error: any Error) -> ServerError {
    guard let code = (error as? IOError)?.errnoCode else { return .cannotListen(address, reason: "\(error)") }
    let flag = "--" + role.rawValue.replacing("_", with: "-")
    let reason =
      switch code {
      case EADDRINUSE: "another program listens there already; choose another address with \(flag)"
      case EADDRNOTAVAIL: "this machine has no such address; choose another with \(flag)"
      case EACCES: "the system does not allow it: ports below 1024 want the right to bind them; choose another with \(flag)"
      default: unsafe String(cString: strerror(code))
      }
    return .cannotListen(address, reason: reason)
  }
}

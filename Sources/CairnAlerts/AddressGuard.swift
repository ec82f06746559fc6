// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOPosix

/// Where a delivery may go. A rule's URL comes from whoever may write rules, so it must not reach what only this machine reaches.
///
/// One function resolves a name, checks the address and gives it to the connection, so that nothing is resolved a second time; it is the
/// same on saving a rule, on a test and on each delivery. Redirects are not followed.
public struct AddressGuard: Sendable {
  /// Hosts that may be private, by name or address: what the operator's configuration lists.
  public var allowedHosts: Set<String>

  public init(allowedHosts: Set<String> = []) { self.allowedHosts = Set(allowedHosts.map { $0.lowercased() }) }

  /// The checked address of a target, as text. One that the configuration itself names is trusted.
  public func address(of target: WebTarget, isTrusted: Bool = false) async throws(DeliveryError) -> String {
    let resolved: SocketAddress
    do {
      resolved = try await NIOThreadPool.singleton.runIfActive { try SocketAddress.makeAddressResolvingHost(target.host, port: target.port) }
    } catch {
      throw DeliveryError("\(target.host) is not known", isLasting: false)
    }
    guard let address = resolved.ipAddress else { throw DeliveryError("\(target.host) has no address", isLasting: true) }
    if !isTrusted, !allowedHosts.contains(target.host.lowercased()), !allowedHosts.contains(address), Self.isPrivate(address) {
      throw DeliveryError(
        "\(target.host) is \(target.host == address ? "" : "\(address), ")an address inside this network; name it under 'webhook_hosts' in the configuration to allow it",
        isLasting: true)
    }
    return address
  }

  /// True for every address that is not on the public internet, in whichever spelling; also for what is no address.
  public static func isPrivate(_ address: String) -> Bool {
    if address.contains(":") { return isPrivateSix(address.lowercased()) }
    let parts = address.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard parts.count == 4, let first = parts[0], let second = parts[1], let third = parts[2] else { return true }
    switch first {
    case 0, 10, 127, 224...255: return true
    case 100: return (64...127).contains(second)
    case 169: return second == 254
    case 172: return (16...31).contains(second)
    case 192: return second == 168 || (second == 0 && (third == 0 || third == 2))
    case 198: return second == 18 || second == 19 || (second == 51 && third == 100)
    case 203: return second == 0 && third == 113
    default: return false
    }
  }

  private static func isPrivateSix(_ text: String) -> Bool {
    // An IPv4 address in IPv6's clothes is what it is in its own.
    if let last = text.lastIndex(of: ":"), text[last...].contains(".") { return isPrivate(String(text[text.index(after: last)...])) }
    guard let first = UInt16(text.split(separator: ":", omittingEmptySubsequences: false).first ?? "", radix: 16) else { return true }
    // Global unicast is 2000::/3; of it, documentation, 6to4 and Teredo lead elsewhere.
    guard first & 0xE000 == 0x2000 else { return true }
    return first == 0x2002 || text.hasPrefix("2001:db8:") || text.hasPrefix("2001:0:") || text.hasPrefix("2001::")
  }
}

/// Why a delivery did not arrive.
public struct DeliveryError: Error, Sendable, Hashable {
  public var reason: String
  /// Trying again will not help.
  public var isLasting: Bool

  public init(_ reason: String, isLasting: Bool) {
    self.reason = reason
    self.isLasting = isLasting
  }
}

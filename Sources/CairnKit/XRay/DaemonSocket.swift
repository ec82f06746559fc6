// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Sends datagrams to the X-Ray daemon: a header line and one document each. Never waits: what the system does not take at once is lost
/// and counted, as a daemon that is not there is.
final class DaemonSocket: Sendable {
  static let header = Array("{\"format\": \"json\", \"version\": 1}\n".utf8)
  /// The most bytes of one datagram over IPv4.
  static let datagramByteCountMax = 65_507
  static let documentByteCountMax = datagramByteCountMax - header.count
  private let descriptor: Int32
  private let lost = Atomic<Int>(0)

  /// nil where the address means nothing. `host:port`; the name is looked up once.
  init?(address: String) {
    guard let colon = address.lastIndex(of: ":") else { return nil }
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let host = String(address[..<colon]).filter { $0 != "[" && $0 != "]" }
    guard unsafe getaddrinfo(host, String(address[address.index(after: colon)...]), &hints, &found) == 0, let first = unsafe found else { return nil }
    defer { unsafe freeaddrinfo(first) }
    let opened = unsafe socket(first.pointee.ai_family, Int32(SOCK_DGRAM.rawValue) | Int32(bitPattern: SOCK_NONBLOCK.rawValue), 0)
    guard opened >= 0 else { return nil }
    guard unsafe connect(opened, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
      close(opened)
      return nil
    }
    descriptor = opened
  }

  deinit { close(descriptor) }

  /// How many documents were lost.
  var lostCount: Int { lost.load(ordering: .relaxed) }

  /// False if it did not go out.
  @discardableResult
  func send(_ document: [UInt8]) -> Bool {
    let datagram = Self.header + document
    guard datagram.count <= Self.datagramByteCountMax else { return count(1) }
    for _ in 0..<3 {
      let sent = unsafe datagram.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent == datagram.count { return true }
      // A refusal of an earlier datagram is told on the next one: try again.
      guard errno == ECONNREFUSED || errno == EINTR else { break }
    }
    return count(1)
  }

  private func count(_ documents: Int) -> Bool {
    lost.wrappingAdd(documents, ordering: .relaxed)
    return false
  }
}

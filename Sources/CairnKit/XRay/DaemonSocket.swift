// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Sends datagrams to the X-Ray daemon: a header line and one document each. Never waits for the daemon: what the system does not take at
/// once is lost and counted, as a daemon that is not there is.
final class DaemonSocket: Sendable {
  static let header = Array("{\"format\": \"json\", \"version\": 1}\n".utf8)
  /// The most bytes of one datagram over IPv4.
  static let datagramByteCountMax = 65_507
  static let documentByteCountMax = datagramByteCountMax - header.count
  private let descriptor: Int32
  /// Several datagrams by one call of the system, which costs a fifth of as many calls; Linux has it since 4.18.
  private let takesMany = Atomic<Bool>(true)
  private static let burstCountMax = 64
  private static let blankByteCountMax = 4_096
  /// `SOL_UDP` and `UDP_SEGMENT`.
  private static let udpLevel: Int32 = 17
  private static let segmentOption: Int32 = 103

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

  /// Sends the documents of a batch, some at a time so that the daemon can follow; how many spans were in those that did not go out.
  func send(_ tree: SegmentTree, pause: () async -> Void) async -> Int {
    var lost = 0, next = 0
    while next < tree.documentCount {
      if next > 0 { await pause() }
      lost += sendSome(tree, from: &next)
    }
    return lost
  }

  /// As many documents as fit into one call, each with its header, in places of one size: what is left of a place is blank, which JSON
  /// allows behind a document.
  private func sendSome(_ tree: SegmentTree, from next: inout Int) -> Int {
    let first = next
    var bytes = WireBuffer()
    var ends: [Int] = [], largest = 0
    while next < tree.documentCount, ends.count < Self.burstCountMax {
      let start = bytes.count
      bytes.append(Self.header)
      tree.write(next, to: &bytes)
      let size = bytes.count - start
      let whole = max(largest, size) * (ends.count + 1)
      // Documents of about the same length: more blanks than text are not worth a call.
      if !ends.isEmpty, whole > min(Self.datagramByteCountMax, 2 * bytes.count + Self.blankByteCountMax) {
        bytes.truncate(to: start)
        break
      }
      largest = max(largest, size)
      ends.append(bytes.count)
      next += 1
    }
    if ends.count > 1, takesMany.load(ordering: .relaxed) {
      let trouble = sendTogether(bytes, ends, largest)
      if trouble == 0 { return 0 }
      // An old kernel, or a way to the daemon whose packets are smaller.
      if [EINVAL, EMSGSIZE, EIO, ENOPROTOOPT, EOPNOTSUPP].contains(trouble) { takesMany.store(false, ordering: .relaxed) }
    }
    return sendEach(bytes, ends, tree, first)
  }

  /// 0, or what the system says.
  private func sendTogether(_ bytes: borrowing WireBuffer, _ ends: [Int], _ largest: Int) -> Int32 {
    #if canImport(Glibc)
      var size = Int32(largest)
      guard unsafe setsockopt(descriptor, Self.udpLevel, Self.segmentOption, &size, socklen_t(MemoryLayout<Int32>.size)) == 0 else { return errno }
      defer {
        size = 0
        unsafe setsockopt(descriptor, Self.udpLevel, Self.segmentOption, &size, socklen_t(MemoryLayout<Int32>.size))
      }
      var places = WireBuffer()
      for index in ends.indices {
        let start = index > 0 ? ends[index - 1] : 0
        places.append(bytes, start..<ends[index])
        if index + 1 < ends.count { places.fill(0x20, count: largest - (ends[index] - start)) }
      }
      return send(places, 0..<places.count)
    #else
      return ENOPROTOOPT
    #endif
  }

  private func sendEach(_ bytes: borrowing WireBuffer, _ ends: [Int], _ tree: SegmentTree, _ first: Int) -> Int {
    var lost = 0
    for index in ends.indices where send(bytes, (index > 0 ? ends[index - 1] : 0)..<ends[index]) != 0 { lost += tree.spanCount(first + index) }
    return lost
  }

  private func send(_ bytes: borrowing WireBuffer, _ range: Range<Int>) -> Int32 {
    var trouble: Int32 = 0
    for _ in 0..<3 {
      let sent = unsafe bytes.withBytes { bytes in
        let datagram = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
        return unsafe Glibc.send(descriptor, datagram.baseAddress, datagram.count, Int32(MSG_NOSIGNAL))
      }
      if sent == range.count { return 0 }
      // A refusal of an earlier datagram is told on the next one: try again.
      trouble = errno
      guard trouble == ECONNREFUSED || trouble == EINTR else { break }
    }
    return trouble
  }
}

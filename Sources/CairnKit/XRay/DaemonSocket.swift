// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
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
  private let memory = BodyMemory()

  /// nil where the address means nothing. `host:port`; the name is looked up now, which may take the system a while.
  convenience init?(address: String) {
    guard let descriptor = Self.connected(to: address) else { return nil }
    self.init(descriptor: descriptor)
  }

  private init(descriptor: Int32) { self.descriptor = descriptor }

  // Apart from `init`: where that could fail with members of the object made already, the optimiser of Swift 6.3 ends with an error of its own.
  private static func connected(to address: String) -> Int32? {
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
    return opened
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
    let first = next, place = Self.place(tree, from: &next)
    let documents = first..<next
    let datagrams = memory.write { bytes in
      bytes.reserve(place * documents.count)
      for document in documents {
        bytes.fill(0x20, count: (document - first) * place - bytes.count)
        bytes.append(Self.header)
        tree.write(document, to: &bytes)
      }
    }
    if documents.count > 1, takesMany.load(ordering: .relaxed) {
      let trouble = send(datagrams, 0..<datagrams.readableBytes, eachByteCount: place)
      if trouble == 0 { return 0 }
      // An old kernel, or a way to the daemon whose packets are smaller.
      if [EINVAL, EMSGSIZE, EIO, ENOPROTOOPT, EOPNOTSUPP].contains(trouble) { takesMany.store(false, ordering: .relaxed) }
    }
    return documents.reduce(0) { lost, document in
      let start = (document - first) * place
      return send(datagrams, start..<min(start + place, datagrams.readableBytes)) == 0 ? lost : lost + tree.spanCount(document)
    }
  }

  /// The size of a place, and behind which document the call ends.
  private static func place(_ tree: SegmentTree, from next: inout Int) -> Int {
    let first = next
    var place = 0, byteCount = 0
    while next < tree.documentCount, next - first < burstCountMax {
      let size = header.count + tree.byteCountMax(next), wider = max(place, size)
      byteCount += size
      // Documents of about the same length: more blanks than text are not worth a call.
      if next > first, wider * (next - first + 1) > min(datagramByteCountMax, 2 * byteCount + blankByteCountMax) { break }
      place = wider
      next += 1
    }
    return place
  }

  /// Sends bytes as one datagram, or as several of one size; 0, or what the system says.
  private func send(_ bytes: ByteBuffer, _ range: Range<Int>, eachByteCount: Int = 0) -> Int32 {
    var trouble: Int32 = 0
    for _ in 0..<3 {
      let sent = unsafe bytes.withUnsafeReadableBytes { bytes in
        unsafe send(UnsafeRawBufferPointer(rebasing: bytes[range]), eachByteCount)
      }
      if sent == range.count { return 0 }
      // A refusal of an earlier datagram is told on the next one: try again.
      trouble = errno
      guard trouble == ECONNREFUSED || trouble == EINTR else { break }
    }
    return trouble
  }

  private func send(_ bytes: UnsafeRawBufferPointer, _ eachByteCount: Int) -> Int {
    #if canImport(Glibc)
      guard eachByteCount > 0 else { return unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
      var part = unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
      var option = SegmentOption(byteCount: UInt16(clamping: eachByteCount))
      return unsafe withUnsafeMutablePointer(to: &part) { part in
        unsafe withUnsafeMutableBytes(of: &option) { option in
          var message = unsafe msghdr()
          unsafe message.msg_iov = part
          unsafe message.msg_iovlen = 1
          unsafe message.msg_control = option.baseAddress
          unsafe message.msg_controllen = option.count
          return unsafe sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
        }
      }
    #else
      guard eachByteCount == 0 else {
        errno = ENOPROTOOPT
        return -1
      }
      return unsafe Darwin.send(descriptor, bytes.baseAddress, bytes.count, 0)
    #endif
  }
}

#if canImport(Glibc)
  /// The size of the datagrams, beside the bytes of one call: `cmsghdr` with `SOL_UDP`, `UDP_SEGMENT`.
  private struct SegmentOption {
    /// Of header and value.
    var length: UInt = 18
    var level: Int32 = 17
    var type: Int32 = 103
    var byteCount: UInt16
    // Up to the next word.
    var blanks: (UInt16, UInt16, UInt16) = (0, 0, 0)
  }
#endif

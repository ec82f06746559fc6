// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// What the kernel threw away at a UDP port because nobody read fast enough.
///
/// Source: `/proc/net/udp` and `udp6`: `sl local_address rem_address st … drops`, addresses as `hex:port` in hex.
enum KernelDrops {
  /// The drops of all sockets bound to the port; nil where the kernel does not tell.
  static func count(port: Int) -> Int? {
    var total: Int?
    for path in ["/proc/net/udp", "/proc/net/udp6"] {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
      if let found = count(port: port, table: text) { total = (total ?? 0) + found }
    }
    return total
  }

  static func count(port: Int, table: String) -> Int? {
    var total: Int?
    for line in table.split(separator: "\n").dropFirst() {
      let columns = line.split(separator: " ")
      guard columns.count >= 13, let colon = columns[1].lastIndex(of: ":") else { continue }
      guard Int(columns[1][columns[1].index(after: colon)...], radix: 16) == port, let drops = Int(columns[12]) else { continue }
      total = (total ?? 0) + drops
    }
    return total
  }
}

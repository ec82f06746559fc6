// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import Crypto

/// The folder of a stream in an export: its name as one part of a path, another for each stream.
///
/// `/`, `%`, control characters and a `.` in front are spelled `%2F`, so no name leads out of its task's folder. A spelling of more than 200
/// bytes (a file system takes 255) is cut and ends in `%-` and the SHA-256 of the whole name, which no spelling has in it otherwise.
enum ExportFolder {
  private static let byteCountMax = 200

  static func name(ofStream stream: String) -> String {
    var spelled = ""
    for (index, scalar) in stream.unicodeScalars.enumerated() {
      if scalar.value < 0x20 || scalar == "/" || scalar == "%" || (scalar == "." && index == 0) {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        spelled += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
      } else {
        spelled.unicodeScalars.append(scalar)
      }
    }
    guard spelled.utf8.count > byteCountMax else { return spelled }
    let ending = "%-" + hexText(SHA256.hash(data: Array(stream.utf8)))
    var start = ""
    for scalar in spelled.unicodeScalars {
      guard start.utf8.count + String(scalar).utf8.count + ending.utf8.count <= byteCountMax else { break }
      start.unicodeScalars.append(scalar)
    }
    return start + ending
  }
}

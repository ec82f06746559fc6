// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Bytes on their way to and from a BLOB column; GRDB knows them as Foundation's `Data`.
struct DatabaseBytes {
  var value: Data

  init(_ bytes: [UInt8]) { value = Data(bytes) }

  init(_ value: Data) { self.value = value }

  var bytes: [UInt8] { Array(value) }
}

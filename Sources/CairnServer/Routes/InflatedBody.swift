// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import NIOCore

extension ByteBuffer {
  /// The readable bytes inflated, or themselves where they are not compressed; an error beyond `limitBytes`.
  func inflated(_ encoding: ContentEncoding, limitBytes: Int) throws(InflateError) -> ByteBuffer {
    if encoding == .identity { return self }
    var inflater = Inflater()
    var output = InflateBuffer()
    try inflater.inflate(readableBytesSpan, encoding, into: &output, limitBytes: limitBytes)
    return output.withBytes { (bytes) in unsafe bytes.withUnsafeBytes { unsafe ByteBuffer(bytes: $0) } }
  }
}

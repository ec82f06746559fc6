// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnSecrets

private let spanIDs = IDMembers(["trace.span_id", "trace.parent_id", "trace.link.span_id"])

/// `EventBatch`'s body with the secrets taken out of its events; nil where they have none, or where it is no such body.
public func scrubbedEvents(_ bytes: RawSpan) -> [UInt8]? {
  guard SecretScan.next(bytes) != nil else { return nil }
  var body: [UInt8] = [1]
  var isChanged = false
  do throws(DecodeError) {
    try EventBatch.forEachEntry(bytes) { (head, data) in
      let scrubbed = JSONScrubber.scrubbed(bytes.extracting(data), ids: spanIDs)
      if scrubbed != nil { isChanged = true }
      let count = UInt32(scrubbed?.count ?? data.count)
      unsafe bytes.extracting(head.lowerBound..<head.upperBound - 4).withUnsafeBytes { unsafe body.append(contentsOf: $0) }
      for index in 0..<4 { body.append(UInt8(truncatingIfNeeded: count >> UInt32(8 * index))) }
      if let scrubbed {
        body.append(contentsOf: scrubbed)
      } else {
        unsafe bytes.extracting(data).withUnsafeBytes { unsafe body.append(contentsOf: $0) }
      }
    }
  } catch {
    return nil
  }
  return isChanged ? body : nil
}

// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnSecrets

extension SegmentBody {
  private static let ids = IDMembers(["id", "parent_id", "cause"], notBelow: ["annotations", "metadata"])

  /// The bytes of a body with the secrets taken out of its documents; nil where they have none, or where it is no such body.
  public static func scrubbed(_ bytes: RawSpan) -> [UInt8]? {
    guard SecretScan.next(bytes) != nil else { return nil }
    var body = SegmentBody()
    var position = 0
    var isChanged = false
    do throws(DecodeError) {
      while let entry = try SegmentEntry.next(bytes, &position) {
        let document = bytes.extracting(entry.document)
        let hint = unsafe bytes.extracting(entry.hint).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        if let scrubbed = JSONScrubber.scrubbed(document, ids: ids) {
          isChanged = true
          unsafe body.append(scrubbed.span.bytes, service: hint, sampleRate: entry.sampleRate)
        } else {
          body.append(document, service: hint, sampleRate: entry.sampleRate)
        }
      }
    } catch {
      return nil
    }
    return isChanged ? body.bytes : nil
  }
}

// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import CairnHoneycomb
import NIOCore

extension Exchange {
  /// The body as JSON, refused in Honeycomb's words.
  func honeycombBody() throws(Refusal) -> JSONValue {
    do throws(DecodeError) {
      return try JSONValue(parsing: request.body.readableBytesSpan)
    } catch {
      throw Refusal(HoneycombError(parsing: error))
    }
  }
}

/// What Honeycomb's dialect refuses, as the server's refusal.
func honeycomb<Result>(_ work: () throws(HoneycombError) -> Result) throws(Refusal) -> Result {
  do throws(HoneycombError) { return try work() } catch { throw Refusal(error) }
}

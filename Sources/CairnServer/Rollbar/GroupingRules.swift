// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnRollbar
import NIOCore
import Synchronization

/// The projects' own grouping rules, tried at the door so that the journal keeps what they decided: a replay under other rules decides the
/// same.
final class GroupingRules: Sendable {
  private struct Known {
    var text: String
    var rules: [GroupingRule]
  }
  private let known = Mutex<[Int64: Known]>([:])

  /// The rulings on a request's items; `text` is the project's rules as JSON, empty for none. What is no JSON gets no ruling: the decoder
  /// says what is wrong with it.
  func rulings(_ body: ByteBuffer, text: String, projectID: Int64) -> [RollbarHint.Ruling] {
    guard !text.isEmpty else { return [] }
    let rules = known.withLock { (known) in
      if let entry = known[projectID], entry.text == text { return entry.rules }
      let rules = (try? JSONValue(parsing: text)).flatMap { try? GroupingRule.list($0) } ?? []
      known[projectID] = Known(text: text, rules: rules)
      return rules
    }
    guard !rules.isEmpty, let request = try? JSONValue(parsing: body.readableBytesSpan, depthMax: JSONReader.depthMaxLimit) else { return [] }
    return groupingRulings(rules, request: request)
  }
}

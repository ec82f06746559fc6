// SPDX-License-Identifier: Apache-2.0
import CairnRollbar
import NIOCore

/// The projects' own grouping rules, tried at the door so that the journal keeps what they decided.
final class GroupingRules: Sendable {
  func rulings(_ body: ByteBuffer, isBatch: Bool, projectID: Int64) -> [RollbarHint.Ruling] { [] }
}

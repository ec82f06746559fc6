// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// What the three signals share: a request is resources, a resource is scopes, a scope has a group and items.
protocol RequestReader: ~Copyable {
  var groups: GroupReader { get set }
  /// Of the scope at hand.
  var groupFlags: GroupFlags { get set }
  /// Reads the items of one scope into rows of the group.
  mutating func readScope(_ bytes: RawSpan, _ scope: Range<Int>, _ group: GroupIndex, _ batch: inout Batch) throws(DecodeError)
}

extension RequestReader where Self: ~Copyable {
  /// Walks a whole request down to its scopes.
  mutating func readRequest(_ bytes: RawSpan, _ batch: inout Batch) throws(DecodeError) {
    var position = 0
    while let resource = try nextMessage(bytes, &position, bytes.byteCount, tag: 0x0A) {
      let resourceEnvelope = try Envelope(bytes, resource)
      var inner = resource.lowerBound
      while let scope = try nextMessage(bytes, &inner, resource.upperBound, tag: 0x12) {
        let scopeEnvelope = try Envelope(bytes, scope)
        let group = try groups.group(bytes, resource: resourceEnvelope, scope: scopeEnvelope, &batch)
        groupFlags = GroupFlags(word: batch.groupFlags[Int(group.value)])
        try readScope(bytes, scope, group, &batch)
      }
    }
  }
}

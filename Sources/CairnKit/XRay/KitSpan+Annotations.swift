// SPDX-License-Identifier: Apache-2.0
public import Tracing

extension Tracing.Span {
  /// Sets an attribute that X-Ray indexes, so that traces can be found by it: X-Ray's `put_annotation`. For every other exporter it is
  /// an attribute like any other.
  public func annotate(_ name: String, _ value: some SpanAttributeConvertible) {
    updateAttributes { attributes in
      attributes[name] = value.toSpanAttribute()
      var names: [String] = []
      if case .stringArray(let before)? = attributes[SegmentWriter.annotationsName]?.toSpanAttribute() { names = before }
      if !names.contains(name) { attributes[SegmentWriter.annotationsName] = SpanAttribute.stringArray(names + [name]) }
    }
  }

  /// Sets an attribute that X-Ray keeps with the segment and does not index: `put_metadata`.
  public func addMetadata(_ name: String, _ value: some SpanAttributeConvertible, namespace: String = "default") {
    updateAttributes { $0[namespace == "default" ? name : "\(namespace).\(name)"] = value.toSpanAttribute() }
  }
}

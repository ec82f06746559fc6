// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats
public import CairnPlan

/// The text of an event that is no line and has no body: all its fields as JSON, internal ones left out.
public func recordText(_ event: Event) -> String {
  var writer = JSONWriter()
  writer.beginObject()
  for (name, value) in event.fields where !name.hasPrefix("meta.") {
    switch value {
    case .string(let text): writer.member(name, text)
    case .integer(let value): writer.member(name, value)
    case .float(let value): writer.member(name, value)
    case .boolean(let value): writer.member(name, value)
    }
  }
  writer.endObject()
  return String(decoding: writer.finish(), as: UTF8.self)
}

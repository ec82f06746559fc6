// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

// A link with places: https://runs.example/{{code_version}}?trace={{trace_id}}
//
// A place is a name that the caller knows, else a path of the payload; what it stands for is percent-encoded, so that it stays inside its part
// of the URL. An unknown place stands for nothing.

/// The template with its places filled.
public func filledLink(_ template: String, payload: JSONValue, known: [String: String]) -> String {
  var result = ""
  var rest = template[...]
  while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
    result += rest[..<open.lowerBound]
    let name = rest[open.upperBound..<close.lowerBound].split(separator: " ").joined()
    let value = GroupingRule.values(name.split(separator: ".").map(String.init)[...], payload).first ?? .null
    result += percentEncoded(known[name] ?? value.string ?? (value == .null ? "" : String(decoding: value.bytes, as: UTF8.self)))
    rest = rest[close.upperBound...]
  }
  return result + rest
}

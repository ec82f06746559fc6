// SPDX-License-Identifier: Apache-2.0
import CairnFormats

/// Rows of text in columns, for a terminal.
struct Table {
  var header: [String]
  var rows: [[String]] = []
  /// Columns that are set flush right.
  var numeric: Set<Int> = []

  /// The lines: header, rule, rows. What is not printable was taken out.
  var text: String {
    let cells = ([header] + rows).map { $0.map(printable) }
    let widths = header.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    let lines = cells.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let gap = String(repeating: " ", count: cell.1 - cell.0.count)
        return numeric.contains(column) ? gap + cell.0 : cell.0 + gap
      }.joined(separator: "  ")
    }
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
  }
}

/// The text without control codes, which could rewrite a terminal; line breaks become spaces.
func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { scalar in
        let isControl = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        return isControl ? (scalar == "\n" || scalar == "\t" ? " " : "\u{fffd}") : scalar
      }))
}

/// A JSON value as a cell.
func cell(_ value: JSONValue?) -> String {
  switch value {
  case nil, .null: return "-"
  case .string(let text): return text
  case .integer(let number): return String(number)
  case .double(let number):
    if let whole = Int64(exactly: number) { return String(whole) }
    return String((number * 1000).rounded() / 1000)
  case .boolean(let truth): return truth ? "true" : "false"
  case .array, .object: return value.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "-"
  }
}

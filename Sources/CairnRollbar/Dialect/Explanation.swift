// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats
public import CairnIssues
public import CairnPlan

/// What an occurrence's error says, read again from its event: the payload where it has one, else its exception's fields.
public func errorReport(of event: Event) -> ErrorReport {
  if case .string(let original) = event[FieldName.original] {
    let bytes = Array(original.utf8)
    var walker = OccurrenceReader()
    do throws(DecodeError) {
      try unsafe walker.readData(try walker.reader.next(bytes.span.bytes), bytes.span.bytes)
      if let report = walker.occurrence.report { return report }
    } catch {
      return ErrorReport(.crash(""))
    }
  }
  let text = { (name: String) -> String in event[name]?.text ?? "" }
  return ErrorReport(
    .chain(
      exceptionChain(
        className: text(FieldName.exceptionType), message: text(FieldName.exceptionMessage), stack: text(FieldName.exceptionStacktrace))))
}

/// Why an occurrence belongs to its item: the same pure function that decided it.
public func explainedGrouping(of event: Event, by version: GroupingVersion) -> Grouping { version.grouping(of: errorReport(of: event)) }

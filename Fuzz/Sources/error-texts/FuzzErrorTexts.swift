// SPDX-License-Identifier: Apache-2.0
import CairnIssues

/// Any text as an error: its first line the class, its second the message, the rest a printed stack; grouped by every version.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzErrorTexts(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let parts = bytes.split(separator: 0x0a, maxSplits: 2, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  let (name, message, stack) = (parts[0], parts.count > 1 ? parts[1] : "", parts.count > 2 ? parts[2] : "")
  let chain = exceptionChain(className: name, message: message, stack: stack)
  precondition(!chain.isEmpty, "an error has a chain")
  var report = ErrorReport(.chain(chain))
  report.root = "/srv/app"
  check(report)
  report.language = "go"
  report.fingerprint = message
  check(report)
  for trace in chain {
    _ = judgedFrames(trace, report)
    _ = placeKey(of: trace, report)
  }
  check(ErrorReport(.message(ErrorMessage(text: stack, arguments: [message], site: .init(logger: name, module: name, function: message)))))
  check(ErrorReport(.crash(stack)))
  _ = wordsKey(service: name, className: name, message: message)
  _ = errorTitle(className: name, message: message)
  return 0
}

private func check(_ report: ErrorReport) {
  for version in GroupingVersion.all {
    let grouping = version.grouping(of: report)
    precondition(!grouping.key.isEmpty && grouping.key.count <= 40, "a key has at most 40 characters")
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A frame after normalisation, with the verdict on whether it counts.
public struct GroupedFrame: Sendable, Hashable {
  public enum Verdict: String, Sendable, Hashable {
    case inApp = "in-app"
    case library = "library/runtime frame"
    case notifier = "reporting-SDK frame"
    case recursion = "recursion collapsed"
    case cycle = "recursion cycle collapsed"
    case address = "address without a symbol"
  }
  public var file: String
  public var function: String
  public var verdict: Verdict
}

/// More frames than this of one stack are not looked at; a runaway recursion has collapsed long before.
public let groupedFrameCountMax = 10_000

private let rootFunctions: Set<String> = [
  "runtime.goexit", "runtime.main", "main", "start", "_start", "__libc_start_main", "clone", "start_thread",
]

/// The stack of one exception, innermost last, each frame judged.
///
/// A stack that came innermost first is turned: those of rollbar-go and of the language `go`, and those that end with the function that a
/// thread starts in.
func groupedFrames(_ trace: ErrorTrace, _ report: ErrorReport, _ step: CG1Step = .modules) -> [GroupedFrame] {
  var frames = trace.frames.count > groupedFrameCountMax ? Array(trace.frames.suffix(groupedFrameCountMax)) : trace.frames
  if isInnermostFirst(frames, report) { frames.reverse() }
  let root = Array(report.root.utf8)
  var grouped: [GroupedFrame] = []
  grouped.reserveCapacity(frames.count)
  for frame in frames {
    let next = judged(frame, root: root, language: report.language, step)
    if next.verdict != .notifier, next.verdict != .address, let before = grouped.last, before.file == next.file, before.function == next.function {
      grouped.append(GroupedFrame(file: next.file, function: next.function, verdict: .recursion))
    } else {
      grouped.append(next)
    }
  }
  collapseCycles(&grouped)
  return grouped
}

/// The frame of the program in which an exception came up, as it was sent; nil where the stack has none. Looks at the innermost ones only.
/// What follows from it is kept with events, so it stays with the step that it began with.
func innermostOwnFrame(_ trace: ErrorTrace, _ report: ErrorReport) -> ErrorFrame? {
  let index = GroupingMemory.shared.ownFrame(trace, report) { innermostOwnIndex(trace.frames, report) }
  guard let index, trace.frames.indices.contains(index) else { return nil }
  return trace.frames[index]
}

func innermostOwnIndex(_ frames: [ErrorFrame], _ report: ErrorReport) -> Int? {
  let isTurned = isInnermostFirst(frames, report)
  let root = Array(report.root.utf8)
  for step in 0..<min(frames.count, 200) {
    let index = isTurned ? step : frames.count - 1 - step
    if judged(frames[index], root: root, language: report.language, .gems).verdict == .inApp { return index }
  }
  return nil
}

private func isInnermostFirst(_ frames: [ErrorFrame], _ report: ErrorReport) -> Bool {
  guard let first = frames.first, let last = frames.last else { return false }
  let endsAtRoot = rootFunctions.contains(last.function) && !rootFunctions.contains(first.function)
  return report.notifierName.hasSuffix("rollbar-go") || report.language == "go" || endsAtRoot
}

private func judged(_ frame: ErrorFrame, root: [UInt8], language: String, _ step: CG1Step) -> GroupedFrame {
  let file = Array(frame.file.utf8)
  let function = Array(frame.function.utf8)
  let path = withSlashes(file)
  if isNotifier(function) || isNotifier(path) { return GroupedFrame(file: frame.file, function: frame.function, verdict: .notifier) }
  if step == .beginning {
    let isLibrary = frame.isInApp.map { !$0 } ?? (isLibraryFile(path) || isLibraryFunction(function))
    return GroupedFrame(
      file: normalizedFile(file, root: root, step).name.text, function: normalizedFunction(function).text, verdict: isLibrary ? .library : .inApp)
  }
  let module = withoutOffset(file)
  let name = normalizedFile(module ?? file, root: root, step).name.text
  let isNameless = isAnonymous(function) ? module != nil || isAddress(file) : isAddress(function)
  if isNameless { return GroupedFrame(file: isAddress(file) ? "" : name, function: "<anon>", verdict: .address) }
  var isLibrary = frame.isInApp.map { !$0 } ?? (isLibraryFile(path) || isSharedLibrary(path) || isLibraryFunction(function))
  if step == .modules, !isLibrary, frame.isInApp == nil {
    switch swiftOrigin(function, language: language) {
    case .reporting: return GroupedFrame(file: frame.file, function: frame.function, verdict: .notifier)
    case .library: isLibrary = true
    case .own: isLibrary = isPackageFile(path)
    }
  }
  return GroupedFrame(file: name, function: normalizedFunction(withoutOffset(function) ?? function).text, verdict: isLibrary ? .library : .inApp)
}

/// A sequence of two to four frames that repeats counts once.
private func collapseCycles(_ frames: inout [GroupedFrame]) {
  guard frames.count >= 4 else { return }
  var codes: [String: Int] = [:]
  let signature = frames.map { (frame) -> Int in
    let key = frame.file + "\u{0}" + frame.function
    if let code = codes[key] { return code }
    codes[key] = codes.count
    return codes.count - 1
  }
  guard codes.count < frames.count else { return }
  for length in 2...4 {
    for index in stride(from: 2 * length - 1, to: frames.count, by: 1) {
      var isRepeat = true
      for offset in 0..<length where signature[index - offset] != signature[index - length - offset] { isRepeat = false }
      guard isRepeat else { continue }
      for offset in 0..<length { frames[index - offset].verdict = .cycle }
    }
  }
}

/// A frame of the program that reports the error.
private func isNotifier(_ text: [UInt8]) -> Bool {
  text.has("rollbar-go.", at: 0) || text.ends(with: "/rollbar/logger.py") || text.ends(with: "/rollbar/__init__.py")
    || text.ends(with: "_rollbar_wrapped") || text.ends(with: "rollbar.js") || text.ends(with: "rollbar.min.js")
}

private func isLibraryFile(_ path: [UInt8]) -> Bool {
  if path.has("node:", at: 0) { return true }
  for index in path.indices {
    switch path[index] {
    case 0x73 where path.has("site-packages", at: index): return true
    case 0x64 where path.has("dist-packages", at: index): return true
    case 0x3C where path.has("<frozen", at: index): return true
    case 0x6E where path.has("node_modules", at: index): return true
    case 0x2E where path.has(".cargo/", at: index): return true
    case 0x5B where path.has("[native code]", at: index): return true
    case 0x2F where isLibraryFolder(path, index): return true
    default: continue
    }
  }
  return false
}

/// Places of packages that only the newest step knows: SwiftPM's checkouts, Ruby's and Rust's own library, Node's old loader, Go's modules in
/// programs that were built with trimmed paths.
private func isPackageFile(_ path: [UInt8]) -> Bool {
  if path.has("internal/", at: 0), path.ends(with: ".js") { return true }
  if path.ends(with: ".go"), let version = path.first("@v"), version + 2 < path.count, isDigit(path[version + 2]) { return true }
  let folders: [StaticString] = ["/.build/checkouts/", "/SourcePackages/checkouts/", "/lib/ruby/", "/rustc/"]
  return folders.contains { path.first($0) != nil }
}

/// `libc.so.6`, `/usr/lib/swift/linux/libswiftCore.so+0x1c`, `libdispatch.dylib`, the loader.
private func isSharedLibrary(_ path: [UInt8]) -> Bool {
  let start = path.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0
  guard path.has("lib", at: start) || path.has("ld-linux", at: start) else { return false }
  return path.first(".so", from: start) != nil || path.first(".dylib", from: start) != nil
}

private func isLibraryFolder(_ path: [UInt8], _ index: Int) -> Bool {
  if path.has("/lib/python", at: index), index + 11 < path.count, isDigit(path[index + 11]) { return true }
  let folders: [StaticString] = [
    "/go/pkg/mod/", "/usr/local/go/src/", "/go/src/runtime/", "/gems/", "/vendor/", "/rustlib/",
  ]
  return folders.contains { path.has($0, at: index) }
}

/// The languages whose frames name no file that could tell.
private func isLibraryFunction(_ function: [UInt8]) -> Bool {
  let beginnings: [StaticString] = [
    "runtime.", "net/http.", "java.", "javax.", "jdk.", "sun.", "kotlin.", "scala.", "libsystem", "dispatch_", "_dispatch_", "UIKit",
    "swift_", "System.", "Microsoft.", "com.sun.", "org.springframework.", "org.apache.", "org.hibernate.", "io.netty.",
  ]
  return beginnings.contains { function.has($0, at: 0) }
}

/// A frame as it was sent, with the verdict on it and its place in what was sent.
public struct JudgedFrame: Sendable, Hashable {
  public var file: String
  public var function: String
  public var line: Int
  public var verdict: GroupedFrame.Verdict
  public var index: Int
}

/// The stack as a page shows it: innermost last, each frame with its own names.
public func judgedFrames(_ trace: ErrorTrace, _ report: ErrorReport) -> [JudgedFrame] {
  let grouped = groupedFrames(trace, report)
  let sent = Array(trace.frames.suffix(grouped.count))
  let isReversed = isInnermostFirst(sent, report)
  return grouped.indices.map { (place) in
    let index = isReversed ? sent.count - 1 - place : place
    return JudgedFrame(
      file: sent[index].file, function: sent[index].function, line: sent[index].line, verdict: grouped[place].verdict, index: index)
  }
}

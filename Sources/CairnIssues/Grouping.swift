// SPDX-License-Identifier: Apache-2.0
internal import Crypto

/// What one part of an error contributes to its item, and why: the answer to "why are these one item?".
public struct GroupingComponent: Sendable, Hashable, Codable {
  public enum Value: Sendable, Hashable, Codable {
    case text(String)
    case list([String])
  }
  /// Such as `chain[0].class`.
  public var name: String
  public var value: Value
  public var contributes: Bool
  public var reason: String

  public init(name: String, value: Value, contributes: Bool, reason: String) {
    self.name = name
    self.value = value
    self.contributes = contributes
    self.reason = reason
  }
}

/// The item that an error belongs to.
public struct Grouping: Sendable, Hashable {
  public enum Source: String, Sendable, Hashable {
    case computed = "default cg1"
    case fingerprint = "payload fingerprint"
    case rule = "project rule"
  }
  /// What makes occurrences one item: at most 40 characters.
  public var key: String
  public var source: Source
  /// The key that holds without a fingerprint.
  public var computedKey: String
  /// Errors with one root cause share it, whichever way they came; never merges items by itself.
  public var family: String
  public var components: [GroupingComponent]
}

/// Frames of the program itself that make a stack's signature, counted from the innermost.
private let signatureFrameCount = 12
/// Frames of libraries that stand in where none is the program's own.
private let libraryFrameCount = 4

/// Classes that say nothing by themselves: their message decides too.
private let genericClasses: Set<String> = [
  "Error", "Exception", "RuntimeError", "BaseException", "errors.errorString", "fmt.wrapError", "*errors.errorString", "StandardError",
  "java.lang.RuntimeException", "java.lang.Exception", "NSGenericException", "ApplicationError", "(unknown)", "AssertionError",
]

/// Groups an error by the newest version: cg1, a pure function of what the error says.
///
/// ```
/// 1  fingerprint of the program (rollbar-go's own, made of line numbers, does not count), SHA-1 where it is over 40 characters
/// 2  chain: outermost exception and the last two; of each its class, where it differs from the one above, and its signature, where it
///    was not seen above; the last one's message where class and stack say too little. Addresses never count: they are others in every
///    build, so a stack of the program without a single symbol is none
/// 3  message: skeleton and the place of the logger's call
/// 4  crash report: the skeleton of its head
/// key = SHA-1 of ["cg1", [name, value], …] in JSON over what contributes
/// ```
public func grouping(of report: ErrorReport) -> Grouping { GroupingVersion.current.grouping(of: report) }

/// The same by any version, without a look at what was found before.
func computedGrouping(of report: ErrorReport, _ version: GroupingVersion = .current) -> Grouping {
  let components = version.components(report)
  let computed = computedKey(components, version.tag)
  var grouping = Grouping(
    key: computed, source: .computed, computedKey: computed, family: family(components, version.tag), components: components)
  if !report.fingerprint.isEmpty, !isMadeOfLines(report) {
    grouping.key = itemHash(ofFingerprint: report.fingerprint)
    grouping.source = .fingerprint
  }
  return grouping
}

/// How far cg1 has come: each step gives some errors other hashes than the one before.
enum CG1Step: UInt64, Sendable {
  /// Addresses in stacks count like names.
  case beginning
  /// Addresses are no names (decision 053).
  case addresses
  /// The version in the name of a gem's folder does not count.
  case gems
  /// Functions of Swift's libraries are known by their modules (decision 079).
  case modules
}

func cg1Components(of report: ErrorReport, _ step: CG1Step) -> [GroupingComponent] {
  var components: [GroupingComponent] = []
  switch report.body {
  case .chain(let chain): addChain(chain, report, step, &components)
  case .message(let message): addMessage(message, &components)
  case .crash(let raw):
    let head = messageSkeleton(Array(String(raw.unicodeScalars.prefix(400)).utf8))
    components.append(
      GroupingComponent(name: "crash.head", value: .text(head.text), contributes: true, reason: "crash report head"))
  }
  return components
}

/// A fingerprint as an item's hash: itself up to 40 characters, else its SHA-1.
public func itemHash(ofFingerprint fingerprint: String) -> String {
  fingerprint.unicodeScalars.count <= 40 ? fingerprint : sha1(Array(fingerprint.utf8))
}

/// rollbar-go sends a checksum of files, methods and line numbers as fingerprint.
private func isMadeOfLines(_ report: ErrorReport) -> Bool {
  report.notifierName.hasSuffix("rollbar-go") && report.fingerprint.utf8.allSatisfy(isLowerHex)
}

private func addChain(
  _ chain: [ErrorTrace], _ report: ErrorReport, _ step: CG1Step, _ components: inout [GroupingComponent]
) {
  let kept = chain.count <= 3 ? chain : [chain[0]] + chain.suffix(2)
  var seen: [[String]] = []
  var classAbove: String?
  for (index, trace) in kept.enumerated() {
    let name = trace.className.isEmpty ? "(unknown)" : trace.className
    components.append(
      GroupingComponent(
        name: "chain[\(index)].class", value: .text(name), contributes: name != classAbove,
        reason: name != classAbove ? "exception class" : "same class as outer"))
    classAbove = name
    let stack = GroupingMemory.shared.signature(trace, report, step) { StackSignature(groupedFrames(trace, report, step), step) }
    let (signature, reason) = (stack.frames, stack.reason)
    let isRepeated = seen.contains(signature)
    seen.append(signature)
    components.append(
      GroupingComponent(
        name: "chain[\(index)].frames", value: .list(signature), contributes: !signature.isEmpty && !isRepeated,
        reason: isRepeated ? "same stack as outer exception" : reason))
    let skeleton = messageSkeleton(Array(trace.message.utf8))
    let isThrownByLibrary = stack.isThrownByLibrary
    let says = genericClasses.contains(name) ? "generic class" : isThrownByLibrary ? "raised inside a library" : stack.isNameless ? "no symbols" : "no stack"
    let counts =
      !skeleton.isEmpty && index == kept.count - 1 && (genericClasses.contains(name) || isThrownByLibrary || signature.isEmpty)
    components.append(
      GroupingComponent(
        name: "chain[\(index)].message", value: .text(skeleton.text), contributes: counts,
        reason: counts ? says + ": message skeleton decides" : "stack and class decide"))
  }
}

/// What a stack contributes.
struct StackSignature: Sendable {
  var frames: [String]
  var reason: String
  /// The innermost frame is a library's.
  var isThrownByLibrary: Bool
  /// The program's own frames are addresses, which say nothing of where it failed.
  var isNameless: Bool

  init(_ grouped: [GroupedFrame], _ step: CG1Step) {
    let own = grouped.filter { $0.verdict == .inApp }.suffix(signatureFrameCount)
    isNameless = own.isEmpty && grouped.contains { $0.verdict == .address }
    // What told of a Swift error stands on top of its stack, and is not what threw it.
    let isTold = step == .modules && grouped.last.map { $0.verdict == .notifier && swiftOrigin(Array($0.function.utf8), language: "swift") == .reporting } == true
    let innermost = isTold ? grouped.last { $0.verdict != .notifier && $0.verdict != .address } : grouped.last
    isThrownByLibrary = !isNameless && innermost?.verdict == .library
    guard !isNameless else {
      frames = []
      reason = "no frame of the program has a symbol: class and message decide"
      return
    }
    let others = grouped.filter { $0.verdict == .library }.suffix(libraryFrameCount)
    frames = (own.isEmpty ? others : own).map { $0.file + ":" + $0.function }
    reason = own.isEmpty ? "no in-app frame: innermost 4 library frames" : "in-app frames, innermost 12"
  }
}

private func addMessage(_ message: ErrorMessage, _ components: inout [GroupingComponent]) {
  let skeleton = messageSkeleton(Array(message.text.utf8), arguments: message.arguments.map { Array($0.utf8) })
  components.append(
    GroupingComponent(
      name: "message.template", value: .text(skeleton.text), contributes: true,
      reason: message.arguments.isEmpty ? "value patterns removed" : "log args substituted"))
  let site = message.site ?? ErrorMessage.Site(logger: "None", module: "None", function: "None")
  components.append(
    GroupingComponent(
      name: "message.site", value: .text("\(site.logger):\(site.module):\(site.function)"), contributes: message.site != nil,
      reason: message.site != nil ? "logger call site, no line number" : "no call site sent"))
}

// MARK: Hashes

private func computedKey(_ components: [GroupingComponent], _ tag: String) -> String {
  var text = CanonicalJSON()
  text.begin()
  text.string(tag)
  for component in components where component.contributes {
    text.begin()
    text.string(component.name)
    text.value(component.value)
    text.end()
  }
  text.end()
  return sha1(text.bytes)
}

private func family(_ components: [GroupingComponent], _ tag: String) -> String {
  var text = CanonicalJSON()
  text.begin()
  text.string(tag)
  text.begin()
  if let name = components.last(where: { $0.name.hasSuffix(".class") }) { text.value(name.value) }
  text.end()
  text.begin()
  for component in components.reversed() where component.name.hasSuffix(".frames") {
    guard case .list(let frames) = component.value, let innermost = frames.last else { continue }
    text.value(.list([innermost]))
    break
  }
  text.end()
  text.begin()
  for component in components where component.name.hasPrefix("message.") { text.value(component.value) }
  text.end()
  text.end()
  return sha1(text.bytes)
}

/// SHA-1 in 40 lower-case hex digits: a name, not a protection.
func sha1(_ bytes: [UInt8]) -> String {
  var digits: [UInt8] = []
  digits.reserveCapacity(40)
  for byte in Insecure.SHA1.hash(data: bytes) {
    for nibble in [byte >> 4, byte & 15] { digits.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
  }
  return digits.text
}

/// JSON with one spelling for each value: no white space, only `"`, `\` and control characters escaped.
private struct CanonicalJSON {
  var bytes: [UInt8] = []
  private var needsComma = false

  init() { bytes.reserveCapacity(1024) }

  mutating func begin() {
    if needsComma { bytes.append(0x2C) }
    bytes.append(0x5B)
    needsComma = false
  }

  mutating func end() {
    bytes.append(0x5D)
    needsComma = true
  }

  mutating func value(_ value: GroupingComponent.Value) {
    switch value {
    case .text(let text): string(text)
    case .list(let texts):
      begin()
      for text in texts { string(text) }
      end()
    }
  }

  mutating func string(_ text: String) {
    if needsComma { bytes.append(0x2C) }
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22: bytes.append("\\\"")
      case 0x5C: bytes.append("\\\\")
      case 8: bytes.append("\\b")
      case 9: bytes.append("\\t")
      case 10: bytes.append("\\n")
      case 12: bytes.append("\\f")
      case 13: bytes.append("\\r")
      case 0..<32:
        bytes.append("\\u00")
        for nibble in [byte >> 4, byte & 15] { bytes.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
    needsComma = true
  }
}

/// A title for an error that brings none: `Class: message` on one line, at most 255 characters.
public func errorTitle(className: String, message: String) -> String {
  let isOneLine = !message.utf8.contains { $0 == 10 || $0 == 13 }
  let line = isOneLine ? message : message.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.first.map { String($0) } ?? ""
  let title = className.isEmpty ? line : line.isEmpty ? className : "\(className): \(line)"
  // Characters are looked for only where there may be too many.
  return title.isEmpty ? "(no message)" : title.utf8.count <= 255 ? title : String(title.prefix(255))
}

// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization

/// What grouping found lately. Grouping is a pure function, and programs fail in the same ways again and again: a stack that was seen is
/// not normalised again, and an error that was seen as a whole is not looked at again.
///
/// A key is two hashes of all that goes in, with seeds of this process. Bounded: two generations of `generationCountMax` entries and
/// `generationByteCountMax` bytes of each kind, the older of which is forgotten as a whole. Any thread may ask. Benchmark: `Benchmarks/errors.py`.
final class GroupingMemory: Sendable {
  static let shared = GroupingMemory()
  static let generationCountMax = 2_048
  /// Frames of Swift alone are several hundred bytes long, and each entry names a dozen.
  static let generationByteCountMax = 4 << 20
  /// Stacks longer than this are not kept: their signatures may be as long.
  private static let frameCountMax = 1_000

  private struct State {
    var stacks = Generations<StackSignature>()
    var groupings = Generations<Grouping>()
    var components = Generations<[GroupingComponent]>()
    var ownFrames = Generations<Int?>()
  }
  private let state = Mutex(State())

  /// What is remembered, by the lengths of its texts.
  var heldByteCount: Int {
    state.withLock { $0.stacks.byteCount + $0.groupings.byteCount + $0.components.byteCount + $0.ownFrames.byteCount }
  }

  func signature(
    _ trace: ErrorTrace, _ report: ErrorReport, _ step: CG1Step, make: () -> StackSignature
  ) -> StackSignature {
    guard trace.frames.count <= Self.frameCountMax else { return make() }
    var key = MemoryKey()
    key.add(trace.frames, report)
    key.add(step.rawValue)
    let sealed = key
    if let known = state.withLock({ $0.stacks[sealed] }) { return known }
    let made = make()
    state.withLock { $0.stacks.insert(sealed, made, byteCount: made.byteCount) }
    return made
  }

  func grouping(_ report: ErrorReport, _ version: String, make: () -> Grouping) -> Grouping {
    guard var key = MemoryKey(report, frameCountMax: Self.frameCountMax) else { return make() }
    key.add(version)
    let sealed = key
    if let known = state.withLock({ $0.groupings[sealed] }) { return known }
    let made = make()
    state.withLock { $0.groupings.insert(sealed, made, byteCount: 200 + byteCount(made.components)) }
    return made
  }

  /// Which frame of a stack is the program's innermost; nil where none is.
  func ownFrame(_ trace: ErrorTrace, _ report: ErrorReport, find: () -> Int?) -> Int? {
    guard trace.frames.count <= Self.frameCountMax else { return find() }
    var key = MemoryKey()
    key.add(trace.frames, report)
    let sealed = key
    if let known = state.withLock({ $0.ownFrames[sealed] }) { return known }
    let found = find()
    state.withLock { $0.ownFrames.insert(sealed, found, byteCount: 64) }
    return found
  }

  /// Remembers what led to an item's hash, so that a new item can be told why it is one.
  func note(_ hash: String, _ components: [GroupingComponent]) {
    var key = MemoryKey()
    key.add(hash)
    let sealed = key
    state.withLock { (state) in
      if state.components[sealed] == nil { state.components.insert(sealed, components, byteCount: byteCount(components)) }
    }
  }

  func components(_ hash: String) -> [GroupingComponent]? {
    var key = MemoryKey()
    key.add(hash)
    let sealed = key
    return state.withLock { $0.components[sealed] }
  }
}

/// What led to a hash that was decided lately; nil where that is long ago.
public func recentComponents(ofHash hash: String) -> [GroupingComponent]? { GroupingMemory.shared.components(hash) }

/// Remembers what led to a hash.
public func remember(_ components: [GroupingComponent], ofHash hash: String) { GroupingMemory.shared.note(hash, components) }

/// Two generations of entries.
private struct Generations<Value: Sendable> {
  private struct Entry {
    var value: Value
    var byteCount: Int
  }
  private var young: [MemoryKey: Entry] = [:]
  private var old: [MemoryKey: Entry] = [:]
  private var youngByteCount = 0
  private var oldByteCount = 0

  var byteCount: Int { youngByteCount + oldByteCount }

  subscript(_ key: MemoryKey) -> Value? {
    mutating get {
      if let entry = young[key] { return entry.value }
      guard let entry = old[key] else { return nil }
      insert(key, entry.value, byteCount: entry.byteCount)
      return entry.value
    }
  }

  /// A value that is not among the young ones; one that is too large for a generation is not kept.
  mutating func insert(_ key: MemoryKey, _ value: Value, byteCount: Int) {
    guard byteCount <= GroupingMemory.generationByteCountMax else { return }
    if young.count >= GroupingMemory.generationCountMax || youngByteCount + byteCount > GroupingMemory.generationByteCountMax {
      (old, oldByteCount) = (young, youngByteCount)
      (young, youngByteCount) = ([:], 0)
    }
    youngByteCount += byteCount - (young[key]?.byteCount ?? 0)
    young[key] = Entry(value: value, byteCount: byteCount)
  }
}

extension StackSignature {
  fileprivate var byteCount: Int { frames.reduce(96) { $0 + 48 + $1.utf8.count } }
}

private func byteCount(_ components: [GroupingComponent]) -> Int {
  components.reduce(64) { (sum, component) in
    switch component.value {
    case .text(let text): sum + 160 + text.utf8.count
    case .list(let texts): sum + 160 + texts.reduce(0) { $0 + 48 + $1.utf8.count }
    }
  }
}

/// Two hashes of a sequence of texts, their bounds included.
private struct MemoryKey: Hashable {
  private var first: UInt64 = 0x9e37_79b9_7f4a_7c15
  private var second: UInt64 = 0xbf58_476d_1ce4_e5b9
  private static let seed = UInt64.random(in: .min ... .max)

  init() {}

  /// Of all that grouping looks at; nil where that is too long to be kept.
  init?(_ report: ErrorReport, frameCountMax: Int) {
    add(report.language)
    add(report.notifierName)
    add(report.fingerprint)
    switch report.body {
    case .chain(let chain):
      add(1)
      for trace in chain {
        guard trace.frames.count <= frameCountMax, trace.message.utf8.count <= 4_096 else { return nil }
        add(trace.className)
        add(trace.message)
        add(trace.frames, report)
      }
    case .message(let message):
      guard message.text.utf8.count <= 4_096 else { return nil }
      add(2)
      add(message.text)
      add(UInt64(message.arguments.count))
      for argument in message.arguments { add(argument) }
      add(message.site == nil ? 0 : 1)
      add(message.site?.logger ?? "")
      add(message.site?.module ?? "")
      add(message.site?.function ?? "")
    case .crash: return nil
    }
  }

  mutating func add(_ frames: [ErrorFrame], _ report: ErrorReport) {
    add(UInt64(frames.count))
    add(report.root)
    add(report.notifierName.hasSuffix("rollbar-go") || report.language == "go" ? 1 : report.language == "swift" ? 2 : 0)
    for frame in frames {
      add(frame.file)
      add(frame.function)
      add(frame.isInApp.map { $0 ? 1 : 2 } ?? 0)
    }
  }

  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { (utf8) in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      first = mix(first ^ hashBytes(bytes, 0, bytes.byteCount, seed: processHashSeed), 0xa076_1d64_78bd_642f)
      second = mix(second ^ hashBytes(bytes, 0, bytes.byteCount, seed: Self.seed), 0xe703_7ed1_a0b4_28db)
    }
  }

  mutating func add(_ number: UInt64) {
    first = mix(first ^ number, 0xa076_1d64_78bd_642f)
    second = mix(second ^ number ^ Self.seed, 0xe703_7ed1_a0b4_28db)
  }
}

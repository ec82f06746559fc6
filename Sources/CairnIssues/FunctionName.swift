// SPDX-License-Identifier: Apache-2.0

// The part of a frame's function that stays the same from build to build.
//
//   anonymous forms                      <anon>
//   JavaScript  Object.pay, x [as y], async f, new F, get f     the plain name
//   Ruby        block (2 levels) in f, _app_erb__123_456        f, _app_erb
//   Go          f.func2.1                                       f.<closure>
//   Java        lambda$f$12, C$$EnhancerByCGLIB$$1a2b            lambda$f, C$$<auto>
//   Python      f.<locals>.g                                    f.g
//   numbers of two digits and more                              <n>

private let anonymousForms: Set<[UInt8]> = Set(
  ["", "?", "??", "[anonymous]", "<anonymous>", "Anonymous function", "???", "(anonymous)", "<unknown>"].map { Array($0.utf8) })

/// True where a function has no name.
func isAnonymous(_ function: [UInt8]) -> Bool { anonymousForms.contains(function) }

/// A function's name for grouping.
func normalizedFunction(_ function: [UInt8]) -> [UInt8] {
  if anonymousForms.contains(function) { return Array("<anon>".utf8) }
  var name = function
  if name.contains(0x5B) { name = withoutAlias(name) }
  for word: StaticString in ["async ", "new ", "get ", "set "] where name.has(word, at: 0) {
    name.removeSubrange(..<word.utf8CodeUnitCount)
    break
  }
  name = withoutBlock(name)
  if let last = name.last, isDigit(last) { name = withoutClosureNumbers(withoutTemplateNumbers(name)) }
  if name.contains(0x24) { name = withoutGeneratedParts(name) }
  return withoutLongNumbers(withoutScopes(name))
}

/// Without ` [as name]`.
private func withoutAlias(_ name: [UInt8]) -> [UInt8] {
  name.replacing(with: "") { (name, index) in
    guard isSpace(name[index]) || name[index] == 0x5B else { return nil }
    let start = name.run(index, isSpace)
    guard name.has("[as ", at: start) else { return nil }
    let end = name.run(start + 4) { $0 != 0x5D }
    return end < name.count ? end + 1 : nil
  }
}

/// Without `block in ` and `block (2 levels) in ` at the start.
private func withoutBlock(_ name: [UInt8]) -> [UInt8] {
  guard name.has("block ", at: 0) else { return name }
  if name.has("in ", at: 6) { return Array(name[9...]) }
  guard name.has("(", at: 6) else { return name }
  let digits = name.run(7, isDigit)
  guard digits > 7, name.has(" levels) in ", at: digits) else { return name }
  return Array(name[(digits + 12)...])
}

/// Without the `__1234_5678` that Ruby's templates have at their end.
private func withoutTemplateNumbers(_ name: [UInt8]) -> [UInt8] {
  let last = name.lastIndex { !isDigit($0) } ?? -1
  guard last > 0, name[last] == 0x5F, name.count - last > 4 else { return name }
  let first = name[..<last].lastIndex { !isDigit($0) } ?? -1
  guard first >= 0, name[first] == 0x5F, last - first > 4 else { return name }
  var start = first
  while start > 0, first - start < 2, name[start - 1] == 0x5F { start -= 1 }
  return Array(name[..<start])
}

/// With one `.<closure>` for the `.func1.2` that Go's closures have at their end.
private func withoutClosureNumbers(_ name: [UInt8]) -> [UInt8] {
  var end = name.count
  var closures = 0
  while let dot = name[..<end].lastIndex(of: 0x2E) {
    let isNumber = dot + 1 < end && name[(dot + 1)..<end].allSatisfy(isDigit)
    let isClosure = name.has(".func", at: dot) && dot + 5 < end && name[(dot + 5)..<end].allSatisfy(isDigit)
    guard isClosure || (isNumber && closures == 0) else { break }
    if isClosure { closures += 1 }
    end = dot
  }
  guard closures > 0 else { return name }
  return Array(name[..<end]) + Array(".<closure>".utf8)
}

/// `lambda$f$12` and the classes that Java frameworks make while they run.
private func withoutGeneratedParts(_ name: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  var index = 0
  while index < name.count {
    if name.has("lambda$", at: index) {
      let end = name.run(index + 7, isWord)
      if end > index + 7, end + 1 < name.count, name[end] == 0x24, isDigit(name[end + 1]) {
        result.append(contentsOf: name[index..<end])
        index = name.run(end + 1, isDigit)
        continue
      }
    }
    result.append(name[index])
    index += 1
  }
  return result.replacing(with: "$$<auto>") { (name, index) in
    guard name.has("$$", at: index) else { return nil }
    let end = name.run(index + 2, isWord)
    guard end < name.count, name[end] == 0x24 else { return nil }
    let word = Array(name[(index + 2)..<end])
    guard word.first("CGLIB") != nil || word.first("Lambda") != nil else { return nil }
    let hash = end + 1 < name.count && name[end + 1] == 0x24 ? end + 2 : end + 1
    return name.run(hash) { isLowerHex($0) || $0 == 0x2F || $0 == 0x78 }
  }
}

/// Without `<locals>.`, and without `Object.` or `Module.` at the start.
private func withoutScopes(_ name: [UInt8]) -> [UInt8] {
  var name = name
  if name.has("Object.", at: 0) || name.has("Module.", at: 0) { name.removeSubrange(..<7) }
  guard name.contains(0x3C) else { return name }
  return name.replacing(with: "") { (name, index) in name.has("<locals>.", at: index) ? index + 9 : nil }
}

private func withoutLongNumbers(_ name: [UInt8]) -> [UInt8] {
  guard name.contains(where: isDigit) else { return name }
  return name.replacing(with: "<n>") { (name, index) in
    guard isDigit(name[index]) else { return nil }
    let end = name.run(index, isDigit)
    return end - index > 1 ? end : nil
  }
}

// SPDX-License-Identifier: Apache-2.0

/// The digits as a number; 0 where there are none or too many.
func number(_ digits: ArraySlice<UInt8>) -> Int {
  guard (1...9).contains(digits.count) else { return 0 }
  return digits.reduce(0) { $0 * 10 + Int($1 & 15) }
}

/// A place `path:12` or `path:12:3`, read from its end.
private func place(_ text: [UInt8]) -> (file: String, line: Int, column: Int, numberCount: Int)? {
  var end = text.count
  var numbers: [Int] = []
  while numbers.count < 2, let colon = text[..<end].lastIndex(of: 0x3A), colon + 1 < end,
    text[(colon + 1)..<end].allSatisfy(isDigit)
  {
    numbers.append(number(text[(colon + 1)..<end]))
    end = colon
  }
  guard end > 0, let last = numbers.last else { return nil }
  return (Array(text[..<end]).text, last, numbers.count == 2 ? numbers[0] : 0, numbers.count)
}

/// `at …`: Java, .NET and JavaScript engines with Chrome's form.
func markedFrame(_ line: [UInt8]) -> ErrorFrame? {
  guard line.has("at ", at: 0), line.count > 3 else { return nil }
  let text = Array(line[3...])
  if let found = text.first(" in "), let mark = text.first(":line ", from: found) {
    let digits = text.run(mark + 6, isDigit)
    return ErrorFrame(
      file: Array(text[(found + 4)..<mark]).text, function: withoutParameters(Array(text[..<found])).text,
      line: number(text[(mark + 6)..<digits]))
  }
  guard text.last == 0x29, let open = text.lastIndex(of: 0x28) else {
    // Swift's kit: `at module+0x1a2b` where the module has no symbol there.
    if withoutOffset(text) != nil || isAddress(text) { return ErrorFrame(file: text.text, function: "") }
    guard let place = place(text) else { return ErrorFrame(file: "", function: withoutParameters(text).text) }
    return ErrorFrame(file: place.file, function: "", line: place.line, column: place.column)
  }
  let inside = Array(text[(open + 1)..<(text.count - 1)])
  let function = Array(text[..<open])
  if let place = place(inside) {
    if place.numberCount == 2 || function.last == 0x20 {
      return ErrorFrame(file: place.file, function: withoutSpace(function).text, line: place.line, column: place.column)
    }
    return ErrorFrame(file: place.file, function: withoutModule(function).text, line: place.line)
  }
  if inside.equals("Native Method") || inside.equals("Unknown Source") || inside.ends(with: ".java") {
    return ErrorFrame(file: "", function: withoutModule(function).text)
  }
  if function.last == 0x20 { return ErrorFrame(file: inside.text, function: withoutSpace(function).text) }
  return ErrorFrame(file: "", function: function.text)
}

private func withoutSpace(_ text: [UInt8]) -> [UInt8] { text.last == 0x20 ? Array(text.dropLast()) : text }

private func withoutParameters(_ text: [UInt8]) -> [UInt8] { Array(text[..<(text.firstIndex(of: 0x28) ?? text.count)]) }

/// Java's `java.base/java.lang.Thread.run` without its module.
private func withoutModule(_ text: [UInt8]) -> [UInt8] {
  guard let slash = text.lastIndex(of: 0x2F) else { return text }
  return Array(text[(slash + 1)...])
}

/// PHP's `#0 /srv/shop.php(12): f()`, Swift's `0 0x0000 f() + 12 in shop at /srv/shop.swift:12:3`.
func numberedFrame(_ line: [UInt8]) -> ErrorFrame? {
  if line.first == 0x23 {
    let digits = line.run(1, isDigit)
    guard digits > 1, let close = line.first("): ", from: digits), let open = line[..<close].lastIndex(of: 0x28) else { return nil }
    return ErrorFrame(
      file: trimmedStart(line[digits..<open]).text, function: withoutParameters(Array(line[(close + 3)...])).text,
      line: number(line[(open + 1)..<close]))
  }
  let digits = line.run(0, isDigit)
  guard digits > 0, let address = line.first("0x", from: digits) else { return nil }
  let start = line.run(line.run(address + 2, isHex), isSpace)
  guard start < line.count else { return nil }
  let rest = Array(line[start...])
  if let at = rest.first(" at "), let place = place(Array(rest[(at + 4)...])) {
    let function = rest[..<(rest.first(" + ") ?? rest.first(" in ") ?? at)]
    return ErrorFrame(file: place.file, function: Array(function).text, line: place.line, column: place.column)
  }
  return ErrorFrame(file: "", function: Array(rest[..<(rest.first(" + ") ?? rest.count)]).text)
}

private func trimmedStart(_ slice: ArraySlice<UInt8>) -> [UInt8] { Array(slice.drop(while: isSpace)) }

/// `/srv/app/shop.rb:12:in 'pay'`, with or without `from` before it.
func rubyFrame(_ line: [UInt8]) -> ErrorFrame? {
  guard let mark = line.first(":in "), mark + 4 < line.count else { return nil }
  let text = line.has("from ", at: 0) ? Array(line[5..<mark]) : Array(line[..<mark])
  guard let place = place(text) else { return nil }
  let quotes: Set<UInt8> = [0x27, 0x60]
  let name = line[(mark + 4)...].filter { !quotes.contains($0) }
  // The first line of a Ruby error goes on with the message: `'pay': gone (Lost)`.
  let end = name.first(": ") ?? name.count
  return ErrorFrame(file: place.file, function: Array(name[..<end]).text, line: place.line)
}

/// `pay@https://shop.example/app.js:12:3`
func firefoxFrame(_ line: [UInt8]) -> ErrorFrame? {
  guard let at = line.firstIndex(of: 0x40), !line[..<at].contains(0x20), let place = place(Array(line[(at + 1)...])),
    place.numberCount == 2
  else { return nil }
  return ErrorFrame(file: place.file, function: Array(line[..<at]).text, line: place.line, column: place.column)
}

/// The function of Go's first line of two: `main.(*Shop).pay(0xc000, 0x1)`.
func goFunctionName(_ line: [UInt8]) -> String? {
  var text = line.has("created by ", at: 0) ? Array(line[11...]) : line
  if let goroutine = text.first(" in goroutine ") { text.removeSubrange(goroutine...) }
  guard text.contains(0x2E), !text.contains(0x20) || text.last == 0x29 else { return nil }
  if text.last == 0x29, let open = text.lastIndex(of: 0x28) { text.removeSubrange(open...) }
  return text.isEmpty || text.contains(0x20) ? nil : text.text
}

/// Go's second line: `/srv/app/shop.go:12 +0x1d`.
func goFrame(_ line: [UInt8], function: String) -> ErrorFrame? {
  let end = line.firstIndex(of: 0x20) ?? line.count
  guard let place = place(Array(line[..<end])), place.numberCount == 1, line.first(".go:") != nil || line.first(".s:") != nil
  else { return nil }
  return ErrorFrame(file: place.file, function: function, line: place.line)
}

// SPDX-License-Identifier: Apache-2.0

// Stacks as programs print them: what OpenTelemetry's `exception.stacktrace` and log lines hold.
//
//   Python   File "/srv/app/shop.py", line 12, in pay                         outermost first, root cause first
//   Java     at shop.Pay.run(Pay.java:12)      Caused by: shop.Lost: gone     innermost first, as all below
//   .NET     at Shop.Pay.Run(String id) in C:\shop\Pay.cs:line 12
//   Node     at pay (/srv/app/shop.js:12:3)    at /srv/app/shop.js:12:3       Firefox: pay@https://…/shop.js:12:3
//   Go       main.pay(0xc000)  and below it    /srv/app/shop.go:12 +0x1d
//   Ruby     /srv/app/shop.rb:12:in 'pay'
//   PHP      #0 /srv/app/shop.php(12): Shop->pay()
//   Swift    0 0x0000 pay() + 12 in shop at /srv/app/shop.swift:12:3        at pay() (shop+0x1a2b)    at shop+0x1a2b

/// Longer texts are cut: what decides stands at their ends, and no stack of a sane program is longer.
private let stackByteCountMax = 1 << 18
private let chainCountMax = 50

/// Reads a printed stack as a chain of exceptions, the outermost first, frames innermost last.
///
/// `className` and `message` are those of the outermost exception, as the caller knows them. A text in which no frame is found gives one
/// exception without frames. Cost: one pass over the lines.
public func exceptionChain(className: String, message: String, stack: String) -> [ErrorTrace] {
  // Whole and then cut: a part of a text is copied byte by byte.
  var bytes = Array(stack.utf8)
  if bytes.count > stackByteCountMax { bytes.removeLast(bytes.count - stackByteCountMax) }
  if bytes.last == 10 { bytes.removeLast() }
  var reader = StackReader()
  var start = 0
  while start < bytes.count {
    let end = bytes.run(start) { $0 != 10 }
    reader.read(trimmedLine(bytes, start..<end))
    start = end + 1
  }
  var chain = reader.finish()
  if chain.isEmpty { return [ErrorTrace(className: className, message: message, frames: [])] }
  if !className.isEmpty { chain[0].className = className }
  if !message.isEmpty || chain[0].message.isEmpty { chain[0].message = message }
  return chain
}

private func trimmedLine(_ bytes: [UInt8], _ line: Range<Int>) -> [UInt8] {
  var (start, end) = (line.lowerBound, line.upperBound)
  while start < end, isSpace(bytes[start]) { start += 1 }
  while end > start, isSpace(bytes[end - 1]) { end -= 1 }
  return Array(bytes[start..<end])
}

/// Gathers frames into exceptions while the lines go by.
private struct StackReader {
  private var chain: [ErrorTrace] = []
  private var current = ErrorTrace(className: "", message: "", frames: [])
  private var isPython = false
  private var goFunction: String?

  mutating func read(_ line: [UInt8]) {
    guard !line.isEmpty else { return }
    if let frame = pythonFrame(line) {
      isPython = true
      return current.frames.append(frame)
    }
    if isPython { return readPythonText(line) }
    if line.has("Caused by: ", at: 0) {
      turn()
      return name(Array(line[11...]))
    }
    if let function = goFunction, let frame = goFrame(line, function: function) {
      goFunction = nil
      return current.frames.append(frame)
    }
    goFunction = nil
    if let frame = markedFrame(line) ?? numberedFrame(line) ?? rubyFrame(line) ?? firefoxFrame(line) {
      return current.frames.append(frame)
    }
    goFunction = goFunctionName(line)
  }

  private mutating func readPythonText(_ line: [UInt8]) {
    if line.has("Traceback (most recent call last)", at: 0) || line.has("The above exception was", at: 0)
      || line.has("During handling of the above", at: 0)
    {
      return current.frames.isEmpty ? () : turn()
    }
    // What follows the last frame without being one: `shop.Lost: gone`. A frame's source line looks different or is replaced by it.
    if !current.frames.isEmpty { name(line) }
  }

  private mutating func name(_ line: [UInt8]) {
    let colon = line.first(": ") ?? line.count
    let name = line[..<colon]
    guard !name.isEmpty, name.allSatisfy({ isWord($0) || $0 == 0x2E || $0 == 0x24 || $0 == 0x5C || $0 == 0x2F }) else { return }
    current.className = String(decoding: name, as: UTF8.self)
    current.message = colon + 2 <= line.count ? String(decoding: line[(colon + 2)...], as: UTF8.self) : ""
  }

  private mutating func turn() {
    if chain.count < chainCountMax { chain.append(current) }
    current = ErrorTrace(className: "", message: "", frames: [])
  }

  mutating func finish() -> [ErrorTrace] {
    if !current.frames.isEmpty || !chain.isEmpty { turn() }
    if isPython {
      chain.reverse()
    } else {
      for index in chain.indices { chain[index].frames.reverse() }
    }
    return chain.filter { !$0.frames.isEmpty || !$0.className.isEmpty }
  }
}

/// `File "/srv/app/shop.py", line 12, in pay`
private func pythonFrame(_ line: [UInt8]) -> ErrorFrame? {
  guard line.has("File \"", at: 0), let quote = line.first("\", line ", from: 6) else { return nil }
  let digits = line.run(quote + 8, isDigit)
  let function = line.has(", in ", at: digits) ? Array(line[(digits + 5)...]) : []
  return ErrorFrame(
    file: Array(line[6..<quote]).text, function: function.text, line: number(line[(quote + 8)..<digits]))
}

// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnIssues

/// What of a language's stacks changes from one occurrence to the next: where the program lies, its lines, what its compiler numbers.
struct LanguageCase: Sendable, CustomTestStringConvertible {
  struct Build: Sendable {
    var root: String
    /// A commit, a content hash, a release.
    var hash: String
    /// Added to every line and to what compilers number.
    var shift: Int
    var package: String
  }
  struct Place: Sendable {
    var part: Int
    var function: String
    var line: Int
    var isLibrary: Bool
  }
  var name: String
  /// Folders that deploys of this language lie in.
  var roots: [String]
  /// True where stacks come innermost first.
  var isInnermostFirst = false
  /// A frame as notifiers send it.
  var frame: @Sendable (Place, Build) -> ErrorFrame
  /// A line, or lines, of the printed stack; nil where the language prints none that names a place.
  var printed: (@Sendable (Place, Build) -> String)?
  /// The printed stack, made of its lines, outermost first.
  var text: @Sendable ([String]) -> String = { $0.reversed().joined(separator: "\n") }

  var testDescription: String { name }

  static let all: [LanguageCase] = [
    LanguageCase(
      name: "python", roots: ["/srv/shop/releases/20260101120000", "/srv/shop/releases/20260202130000", "/opt/shop/current"],
      frame: { (place, build) in
        let file = place.isLibrary ? "/usr/lib/python\(build.package)/site-packages/flask/part\(place.part).py" : "\(build.root)/app/part\(place.part).py"
        return ErrorFrame(file: file, function: place.function, line: place.line + build.shift)
      },
      printed: { (place, build) in
        let file = place.isLibrary ? "/usr/lib/python\(build.package)/site-packages/flask/part\(place.part).py" : "\(build.root)/app/part\(place.part).py"
        return "  File \"\(file)\", line \(place.line + build.shift), in \(place.function)\n    work(\(build.shift))"
      }, text: { "Traceback (most recent call last):\n" + $0.joined(separator: "\n") + "\nLost: gone" }),
    LanguageCase(
      name: "javascript", roots: ["https://cdn1.example.com/static", "https://cdn2.example.org/static", "https://shop.example/static"],
      frame: { (place, build) in
        let file = place.isLibrary ? "\(build.root)/node_modules/lib\(place.part)/index.js" : "\(build.root)/part\(place.part).\(build.hash).js?v=\(build.shift)"
        return ErrorFrame(file: file, function: place.part == 0 ? "Object." + place.function : place.function, line: place.line + build.shift, column: build.shift)
      },
      printed: { (place, build) in
        let file = place.isLibrary ? "\(build.root)/node_modules/lib\(place.part)/index.js" : "\(build.root)/part\(place.part).\(build.hash).js"
        return "    at \(place.function) (\(file):\(place.line + build.shift):\(build.shift + 1))"
      }),
    LanguageCase(
      name: "ruby", roots: ["/srv/shop/releases/20260101120000", "/srv/shop/releases/20260202130000", "/srv/shop/current"],
      frame: { (place, build) in
        let file = place.isLibrary ? "/usr/lib/ruby/gems/\(build.package)/gems/rails-\(build.package)/part\(place.part).rb" : "\(build.root)/app/part\(place.part).rb"
        return ErrorFrame(file: file, function: place.part == 0 ? "block (2 levels) in " + place.function : place.function, line: place.line + build.shift)
      },
      printed: { (place, build) in
        let file = place.isLibrary ? "/usr/lib/ruby/gems/rack/part\(place.part).rb" : "\(build.root)/app/part\(place.part).rb"
        return "\tfrom \(file):\(place.line + build.shift):in '\(place.function)'"
      }),
    LanguageCase(
      name: "go", roots: ["/build/3f9a1c2/shop", "/build/9b8d7e6/shop", "/build/v1.4.2/shop"], isInnermostFirst: true,
      frame: { (place, build) in
        let file = place.isLibrary ? "/build/go/pkg/mod/github.com/x/part\(place.part)@v\(build.package)/x.go" : "\(build.root)/part\(place.part).go"
        return ErrorFrame(file: file, function: place.part == 0 ? "main.\(place.function).func\(1 + build.shift % 3)" : "main." + place.function, line: place.line + build.shift)
      },
      printed: { (place, build) in
        let file = place.isLibrary ? "/build/go/pkg/mod/github.com/x/part\(place.part)@v\(build.package)/x.go" : "\(build.root)/part\(place.part).go"
        return "main.\(place.function)(0xc000\(build.shift), 0x1)\n\t\(file):\(place.line + build.shift) +0x\(build.shift)d"
      }, text: { "goroutine 1 [running]:\n" + $0.reversed().joined(separator: "\n") }),
    LanguageCase(
      name: "java", roots: ["shop-1.0.jar", "shop-2.0.jar", "classes"],
      frame: { (place, build) in
        let owner = place.isLibrary ? "org.springframework.Part\(place.part)" : "shop.Part\(place.part)"
        return ErrorFrame(file: "Part\(place.part).java", function: place.part == 0 ? "\(owner).lambda$\(place.function)$\(build.shift)" : "\(owner).\(place.function)", line: place.line + build.shift)
      },
      printed: { (place, build) in
        let owner = place.isLibrary ? "org.springframework.Part\(place.part)" : "shop.Part\(place.part)"
        return "\tat \(owner).\(place.function)(Part\(place.part).java:\(place.line + build.shift))"
      }),
    LanguageCase(
      name: "csharp", roots: [#"C:\inetpub\releases\20260101120000"#, #"D:\inetpub\releases\20260202130000"#, #"C:\inetpub\current"#],
      frame: { (place, build) in
        ErrorFrame(
          file: place.isLibrary ? "" : #"\#(build.root)\app\Part\#(place.part).cs"#,
          function: (place.isLibrary ? "Microsoft.AspNetCore.Part\(place.part)." : "Shop.Part\(place.part).") + place.function, line: place.line + build.shift)
      },
      printed: { (place, build) in
        place.isLibrary
          ? "   at Microsoft.AspNetCore.Part\(place.part).\(place.function)()"
          : #"   at Shop.Part\#(place.part).\#(place.function)(String id) in \#(build.root)\app\Part\#(place.part).cs:line \#(place.line + build.shift)"#
      }),
    LanguageCase(
      name: "php", roots: ["/var/www/releases/20260101120000", "/var/www/releases/20260202130000", "/var/www/current"],
      frame: { (place, build) in
        let file = place.isLibrary ? "\(build.root)/vendor/symfony/part\(place.part).php" : "\(build.root)/src/part\(place.part).php"
        return ErrorFrame(file: file, function: "Shop->" + place.function, line: place.line + build.shift)
      },
      printed: { (place, build) in
        let file = place.isLibrary ? "\(build.root)/vendor/symfony/part\(place.part).php" : "\(build.root)/src/part\(place.part).php"
        return "#1 \(file)(\(place.line + build.shift)): Shop->\(place.function)(Object(Order))"
      }),
    LanguageCase(
      name: "swift", roots: ["/build/3f9a1c2", "/build/9b8d7e6", "/srv/current"],
      frame: { (place, build) in
        place.isLibrary
          ? ErrorFrame(file: "libswiftCore.so+0x\(build.shift)a", function: "")
          : ErrorFrame(file: "\(build.root)/Sources/Shop/part\(place.part).swift", function: "\(place.function)() + \(build.shift)", line: place.line + build.shift)
      },
      printed: { (place, build) in
        place.isLibrary
          ? "1 0x0000\(build.shift)5 swift_task + \(build.shift) in libswiftCore.so"
          : "0 0x00005\(build.shift) \(place.function)() + \(build.shift) in shop at \(build.root)/Sources/Shop/part\(place.part).swift:\(place.line + build.shift):3"
      }),
  ]
}

/// What must not split an item, language by language: lines that shift, another deploy, another host, other ids in the message.
@Suite struct LanguagePropertyTests {
  private static let functions = ["pay", "load", "send", "render", "checkout", "find", "lock"]
  private static let classes = ["Lost", "Declined", "shop.Timeout", "Error", "Exception"]

  private func places(_ generator: inout SeededGenerator) -> [LanguageCase.Place] {
    (0...generator.below(14)).map { _ in
      LanguageCase.Place(
        part: generator.below(5), function: Self.functions[generator.below(Self.functions.count)], line: 1 + generator.below(900),
        isLibrary: generator.chance(30))
    }
  }

  private func build(_ language: LanguageCase, _ generator: inout SeededGenerator) -> LanguageCase.Build {
    let digits = (0..<8).map { _ in String(generator.below(16), radix: 16) }.joined()
    return LanguageCase.Build(
      root: language.roots[generator.below(language.roots.count)], hash: "1" + digits.dropFirst(), shift: 1 + generator.below(400),
      package: "3.\(generator.below(20))")
  }

  /// Words around what differs from one occurrence to the next.
  private func message(_ generator: inout SeededGenerator) -> String {
    let uuid = "5c6d55fa-4bf3-42ef-9dfb-" + String(100_000_000_000 + generator.below(800_000_000_000))
    return "order \(generator.below(1_000_000)) of bob\(generator.below(9))@example.org (\(uuid)) is gone at 192.168.\(generator.below(255)).7 after \(generator.below(90)).5 s"
  }

  private func sent(_ language: LanguageCase, _ places: [LanguageCase.Place], _ build: LanguageCase.Build, _ name: String, _ message: String) -> ErrorReport {
    var frames = places.map { language.frame($0, build) }
    if language.isInnermostFirst { frames.reverse() }
    var report = ErrorReport(.chain([ErrorTrace(className: name, message: message, frames: frames)]))
    report.language = language.name
    report.root = build.root
    return report
  }

  private func printed(_ language: LanguageCase, _ places: [LanguageCase.Place], _ build: LanguageCase.Build, _ name: String, _ message: String) -> ErrorReport? {
    guard let line = language.printed else { return nil }
    return ErrorReport(.chain(exceptionChain(className: name, message: message, stack: language.text(places.map { line($0, build) }))))
  }

  @Test(arguments: LanguageCase.all) func linesDeploysAndIdsDoNotSplit(_ language: LanguageCase) {
    var generator = SeededGenerator(seed: 1_701)
    for round in 0..<150 {
      let places = places(&generator)
      let name = Self.classes[generator.below(Self.classes.count)]
      let builds = (build(language, &generator), build(language, &generator))
      let messages = (message(&generator), message(&generator))
      let one = grouping(of: sent(language, places, builds.0, name, messages.0))
      let other = grouping(of: sent(language, places, builds.1, name, messages.1))
      #expect(one.key == other.key, "round \(round): \(one.components) \(other.components)")
      #expect(one.family == other.family, "round \(round)")
      guard let first = printed(language, places, builds.0, name, messages.0), let second = printed(language, places, builds.1, name, messages.1) else { continue }
      let (left, right) = (grouping(of: first), grouping(of: second))
      #expect(left.key == right.key, "printed, round \(round): \(left.components) \(right.components)")
      #expect(left.family == right.family, "printed, round \(round)")
    }
  }

  @Test(arguments: LanguageCase.all) func anotherInnermostFrameOrClassSplits(_ language: LanguageCase) {
    var generator = SeededGenerator(seed: 1_702)
    for round in 0..<60 {
      let places = places(&generator)
      let (build, text) = (build(language, &generator), message(&generator))
      let one = grouping(of: sent(language, places, build, "Lost", text)).key
      let further = places + [LanguageCase.Place(part: 9, function: "elsewhere", line: 3, isLibrary: false)]
      #expect(grouping(of: sent(language, further, build, "Lost", text)).key != one, "round \(round)")
      #expect(grouping(of: sent(language, places, build, "Found", text)).key != one, "round \(round)")
    }
  }
}

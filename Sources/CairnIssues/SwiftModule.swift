// SPDX-License-Identifier: Apache-2.0

// Whose function a frame of Swift is. Libraries are linked into the program's own file, so the file does not tell; the demangled name does,
// by the module it begins with:
//
//   Hummingbird.RouterResponder.respond(to: …) async throws -> …                         Hummingbird
//   static NIOCore.EventLoop.run() -> ()                                                  NIOCore
//   (extension in Shop):Hummingbird.Router.pay() -> ()                                    Shop
//   closure #1 (A) -> () in closure #2 () -> () in Shop.Pay.run() -> ()                   Shop: what a closure stands in
//
// A name is of Swift where its language says so, or where it has Swift's arrow or its accessors.

private let words: [StaticString] = ["static ", "class ", "merged ", "generic specialization of ", "specialized "]

/// Modules of the runtime and of packages that programs are made of, not written with.
private let libraryModules: Set<String> = [
  "Swift", "_Concurrency", "_StringProcessing", "Foundation", "FoundationEssentials", "FoundationNetworking", "Dispatch", "Synchronization", "Observation",
  "Distributed", "Glibc", "Darwin", "Combine", "SwiftUI", "UIKit", "AppKit", "Testing", "XCTest",
  "HTTPTypes", "HTTPTypesFoundation", "StructuredFieldValues", "RawStructuredFieldValues", "AsyncHTTPClient", "AsyncKit", "AsyncAlgorithms", "Algorithms", "Atomics",
  "Logging", "CoreMetrics", "Metrics", "MetricsExtras", "ServiceLifecycle", "UnixSignals", "ConcurrencyHelpers", "ArgumentParser", "Configuration",
  "Crypto", "CryptoExtras", "_CryptoExtras", "X509", "SwiftASN1", "JWTKit", "SwiftProtobuf", "ConsoleKit", "RoutingKit", "MultipartKit", "WebSocketKit", "Leaf", "LeafKit",
  "PostgresNIO", "MySQLNIO", "SQLiteNIO", "SQLKit", "PostgresKit", "RediStack", "Valkey", "MongoSwift", "GRDB", "SotoCore", "AWSLambdaRuntime", "OpenAPIRuntime",
  "DequeModule", "OrderedCollections", "HashTreeCollections", "BitCollections", "HeapModule", "Collections", "BasicContainers", "ContainersPreview", "Numerics", "RealModule",
]
/// Families of modules, by how their names begin and that a capital or nothing follows.
private let libraryFamilies: [StaticString] = ["NIO", "_NIO", "Hummingbird", "Vapor", "Fluent", "GRPC", "OpenAPI", "AWS", "Soto", "OTel"]

/// Modules that record errors: their frames are where an error was told of, not where it came up.
private let reportingModules: Set<String> = ["CairnKit", "CairnKitHummingbird", "Tracing", "Instrumentation", "ServiceContextModule"]

enum SwiftOrigin {
  /// Not a name of Swift, or of a module that is the program's own.
  case own
  case library
  case reporting
}

/// Whose function it is. Cost: one pass over the name.
func swiftOrigin(_ function: [UInt8], language: String) -> SwiftOrigin {
  guard language == "swift" || function.first(" -> ") != nil || function.first("etter : ") != nil else { return .own }
  guard let module = swiftModule(function) else { return .own }
  let name = module.text
  if reportingModules.contains(name) { return .reporting }
  if libraryModules.contains(name) { return .library }
  let isOfFamily = libraryFamilies.contains { (family) in
    let count = family.utf8CodeUnitCount
    return module.has(family, at: 0) && (module.count == count || (65...90).contains(module[count]))
  }
  return isOfFamily ? .library : .own
}

/// The module that a demangled name belongs to; nil where it names none.
func swiftModule(_ function: [UInt8]) -> [UInt8]? {
  var start = lastScope(function)
  var isCut = true
  while isCut {
    isCut = false
    for word in words where function.has(word, at: start) {
      start += word.utf8CodeUnitCount
      isCut = true
    }
  }
  if function.has("(extension in ", at: start) {
    start += 14
    let end = function.run(start, isWord)
    return end > start && end < function.count && function[end] == 0x29 ? Array(function[start..<end]) : nil
  }
  let end = function.run(start, isWord)
  return end > start && end < function.count && function[end] == 0x2E ? Array(function[start..<end]) : nil
}

/// Behind the last ` in ` outside of brackets, or 0: a closure stands in what follows.
private func lastScope(_ function: [UInt8]) -> Int {
  var depth = 0
  var start = 0
  for index in function.indices {
    switch function[index] {
    case 0x28, 0x3C, 0x5B: depth += 1
    case 0x29, 0x5D: depth -= 1
    // The arrow's head is no bracket.
    case 0x3E where index == 0 || function[index - 1] != 0x2D: depth -= 1
    case 0x20 where depth == 0 && function.has(" in ", at: index): start = index + 4
    default: break
    }
  }
  return start
}

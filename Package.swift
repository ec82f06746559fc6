// swift-tools-version: 6.2
// The manifest is the map: one target per room, sorted by rank; a room may import only what its line names.
import PackageDescription

let sheet: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // `GrowableBuffer.span` depends on the lifetime of its buffer; nothing else uses the feature.
  .enableExperimentalFeature("Lifetimes"),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: sheet)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: sheet)
}

let package = Package(
  name: "cairn",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "cairn", targets: ["cairn"]),
    .executable(name: "kit-probe", targets: ["KitProbe"]),
    // Instrumentation for other people's programs; needs nothing of the server.
    .library(name: "CairnKit", targets: ["CairnKit"]),
    .library(name: "CairnKitHummingbird", targets: ["CairnKitHummingbird"]),
  ],
  traits: [
    .trait(name: "GRPC", description: "CairnKit exports OTLP over gRPC too (OTEL_EXPORTER_OTLP_PROTOCOL=grpc)."),
    .default(enabledTraits: []),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
  ],
  targets: [
    // System libraries and C shims: codecs and checksums that Swift cannot reach by itself.
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CCRC32C"),
    .target(name: "CSecrets"),
    .target(name: "CHost"),
    // RE2 is C++: this target shows it as C.
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "CBacktrace"),
    // The files of web/, put into the program by the C compiler; see docs/decisions/002-web-files.md.
    .target(name: "CairnWeb", exclude: ["update"]),
    // 0
    room("CairnBytes", ["CCRC32C"]),
    // 1
    room("CairnColumns", ["CairnBytes"]),
    room("CairnFormats", ["CairnBytes", "CZstd", "CZlib"]),
    room("CairnPatterns", ["CRE2"]),
    // 2
    room("CairnPlan", ["CairnBytes", "CairnColumns", "CairnPatterns"]),
    room("CairnIssues", ["CairnBytes", "CairnColumns", .product(name: "Crypto", package: "swift-crypto")]),
    room("CairnSecrets", ["CSecrets", "CairnBytes", "CairnFormats", "CairnPatterns"]),
    room("CairnDemo", ["CairnBytes", "CairnFormats"]),
    // The kit runs inside other people's programs: no room of the server.
    .target(
      name: "CairnKit",
      dependencies: [
        "CBacktrace", "CairnBytes", "CairnFormats",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
        .product(name: "Instrumentation", package: "swift-distributed-tracing"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2", condition: .when(traits: ["GRPC"])),
        .product(name: "NIOHPACK", package: "swift-nio-http2", condition: .when(traits: ["GRPC"])),
      ],
      swiftSettings: sheet),
    // 3
    .target(
      name: "CairnKitHummingbird",
      dependencies: [
        "CairnKit",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      swiftSettings: sheet),
    room("CairnOTLP", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnSecrets"]),
    room("CairnHoneycomb", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnSecrets"]),
    room("CairnCloudWatch", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnSecrets"]),
    room("CairnXRay", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan", "CairnSecrets"]),
    room("CairnRollbar", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnIssues"]),
    room("CairnStorage", ["CHost", "CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan"]),
    room("CairnCatalog", ["CairnFormats", .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Crypto", package: "swift-crypto")]),
    // 4
    room("CairnQuery", ["CairnBytes", "CairnColumns", "CairnPatterns", "CairnPlan"]),
    // 5
    room(
      "CairnStore",
      ["CairnBytes", "CairnColumns", "CairnPlan", "CairnCloudWatch", "CairnHoneycomb", "CairnIssues", "CairnOTLP", "CairnRollbar", "CairnSecrets", "CairnXRay", "CairnStorage", "CairnQuery"]),
    room(
      "CairnAlerts",
      [
        "CairnFormats", "CairnIssues", "CairnPatterns", .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    // 6
    .target(
      name: "CairnServer",
      dependencies: [
        "CHost", "CairnAlerts", "CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan", "CairnOTLP", "CairnCloudWatch", "CairnHoneycomb", "CairnIssues", "CairnPatterns", "CairnRollbar", "CairnSecrets", "CairnXRay", "CairnCatalog",
        "CairnWeb",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Yams", package: "Yams"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: sheet),
    // 7
    .executableTarget(
      name: "cairn",
      dependencies: ["CairnServer", "CairnIssues", "CairnStore", "CairnStorage", "CairnCatalog", "CairnBytes", "CairnFormats", "CairnDemo", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: sheet),
    tests("CairnCatalogTests", ["CairnCatalog", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")]),
    tests(
      "CairnServerTests",
      [
        "CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan", "CairnCatalog", "CairnIssues", "CairnRollbar", "CairnServer",
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"), .product(name: "Logging", package: "swift-log"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOHTTP2", package: "swift-nio-http2"),
      ]),
    // Tests, beside them what they share.
    .target(name: "TestSupport", dependencies: ["CairnBytes", "CairnColumns"], path: "Tests/TestSupport", swiftSettings: sheet),
    tests("CairnBytesTests", ["CairnBytes", "TestSupport"]),
    tests("CairnColumnsTests", ["CairnBytes", "CairnColumns", "TestSupport"]),
    tests("CairnFormatsTests", ["CairnBytes", "CairnFormats", "CZlib", "CZstd", "TestSupport"]),
    tests("CairnOTLPTests", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnOTLP", "TestSupport"]),
    tests("CairnIssuesTests", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnIssues", "TestSupport"]),
    tests("CairnAlertsTests", ["CairnAlerts", "CairnFormats", "CairnIssues", .product(name: "NIOCore", package: "swift-nio")]),
    tests("CairnRollbarTests", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnIssues", "CairnRollbar", "TestSupport"]),
    tests("CairnHoneycombTests", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan", "CairnHoneycomb", "TestSupport"]),
    tests("CairnXRayTests", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan", "CairnXRay", "TestSupport"]),
    tests(
      "CairnStorageTests",
      ["CairnBytes", "CairnColumns", "CairnFormats", "CairnOTLP", "CairnPlan", "CairnStorage", "TestSupport"]),
    tests("CairnSecretsTests", ["CairnBytes", "CairnFormats", "CairnOTLP", "CairnSecrets", "TestSupport"]),
    tests("CairnPatternsTests", ["CairnPatterns"]),
    tests("CairnCloudWatchTests", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnCloudWatch", "TestSupport"]),
    tests(
      "CairnQueryTests",
      ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnCloudWatch", "CairnQuery", "CairnXRay", "TestSupport"]),
    tests("CairnDemoTests", ["CairnBytes", "CairnDemo"]),
    tests(
      "CairnKitHummingbirdTests",
      [
        "CairnFormats", "CairnKit", "CairnKitHummingbird", .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ]),
    tests(
      "CairnKitTests",
      [
        "CairnBytes", "CairnColumns", "CairnFormats", "CairnOTLP", "CairnKit", "TestSupport",
        .product(name: "Logging", package: "swift-log"), .product(name: "Tracing", package: "swift-distributed-tracing"),
        .product(name: "CoreMetrics", package: "swift-metrics"), .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ]),
    // A small instrumented program, run by Tests/e2e and Benchmarks/kit.py.
    .executableTarget(
      name: "KitProbe",
      dependencies: [
        "CairnFormats", "CairnKit", "CairnKitHummingbird",
        .product(name: "AsyncHTTPClient", package: "async-http-client"), .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Hummingbird", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      path: "Tests/KitProbe",
      swiftSettings: sheet),
    // The guide's program, as it stands there.
    .executableTarget(
      name: "GuideShop",
      dependencies: [
        "CairnKit", "CairnKitHummingbird", .product(name: "Hummingbird", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      path: "Tests/GuideShop"),
    // The example's own sources and tests, so that ./test builds them with everything else; its package is Examples/cruddur.
    .target(
      name: "CruddurAPI",
      dependencies: [
        "CairnKit", "CairnKitHummingbird", .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Examples/cruddur/Sources/CruddurAPI",
      resources: [.embedInCode("Resources/page.html"), .embedInCode("Resources/openapi.json")]),
    .executableTarget(name: "cruddur", dependencies: ["CruddurAPI"], path: "Examples/cruddur/Sources/cruddur"),
    .testTarget(
      name: "CruddurTests", dependencies: ["CruddurAPI", .product(name: "HummingbirdTesting", package: "hummingbird")],
      path: "Examples/cruddur/Tests/CruddurTests"),
    tests("TidyTests", []),
  ],
  cxxLanguageStandard: .cxx17
)

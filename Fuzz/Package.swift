// swift-tools-version: 6.2
// A package of its own: the rooms below are the very sources of the root package, built here with libFuzzer's instrumentation.
import PackageDescription

let sheet: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]
let instrumented = sheet + [.unsafeFlags(["-sanitize=fuzzer"])]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: instrumented)
}

/// An executable whose `main` is libFuzzer's.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + ["CFuzzMain"],
    swiftSettings: sheet + [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])],
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
}

let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
    // The kit's.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
  ],
  targets: [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CCRC32C"),
    .target(name: "CHost"),
    .target(name: "CSecrets"),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "CFuzzMain"),
    room("CairnBytes", ["CCRC32C"]),
    room("CairnColumns", ["CairnBytes"]),
    room("CairnFormats", ["CairnBytes", "CZstd", "CZlib"]),
    room("CairnPatterns", ["CRE2"]),
    room("CairnSecrets", ["CSecrets", "CairnBytes", "CairnFormats", "CairnPatterns"]),
    room("CairnOTLP", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnSecrets"]),
    room("CairnPlan", ["CairnBytes", "CairnColumns", "CairnPatterns"]),
    room("CairnXRay", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan", "CairnSecrets"]),
    room("CairnCloudWatch", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnSecrets"]),
    room("CairnHoneycomb", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnSecrets"]),
    room("CairnIssues", ["CairnBytes", "CairnColumns", .product(name: "Crypto", package: "swift-crypto")]),
    room("CairnRollbar", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPatterns", "CairnPlan", "CairnIssues"]),
    room("CairnStorage", ["CHost", "CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan"]),
    .target(name: "CBacktrace"),
    // Its targets look at what it keeps to itself, in a release build too.
    .target(
      name: "CairnKit",
      dependencies: [
        "CBacktrace", "CairnBytes", "CairnFormats",
        .product(name: "Logging", package: "swift-log"), .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Tracing", package: "swift-distributed-tracing"), .product(name: "Instrumentation", package: "swift-distributed-tracing"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"), .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: instrumented + [.unsafeFlags(["-enable-testing"])]),
    // What a decoder is held to, shared with the tests, and its form for libFuzzer.
    room("TestSupport", ["CairnBytes", "CairnColumns"]),
    room("FuzzSupport", ["CairnBytes", "CairnColumns", "TestSupport"]),
    fuzzer("otlp-traces", ["CairnOTLP", "FuzzSupport"]),
    fuzzer("otlp-logs", ["CairnBytes", "CairnFormats", "CairnOTLP", "FuzzSupport"]),
    fuzzer("otlp-metrics", ["CairnOTLP", "FuzzSupport"]),
    fuzzer("otlp-json", ["CairnBytes", "CairnColumns", "CairnOTLP", "FuzzSupport"]),
    fuzzer("xray-filter", ["CairnXRay"]),
    fuzzer("xray-segment", ["CairnBytes", "CairnColumns", "CairnXRay", "FuzzSupport"]),
    fuzzer("xray-calls", ["CairnFormats", "CairnXRay"]),
    fuzzer("insights-query", ["CairnCloudWatch", "CairnColumns", "CairnPlan"]),
    fuzzer("metric-math", ["CairnCloudWatch"]),
    fuzzer("log-documents", ["CairnCloudWatch", "CairnFormats"]),
    fuzzer("log-lines", ["CairnCloudWatch", "FuzzSupport"]),
    fuzzer("filter-patterns", ["CairnCloudWatch"]),
    fuzzer("secrets", ["CairnOTLP", "CairnSecrets"]),
    fuzzer("rollbar-item", ["CairnRollbar", "FuzzSupport"]),
    fuzzer("rollbar-documents", ["CairnColumns", "CairnFormats", "CairnIssues", "CairnRollbar"]),
    fuzzer("rql", ["CairnFormats", "CairnRollbar"]),
    fuzzer("honeycomb-events", ["CairnBytes", "CairnColumns", "CairnHoneycomb", "FuzzSupport"]),
    fuzzer("honeycomb-documents", ["CairnFormats", "CairnHoneycomb", "CairnPlan"]),
    fuzzer("honeycomb-boards", ["CairnColumns", "CairnFormats", "CairnHoneycomb", "CairnPlan"]),
    fuzzer(
      "occurrences",
      ["CairnBytes", "CairnCloudWatch", "CairnColumns", "CairnHoneycomb", "CairnIssues", "CairnOTLP", "CairnRollbar", "CairnXRay", "FuzzSupport"]),
    fuzzer("error-texts", ["CairnIssues"]),
    fuzzer("formats", ["CairnBytes", "CairnFormats"]),
    fuzzer("source-map", ["CairnFormats", "CairnRollbar"]),
    fuzzer("kit-headers", ["CairnKit", .product(name: "Instrumentation", package: "swift-distributed-tracing")]),
    fuzzer(
      "kit-wire",
      [
        "CairnBytes", "CairnColumns", "CairnFormats", "CairnKit", "CairnOTLP", "CairnXRay", "TestSupport",
        .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"), .product(name: "Tracing", package: "swift-distributed-tracing"),
      ]),
    fuzzer("journal", ["CairnStorage"]),
    fuzzer("segment", ["CairnStorage"]),
  ],
  cxxLanguageStandard: .cxx17
)

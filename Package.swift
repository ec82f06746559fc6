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
  products: [.executable(name: "cairn", targets: ["cairn"])],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // System libraries and C shims: codecs and checksums that Swift cannot reach by itself.
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CCRC32C"),
    // 0
    room("CairnBytes", ["CCRC32C"]),
    // 1
    room("CairnColumns", ["CairnBytes"]),
    room("CairnFormats", ["CairnBytes", "CZstd", "CZlib"]),
    // 2
    room("CairnPlan", ["CairnBytes", "CairnColumns"]),
    // 3
    room("CairnOTLP", ["CairnBytes", "CairnColumns", "CairnFormats"]),
    room("CairnHoneycomb", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan"]),
    room("CairnStorage", ["CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan"]),
    room("CairnCatalog", [.product(name: "GRDB", package: "GRDB.swift")]),
    // 4
    room("CairnQuery", ["CairnBytes", "CairnColumns", "CairnPlan"]),
    // 6
    .target(
      name: "CairnServer",
      dependencies: [
        "CairnBytes", "CairnColumns", "CairnFormats", "CairnPlan", "CairnOTLP", "CairnHoneycomb", "CairnStorage", "CairnCatalog",
        "CairnQuery",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdHTTP2", package: "hummingbird"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: sheet),
    // 7
    .executableTarget(
      name: "cairn",
      dependencies: ["CairnServer", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: sheet),
  ]
)

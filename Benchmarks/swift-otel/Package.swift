// swift-tools-version: 6.2
import PackageDescription

/// The benchmark's server with another library in the kit's place. A package of its own: nothing of Cairn depends on it.
let package = Package(
  name: "swift-otel-probe",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/swift-otel/swift-otel", from: "1.5.0", traits: ["OTLPHTTP"]),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
  ],
  targets: [
    .executableTarget(
      name: "SwiftOTelProbe",
      dependencies: [
        .product(name: "OTel", package: "swift-otel"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ])
  ])

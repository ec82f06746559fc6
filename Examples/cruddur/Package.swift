// swift-tools-version: 6.2
// A microblog backend, instrumented with CairnKit: the kit's example, and a check that it can be used from outside.
import PackageDescription

let package = Package(
  name: "cruddur",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "cairn", path: "../.."),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    .target(
      name: "CruddurAPI",
      dependencies: [
        .product(name: "CairnKit", package: "cairn"),
        .product(name: "CairnKitHummingbird", package: "cairn"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ],
      resources: [.embedInCode("Resources/page.html"), .embedInCode("Resources/openapi.json")]),
    .executableTarget(name: "cruddur", dependencies: ["CruddurAPI"]),
    .testTarget(
      name: "CruddurTests",
      dependencies: ["CruddurAPI", .product(name: "HummingbirdTesting", package: "hummingbird")]),
  ]
)

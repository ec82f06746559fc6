// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import CairnServer

@Suite struct WebPagesTests {
  @Test func everyPageIsTheOneDocument() async throws {
    try await withServer { (live) async throws in
      for path in ["/", "/ui", "/ui/", "/ui/traces", "/ui/traces/00ff"] {
        let reply = try await live.client().send("GET", path)
        #expect(reply.status == 200)
        #expect(reply.headers["content-type"] == "text/html; charset=utf-8")
        #expect(reply.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
        #expect(reply.headers["x-content-type-options"] == "nosniff")
      }
    }
  }

  @Test func filesHaveTypesAndTags() async throws {
    try await withServer { (live) async throws in
      let reply = try await live.client().send("GET", "/ui/static/app.js")
      #expect(reply.headers["content-type"] == "text/javascript; charset=utf-8")
      let tag = try #require(reply.headers["etag"])
      let again = try await live.client().send("GET", "/ui/static/app.js", headers: [("if-none-match", tag)])
      #expect(again.status == 304)
      #expect(again.body.isEmpty)
      for path in [
        "/ui/static/../Package.swift", "/ui/static/%2e%2e/Package.swift", "/ui/static//app.js", "/ui/static/none.js",
        "/ui/app.js",
      ] {
        #expect(try await live.client().send("GET", path).status == 404, "\(path)")
      }
    }
  }

  @Test func filesComeInGzipToThoseWhoTakeIt() async throws {
    try await withServer { (live) async throws in
      func get(_ headers: [(String, String)] = [], _ path: String = "/ui/static/app.js") async throws -> ClientResponse {
        try await live.client().send("GET", path, headers: headers)
      }
      let plain = try await get()
      #expect(plain.headers["content-encoding"] == nil)
      let (tag, gzip) = (try #require(plain.headers["etag"]), ("accept-encoding", "br, gzip;q=0.8"))
      for path in ["/ui/static/app.js", "/ui/static/base.css", "/"] {
        let (whole, packed) = (try await get([], path), try await get([gzip], path))
        #expect(packed.headers["content-encoding"] == "gzip" && packed.body.count * 2 < whole.body.count, "\(path)")
        #expect(try ByteBuffer(bytes: packed.body).inflated(.gzip, limitBytes: 1 << 20) == ByteBuffer(bytes: whole.body))
        #expect(packed.headers["etag"] != whole.headers["etag"])
        #expect(packed.headers["vary"] == "accept-encoding" && whole.headers["vary"] == "accept-encoding")
      }
      let packed = try await get([gzip]), packedTag = try #require(packed.headers["etag"])
      // A tag names one of the two forms.
      for (known, coding, status) in [
        (tag, nil, 304), (packedTag, nil, 200), (tag, gzip, 200), (packedTag, gzip, 304), ("*", nil, 304), ("W/\(tag)", nil, 304), ("\"a\", W/\"b\" ,\(packedTag)", gzip, 304),
        ("\"a\", \"b\"", nil, 200), ("W/*", nil, 200), ("", nil, 200),
      ] as [(String, (String, String)?, Int)] {
        let reply = try await get([("if-none-match", known)] + (coding.map { [$0] } ?? []))
        #expect(reply.status == status, "\(known)")
        #expect(reply.headers["vary"] == "accept-encoding")
      }
      // Nothing to gain: an image of a few bytes.
      #expect(try await get([gzip], "/ui/static/icon.svg").headers["content-encoding"] == nil)
    }
  }

  @Test(arguments: [
    ("gzip", true), ("GZIP", true), ("deflate, gzip;q=1.0, *;q=0.5", true), ("x-gzip", true), ("*", true), ("br", false), ("", false), ("identity", false),
    ("gzip;q=0", false), ("gzip; q=0.000", false), ("*;q=0", false), ("gzip;q=0, *", false), ("*;q=0, gzip", true), ("gzip;q=no", false), (";;q=1,,", false),
  ])
  func whoTakesGzip(_ header: String, _ takes: Bool) {
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["accept-encoding": header])
    #expect(Request(head: head, listener: .http, remoteAddress: "").takesGzip == takes)
  }

  @Test func theDocumentNamesEveryModuleUnderAnAddressThatIsAskedForOnce() async throws {
    try await withServer { (live) async throws in
      let document = try await live.client().send("GET", "/")
      #expect(document.headers["cache-control"] == "no-cache")
      let text = String(decoding: document.body, as: UTF8.self)
      let links = text.split(separator: "\"").filter { $0.hasPrefix("/ui/static/") }
      let files = WebFiles(folder: nil)
      let used = files.paths.filter { $0.hasSuffix(".js") && !$0.hasSuffix(".test.js") && $0 != "model/testing.js" }
      #expect(links.count > used.count)
      for path in used { #expect(links.contains("/ui/static/\(files.address)\(path)"), "\(path)") }
      for link in links {
        let reply = try await live.client().send("GET", String(link))
        #expect(reply.status == 200, "\(link)")
        #expect(reply.headers["cache-control"] == "public, max-age=31536000, immutable")
      }
      #expect(try await live.client().send("GET", "/ui/static/app.js").headers["cache-control"] == "no-cache")
      #expect(try await live.client().send("GET", "/ui/static/~0000000000000000/app.js").status == 404)
    }
  }

  @Test func aFolderIsReadWithinItsBounds() {
    let files = WebFiles(folder: "/etc")
    for path in ["../etc/passwd", "passwd", "./hosts", "", "ssl/../passwd", "a\0.js", ".hidden.js"] {
      #expect(files.find(path) == nil)
    }
  }

  @Test func embeddedFilesAreTheWholeSite() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../web").standardized.path()
    let enumerator = try #require(FileManager.default.enumerator(atPath: folder))
    let present = enumerator.compactMap { $0 as? String }.filter { path in
      WebFiles.contentType(path) != nil && !path.hasPrefix("tests") && !path.hasPrefix("mock") && !path.hasSuffix(".json")
        && !path.split(separator: "/").contains { $0.hasPrefix("tests") }
    }
    #expect(WebFiles(folder: nil).paths == present.sorted(), "run Sources/CairnWeb/update")
  }
}

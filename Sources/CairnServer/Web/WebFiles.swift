// SPDX-License-Identifier: Apache-2.0
import CairnWeb
import Crypto
import NIOCore

/// The files of the pages: from inside the program, or from a folder while they are worked on.
struct WebFiles: Sendable {
  struct File: Sendable {
    var contentType: String
    var plain: Form
    /// In gzip, where that is smaller; packed once, at the start.
    var gzip: Form?

    fileprivate init(_ bytes: ByteBuffer, contentType: String, isPacked: Bool) {
      self.contentType = contentType
      plain = Form(bytes)
      gzip = isPacked ? bytes.packed(level: 9).map(Form.init) : nil
    }
  }

  /// The bytes of a file in one coding.
  struct Form: Sendable {
    var bytes: ByteBuffer
    /// Strong, from the bytes.
    var entityTag: String

    fileprivate init(_ bytes: ByteBuffer) {
      self.bytes = bytes
      entityTag = WebFiles.entityTag(bytes.readableBytesView)
    }
  }
  private let files: [String: File]
  private let folder: String?
  /// `~`, a digest of all files and `/`: before a path, it names the file as it is in this build. Empty for a folder, whose files change.
  let address: String

  /// `folder` nil: the files in the program.
  init(folder: String?) {
    self.folder = folder
    var files = folder == nil ? Self.embedded() : [:]
    address = folder == nil ? Self.address(of: files) : ""
    if let document = files["index.html"] { files["index.html"] = Self.addressed(document, address, modules: files.keys.sorted()) }
    self.files = files
  }

  /// The paths of the files in the program.
  var paths: [String] { files.keys.sorted() }

  /// Whether what a path names never changes, so that a browser need not ask again.
  func isFixed(_ path: String) -> Bool { !address.isEmpty && path.hasPrefix(address) }

  /// The file at a path below `web/`, or nil. Paths with empty, hidden or parent segments find nothing.
  func find(_ path: String) -> File? {
    guard let folder else { return files[isFixed(path) ? String(path.dropFirst(address.count)) : path] }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !segments.isEmpty, segments.allSatisfy({ !$0.isEmpty && $0.first != "." && !$0.contains("\0") }) else { return nil }
    guard let type = Self.contentType(path), let bytes = ServerFiles.bytes(at: "\(folder)/\(path)") else { return nil }
    return File(ByteBuffer(bytes: bytes), contentType: type, isPacked: false)
  }

  private static func embedded() -> [String: File] {
    var files: [String: File] = [:]
    for index in 0..<cairn_web_file_count {
      let entry = unsafe cairn_web_file_at(index)
      let path = unsafe String(cString: entry.path)
      let bytes = unsafe ByteBuffer(bytes: UnsafeBufferPointer(start: entry.bytes, count: entry.count))
      guard let type = contentType(path) else { continue }
      files[path] = File(bytes, contentType: type, isPacked: true)
    }
    return files
  }

  private static func address(of files: [String: File]) -> String {
    let whole = files.sorted { $0.key < $1.key }.map { $0.key + $0.value.plain.entityTag }.joined()
    return "~" + entityTag(whole.utf8).dropFirst().dropLast() + "/"
  }

  /// The document with the addresses of this build. It names all modules, so that a browser fetches them at once and not one import after the other.
  private static func addressed(_ document: File, _ address: String, modules: [String]) -> File {
    let links = modules.filter { $0.hasSuffix(".js") && $0.contains("/") && !$0.hasSuffix(".test.js") && $0 != "model/testing.js" }
      .map { "<link rel=\"modulepreload\" href=\"/ui/static/\($0)\">\n" }.joined()
    let text = String(decoding: document.plain.bytes.readableBytesView, as: UTF8.self)
    let whole = text.replacing("</head>", with: links + "</head>").replacing("/ui/static/", with: "/ui/static/" + address)
    return File(ByteBuffer(string: whole), contentType: document.contentType, isPacked: true)
  }

  /// The media type by the name's ending; nil for what is not served.
  static func contentType(_ path: String) -> String? {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    switch path[path.index(after: dot)...] {
    case "html": return "text/html; charset=utf-8"
    case "css": return "text/css; charset=utf-8"
    case "js": return "text/javascript; charset=utf-8"
    case "svg": return "image/svg+xml"
    case "png": return "image/png"
    case "woff2": return "font/woff2"
    case "json": return "application/json"
    default: return nil
    }
  }

  private static func entityTag(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in SHA256.hash(data: Array(bytes)).prefix(8) { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return "\"" + String(decoding: text, as: UTF8.self) + "\""
  }
}

// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// The pages. One document serves every page; which one it shows it finds out from its address.
struct WebPages: Sendable {
  let files: WebFiles

  init(state: ServerState) { files = WebFiles(folder: state.settings.webDirectory) }

  var routes: [Route] {
    let page: @Sendable (Exchange) async throws(Refusal) -> Response = { (exchange) async throws(Refusal) in
      try serve("index.html", exchange)
    }
    return [
      Route(.GET, "/", .anyone, .plain, page),
      Route(.GET, "/ui", .anyone, .plain, page),
      Route(.GET, "/ui/static/*", .anyone, .plain) { (exchange) async throws(Refusal) in
        try serve(exchange.parameters["*"], exchange)
      },
      Route(.GET, "/ui/*", .anyone, .plain) { (exchange) async throws(Refusal) in
        let last = exchange.parameters["*"].split(separator: "/").last ?? ""
        let isFile = last.contains(".")
        guard !isFile else { throw Refusal(.notFound, "Files of the pages are under /ui/static/.") }
        return try serve("index.html", exchange)
      },
    ]
  }

  private func serve(_ path: String, _ exchange: Exchange) throws(Refusal) -> Response {
    guard let file = files.find(path) else { throw Refusal(.notFound, "There is no such file.") }
    let caching = files.isFixed(path) ? "public, max-age=31536000, immutable" : "no-cache"
    let gzip = exchange.request.takesGzip ? file.gzip : nil, form = gzip ?? file.plain
    var headers: HTTPHeaders = ["content-type": file.contentType, "etag": form.entityTag, "cache-control": caching, "vary": "accept-encoding"]
    for (name, value) in Self.safety { headers.add(name: name, value: value) }
    if exchange.request.knows(form.entityTag) { return Response(status: .notModified, headers: headers) }
    if gzip != nil { headers.add(name: "content-encoding", value: "gzip") }
    return Response(headers: headers, body: .bytes(form.bytes))
  }

  /// What keeps a page from running anything but its own files, and others from framing it.
  static let safety: [(String, String)] = [
    (
      "content-security-policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
  ]
}

// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// The CORS headers (Fetch standard) of the ingest doors, for SDKs that run in a browser.
enum CrossOrigin {
  /// The answer to a preflight of an ingest path.
  static func preflight(_ request: Request, guardian: BrowserGuard) -> Response {
    guard let origin = request.header("origin"), guardian.allowsIngest(from: origin) else {
      return Response(status: .forbidden, contentType: "text/plain", text: "This origin may not send events here.\n")
    }
    var response = Response(status: .noContent)
    allow(origin, in: &response)
    response.headers.add(name: "access-control-allow-methods", value: "POST")
    let asked = request.header("access-control-request-headers") ?? "content-type"
    response.headers.add(name: "access-control-allow-headers", value: asked.filter { $0.isASCII && !$0.isNewline })
    response.headers.add(name: "access-control-max-age", value: "7200")
    return response
  }

  /// Lets the page read the answer.
  static func annotate(_ response: inout Response, _ request: Request, guardian: BrowserGuard) {
    guard let origin = request.header("origin"), guardian.allowsIngest(from: origin) else { return }
    allow(origin, in: &response)
  }

  private static func allow(_ origin: String, in response: inout Response) {
    response.headers.replaceOrAdd(name: "access-control-allow-origin", value: origin)
    response.headers.replaceOrAdd(name: "vary", value: "origin")
  }
}

// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnIssues
import CairnRollbar
import NIOCore
import NIOHTTP1

/// Source maps: uploaded by Rollbar's form, listed and removed by Cairn's own paths; and what Cairn has none of, said plainly.
struct RollbarSourceMaps: Sendable {
  let api: RollbarAPI

  var routes: [Route] {
    var upload = Route(.POST, "/api/1/sourcemap", .anyone, .rollbar) { (exchange) async throws(Refusal) in try take(exchange) }
    upload.bodyBytesMax = SourceMapShelf.byteCountMax
    return [
      upload,
      api.route(.GET, "/sourcemaps", [.read]) { (_, caller) async throws(Refusal) in
        api.answer { (writer) in
          writer.beginArray()
          for entry in api.state.sourceMaps.entries(projectID: caller.project.id) { writer.object { entry.write(&$0) } }
          writer.endArray()
        }
      },
      api.route(.DELETE, "/sourcemap/:id", [.write]) { (exchange, caller) async throws(Refusal) in
        let id = try api.number(exchange, "id")
        let isRemoved = try api.written { () throws(CatalogError) in try api.state.sourceMaps.remove(id: id, projectID: caller.project.id) }
        guard isRemoved else { throw Refusal(.notFound, "the project has no source map with the id \(id)") }
        return jsonResponse { $0.member("err", 0) }
      },
    ] + unsupported
  }

  /// Rollbar's form: access_token, version, minified_url, source_map, and the sources by their paths where the map does not hold them.
  private func take(_ exchange: Exchange) throws(Refusal) -> Response {
    guard
      let form = MultipartForm(contentType: exchange.request.header("content-type") ?? "", body: exchange.request.body)
    else { throw Refusal(.malformed, "the body must be multipart/form-data with version, minified_url and source_map") }
    let caller = try RollbarAccess(state: api.state).caller(
      exchange.request, bodyToken: form["access_token"], needs: [.postServerItem, .write])
    guard let version = form["version"], (1...100).contains(version.count) else { throw Refusal(.invalid, "version is required") }
    guard let url = form["minified_url"], (1...2_000).contains(url.count) else { throw Refusal(.invalid, "minified_url is required") }
    guard let part = form.parts.first(where: { $0.name == "source_map" }) else { throw Refusal(.invalid, "source_map is required") }
    guard let json = try? JSONValue(parsing: part.bytes) else { throw Refusal(.invalid, "source_map is not JSON") }
    let whole = withSources(json, form)
    do throws(SourceMap.Fault) { _ = try SourceMap(whole) } catch { throw Refusal(.invalid, error.reason) }
    let now = api.nowUnixSeconds
    let entry = try api.written { () throws(CatalogError) in
      try api.state.sourceMaps.put(projectID: caller.project.id, version: version, url: url, whole, nowUnixSeconds: now)
    }
    return api.answer { (writer) in writer.object { entry.write(&$0) } }
  }

  /// The map with the texts of sources that came beside it and that it lacks.
  private func withSources(_ map: JSONValue, _ form: MultipartForm) -> JSONValue {
    guard let sources = map["sources"]?.array, let members = map.members else { return map }
    let own = map["sourcesContent"]?.array ?? []
    var isChanged = false
    let contents = sources.enumerated().map { (index, source) -> JSONValue in
      if index < own.count, own[index].string != nil { return own[index] }
      guard let name = source.string, let text = form[name] else { return .null }
      isChanged = true
      return .string(text)
    }
    guard isChanged else { return map }
    return .object(members.filter { $0.name != "sourcesContent" } + [JSONMember("sourcesContent", .array(contents))])
  }

  /// Paths of Rollbar's that Cairn does not serve, each with the reason.
  private var unsupported: [Route] {
    let replays = "Cairn keeps no session replays; an occurrence has its session's id as the field session.id"
    let paths: [(HTTPMethod, String, String)] = [
      (.POST, "/sourcemap/download", "Cairn fetches no source maps; upload them to /api/1/sourcemap"),
      (.POST, "/signed_url/sourcemap_bundle", "Cairn has no signed uploads; upload maps to /api/1/sourcemap"),
      (.POST, "/session", replays),
      (.GET, "/environment/:environment/session/:session/replay/:replay", replays),
      (.POST, "/metrics/occurrences", "use /api/1/reports/occurrence_counts or /api/1/rql/jobs"),
      (.POST, "/metrics/items", "use /api/1/reports/activated_counts or /api/1/rql/jobs"),
      (.POST, "/metrics/ttr", "Cairn counts no times to resolve; an item's history has them"),
    ]
    return paths.map { (method, path, reason) in
      Route(method, "/api/1" + path, .anyone, .rollbar) { (_) async throws(Refusal) in throw Refusal(.notFound, reason) }
    }
  }
}

extension SourceMapShelf.Entry {
  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("project_id", projectID)
    writer.member("version", version)
    writer.member("minified_url", url)
    writer.member("bytes", byteCount)
    writer.member("date_created", createdUnixSeconds)
  }
}

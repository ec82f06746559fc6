// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import NIOCore
import NIOHTTP1

/// What happens to a request between the wire and its route: found, checked, counted, answered.
struct ServerCore: Service {
  let state: ServerState
  let gatekeeper: Gatekeeper
  let guardian: BrowserGuard
  let table: RouteTable

  init(state: ServerState, checksHost: Bool) {
    self.state = state
    gatekeeper = Gatekeeper(catalog: state.parts.catalog, clock: state.parts.clock)
    guardian = BrowserGuard(ingestOrigins: state.settings.ingestOrigins, hosts: state.settings.hosts, checksHost: checksHost)
    table = RouteTable(allRoutes(state))
  }

  func admit(_ request: Request) -> Admission {
    switch table.find(request.method, request.path, at: request.listener) {
    case .nothing: return .refuse(refuse(Refusal(.notFound, notFoundReason(request)), request, nil))
    case .otherMethods(let methods, let route):
      if request.method == .OPTIONS, route.door != nil { return .refuse(CrossOrigin.preflight(request, guardian: guardian)) }
      var refusal = Refusal(
        .methodNotAllowed, "This path takes \(methods.joined(separator: ", ")), not \(request.method.rawValue).")
      refusal.allowedMethods = methods
      return .refuse(refuse(refusal, request, route))
    case .route(let route, let parameters):
      do {
        try guardian.checkHost(request, isOpen: gatekeeper.isOpen)
        try guardian.checkOrigin(request, isIngest: route.door != nil)
        let principal = try gatekeeper.identify(request, for: route.access)
        return .take(Ticket(route: route, parameters: parameters, principal: principal, bodyBytesMax: route.bodyBytesMax))
      } catch {
        return .refuse(refuse(error, request, route))
      }
    }
  }

  func respond(to request: Request, admitted ticket: Ticket) async -> Response {
    let route = ticket.route
    let start = ContinuousClock.now
    defer {
      if let door = route.door { state.telemetry.ingest(door: door.door.rawValue, bytes: request.body.readableBytes, ContinuousClock.now - start) }
    }
    do {
      try gatekeeper.confirm(ticket.principal, request)
      var response = try await route.handle(
        Exchange(request: request, parameters: ticket.parameters, principal: ticket.principal))
      if route.dialect == .cairn { response = response.packed(for: request) }
      if case .stream(let produce) = response.body {
        let (gatekeeper, principal) = (gatekeeper, ticket.principal)
        response.body = .stream { writer in
          var writer = writer
          writer.mustGoOn = { try gatekeeper.mustStillBeGood(principal) }
          try await produce(writer)
        }
      }
      if route.door != nil { CrossOrigin.annotate(&response, request, guardian: guardian) }
      state.telemetry.request(route: route.pattern, status: Int(response.status.code))
      return response
    } catch {
      return refuse(error, request, route, environment: ticket.principal.environment)
    }
  }

  func overflow(_ request: Request, admitted ticket: Ticket, cause: BodyOverflow) -> Response {
    let refusal =
      switch cause {
      case .tooLarge(let limit): Refusal(.tooLarge, "The body is larger than \(limit) bytes.")
      case .outOfMemory: Refusal(.unavailable, "Too many large requests at the same time.", retryAfterSeconds: 2)
      case .tooSlow: Refusal(.timeout, "The body did not come within \(state.limits.bodyTimeout.nanoseconds / 1_000_000_000) s.")
      }
    return refuse(refusal, request, ticket.route, environment: ticket.principal.environment)
  }

  func malformed(listener: ListenerRole, remoteAddress: String, reason: String) {
    let door: Door = listener == .otlpGRPC ? .otlpGRPC : listener == .xray ? .xrayDaemon : .otlpHTTP
    state.ledger.rejected(
      .init(
        door: door.rawValue, method: "", path: "", status: 400, reason: reason, client: remoteAddress,
        lastUnixMicroseconds: state.nowUnixMicroseconds))
  }

  // MARK: Refusals

  private func refuse(_ refusal: Refusal, _ request: Request, _ route: Route?, environment: String? = nil) -> Response {
    let dialect = route?.dialect ?? guessedDialect(request)
    var response = ErrorResponse.make(refusal, in: dialect, to: request)
    state.telemetry.request(route: route?.pattern ?? "none", status: Int(refusal.kind.status.code))
    // Whoever went away before the answer was refused nothing; the request counts by its status.
    if refusal.kind != .cancelled { state.telemetry.refusal(door: route?.door?.door.rawValue, reason: refusal.kind.name) }
    guard route?.door != nil || (route == nil && NearMiss.looksLikeIngest(request)) else { return response }
    CrossOrigin.annotate(&response, request, guardian: guardian)
    let door = route?.door?.door ?? (dialect == .grpc ? .otlpGRPC : .otlpHTTP)
    state.ledger.rejected(
      .init(
        environment: environment, door: door.rawValue, method: request.method.rawValue, path: request.path,
        status: Int(refusal.kind.status.code),
        reason: refusal.reason, client: request.header("user-agent") ?? request.remoteAddress,
        lastUnixMicroseconds: state.nowUnixMicroseconds))
    return response
  }

  private func guessedDialect(_ request: Request) -> Dialect {
    if request.mediaType.hasPrefix("application/grpc") { return .grpc }
    if request.listener == .xray || isSignedFor("xray", request) { return .awsRESTJSON }
    if request.path.hasPrefix("/1/") || request.path.hasPrefix("/2/") { return .honeycomb }
    if request.path.hasPrefix("/api/cairn/") { return .cairn }
    if request.path.hasPrefix("/api/1/") { return .rollbar }
    return NearMiss.looksLikeIngest(request) ? .otlp : .plain
  }

  /// True if the request carries a signature whose scope names the service.
  private func isSignedFor(_ service: String, _ request: Request) -> Bool {
    SignatureV4.isPresent(in: request) && (try? SignatureV4(request))?.service == service
  }

  private func notFoundReason(_ request: Request) -> String {
    if NearMiss.looksLikeIngest(request), let hint = NearMiss.hint(request) { return hint }
    return "Nothing is served at \(request.path.prefix(200))."
  }
}

/// X-Ray's operations, a family each.
private func xrayRoutes(_ state: ServerState) -> [Route] {
  let families: [[Route]] = [
    XRayDoor(state: state).routes, TraceOperations(state: state).routes, SamplingOperations(state: state).routes,
    TagOperations(state: state).routes, AccountOperations(state: state).routes, DocumentAPI(state: state).routes,
  ]
  return families.flatMap { $0 }
}

/// Every route of the server: the one table.
func allRoutes(_ state: ServerState) -> [Route] {
  let otlp = OTLPDoor(
    groups: LogsDesk(state: state), store: state.store, ledger: state.ledger, clock: state.parts.clock, bodyBytesMax: state.limits.bodyBytesMax)
  let gatekeeper = Gatekeeper(catalog: state.parts.catalog)
  return otlp.routes + OperationsAPI(state: state).routes + DataAPI(state: state, gatekeeper: gatekeeper).routes
    + ServicesAPI(state: state).routes + TracesAPI(state: state).routes + DoorsAPI(state: state).routes + ServerAPI(state: state).routes
    + FindAPI(state: state).routes + TailAPI(state: state).routes + ExportAPI(state: state).routes + LogsAPI(state: state).routes + xrayRoutes(state)
    + HoneycombAPI(state: state).routes + XRayQueryAPI(state: state).routes
    + CloudWatchDoor(state: state).routes
    + RollbarAPI(state: state).routes + ErrorsAPI(state: state).routes + DeliveriesAPI(state: state).routes + RulesAPI(state: state).routes
    + TriggersAPI(state: state).routes + SLOsAPI(state: state).routes + BoardsAPI(state: state).routes
    + WebPages(state: state).routes
}

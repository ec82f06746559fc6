// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What can go wrong.
enum Cause: Sendable {
  case queryTimeout
  case queryConflict
  case connectionRefused
  case peerTimeout
  case badData
}

/// An exception as a span event carries it, and the status that the service answers with.
struct Failure: Sendable {
  var type: String
  var message: String
  var stacktrace: String
  var status: Int

  /// `peer` is the host that did not answer, `place` the function that asked.
  init(_ cause: Cause, in service: Service, peer: String, place: String) {
    let words = Self.words(cause, service.language)
    type = words.type
    message = words.message.replacing("{peer}", with: peer)
    status = cause == .peerTimeout || cause == .queryTimeout ? 504 : cause == .connectionRefused ? 503 : 500
    stacktrace = Self.trace(service, place: place, type: type, message: message)
  }

  private static func words(_ cause: Cause, _ language: Language) -> (type: String, message: String) {
    switch (language, cause) {
    case (.python, .queryTimeout): ("psycopg.errors.QueryCanceled", "canceling statement due to statement timeout")
    case (.python, .queryConflict):
      ("psycopg.errors.UniqueViolation", #"duplicate key value violates unique constraint "activities_pkey""#)
    case (.python, .connectionRefused):
      ("redis.exceptions.ConnectionError", "Error 111 connecting to {peer}. Connection refused.")
    case (.python, .peerTimeout):
      ("requests.exceptions.ReadTimeout", "HTTPConnectionPool(host='{peer}', port=8080): Read timed out. (read timeout=5)")
    case (.python, .badData): ("KeyError", "'cognito_user_id'")
    case (.go, .queryTimeout): ("*errors.errorString", "context deadline exceeded")
    case (.go, .queryConflict): ("*pgconn.PgError", "ERROR: could not serialize access due to concurrent update (SQLSTATE 40001)")
    case (.go, .connectionRefused): ("*net.OpError", "dial tcp {peer}: connect: connection refused")
    case (.go, .peerTimeout):
      ("*url.Error", #"Get "http://{peer}:8080": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#)
    case (.go, .badData): ("*json.SyntaxError", "invalid character '<' looking for beginning of value")
    case (.java, .queryTimeout): ("org.postgresql.util.PSQLException", "ERROR: canceling statement due to user request")
    case (.java, .queryConflict):
      ("org.springframework.dao.CannotAcquireLockException", "could not obtain lock on row in relation \"subscriptions\"")
    case (.java, .connectionRefused): ("java.net.ConnectException", "Connection refused: {peer}")
    case (.java, .peerTimeout): ("java.net.http.HttpTimeoutException", "request timed out: {peer}")
    case (.java, .badData):
      ("java.lang.NullPointerException", "Cannot invoke \"Plan.code()\" because \"subscription.plan\" is null")
    case (.nodejs, .queryTimeout): ("QueryTimeoutError", "Query read timeout")
    case (.nodejs, .queryConflict): ("DatabaseError", "deadlock detected")
    case (.nodejs, .connectionRefused): ("Error", "connect ECONNREFUSED {peer}")
    case (.nodejs, .peerTimeout): ("AxiosError", "timeout of 5000ms exceeded: {peer}")
    case (.nodejs, .badData): ("TypeError", "Cannot read properties of undefined (reading 'handle')")
    }
  }

  private static func trace(_ service: Service, place: String, type: String, message: String) -> String {
    let module = service.codeNamespace
    let line = 40 + place.utf8.count * 7
    switch service.language {
    case .python:
      return """
        Traceback (most recent call last):
          File "/app/.venv/lib/python3.12/site-packages/flask/app.py", line 917, in full_dispatch_request
            rv = self.dispatch_request()
          File "/app/.venv/lib/python3.12/site-packages/flask/app.py", line 902, in dispatch_request
            return self.ensure_sync(self.view_functions[rule.endpoint])(**view_args)
          File "/app/\(module)/routes.py", line 88, in wrapper
            return fn(*args, **kwargs)
          File "/app/\(module)/services.py", line \(line), in \(place)
            result = self.client.\(place)(request, timeout=5)
          File "/app/\(module)/client.py", line 133, in execute
            raise ex.with_traceback(None)
        \(type): \(message)
        """
    case .go:
      return """
        goroutine 4711 [running]:
        runtime/debug.Stack()
        \t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
        microblog/\(module)/internal/client.(*Client).\(place)(0xc000212040, {0xe4c2a0, 0xc0004ee0f0})
        \t/src/\(module)/internal/client/client.go:\(line) +0x2a5
        microblog/\(module)/internal/http.(*Server).handle(0xc00011e000, {0xe4b8d8, 0xc0003ca1c0}, 0xc0002d6500)
        \t/src/\(module)/internal/http/server.go:96 +0x1f1
        net/http.HandlerFunc.ServeHTTP(0xc0000b6930, {0xe4b8d8, 0xc0003ca1c0}, 0xc0002d6500)
        \t/usr/local/go/src/net/http/server.go:2220 +0x29
        """
    case .java:
      return """
        \(type): \(message)
        \tat com.microblog.\(module).Client.\(place)(Client.java:\(line))
        \tat com.microblog.\(module).Service.handle(Service.java:71)
        \tat com.microblog.\(module).Controller.invoke(Controller.java:44)
        \tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:885)
        \tat org.apache.tomcat.util.threads.ThreadPoolExecutor$Worker.run(ThreadPoolExecutor.java:659)
        \tat java.base/java.lang.Thread.run(Thread.java:1583)
        """
    case .nodejs:
      return """
        \(type): \(message)
            at \(place) (/app/\(module)/client.js:\(line):17)
            at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
            at async handle (/app/\(module)/server.js:58:20)
            at async Layer.handleRequest (/app/node_modules/router/lib/layer.js:152:17)
        """
    }
  }
}

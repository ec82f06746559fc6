// SPDX-License-Identifier: Apache-2.0

/// What a list shows a span as. X-Ray's segments are named as their services, which a list shows anyway: their request says more,
/// `GET /path`.
public func shownName(_ name: String, service: String, method: String?, url: String?) -> String {
  guard name == service, let method, let url else { return name }
  let rest = url.firstRange(of: "://").map { url[$0.upperBound...].drop { $0 != "/" } } ?? url[...]
  let path = rest.prefix { $0 != "?" && $0 != "#" }
  return method + " " + (path.isEmpty ? "/" : path)
}

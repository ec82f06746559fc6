// SPDX-License-Identifier: Apache-2.0

extension Kit {
  /// Says that a revision is live now: to Rollbar as a deploy, to Honeycomb as a marker of type `deploy`; whichever has a credential.
  ///
  /// False where one of them did not take it, or where there is none.
  public func reportDeploy(revision: String, localUser: String? = nil, comment: String? = nil, url: String? = nil) async -> Bool {
    guard rollbar != nil || markers != nil else { return false }
    async let toRollbar = rollbar?.deploy(revision: revision, localUser: localUser, comment: comment) ?? true
    let text = [revision, comment].compactMap { $0 }.joined(separator: ": ")
    async let toHoneycomb = markers?.mark(type: "deploy", message: text, url: url) ?? true
    let (first, second) = await (toRollbar, toHoneycomb)
    return first && second
  }

  /// Puts a marker into Honeycomb's graphs. False where it was not taken, or where no key is set.
  public func mark(_ message: String, type: String, url: String? = nil) async -> Bool {
    await markers?.mark(type: type, message: message, url: url) ?? false
  }
}

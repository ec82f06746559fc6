// SPDX-License-Identifier: Apache-2.0

/// The cause that the demo hides and BubbleUp finds: one release in one region is slow on one path.
///
/// Every region runs every release, in all its zones and pods, so neither of the two alone explains it and nothing else does.
/// Of all requests since the release went out 3 % are in the cohort (15 % of the region times 20 % of the release); those of them that read the
/// home timeline are slow.
public enum PlantedFault {
  /// The value of `app.version`.
  public static let version = "1.4.2"
  /// The release that served in its place before it went out.
  static let versionBefore = "1.4.1"
  /// What the marker of its deploy says.
  public static let deploy = "\(service) \(version)"
  /// The value of `cloud.region`.
  public static let region = "ca-central-1"
  /// How many times longer the faulty service and all that it calls takes.
  public static let factor = 8.0
  /// The service that is slow, and its span.
  public static let service = "timeline"
  /// The name of the slow service's span.
  public static let spanName = "GET /timeline/<user>"
  /// The name of the request that a user sees slow, on the spans of `gateway` and `backend-flask`.
  public static let requestName = "GET /api/activities/home"
  /// The chance that the slow query runs into its timeout.
  static let failureChance = 0.06
}

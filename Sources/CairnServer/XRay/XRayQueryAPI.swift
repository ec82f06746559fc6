// SPDX-License-Identifier: Apache-2.0

/// The half of X-Ray that asks: summaries, graphs, groups, insights.
struct XRayQueryAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    let groups = XRayGroups(state: state)
    return XRaySummariesAPI(state: state, groups: groups).routes + XRayGraphAPI(state: state, groups: groups).routes
      + XRayGroupsAPI(state: state, groups: groups).routes + XRayInsightsAPI(state: state, groups: groups).routes
      + MapAPI(state: state, groups: groups).routes
  }
}

// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

extension RequestFormat {
  /// One item, as JSON.
  public static let rollbarItem = RequestFormat(rawValue: 48)
  /// An array of items, as JSON.
  public static let rollbarBatch = RequestFormat(rawValue: 49)
}

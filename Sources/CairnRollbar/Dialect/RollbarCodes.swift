// SPDX-License-Identifier: Apache-2.0
public import CairnIssues

/// The numbers that Rollbar's webhooks and reports give for what its item API names in words.
public enum RollbarCodes {
  /// By weight: an item below another in this list is worse.
  public static let levels: [(name: String, number: Int)] = [
    ("debug", 10), ("info", 20), ("warning", 30), ("error", 40), ("critical", 50),
  ]
  public static let frameworks = [
    "unknown", "rails", "django", "pyramid", "node-js", "pylons", "php", "browser-js", "rollbar-system", "android", "ios", "mailgun",
    "logentries", "python", "ruby", "sidekiq", "flask", "celery", "rq",
  ]
  public static let platforms = ["unknown", "browser", "flash", "android", "ios", "heroku", "google-app-engine", "client"]

  /// A level's number; 0 for another word.
  public static func level(_ name: String) -> Int { levels.first { $0.name == name }?.number ?? 0 }

  /// A level by its name or its number.
  public static func level(named text: String) -> String? { levels.first { $0.name == text.lowercased() || String($0.number) == text }?.name }

  /// The framework of an item; where it names none, its language stands for one, as Rollbar has it.
  public static func framework(_ item: Item) -> String {
    if !item.framework.isEmpty, item.framework != "unknown" { return item.framework }
    switch item.language.lowercased().prefix(while: { $0.isLetter }) {
    case "python": return "python"
    case "ruby": return "ruby"
    case "php": return "php"
    case "javascript": return item.platform == "browser" ? "browser-js" : "node-js"
    default: return "unknown"
    }
  }

  public static func framework(_ name: String) -> Int { frameworks.firstIndex(of: name) ?? 0 }

  public static func platform(_ name: String) -> Int { platforms.firstIndex(of: name) ?? 0 }
}

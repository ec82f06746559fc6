// SPDX-License-Identifier: Apache-2.0

/// What an error says of itself, whichever door it came through: all that grouping looks at.
public struct ErrorReport: Sendable, Hashable {
  public enum Body: Sendable, Hashable {
    /// Exceptions, the outermost first, its causes behind it.
    case chain([ErrorTrace])
    case message(ErrorMessage)
    /// A raw crash report.
    case crash(String)
  }
  public var body: Body
  public var language = ""
  public var notifierName = ""
  /// The folder under which the program's own files lie.
  public var root = ""
  /// A fingerprint that the program chose; empty where it chose none.
  public var fingerprint = ""

  public init(_ body: Body) { self.body = body }
}

/// One exception of a chain.
public struct ErrorTrace: Sendable, Hashable {
  public var className: String
  public var message: String
  public var frames: [ErrorFrame]

  public init(className: String, message: String, frames: [ErrorFrame]) {
    self.className = className
    self.message = message
    self.frames = frames
  }
}

/// One frame of a stack: never its line or column, which shift with every edit, but for a page that shows them.
public struct ErrorFrame: Sendable, Hashable {
  public var file: String
  public var function: String
  /// nil where the notifier does not say.
  public var isInApp: Bool?
  /// Names before a source map was applied; nil where none was. Grouping does not look at them.
  public var minifiedFile: String?
  public var minifiedFunction: String?
  /// 0 where it is not known.
  public var line = 0
  public var column = 0

  public init(file: String, function: String, isInApp: Bool? = nil, line: Int = 0, column: Int = 0) {
    self.file = file
    self.function = function
    self.isInApp = isInApp
    self.line = line
    self.column = column
  }
}

/// A log message.
public struct ErrorMessage: Sendable, Hashable {
  /// Where a logger was called.
  public struct Site: Sendable, Hashable {
    public var logger: String
    public var module: String
    public var function: String

    public init(logger: String, module: String, function: String) {
      self.logger = logger
      self.module = module
      self.function = function
    }
  }
  public var text: String
  /// What was put into the text's places, as text.
  public var arguments: [String]
  public var site: Site?

  public init(text: String, arguments: [String] = [], site: Site? = nil) {
    self.text = text
    self.arguments = arguments
    self.site = site
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// One value that a breakdown groups by, before it is shown.
enum KeyPart: Sendable, Hashable {
  /// A code of the domain; 0 is absence.
  case code(UInt32)
  case integer(Int64)
  /// The bits of a double, negative zero as zero.
  case float(UInt64)
  case spanID(UInt64)
}

/// The values of one field over all pieces of a question as one space of codes.
///
/// ```
/// 0 absent | 1 ... texts and ids | false true | integers by value
/// ```
/// Where integers span too much, and for floats and span ids, a value is not a code: the domain is open, and workers number such values
/// as they come.
struct KeyDomain: Sendable {
  /// How the rows of one piece get their codes.
  enum Source: Sendable {
    /// In the order of precedence: the first column that has a value gives it.
    case columns([Column])
    /// One code for all rows of a run.
    case runs([UInt32])
    /// 1 more than `falseCode` where the filter passes.
    case flag(PieceFilter)
  }

  /// How the stored values of one column become codes.
  struct Column: Sendable {
    enum Form: Sendable {
      /// The stored value is the code.
      case identity
      case mapped([UInt32])
      /// code = value - least + firstInteger
      case integers
      case openIntegers
      /// Scaled numbers and floats.
      case openFloats
      case openSpanIDs
    }
    var column: ScanColumn
    var form: Form
  }

  private(set) var sources: [Source] = []
  private(set) var texts: [ValueDictionary] = []
  private(set) var textCount = 0
  private(set) var hasBooleans = false
  private(set) var integerLeast: Int64 = 0
  private(set) var integerCount = 0
  /// Some values have no code.
  private(set) var isOpen = false

  /// Integers get codes while they span no more than this.
  static let integerCountMax = 1 << 16

  var falseCode: UInt32 { UInt32(textCount + 1) }
  var firstInteger: UInt32 { falseCode + (hasBooleans ? 2 : 0) }
  /// The number of codes, absence among them.
  var codeCount: Int { 1 + textCount + (hasBooleans ? 2 : 0) + integerCount }

  init(_ name: String, _ pieces: [OpenPiece], _ cache: DictionaryCache) {
    switch name {
    case FieldName.dataset: useRuns(pieces)
    case FieldName.isRoot:
      hasBooleans = true
      sources = pieces.map { .flag(PieceFilter(.compare(column: name, .equal, .boolean(true)), $0)) }
    default: useColumns(pieces.map { $0.columns(named: name) }, isSealed: pieces.map(\.piece.isSealed), cache)
    }
  }

  /// Ids of traces under a name. What is stored there as a number is no id and counts as absent, so that the domain is never open: one
  /// program's counters must not keep anybody from the traces of all others.
  init(traceIDs name: String, _ pieces: [OpenPiece], _ cache: DictionaryCache) {
    useColumns(pieces.map { $0.columns(named: name).filter(\.holdsTexts) }, isSealed: pieces.map(\.piece.isSealed), cache)
  }

  /// The domain of the given columns, by piece.
  init(columns: [[ScanColumn]], isSealed: [Bool]? = nil, _ cache: DictionaryCache) {
    useColumns(columns, isSealed: isSealed ?? columns.map { _ in true }, cache)
  }

  /// The value of a part as it is shown; nil for absence.
  func value(_ part: KeyPart) -> FieldValue? {
    switch part {
    case .integer(let value): return .integer(value)
    case .float(let bits): return .float(Double(bitPattern: bits))
    case .spanID(let bits): return .string(spanIDText(bits))
    case .code(0): return nil
    case .code(let code):
      if code < falseCode { return text(Int(code) - 1) }
      if code < firstInteger { return .boolean(code != falseCode) }
      return .integer(integerLeast &+ Int64(code - firstInteger))
    }
  }

  private func text(_ entry: Int) -> FieldValue? {
    var entry = entry
    for dictionary in texts {
      if entry < dictionary.count { return dictionary.value(entry) }
      entry -= dictionary.count
    }
    return nil
  }

  private mutating func useRuns(_ pieces: [OpenPiece]) {
    var codes: [ExactText: UInt32] = [:]
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    for piece in pieces {
      var codeOfRun: [UInt32] = []
      for run in piece.runs {
        if let code = codes[ExactText(run.dataset)] {
          codeOfRun.append(code)
          continue
        }
        bytes += Array(run.dataset.utf8)
        ends.append(UInt32(bytes.count))
        codes[ExactText(run.dataset)] = UInt32(ends.count)
        codeOfRun.append(UInt32(ends.count))
      }
      sources.append(.runs(codeOfRun))
    }
    texts = [ValueDictionary(.text(bytes: bytes, ends: ends))]
    textCount = ends.count
  }

  private mutating func useColumns(_ columns: [[ScanColumn]], isSealed: [Bool], _ cache: DictionaryCache) {
    let unifier = DictionaryUnifier(columns, isSealed: isSealed, cache)
    texts = unifier.texts
    textCount = unifier.textCount
    placeIntegers(columns)
    for list in columns {
      sources.append(.columns(list.map { Column(column: $0, form: form($0, unifier)) }))
    }
  }

  /// Decides whether the integers of all columns get codes, and whether anything else forces the domain open.
  private mutating func placeIntegers(_ columns: [[ScanColumn]]) {
    var bounds: ClosedRange<Int64>?
    var isWide = false
    for column in columns.joined() where column.presentCount > 0 {
      switch column.domain {
      case .booleans: hasBooleans = true
      case .integers:
        guard let own = integerBounds(column) else {
          isWide = true
          continue
        }
        bounds = widen(bounds, own)
      case .scaled, .floatBits, .spanIDs: isOpen = true
      case .dictionary(let dictionary):
        switch dictionary.entries {
        case .integers(let values):
          if let least = values.min(), let greatest = values.max() { bounds = widen(bounds, least...greatest) }
        case .floats: isOpen = true
        case .text, .templated, .traceIDs: break
        }
      }
    }
    let extent = bounds.map { $0.upperBound.subtractingReportingOverflow($0.lowerBound) }
    if let bounds, let extent, !isWide, !extent.overflow, extent.partialValue < Self.integerCountMax {
      integerLeast = bounds.lowerBound
      integerCount = Int(extent.partialValue) + 1
    } else if isWide || bounds != nil {
      isOpen = true
    }
  }

  private func widen(_ bounds: ClosedRange<Int64>?, _ own: ClosedRange<Int64>) -> ClosedRange<Int64> {
    guard let bounds else { return own }
    return min(bounds.lowerBound, own.lowerBound)...max(bounds.upperBound, own.upperBound)
  }

  private func form(_ column: ScanColumn, _ unifier: DictionaryUnifier) -> Column.Form {
    switch column.domain {
    case .booleans: return .mapped([0, falseCode, falseCode + 1])
    case .integers: return integerCount > 0 ? .integers : .openIntegers
    case .scaled, .floatBits: return .openFloats
    case .spanIDs: return .openSpanIDs
    case .dictionary(let dictionary):
      switch dictionary.entries {
      case .text, .templated, .traceIDs: return unifier.form(dictionary)
      case .floats: return .openFloats
      case .integers(let values):
        guard integerCount > 0 else { return .openIntegers }
        return .mapped([0] + values.map { firstInteger + UInt32($0 &- integerLeast) })
      }
    }
  }
}

/// The least and the greatest value of a column of whole numbers, from its blocks; nil where a block is wide or nothing is present.
func integerBounds(_ column: ScanColumn) -> ClosedRange<Int64>? {
  var bounds: ClosedRange<Int64>?
  for block in column.blocks where !block.isDamaged && block.nullCount < block.rowCount {
    guard block.width != .eight else { return nil }
    let low = block.base &+ Int64(bitPattern: block.storedMinimum &- 1)
    let high = block.base &+ Int64(bitPattern: block.storedMaximum &- 1)
    bounds = bounds.map { min($0.lowerBound, low)...max($0.upperBound, high) } ?? low...high
  }
  return bounds
}

extension ScanColumn {
  /// Texts or ids, and nothing else.
  fileprivate var holdsTexts: Bool {
    guard case .dictionary(let dictionary) = domain else { return false }
    return switch dictionary.entries {
    case .text, .templated, .traceIDs: true
    case .integers, .floats: false
    }
  }
}

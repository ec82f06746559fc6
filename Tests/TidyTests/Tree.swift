// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files of the checkout that people wrote.
enum Tree {
  /// The folder with Package.swift and the pages, found from this file upwards.
  static let root: URL = {
    var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/", !["Package.swift", "web/index.html"].allSatisfy({ exists(folder.appending(path: $0)) }) {
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  private static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

  private static let skipped: Set<String> = ["node_modules", "__pycache__", "cairn-data", "results"]
  private static let textExtensions: Set<String> = [
    "swift", "js", "css", "html", "py", "md", "sh", "c", "cpp", "h", "yaml", "yml", "json", "modulemap", "svg", "txt",
  ]
  private static let scripts: Set<String> = ["run", "test", ".ci/run", ".gitignore", ".swift-format"]

  /// Paths below the root with their sizes in bytes, sorted; nothing hidden but `.ci`, nothing built.
  static let paths: [(path: String, byteCount: Int)] = {
    var found: [(path: String, byteCount: Int)] = []
    walk(root, "", into: &found)
    return found.sorted { $0.path < $1.path }
  }()

  /// All text files.
  static let files: [SourceFile] = paths.compactMap { entry in
    let url = URL(filePath: entry.path, relativeTo: root)
    guard textExtensions.contains(url.pathExtension) || scripts.contains(entry.path) else { return nil }
    guard let text = try? String(contentsOf: root.appending(path: entry.path), encoding: .utf8) else { return nil }
    return SourceFile(path: entry.path, text: text)
  }

  static let swift = files.filter { $0.fileExtension == "swift" && !$0.path.hasPrefix("Package") }
  static let rooms = swift.filter { $0.path.hasPrefix("Sources/") }
  static let web = files.filter { $0.path.hasPrefix("web/") && $0.fileExtension == "js" }
  static let styles = files.filter { $0.path.hasPrefix("web/") && $0.fileExtension == "css" }

  private static func walk(_ folder: URL, _ prefix: String, into found: inout [(path: String, byteCount: Int)]) {
    let keys: [URLResourceKey] = [.isDirectoryKey, .isSymbolicLinkKey, .fileSizeKey]
    let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: keys)) ?? []
    for entry in entries {
      let name = entry.lastPathComponent
      guard !skipped.contains(name), !name.hasPrefix(".") || (prefix.isEmpty && [".ci", ".gitignore", ".swift-format"].contains(name)) else { continue }
      guard let values = try? entry.resourceValues(forKeys: Set(keys)), values.isSymbolicLink != true else { continue }
      if values.isDirectory == true {
        walk(entry, prefix + name + "/", into: &found)
      } else {
        found.append((prefix + name, values.fileSize ?? 0))
      }
    }
  }
}

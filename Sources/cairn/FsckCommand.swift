// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnCatalog
import CairnServer
import CairnStorage
import FoundationEssentials

/// `cairn fsck`: reads every byte of a data folder and says what is not as it should be. Changes nothing.
struct FsckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "fsck", abstract: "Check a data folder; changes nothing.")

  @OptionGroup var options: ServerOptions
  @Flag(help: "List the bytes of every column too.") var columns = false

  func run() async throws {
    let settings = try options.settings([:]), report: FsckReport, folder = settings.dataDirectory
    guard ["journal", "segments", "catalog.sqlite"].contains(where: { FileManager.default.fileExists(atPath: folder + "/" + $0) }) else {
      throw ValidationError("'\(folder)' is not a data folder of Cairn")
    }
    do {
      report = try Fsck(files: try SystemFiles(reading: folder)).run()
    } catch {
      throw ValidationError(error.message)
    }
    let sizes = "\(report.segmentCount) segments, \(report.journalCount) journals, \(report.byteCount) bytes"
    print("\(report.eventCount) events and \(report.requestCount) journalled requests in \(sizes)")
    if report.isInUse { print("in use: a server is writing; what it writes now may look unfinished") }
    for leftover in report.leftovers { print("left over  \(leftover.file)  \(leftover.byteCount) bytes  \(leftover.reason)") }
    for place in report.damage { print("damaged    \(place.file)  byte \(place.offset)  \(place.rowCount) rows  \(place.reason)") }
    let catalogFaults = try Catalog.faults(at: settings.catalogPath)
    for fault in catalogFaults { print("damaged    catalog.sqlite  \(fault)") }
    if columns { for column in report.columns { print("column     \(column.byteCount)  \(column.name)") } }
    guard report.isClean, catalogFaults.isEmpty else { throw ExitCode(1) }
    print("clean")
  }
}

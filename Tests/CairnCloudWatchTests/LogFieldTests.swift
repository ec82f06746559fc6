// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import Testing

@Suite struct LogFieldTests {
  @Test func namesOfItsOwnAreKeptFree() {
    #expect(LogField.name(ofPath: "user.id") == "user.id")
    for path in ["body", "meta.signal_type", "SampleRate", "dataset"] {
      #expect(LogField.name(ofPath: path) != path)
      #expect(LogField.path(ofName: LogField.name(ofPath: path)) == path)
    }
  }
}

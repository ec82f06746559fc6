// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnAlerts

@Suite struct AddressGuardTests {
  @Test(arguments: [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001:0:1::1", "not an address", "1.2.3",
  ])
  func refusesWhatIsInside(address: String) { #expect(AddressGuard.isPrivate(address)) }

  @Test(arguments: ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"])
  func letsTheInternetThrough(address: String) { #expect(!AddressGuard.isPrivate(address)) }

  @Test func namesOfThisMachineAreRefusedUnlessTheyAreListed() async throws {
    let target = try WebTarget("http://localhost:9/hook")
    await #expect(throws: DeliveryError.self) { try await AddressGuard().address(of: target) }
    #expect(try await !AddressGuard(allowedHosts: ["localhost"]).address(of: target).isEmpty)
  }

  @Test(arguments: [
    "ftp://x", "https://", "https://x:0/", "http://", "http://user@127.0.0.1/", "http://a b/", "http://x:0/", "http://x:99999/", "http://x:1:2/",
    "http://x\\@y/", "http://[::1", "http://exämple/", "http://x%2f/",
  ])
  func refusesOddAddresses(url: String) { #expect(throws: DeliveryError.self) { try WebTarget(url) } }

  @Test func readsPlainOnes() throws {
    #expect(try WebTarget("http://x.example:8081/a?b=c#d") == WebTarget("http://x.example:8081/a?b=c"))
    let target = try WebTarget("http://[2606:4700::1111]?q")
    #expect((target.host, target.port, target.path) == ("2606:4700::1111", 80, "/?q"))
    #expect((target.hostField, target.serverName) == ("[2606:4700::1111]", nil))
    let secure = try WebTarget("HTTPS://x.example/hook")
    #expect((secure.isSecure, secure.port, secure.hostField, secure.serverName) == (true, 443, "x.example", "x.example"))
    #expect(try WebTarget("https://127.0.0.1:444/").serverName == nil)
  }
}

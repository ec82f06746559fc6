// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnIssues

/// Stacks as the languages print them.
@Suite struct StackTextTests {
  @Test func readsPythonChainsOutermostFirst() {
    let chain = exceptionChain(
      className: "RuntimeError", message: "could not render the timeline",
      stack: """
        Traceback (most recent call last):
          File "/srv/app/microblog.py", line 120, in broken
            int("not a number")
        ValueError: invalid literal for int() with base 10: 'not a number'

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/usr/lib/python3.11/site-packages/flask/app.py", line 902, in dispatch_request
            return self.view()
          File "/srv/app/microblog.py", line 122, in broken
            raise RuntimeError("could not render the timeline") from cause
        RuntimeError: could not render the timeline
        """)
    #expect(chain.map(\.className) == ["RuntimeError", "ValueError"])
    #expect(chain[0].frames.map(\.function) == ["dispatch_request", "broken"])
    #expect(chain[0].frames.last?.line == 122)
    #expect(chain[1].message == "invalid literal for int() with base 10: 'not a number'")
  }

  @Test func readsJavaWithCauses() {
    let chain = exceptionChain(
      className: "", message: "",
      stack: """
        shop.PaymentException: declined
        \tat shop.Pay.run(Pay.java:12)
        \tat java.base/java.lang.Thread.run(Thread.java:833)
        Caused by: java.io.IOException: closed
        \tat shop.Card.load(Card.java:7)
        \t... 2 more
        """)
    #expect(chain.count == 2)
    #expect(chain[0].frames.map(\.function) == ["java.lang.Thread.run", "shop.Pay.run"])
    #expect(chain[1].className == "java.io.IOException")
    #expect(chain[1].frames[0] == ErrorFrame(file: "Card.java", function: "shop.Card.load", line: 7))
  }

  @Test(arguments: [
    ("TypeError: x\n    at pay (https://shop.example/js/app.js:5:46)\n    at /srv/app/b.js:12:4", "pay", "https://shop.example/js/app.js", 5),
    ("pay@https://shop.example/app.js:12:3\n@https://shop.example/app.js:1:1", "pay", "https://shop.example/app.js", 12),
    ("   at Shop.Pay.Run(String id) in C:\\shop\\Pay.cs:line 12\n   at System.Threading.Run()", "Shop.Pay.Run", "C:\\shop\\Pay.cs", 12),
    ("goroutine 1 [running]:\nmain.(*Shop).pay(0xc000, 0x1)\n\t/srv/app/shop.go:12 +0x1d\nmain.main()\n\t/srv/app/main.go:3 +0x1", "main.(*Shop).pay", "/srv/app/shop.go", 12),
    ("/srv/app/shop.rb:12:in 'pay': gone (Lost)\n\tfrom /srv/app/main.rb:3:in `<main>'", "pay", "/srv/app/shop.rb", 12),
    ("#0 /srv/app/shop.php(12): Shop->pay()\n#1 {main}", "Shop->pay", "/srv/app/shop.php", 12),
    ("0 0x00005555 pay() + 12 in shop at /srv/app/shop.swift:12:3\n1 0x00005556 main + 4 in shop at /srv/app/main.swift:1:1", "pay()", "/srv/app/shop.swift", 12),
  ])
  func readsTheInnermostFrame(text: String, function: String, file: String, line: Int) {
    let frame = exceptionChain(className: "E", message: "m", stack: text).first?.frames.last
    #expect(frame?.function == function)
    #expect(frame?.file == file)
    #expect(frame?.line == line)
  }

  @Test func standsAnyText() {
    for text in ["", "\n", "at ", "at (", "#", "#1 (", "0 0x", "File \"", "Caused by: ", "a@b:1:2", ":in ", "at x)", "Traceback (most recent call last):"] {
      #expect(!exceptionChain(className: "E", message: "m", stack: text).isEmpty)
    }
  }
}

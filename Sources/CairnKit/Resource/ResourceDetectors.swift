// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Finds out where the program runs: from the environment's variables and from files of the system; never from the network.
struct ResourceDetector {
  let environment: [String: String]
  /// The content of a file, or nil.
  let file: (String) -> String?

  init(environment: [String: String], file: @escaping (String) -> String? = SystemFile.text) {
    self.environment = environment
    self.file = file
  }

  /// `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` first, so that they win over what is found.
  func detect(attributes: [(name: String, value: String)]) -> Resource {
    var resource = Resource()
    resource.add("service.name", environment["OTEL_SERVICE_NAME"])
    for (name, value) in attributes { resource.add(name, value) }
    sourceRevision(&resource)
    aws(&resource)
    kubernetes(&resource)
    container(&resource)
    process(&resource)
    host(&resource)
    resource.add("telemetry.sdk.name", KitScope.name)
    resource.add("telemetry.sdk.language", "swift")
    resource.add("telemetry.sdk.version", KitScope.version)
    resource.add("service.name", "unknown_service:" + (resource["process.executable.name"] ?? "swift"))
    return resource
  }

  /// What the build or the platform says the program was built from.
  private func sourceRevision(_ resource: inout Resource) {
    resource.add("vcs.ref.head.revision", first("VCS_REF_HEAD_REVISION", "GIT_COMMIT", "GIT_SHA", "SOURCE_VERSION", "GITHUB_SHA", "CI_COMMIT_SHA"))
  }

  private func process(_ resource: inout Resource) {
    let path = CommandLine.arguments.first ?? ""
    let name = path.split(separator: "/").last.map(String.init)
    resource.add("process.pid", Int(getpid()))
    resource.add("process.executable.name", name)
    resource.add("process.executable.path", path.hasPrefix("/") ? path : nil)
    resource.add("process.runtime.name", "swift")
    resource.add("process.runtime.version", SwiftRuntime.version)
    var random = SystemRandomNumberGenerator()
    resource.add("service.instance.id", hexText(random.next()) + hexText(random.next()))
  }

  private func host(_ resource: inout Resource) {
    var names = utsname()
    guard unsafe uname(&names) == 0 else { return }
    resource.add("host.name", text(of: names.nodename))
    resource.add("host.arch", architecture(text(of: names.machine)))
    resource.add("host.id", file("/etc/machine-id").map { String($0.prefix { $0 != "\n" }) })
    resource.add("os.type", text(of: names.sysname).lowercased())
    resource.add("os.version", text(of: names.release))
    resource.add("os.description", osName())
  }

  /// The pretty name of /etc/os-release.
  private func osName() -> String? {
    file("/etc/os-release")?.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
      .map { String($0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" }) }
  }

  private func architecture(_ machine: String) -> String {
    switch machine {
    case "x86_64": "amd64"
    case "aarch64": "arm64"
    default: machine
    }
  }

  private func text<Characters>(of field: Characters) -> String {
    unsafe withUnsafeBytes(of: field) { bytes in unsafe String(decoding: Array(bytes).prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// What container runtimes put into the paths of a process's control groups and mounts.
  private func container(_ resource: inout Resource) {
    for path in ["/proc/self/cgroup", "/proc/self/mountinfo"] {
      guard let content = file(path), let id = Self.containerID(in: content) else { continue }
      return resource.add("container.id", id)
    }
  }

  /// 64 hex digits; on Fargate 32, a dash and a number.
  static func containerID(in content: String) -> String? {
    for line in content.split(separator: "\n") where isContainerPath(line) {
      if let id = line.utf8.split(whereSeparator: { hexNibble($0) == nil }).first(where: { $0.count == 64 }) { return String(decoding: Array(id), as: UTF8.self) }
      if let last = line.split(separator: "/").last, isFargateID(last.utf8) { return String(last) }
    }
    return nil
  }

  private static func isFargateID(_ text: Substring.UTF8View) -> Bool {
    let parts = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 2, let number = parts.last, !number.isEmpty else { return false }
    return parts[0].count == 32 && parts[0].allSatisfy { hexNibble($0) != nil } && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  private static func isContainerPath(_ text: Substring) -> Bool {
    ["docker", "containers", "kubepods", "libpod", "crio", "containerd", "/ecs/", "garden", "lxc"].contains { text.contains($0) }
  }

  /// The downward API's usual variables, and the service account's namespace.
  private func kubernetes(_ resource: inout Resource) {
    guard environment["KUBERNETES_SERVICE_HOST"] != nil else { return }
    let namespace = file("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    resource.add("k8s.namespace.name", first("K8S_NAMESPACE_NAME", "POD_NAMESPACE", "K8S_NAMESPACE") ?? namespace)
    resource.add("k8s.pod.name", first("K8S_POD_NAME", "POD_NAME", "HOSTNAME"))
    resource.add("k8s.pod.uid", first("K8S_POD_UID", "POD_UID"))
    resource.add("k8s.pod.ip", first("K8S_POD_IP", "POD_IP"))
    resource.add("k8s.node.name", first("K8S_NODE_NAME", "NODE_NAME"))
    resource.add("k8s.container.name", first("K8S_CONTAINER_NAME", "CONTAINER_NAME"))
    resource.add("k8s.deployment.name", first("K8S_DEPLOYMENT_NAME", "DEPLOYMENT_NAME"))
    resource.add("k8s.cluster.name", first("K8S_CLUSTER_NAME", "CLUSTER_NAME"))
  }

  private func aws(_ resource: inout Resource) {
    if let function = environment["AWS_LAMBDA_FUNCTION_NAME"] {
      resource.add("cloud.provider", "aws")
      resource.add("cloud.platform", "aws_lambda")
      resource.add("cloud.region", environment["AWS_REGION"])
      resource.add("faas.name", function)
      resource.add("faas.version", environment["AWS_LAMBDA_FUNCTION_VERSION"])
      resource.add("faas.instance", environment["AWS_LAMBDA_LOG_STREAM_NAME"])
      resource.add("aws.log.group.names", environment["AWS_LAMBDA_LOG_GROUP_NAME"])
      resource.add("service.name", function)
    } else if environment["ECS_CONTAINER_METADATA_URI_V4"] ?? environment["ECS_CONTAINER_METADATA_URI"] != nil {
      resource.add("cloud.provider", "aws")
      resource.add("cloud.platform", "aws_ecs")
      resource.add("cloud.region", first("AWS_REGION", "AWS_DEFAULT_REGION"))
    } else if file("/sys/hypervisor/uuid")?.hasPrefix("ec2") == true || file("/sys/devices/virtual/dmi/id/sys_vendor")?.hasPrefix("Amazon EC2") == true {
      resource.add("cloud.provider", "aws")
      resource.add("cloud.platform", "aws_ec2")
      resource.add("cloud.region", first("AWS_REGION", "AWS_DEFAULT_REGION"))
      resource.add("host.id", file("/sys/devices/virtual/dmi/id/board_asset_tag").map { String($0.prefix { $0 != "\n" }) })
    }
  }

  private func first(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
}

/// The version of the compiler that built the program.
enum SwiftRuntime {
  static var version: String {
    #if swift(>=6.4)
      "6.4"
    #elseif swift(>=6.3)
      "6.3"
    #else
      "6"
    #endif
  }
}

/// Small files of the system.
enum SystemFile {
  private static let byteCountMax = 65_536

  static func text(_ path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: byteCountMax)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, byteCountMax, file) }
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }
}

// @ts-check
// What to copy for each door, with the server's real address.

/** @typedef {{name: string, lang: 'sh' | 'python' | 'js' | 'go' | 'swift' | 'yaml' | 'java', code: string}} Snippet */

/**
 * @param {string} address host:port as it listens
 * @param {string} pageHost the host by which the reader reached this page
 * @returns {string} an address that can be dialled
 */
export function dialable(address, pageHost) {
  const m = /^(.*):(\d+)$/.exec(address);
  if (!m) return address;
  const host = ['0.0.0.0', '[::]', '::', '*', ''].includes(m[1]) ? pageHost : m[1];
  return `${host}:${m[2]}`;
}

/** @param {string} address host:port @param {boolean} open whether no key is needed @returns {Snippet[]} */
export function otlpHTTP(address, open) {
  const url = `http://${address}`, headers = open ? '' : '\nexport OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20YOUR_KEY"';
  const env = `export OTEL_EXPORTER_OTLP_ENDPOINT=${url}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nexport OTEL_SERVICE_NAME=my-service${headers}`;
  return [{ name: 'Environment', lang: 'sh', code: env }, ...languages(env, 'http'),
    { name: 'Collector', lang: 'yaml', code: `exporters:\n  otlphttp/cairn:\n    endpoint: ${url}\nservice:\n  pipelines:\n    traces:  { receivers: [otlp], exporters: [otlphttp/cairn] }\n    logs:    { receivers: [otlp], exporters: [otlphttp/cairn] }\n    metrics: { receivers: [otlp], exporters: [otlphttp/cairn] }` },
    { name: 'curl', lang: 'sh', code: curl(url, open) }];
}

/** @param {string} address @param {boolean} open @returns {Snippet[]} */
export function otlpGRPC(address, open) {
  const headers = open ? '' : '\nexport OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20YOUR_KEY"';
  const env = `export OTEL_EXPORTER_OTLP_ENDPOINT=http://${address}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc\nexport OTEL_EXPORTER_OTLP_INSECURE=true\nexport OTEL_SERVICE_NAME=my-service${headers}`;
  return [{ name: 'Environment', lang: 'sh', code: env }, ...languages(env, 'grpc'),
    { name: 'Collector', lang: 'yaml', code: `exporters:\n  otlp/cairn:\n    endpoint: ${address}\n    tls: { insecure: true }\nservice:\n  pipelines:\n    traces:  { receivers: [otlp], exporters: [otlp/cairn] }\n    logs:    { receivers: [otlp], exporters: [otlp/cairn] }\n    metrics: { receivers: [otlp], exporters: [otlp/cairn] }` }];
}

/** @param {string} address @param {boolean} open @returns {Snippet[]} */
export function rollbar(address, open) {
  const base = `http://${address}/api/1/`, token = open ? 'any-token' : 'YOUR_PROJECT_TOKEN';
  return [{ name: 'Python', lang: 'python', code: `# pip install rollbar\nimport rollbar\n\nrollbar.init('${token}', environment='production', endpoint='${base}')\nrollbar.report_message('hello', 'info')` },
    { name: 'Node', lang: 'js', code: `// npm install rollbar\nconst Rollbar = require('rollbar')\nconst rollbar = new Rollbar({ accessToken: '${token}', endpoint: '${base}item/', captureUncaught: true })` },
    { name: 'Go', lang: 'go', code: `// go get github.com/rollbar/rollbar-go\nrollbar.SetToken("${token}")\nrollbar.SetEnvironment("production")\nrollbar.SetEndpoint("${base}item/")` },
    { name: 'curl', lang: 'sh', code: `curl ${base}item/ -H 'x-rollbar-access-token: ${token}' \\\n  -d '{"data": {"environment": "production", "body": {"message": {"body": "hello"}}}}'` }];
}

/** @param {string} address @param {boolean} open @returns {Snippet[]} */
export function honeycomb(address, open) {
  const url = `http://${address}`, key = open ? 'any-key' : 'YOUR_KEY';
  return [{ name: 'Python', lang: 'python', code: `# pip install libhoney\nimport libhoney\n\nlibhoney.init(writekey='${key}', dataset='my-service', api_host='${url}')\nlibhoney.send_now({'name': 'hello', 'duration_ms': 12.5})\nlibhoney.close()` },
    { name: 'Go', lang: 'go', code: `// go get github.com/honeycombio/libhoney-go\nlibhoney.Init(libhoney.Config{APIHost: "${url}", APIKey: "${key}", Dataset: "my-service"})\ndefer libhoney.Close()` },
    { name: 'Refinery', lang: 'yaml', code: `Network:\n  HoneycombAPI: ${url}` },
    { name: 'curl', lang: 'sh', code: `curl ${url}/1/events/my-service -H 'x-honeycomb-team: ${key}' \\\n  -d '{"name": "hello", "duration_ms": 12.5}'\n# a deploy, drawn over the charts of Explore\ncurl ${url}/1/markers/__all__ -H 'x-honeycomb-team: ${key}' \\\n  -d '{"message": "deploy 1.4", "type": "deploy"}'` }];
}

/** @param {string} address host:port of the daemon @returns {Snippet[]} */
export function xrayDaemon(address) {
  const env = `export AWS_XRAY_DAEMON_ADDRESS=${address}`;
  return [{ name: 'Environment', lang: 'sh', code: `${env}\n# in a container, with the server's own name: AWS_XRAY_DAEMON_ADDRESS=cairn:2000` },
    { name: 'Python', lang: 'python', code: `# pip install aws-xray-sdk flask\n# ${env}\nfrom aws_xray_sdk.core import patch_all, xray_recorder\nfrom aws_xray_sdk.ext.flask.middleware import XRayMiddleware\n\nxray_recorder.configure(service='my-service')\nXRayMiddleware(app, xray_recorder)\npatch_all()` },
    { name: 'Node', lang: 'js', code: `// npm install aws-xray-sdk   ${env}\nconst xray = require('aws-xray-sdk')\napp.use(xray.express.openSegment('my-service'))\n// routes\napp.use(xray.express.closeSegment())` },
    { name: 'One datagram', lang: 'sh', code: `NOW=$(date +%s)\nprintf '{"format":"json","version":1}\\n{"trace_id":"1-%08x-%s","id":"%s","name":"hello","start_time":%d,"end_time":%d.042}' \\\n  $NOW $(openssl rand -hex 12) $(openssl rand -hex 8) $NOW $NOW > /dev/udp/${address.replace(':', '/')}` }];
}

/** @param {string} address host:port of the main port @param {boolean} open @returns {Snippet[]} */
export function xrayAPI(address, open) {
  const keys = open ? 'export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any' : '# what cairn key create --aws prints\nexport AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…';
  const env = `export AWS_ENDPOINT_URL_XRAY=http://${address}\nexport AWS_DEFAULT_REGION=us-east-1\n${keys}`;
  return [{ name: 'Environment', lang: 'sh', code: env }, { name: 'AWS CLI', lang: 'sh', code: `${env}\naws xray get-trace-summaries --start-time $(($(date +%s) - 3600)) --end-time $(date +%s)` },
    { name: 'Daemon', lang: 'yaml', code: `# cfg.yaml of AWS's own daemon\nVersion: 2\nEndpoint: http://${address}\nNoVerifySSL: true` },
    { name: 'Collector', lang: 'yaml', code: `exporters:\n  awsxray:\n    endpoint: http://${address}\n    region: us-east-1` }];
}

/** @param {string} address host:port of the main port @param {boolean} open @returns {Snippet[]} */
export function cloudWatch(address, open) {
  const keys = open ? 'export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any' : '# what cairn key create --aws prints\nexport AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…';
  const [host, port] = address.split(/:(?=\d+$)/);
  const env = `export AWS_ENDPOINT_URL=http://${address}   # STS too, which WatchTower asks for tags\nexport AWS_DEFAULT_REGION=us-east-1\n${keys}`;
  return [{ name: 'Environment', lang: 'sh', code: `${env}\nexport AWS_DISABLE_HOST_PREFIX_INJECTION=true   # live tail` },
    { name: 'AWS CLI', lang: 'sh', code: `${env}\naws logs create-log-group --log-group-name shop\naws logs create-log-stream --log-group-name shop --log-stream-name one\naws logs put-log-events --log-group-name shop --log-stream-name one --log-events timestamp=$(date +%s000),message=hello` },
    { name: 'WatchTower', lang: 'python', code: `# pip install watchtower\n${env.replace(/^/gm, '# ')}\nimport logging, watchtower\n\nlogging.getLogger().addHandler(watchtower.CloudWatchLogHandler(log_group_name='shop'))` },
    { name: 'Fluent Bit', lang: 'yaml', code: `pipeline:\n  outputs:\n    - name: cloudwatch_logs\n      match: '*'\n      region: us-east-1\n      endpoint: ${host}\n      port: ${port}\n      tls: off\n      log_group_name: shop\n      log_stream_prefix: fluent-\n      auto_create_group: on` },
    { name: 'CloudWatch agent', lang: 'js', code: `{\n  "logs": {\n    "endpoint_override": "http://${address}",\n    "logs_collected": { "files": { "collect_list": [\n      { "file_path": "/var/log/shop.log", "log_group_name": "shop", "log_stream_name": "{hostname}" } ] } }\n  }\n}` }];
}

/** @param {string} env @param {'http' | 'grpc'} protocol @returns {Snippet[]} */
function languages(env, protocol) {
  const go = protocol === 'http' ? 'otlptracehttp' : 'otlptracegrpc';
  return [
    { name: 'Python', lang: 'python', code: `# pip install opentelemetry-distro opentelemetry-exporter-otlp\n# opentelemetry-bootstrap -a install\n${env}\nexport OTEL_LOGS_EXPORTER=otlp\nexport OTEL_METRICS_EXPORTER=otlp\nexport OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true\nopentelemetry-instrument python app.py` },
    { name: 'Node', lang: 'sh', code: `# npm install @opentelemetry/auto-instrumentations-node\n${env}\nexport OTEL_LOGS_EXPORTER=otlp\nexport OTEL_METRICS_EXPORTER=otlp\nnode --require @opentelemetry/auto-instrumentations-node/register app.js` },
    { name: 'Go', lang: 'go', code: `// reads ${env.split('\n')[0].replace('export ', '')}\nexporter, err := ${go}.New(ctx)\nif err != nil {\n\tlog.Fatal(err)\n}\nprovider := trace.NewTracerProvider(trace.WithBatcher(exporter))\ndefer provider.Shutdown(ctx)\notel.SetTracerProvider(provider)` },
    { name: 'Java', lang: 'sh', code: `${env}\njava -javaagent:opentelemetry-javaagent.jar -jar app.jar` },
    { name: 'Swift', lang: 'swift', code: `// swift-otel; the address comes from ${env.split('\n')[0].replace('export ', '')}\nimport OTel\nimport ServiceLifecycle\n\nlet telemetry = try OTel.bootstrap()\nlet group = ServiceGroup(services: [telemetry, app], logger: logger)\ntry await group.run()` },
  ];
}

/** @param {string} url @param {boolean} open @returns {string} one span by hand; the times are the shell's now */
function curl(url, open) {
  const key = open ? '' : " \\\n  -H 'Authorization: Bearer YOUR_KEY'";
  return `NOW=$(date +%s)\ncurl ${url}/v1/traces -H 'Content-Type: application/json'${key} -d '{"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},
  "scopeSpans":[{"spans":[{"traceId":"'$(openssl rand -hex 16)'","spanId":"'$(openssl rand -hex 8)'","name":"GET /hello","kind":2,
    "startTimeUnixNano":"'$NOW'000000000","endTimeUnixNano":"'$NOW'042000000"}]}]}]}'`;
}

/**
 * @param {number} nowMs
 * @param {() => string} hex gives 16 random hex digits
 * @returns {{traceID: string, body: object}} a trace of two spans, in OTLP JSON
 */
export function helloTrace(nowMs, hex) {
  const traceID = hex() + hex(), root = hex(), nano = (/** @type {number} */ ms) => `${Math.round(ms)}000000`;
  const span = (/** @type {string} */ spanId, /** @type {string} */ name, /** @type {number} */ kind, /** @type {number} */ from,
    /** @type {number} */ to, /** @type {object} */ more) =>
    ({ traceId: traceID, spanId, name, kind, startTimeUnixNano: nano(nowMs + from), endTimeUnixNano: nano(nowMs + to), ...more });
  const text = (/** @type {string} */ key, /** @type {string} */ stringValue) => ({ key, value: { stringValue } });
  return { traceID, body: { resourceSpans: [{ resource: { attributes: [text('service.name', 'hello-cairn')] },
    scopeSpans: [{ scope: { name: 'cairn.ui' }, spans: [
    span(root, 'GET /hello', 2, -240, 0, { attributes: [text('http.route', '/hello'), text('greeting', 'Your first trace')] }),
    span(hex(), 'SELECT greeting', 3, -190, -60, { parentSpanId: root, attributes: [text('db.system', 'sqlite')] })] }] }] } };
}

const keywords = /^(import|let|try|await|defer|if|err|export|func|async|throws|return|var|const|from|exporters|service|pipelines|receivers|endpoint|tls)$/;

const yamlWords = /^(exporters|service|pipelines|receivers|endpoint|tls)$/;

/** @param {string} code @param {string} lang @returns {{kind: '' | 's' | 'k' | 'c', text: string}[]} pieces to colour */
export function highlight(code, lang) {
  const comment = lang === 'go' || lang === 'swift' ? '//[^\\n]*' : '(?<=^|\\s)#[^\\n]*';
  const pattern = new RegExp(`("[^"\\n]*"|${comment}|\\b[A-Za-z_]+\\b)`, 'm');
  const isWord = (/** @type {string} */ text) => keywords.test(text) && (lang === 'yaml' || !yamlWords.test(text));
  return code.split(new RegExp(pattern.source, 'gm')).filter(Boolean).map((text) => {
    if (text.startsWith('"')) return { kind: 's', text };
    if (/^(\/\/|#)/.test(text)) return { kind: 'c', text };
    return { kind: isWord(text) ? 'k' : '', text };
  });
}

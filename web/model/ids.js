// @ts-check

/**
 * Is this text a trace's id? W3C: 32 hex. X-Ray: 1-8hex-24hex.
 * @param {string} text
 * @returns {{kind: 'W3C' | 'X-Ray', id: string} | null} id as it goes into the URL
 */
export function traceID(text) {
  const plain = text.trim().toLowerCase();
  if (/^[0-9a-f]{32}$/.test(plain) && !/^0+$/.test(plain)) return { kind: 'W3C', id: plain };
  return /^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(plain) ? { kind: 'X-Ray', id: plain } : null;
}

/**
 * The trace's id in what somebody pasted: the id alone, a traceparent, `Root=1-…`, a link, a line of a log.
 * @param {string} text @returns {ReturnType<typeof traceID>}
 */
export function traceIn(text) {
  const whole = traceID(text);
  if (whole) return whole;
  for (const [part] of text.matchAll(/(?<![0-9a-z])(?:1-[0-9a-f]{8}-[0-9a-f]{24}|[0-9a-f]{32})(?![0-9a-z])/gi)) {
    const found = traceID(part);
    if (found) return found;
  }
  return null;
}

/** @param {string} text @returns {boolean} as Rollbar names occurrences */
export function isUUID(text) { return /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text.trim()); }

/** What is looked for in a pasted `user_id=42`, `"request_id": "f5af"` or a quoted text. @param {string} text @returns {string} */
export function needle(text) {
  const plain = text.trim(), [, value] = /^(?:"[\w.]+"\s*:|[A-Za-z_][\w.]*=)\s*(\S+)$/.exec(plain) ?? [];
  return (value ?? plain).replace(/,$/, '').replace(/^(["'])(.*)\1$/, '$2');
}

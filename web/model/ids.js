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

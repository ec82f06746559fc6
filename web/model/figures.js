// @ts-check
// The server's own figures: sums, rates between two readings, and percentiles out of histograms.

/** @typedef {{name: string, help: string, type: string, samples?: {labels: Record<string, string>, value: number}[], bounds?: number[], counts?: number[], sum?: number}} Figure */
/** @typedef {{us: number, figures: Figure[]}} Reading */

/** @param {Reading | undefined} reading @param {string} name @returns {Figure | undefined} */
export function figureNamed(reading, name) { return reading?.figures.find((f) => f.name === name); }

/** @param {Reading | undefined} reading @param {string} name @returns {number | null} all its samples together; null where there is no such figure */
export function total(reading, name) {
  const found = figureNamed(reading, name);
  if (!found) return null;
  return found.counts ? found.counts.reduce((a, b) => a + b, 0) : (found.samples ?? []).reduce((sum, s) => sum + s.value, 0);
}

/** @param {Reading | undefined} before @param {Reading} now @param {string} name @returns {number | null} growth a second; a server that started anew grew from 0 */
export function growth(before, now, name) {
  const last = total(now, name), first = total(before, name);
  if (last == null || first == null || !before || now.us <= before.us) return null;
  return (last >= first ? last - first : last) / ((now.us - before.us) / 1e6);
}

/** @param {Reading | undefined} before counts since then; since the start where it is undefined @param {Reading} now @param {string} name */
export function durations(before, now, name) {
  const last = figureNamed(now, name), first = figureNamed(before, name);
  if (!last?.counts || !last.bounds) return { count: 0, bounds: [], counts: [] };
  const isOlder = first?.counts && first.counts.every((n, i) => n <= (last.counts ?? [])[i]);
  const counts = last.counts.map((n, i) => n - (isOlder ? (first.counts ?? [])[i] : 0));
  return { count: counts.reduce((a, b) => a + b, 0), bounds: last.bounds, counts };
}

/**
 * The value below which this share of the durations lies, between the bounds of its bucket; beyond the last bound it is that bound.
 * @param {{count: number, bounds: number[], counts: number[]}} histogram @param {number} share 0...1 @returns {number | null} milliseconds
 */
export function percentile({ count, bounds, counts }, share) {
  if (count === 0) return null;
  let below = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    const n = counts[i] ?? 0;
    if (n > 0 && below + n >= share * count) {
      const low = i ? bounds[i - 1] : 0;
      return (low + (bounds[i] - low) * Math.max(0, share * count - below) / n) * 1000;
    }
    below += n;
  }
  return bounds[bounds.length - 1] * 1000;
}

/** @param {Reading[]} readings oldest first @param {string} name @returns {(number | null)[]} growth a second between neighbours */
export function growths(readings, name) { return readings.slice(1).map((now, i) => growth(readings[i], now, name)); }

/** @param {Reading} reading @param {string} name @returns {{labels: Record<string, string>, value: number}[]} its samples above 0, greatest first */
export function greatest(reading, name) {
  return [...figureNamed(reading, name)?.samples ?? []].filter((s) => s.value > 0).sort((a, b) => b.value - a.value);
}

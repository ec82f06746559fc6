// @ts-check
// Objectives in words and figures.

/** @param {number} perMillion @returns {string} 99.9 % */
export function targetText(perMillion) { return `${trimmed(perMillion / 10_000, 4)} %`; }

/** @param {number} percent @returns {string} more places the nearer it is to 100 */
export function percentText(percent) {
  const places = percent >= 100 || percent <= -1000 ? 0 : percent >= 99.9 ? 3 : percent >= 99 ? 2 : 1;
  return `${trimmed(Math.floor(percent * 10 ** places + 1e-9) / 10 ** places, places)} %`;
}

/** @param {number} number @param {number} places @returns {string} −1,952.5: with the sign that figures have, and without needless zeros */
function trimmed(number, places) { return number.toLocaleString('en-US', { maximumFractionDigits: places }).replace('-', '−'); }

/** @param {number} percent @returns {string} for an axis */
export function percentTick(percent) { return `${trimmed(percent, 4)} %`; }

/** @param {string} text 99.9, 99,9 % @returns {number | null} per million; null where it is no target */
export function readTarget(text) {
  const number = Number(text.replace('%', '').replace(',', '.').trim());
  return text.trim() && Number.isFinite(number) && number >= 0 && number < 100 ? Math.min(999_999, Math.round(number * 10_000)) : null;
}

/** @param {{allowed: number, bad: number}} counts @returns {string} what the budget still allows, or by how much it is spent */
export function roomText({ allowed, bad }) {
  const may = Math.floor(allowed), events = (/** @type {number} */ n) => n.toLocaleString('en-US');
  if (allowed < 1) return bad ? `none may fail, ${events(bad)} did` : 'fewer than one event may fail';
  return bad > allowed ? `${events(may)} may fail, ${events(bad)} did` : `${events(Math.floor(allowed - bad))} more of ${events(may)} may fail`;
}

/** @param {number} budget percent @returns {'ok' | 'warn' | 'err'} */
export function health(budget) { return budget <= 0 ? 'err' : budget < 25 ? 'warn' : 'ok'; }

/** @param {number} minutes @returns {string} 4 hours */
export function minutesText(minutes) {
  const [n, unit] = minutes % 1440 === 0 && minutes ? [minutes / 1440, 'day'] : minutes % 60 === 0 && minutes ? [minutes / 60, 'hour'] : [minutes, 'minute'];
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}

/** @param {any} alert a burn alert of Honeycomb's API @returns {string} */
export function conditionText(alert) {
  if (alert.alert_type === 'budget_rate') return `${trimmed(alert.budget_rate_decrease_threshold_per_million / 10_000, 4)} % of the budget is spent within ${minutesText(alert.budget_rate_window_minutes)}`;
  return alert.exhaustion_minutes ? `the budget will be spent within ${minutesText(alert.exhaustion_minutes)}` : 'the budget is spent';
}

/**
 * What a form's answers make of a burn alert.
 * @param {{type: string, hours: string, percent: string}} values @returns {{alert: object} | {trouble: string}}
 */
export function alertOf({ type, hours, percent }) {
  const minutes = Math.round(Number(hours.replace(',', '.')) * 60);
  if (!hours.trim() || !Number.isFinite(minutes) || minutes < 0) return { trouble: 'The hours are a number.' };
  if (type === 'exhaustion_time') return { alert: { alert_type: type, exhaustion_minutes: minutes } };
  const spent = Math.round(Number(percent.replace('%', '').replace(',', '.')) * 10_000);
  if (!(spent >= 1 && spent <= 1e6)) return { trouble: 'The part of the budget is between 0 and 100 %.' };
  return { alert: { alert_type: type, budget_rate_window_minutes: minutes, budget_rate_decrease_threshold_per_million: spent } };
}

/** @param {[number, number][]} points @param {number} [target] percent, to be in view @returns {{low: number, high: number}} a range that shows the differences */
export function chartRange(points, target) {
  const values = points.map((p) => p[1]).concat(target === undefined ? [] : [target]);
  const least = Math.min(100, ...values), room = Math.max(0.001, (100 - least) * 0.15);
  return { low: least - room, high: 100 };
}

/**
 * The share of bad events in each cell of a heatmap of all: a picture of some of the events has cells of its own, each is put where its middle lies.
 * @param {import('./heatbox.js').Heatmap} all @param {import('./heatbox.js').Heatmap} bad @returns {number[][]} by bucket and cell of `all`, 0 to 1
 */
export function badShares(all, bad) {
  const shares = all.counts.map((cells) => cells.map(() => 0)), logarithmic = all.scale !== 'linear';
  bad.counts.forEach((cells, b) => {
    const at = Math.floor((bad.start_us + (b + 0.5) * bad.step_us - all.start_us) / all.step_us), row = shares[at];
    if (!row) return;
    cells.forEach((n, c) => {
      if (!n) return;
      const low = bad.edges[c], high = bad.edges[c + 1], middle = logarithmic && low > 0 ? Math.sqrt(low * high) : (low + high) / 2;
      const cell = all.edges.findIndex((edge, i) => middle >= edge && middle < (all.edges[i + 1] ?? -Infinity)), place = cell < 0 ? (middle < all.edges[0] ? 0 : row.length - 1) : cell;
      row[place] += n;
    });
  });
  return shares.map((row, b) => row.map((n, c) => (n ? Math.min(1, n / Math.max(n, all.counts[b][c])) : 0)));
}

/**
 * Events without a column that a formula compares are bad: a comparison with nothing is false. This counts only those that have all of them.
 * @param {string} expression @param {string[]} names its columns @returns {string}
 */
export function onlyWith(expression, names) {
  const has = names.map((name) => `EXISTS(${/^[\w.]+$/.test(name) ? `$${name}` : `$"${name.replace(/(["\\])/g, '\\$1')}"`})`);
  return `IF(${has.length > 1 ? `AND(${has.join(', ')})` : has[0]}, ${expression.trim()})`;
}

/** @param {string[]} names columns that no event has @returns {string} */
export function missingText(names) { return `No event has the column${names.length > 1 ? 's' : ''} ${names.join(', ')}.`; }

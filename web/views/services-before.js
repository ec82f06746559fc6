// @ts-check
// What began before the range: who opens the page late in an incident sees it from the first step to the last, where nothing changes any more.
import { durationText, percent } from '../model/format.js';
import { findings } from '../model/findings.js';
import { clock, lengthName, lengthText, rangeText } from '../model/time.js';
import * as api from '../wire/api.js';
import { fill, h, service } from './dom.js';
import { link, range, time, utc } from './router.js';

const wider = 4, least = 7200, longest = 86400, again = 60e3; // times the range, at least so many seconds; of a longer range nothing is asked; ms until it is asked anew

/** @typedef {{name: string, us: number, words: string}} Earlier */

/** @param {any} answer of the wider time @param {number} startUs of the range @returns {Earlier | null} the worst that began before the range and goes on */
function earlier({ series }, startUs) {
  const { slower, failing } = findings(series.services), at = (/** @type {number | null} */ step) => (step == null ? Infinity : series.start_us + step * series.step_us);
  const slow = slower.find((s) => at(s.since) < startUs), fail = failing.find((f) => at(f.since) < startUs);
  if (slow) return { name: slow.name, us: at(slow.since), words: `is ${slow.factor.toFixed(1)} times slower at ${slow.at.toUpperCase()}, ${durationText(slow.after)}, was ${durationText(slow.before)}` };
  return fail ? { name: fail.name, us: at(fail.since), words: `fails more often, ${percent(fail.after).join(' ')} of its requests, was ${percent(fail.before).join(' ')}` } : null;
}

/** @returns {{tell: (host: HTMLElement) => Promise<void>, stop: () => void}} tell: into the host, where something began earlier */
export function lookBack() {
  let asked = '', at = 0, found = /** @type {Promise<Earlier | null>} */ (Promise.resolve(null)), current = new AbortController();
  return {
    async tell(host) {
      const { start, end } = time(), length = Math.max(wider * (end - start), least), now = rangeText(range());
      if (end - start > longest) return;
      if (now !== asked || Date.now() - at > again) {
        current.abort();
        current = new AbortController();
        [asked, at] = [now, Date.now()];
        found = api.services({ start: end - length, end }, current.signal).then((answer) => earlier(answer, start * 1e6)).catch(() => null);
      }
      const one = await found;
      if (!one || !host.isConnected) return;
      const wide = 'seconds' in range() ? lengthText(length) : rangeText({ start: Math.floor(end - length), end });
      fill(host, ' But ', h('b', {}, service(one.name)), ` ${one.words}, since ${clock(one.us, utc.get(), 'minute')}, before this range began. `,
        h('a', { href: link('/ui/services', { t: wide }) }, `Look at ${lengthName(length)}`), '.');
    },
    stop() { current.abort(); },
  };
}

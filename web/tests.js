// @ts-check
// Runs the model's tests in the page. #summary[data-failed] tells the count of failures.
import { cases } from './model/testing.js';
import './model/columns.test.js';
import './model/compare.test.js';
import './model/errors.test.js';
import './model/format.test.js';
import './model/figures.test.js';
import './model/findings.test.js';
import './model/heatbox.test.js';
import './model/ids.test.js';
import './model/insights.test.js';
import './model/json.test.js';
import './model/markdown.test.js';
import './model/palette.test.js';
import './model/query.test.js';
import './model/rules.test.js';
import './model/sampling.test.js';
import './model/scales.test.js';
import './model/slos.test.js';
import './model/snippets.test.js';
import './model/time.test.js';
import './model/triggers.test.js';
import './model/trace-tree.test.js';
import './model/boards.test.js';
import './model/bubbles.test.js';
import './model/service-graph.test.js';

let failed = 0;
const list = /** @type {HTMLElement} */ (document.getElementById('results')), summary = /** @type {HTMLElement} */ (document.getElementById('summary'));
for (const { name, run } of cases) {
  const line = document.createElement('li');
  try { run(); line.textContent = `ok  ${name}`; } catch (error) {
    failed += 1;
    line.className = 't-err';
    line.textContent = `NOT OK  ${name}: ${/** @type {Error} */ (error).message}`;
  }
  list.append(line);
}
summary.textContent = `${cases.length} tests, ${failed} failed`;
summary.dataset.failed = String(failed);
summary.dataset.count = String(cases.length);

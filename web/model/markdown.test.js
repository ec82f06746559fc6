// @ts-check
import { inline, parseMarkdown, safeLink } from './markdown.js';
import { equal, test } from './testing.js';

test('blocks', () => {
  equal(parseMarkdown('# Run *book*\n\nfirst\nsecond\n\n- one\n- two\n  more\n\n1. a\n2) b\n\n> told\n\n```sh\n<b>\n```\n---').map((b) => b.kind),
    ['heading', 'paragraph', 'list', 'list', 'quote', 'code', 'rule']);
  equal(parseMarkdown('- one\n- two\n  more'), [{ kind: 'list', ordered: false, items: [['one'], ['two more']] }]);
  equal(parseMarkdown('```\nopen'), [{ kind: 'code', text: 'open' }]);
  equal(parseMarkdown(''), []);
});
test('marks inside a line', () => {
  equal(inline('a **b _c_** `<i>` \\*x'), ['a ', { kind: 'bold', parts: ['b ', { kind: 'italic', parts: ['c'] }] }, ' ', { kind: 'code', text: '<i>' }, ' *x']);
  equal(inline('[here](https://e.example/a) http://x.example'), [{ kind: 'link', href: 'https://e.example/a', parts: ['here'] }, ' ', { kind: 'link', href: 'http://x.example', parts: ['http://x.example'] }]);
  equal(inline('snake_case_name'), ['snake_case_name']);
});
test('only safe links are links', () => {
  equal(safeLink('javascript:alert(1)'), null);
  equal(safeLink('data:text/html,x'), null);
  equal(safeLink('//e.example'), null);
  equal(safeLink('/ui/explore?c=COUNT'), '/ui/explore?c=COUNT');
  equal(inline('[x](javascript:alert)'), ['[x](javascript:alert)']);
  equal(inline('<script>alert(1)</script>'), ['<script>alert(1)</script>']);
});
test('much markup is read in time', () => {
  const before = performance.now();
  parseMarkdown(`${'*_['.repeat(3000)}\n${'> '.repeat(2000)}`);
  equal(performance.now() - before < 2000, true);
});

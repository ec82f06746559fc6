// @ts-check
import { exactNumber, isLarge, isNumber, readJSON } from './json.js';
import { figure } from './format.js';
import { fromURL, parseFilters, filterTexts, readValue, toURL, valueText } from './query.js';
import { equal, test, truth } from './testing.js';

const text = '{"a":[9007199254740993,-9223372036854775808,"9007199254740993",9007199254740991,1.7976931348623157e+308,1234567890123456.5,0.30000000000000004]}';

test('whole numbers of any size are written as they were read', () => {
  equal(JSON.stringify(readJSON(text)), text);
  equal(readJSON('[ 18446744073709551615 ]'), [exactNumber('18446744073709551615')]);
  const [large, , , safe] = readJSON(text).a;
  truth(isLarge(large) && typeof safe === 'number');
  equal([String(large), `${large}`, large / 2, Math.max(large, 1)], ['9007199254740993', '9007199254740993', 4503599627370496, 9007199254740992]);
});
test('what is no JSON throws, large numbers or not', () => {
  for (const broken of ['[9007199254740993', '[1']) { let threw = false; try { readJSON(broken); } catch { threw = true; } truth(threw, broken); }
});
test('a large whole number stays itself from the URL to the filter and back', () => {
  const filter = '["id","=",9007199254740993]';
  equal(filterTexts(parseFilters([filter])), [filter]);
  const query = fromURL(new URLSearchParams([['c', `["of","COUNT",[${filter}]]`], ['c', 'COUNT'], ['f', '["id","in",[9007199254740993,-9007199254740995]]'], ['h', '["COUNT",">",9007199254740993]']]));
  equal([toURL(query).c[0], toURL(query).f, toURL(query).h], [`["of","COUNT",[${filter}]]`, ['["id","in",[9007199254740993,-9007199254740995]]'], ['["COUNT",">",9007199254740993]']]);
  equal(valueText(query.filters[0].value), '9007199254740993, -9007199254740995');
});
test('a typed whole number is taken by its digits', () => {
  equal(JSON.stringify(readValue('9007199254740993', '=', 'integer')), '9007199254740993');
  equal(JSON.stringify(readValue('1, 9007199254740993', 'in', 'integer')), '[1,9007199254740993]');
  equal([readValue('9007199254740992.5', '=', 'float'), readValue('1e400', '=', 'float'), readValue('x', '=', 'integer')], [9007199254740992, null, null]);
  equal([isNumber(exactNumber('9007199254740993')), isNumber(1), isNumber('1'), isNumber(NaN)], [true, true, false, false]);
});
test('a large whole number is shown with all its digits, in a unit as far as that goes', () => {
  equal([figure(exactNumber('9007199254740993')), figure(exactNumber('9007199254740993'), 'bytes')], [['9,007,199,254,740,993', ''], ['9,007', 'TB']]);
});

// @ts-check
import { beforeText, changeText } from './compare.js';
import { equal, test } from './testing.js';

test('a change is told in percent, a large one in times', () => {
  equal([changeText(5, 4), changeText(3, 4), changeText(4, 4), changeText(0, 4), changeText(100, 4), changeText(1037, 1000), changeText(10_001, 10_000)],
    ['+25 %', '−25 %', 'the same', '−100 %', '25 ×', '+3.7 %', 'the same']);
});
test('where nothing was there is no change', () => equal([changeText(5, null), changeText(null, 5), changeText(5, 0), changeText(0, 0)], ['', '', '', 'the same']));
test('the earlier time has a name', () => equal([beforeText(3600), beforeText(604_800)], ['1 h before', '7 d before']));

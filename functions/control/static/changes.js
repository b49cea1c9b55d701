// What changed from one text to another, line by line. Pure.

const MOST_CELLS = 4_000_000; // of the table that is compared: two texts of 2,000 lines

// Lines of both, in order: `{kind: "same" | "gone" | "new", text}`.
export function changes(older, newer) {
  const [one, other] = [older, newer].map((text) => (text ? text.replace(/\n$/, "").split("\n") : []));
  let begin = 0, end = 0;
  while (begin < Math.min(one.length, other.length) && one[begin] === other[begin]) begin += 1;
  while (end < Math.min(one.length, other.length) - begin && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [before, after] = [one.slice(begin, one.length - end), other.slice(begin, other.length - end)];
  const same = (lines) => lines.map((text) => ({ kind: "same", text }));
  return [...same(one.slice(0, begin)), ...between(before, after), ...same(one.slice(one.length - end))];
}

function between(before, after) {
  const gone = before.map((text) => ({ kind: "gone", text })), fresh = after.map((text) => ({ kind: "new", text }));
  if (!gone.length || !fresh.length || before.length * after.length > MOST_CELLS) return [...gone, ...fresh];
  const wide = after.length + 1, longest = new Uint16Array((before.length + 1) * wide);
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      longest[row * wide + column] = before[row] === after[column]
        ? longest[(row + 1) * wide + column + 1] + 1
        : Math.max(longest[(row + 1) * wide + column], longest[row * wide + column + 1]);
    }
  }
  const found = [];
  let row = 0, column = 0;
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      found.push({ kind: "same", text: before[row] });
      row += 1;
      column += 1;
    } else if (longest[(row + 1) * wide + column] >= longest[row * wide + column + 1]) found.push(gone[row++]);
    else found.push(fresh[column++]);
  }
  return [...found, ...gone.slice(row), ...fresh.slice(column)];
}

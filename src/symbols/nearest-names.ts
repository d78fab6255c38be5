/**
 * The `count` names most like `wanted`, best first, for a pattern that matches nothing; none that are too different.
 * Wildcards in `wanted` are ignored. Some 10 ms for 80,000 names.
 */
export function nearestNames(wanted: string, names: Iterable<string>, count: number): string[] {
  const plain = wanted.replace(/[*?]/g, '').toLowerCase()
  if (plain === '') return []
  const limit = Math.min(MAX_DISTANCE, Math.max(1, Math.floor(plain.length / 3)))
  const best: { readonly name: string; readonly score: number }[] = []
  const seen = new Set<string>()
  for (const name of names) {
    const worst = best.length < count ? limit : (best.at(-1)?.score ?? limit)
    if (name.length > MAX_LENGTH || seen.has(name)) continue
    const score = difference(plain, name, worst)
    if (score > worst || (best.length === count && score === worst)) continue
    seen.add(name)
    best.splice(best.findLastIndex((other) => other.score <= score) + 1, 0, { name, score })
    if (best.length > count) best.pop()
  }
  return best.map(({ name }) => name)
}

const MAX_DISTANCE = 6
/** Nobody types a longer name. */
const MAX_LENGTH = 256

/** 0 for equal but for case; up to 1 for a name around the wanted one; else the number of edits. Anything above `limit` is too much. */
function difference(wanted: string, name: string, limit: number): number {
  const extra = name.length - wanted.length
  const lower = name.toLowerCase()
  if (extra >= 0 && lower.includes(wanted)) return Math.min(1, extra / MAX_LENGTH)
  if (Math.abs(extra) > limit || lettersMissing(wanted, lower) > limit) return Number.POSITIVE_INFINITY
  return editDistance(wanted, lower, limit)
}

const letterCounts = new Int16Array(128)

/** How many characters of `a` have no partner in `b`: each takes an edit, so this is never more than the distance. */
function lettersMissing(a: string, b: string): number {
  letterCounts.fill(0)
  for (let i = 0; i < b.length; i++) bump(b.charCodeAt(i) & 127, 1)
  let missing = 0
  for (let i = 0; i < a.length; i++) {
    if (bump(a.charCodeAt(i) & 127, -1) < 0) missing++
  }
  return missing
}

function bump(code: number, by: number): number {
  const value = (letterCounts[code] ?? 0) + by
  letterCounts[code] = value
  return value
}

/** Levenshtein's distance, row by row; gives up, with infinity, when a whole row is above the limit. */
function editDistance(a: string, b: string, limit: number): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    if (row.every((distance) => distance > limit)) return Number.POSITIVE_INFINITY
    previous = row
  }
  return previous[b.length] ?? Number.POSITIVE_INFINITY
}

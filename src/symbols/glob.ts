/** One position of a compiled glob: `*`, or a set of characters that a single one must be in. */
type Step =
  | { readonly kind: 'any-run' }
  | { readonly kind: 'any-one' }
  | { readonly kind: 'one'; readonly code: number }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }

export type NameMatcher = (name: string) => boolean

/** True when the glob can match one name only: itself. */
export function isLiteralGlob(glob: string): boolean {
  return !/[*?[]/.test(glob)
}

/**
 * Compiles a glob with bpftrace's wildcards: `*` any run, `?` any character, `[abc]`, `[a-z]`, `[!a]` one of a class. A `[`
 * without its `]` stands for itself. Matching takes at most `name.length × glob.length` steps, whatever the glob.
 */
export function compileGlob(glob: string): NameMatcher {
  const steps = parseGlob(glob)
  const [prefix, suffix] = fixedEnds(glob)
  return (name) => name.startsWith(prefix) && name.endsWith(suffix) && matchSteps(steps, name)
}

/** Literal text before the first and behind the last wildcard: it rules out most names at once. */
function fixedEnds(glob: string): [prefix: string, suffix: string] {
  const prefix = /^[^*?[]*/.exec(glob)?.[0] ?? ''
  const suffix = prefix === glob ? '' : (/[^*?[\]]*$/.exec(glob)?.[0] ?? '')
  return [prefix, suffix]
}

/** Only the last `*` is ever tried again: what an earlier one could give up, the last one can take. */
function matchSteps(steps: readonly Step[], name: string): boolean {
  let at = 0
  let step = 0
  let retryStep = -1
  let retryAt = 0
  while (at < name.length) {
    const current = steps[step]
    if (current?.kind === 'any-run') {
      retryStep = ++step
      retryAt = at
    } else if (current !== undefined && accepts(current, name.charCodeAt(at))) {
      step++
      at++
    } else if (retryStep >= 0) {
      step = retryStep
      at = ++retryAt
    } else return false
  }
  while (steps[step]?.kind === 'any-run') step++
  return step === steps.length
}

function accepts(step: Exclude<Step, { kind: 'any-run' }>, code: number): boolean {
  switch (step.kind) {
    case 'one':
      return step.code === code
    case 'any-one':
      return true
    case 'class':
      return step.ranges.some(([low, high]) => code >= low && code <= high) !== step.negated
  }
}

function parseGlob(glob: string): Step[] {
  const steps: Step[] = []
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]
    const close = character === '[' ? glob.indexOf(']', at + 2) : -1
    if (character === '*') {
      if (steps.at(-1)?.kind !== 'any-run') steps.push({ kind: 'any-run' })
    } else if (character === '?') steps.push({ kind: 'any-one' })
    else if (close > 0) {
      steps.push(parseClass(glob.slice(at + 1, close)))
      at = close
    } else steps.push({ kind: 'one', code: glob.charCodeAt(at) })
  }
  return steps
}

function parseClass(text: string): Step {
  const negated = text.length > 1 && (text[0] === '!' || text[0] === '^')
  const ranges: [number, number][] = []
  for (let at = negated ? 1 : 0; at < text.length; at++) {
    const isRange = text[at + 1] === '-' && at + 2 < text.length
    ranges.push([text.charCodeAt(at), text.charCodeAt(isRange ? at + 2 : at)])
    if (isRange) at += 2
  }
  return { kind: 'class', negated, ranges }
}

import type { CallRecord, CallTree } from '../../record/call-record.js'
import type { TableStyle } from './count-text.js'
import { quantity } from './quantity.js'
import { printable, styled } from './terminal-text.js'

/** uftrace’s columns. */
export const CALL_HEADER = '# DURATION     TID      FUNCTION\n'

const NO_TIME = ' '.repeat(10)
const MS = 1e6
const LONG_MS = 100

/**
 * A tree of calls as uftrace shows it: a call without others in one line, others in braces, with how long they took where they end.
 * `previous` is the tree before it: what another thread did stands apart.
 */
export function callText(tree: CallTree, previous: CallTree | undefined, style: TableStyle): string {
  const apart = previous !== undefined && previous.tid !== tree.tid ? '\n' : ''
  const text = new TreeText(tree, style)
  text.call(tree, 0)
  if (tree.omitted > 0) text.line(undefined, 0, `/* ${quantity(tree.omitted, 'more call')} in it */`)
  if (tree.lost > 0) text.line(undefined, 0, `/* LOST ${quantity(tree.lost, 'event')}: the calls go on unseen */`)
  return `${previous === undefined ? CALL_HEADER : apart}${text.lines.join('')}`
}

/** `12.345 us`, ten characters wide. */
export function callDuration(ns: number | undefined, colour: boolean): string {
  if (ns === undefined) return NO_TIME
  const [value, unit] = ns < MS ? [ns / 1e3, 'us'] : ns < 1e3 * MS ? [ns / MS, 'ms'] : [ns / (1e3 * MS), ' s']
  const text = `${value.toFixed(3).padStart(7)} ${unit}`
  if (ns < MS) return text
  return styled(ns < LONG_MS * MS ? 'yellow' : 'red', text, colour)
}

/** What is said where a call ends in another way than by returning. */
const otherwise: Readonly<Record<CallRecord['end'], string>> = {
  returned: '',
  'tail-call': ': tail call',
  unwound: ': unwound',
  lost: ': lost',
  open: ': has not returned',
}

class TreeText {
  readonly lines: string[] = []
  readonly #module: string
  /** Names are long to find, and met again. */
  readonly #names = new Map<string, string>()

  constructor(
    private readonly tree: CallTree,
    private readonly style: TableStyle,
  ) {
    this.#module = moduleOf(tree.site)
  }

  call({ site, durationNs, end, calls }: CallRecord, depth: number): void {
    const name = this.#nameOf(site)
    if (calls.length === 0) {
      const note = otherwise[end] === '' ? '' : ` /* ${otherwise[end].slice(2)} */`
      this.line(durationNs, depth, `${name};${note}`)
      return
    }
    this.line(undefined, depth, `${name} {`)
    for (const inner of calls) this.call(inner, depth + 1)
    this.line(durationNs, depth, `} /* ${bare(name)}${otherwise[end]} */`)
  }

  line(durationNs: number | undefined, depth: number, text: string): void {
    const { colour } = this.style
    const tid = `[${String(this.tree.tid).padStart(6)}]`
    this.lines.push(`${callDuration(durationNs, colour)} ${tid} | ${'  '.repeat(depth)}${text}\n`)
  }

  /** Without its module where that is the root’s. */
  #nameOf(site: string): string {
    const known = this.#names.get(site) ?? callName(site, this.#module, this.style.nameOf)
    this.#names.set(site, known)
    return known
  }
}

/** `malloc()`; `libc.so.6:malloc()` where it is not of the module. What is demangled brings its parentheses along. */
export function callName(site: string, module: string, nameOf: TableStyle['nameOf']): string {
  const name = printable(nameOf(site))
  const short = moduleOf(site) === module ? name.slice(module.length + 1) : name
  return short.includes('(') ? short : `${short}()`
}

/** The part of a site before its function. */
export function moduleOf(site: string): string {
  return site.slice(0, Math.max(0, site.indexOf(':')))
}

function bare(name: string): string {
  return name.replace(/\(\)$/, '')
}

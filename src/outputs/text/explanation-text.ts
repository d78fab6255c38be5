import type { ExplanationRecord, ReturnsRecord, VerdictRecord, WindowRecord } from '../../record/explanation-record.js'
import { quantity } from './quantity.js'
import { printable, styled } from './terminal-text.js'

/** The reasoning about one site, a fact a line. */
export function explanationText(explanation: ExplanationRecord, colour: boolean): string {
  const { site, address, file, fileOffset, verdicts, window, trampoline, returns } = explanation
  const lines = [
    styled('bold', printable(site), colour),
    ...fact('address', [address]),
    ...fact('file', [`${printable(file)} + ${fileOffset}`]),
    ...fact('mechanism', verdicts.map(verdictText)),
    ...(window === undefined ? [] : windowLines(window)),
    ...fact('trampoline', trampoline ?? []),
    ...(returns === undefined ? [] : fact('returns', returnsLines(returns))),
  ]
  return `${lines.join('\n')}\n`
}

function windowLines(window: WindowRecord): string[] {
  return [
    ...fact('window', [quantity(window.length, 'byte')]),
    ...fact('before', [window.before]),
    ...fact('after', [window.after]),
    ...fact('displaced', window.displaced),
    ...fact('flags', [window.flagsDead ? 'dead: need not be saved' : 'live: kept']),
    ...fact('registers', [
      window.deadRegisters.length === 0 ? 'none is dead' : `dead: ${window.deadRegisters.join(', ')}`,
    ]),
  ]
}

function returnsLines({ at, followed, refused }: ReturnsRecord): string[] {
  if (refused !== undefined) return [`refused, ${refused.code}: ${printable(refused.because)}`]
  const own = at.length === 0 ? [] : [`at ${at.join(', ')}`]
  return followed.length === 0 ? own : [...own, `in ${printable(followed.join(', '))}, where it jumps to`]
}

function verdictText({ mechanism, chosen, refused }: VerdictRecord): string {
  if (refused !== undefined) return `${mechanism}: refused, ${refused.code}: ${printable(refused.because)}`
  return chosen ? `${mechanism}: chosen` : `${mechanism}: would serve`
}

/** A label and its lines, the label before the first one only. */
function fact(label: string, lines: readonly string[]): string[] {
  return lines.map((line, at) => `  ${(at === 0 ? label : '').padEnd(10)}  ${line}`)
}

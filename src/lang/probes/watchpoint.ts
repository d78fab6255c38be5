import { parseWatchpoint } from '../../probe/watchpoint.js'
import { isRefusal } from '../../refusal/refusal.js'
import type { ProbeType } from './probe-type.js'

/** `watchpoint:ADDRESS:LENGTH:MODE`. */
export const watchpoint: ProbeType = {
  names: ['watchpoint', 'w'],
  parse(_rest, text) {
    const parsed = parseWatchpoint(text)
    return isRefusal(parsed)
      ? { problem: parsed.because, instead: 'watchpoint:0x601040:8:w' }
      : { kind: 'watchpoint', text, pattern: text }
  },
}

import { didYouMean } from '../did-you-mean.js'
import { signalNumbers } from '../signal-numbers.js'
import type { ProbeType } from './probe-type.js'

/** `self:signal:SIGUSR1`: a signal to the tracer. */
export const self: ProbeType = {
  names: ['self'],
  parse(rest, text) {
    const [event, signal = ''] = rest.split(':')
    if (event !== 'signal') return { problem: `'${event}' is no event of self`, instead: 'self:signal:SIGUSR1' }
    if (!signalNumbers.has(signal))
      return {
        problem: `'${signal}' is not a supported signal${didYouMean(signal, signalNumbers.keys())}`,
        instead: 'self:signal:SIGUSR1',
      }
    return { kind: 'signal', text, signal }
  },
}

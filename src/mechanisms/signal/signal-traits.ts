import type { MechanismTraits } from '../../probe/mechanism.js'

export const signalTraits: MechanismTraits = {
  name: 'signal',
  caughtBy: 'int3, taken by a SIGTRAP handler that ring3 adds to the process',
  handlerIn: 'target',
  needs: 'the right to ptrace, while planting and taking out; SIGTRAP that nobody can block: see `sigtrap-blockable`',
  noticeable:
    'text bytes, maps and, by way of /proc, signal handlers; another address at SIGILL and SIGFPE; microseconds a hit',
  automatic: true,
}

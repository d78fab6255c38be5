import type { MechanismTraits } from '../../probe/mechanism.js'

export const jumpTraits: MechanismTraits = {
  name: 'jump',
  caughtBy: 'a jump over the first 5 bytes (14 where the area is far) into the area',
  handlerIn: 'target',
  needs: 'the right to ptrace, while planting and taking out; a window that is proven safe',
  noticeable: 'text bytes and maps; another address where a displaced instruction faults; nanoseconds a hit',
  automatic: true,
}

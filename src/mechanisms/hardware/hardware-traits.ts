import type { MechanismTraits } from '../../probe/mechanism.js'

export const hardwareTraits: MechanismTraits = {
  name: 'hardware',
  caughtBy: 'a debug register (DR0–DR3) of every thread, set through perf_event_open; watches data, too',
  handlerIn: 'kernel',
  needs:
    'Linux 5.13, kernel.perf_event_paranoid at most 2 or CAP_PERFMON; a debug register that is free in every thread',
  noticeable: 'no byte, map, signal or register; microseconds a hit',
  automatic: false,
}

import type { MechanismTraits } from '../../probe/mechanism.js'

export const breakpointTraits: MechanismTraits = {
  name: 'breakpoint',
  caughtBy: 'int3, taken by the tracer through ptrace',
  handlerIn: 'tracer',
  needs:
    'the right to ptrace as long as probes are at work, and what `signal` needs: should ring3 be killed, its handler goes on',
  noticeable: 'text bytes, maps and, by way of /proc, signal handlers and a tracer; tens of microseconds a hit',
  automatic: true,
}

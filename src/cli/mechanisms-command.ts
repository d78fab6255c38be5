import type { Ring3 } from '../session/api.js'
import { openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'

/** `ring3 mechanisms`. Needs no target. */
export async function runMechanisms(options: PrintOptions, engine: Ring3, host: Host): Promise<Outcome> {
  using destination = openDestination(options, false, host)
  destination.sink.write(destination.output.mechanisms(engine.mechanisms, destination.options))
  return 'done'
}

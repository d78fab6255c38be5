import type { Ring3 } from '../session/api.js'
import { openDestination, type PrintOptions } from './destination.js'
import type { Outcome } from './exit-code.js'
import type { Host } from './host.js'

export interface MechanismsOptions extends PrintOptions {
  readonly measure?: boolean
}

/** `ring3 mechanisms`. Needs no target. */
export async function runMechanisms(options: MechanismsOptions, engine: Ring3, host: Host): Promise<Outcome> {
  using destination = openDestination(options, false, host)
  const mechanisms = options.measure === true ? await engine.measureMechanisms() : engine.mechanisms
  destination.sink.write(destination.output.mechanisms(mechanisms, destination.options))
  return 'done'
}

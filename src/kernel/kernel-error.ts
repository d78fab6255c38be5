import { hex } from '../bytes/address.js'
import type { KernelCall } from './door.js'
import { errnoName } from './errno.js'

/** What the kernel refused: the call, its arguments in words and the error. */
export class KernelError extends Error {
  override readonly name = 'KernelError'

  constructor(
    readonly call: KernelCall,
    readonly errno: number,
  ) {
    super(`${call.name}(${call.args.map(describeArgument).join(', ')}): ${errnoName(errno)}${purpose(call)}`)
  }
}

function describeArgument(argument: KernelCall['args'][number]): string {
  if (typeof argument === 'string') return JSON.stringify(argument)
  if (argument instanceof Uint8Array) return `${argument.length} bytes`
  return argument > 0xffffn ? hex(argument) : argument.toString()
}

function purpose(call: KernelCall): string {
  return call.purpose === undefined ? '' : ` (${call.purpose})`
}

import { InvalidArgumentError } from 'commander'
import { jsonOutput } from '../outputs/json/json-output.js'
import { textOutput } from '../outputs/text/text-output.js'
import type { Output } from '../record/output.js'

/** The outputs that `-f` chooses from. */
export const outputs: readonly Output[] = [textOutput, jsonOutput]

/** The kernel's PID_MAX_LIMIT on 64-bit machines. */
const MAX_PID = 4_194_304

/** The longest time that a timer of Node can wait, a little under 25 days. */
const MAX_SECONDS = 2_147_483

/** Shorter intervals would keep ring3 busier than the target. */
const MIN_SECONDS = 0.01

/** Reads a process id. */
export function pidValue(text: string): number {
  const pid = /^\d+$/.test(text) ? Number(text) : 0
  if (pid < 1 || pid > MAX_PID) throw new InvalidArgumentError(`A process id is a number from 1 to ${MAX_PID}.`)
  return pid
}

/** Reads a time in seconds and returns milliseconds. */
export function secondsValue(text: string): number {
  const seconds = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS)) {
    throw new InvalidArgumentError(`It is a number of seconds from ${MIN_SECONDS} to ${MAX_SECONDS}.`)
  }
  return seconds * 1000
}

const nsOfUnit: ReadonlyMap<string, number> = new Map(Object.entries({ ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 }))

/** Reads a time with its unit, as uftrace does, and returns nanoseconds. */
export function timeValue(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(\D*)$/.exec(text) ?? []
  const factor = nsOfUnit.get(unit === '' ? 'ns' : unit)
  if (number === undefined || factor === undefined)
    throw new InvalidArgumentError('It is a number of nanoseconds, or one with us, ms or s behind it.')
  return Number(number) * factor
}

/** Reads how many of something are wanted. */
export function countValue(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count < 1) throw new InvalidArgumentError('It is a whole number from 1 on.')
  return count
}

/** Reads the name of an output. */
export function outputValue(text: string): Output {
  const output = outputs.find(({ name }) => name === text)
  if (output === undefined)
    throw new InvalidArgumentError(`The formats are ${outputs.map(({ name }) => name).join(', ')}.`)
  return output
}

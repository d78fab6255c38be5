import type { CounterForm } from '../codegen/x64/counter-form.js'
import { perCpuCounter } from '../codegen/x64/per-cpu-counter.js'
import { perThreadCounter } from '../codegen/x64/per-thread-counter.js'
import { sharedCounter } from '../codegen/x64/shared-counter.js'
import type { Processor } from '../kernel/processor.js'
import type { Backing } from '../target/installation.js'

/** A form with the number of blocks that it wants. */
export interface FormChoice {
  readonly form: CounterForm
  readonly blocks: number
  readonly backing: Backing
}

/** Where nothing can be mapped, there is room for one counter a site. */
export const paddingForm: FormChoice = { form: sharedCounter, blocks: 1, backing: 'padding' }

/** 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming 6.4). */
const GOLDEN = 0x9e3779b1
/** At least this many blocks for each thread that is there now: a crowded table sends threads into the slow path. */
const BLOCKS_PER_THREAD = 4
const MIN_BLOCKS = 256
const MAX_BLOCKS = 65536
/** Processor numbers have 12 bits where `rdpid` reads them. */
const MAX_PROCESSORS = 4096
/** Address space that the blocks of one data area may take; it is not backed by memory until used. */
const MAX_DATA = 2 ** 30

/** Forms in order of cost; the next is taken where the target turns out not to suit the one before. */
export function counterForms(processor: Processor, threads: number, sites: number): FormChoice[] {
  const perThread: FormChoice = { form: perThreadCounter(GOLDEN), blocks: blocksFor(threads, sites), backing: 'mapped' }
  return [perThread, withoutThreadPointer(processor)]
}

function withoutThreadPointer({ flags, possible }: Processor): FormChoice {
  if (possible === undefined || !flags.has('rdpid')) return { form: sharedCounter, blocks: 1, backing: 'mapped' }
  return { form: perCpuCounter, blocks: Math.min(MAX_PROCESSORS, powerOfTwo(possible)), backing: 'mapped' }
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast))
}

function blocksFor(threads: number, sites: number): number {
  const wanted = Math.min(MAX_BLOCKS, Math.max(MIN_BLOCKS, BLOCKS_PER_THREAD * threads))
  const stride = powerOfTwo(8 * (1 + sites))
  const affordable = Math.max(16, MAX_DATA / stride)
  return 2 ** Math.floor(Math.log2(Math.min(powerOfTwo(wanted), affordable)))
}

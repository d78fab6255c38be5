import { type Address, address, offsetBy } from '../bytes/address.js'
import type { Frame } from './frame.js'
import type { StackScene } from './stack-scene.js'

const WORD = 8n
export const PUSH_RBP = 0x55n
export const RET = 0xc3n
/** `mov %rsp,%rbp`, in both encodings. */
export const frameMade: ReadonlySet<bigint> = new Set([0xe5_89_48n, 0xec_8b_48n])

/** The caller of a frame about whose code nothing is said: JIT compilers and Go keep frame pointers. */
export function stepByFramePointer(frame: Frame, isEntry: boolean, scene: StackScene): Frame | undefined {
  const pushed = frame.isInterrupted ? wordsOnStack(frame.pc, isEntry, scene) : undefined
  if (pushed !== undefined) return callerAbove(frame, pushed, scene)
  const { fp, sp } = frame
  if (fp === undefined || fp < sp || fp % WORD !== 0n) return undefined
  return frameAt(scene.readWord(offsetBy(fp, WORD)), offsetBy(fp, 2n * WORD), scene.readWord(fp))
}

/** How many words a function has pushed that has no frame yet, or no more; undefined where it has one. */
export function wordsOnStack(pc: Address, isEntry: boolean, scene: Pick<StackScene, 'readWord'>): 0 | 1 | undefined {
  const code = scene.readWord(pc) ?? 0n
  const next = code & 0xffn
  if (isEntry || next === PUSH_RBP || next === RET) return 0
  const before = (scene.readWord(offsetBy(pc, -1n)) ?? 0n) & 0xffn
  return before === PUSH_RBP && frameMade.has(code & 0xff_ff_ffn) ? 1 : undefined
}

function callerAbove({ sp, fp }: Frame, pushed: 0 | 1, scene: StackScene): Frame | undefined {
  const place = offsetBy(sp, BigInt(pushed) * WORD)
  return frameAt(scene.readWord(place), offsetBy(place, WORD), pushed === 0 ? fp : scene.readWord(sp))
}

function frameAt(pc: bigint | undefined, sp: Address, fp: bigint | undefined): Frame | undefined {
  if (pc === undefined || fp === undefined) return undefined
  return { pc: address(pc), sp, fp: address(fp), r10: undefined, isInterrupted: false }
}

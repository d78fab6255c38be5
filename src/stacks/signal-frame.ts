import { type Address, address, offsetBy } from '../bytes/address.js'
import type { Frame } from './frame.js'
import type { StackScene } from './stack-scene.js'

/** Offsets in struct ucontext (arch/x86/include/uapi/asm/ucontext.h, sigcontext.h). */
export const UCONTEXT = { r10: 56, rbp: 120, rsp: 160, rip: 168 } as const

/** What a signal has interrupted, where `ucontext` is its frame. */
export function interruptedFrame(ucontext: Address, scene: StackScene): Frame | undefined {
  const saved = (register: keyof typeof UCONTEXT): Address | undefined => {
    const word = scene.readWord(offsetBy(ucontext, UCONTEXT[register]))
    return word === undefined ? undefined : address(word)
  }
  const [pc, sp, fp, r10] = [saved('rip'), saved('rsp'), saved('rbp'), saved('r10')]
  if (pc === undefined || sp === undefined) return undefined
  return scene.settle({ pc, sp, fp, r10, isInterrupted: true })
}

/** `mov $15,%rax; syscall` as glibc, musl and Go have it, up to the syscall’s first byte. */
export const LONG_RESTORER = 0x0f_00_00_00_0f_c0_c7_48n
/** `mov $15,%eax; syscall`, 7 bytes. */
export const SHORT_RESTORER = 0x05_0f_00_00_00_0f_b8n

/** Whether signal handlers return to this code: for code about which nothing is said. */
export function isRestorer(pc: Address, scene: Pick<StackScene, 'readWord'>): boolean {
  const code = scene.readWord(pc)
  return code === LONG_RESTORER || (code !== undefined && BigInt.asUintN(56, code) === SHORT_RESTORER)
}

import type { PatchStyle } from '../probe/patch-style.js'

/** `int3`: one byte of one instruction, so that every instruction can carry it. */
export const trapStyle: PatchStyle = {
  windowLength: () => 1,
  bySignal: true,
  encode: (arch) => arch.trap,
}

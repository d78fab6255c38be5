import type { RelocationCase } from './relocation-case.js'

/**
 * Everything that does not look at its own address: the same bytes. So do `ret`, `endbr64`, `lock`ed instructions,
 * indirect jumps through registers or based memory, `ud2`, `hlt` and others that fault, and `int n`, whose restart steps
 * back over its own two bytes.
 */
export const copy: RelocationCase = {
  name: 'copy',
  applies: () => true,
  encode: ({ bytes }) => [{ bytes: [...bytes] }],
}

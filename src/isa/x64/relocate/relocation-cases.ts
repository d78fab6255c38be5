import { conditionalJump } from './conditional-jump.js'
import { copy } from './copy.js'
import { counterJump } from './counter-jump.js'
import { directCall } from './direct-call.js'
import { directJump } from './direct-jump.js'
import { indirectCall } from './indirect-call.js'
import type { RelocationCase } from './relocation-case.js'
import { ripRelative } from './rip-relative.js'
import { systemCall } from './system-call.js'
import { transactionBegin } from './transaction-begin.js'
import { unmovable } from './unmovable.js'

/** In order: the first that applies is taken, and `copy` always does. */
export const relocationCases: readonly RelocationCase[] = [
  unmovable,
  directCall,
  indirectCall,
  directJump,
  conditionalJump,
  counterJump,
  transactionBegin,
  systemCall,
  ripRelative,
  copy,
]

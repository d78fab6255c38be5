/** One way of catching threads, as `ring3 mechanisms` shows it. */
export type { MechanismTraits as MechanismRecord } from '../probe/mechanism.js'

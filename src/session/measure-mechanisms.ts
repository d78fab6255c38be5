import type { MechanismCost, MechanismRecord } from '../record/mechanism-record.js'
import { RefusedError } from './api.js'
import { CalibrationProcess } from './calibration-process.js'
import { type Via, viaChoices } from './catch-options.js'
import { mechanisms } from './mechanism-traits.js'
import { attach } from './session.js'

const PROBED = 'libc:getuid'

/** All mechanisms, with what a hit costs on this machine: one after the other, in a process that is started for it. */
export async function measureMechanisms(): Promise<readonly MechanismRecord[]> {
  await using calibration = await CalibrationProcess.start()
  const measured: MechanismRecord[] = []
  for (const traits of mechanisms) {
    const via = viaChoices.find((choice) => choice === traits.name)
    measured.push(via === undefined ? traits : { ...traits, cost: await costOf(calibration, via) })
  }
  return measured
}

async function costOf(calibration: CalibrationProcess, via: Via): Promise<MechanismCost> {
  const before = await calibration.callCost()
  const probed = await probedCallCost(calibration, via)
  if (typeof probed === 'string') return { because: probed }
  const after = await calibration.callCost()
  return { addedNs: Math.max(0, probed - Math.min(before, after)) }
}

/** Or why it cannot be had here. */
async function probedCallCost(calibration: CalibrationProcess, via: Via): Promise<number | string> {
  try {
    await using session = await attach(calibration.pid, { via })
    const { attached } = await session.count(PROBED)
    const [refused] = attached.refused
    return refused === undefined ? await calibration.callCost() : refused.because
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal.because
    throw error
  }
}

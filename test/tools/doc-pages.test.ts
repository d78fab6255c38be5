import { test } from 'node:test'
import { exitCodesPage, refusalsPage } from '../../tools/doc-pages.js'
import { assertGolden } from '../style/golden.js'

test('docs/refusals.md is that of the catalogue', () => assertGolden('docs/refusals.md', refusalsPage()))

test('docs/exit-codes.md is that of the table', () => assertGolden('docs/exit-codes.md', exitCodesPage()))

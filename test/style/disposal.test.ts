import { test } from 'node:test'
import ts from 'typescript'
import { repositoryFile } from './repository.js'
import { nodesOf, placeOf } from './source-file.js'
import { assertNone } from './violations.js'

/** The nearest function that a node stands in, and the blocks in between. */
function surroundings(node: ts.Node): { readonly blocks: ts.Block[]; readonly owner: ts.Node | undefined } {
  const blocks: ts.Block[] = []
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (ts.isFunctionLike(at)) return { blocks, owner: at }
    if (ts.isBlock(at)) blocks.push(at)
  }
  return { blocks, owner: undefined }
}

function isUsing(statement: ts.Statement): boolean {
  return ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Using) !== 0
}

/** Something has been opened with `using` that is closed when this statement is left. */
function closesSomething(statement: ts.ReturnStatement): boolean {
  return surroundings(statement).blocks.some(({ statements }) =>
    statements.some((before) => isUsing(before) && before.pos < statement.pos),
  )
}

function openProgram(): ts.Program {
  const { config } = ts.readConfigFile(repositoryFile('tsconfig.json'), ts.sys.readFile)
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, repositoryFile('.'))
  return ts.createProgram(fileNames, { ...options, noEmit: true })
}

test('what is open stays so until a promise that is returned is settled', () => {
  const program = openProgram()
  const checker = program.getTypeChecker()
  const isPromise = (node: ts.Expression): boolean => checker.getTypeAtLocation(node).getProperty('then') !== undefined
  const files = program.getSourceFiles().filter((file) => !file.fileName.includes('/node_modules/'))
  assertNone(
    files.flatMap((tree) =>
      [...nodesOf(tree)].flatMap((node) => {
        if (!ts.isReturnStatement(node) || node.expression === undefined) return []
        if (ts.isAwaitExpression(node.expression) || !closesSomething(node) || !isPromise(node.expression)) return []
        return [`${placeOf({ path: tree.fileName, text: '', tree }, node)}: closed at once; return await …`]
      }),
    ),
  )
})

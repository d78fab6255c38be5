import ts from 'typescript'
import { filesBelow, readRepositoryFile } from './repository.js'

/** A parsed file of the repository. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
}

/** Every TypeScript file of the given folders. */
export function sources(...folders: string[]): Source[] {
  return filesBelow(folders, '.ts').map((path) => {
    const text = readRepositoryFile(path)
    return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) }
  })
}

/** Visits every node of a file. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node
  for (const child of node.getChildren()) yield* nodesOf(child)
}

/** `path:line`, as editors open it. */
export function placeOf({ path, tree }: Source, node: ts.Node): string {
  return `${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`
}

/** What a file imports or re-exports from, with the node that says so. */
export function importsOf({ tree }: Source): { specifier: string; node: ts.Node }[] {
  return [...nodesOf(tree)].flatMap((node) => {
    const specifier = specifierOf(node)
    return specifier !== undefined && ts.isStringLiteral(specifier) ? [{ specifier: specifier.text, node }] : []
  })
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal
  return undefined
}

// A TypeDoc plugin: a link to a name that its own package does not have means the package of this house that has it.
// TypeScript follows imports in most comments, but not behind `@throws`, and not where a comment is inherited.
import { ReflectionKind } from 'typedoc'

/** Called by TypeDoc. */
export function load(app) {
  app.converter.addUnknownSymbolResolver((reference, reflection) => {
    const names = reference.symbolReference?.path?.map(({ path }) => path) ?? []
    if (reference.moduleSource !== undefined || names.length === 0) return undefined
    return reflection.project
      .getReflectionsByKind(ReflectionKind.ExportContainer)
      .filter((container) => container.kindOf(ReflectionKind.SomeModule))
      .map((container) => container.getChildByName(names))
      .find((found) => found !== undefined)
  })
}

/**
 * The page's files: from the binary those Bun embedded, from source a bundle made in memory. Loaded by the first who asks for the page.
 * Bun's own HTML routes answer `{}` under an Elysia hook, so the files are served by `routes.ts`. https://bun.com/docs/bundler/fullstack
 */
import bundle from "./page/index.html"

export interface PageFile {
  type: string
  etag: string
  body: Blob
}

/** Where the page looks for its files. */
export const FOLDER = "/ui/"
/** The page itself, among the files. */
export const PAGE = ""

interface Named extends PageFile {
  name: string
}

/** By name, the page under `PAGE`. */
export async function loadFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = bundle.files ? await embedded(bundle.files) : await built(bundle.index)
  return new Map(files.map(({ name, ...file }) => [name.endsWith(".html") ? PAGE : name, file]))
}

type Embedded = NonNullable<typeof bundle.files>[number]

async function embedded(files: readonly Embedded[]): Promise<Named[]> {
  const names = files.map(({ path }) => nameOf(path))
  const moved = async (path: string) => {
    // The embedded page names its files at "/": Bun applies no public path to it.
    const html = await Bun.file(path).text()
    return new Blob([names.reduce((text, name) => text.replaceAll(`"/${name}"`, `"${FOLDER}${name}"`), html)])
  }
  return Promise.all(
    files.map(async ({ path, loader, headers }) => ({
      name: nameOf(path),
      type: headers["content-type"],
      etag: `"${headers.etag}"`,
      body: loader === "html" ? await moved(path) : Bun.file(path),
    })),
  )
}

async function built(index: string): Promise<Named[]> {
  const { outputs } = await Bun.build({
    entrypoints: [index],
    target: "browser",
    publicPath: FOLDER,
    minify: true,
  })
  return outputs.map((file) => ({ name: nameOf(file.path), type: file.type, etag: `"${file.hash}"`, body: file }))
}

/** `/$bunfs/root/x.js`, `B:\~BUN\root\x.js` */
const nameOf = (path: string) => path.split(/[\\/]/).at(-1)!

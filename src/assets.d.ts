/** Files that are embedded into the binary: an import of one gives its path, or its text. */
declare module "*.css" {
  const path: string
  export default path
}
declare module "swagger-ui-dist/swagger-ui-bundle.js" {
  const path: string
  export default path
}
declare module "*.bin" {
  const path: string
  export default path
}
declare module "*.md" {
  const text: string
  export default text
}
declare module "*.html" {
  /** `files` are there in the built program alone */
  const bundle: {
    index: string
    files?: { path: string; loader: string; headers: { etag: string; "content-type": string } }[]
  }
  export default bundle
}

/** TOML files are read at build time (vite.config.ts) and arrive as plain objects. */
declare module '*.toml' {
  const content: unknown;
  export default content;
}

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// The node sends what was compressed here: a request costs it no work.
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => {
      folder = config.build.outDir;
    },
    closeBundle: () => {
      const assets = join(folder, "assets");
      for (const path of [join(folder, "index.html"), ...readdirSync(assets).map((name) => join(assets, name))]) {
        if (/\.(html|js|mjs|css|json|svg)$/.test(path)) {
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        }
      }
    },
  };
}

// The words for the codes that cross a line, from the one table that the command line and paper use too.
function phrases(): Plugin {
  const table = join(import.meta.dirname, "../src/phrases/table.h");
  return {
    name: "phrases",
    resolveId: (id) => (id === "virtual:phrases" ? "\0phrases" : undefined),
    load(id) {
      if (id !== "\0phrases") return undefined;
      const text = readFileSync(table, "utf8");
      const rows = [...text.slice(text.indexOf("kTable[] =")).matchAll(/\{((?:"(?:[^"\\]|\\.)*",?\s*){8})\}/g)].map((row) =>
        [...row[1]!.matchAll(/"(?:[^"\\]|\\.)*"/g)].map((each) => JSON.parse(each[0]) as string),
      );
      if (rows.length < 40) throw new Error(`src/phrases/table.h was not understood: ${rows.length} rows`);
      const byCode = Object.fromEntries(rows.map(([code = "", ...texts]) => [code, texts]));
      return `export default ${JSON.stringify(byCode)};`;
    },
  };
}

export default defineConfig({
  plugins: [phrases(), compressed()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: process.env.WIDEBERTH_CONSOLE_OUT ?? join(import.meta.dirname, "../build/web"),
    emptyOutDir: true,
    target: "es2022",
    // The page's policy allows no data: scripts or styles, and a file named by its content is kept for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MapLibre is one piece of 1.1 MB, loaded behind the lists.
    chunkSizeWarningLimit: 1200,
  },
  // A slow machine is not a fault of what is tested.
  test: { include: ["src/**/*.test.ts"], testTimeout: 60_000 },
});

// What modules read of a browser when they are loaded, for unit tests that have none: imported before them.
const globals = {
  document: { documentElement: {} },
  navigator: { language: "en" },
  localStorage: { getItem: () => null, setItem: () => undefined },
  matchMedia: () => ({ matches: false }),
};
for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true });

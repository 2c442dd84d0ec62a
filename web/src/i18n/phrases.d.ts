// Made by vite.config.ts of src/phrases/table.h: for each code the texts in the order of `languages`.
declare module "virtual:phrases" {
  const phrases: Record<string, string[]>;
  export default phrases;
}

import { render } from "preact";
import "@preact/signals";
import { App } from "./app.tsx";
import { resumeSession } from "./state/session.ts";
import "./ui/style.css";

// A browser that is still signed in goes straight to its work. A node that does not answer shows the sign-in, which says so.
await resumeSession().catch(() => false);
const root = document.getElementById("app");
if (root) render(<App />, root);

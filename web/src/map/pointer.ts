// Where the person last pointed on the map: what a stop call or a hazard begins with.
import { signal } from "@preact/signals";
import type { Position } from "../units/coordinates.ts";

export const pointer = signal<Position | null>(null);

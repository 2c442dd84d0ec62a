// Counts as bars (uPlot). The same numbers stand beside it as text.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { settings } from "../state/settings.ts";

const height_px = 180;

export default function Plot(props: { label: string; names: string[]; values: number[] }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const isNight = settings.value.night;
  useEffect(() => {
    const host = box.current;
    if (!host) return undefined;
    const css = getComputedStyle(document.documentElement);
    const colour = (name: string): string => css.getPropertyValue(name).trim();
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 } };
    const plot = new uPlot(
      {
        width: host.clientWidth,
        height: height_px,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [-0.6, props.values.length - 0.4] }, y: { range: (_, __, max) => [0, Math.max(1, max)] } },
        axes: [
          { ...axis, grid: { show: false }, values: (_, splits) => splits.map((i) => (Number.isInteger(i) && props.values[i] !== undefined ? String(i + 1) : "")) },
          { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000] },
        ],
        series: [{}, { fill: colour("--own"), stroke: colour("--own"), paths: uPlot.paths.bars!({ size: [0.7, 60] }), points: { show: false } }],
      },
      [props.values.map((_, i) => i), props.values],
      host,
    );
    const resize = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: height_px }));
    resize.observe(host);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [props.values.join(), isNight]);
  return (
    <figure>
      <div ref={box} class="ltr" role="img" aria-label={props.label} />
      <figcaption class="quiet">{props.names.map((name, i) => `${i + 1} ${name}`).join(" · ")}</figcaption>
    </figure>
  );
}
